"""A real browser without a window, driven over its DevTools protocol through two pipes: nothing to install besides it."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-extensions --disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe"
)

# The browser reads commands from file 3 and writes answers to file 4; the ends that we have are numbered otherwise.
LAUNCHER = """
import fcntl, os, sys
reading, writing = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(reading, 3)
os.dup2(writing, 4)
os.closerange(5, 64)
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One process of Chromium."""

    def __init__(self, program, profile):
        reading, self._commands = os.pipe()
        self._answers, writing = os.pipe()
        arguments = [program, *QUIET.split(), f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(reading), str(writing), *arguments],
            pass_fds=(reading, writing),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reading)
        os.close(writing)
        self._sent = 0
        self._rest = b""
        self._heard = []
        self.events = []

    def close(self):
        with contextlib.suppress(OSError, TimeoutError):
            self.ask("Browser.close")
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(60)
        os.close(self._commands)
        os.close(self._answers)

    def ask(self, method, session=None, /, **params):
        """Sends one command and waits for its answer; what happens in the meantime is kept in `events`."""
        self._sent += 1
        command = {"id": self._sent, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        while True:
            message = self._hear()
            if message.get("id") == self._sent:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self.events.append(message)

    def _hear(self, patience=30.0):
        deadline = time.monotonic() + patience
        while not self._heard:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                msg = "the browser does not answer"
                raise TimeoutError(msg)
            if not (data := os.read(self._answers, 1 << 20)):
                msg = "the browser has ended"
                raise OSError(msg)
            *whole, self._rest = (self._rest + data).split(b"\0")
            self._heard.extend(json.loads(item) for item in whole)
        return self._heard.pop(0)


class Tab:
    """One page of its own, and everything that it complained about or asked for."""

    def __init__(self, browser, *, width=1280, height=900, dark=False, calm=False):
        self._browser = browser
        browser.events.clear()
        context = browser.ask("Target.createBrowserContext")["browserContextId"]
        target = browser.ask("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self._context = context
        self._session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        phone = width < 600
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        features = {"prefers-color-scheme": "dark" if dark else "light"}
        features["prefers-reduced-motion"] = "reduce" if calm else "no-preference"
        listed = [{"name": name, "value": value} for name, value in features.items()]
        self.ask("Emulation.setEmulatedMedia", features=listed)

    def close(self):
        self._browser.ask("Target.disposeBrowserContext", browserContextId=self._context)

    def ask(self, method, **params):
        return self._browser.ask(method, self._session, **params)

    def open(self, url):
        self.ask("Page.navigate", url=url)
        self.until("location.href !== 'about:blank' && document.readyState === 'complete'")

    def run(self, expression):
        """The value of an expression in the page; a promise is waited for."""
        done = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]["exception"].get("description")
        return done["result"].get("value")

    def until(self, expression, patience=20.0):
        """Waits until an expression is true in the page."""
        deadline = time.monotonic() + patience
        while not self.run(expression):
            assert time.monotonic() < deadline, f"never became true: {expression}"
            time.sleep(0.02)

    def press(self, key, code=0):
        typed = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        numbers = {"Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38}
        numbers |= {"ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
        about = {"key": key, "windowsVirtualKeyCode": numbers.get(key, code)}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **about, **typed)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def move_to(self, selector):
        box = f"(r => [r.x + r.width / 2, r.y + Math.min(20, r.height / 2)])(document.querySelector({selector!r}).getBoundingClientRect())"
        x, y = self.run(box)
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return {"x": x, "y": y, "button": "left", "clickCount": 1}

    def click(self, selector):
        place = self.move_to(selector)
        self.ask("Input.dispatchMouseEvent", type="mousePressed", **place)
        self.ask("Input.dispatchMouseEvent", type="mouseReleased", **place)

    def allow(self, *permissions):
        self._browser.ask("Browser.grantPermissions", permissions=permissions, browserContextId=self._context)

    def complaints(self):
        """What the page wrote to the console as an error or a warning, and what it threw."""
        self.run("0")
        found = []
        for event in self._browser.events:
            params = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(details.get("exception", {}).get("description") or details["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning", "assert"}:
                found.append(str([argument.get("value") for argument in params["args"]]))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
                found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return found

    def requests(self):
        """Every address that was asked for."""
        self.run("0")
        sent = [event for event in self._browser.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"a browser ({', '.join(NAMES)}) is not installed: apt install chromium")
    if sys.platform == "win32":
        pytest.skip("the browser is driven through inherited pipes, which this test does for POSIX only")
    running = Browser(program, tmp_path_factory.mktemp("browser"))
    yield running
    running.close()


@pytest.fixture
def tab(browser):
    """Opens a tab of a width, a height and a taste in pixels, dark and calm."""
    opened = []

    def item(**options):
        opened.append(Tab(browser, **options))
        return opened[-1]

    yield item
    for each in opened:
        each.close()
