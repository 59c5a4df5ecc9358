"""What a file really is, by its bytes. What somebody calls it decides nothing but sound or picture.

Every archive stays closed: of a docx or xlsx only the list of names is read.
"""

from __future__ import annotations

import codecs
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

from handlers.messages import AttachmentKind

HEAD = 64
"""Bytes of a file that `sniff` wants to see."""

_DIRECTORY_MAX = 256 * 1024
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<script", b"<?xml", b"<?php", b"#!/")
_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_OFFICE = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class FileType:
    """A type that is let in. `ending` is the file name's, with its dot."""

    kind: AttachmentKind
    mime: str
    ending: str


JPEG = FileType("photo", "image/jpeg", ".jpg")
ZIP = FileType("file", "application/zip", ".zip")  # only as a docx or xlsx, see `office`
TEXT = FileType("file", "text/plain", ".txt")
_M4A = FileType("voice", "audio/mp4", ".m4a")
_MP4 = FileType("video", "video/mp4", ".mp4")
_MP3 = FileType("voice", "audio/mpeg", ".mp3")
_AAC = FileType("voice", "audio/aac", ".aac")
_OFFICE_TYPES = {
    "docx": FileType("file", f"{_OFFICE}wordprocessingml.document", ".docx"),
    "xlsx": FileType("file", f"{_OFFICE}spreadsheetml.sheet", ".xlsx"),
}

_STARTS: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", FileType("photo", "image/png", ".png")),
    (b"GIF87a", FileType("photo", "image/gif", ".gif")),
    (b"GIF89a", FileType("photo", "image/gif", ".gif")),
    (b"#!AMR\n", FileType("voice", "audio/amr", ".amr")),
    (b"#!AMR-WB\n", FileType("voice", "audio/amr-wb", ".awb")),
    (b"OggS", FileType("voice", "audio/ogg", ".ogg")),
    (b"ID3", _MP3),
    (b"%PDF-", FileType("file", "application/pdf", ".pdf")),
    (b"PK\x03\x04", ZIP),
)
_FRAMES = {0xFB: _MP3, 0xFA: _MP3, 0xF3: _MP3, 0xF2: _MP3, 0xF1: _AAC, 0xF9: _AAC}
_RIFF = {b"WEBP": FileType("photo", "image/webp", ".webp"), b"WAVE": FileType("voice", "audio/wav", ".wav")}
_MP4_BRANDS = frozenset((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"))
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"))


def sniff(head: bytes, declared: str) -> FileType | None:
    """The type of a file that begins with `head` (64 bytes, or all of it); None when it is not let in.

    `declared` is the sender's MIME type: it tells sound from picture in a container that holds either.
    """
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    if head[:1] == b"\xff" and len(head) > 1 and head[1] in _FRAMES:
        return _FRAMES[head[1]]
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _container(head[8:12], declared)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _webm(head, declared)
    return TEXT if declared.startswith("text/plain") and _is_prose(head) else None


def is_heif(head: bytes) -> bool:
    """A photo as iPhones keep it: nothing here can read it, the sender can send it as JPEG."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def _container(brand: bytes, declared: str) -> FileType | None:
    if brand in (b"M4A ", b"M4B "):
        return _M4A
    if brand in _MP4_BRANDS:
        return _M4A if declared.startswith("audio/") else _MP4
    return None


def _webm(head: bytes, declared: str) -> FileType | None:
    if b"webm" not in head:
        return None
    sound = declared.startswith("audio/")
    return FileType("voice", "audio/webm", ".weba") if sound else FileType("video", "video/webm", ".webm")


def _is_prose(head: bytes) -> bool:
    return b"\0" not in head and not head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP)


def office(path: Path) -> FileType | None:
    """docx or xlsx, by the names in the archive; None for any other archive, and for one with macros."""
    try:
        if not _small_directory(path):
            return None
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        return None
    if "[Content_Types].xml" not in names or any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    found = [ending for part, ending in _PARTS.items() if part in names]
    return _OFFICE_TYPES[found[0]] if len(found) == 1 else None


def _small_directory(path: Path) -> bool:
    """Whether the list of names is one a letter or a table would have; half a million take seconds to read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22 or b"PK\x06\x06" in tail:
        return False
    (length,) = struct.unpack_from("<I", tail, at + 12)
    return length <= _DIRECTORY_MAX


def is_text(path: Path) -> bool:
    """Whether the whole file is text in UTF-8 or GB18030, without control characters."""
    return any(_decodes(path, encoding) for encoding in ("utf-8-sig", "gb18030"))


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 16):
                if not _printable(decoder.decode(chunk)):
                    return False
        return _printable(decoder.decode(b"", True))
    except UnicodeDecodeError:
        return False


def _printable(text: str) -> bool:
    return all(mark >= " " or mark in "\t\r\n\f" for mark in text)
