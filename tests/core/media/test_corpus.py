"""Files as encoders write them, in every variant they offer: none is refused, and no cut is called whole."""

import io
import random
import struct
import tempfile
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw, features

from tarash.tarash_gateway.media.structure import BrokenMediaError, inspect_media

SIZE = (48, 40)
CUTS = 25


def image(mode="RGB"):
    """An image with a gradient, so that encoders have something to write."""
    made = Image.linear_gradient("L").resize(SIZE)
    if mode in ("RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV"):
        made = Image.merge("RGB", (made, made.rotate(90), made.rotate(180)))
    if mode == "RGBA":
        made.putalpha(128)
        return made
    if mode == "I;16":
        return Image.frombytes("I;16", SIZE, b"".join(struct.pack("<H", at * 17 % 65536) for at in range(48 * 40)))
    return made.convert(mode)


def saved(form, mode="RGB", **options):
    out = io.BytesIO()
    image(mode).save(out, form, **options)
    return out.getvalue()


def animated(form, **options):
    frames = []
    for at in range(3):
        frame = image("RGB")
        ImageDraw.Draw(frame).rectangle((at * 10, 5, at * 10 + 9, 25), fill=(255, at * 80, 0))
        frames.append(frame)
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100, **options)
    return out.getvalue()


EXIF = Image.Exif()
EXIF[0x010E] = "a description"
THUMBNAIL = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + saved("JPEG")  # an image, its end marker too, inside a segment
PROFILE = bytes(range(256)) * 300  # of more than one segment


def images():
    """Each image that Pillow writes, by its name."""
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        yield f"png-{mode}", saved("PNG", mode)
    yield "png-dense", saved("PNG", compress_level=9, optimize=True)
    yield "png-stored", saved("PNG", compress_level=0)
    yield "png-transparent", saved("PNG", "P", transparency=0)
    yield "png-metadata", saved("PNG", exif=EXIF, icc_profile=PROFILE, dpi=(300, 300))
    yield "png-animated", animated("PNG", default_image=True)
    for mode in ("1", "L", "RGB", "CMYK", "YCbCr"):
        yield f"jpeg-{mode}", saved("JPEG", mode)
        yield f"jpeg-progressive-{mode}", saved("JPEG", mode, progressive=True)
    for quality in (1, 50, 95, 100):
        yield f"jpeg-quality-{quality}", saved("JPEG", quality=quality)
    for subsampling in (0, 1, 2):
        yield f"jpeg-subsampling-{subsampling}", saved("JPEG", subsampling=subsampling)
    yield "jpeg-optimized", saved("JPEG", optimize=True)
    yield "jpeg-restarts", saved("JPEG", restart_marker_blocks=1)
    yield "jpeg-tables", saved("JPEG", qtables="web_high")
    yield "jpeg-metadata", saved("JPEG", exif=EXIF, icc_profile=PROFILE, comment=b"a comment", dpi=(72, 72))
    yield "jpeg-thumbnail", saved("JPEG", exif=THUMBNAIL)
    for mode in ("RGB", "RGBA"):
        yield f"webp-{mode}", saved("WEBP", mode)
        yield f"webp-lossless-{mode}", saved("WEBP", mode, lossless=True)
    yield "webp-exact", saved("WEBP", "RGBA", lossless=True, exact=True)
    yield "webp-metadata", saved("WEBP", exif=EXIF, icc_profile=PROFILE, xmp=b"<x/>")
    yield "webp-animated", animated("WEBP")
    yield "webp-animated-mixed", animated("WEBP", allow_mixed=True, minimize_size=True)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield f"gif-{mode}", saved("GIF", mode)
    yield "gif-interlaced", saved("GIF", "P", interlace=1)
    yield "gif-plain", saved("GIF", "P", interlace=0)
    yield "gif-transparent", saved("GIF", "P", transparency=3)
    yield "gif-comment", saved("GIF", "P", comment=b"x" * 700)
    yield "gif-animated", animated("GIF", loop=0, disposal=2)


def unchecked():
    """Each image of a kind that is recognised and never called whole."""
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield f"bmp-{mode}", saved("BMP", mode)
    for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "LAB"):
        yield f"tiff-{mode}", saved("TIFF", mode)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield f"tiff-{compression}", saved("TIFF", compression=compression)
    yield "tiff-big", saved("TIFF", big_tiff=True)
    yield "tiff-pages", animated("TIFF")
    if features.check("avif"):
        for mode in ("L", "RGB", "RGBA"):
            yield f"avif-{mode}", saved("AVIF", mode)
        yield "avif-lossless", saved("AVIF", quality=100, subsampling="4:4:4")
        yield "avif-animated", animated("AVIF")
        yield "avif-metadata", saved("AVIF", exif=EXIF, icc_profile=PROFILE)
    if features.check("jpg_2000"):
        yield "jp2", saved("JPEG2000")


def clip(form, codec="mpeg4", *, sound=None, **options):
    path = Path(tempfile.mkdtemp(dir=FOLDER)) / "clip"  # an index in front wants a file that is read again
    with av.open(str(path), "w", format=form, options=options) as container:
        picture = container.add_stream(codec, rate=10)
        picture.width, picture.height, picture.pix_fmt, picture.gop_size = 64, 48, "yuv420p", 5
        speech = container.add_stream(sound, rate=48_000) if sound else None
        for number in range(20):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 12, 0, 0)))
            container.mux(picture.encode(frame))
            if speech is not None:
                silence = av.AudioFrame(format="fltp", layout="mono", samples=4800)
                silence.planes[0].update(bytes(silence.planes[0].buffer_size))
                silence.sample_rate, silence.pts = 48_000, number * 4800
                container.mux(speech.encode(silence))
        container.mux(picture.encode())
        if speech is not None:
            container.mux(speech.encode())
    return path.read_bytes()


FOLDER = None
"""Where the videos of a run are."""


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory):
    globals()["FOLDER"] = tmp_path_factory.mktemp("corpus")


FRAGMENTS = "frag_keyframe+empty_moov"


def videos():
    """Each video that PyAV writes, by its name."""
    yield "mp4", clip("mp4")
    yield "mp4-h264", clip("mp4", "libx264")
    yield "mp4-faststart", clip("mp4", "libx264", movflags="faststart")
    yield "mp4-sound", clip("mp4", "libx264", sound="aac", movflags="faststart")
    yield "mp4-fragments", clip("mp4", "libx264", movflags=FRAGMENTS)
    yield "mp4-fragments-after-samples", clip("mp4", "libx264", movflags="frag_keyframe")
    yield "mp4-fragments-of-sound", clip("mp4", "libx264", sound="aac", movflags=f"{FRAGMENTS}+default_base_moof")
    yield "mp4-fragments-of-frames", clip("mp4", "libx264", movflags="frag_every_frame+empty_moov")
    yield "mov", clip("mov")
    yield "mov-faststart", clip("mov", "libx264", movflags="faststart")
    yield "m4v", clip("ipod", "libx264")
    yield "webm", clip("webm", "libvpx")
    yield "webm-vp9", clip("webm", "libvpx-vp9")
    yield "webm-sound", clip("webm", "libvpx", sound="libopus")
    yield "webm-index-first", clip("webm", "libvpx", cues_to_front="1", reserve_index_space="4096")
    yield "matroska", clip("matroska", "libx264")


def loose_videos():
    """Each video that is whole and cannot be known to be."""
    yield "mp4-dash", clip("mp4", "libx264", movflags="dash+empty_moov+frag_keyframe+skip_trailer")
    yield "webm-live", clip("webm", "libvpx", live="1")
    yield "matroska-live", clip("matroska", "libx264", live="1")


def vectors():
    """SVGs as editors write them."""
    body = b'<g fill="red"><rect width="3" height="4"/><svg x="1"><path d="M0 0"/></svg><text>a &gt; b</text></g>'
    head = b'<svg xmlns="http://www.w3.org/2000/svg" width="48" height="40">'
    yield "svg", head + body + b"</svg>"
    yield "svg-declared", b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + head + body + b"</svg>"
    yield "svg-mark", b"\xef\xbb\xbf" + head + body + b"</svg>"
    doctype = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x" [<!ENTITY ns "http://a/>">]>'
    yield "svg-doctype", doctype + head + body + b"</svg>"
    yield "svg-comments", b"<!-- a > b --><?a b?>" + head + b"<!-- </svg> -->" + body + b"</svg>"
    yield "svg-data", head + b"<style><![CDATA[ a > b </svg> ]]></style>" + body + b"</svg>"
    yield "svg-signs", head.replace(b"width", b'aria-label="a > b" width') + body + b"</svg>"
    yield "svg-prefix", (head + body + b"</svg>").replace(b"<svg ", b"<s:svg ").replace(b"</svg>", b"</s:svg>")
    yield "svg-long-prologue", b"<!--" + b"x" * 100_000 + b"-->" + head + body + b"</svg>"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        yield f"svg-{encoding}", (head + body + b"</svg>").decode().encode(encoding)


def painted():
    """What the sandbox paints, the stand-in for a vendor."""
    from tarash_gateway_sandbox.artwork.image import draw
    from tarash_gateway_sandbox.artwork.orders import ImageOrder, VideoOrder
    from tarash_gateway_sandbox.artwork.video import encode_video  # it imports PyAV

    for form in ("png", "jpeg", "webp", "gif", "svg"):
        made = draw(ImageOrder("a boat", 96, 64, format=form, frames=2 if form == "gif" else 0))
        yield f"sandbox-{form}", made.rstrip(b"\n")  # which an SVG is whole without
    yield "sandbox-transparent", draw(ImageOrder("a boat", 96, 64, transparent=True))
    yield "sandbox-clip", encode_video(VideoOrder("a boat", 128, 96, 1))


def cuts(name, length):
    """Offsets at which a file is cut; among them its last byte."""
    chance = random.Random(name)
    return sorted({length - 1, *(chance.randrange(length) for _ in range(CUTS - 1))})


def counted(files, *, verified):
    """Inspects each file and its cuts.

    Returns:
        How many files there are, cuts of them, and cuts that are refused.
    """
    refused = tried = count = 0
    for name, data in files:
        count += 1
        facts = inspect_media(data)
        assert facts.verified is verified, (name, facts)
        assert None not in (facts.width, facts.height) or facts.content_type == "image/jp2", (name, facts)
        for end in cuts(name, len(data)):
            tried += 1
            try:
                cut = inspect_media(data[:end])
            except BrokenMediaError:
                refused += 1
            else:
                assert not cut.verified, (name, end, len(data))
        assert not inspect_media(data + b"\0" * 16).verified, name
        assert inspect_media(data + b"\0" * 16).width == facts.width, name
    return count, tried, refused


WHOLE = {"images": (images, 52), "videos": (videos, 16), "vectors": (vectors, 12), "painted": (painted, 7)}


@pytest.mark.parametrize("kind", WHOLE)
def test_every_whole_file_is_whole_and_none_of_its_cuts_is(kind):
    files, count = WHOLE[kind]
    found, tried, refused = counted(files(), verified=True)
    assert found == count
    assert refused > 0.98 * tried  # a GIF or a fragmented MP4 may be cut between two of its parts


@pytest.mark.parametrize("kind", ["unchecked", "loose_videos"])
def test_what_is_not_checked_is_recognised_and_never_called_whole(kind):
    assert counted(globals()[kind](), verified=False)[0] > 2


def test_a_video_lasts_two_seconds_however_it_is_packed():
    for name, data in videos():
        facts = inspect_media(data)
        assert (facts.width, facts.height) == (64, 48), name
        assert facts.duration_seconds == pytest.approx(2.0, abs=0.11), name


FILES = (images, unchecked, videos, loose_videos, vectors)


@pytest.mark.parametrize("files", FILES)
def test_changed_bytes_raise_nothing_but_broken_media(files):
    chance = random.Random(files.__name__)
    for _name, data in files():
        for _ in range(40):
            changed = bytearray(data)
            for _ in range(chance.randint(1, 6)):
                at = chance.randrange(min(len(data), 4000))
                changed[at : at + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
            try:
                inspect_media(changed)
            except BrokenMediaError:
                continue
