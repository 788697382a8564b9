"""The documentation site: it builds without a warning, no link is broken, and it works in a real browser."""

import functools
import http.server
import importlib.util
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WIDTHS = (390, 1400)
PAGES = ("index", "quickstart", "reference/functions", "providers/openai", "performance")


class Page(HTMLParser):
    """The links and the anchors of one page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = set(), {""}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        self.links |= {values[name] for name in ("href", "src") if values.get(name)}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; of a copy, so that a run beside another one does not share its folder."""
    if importlib.util.find_spec("zensical") is None or importlib.util.find_spec("mkdocstrings") is None:
        pytest.skip("the site generator is not installed: .venv/bin/pip install --group docs")
    work = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", work)
    shutil.copytree(ROOT / "docs", work / "docs")
    for part in ("core", "plugins"):
        (work / part).symlink_to(ROOT / part)
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        check=False,
        cwd=work,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return work / "site"


@pytest.fixture(scope="module")
def address(site):
    """The site, served on loopback."""
    handler = functools.partial(QuietHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


def test_every_link_leads_to_a_page_and_an_anchor_that_exist(site):
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            page_there = pages.get(target)
            if not target.exists() or (page_there and unquote(parts.fragment) not in page_there.anchors):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_every_page_of_the_documentation_is_in_the_navigation(site):
    listed = Page((site / "index.html").read_text(encoding="utf-8")).links
    wanted = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    wanted = {page for page in wanted if not page.startswith("examples/")}
    reached = {link.removeprefix("./").rstrip("/").removesuffix("/index") or "index" for link in listed} | {"index"}
    assert {page.removesuffix("/index") for page in wanted} - reached == set()


def test_the_reference_shows_every_public_function(site):
    import tarash.tarash_gateway as face

    anchors = Page((site / "reference/functions/index.html").read_text(encoding="utf-8")).anchors
    functions = {name for name in face.__all__ if name[0].islower()}
    assert {f"tarash.tarash_gateway.{name}" for name in functions} - anchors == set()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_opens_without_a_complaint_and_asks_no_other_host(tab, address, width, dark):
    for name in PAGES:
        page = tab(width=width, dark=dark)
        page.open(f"{address}/{'' if name == 'index' else name + '/'}")
        assert page.run("document.querySelector('h1').innerText.trim().length") > 0
        assert page.run("document.documentElement.scrollWidth") <= width, name
        assert page.complaints() == []
        assert [url for url in page.requests() if not url.startswith((address, "data:", "blob:"))] == []


def test_the_search_finds_the_fallbacks(tab, address):
    page = tab(width=1400)
    page.open(f"{address}/")
    page.click(".md-search__button")
    # The search is a web component: what it shows is in a shadow root.
    page.until("document.activeElement?.shadowRoot?.activeElement?.tagName === 'INPUT'")
    page.type("fallback")
    page.until(
        "[...document.activeElement.shadowRoot.querySelectorAll('[role=option]')].some(a => /fallback/i.test(a.innerText))"
    )
    assert page.complaints() == []
