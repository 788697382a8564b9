"""What the handlers share: the server's options, its jobs, and the room where pictures are drawn."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tarash_gateway_sandbox.google.state import State as GoogleState
from tarash_gateway_sandbox.jobs import Ending, JobStore
from tarash_gateway_sandbox.memory import BoundedDict
from tarash_gateway_sandbox.models import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_sandbox.openrouter.settings import Settings as OpenRouterSettings
from tarash_gateway_sandbox.paid import Ledger
from tarash_gateway_sandbox.playing import Tally
from tarash_gateway_sandbox.profiles import PROFILES, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tarash_gateway_sandbox.drawing import PictureOrder
    from tarash_gateway_sandbox.playing import Wanted
    from tarash_gateway_sandbox.recording import RecordedRequest

Result = TypeVar("Result")

MOST_PUBLISHED = 2000


@dataclass(frozen=True)
class Call:
    """A request that found its route."""

    request: RecordedRequest
    azure: bool = False
    deployment: str | None = None
    """The deployment its path names, on Azure's older routes."""
    name: str = ""
    """The id its path names: a video's, a model's, a file's."""
    job_faults: tuple[Wanted, ...] = ()
    """What the job meets that it creates."""


@dataclass
class Vendor:
    """The vendor behind the routes."""

    job_seconds: float
    """How long a video job takes, in seconds."""
    deployments: Mapping[str, str] = field(default_factory=dict)
    """Azure deployment names, and the model each one is."""
    reference_must_match: bool = True
    """Whether a reference picture must be as large as the clip, as the vendor insists."""
    profile: Profile = PROFILES["openai"]
    """Whose manners the server has."""
    stream_pause: float = 0.05
    """Seconds between the events of a streamed picture."""
    quick: bool = False
    """Whether clips and pictures are small, and clips all the same."""
    slow_seconds: float = 2.0
    """How long a slow answer takes, in seconds."""
    ending: Ending | None = None
    """How the jobs end that are created from now on; None is well."""
    origin: str = ""
    """Set when the server listens."""
    openrouter: OpenRouterSettings = field(default_factory=OpenRouterSettings)
    """What is OpenRouter's alone."""
    google: GoogleState = field(default_factory=GoogleState)
    """What is Google's alone."""

    def __post_init__(self) -> None:
        known = {*IMAGE_MODELS, *VIDEO_MODELS}
        unknown = sorted(set(self.deployments.values()) - known)
        if unknown:
            msg = (
                f"deployments name models the sandbox does not know: {', '.join(unknown)}. "
                f"It knows: {', '.join(sorted(known))}."
            )
            raise ValueError(msg)
        self.jobs = JobStore()
        self.paid = Ledger()
        self.tally = Tally()
        self._published: BoundedDict[str, PictureOrder] = BoundedDict(MOST_PUBLISHED)
        self._lock = threading.Lock()
        self._studio: ThreadPoolExecutor | None = None

    async def in_studio(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Run something that draws, decodes or encodes, outside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._studio, work, *arguments)

    def open(self) -> None:
        """Get the threads that draw."""
        # Drawing holds the processor for up to seconds: the event loop answers polls meanwhile.
        self._studio = ThreadPoolExecutor(max_workers=2, thread_name_prefix="tarash-sandbox-studio")

    def close(self) -> None:
        """Let go of them."""
        if self._studio is not None:
            self._studio.shutdown(wait=False, cancel_futures=True)

    def publish(self, token: str, order: PictureOrder) -> None:
        """Make a picture available under a URL; it is drawn again when it is asked for."""
        with self._lock:
            self._published.keep(token, order, len(order.prompt) + sum(map(len, order.inputs)))

    def published(self, token: str) -> PictureOrder | None:
        """The picture of a URL, None if there is none."""
        with self._lock:
            return self._published.get(token)
