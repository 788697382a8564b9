"""An update in a notebook: a line, a bar, and the partial image."""

from tarash.tarash_gateway.models import ImageGenerationResponse, Media


def test_an_update_shows_its_status_and_its_percentage(video_update):
    bundle = video_update("in_progress", 40, 12)._repr_mimebundle_()
    assert bundle["text/plain"] == "acme/film: in progress 40 %, 12 s, job job_7"
    assert 'aria-valuenow="40"' in bundle["text/html"]
    assert "width:40%" in bundle["text/html"]
    assert "<b>acme/film</b> in progress 40 %" in bundle["text/html"]
    assert "12 s · job job_7" in bundle["text/html"]


def test_an_update_shows_its_partial_picture(image_update, png):
    bundle = image_update("partial", image=Media.from_bytes(png))._repr_mimebundle_()
    assert '<img src="data:image/png;base64,' in bundle["text/html"]
    assert bundle["text/plain"] == "acme/brush: drawing, 1 partial image"


def test_the_end_has_no_bar(video_update):
    assert "progressbar" not in video_update("completed", 100, 12)._repr_mimebundle_()["text/html"]


def test_the_last_update_of_a_stream_shows_the_response(image_update, png):
    response = ImageGenerationResponse(request_id="r", provider="acme", model="m", images=[Media.from_bytes(png)])
    assert image_update("completed", response=response)._repr_mimebundle_() == response._repr_mimebundle_()


def test_a_percentage_out_of_its_range_does_not_break_the_bar(video_update):
    assert "width:100%;height" in video_update("in_progress", 700)._repr_mimebundle_()["text/html"]
    assert "width:0%" in video_update("in_progress", -7)._repr_mimebundle_()["text/html"]


def test_no_text_of_anybody_is_run_by_the_page(video_update):
    evil = "<script>alert(1)</script>"
    shown = video_update("waiting", message=evil, model=evil)._repr_mimebundle_()["text/html"]
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
