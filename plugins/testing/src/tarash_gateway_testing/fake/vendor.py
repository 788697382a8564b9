"""The fake vendor: handlers behind a real HTTP server on loopback, which keeps every request that arrives."""

from __future__ import annotations

import secrets
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol, Self

from tarash_gateway_testing.fake.answers import Answer, Stream, as_answer
from tarash_gateway_testing.fake.faults import Fault, Redirected
from tarash_gateway_testing.fake.handlers import Handler, Role
from tarash_gateway_testing.fake.requests import DONE, FakeJob, Request, State
from tarash_gateway_testing.fake.wire import Line, Listener
from tarash_gateway_testing.media import sample_image, sample_video

__all__ = ["FakeVendor", "Place", "Vendor"]

_ABOUT_A_JOB: frozenset[Role] = frozenset(("poll", "result", "download", "cancel"))


class Place(Protocol):
    """Where a config leads, and the key for it."""

    @property
    def url(self) -> str:
        """The base URL."""
        ...

    @property
    def key(self) -> str:
        """A key that is valid there."""
        ...


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place that is an address and a key."""

    url: str
    key: str


class Vendor(Place, Protocol):
    """What the checks need of a vendor. `FakeVendor` is one; a server of your own may be another.

    What it cannot play it answers with `unittest.SkipTest("why")`: the check is skipped.
    """

    roles: frozenset[Role]
    """What it has answers for."""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        ...

    def clear(self) -> None:
        """Makes it as new."""
        ...

    def sent(self, *roles: Role) -> Sequence[Request]:
        """Returns the requests that arrived for these roles, oldest first; all of them where none is named."""
        ...

    def fail(self, fault: Fault, role: Role, times: int = 1) -> None:
        """Lets the next requests of a role go wrong."""
        ...

    def jobs_go(self, *states: State, message: str | None = None) -> None:
        """Sets what later jobs go through: the first status when they are submitted, then one with each poll."""
        ...

    def files_are_at(self, origin: str) -> None:
        """Sets where the addresses of results lead, in later answers."""
        ...

    def left(self, role: Role, within: float) -> bool:
        """Tells whether a client closed the connection of such a request before its answer was whole.

        Args:
            role: what the request was for.
            within: seconds to wait for it.
        """
        ...

    def video(self, job_id: str, index: int = 0) -> bytes | None:
        """Returns the bytes of a job's video; None where the vendor cannot tell."""
        ...

    def troubles(self) -> list[str]:
        """Returns what is wrong with the vendor itself: a handler that raised, a request that none is for."""
        ...


class FakeVendor:
    """A small real HTTP server on loopback, in a thread. Use it as a context manager.

    It records every request, answers by its handlers, and lets the next answers go wrong on demand. Videos are served
    in ranges. `/kit/images/…` and `/kit/videos/…` give images and videos for vendors whose answers hold addresses.

    Args:
        handlers: tried in order; the first that takes a request answers it.
        words: our states of jobs (`queued`, `in_progress`, `completed`, …) to the vendor's words.
        refusal: makes the body of an error out of a status and a message.
        key_header: the header that must have the key, and what stands before it there, such as `authorization: Bearer`;
            None looks at no key.
        base_path: what `url` has behind the origin, and the routes of handlers need not repeat.
    """

    def __init__(
        self,
        handlers: Iterable[Handler] = (),
        *,
        words: Mapping[str, str] | None = None,
        refusal: Callable[[int, str], Any] | None = None,
        key_header: str | None = None,
        base_path: str = "",
    ) -> None:
        self._words = dict(words or {})
        self._refusal = refusal or (lambda status, message: {"error": {"code": status, "message": message}})
        self._base_path = base_path
        self._key_header = key_header
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self.key = f"fake-key-{secrets.token_hex(12)}"
        """A key, new for each vendor."""

        self._listener: Listener | None = None
        self._origin = ""
        self.start_over(handlers)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self._origin

    @property
    def url(self) -> str:
        """The base URL for a config."""
        return self._origin + self._base_path

    def start_over(self, handlers: Iterable[Handler]) -> None:
        """Forgets what arrived and what was to go wrong, and answers by these handlers from now on."""
        with self._lock:
            self._handlers = list(handlers)
            self.roles: frozenset[Role] = frozenset(handler.role for handler in self._handlers)
            self.requests: list[Request] = []
            self.jobs: list[FakeJob] = []
            self.serves_ranges = True
            self._faults: list[tuple[Role, Fault, int]] = []
            self._states: Sequence[State] = DONE
            self._message: str | None = None
            self._files_at: str | None = None
            self.image_bytes: bytes | None = None
            """What every image is, in place of a PNG of the kit."""

            self.video_tail = b""
            """Bytes behind the end of every video."""

            self.state_words: Mapping[State, str] = {}
            """Words of the states of jobs, in place of the vendor's usual ones."""

            self.next_job_id: str | None = None
            self._left: list[Request] = []
            self._answers: dict[Role, Answer] = {}
            self._troubles: list[str] = []

    def clear(self) -> None:
        """Makes it as new."""
        self.start_over(self._handlers)

    def sent(self, *roles: Role) -> list[Request]:
        """Returns the requests that arrived for these roles, oldest first; all of them where none is named."""
        with self._lock:
            return [request for request in self.requests if not roles or request.role in roles]

    def fail(self, fault: Fault, role: Role, times: int = 1) -> None:
        """Lets the next requests of a role go wrong."""
        with self._lock:
            self._faults.append((role, fault, times))

    def jobs_go(self, *states: State, message: str | None = None) -> None:
        """Sets what later jobs go through: the first status when they are submitted, then one with each poll."""
        self._states, self._message = states, message

    def files_are_at(self, origin: str) -> None:
        """Sets where the addresses of results lead, in later answers."""
        self._files_at = origin

    def left(self, role: Role, within: float) -> bool:
        """Tells whether a client closed the connection of such a request before its answer was whole."""
        with self._changed:
            return self._changed.wait_for(lambda: any(request.role == role for request in self._left), within)

    def video(self, job_id: str, index: int = 0) -> bytes | None:
        """Returns the bytes of a job's video."""
        return next((job.video(index) for job in self.jobs if job.id in job_id), None)

    clip = video
    """The name before 1.1."""

    def last_answer(self, role: Role) -> Answer | None:
        """Returns the whole answer that a handler of a role gave last."""
        return self._answers.get(role)

    def troubles(self) -> list[str]:
        """Returns a handler that raised, a request that none is for."""
        return list(self._troubles)

    def start(self) -> Self:
        """Listens. Does nothing when it listens already."""
        if self._listener is None:
            self._listener = Listener(self._serve)
            self._origin = self._listener.origin
        return self

    def close(self) -> None:
        """Stops listening and ends all connections."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, method: str, target: str, headers: Mapping[str, str], body: bytes, line: Line) -> None:
        request = Request(method, target, headers, body, origin=self._files_at or self._origin)
        request.image_bytes = self.image_bytes
        with self._lock:
            handler = self._handler_of(request)
            self.requests.append(request)
            refused = self._refused_key(request, handler)
            fault = refused or self._next_fault(request.role)
            # An answer in place of the real one is a refusal, and a redirect says that it is not here: nothing is made.
            made = fault is None or not isinstance(fault, (Answer, Redirected))
            answer = self._answer(request, handler) if made else Answer()
        line.play(self._ranged(request, answer), fault, target)
        if line.left:
            with self._changed:
                self._left.append(request)
                self._changed.notify_all()

    def _handler_of(self, request: Request) -> Handler | None:
        for handler in self._handlers:
            params = handler.takes(request, self._base_path)
            if params is not None:
                request.role, request.params = handler.role, params
                return handler
        if request.path.startswith("/kit/videos/"):
            request.role = "download"
        return None

    def _refused_key(self, request: Request, handler: Handler | None) -> Answer | None:
        """Returns the refusal of a request whose key is not where it belongs; None where the key is right."""
        if self._key_header is None or handler is None or request.role == "other":
            return None
        name, _, prefix = self._key_header.lower().partition(":")
        prefix, found = prefix.strip(), request.headers.get(name.strip(), "")
        if found.lower().startswith(prefix) and found[len(prefix) :].strip().startswith(self.key):
            return None
        where = [header for header, value in request.headers.items() if self.key in value]
        self._troubles.append(
            f"the key of {request} is in {', '.join(where) or 'no header'}, not in {self._key_header!r}"
        )
        return Answer(401, self._refusal(401, f"the key belongs into the header {self._key_header!r}"))

    def _next_fault(self, role: Role) -> Fault | None:
        for at, (named, fault, times) in enumerate(self._faults):
            if named == role:
                self._faults[at : at + 1] = [(named, fault, times - 1)] if times > 1 else []
                return fault
        return None

    def _answer(self, request: Request, handler: Handler | None) -> Answer | Stream:
        if handler is None:
            return self._kit_file(request) or self._nothing_here(request)
        request.jobs = self.jobs[::-1]
        job = self._job_of(request)
        if job is None and request.role in _ABOUT_A_JOB:
            return Answer(404, self._refusal(404, "there is no such job"))
        if job is not None:
            request.job = job
        try:
            answer = as_answer(handler.answer(request))
            if isinstance(answer, Answer):
                answer.content()  # what is no JSON is found here
                self._answers[request.role] = answer
        except Exception:  # noqa: BLE001 # told to the author, as the trouble of the vendor
            self._troubles.append(f"the handler of {handler.route} raised\n{traceback.format_exc(limit=-2)}")
            return Answer(500, self._refusal(500, "the handler raised"))
        return answer

    def _job_of(self, request: Request) -> FakeJob | None:
        if request.role == "submit" or (request.role == "image" and "result" in self.roles):
            words = {**self._words, **self.state_words}
            job = FakeJob(request, words, self._states, files_at=self._files_at or self._origin, tail=self.video_tail)
            job.id, self.next_job_id = self.next_job_id or job.id, None
            job.message = self._message or job.message
            self.jobs.append(job)
            return job
        subject = next((job for job in self.jobs if request.holds(job.id)), None)
        if subject is not None and request.role == "poll":
            subject.look()
        if subject is not None and request.role == "cancel":
            subject.end_as("cancelled")
        return subject

    def _kit_file(self, request: Request) -> Answer | None:
        name = request.path.rpartition("/")[2].rpartition(".")[0]
        if request.path.startswith("/kit/videos/"):
            return Answer(body=sample_video(name) + self.video_tail)
        return Answer(body=self.image_bytes or sample_image(name)) if request.path.startswith("/kit/images/") else None

    def _nothing_here(self, request: Request) -> Answer:
        route = f"{request.method} {request.path.removeprefix(self._base_path)}"
        self._troubles.append(f"no handler is for {request}: give one, as in @answers(ROLE, '{route}')")
        return Answer(404, self._refusal(404, f"there is nothing at {request}"))

    def _ranged(self, request: Request, answer: Answer | Stream) -> Answer | Stream:
        """Returns the part of a video that was asked for."""
        first_byte = request.headers.get("range", "").removeprefix("bytes=").partition("-")[0]
        plain = isinstance(answer, Answer) and answer.status == 200 and isinstance(answer.body, bytes)
        if not (plain and first_byte.isdigit() and self.serves_ranges and request.role == "download"):
            return answer
        assert isinstance(answer, Answer)  # noqa: S101 # it is plain
        start, whole = int(first_byte), len(answer.content())
        content_range = {"content-range": f"bytes {start}-{whole - 1}/{whole}"}
        return replace(answer, status=206, body=answer.content()[start:], headers={**answer.headers, **content_range})
