"""What the handlers share: the server's options, its jobs, and the studio where images are drawn."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.google.state import State as GoogleState
from tarash_gateway_sandbox.jobs import Ending, JobStore
from tarash_gateway_sandbox.memory import BoundedDict
from tarash_gateway_sandbox.models import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_sandbox.openrouter.settings import Settings as OpenRouterSettings
from tarash_gateway_sandbox.paid import Ledger
from tarash_gateway_sandbox.playing import Tally
from tarash_gateway_sandbox.profiles import PROFILES, Profile
from tarash_gateway_sandbox.studio import Studio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.orders import ImageOrder
    from tarash_gateway_sandbox.playing import Wanted
    from tarash_gateway_sandbox.recording import RecordedRequest

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
    studio: Studio = field(default_factory=Studio)
    """Draws its images and videos."""
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
        self._published: BoundedDict[str, ImageOrder] = BoundedDict(MOST_PUBLISHED)
        self._lock = threading.Lock()

    def publish(self, token: str, order: ImageOrder) -> None:
        """Make a picture available under a URL; it is drawn again when it is asked for."""
        with self._lock:
            self._published.keep(token, order, len(order.prompt) + sum(map(len, order.inputs)))

    def published(self, token: str) -> ImageOrder | None:
        """The picture of a URL, None if there is none."""
        with self._lock:
            return self._published.get(token)
