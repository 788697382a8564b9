"""Media in a notebook: pictures and clips as such, everything else as a line, and no text that a page would run."""

import base64
import html
import re

import pytest

from tarash.tarash_gateway.display import notebook
from tarash.tarash_gateway.display.notebook import media_html
from tarash.tarash_gateway.models import Media

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"><script>alert(1)</script></svg>'


def b64(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/gif", "image/webp"])
def test_a_picture_is_given_as_it_is(kind, png):
    media = Media(data=png, content_type=kind, width=8, height=6, size_bytes=len(png))
    assert media._repr_mimebundle_() == {kind: b64(png), "text/plain": f"Media(<{kind} 8x6, 77 B>)"}


def test_a_drawing_is_shown_where_its_scripts_do_not_run():
    bundle = Media.from_bytes(SVG)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert f'<img src="data:image/svg+xml;base64,{b64(SVG)}"' in bundle["text/html"]
    assert "<svg" not in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_a_clip_gets_a_player(clip):
    bundle = Media.from_bytes(clip)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].startswith(f'<video controls preload="metadata" src="data:video/mp4;base64,{b64(clip)}"')
    assert bundle["text/plain"].startswith("Media(<video/mp4 64x48, 1 s, ")


def test_a_picture_in_a_file_is_read_from_there(tmp_path, png):
    (tmp_path / "a.png").write_bytes(png)
    assert Media.from_file(tmp_path / "a.png")._repr_mimebundle_()["image/png"] == b64(png)


def test_only_a_url_is_a_link():
    bundle = Media(url="https://x.test/a.png?a=1&b=<2>")._repr_mimebundle_()
    assert 'href="https://x.test/a.png?a=1&amp;b=&lt;2&gt;"' in bundle["text/html"]
    assert 'rel="noopener noreferrer"' in bundle["text/html"]
    assert "<img" not in bundle["text/html"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "file:///etc"])
def test_an_address_that_is_not_of_the_web_is_no_link(url):
    shown = Media(url=url)._repr_mimebundle_()["text/html"]
    assert "href" not in shown
    assert html.escape(url) in shown


def test_no_media_are_a_line():
    assert "&lt;no media&gt;" in Media()._repr_mimebundle_()["text/html"]


def test_a_kind_that_was_made_up_reaches_no_page():
    media = Media(data=b"x", content_type='image/png"><script>alert(1)</script>', size_bytes=1)
    shown = media._repr_mimebundle_()["text/html"]
    assert "<script" not in shown
    assert "data:" not in shown


def test_what_is_said_about_a_picture_is_escaped(png):
    shown = media_html(Media.from_bytes(png), about='"><script>alert(1)</script>')
    assert 'alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in shown
    assert "<script" not in shown


class TestLargeOnes:
    @pytest.fixture(autouse=True)
    def _limit(self, monkeypatch):
        monkeypatch.setattr(notebook, "INLINE_LIMIT", 50)

    def test_a_picture_in_memory_is_a_line(self, png):
        bundle = Media.from_bytes(png)._repr_mimebundle_()
        assert "&lt;image/png 8x6, 77 B&gt;: save it to look at it" in media_html(Media.from_bytes(png), limit=50)
        assert "image/png" not in bundle

    def test_a_picture_whose_size_was_made_up_is_a_line_too(self, png):
        media = Media(data=png, content_type="image/png", size_bytes=1)
        assert "image/png" not in media._repr_mimebundle_()

    def test_a_picture_in_a_file_is_a_line_with_its_path(self, tmp_path, png):
        (tmp_path / "a.png").write_bytes(png)
        shown = media_html(Media.from_file(tmp_path / "a.png"), limit=50)
        assert re.search(rf">&lt;image/png 8x6, 77 B&gt; {re.escape(str(tmp_path / 'a.png'))}<", shown)
        assert "<img" not in shown

    def test_a_clip_below_the_notebook_plays_from_its_file(self, tmp_path, monkeypatch, clip):
        (tmp_path / "my clips").mkdir()
        (tmp_path / "my clips" / 'a"b.mp4').write_bytes(clip)
        monkeypatch.chdir(tmp_path)
        shown = media_html(Media.from_file(tmp_path / "my clips" / 'a"b.mp4'), limit=50)
        assert 'src="my%20clips/a%22b.mp4"' in shown
        assert "data:" not in shown

    def test_a_clip_elsewhere_is_a_line(self, tmp_path, monkeypatch, clip):
        (tmp_path / "here").mkdir()
        (tmp_path / "a.mp4").write_bytes(clip)
        monkeypatch.chdir(tmp_path / "here")
        shown = media_html(Media.from_file(tmp_path / "a.mp4"), limit=50)
        assert "<video" not in shown
        assert str(tmp_path / "a.mp4") in shown


def test_a_file_that_is_gone_is_told(tmp_path, png):
    (tmp_path / "a.png").write_bytes(png)
    media = Media.from_file(tmp_path / "a.png")
    (tmp_path / "a.png").unlink()
    assert "a.png cannot be read: No such file or directory" in media._repr_mimebundle_()["text/html"]
