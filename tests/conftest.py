"""What every test gets: no setting of the machine it runs on, and a process that has warned of no model yet.

And what some share: the user's page, and the two hosts that it writes out, answered on loopback: nothing of the
product knows of it.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import gc
import io
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest
from PIL import Image

from tarash.tarash_gateway import generate_image, generate_image_async, generate_video, generate_video_async
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig

QUICK = "TARASH_SANDBOX_QUICK"
"""With it a sandbox draws nothing: images and videos have one colour. Only the tests of the sandbox look at them."""


@pytest.fixture(autouse=True)
def _no_setting_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name != QUICK and name.startswith(
            ("OPENAI_", "AZURE_", "TARASH_", "OPENROUTER_", "GOOGLE_", "GEMINI_", "XAI_", "FAL_")
        ):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_was_warned_of(monkeypatch):
    # A lifecycle warning comes once for each process and model: without this, tests would depend on their order.
    from tarash.tarash_gateway.flows import plan

    monkeypatch.setattr(plan, "_warned", set())


@pytest.fixture(autouse=True)
def _nothing_waits_long(retry_policy):
    # A vendor is given time, and may show a job seconds later; a sandbox needs none, unless a test is about that.
    retry_policy(first_delay=0.01, lookup_pauses=(0.01, 0.05))


@pytest.fixture
def retry_policy():
    """Changes how patient calls are, to the end of the test."""
    from tarash.tarash_gateway.flows.context import use_retry_policy

    with contextlib.ExitStack() as stack:
        yield lambda **changes: stack.enter_context(use_retry_policy(**changes))


def _image(form="PNG", size=(8, 6)):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form)
    return out.getvalue()


def _clip(frames=10):
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            image = Image.new("RGB", (64, 48), (number * 20, 0, 0))
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.fixture(scope="session")
def png():
    """A whole PNG of 8x6 pixels."""
    return _image()


@pytest.fixture(scope="session")
def jpeg():
    """A whole JPEG of 8x6 pixels."""
    return _image("JPEG")


@pytest.fixture(scope="session")
def clip():
    """A whole MP4 of 64x48 pixels and one second."""
    return _clip()


@pytest.fixture(scope="session")
def other_clip():
    """A whole MP4 that differs from `clip`."""
    return _clip(5)


@pytest.fixture(scope="session")
def warm_python():
    """Runs a program in a process of its own that need not import the SDK first."""
    from warm_python import WarmPython

    started = WarmPython()
    yield started
    started.close()


@pytest.fixture
def pauses_leap():
    """A context in which a flow's pauses take no time, and its clock goes on by them.

    A deadline of a minute passes there at once, and a request has a minute on however slow a machine.
    """

    @contextlib.contextmanager
    def leaping():
        from tarash.tarash_gateway.flows import driver

        skipped = [0.0]

        def sleep(seconds):
            skipped[0] += seconds

        async def sleep_async(seconds):
            sleep(seconds)
            await asyncio.sleep(0)

        clock = SimpleNamespace(monotonic=lambda: time.monotonic() + skipped[0], sleep=sleep)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(driver, "time", clock)
            patch.setattr(driver, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep_async}))
            yield

    return leaping


EXAMPLES = {"not slow": 8}
"""Examples of each property in the ordinary tier; `scripts/test --all` looks at more of them."""


def pytest_configure(config):
    hypothesis.settings.register_profile("tier", max_examples=EXAMPLES.get(config.option.markexpr, 50), deadline=None)
    hypothesis.settings.load_profile("tier")
    os.environ[QUICK] = "1"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background job: children would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # what is imported and collected stays: looking through it again and again takes a second


WHOLE_KIT = ("TestOpenAI", "TestGoogle")
"""What the ordinary tier holds to the whole conformance kit: an SDK and plain HTTP. The other providers are sampled."""

SAMPLE = 4
"""One of so many checks is run for them, and of the cases of a test that is marked so; `--all` runs every one."""


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items):
    combined = defaultdict(list)
    for item in items:
        kit = getattr(item, "cls", None)
        of_kit = kit is not None and hasattr(kit, "job_words")
        sampled = item.get_closest_marker("sampled") and hasattr(item, "callspec")
        if sampled or (of_kit and kit.__name__ not in WHOLE_KIT):
            if _number(item) % SAMPLE:
                item.add_marker(pytest.mark.slow)
        elif not of_kit and hasattr(item, "callspec"):
            combined[item.nodeid.partition("[")[0]].append(item)
    for cases in combined.values():  # every value once, not all combinations
        for item in _superfluous(cases):
            item.add_marker(pytest.mark.slow)


def _superfluous(cases):
    """Yields the cases whose values others have too: with `a` of 50 values and `b` of 2, half of the 100."""
    met = set()
    for item in sorted(cases, key=_number):  # mixed, so that no value meets the same one all the time
        values = set(enumerate(item.callspec._idlist))
        if values <= met:
            yield item
        met |= values


def _number(item):
    """Returns a number that is the same in every run."""
    return zlib.crc32(item.nodeid.encode())


def pytest_collection_finish():
    gc.enable()
    gc.collect()
    gc.freeze()


_WITHOUT_A_TOOL = re.compile(r"Skipped: (?P<tool>.+ is not installed): (?P<command>.+)")


def pytest_terminal_summary(terminalreporter):
    """Lists the tests that wait for a tool, and the command that enables them."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    missing = [(found, count) for reason, count in sorted(reasons.items()) if (found := _WITHOUT_A_TOOL.match(reason))]
    if missing:
        terminalreporter.section("skipped for a tool that is not installed", sep="=")
    for found, count in missing:
        terminalreporter.write_line(f"{count:4} × {found['tool']}: {found['command']}")


_ENVIRONMENTS = Path(__file__).parent.parent / ".venv-oracles"
_MAKES_ENVIRONMENTS = os.environ.get("TARASH_ORACLES") == "1"  # set by `scripts/test --all`


@pytest.fixture(scope="session")
def official_sdk():
    """The Python of an environment that has a vendor's own SDK: it may bring other libraries than ours."""

    def python(requirement):
        place = _ENVIRONMENTS / re.match(r"[\w-]+", requirement)[0]
        program = place / "bin" / "python"
        if not program.exists():
            if not _MAKES_ENVIRONMENTS:
                pytest.skip(f"{requirement} is not installed: scripts/test --all")
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
            subprocess.run([program, "-m", "pip", "install", "--quiet", requirement], check=True)
        return program

    return python


PAGE = Path(__file__).resolve().parents[2] / "shared" / "spec" / "openai-provider-page.txt"

sys.path.insert(0, str(Path(__file__).parent / "warm"))

PUBLIC = {"example.com": "93.184.216.34", "my-resource.openai.azure.com": "20.42.0.1"}
"""A public address for each host of the page: the screening of addresses must find nothing wrong with it."""


@dataclass(frozen=True)
class Block:
    """Code of the page, and where it stands."""

    first_line: int
    source: str

    @property
    def lines(self):
        return range(self.first_line, self.first_line + self.source.count("\n") + 1)


_BEGINS = re.compile(r"(from [\w.]+ import |import \w|\w+ = )")
_CODE = (ast.Import, ast.ImportFrom, ast.Assign)


def blocks_of(text):
    """The Python blocks of a page that was copied as plain text: the longest runs of lines that are such code."""
    lines = text.splitlines()
    found, at = [], 0
    while at < len(lines):
        end = _end_of_block(lines, at) if _BEGINS.match(lines[at]) else None
        if end is None:
            at += 1
            continue
        found.append(Block(at + 1, "\n".join(lines[at:end]).rstrip()))
        at = end
    return found


def _end_of_block(lines, start):
    ends = [end for end in range(start + 1, min(len(lines), start + 80) + 1) if _is_code("\n".join(lines[start:end]))]
    return max(ends, default=None)


def _is_code(source):
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    # A heading such as `Parameters` parses as well; a statement of the page imports, assigns or calls.
    return all(
        isinstance(node, _CODE) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)) for node in body
    )


@pytest.fixture(scope="session")
def page():
    if not PAGE.is_file():
        pytest.skip(f"the user's page is not beside this checkout ({PAGE})")
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def blocks(page):
    return blocks_of(page)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for the hosts of the page and for this machine, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt install openssl")
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=example.com"
    names = ",".join(f"DNS:{host}" for host in ("localhost", *PUBLIC))
    extra = ["-addext", f"subjectAltName={names}", "-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run([*command.split(), *extra, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


@pytest.fixture(scope="module")
def sandbox():
    from tarash_gateway_sandbox import SandboxServer

    with SandboxServer(job_seconds=0.2, allowed_hosts=PUBLIC) as server:
        yield server


@pytest.fixture(scope="module")
def over_tls(sandbox, certificate):
    """The port of a TLS server that hands everything on to the sandbox."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    behind = int(sandbox.origin.rpartition(":")[2])
    ready, known = threading.Event(), []

    async def hand_on(reader, writer):
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(65_536):
                    writer.write(data)
                    await writer.drain()
        finally:  # cancelled too, where the server ends first
            writer.close()

    async def accept(reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(hand_on(reader, inner_writer), hand_on(inner_reader, writer))

    async def serve():
        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
        stop = asyncio.Event()
        known.extend((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(60)
    port, loop, stop = known
    yield port
    loop.call_soon_threadsafe(stop.set)
    thread.join()


@pytest.fixture(scope="module")
def hosts(over_tls, certificate):
    """The two hosts of the page: names lead to public addresses, and connections to those end on loopback."""
    resolve, connect = socket.getaddrinfo, socket.socket.connect
    wanted = []

    def getaddrinfo(host, port, *args, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in PUBLIC:
            return resolve(host, port, *args, **options)
        wanted.append(name)
        return resolve(PUBLIC[name], port, *args, **options)

    def connected(self, address):
        if address[0] in PUBLIC.values():
            address = ("127.0.0.1", over_tls)
        assert address[0] in {"127.0.0.1", "::1"}, f"a test connects to {address}"
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(socket.socket, "connect", connected, raising=False)
        patch.setenv("SSL_CERT_FILE", str(certificate[0]))
        yield wanted


@pytest.fixture(params=["sync", "async"])
def make_image(request):
    """`generate_image`, or its twin in a loop of its own."""
    if request.param == "sync":
        return generate_image
    return lambda *args, **options: asyncio.run(generate_image_async(*args, **options))


@pytest.fixture(params=["sync", "async"])
def make_video(request):
    """`generate_video`, or its twin in a loop of its own."""
    if request.param == "sync":
        return generate_video
    return lambda *args, **options: asyncio.run(generate_video_async(*args, **options))


@pytest.fixture
def picture():
    """Encodes a picture of one colour."""

    def encoded(width=64, height=64, form="PNG", mode="RGB"):
        out = io.BytesIO()
        Image.new(mode, (width, height)).save(out, form)
        return out.getvalue()

    return encoded


@pytest.fixture(scope="session")
def _face_server():
    from tarash_gateway_sandbox import SandboxServer

    with SandboxServer(job_seconds=0.1, slow_seconds=0.3) as server:
        yield server


@pytest.fixture
def vendor(_face_server):
    """A sandbox without requests, faults and jobs, for the tests of a plugin with a face of its own there."""
    _face_server.clear()
    _face_server.job_seconds = 0.1
    return _face_server


@pytest.fixture
def image_config(face, vendor):
    """Makes configs for the image model of a `face`: a folder says which (its provider, key, URL and models)."""

    def config(model=face.image_model, **settings):
        fixed = {"provider": face.provider, "api_key": face.api_key, "base_url": getattr(vendor, face.url)}
        return ImageGenerationConfig(**{**fixed, **settings}, model=model)

    return config


@pytest.fixture
def video_config(face, vendor):
    """Makes configs for the video model of a `face`."""

    def config(model=face.video_model, **settings):
        fixed = {"provider": face.provider, "api_key": face.api_key, "base_url": getattr(vendor, face.url)}
        return VideoGenerationConfig(**{**fixed, "poll_interval": 0.02, **settings}, model=model)

    return config


@pytest.fixture
def posts(vendor):
    """The creating requests that arrived."""
    return lambda: [request for request in vendor.requests if request.method == "POST"]
