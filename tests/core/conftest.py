"""Real pictures and clips for the tests of core, made once for each process."""

import io

import av
import pytest
from PIL import Image


def picture(form="PNG", size=(8, 6)):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form)
    return out.getvalue()


def clip_of(frames=10):
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
    return picture()


@pytest.fixture(scope="session")
def jpeg():
    """A whole JPEG of 8x6 pixels."""
    return picture("JPEG")


@pytest.fixture(scope="session")
def clip():
    """A whole MP4 of 64x48 pixels and one second."""
    return clip_of()


@pytest.fixture(scope="session")
def other_clip():
    """A whole MP4 that differs from `clip`."""
    return clip_of(5)
