"""Small real media: an image and a video that every decoder takes. A label makes them differ."""

from __future__ import annotations

import base64
import struct
import zlib

__all__ = ["sample_image", "sample_video"]

# One second of H.264, 16x16 pixels, as libx264 wrote it.
_VIDEO = (
    b"c-nnYF-t=+5WchsrHE8{h(m{`6kHUn=pqP3m*TFI%WIQopH2E6N&3Lf4$>c>qnp3Mv4gX-xVbsF_zUVKeYI(|J#zUjxyxPdJ^=7T"
    b"eUn5g763Ugh`Jx7&8kQassK<3C1Z%|f(9C~$nI{BR{KyLeBp~X5yvUsa*?(uOiBLJDgm=5LZ+i;&ox*mIb7RX25q!2b=%g=|IKD<"
    b"FRt@%-BP9i6-Ko}EHke3<VBX(z9o->MgbbWptHT#te(Hv!)}XmIrgLxWp3mJp5uDZp`4i*aweiqh=!L6o7DYgg^qk>Dp}~XvD}s1"
    b"AK9d+bc3V)q_m<=%)Oy>&L~XNC8#6T=SIxR#&C%H4rV<iCxhbf1H3E5_g={mVmJSL>zcq)>y<p1-+2u!vr(=+kFzLk$2_h{G9t?O"
    b"`{wlhuX^a~WxkckT{Cv#_fU_!R2zB@1+!>m)1?CGlR=Vjx2-~ieE$IHRAGk"
)


def sample_image(label: str = "", *, width: int = 16, height: int = 16) -> bytes:
    """Returns a PNG of one colour.

    Args:
        label: images with different labels have different bytes.
        width: pixels.
        height: pixels.
    """
    row = b"\0" + b"\xaa" * (-(-width // 8))
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tEXt", b"Comment\0" + label.encode()), (b"IDAT", zlib.compress(row * height))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in [*chunks, (b"IEND", b"")])


def sample_video(label: str = "") -> bytes:
    """Returns an MP4 of one second and 16x16 pixels.

    Args:
        label: videos with different labels have different bytes.
    """
    padding = label.encode()
    return zlib.decompress(base64.b85decode(_VIDEO)) + struct.pack(">I", 8 + len(padding)) + b"free" + padding


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
