"""Files to send: made here, so that the tests can say what is in them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

CANARY = b"CANARY-31.2304N-121.4737E"


def picture(form: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    """A picture, red on the left and blue on the right, saved as `form`."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.convert(mode).save(out, form, **options)
    return out.getvalue()


def photo_with_place(orientation: int = 1) -> bytes:
    """A JPEG whose EXIF, comment and XMP hold the canary, as a phone would write its position."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = CANARY.decode()
    exif.get_ifd(0x8825)[29] = CANARY.decode()
    return picture("JPEG", exif=exif.tobytes(), comment=CANARY, xmp=CANARY, icc_profile=CANARY * 8)


def huge_png(width: int, height: int) -> bytes:
    """A PNG that says it is `width` x `height` black pixels and needs next to no bytes for it."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    data = b"".join([*(rows.compress(row) for _ in range(min(height, 2000))), rows.flush()])
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def archive(*names: str) -> bytes:
    """A zip archive of empty files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, b"")
    return out.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
XLSX = archive("[Content_Types].xml", "xl/workbook.xml")
