"""Whole media are told from halves and from pages of HTML, without decoding anything."""

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tarash.tarash_gateway.errors import MediaTooLargeError
from tarash.tarash_gateway.media.structure import (
    BrokenMediaError,
    MediaFacts,
    check_pixels,
    inspect_file,
    inspect_media,
    sniff,
)


def picture(form, size=(40, 30), **options):
    image = Image.effect_noise(size, 80).convert("RGB")
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def animation():
    frames = [Image.effect_noise((40, 30), 80) for _ in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def clip(form, codec, **options):
    out = io.BytesIO()
    with av.open(out, "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 20, 0, 0)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def box(name, content, *, wide=False):
    if wide:
        return struct.pack(">I4sQ", 1, name, len(content) + 16) + content
    return struct.pack(">I4s", len(content) + 8, name) + content


def chunk(name, content):
    return struct.pack(">I4s", len(content), name) + content + struct.pack(">I", zlib.crc32(name + content))


def png_of(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


IHDR = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
BOMB = png_of(IHDR, chunk(b"IDAT", b"x"), chunk(b"IEND", b""))
SVG = b"""<?xml version="1.0"?>
<!-- > --><svg xmlns="http://www.w3.org/2000/svg" width="40px" height="30.5"><g/></svg>
"""

MP4 = clip("mp4", "mpeg4")
BODY, HEADER = MP4.index(b"ftyp") - 4 + MP4[3], MP4.rindex(b"moov") - 4

WHOLE = {
    "png": (picture("PNG"), MediaFacts("image/png", 40, 30, None)),
    "jpeg": (picture("JPEG"), MediaFacts("image/jpeg", 40, 30, None)),
    "progressive-jpeg": (picture("JPEG", progressive=True), MediaFacts("image/jpeg", 40, 30, None)),
    "webp-lossy": (picture("WEBP"), MediaFacts("image/webp", 40, 30, None)),
    "webp-lossless": (picture("WEBP", lossless=True), MediaFacts("image/webp", 40, 30, None)),
    "webp-extended": (
        picture("WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
        MediaFacts("image/webp", 40, 30, None),
    ),
    "gif": (animation(), MediaFacts("image/gif", 40, 30, None)),
    "svg": (SVG, MediaFacts("image/svg+xml", 40, 30, None)),
    "mp4": (MP4, MediaFacts("video/mp4", 64, 48, 1.0)),
    "mp4-header-first": (MP4[:BODY] + MP4[HEADER:] + MP4[BODY:HEADER], MediaFacts("video/mp4", 64, 48, 1.0)),
    "mov": (clip("mov", "mpeg4"), MediaFacts("video/quicktime", 64, 48, 1.0)),
    "webm": (clip("webm", "libvpx"), MediaFacts("video/webm", 64, 48, 1.0)),
}
KINDS = pytest.mark.parametrize("kind", WHOLE)


@KINDS
def test_whole_media_give_their_facts(kind):
    data, facts = WHOLE[kind]
    assert inspect_media(data) == facts
    assert inspect_media(bytearray(data)) == facts
    assert inspect_media(memoryview(data)) == facts


@KINDS
def test_file_gives_the_same_facts_as_its_bytes(kind, tmp_path):
    data, facts = WHOLE[kind]
    path = tmp_path / "media"
    path.write_bytes(data)
    assert inspect_file(path) == facts


@KINDS
def test_first_bytes_are_enough_to_tell_the_kind(kind):
    data, facts = WHOLE[kind]
    assert sniff(data[:64]) == facts.content_type


@KINDS
def test_no_prefix_is_called_whole(kind):
    # An SVG is whole without the newline after it.
    data = WHOLE[kind][0].rstrip(b"\n") if kind == "svg" else WHOLE[kind][0]
    unverified = 0
    for end in {*range(min(len(data), 600)), *range(600, len(data), 7), len(data) - 1}:
        try:
            facts = inspect_media(data[:end])
        except BrokenMediaError:
            continue
        assert not facts.verified, end
        unverified += 1
    # Decoders show a GIF that ends between two of its blocks.
    assert unverified <= (4 if kind == "gif" else 0)


@KINDS
@given(change=st.data())
@settings(max_examples=2 * settings.default.max_examples)
def test_changed_bytes_raise_nothing_but_broken_media(kind, change):
    data = bytearray(WHOLE[kind][0])
    for _ in range(change.draw(st.integers(1, 8))):
        at = change.draw(st.integers(0, min(len(data) - 1, 4000)))
        data[at : at + change.draw(st.integers(0, 4))] = change.draw(st.binary(max_size=8))
    try:
        assert isinstance(inspect_media(data), MediaFacts)
    except BrokenMediaError:
        return


@given(
    start=st.sampled_from([b"", *(data[:length] for data, _ in WHOLE.values() for length in (8, 12, 40))]),
    rest=st.binary(max_size=200),
)
@settings(max_examples=8 * settings.default.max_examples)
def test_any_bytes_raise_nothing_but_broken_media(start, rest):
    try:
        inspect_media(start + rest)
    except BrokenMediaError:
        return


PNG, JPEG, WEBP, GIF = (WHOLE[kind][0] for kind in ("png", "jpeg", "webp-lossy", "gif"))
FTYP = box(b"ftyp", b"isom\0\0\0\0")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "there are no bytes", id="nothing"),
        pytest.param(b"<!DOCTYPE html><title>x", "neither PNG, JPEG, WebP", id="html"),
        pytest.param(box(b"ftyp", b"avif\0\0\0\0"), "image/avif has no meta box", id="avif"),
        pytest.param(PNG[:-12], "PNG ends before its IEND chunk", id="png-cut"),
        pytest.param(PNG[:-1], "PNG ends before its IEND chunk", id="png-cut-in-iend"),
        pytest.param(png_of(IHDR, chunk(b"IEND", b"")), "PNG has no IDAT chunk", id="png-empty"),
        pytest.param(png_of(chunk(b"IDAT", b"x" * 20)), "PNG does not begin with an IHDR chunk", id="png-no-ihdr"),
        pytest.param(PNG[:16] + b"\0" * 8 + PNG[24:], "PNG says that it is 0x0 pixels", id="png-no-size"),
        pytest.param(JPEG[:-2], "JPEG ends before its EOI marker", id="jpeg-cut"),
        pytest.param(b"\xff\xd8\xff\xd9", "JPEG has no scan", id="jpeg-empty"),
        pytest.param(JPEG[:2] + JPEG[JPEG.index(b"\xff\xda") :], "JPEG has a scan before its frame", id="jpeg-no-sof"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x01", "JPEG has a segment of 1 bytes, at byte 4", id="jpeg-bad-segment"),
        pytest.param(WEBP[:-2], "WebP says that it has", id="webp-cut"),
        pytest.param(GIF[:-2], "GIF ends inside one of its blocks", id="gif-cut"),
        pytest.param(GIF[:13] + b";", "GIF has no block where one must be|no frame|ends inside", id="gif-empty"),
        pytest.param(SVG[:-8], "SVG ends before </svg>", id="svg-cut"),
        pytest.param(b"<svg><!-- </svg>", "SVG ends before </svg>", id="svg-cut-in-a-comment"),
        pytest.param(MP4[:-1], "MP4 ends inside one of its boxes", id="mp4-cut"),
        pytest.param(FTYP, "MP4 has no moov and no mdat box", id="mp4-empty"),
        pytest.param(FTYP + box(b"moov", b"") + box(b"mdat", b""), "no mvhd box", id="mp4-empty-header"),
        pytest.param(FTYP + struct.pack(">I4s", 4, b"moov"), "MP4 has a box of 4 bytes, at byte 16", id="mp4-bad-box"),
        pytest.param(WHOLE["webm"][0][:-1], "WebM says that it has|inside", id="webm-cut"),
    ],
)
def test_broken_media_say_what_is_wrong(data, message):
    with pytest.raises(BrokenMediaError, match=message):
        inspect_media(data)


def test_first_bytes_of_what_is_no_image_are_told_apart_from_the_message():
    with pytest.raises(BrokenMediaError) as html:
        inspect_media(b"<!DOCTYPE html><title>x")
    assert html.value.described.endswith("MOV nor WebM: begins with <!DOCTYPE html><")
    assert "DOCTYPE" not in str(html.value)
    with pytest.raises(BrokenMediaError) as binary:
        inspect_media(b"\x00\x01\x02")
    assert binary.value.described.endswith("begins with 00 01 02")


UTF16 = '<?xml version="1.0" encoding="UTF-16"?><svg width="7" height="8"></svg>'.encode("utf-16")


@pytest.mark.parametrize(
    ("data", "content_type", "reason"),
    [
        pytest.param(PNG + b"more", "image/png", "4 bytes follow the end of the PNG", id="png-more"),
        pytest.param(JPEG + b"\0" * 10, "image/jpeg", "10 bytes follow the end of the JPEG", id="jpeg-padding"),
        pytest.param(JPEG + MP4, "image/jpeg", "bytes follow the end of the JPEG", id="jpeg-motion-photo"),
        pytest.param(WHOLE["progressive-jpeg"][0] + b"SEFT", "image/jpeg", "4 bytes follow", id="progressive-trailer"),
        pytest.param(JPEG[:2] + JPEG[2:].replace(b"\xff\xdb", b"\0\x17\xff\0\xff\xdb", 1), "image/jpeg",
                     "4 stray bytes stand between the parts", id="jpeg-stray"),
        pytest.param(WEBP + b"m", "image/webp", "1 byte follows the end of the WebP", id="webp-more"),
        pytest.param(GIF[:-1], "image/gif", "GIF ends before its trailer", id="gif-no-trailer"),
        pytest.param(GIF + b"more", "image/gif", "4 bytes follow the end of the GIF", id="gif-more"),
        pytest.param(GIF[:-1] + b"\0\0", "image/gif", "2 bytes follow the end of the last frame", id="gif-stray"),
        pytest.param(SVG + b"\0", "image/svg+xml", "follow the end of the SVG", id="svg-more"),
        pytest.param(SVG.replace(b"<g/>", b"<g>"), "image/svg+xml", "its tags do not match", id="svg-unbalanced"),
        pytest.param(SVG.replace(b"<g/>", b"< g"), "image/svg+xml", "not well-formed XML", id="svg-stray-sign"),
        pytest.param(MP4 + b"\0" * 8, "video/mp4", "8 bytes follow the end of the last box", id="mp4-zeros"),
        pytest.param(MP4 + b"\0" * 3, "video/mp4", "3 bytes follow the end of the last box", id="mp4-few-zeros"),
        pytest.param(MP4 + b"\1\2\3\4\5\6\7\x08\x09", "video/mp4", "9 bytes follow", id="mp4-more"),
        pytest.param(WHOLE["webm"][0] + b"\0\0", "video/webm", "2 bytes follow the end of the WebM", id="webm-more"),
        pytest.param(b"\xff\x0a" + b"x" * 40, "image/jxl", "image/jxl is not checked", id="jxl"),
        pytest.param(b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo", "video/x-msvideo is not checked", id="avi"),
    ],
)  # fmt: skip
def test_what_decoders_accept_is_unverified_and_says_why(data, content_type, reason):
    facts = inspect_media(data)
    assert (facts.content_type, facts.verified) == (content_type, False)
    assert reason in facts.unverified_reason


@pytest.mark.parametrize("form", ["AVIF", "TIFF", "BMP"])
def test_kinds_that_are_not_checked_give_their_size(form):
    data = picture(form)
    facts = inspect_media(data)
    assert (facts.content_type, facts.width, facts.height) == (f"image/{form.lower()}", 40, 30)
    assert facts.unverified_reason == f"image/{form.lower()} is not checked for being whole"
    with pytest.raises(BrokenMediaError, match=r"ends (before|inside)"):
        inspect_media(data[: len(data) * 2 // 3])


@pytest.mark.parametrize(
    ("brands", "content_type"),
    [
        pytest.param(b"heic\0\0\0\0mif1", "image/heic", id="heic"),
        pytest.param(b"mif1\0\0\0\0mif1heic", "image/heic", id="heic-by-compatible-brand"),
        pytest.param(b"mif1\0\0\0\0avif", "image/avif", id="avif-by-compatible-brand"),
        pytest.param(b"mif1\0\0\0\0mif1", "image/heif", id="heif"),
    ],
)
def test_heic_is_recognised_by_its_brands_and_gives_its_largest_size(brands, content_type):
    sizes = box(b"ispe", struct.pack(">III", 0, 512, 512)) + box(b"ispe", struct.pack(">III", 0, 4032, 3024))
    meta = box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", sizes)))
    facts = inspect_media(box(b"ftyp", brands) + meta + box(b"mdat", b"pixels"))
    assert (facts.content_type, facts.width, facts.height, facts.verified) == (content_type, 4032, 3024, False)


def test_mp4_with_64_bit_sizes_is_whole_unless_its_last_box_has_no_size():
    mvhd = box(b"mvhd", b"\x01" + b"\0" * 19 + struct.pack(">IQ", 1000, 2500) + b"\0" * 80)
    moov = FTYP + box(b"moov", mvhd, wide=True)
    assert inspect_media(moov + box(b"mdat", b"frames")) == MediaFacts("video/mp4", None, None, 2.5)
    facts = inspect_media(moov + struct.pack(">I4s", 0, b"mdat") + b"frames")
    assert facts.unverified_reason == "its last box, mdat, does not say how long it is"


def test_quicktime_without_a_file_type_box_is_whole():
    moov = box(b"moov", box(b"mvhd", b"\0" * 12 + struct.pack(">II", 1000, 2500) + b"\0" * 80))
    assert inspect_media(moov + box(b"mdat", b"x")) == MediaFacts("video/quicktime", None, None, 2.5)


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe", "frag_every_frame+default_base_moof"])
def test_fragmented_mp4_lasts_as_long_as_its_fragments(flags):
    data = clip("mp4", "mpeg4", movflags=flags, frag_duration="300000")
    facts = inspect_media(data)
    assert (facts.width, facts.height, facts.verified) == (64, 48, True)
    assert facts.duration_seconds == pytest.approx(1.0, abs=0.001)


def test_fragmented_mp4_without_its_index_is_unverified():
    data = clip("mp4", "mpeg4", movflags="frag_keyframe+empty_moov+skip_trailer")
    facts = inspect_media(data)
    assert (facts.duration_seconds, facts.verified) == (1.0, False)
    assert facts.unverified_reason.startswith("it is made of fragments and does not say how many")


def test_matroska_gives_its_size_and_length():
    facts = inspect_media(clip("matroska", "mpeg4"))
    assert (facts.content_type, facts.width, facts.height, facts.verified) == ("video/x-matroska", 64, 48, True)
    assert facts.duration_seconds == pytest.approx(1.0, abs=0.01)


def test_streamed_webm_is_unverified_and_broken_where_a_cluster_is_cut():
    data = clip("webm", "libvpx", live="1")
    facts = inspect_media(data)
    assert (facts.width, facts.height, facts.duration_seconds, facts.verified) == (64, 48, None, False)
    assert "does not say how long it is" in facts.unverified_reason


@pytest.mark.parametrize(
    ("data", "size"),
    [
        pytest.param(b'<svg width="100%" height="2em"></svg>', (None, None), id="relative"),
        pytest.param(b'<svg viewBox="0 0 1 1"/>', (None, None), id="empty-tag"),
        pytest.param(b"\xef\xbb\xbf<svg:svg width='7' height='8'></svg:svg><!-- end -->", (7, 8), id="prefix"),
        pytest.param(
            b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg width="1" height="2">&b;</svg>',
            (1, 2),
            id="entities-are-not-expanded",
        ),
        pytest.param(b'<svg data-a="a > b" width="7" height="8"><g title="x > y"/></svg>', (7, 8), id="greater-than"),
        pytest.param(
            b"<?a b?><!-- <svg> --><svg width='7' height='8'><![CDATA[</svg>]]></svg>\n<?c d?><!-- x -->",
            (7, 8),
            id="comments-and-instructions",
        ),
        pytest.param(b"<svg data-x=' width=\"9\"' width='7' height='8'></svg>", (7, 8), id="quotes-in-quotes"),
        pytest.param(b"<svg width='7' height='8'><svg width='1'><g></g></svg></svg>", (7, 8), id="nested"),
        pytest.param(
            b'<!DOCTYPE svg [<!-- ]> \' --><!ENTITY a "]>">]><svg width="7" height="8"/>', (7, 8), id="doctype"
        ),
        pytest.param(b"<!--" + b"x" * 300_000 + b"--><svg width='7' height='8'></svg>", (7, 8), id="long-prologue"),
        pytest.param(UTF16, (7, 8), id="utf-16"),
        pytest.param(UTF16[2:], (7, 8), id="utf-16-without-a-mark"),
        pytest.param(UTF16.decode("utf-16").encode("utf-16-be"), (7, 8), id="utf-16-be"),
    ],
)
def test_svg_is_recognized_without_being_parsed(data, size):
    facts = inspect_media(data)
    assert facts == MediaFacts("image/svg+xml", *size, None)


def test_picture_of_too_many_pixels_is_refused_by_its_header():
    facts = inspect_media(BOMB)
    with pytest.raises(MediaTooLargeError, match="image/png of 60000x60000 pixels, more than the 100,000,000"):
        check_pixels(facts)
    check_pixels(MediaFacts("image/png", 10_000, 10_000, None))
    check_pixels(MediaFacts("video/webm", None, None, None))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png_of(IHDR) + chunk(b"teXt", b"") * 600_000, id="png"),
        pytest.param(b"GIF89a" + b"\0" * 7 + b"\x21\0\0" * 2_000_000, id="gif"),
        pytest.param(b"\xff\xd8" + b"\xff" * 6_000_000, id="jpeg-fill"),
        pytest.param(JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xda\0\2" * 1_000_000, id="jpeg-scans"),
        pytest.param(FTYP + struct.pack(">I4s", 8, b"free") * 700_000, id="mp4"),
    ],
)
def test_media_of_countless_tiny_parts_are_given_up(data):
    with pytest.raises(BrokenMediaError, match="more than 500,000 parts"):
        inspect_media(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<svg>" + b"<!---->" * 1_000_000 + b"</svg>", id="svg-comments"),
        pytest.param(b"<svg>" + b"<a/>" * 600_000 + b"</svg>" + b"<!---->" * 5000, id="svg-tags-and-comments"),
        pytest.param(b"<svg>" + b'<"' * 1_000_000 + b"</svg>", id="svg-quotes"),
    ],
)
def test_an_svg_of_countless_parts_is_unverified(data):
    assert not inspect_media(data).verified


def test_tiff_of_countless_directories_is_given_up():
    # Each directory begins four bytes after the one before, and has as many entries as there is room for.
    data = bytearray(b"II*\0\x08\0\0\0" + b"\xff\xff" * 500_000)
    for at in range(8, 4000, 4):
        end = at + 2 + 0xFFFF * 12
        data[end : end + 4] = struct.pack("<I", at + 4)
    assert not inspect_media(data).verified


@pytest.mark.parametrize("name", [b"mdat", b"moov", b"ftyp"])
@pytest.mark.parametrize("brand", [b"isom", b"avif"])
def test_a_last_box_without_a_size_does_not_replace_what_is_missing(name, brand):
    with pytest.raises(BrokenMediaError, match=r"has no |inside"):
        inspect_media(box(b"ftyp", brand + b"\0\0\0\0") + struct.pack(">I4s", 0, name) + b"\0\0\0\0")


def test_big_media_are_not_copied(tmp_path):
    part = chunk(b"IDAT", b"\0" * 65_536)
    data = png_of(chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)), part * 320, chunk(b"IEND", b""))
    path = tmp_path / "big.mp4"
    with path.open("wb") as file:  # a hole: no disk is filled
        mvhd = box(b"mvhd", b"\0" * 100)
        file.write(FTYP + box(b"moov", mvhd) + struct.pack(">I4sQ", 1, b"mdat", 6_000_000_016))
        file.truncate(file.tell() + 6_000_000_000)
    tracemalloc.start()
    inspect_media(data)
    assert inspect_file(path).content_type == "video/mp4"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000


def test_structure_imports_the_standard_library_only():
    code = (
        "import sys; import tarash.tarash_gateway.media.structure;"
        "print([m for m in sys.modules if m.split('.')[0] in {'pydantic', 'httpx2', 'httpcore2', 'PIL'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
