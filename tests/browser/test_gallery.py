"""The gallery in a real browser, from the disk: it shows every file, filters, obeys the keyboard and complains of nothing."""

import io
import json
import os
import sys

import pytest
from PIL import Image

from tarash_gateway_cli.gallery import make_gallery

pytest.importorskip("tarash_gateway_sandbox", reason="the sandbox draws the clip")

EVIL = "</script><script>hit = 1</script><img src=x onerror='hit = 2'>\u2028{{title}}"
LONG = "A greenhouse at first light, " + "with rows of terracotta pots, " * 20


def png(width, height, color):
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, "PNG")
    return out.getvalue()


def hang(folder, name, content, **reported):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if reported:
        path.with_name(f"{path.name}.json").write_text(json.dumps({"tarash_sidecar": 1, **reported}), encoding="utf-8")


@pytest.fixture(scope="module")
def clip():
    from tarash_gateway_sandbox.artwork.orders import VideoOrder
    from tarash_gateway_sandbox.artwork.video import encode_video

    return encode_video(VideoOrder("A boat", 320, 192, 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, clip):
    """Pictures of every shape, a clip, and whatever a name or a prompt may hold."""
    folder = tmp_path_factory.mktemp("Harbour")
    call = {"model": "gpt-image-2", "cost": 0.16, "request_id": "one call", "created_at": "2026-11-22T18:00:00Z"}
    for number in range(4):
        hang(folder, f"cat-{number}.png", png(200, 200, (200, number * 40, 90)), prompt="A cat on the moon", **call)
    other = {"model": "dall-e-3", "provider": "openai", "created_at": "2026-11-20T18:00:00Z"}
    hang(folder, "Straße #1?.png", png(300, 200, "teal"), prompt="Ein Café in Görlitz", cost=0.04, **other)
    hang(folder, "夜/東京.png", png(200, 300, "navy"), prompt="雨の夜 🌧️", **other)
    hang(folder, "long.png", png(400, 100, "olive"), prompt=LONG, warnings=["The model is retired."], **other)
    hang(folder, "tall.png", png(40, 400, "maroon"), parameters={"n": 1, "quality": "high"}, **other)
    adjustments = [{"field": "size", "asked": "1x1", "sent": "2x2", "reason": EVIL}]
    hang(folder, "evil.png", png(90, 90, "red"), prompt=EVIL, parameters={EVIL: EVIL}, adjustments=adjustments, **other)
    video = {"model": "sora-2", "cost": 0.4, "width": 320, "height": 192, "duration_seconds": 1}
    hang(folder, "boat.mp4", clip, prompt="A boat at low tide", created_at="2026-11-21T18:00:00Z", **video)
    hang(folder, "plain.png", png(64, 64, "gray"))
    hang(folder, "broken.png", png(64, 64, "gray"))
    (folder / "broken.png.json").write_text("{")
    if sys.platform == "linux":
        hang(folder, os.fsdecode(b"caf\xe9.png"), png(64, 64, "pink"))
        hang(folder, '"><img src=x onerror="hit=3">.png', png(64, 64, "pink"))
    make_gallery(folder, title=f"Harbour {EVIL}")
    return folder


@pytest.fixture
def gallery(tab, folder):
    """The gallery in a tab of its own, which must not have complained of anything in the end."""
    opened = []

    def item(place=folder, **options):
        opened.append(tab(**options))
        opened[-1].open((place / "index.html").as_uri())
        return opened[-1]

    yield item
    for each in opened:
        assert each.complaints() == []
        assert each.run("typeof hit") == "undefined"
        assert [url for url in each.requests() if not url.startswith(("file:", "data:"))] == []


PATHS = "[...document.querySelectorAll('.item')].map(item => item.dataset.path)"
SUMMARY = "document.querySelector('#summary').firstChild.textContent"
FOCUSED = "document.activeElement.closest('.item')?.dataset.path"
LARGE = "document.querySelector('#detail .name').textContent"
OPEN = "document.querySelector('#detail').open"
LOADED = """[...document.querySelectorAll('.shown')].every(shown =>
    shown.querySelector('img')?.naturalWidth > 0 || shown.querySelector('video')?.videoWidth > 0)"""


def every_path(tab):
    """All the cards that come into sight from the top of the page to its end."""
    tab.run("scrollTo(0, 0)")
    received = set(tab.run(PATHS))
    while tab.run("scrollY + innerHeight < document.documentElement.scrollHeight - 1"):
        tab.run(
            "new Promise(done => { scrollBy(0, innerHeight); requestAnimationFrame(() => requestAnimationFrame(done)) })"
        )
        received |= set(tab.run(PATHS))
    return received


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_file_is_shown_at_every_width(width, dark, gallery, folder):
    page = gallery(width=width, height=844, dark=dark)

    expected = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in {".png", ".mp4"}}
    assert every_path(page) == expected
    page.until(LOADED)
    assert page.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_the_head_counts_files_and_adds_up_calls(gallery):
    page = gallery()

    count = page.run("DATA.entries.length")
    assert page.run(SUMMARY) == f"{count} files · {count - 1} images, 1 video · $0.60"
    assert page.run("document.querySelector('#summary small').textContent") == (
        "The cost of 6 of them is known. The cost of a call that made several files is counted once."
    )
    assert page.run("document.querySelector('#notes li').textContent").startswith("broken.png.json: is no JSON")


def test_words_filter_prompts_and_names(gallery):
    page = gallery()

    page.press("/")
    page.type("CAFÉ görlitz")
    page.until("document.querySelectorAll('.item').length === 1")
    assert page.run(PATHS) == ["Straße #1?.png"]
    page.run("document.querySelector('#find').select()")
    page.type("東京")
    page.until(f"{PATHS}.join() === '夜/東京.png'")
    page.run("document.querySelector('#find').select()")
    page.type("no such thing")
    page.until("document.querySelectorAll('.item').length === 0")
    assert page.run("document.querySelector('#nothing').innerText").startswith("Nothing matches.")
    page.run("document.querySelector('#nothing button').click()")
    assert page.run("shown.length === DATA.entries.length")


def test_model_kind_and_order_are_chosen(gallery):
    page = gallery()
    choose = "(([id, value]) => { const it = document.querySelector(id); it.value = value; it.dispatchEvent(new Event('change', {bubbles: true})) })"

    page.run(f"{choose}(['#models', 'gpt-image-2'])")
    assert page.run(SUMMARY).split(" · ")[1:] == ["4 images, 0 videos", "$0.16"]
    page.run("document.querySelector('#kinds input[value=video]').click()")
    assert page.run("shown.length") == 0
    page.run(f"{choose}(['#models', ''])")
    assert page.run(PATHS) == ["boat.mp4"]
    page.run("document.querySelector('#kinds input').click()")
    page.run(f"{choose}(['#models', 'dall-e-3'])")
    page.run(f"{choose}(['#order', 'name'])")
    assert page.run("shown.map(entry => entry.path)").index("evil.png") == 0
    page.run(f"{choose}(['#models', ''])")
    page.run(f"{choose}(['#order', 'oldest'])")
    times = page.run("shown.map(entry => entry.at)")
    assert times == sorted(times)


def test_the_keyboard_moves_between_cards_and_opens_them(gallery):
    page = gallery(width=1000)

    page.press("ArrowRight")
    first = page.run(FOCUSED)
    assert first == page.run("shown[0].path")
    page.press("ArrowRight")
    assert page.run(FOCUSED) == page.run("shown[1].path")
    page.press("ArrowLeft")
    page.press("ArrowDown")
    below = page.run(FOCUSED)
    assert below not in {first, page.run("shown[1].path")}
    page.press("ArrowUp")
    assert page.run(FOCUSED) == first
    page.press("End")
    assert page.run(FOCUSED) == page.run("shown.at(-1).path")
    page.press("Home")
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.run("document.querySelectorAll('.card[tabindex=\"0\"]').length") == 1

    page.press("Enter")
    assert (page.run(OPEN), page.run(LARGE)) == (True, first)
    page.press("ArrowLeft")
    assert page.run(LARGE) == first
    page.press("ArrowRight")
    page.press("ArrowRight")
    third = page.run("shown[2].path")
    assert page.run(LARGE) == third
    page.press("Escape")
    page.until(f"!{OPEN}")
    page.until(f"{FOCUSED} === {third!r}")


@pytest.mark.slow
def test_the_arrow_down_leads_from_the_filter_to_the_cards(gallery):
    page = gallery()

    page.press("/")
    page.type("cat")
    page.until("shown.length === 4")
    page.press("ArrowDown")

    assert page.run(FOCUSED) == "cat-0.png"


def show(page, path):
    page.run(f"detail.open(shown, shown.findIndex(entry => entry.path === {path!r}))")
    return page.run("document.querySelector('#detail .text').innerText")


def test_the_dialog_tells_all_that_is_known(gallery):
    page = gallery()

    text = show(page, "cat-0.png")
    assert "A cat on the moon" in text
    assert "$0.16, for all 4 files of the call" in text
    page.press("Escape")
    text = show(page, "long.png")
    assert LONG.strip() in text
    assert "The model is retired." in text
    page.press("Escape")
    assert "quality\nhigh" in show(page, "tall.png").replace("\n\n", "\n")
    page.press("Escape")
    assert "there is no readable sidecar" in show(page, "plain.png")


def test_what_a_prompt_holds_is_only_text(gallery):
    page = gallery()

    text = show(page, "evil.png")

    assert text.count("<img src=x onerror='hit = 2'>") == 4
    assert page.run("document.querySelectorAll('#detail .text img, #detail .text script').length") == 0
    assert page.run("document.querySelector('h1').textContent").startswith("Harbour </script>")


def test_the_prompt_is_copied_and_the_file_is_opened(gallery):
    page = gallery()
    page.allow("clipboardReadWrite", "clipboardSanitizedWrite")
    show(page, "Straße #1?.png")

    page.click(".copy")
    page.until("document.querySelector('.copy').textContent === 'Copied'")

    assert page.run("navigator.clipboard.readText()") == "Ein Café in Görlitz"
    assert page.run("document.querySelector('.open').href").endswith("/Stra%C3%9Fe%20%231%3F.png")


@pytest.mark.slow
def test_the_prompt_is_copied_without_a_clipboard_too(gallery):
    page = gallery()
    show(page, "Straße #1?.png")

    page.click(".copy")  # the browser has not been asked for a permission, and refuses

    page.until("document.querySelector('.copy').textContent === 'Copied'")
    assert page.run("document.activeElement.textContent") == "Copied"


@pytest.mark.slow
def test_a_click_beside_the_dialog_closes_it(gallery):
    page = gallery()
    page.click(".card")
    assert page.run(OPEN)

    page.ask("Input.dispatchMouseEvent", type="mousePressed", x=4, y=450, button="left", clickCount=1)
    page.ask("Input.dispatchMouseEvent", type="mouseReleased", x=4, y=450, button="left", clickCount=1)

    page.until(f"!{OPEN}")


@pytest.mark.slow
def test_a_clip_plays_under_the_pointer_and_goes_back(gallery):
    page = gallery()
    page.run("document.querySelector('#kinds input[value=video]').click()")
    page.until("document.querySelector('video').readyState >= 2")
    assert page.run("document.querySelector('video').muted && document.querySelector('video').paused")

    page.move_to(".card")
    page.until("!document.querySelector('video').paused && document.querySelector('video').currentTime > 0")
    page.move_to("h1")
    page.until("document.querySelector('video').paused && document.querySelector('video').currentTime < 0.01")


@pytest.mark.slow
def test_nothing_moves_for_those_who_want_it_calm(gallery):
    page = gallery(calm=True)
    page.run("document.querySelector('#kinds input[value=video]').click()")
    page.until("document.querySelector('video').readyState >= 2")

    page.run("wall.enter()")
    page.move_to(".card")
    show(page, "boat.mp4")
    page.run("new Promise(done => setTimeout(done, 100))")

    assert page.run("[...document.querySelectorAll('video')].every(clip => clip.paused && !clip.autoplay)")


@pytest.mark.slow
def test_ten_thousand_files_are_a_few_cards(gallery, tmp_path):
    picture = png(8, 6, "teal")
    hang(tmp_path, "a.png", picture, width=8, height=6, prompt="A square")
    make_gallery(tmp_path)
    page_of_one = (tmp_path / "index.html").read_text(encoding="utf-8")
    (line,) = [line for line in page_of_one.splitlines() if line.startswith('{"url"')]
    lines = [line.replace('"path":"a.png"', f'"path":"{number:05}.png"') for number in range(10_000)]
    (tmp_path / "index.html").write_text(page_of_one.replace(line, ",\n".join(lines)), encoding="utf-8")

    page = gallery(tmp_path)

    assert page.run(SUMMARY).startswith("10,000 files")
    assert page.run("document.querySelectorAll('.item').length") < 100
    page.run("wall.enter()")
    page.press("End")
    assert page.run(FOCUSED) == "09999.png"
    assert page.run("document.querySelectorAll('.item').length") < 100


@pytest.mark.slow
def test_an_empty_folder_says_so(gallery, tmp_path):
    make_gallery(tmp_path)

    page = gallery(tmp_path)

    assert page.run("document.querySelector('#nothing').innerText").strip() == "There are no images or videos here."


def test_an_svg_is_shown_and_never_opened_as_a_document(gallery, tmp_path):
    script = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><script>parent.hit = 4; hit = 5</script></svg>'
    )
    (tmp_path / "drawing.SVG").write_text(script)
    (tmp_path / "photo.png").write_bytes(png(40, 40, "red"))
    make_gallery(tmp_path)
    page = gallery(tmp_path)

    links = {}
    for path in ("drawing.SVG", "photo.png", "drawing.SVG"):
        page.run(f"detail.open(shown, shown.findIndex(entry => entry.path === {path!r}))")
        page.until("document.querySelector('#detail img').naturalWidth === 40")
        links[path] = page.run(
            "[document.querySelector('.open').checkVisibility(), document.querySelector('.open').hasAttribute('href')]"
        )
        page.run("document.querySelector('#detail').close()")
    assert links == {"drawing.SVG": [False, False], "photo.png": [True, True]}
