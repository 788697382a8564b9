"""One TCP connection of a fake vendor: HTTP as it should be, and answers that go wrong on purpose."""

from __future__ import annotations

import contextlib
import http
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from tarash_gateway_testing.fake.answers import Answer, Stream
from tarash_gateway_testing.fake.faults import Changed, Cut, Drips, Dropped, Fault, Hangs, Redirected, Stalls

__all__ = ["Line", "Listener"]


class Listener:
    """Accepts connections on loopback, each served by a thread of its own.

    Args:
        serve: called for each request with its method, target, headers (names in lower case), body, and the line that
            it is answered on.
    """

    def __init__(self, serve: Callable[[str, str, Mapping[str, str], bytes, Line], None]) -> None:
        self.serve = serve
        self._open: set[socket.socket] = set()
        self._closing = False
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="fake-vendor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening and ends all connections."""
        self._closing = True
        with contextlib.suppress(OSError), socket.create_connection(self._socket.getsockname(), timeout=1):
            self._thread.join()
        self._socket.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            connection, address = self._socket.accept()
            if self._closing:
                connection.close()
                return
            threading.Thread(target=self._talk, args=(connection, address), daemon=True).start()

    def _talk(self, connection: socket.socket, address: Any) -> None:
        self._open.add(connection)
        try:
            with connection, contextlib.suppress(OSError):  # the client went away
                _Connection(connection, address, self)
        finally:
            self._open.discard(connection)


class Line:
    """What one request is answered on."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.keep = True
        """Whether the next request may come on the same connection."""

        self.left = False
        """Whether the client went away while it waited."""

    def play(self, answer: Answer | Stream, fault: Fault | None, target: str) -> None:
        """Sends the answer, or lets it go wrong."""
        match fault:
            case None:
                self._send(answer)
            case Changed(form):
                self._send(form.of(answer))
            case Answer():
                self._send(fault)
            case Redirected(origin, status):
                self._send(Answer(status, headers={"location": f"{origin}{target}"}))
            case Dropped():
                self.keep = False
            case Cut(orderly):
                self._half(answer)
                if orderly and isinstance(answer, Stream):
                    self._connection.sendall(_chunk(b""))
            case Hangs(seconds):
                self._silence(seconds)
            case Stalls(seconds):
                self._half(answer)
                self._silence(seconds)
            case Drips(seconds, pause):
                self._drip(answer, seconds, pause)

    def _send(self, answer: Answer | Stream) -> None:
        if isinstance(answer, Answer):
            self._connection.sendall(_head(answer) + answer.content())
            return
        self._connection.sendall(_head(answer))
        for piece in answer.pieces:
            self._connection.sendall(_chunk(piece))
        self._connection.sendall(_chunk(b""))

    def _half(self, answer: Answer | Stream) -> None:
        self.keep = False
        if isinstance(answer, Answer):
            content = answer.content()
            self._connection.sendall(_head(answer) + content[: len(content) // 2])
            return
        pieces = answer.pieces[: len(answer.pieces) // 2] or [answer.pieces[0][: len(answer.pieces[0]) // 2]]
        self._connection.sendall(_head(answer) + b"".join(_chunk(piece) for piece in pieces))

    def _drip(self, answer: Answer | Stream, seconds: float, pause: float) -> None:
        content = answer.content() if isinstance(answer, Answer) else b"".join(map(_chunk, answer.pieces))
        self._connection.sendall(_head(answer))
        until = time.monotonic() + seconds
        for byte in content:
            self._connection.sendall(bytes((byte,)))
            if time.monotonic() > until or self._silence(pause):
                break
        self.keep = False

    def _silence(self, seconds: float) -> bool:
        """Waits, and notices a client that goes away."""
        self.keep = False
        readable, _, _ = select.select([self._connection], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            self.left = bool(readable) and not self._connection.recv(1, socket.MSG_PEEK)
        return self.left


class _Connection(BaseHTTPRequestHandler):
    """Reads requests; what becomes of them is decided by the listener."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = None

    def __init__(self, connection: socket.socket, address: Any, listener: Listener) -> None:
        self._listener = listener
        super().__init__(connection, address, listener)  # type: ignore[arg-type] # it is only kept, and not asked

    def log_message(self, *_: Any) -> None:
        """Says nothing: what arrived is kept."""

    def _answer(self) -> None:
        line = Line(self.connection)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._listener.serve(self.command, self.path, headers, self._body(headers), line)
        finally:
            self.close_connection = self.close_connection or not line.keep

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return self.rfile.read(int(headers.get("content-length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
    # The standard library looks them up by this name.
    setattr(_Connection, f"do_{_method}", _Connection._answer)  # noqa: SLF001 # its own module


def _head(answer: Answer | Stream) -> bytes:
    whole = isinstance(answer, Answer)
    headers = {
        "content-type": answer.type() if isinstance(answer, Answer) else answer.content_type,
        **({"content-length": str(len(answer.content()))} if isinstance(answer, Answer) else {}),
        **({} if whole else {"transfer-encoding": "chunked"}),
        **({name.lower(): value for name, value in answer.headers.items()} if isinstance(answer, Answer) else {}),
    }
    statuses = http.HTTPStatus._value2member_map_
    reason = http.HTTPStatus(answer.status).phrase if answer.status in statuses else "Status"
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunk(piece: bytes) -> bytes:
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
