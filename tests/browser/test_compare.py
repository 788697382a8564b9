"""The page of a comparison in a real browser."""

import io

import pytest
from PIL import Image

from tarash_gateway_cli.gallery import make_gallery

EVIL = "</script><script>hit = 1</script><img src=x onerror='hit = 2'>"


def png(width, height, color):
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    models = []
    for number, (name, shape) in enumerate(
        {"gpt-image-2": (320, 200), "nano-banana-pro": (200, 200), "wide": (400, 100)}.items()
    ):
        files = [f"{name}.png", f"{name}-2.png"]
        for file in files:
            (folder / file).write_bytes(png(*shape, (60 + 70 * number, 120, 160)))
        models.append(
            {
                "provider": "openai", "model": name, "seconds": 3.21 + number, "cost": 0.04, "files": files,
                "changes": [f"size 17x18 was sent as 320x200: {EVIL}"] if number == 0 else [],
            }
        )  # fmt: skip
    models.append(
        {
            "provider": "xai",
            "model": "grok",
            "seconds": 0.4,
            "files": [],
            "changes": [],
            "error": f"it is refused {EVIL}",
            "billable": "no",
        }
    )
    make_gallery(folder, title="A harbour", comparison={"prompt": f"A harbour {EVIL}", "models": models})
    return folder


@pytest.fixture
def page(tab, folder):
    opened = []

    def page(**options):
        opened.append(tab(**options))
        opened[-1].open((folder / "index.html").as_uri())
        return opened[-1]

    yield page
    for each in opened:
        assert each.complaints() == []
        assert each.run("typeof hit") == "undefined"
        assert [url for url in each.requests() if not url.startswith(("file:", "data:"))] == []


TOPS = "[...document.querySelectorAll('.column {}')].map(part => Math.round(part.getBoundingClientRect().top))"


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_column_shows_model_files_time_cost_and_changes(width, dark, page):
    tab = page(width=width, height=900, dark=dark)

    columns = "[...document.querySelectorAll('.column')]"
    assert tab.run(f"{columns}.map(column => column.dataset.model)") == [
        "openai/gpt-image-2", "openai/nano-banana-pro", "openai/wide", "xai/grok",
    ]  # fmt: skip
    tab.until("[...document.querySelectorAll('.column img')].every(image => image.complete && image.naturalWidth > 0)")
    assert tab.run(f"{columns}.map(column => column.querySelectorAll('img').length)") == [2, 2, 2, 0]
    assert tab.run(f"{columns}.map(column => column.querySelector('.figures').innerText.split('\\n'))") == [
        ["Time", "3.2 s", "Cost", "$0.04"], ["Time", "4.2 s", "Cost", "$0.04"], ["Time", "5.2 s", "Cost", "$0.04"],
        ["Time", "0.4 s", "Cost", "not billed"],
    ]  # fmt: skip
    assert tab.run(f"{columns}[0].querySelector('.changes').innerText").startswith(
        "size 17x18 was sent as 320x200: </script>"
    )
    assert tab.run(f"{columns}[3].querySelector('.warning').innerText").startswith("it is refused </script>")
    assert tab.run("document.querySelector('#summary').firstChild.textContent") == "4 models · 6 files · $0.12"
    assert tab.run("document.querySelector('#tools').offsetHeight + document.querySelector('#wall').offsetHeight") == 0
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_the_rows_of_all_columns_stand_level(page):
    tab = page(width=1400, height=900)

    for part in (".files", ".figures"):
        assert len(set(tab.run(TOPS.format(part)))) == 1


def test_a_file_opens_large_and_the_keyboard_goes_on_from_there(page):
    tab = page(width=1400, height=900)

    tab.click(".column:nth-child(2) .card")
    assert tab.run("document.querySelector('#detail .name').textContent") == "nano-banana-pro.png"
    tab.press("ArrowRight")
    assert tab.run("document.querySelector('#detail .name').textContent") == "nano-banana-pro-2.png"
    tab.press("Escape")
    tab.until("!document.querySelector('#detail').open")
    assert tab.run("document.activeElement.closest('.column').dataset.model") == "openai/nano-banana-pro"
