"""The server: a stand-in vendor on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING, Any, Self

from tarash_gateway_sandbox.auth import check_host, is_loopback
from tarash_gateway_sandbox.dispatcher import Dispatcher
from tarash_gateway_sandbox.fal import PLATFORM as FAL_PLATFORM
from tarash_gateway_sandbox.fal import PREFIX as FAL_PREFIX
from tarash_gateway_sandbox.fault_choice import fault_named
from tarash_gateway_sandbox.faults.fault import FAILED, USUAL, course_to
from tarash_gateway_sandbox.google import PREFIX as GOOGLE_PREFIX
from tarash_gateway_sandbox.openrouter import PREFIX as OPENROUTER_PREFIX
from tarash_gateway_sandbox.profiles import profile_named
from tarash_gateway_sandbox.request import RecordedRequest, Recorder
from tarash_gateway_sandbox.studio import Studio
from tarash_gateway_sandbox.vendor import Vendor
from tarash_gateway_sandbox.xai import PREFIX as XAI_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from tarash_gateway_sandbox.google.state import State as GoogleState
    from tarash_gateway_sandbox.memory import Paid
    from tarash_gateway_sandbox.openrouter.state import State as OpenRouterState
    from tarash_gateway_sandbox.replies import Reply

logger = logging.getLogger(__name__)

START_SECONDS = 30.0
QUICK_VARIABLE = "TARASH_SANDBOX_QUICK"


def quick_by_default() -> bool:
    """Tells whether a server draws nothing that is not told: what the environment says."""
    return os.environ.get(QUICK_VARIABLE, "").strip() == "1"


class SandboxServer:
    """An embedded vendor that speaks OpenAI's and Azure OpenAI's image and video protocol.

    It draws real images and videos, and refuses what the vendor refuses. Use it as a context manager, or
    call `start` and `close`; both may be called again.

    Args:
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        job_seconds: How long a video job takes, in seconds.
        deployments: Azure deployment names, and the model whose rules each one has. A deployment that is
            not named here works too, and only types are checked.
        reference_must_match: Whether a reference image must be exactly as large as the video, as the vendor
            insists.
        profile: `openai`, or `compatible` for the manners of a server that only speaks the protocol: it takes
            any model, size, length and key, checks types, and shows of a job its id, status and time.
        stream_pause: How long it waits between the events of a streamed image, in seconds.
        faults: Faults of every request that they are for, by name (`FAULTS` has them all), as in `poll_500*2`.
        slow_seconds: How long an answer takes that a fault makes slow, in seconds.
        quick: Whether to draw nothing: images and videos have one colour; their size, format and length are those
            asked for. For tests that do not look at the drawing, and for runs with thousands of jobs. None is what
            the environment variable TARASH_SANDBOX_QUICK says: 1 is yes, without it no.
        allowed_hosts: Names that a client on this machine may call it by, besides `host`, `localhost` and the
            addresses of loopback. Requests that come over loopback under another name are refused, so that no web
            page can reach the server by a name of its own (DNS rebinding).
        on_request: Called with each request and the status that it gets, 0 for none, just before that is sent;
            in the server's thread, which waits for it.
    """

    api_key = "sk-sandbox"
    """A key the server lets in. It lets in any other, too, except those that begin with `sk-invalid`."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        job_seconds: float = 1.5,
        deployments: Mapping[str, str] | None = None,
        reference_must_match: bool = True,
        profile: str = "openai",
        stream_pause: float = 0.05,
        faults: Iterable[str] = (),
        slow_seconds: float = 2.0,
        quick: bool | None = None,
        allowed_hosts: Iterable[str] = (),
        on_request: Callable[[RecordedRequest, int], None] | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._vendor = Vendor(
            job_seconds,
            dict(deployments or {}),
            reference_must_match,
            profile_named(profile),
            stream_pause,
            studio=Studio(quick=quick_by_default() if quick is None else quick),
            slow_seconds=slow_seconds,
        )
        self._dispatcher, self._recorder = Dispatcher(self._vendor, faults), Recorder()
        self._allowed_hosts = frozenset(name.lower() for name in (host, *allowed_hosts))
        self._on_request = on_request
        self._connections = self._broken_streams = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._lock = threading.RLock()

    @property
    def origin(self) -> str:
        """Where the server listens, as in `http://127.0.0.1:8080`.

        Raises:
            RuntimeError: It does not listen.
        """
        if self._thread is None:
            msg = "The sandbox server is not running. Call start(), or use it in a with statement."
            raise RuntimeError(msg)
        return self._vendor.origin

    @property
    def url(self) -> str:
        """The base URL for OpenAI's SDK: the origin and `/v1`."""
        return f"{self.origin}/v1"

    @property
    def openrouter_url(self) -> str:
        """The base URL of OpenRouter's face: the origin and `/api/v1`."""
        return f"{self.origin}{OPENROUTER_PREFIX}"

    @property
    def openrouter(self) -> OpenRouterState:
        """What can be looked at and turned of OpenRouter's face."""
        return self._vendor.openrouter

    @property
    def google_url(self) -> str:
        """The base URL of Google's face, without a version: the origin and `/google`."""
        return f"{self.origin}{GOOGLE_PREFIX}"

    @property
    def google(self) -> GoogleState:
        """What can be looked at and turned of Google's face."""
        return self._vendor.google

    @property
    def xai_url(self) -> str:
        """The base URL of xAI's face: the origin and `/xai/v1`."""
        return f"{self.origin}{XAI_PREFIX}"

    @property
    def fal_url(self) -> str:
        """The base URL of fal's queue: the origin and `/fal`."""
        return f"{self.origin}{FAL_PREFIX}"

    @property
    def fal_platform_url(self) -> str:
        """The base URL of fal's platform, which lists models and prices."""
        return f"{self.origin}{FAL_PLATFORM}"

    @property
    def job_seconds(self) -> float:
        """How long a video job takes that is created from now on, in seconds."""
        return self._vendor.job_seconds

    @job_seconds.setter
    def job_seconds(self, seconds: float) -> None:
        self._vendor.job_seconds = seconds

    @property
    def quick(self) -> bool:
        """Whether what is made from now on has one colour instead of a drawing."""
        return self._vendor.studio.quick

    @quick.setter
    def quick(self, quick: bool) -> None:
        self._vendor.studio.quick = quick

    @property
    def stream_pause(self) -> float:
        """How long it waits between the events of images streamed from now on, in seconds."""
        return self._vendor.stream_pause

    @stream_pause.setter
    def stream_pause(self, seconds: float) -> None:
        self._vendor.stream_pause = seconds

    @property
    def slow_seconds(self) -> float:
        """How long an answer takes that a fault makes slow, in seconds."""
        return self._vendor.slow_seconds

    @slow_seconds.setter
    def slow_seconds(self, seconds: float) -> None:
        self._vendor.slow_seconds = seconds

    @property
    def paid(self) -> list[Paid]:
        """The creating requests that made something, oldest first, also where the answer was lost; a copy."""
        return self._vendor.paid.snapshot()

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests that arrived, oldest first; a copy."""
        return self._recorder.snapshot()

    @property
    def connections(self) -> int:
        """How many TCP connections were ever accepted."""
        return self._connections

    @property
    def broken_streams(self) -> int:
        """How many streams the client left before their end, since the last `clear`."""
        return self._broken_streams

    def play(self, answer: Reply, *, method: str | None = None, path: str | None = None, times: int | None = 1) -> None:
        """Lets the next matching requests get something instead of the real answer.

        Args:
            answer: What they get: an `Answer`, or another `Reply`.
            method: Only requests with this method; None is any.
            path: Only requests with this path, as in `/v1/videos/*`; `*` and `?` are wildcards, None is any.
            times: How many requests; None is every one from now on.
        """
        self._dispatcher.script.add(answer, method=method, path=path, times=times)

    def fail(self, name: str, *, method: str | None = None, path: str | None = None, times: int | None = 1) -> None:
        """Lets the next matching requests meet a fault of the catalogue.

        Args:
            name: The fault's name, a key of `FAULTS`, without a count.
            method: Only requests with this method; None is any.
            path: Only requests with this path, as in `/v1/videos/*`; `*` and `?` are wildcards, None is every
                one that the fault is for.
            times: How many requests, or jobs where the fault is a job's; None is every one from now on.

        Raises:
            ValueError: There is no fault of that name, or it has a count.
        """
        if "*" in name:
            msg = f"fail() takes no count in the name: write fail({name.partition('*')[0]!r}, times=…)."
            raise ValueError(msg)
        self._dispatcher.script.add(fault_named(name).fault, method=method, path=path, times=times)

    def end_jobs_as(self, status: str, error: Mapping[str, Any] | None = None) -> None:
        """Lets the video jobs that are created from now on end otherwise than well.

        Args:
            status: Their last status, in any word: `failed`, `cancelled`, `expired`, a new one. `completed`
                lets them end well again.
            error: Their error, with `code` and `message`. One that failed has one also without it.
        """
        if status in ("completed", self._vendor.profile.job_words.completed):
            self._vendor.course = USUAL
        else:
            self._vendor.course = course_to(status, error or (FAILED if status == "failed" else None))

    def clear(self) -> None:
        """Forgets the requests, what was paid, the scripted answers and faults, the jobs and how they end."""
        self._dispatcher.script.clear()
        self._recorder.clear()
        self._vendor.clear()
        self._broken_streams = 0

    def start(self) -> Self:
        """Listen. Does nothing when the server listens already.

        Returns:
            The server.

        Raises:
            OSError: The address cannot be listened on.
        """
        with self._lock:
            if self._thread is not None:
                return self
            ready, failed = threading.Event(), list[BaseException]()
            thread = threading.Thread(target=self._run, args=(ready, failed), name="tarash-sandbox", daemon=True)
            thread.start()
            if not ready.wait(START_SECONDS):
                msg = f"The sandbox server did not start within {START_SECONDS:.0f} seconds."
                raise RuntimeError(msg)
            if failed:
                raise failed[0]
            self._thread = thread
        return self

    def close(self) -> None:
        """Stops listening and end all connections. Does nothing when the server does not listen."""
        with self._lock:
            thread, loop, stop = self._thread, self._loop, self._stop
            self._thread = None
            if thread is None or loop is None or stop is None:
                return
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
                loop.call_soon_threadsafe(stop.set)
            thread.join(START_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, ready: threading.Event, failed: list[BaseException]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits in start()
            failed.append(error)
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        # Here, so that importing the package loads no HTTP library.
        from tarash_gateway_sandbox.connection import Connection  # noqa: PLC0415

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def broken() -> None:
            self._broken_streams += 1

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._connections += 1
            task = asyncio.current_task()
            if task is not None:
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            with contextlib.suppress(asyncio.CancelledError):
                over_loopback = is_loopback(writer.get_extra_info("sockname")[0])
                admit = self._admit if over_loopback else self._dispatcher.admits
                await Connection(reader, writer, self._reply, admit, broken).serve()

        server = await asyncio.start_server(accept, self._host, self._port, backlog=512)
        host, port = server.sockets[0].getsockname()[:2]
        self._vendor.origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._vendor.studio.open()
        ready.set()
        try:
            await self._stop.wait()
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._vendor.studio.close()

    def _admit(self, head: RecordedRequest) -> bool:
        check_host(head, self._allowed_hosts)
        return self._dispatcher.admits(head)

    async def _reply(self, request: RecordedRequest) -> Reply:
        self._recorder.add(request)
        reply = await self._dispatcher.reply(request)
        if self._on_request is not None:
            try:
                self._on_request(request, getattr(reply, "status", 0))
            except Exception:  # a listener's own trouble is not the client's
                logger.exception("on_request failed")
        return reply
