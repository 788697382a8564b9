"""Responses in a notebook: what was made, and a table of what to know about it, in HTML and in text."""

import re

import pytest

from tarash.tarash_gateway.display import notebook
from tarash.tarash_gateway.display.notebook import response_rows
from tarash.tarash_gateway.models import (
    Adjustment,
    Attempt,
    ImageGenerationResponse,
    Media,
    VideoGenerationResponse,
)

EVIL = "<script>alert('x')</script>"


def images(*media, **settings):
    return ImageGenerationResponse(request_id="r", provider="acme", model="brush", images=list(media), **settings)


def cells(bundle):
    """The table as a reader sees it."""
    rows = re.findall(r"<th[^>]*>(.*?)</th><td[^>]*>(.*?)</td>", bundle["text/html"])
    return {name: text.split("<br>") for name, text in rows}


def test_a_response_shows_its_picture_and_what_to_know(png):
    bundle = images(
        Media.from_bytes(png, revised_prompt="a red cat"),
        asked={"prompt": "a cat"},
        cost=0.04,
        cost_source="vendor",
        adjustments=[Adjustment(field="quality", asked="hd", sent="high", reason="nearest")],
        warnings=["seed: left out", "style: left out"],
    )._repr_mimebundle_()
    assert bundle["text/html"].count('<img src="data:image/png;base64,') == 1
    assert cells(bundle) == {
        "model": ["acme / brush"],
        "size": ["8x6"],
        "cost": ["$0.04, as the vendor says"],
        "prompt": ["a cat"],
        "rewritten as": ["a red cat"],
        "changed": ["quality hd was sent as high: nearest"],
        "warning": ["seed: left out", "style: left out"],
    }
    assert bundle["text/plain"].splitlines() == [
        "ImageGenerationResponse",
        "  <image/png 8x6, 77 B>",
        "  model         acme / brush",
        "  size          8x6",
        "  cost          $0.04, as the vendor says",
        "  prompt        a cat",
        "  rewritten as  a red cat",
        "  changed       quality hd was sent as high: nearest",
        "  warning       seed: left out",
        "                style: left out",
    ]


def test_a_video_shows_its_player_its_length_and_its_job(clip, job):
    bundle = VideoGenerationResponse(
        request_id="r", provider="acme", model="film", videos=[Media.from_bytes(clip)], job=job
    )._repr_mimebundle_()
    assert bundle["text/html"].count("<video controls") == 1
    assert cells(bundle) == {
        "model": ["acme / film"],
        "size": ["64x48, 1 s"],
        "cost": ["not known"],
        "job": ["job_7"],
    }


def test_a_cost_of_several_pictures_says_so(png, jpeg):
    rows = dict(response_rows(images(Media.from_bytes(png), Media.from_bytes(jpeg), cost=0.08, cost_source="computed")))
    assert rows["cost"] == ["$0.08 for 2, computed from the price list"]
    assert rows["size"] == ["8x6"]


def test_one_attempt_goes_without_saying_and_several_are_told(png):
    first = Attempt(provider="acme", model="old", outcome="failed", error="ModelNotFoundError: gone")
    second = Attempt(provider="acme", model="brush", outcome="succeeded")
    assert "tried" not in dict(response_rows(images(Media.from_bytes(png), attempts=[second])))
    assert dict(response_rows(images(Media.from_bytes(png), attempts=[first, second])))["tried"] == [
        "acme/old failed: ModelNotFoundError: gone",
        "acme/brush succeeded",
    ]


def test_no_text_of_anybody_is_run_by_the_page(png):
    response = ImageGenerationResponse(
        request_id="r",
        provider=EVIL,
        model=EVIL,
        images=[Media.from_bytes(png, revised_prompt=EVIL), Media(url=f"https://x.test/{EVIL}")],
        asked={"prompt": EVIL},
        warnings=[EVIL],
        adjustments=[Adjustment(field=EVIL, asked=EVIL, sent={"x": EVIL}, reason=EVIL)],
        attempts=[Attempt(provider=EVIL, model=EVIL, outcome="failed", error=EVIL)] * 2,
    )
    shown = response._repr_mimebundle_()["text/html"]
    assert "<script" not in shown
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in shown


def test_a_prompt_that_is_no_text_is_left_out(png):
    assert "prompt" not in dict(response_rows(images(Media.from_bytes(png), asked={"prompt": ["a"]})))


def test_pictures_beyond_the_limit_of_a_page_are_lines(png, monkeypatch):
    monkeypatch.setattr(notebook, "TOTAL_LIMIT", 2 * len(png) + 1)
    shown = images(*[Media.from_bytes(png)] * 3)._repr_mimebundle_()["text/html"]
    assert shown.count("<img") == 2
    assert shown.count("save it to look at it") == 1


@pytest.mark.parametrize("kind", [ImageGenerationResponse, VideoGenerationResponse])
def test_a_response_without_media_shows_itself_too(kind):
    held = "images" if kind is ImageGenerationResponse else "videos"
    response = kind(request_id="r", provider="acme", model="m", **{held: []})
    assert response._repr_mimebundle_()["text/plain"].startswith(kind.__name__)
