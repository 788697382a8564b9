"""A real notebook: its cells call the sandbox, and what they show is looked at.

One kernel for all of it, since it takes a second to start.
"""

import base64

import pytest

from tarash.tarash_gateway.models import Media

pytestmark = pytest.mark.slow

CELLS = (
    """
    import warnings

    from tarash.tarash_gateway import generate_image, generate_video, progress, stream_image
    from tarash.tarash_gateway.models import (
        ImageGenerationConfig,
        ImageGenerationRequest,
        VideoGenerationConfig,
        VideoGenerationRequest,
    )

    warnings.simplefilter("ignore")
    bar = progress()
    pictures = ImageGenerationConfig(provider="openai", model="gpt-image-2")
    clips = VideoGenerationConfig(provider="openai", model="sora-2", poll_interval=0.02)
    """,
    """
    response = generate_image(
        pictures, ImageGenerationRequest(prompt="a <script>alert(1)</script> cat", n=2), on_progress=bar
    )
    response
    """,
    "response.images[0]",
    """
    film = generate_video(
        clips, VideoGenerationRequest(prompt="Fog", duration_seconds=4), on_progress=bar, save_to="fog.mp4"
    )
    film
    """,
    "film.video",
    """
    for update in stream_image(
        pictures, ImageGenerationRequest(prompt="a dog", extra_params={"partial_images": 2})
    ):
        bar(update)
    """,
    """
    import threading

    threads = [
        threading.Thread(
            target=generate_image, args=(pictures, ImageGenerationRequest(prompt=name)), kwargs={"on_progress": bar}
        )
        for name in ("a", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    """,
)


def test_a_notebook_shows_what_was_made_and_how_far_it_is(run_notebook):
    begun, made, picture, filmed, clip, streamed, together = run_notebook(*CELLS)
    assert begun == []

    # The progress is one display that was changed in place, and the response stands below it.
    bar, response = made
    assert (bar.output_type, bar.data["text/plain"].partition(" in ")[0]) == (
        "display_data",
        "openai/gpt-image-2: completed",
    )
    assert response.data["text/html"].count('<img src="data:image/png;base64,') == 2
    assert "<script" not in response.data["text/html"]
    assert "a &lt;script&gt;alert(1)&lt;/script&gt; cat" in response.data["text/html"]
    assert response.data["text/plain"].startswith("ImageGenerationResponse\n  <image/png 1024x1024, ")

    (shown,) = picture
    assert set(shown.data) == {"image/png", "text/plain"}
    assert Media.from_bytes(base64.b64decode(shown.data["image/png"])).width == 1024

    bar, response = filmed
    assert bar.data["text/plain"].startswith("openai/sora-2: completed in ")
    assert ", job video_" in bar.data["text/plain"]
    assert '<video controls preload="metadata" src="data:video/mp4;base64,' in response.data["text/html"]
    assert "720x1280, 4 s" in response.data["text/plain"]

    (shown,) = clip
    assert set(shown.data) == {"text/html", "text/plain"}

    (bar,) = streamed
    assert bar.data["text/plain"].endswith(", 2 partial images")

    (bar,) = together
    assert [line.partition(" in ")[0] for line in bar.data["text/plain"].splitlines()] == [
        "openai/gpt-image-2: completed"
    ] * 2
