"""What the handlers share: the server's options, its jobs, and the studio where images are drawn."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.fault_choice import Tally
from tarash_gateway_sandbox.faults.fault import USUAL, Course
from tarash_gateway_sandbox.google.state import State as GoogleState
from tarash_gateway_sandbox.jobs import JobStore
from tarash_gateway_sandbox.memory import BoundedDict, Ledger, Paid
from tarash_gateway_sandbox.openai.models import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_sandbox.openrouter.state import State as OpenRouterState
from tarash_gateway_sandbox.profiles import PROFILES, Profile
from tarash_gateway_sandbox.replies import Reply
from tarash_gateway_sandbox.studio import Studio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.artwork.orders import ImageOrder
    from tarash_gateway_sandbox.fault_choice import CountedFault
    from tarash_gateway_sandbox.jobs import JobT
    from tarash_gateway_sandbox.request import RecordedRequest

MOST_PUBLISHED = 2000
"""Images that are kept behind a URL."""


@dataclass(frozen=True)
class Call:
    """A request that found its route."""

    request: RecordedRequest
    azure: bool = False
    deployment: str | None = None
    """The deployment that its path names, on Azure's older routes."""
    version: str = ""
    """The version that its path names, of Google's."""
    project: str = ""
    """`/projects/…/locations/…` of its path, on Vertex AI."""
    name: str = ""
    """The id that its path names: a video's, a model's, a file's."""
    job_faults: tuple[CountedFault, ...] = ()
    """What the job meets that it creates."""


@dataclass
class Vendor:
    """The vendor behind the routes."""

    job_seconds: float
    """How long a job takes, in seconds."""
    deployments: Mapping[str, str] = field(default_factory=dict)
    """Azure deployment names, and the model each one is."""
    reference_must_match: bool = True
    """Whether a reference image must be as large as the video, as OpenAI insists."""
    profile: Profile = PROFILES["openai"]
    """How strict the server is."""
    stream_pause: float = 0.05
    """Seconds between the events of a streamed image."""
    studio: Studio = field(default_factory=Studio)
    """Draws its images and videos."""
    slow_seconds: float = 2.0
    """How long a slow answer takes, in seconds."""
    course: Course = USUAL
    """How the jobs go that are created from now on."""
    origin: str = ""
    """Where the server listens; empty until it does."""
    openrouter: OpenRouterState = field(default_factory=OpenRouterState)
    google: GoogleState = field(default_factory=GoogleState)

    def __post_init__(self) -> None:
        known_models = {*IMAGE_MODELS, *VIDEO_MODELS}
        unknown = sorted(set(self.deployments.values()) - known_models)
        if unknown:
            msg = (
                f"deployments name models the sandbox does not know: {', '.join(unknown)}. "
                f"It knows: {', '.join(sorted(known_models))}."
            )
            raise ValueError(msg)
        self.jobs = JobStore()
        self.paid = Ledger()
        self.tally = Tally()
        self._published: BoundedDict[str, ImageOrder] = BoundedDict(MOST_PUBLISHED)
        self._lock = threading.Lock()

    @property
    def foreign_origin(self) -> str:
        """The server under another name, which stands for another origin."""
        return f"http://localhost:{self.origin.rpartition(':')[2]}"

    def start_job(
        self,
        kind: type[JobT],
        call: Call,
        *,
        count: int = 1,
        **fields: Any,
    ) -> JobT:
        """Creates a job, keeps it and counts it as paid.

        Args:
            kind: The class of the vendor's jobs.
            call: The call that creates it, with what the job is to meet.
            count: How many it makes.
            **fields: What was asked for.

        Returns:
            The job, which has begun.
        """
        effects = (counted.fault.effect for counted in call.job_faults)
        course = next((effect for effect in effects if isinstance(effect, Course)), self.course)
        job = kind(duration=self.job_seconds, course=course, faults=call.job_faults, origin=self.origin, **fields)
        self.jobs.add(job)
        self.paid.add(Paid(job.makes, job.model, job.prompt, job.id, count))
        return job

    def clear(self) -> None:
        """Forgets the jobs, what was paid, what was played, and how jobs go."""
        for part in (self.jobs, self.paid, self.tally, self.openrouter, self.google):
            part.clear()
        self.course = USUAL

    def publish(self, order: ImageOrder) -> str:
        """Makes an image available under a URL, and returns that; it is drawn again for each download."""
        token = f"{hashlib.sha256(repr(order).encode('utf-8', 'replace')).hexdigest()[:40]}.{order.format}"
        with self._lock:
            self._published.keep(token, order, len(order.prompt) + sum(map(len, order.inputs)))
        return f"{self.origin}/files/{token}"

    def published(self, token: str) -> ImageOrder | None:
        """Returns the image of a URL, None if there is none."""
        with self._lock:
            return self._published.get(token)


Handler = Callable[[Call, Vendor], Awaitable[Reply]]
"""Answers a call; raises a `VendorError` for a refusal."""
