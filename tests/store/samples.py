"""Files by the dozen: what is let in and as what, what is refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.store.attachments import AttachmentError, Broken, NotAllowed, TooLarge
from tests.store.pictures import DOCX, XLSX, archive, huge_png, picture

MB = 1024 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument."

LET_IN: list[tuple[str, bytes, str, str, str]] = [
    ("jpeg", picture("JPEG"), "", "photo", "image/jpeg"),
    ("png", picture("PNG"), "", "photo", "image/jpeg"),
    ("png called pdf", picture("PNG"), "application/pdf", "photo", "image/jpeg"),
    ("gif", picture("GIF"), "", "photo", "image/jpeg"),
    ("webp", picture("WEBP"), "", "photo", "image/jpeg"),
    ("amr", b"#!AMR\n" + b"\x3c" * 500, "audio/amr", "voice", "audio/amr"),
    ("amr wide", b"#!AMR-WB\n" + b"\x3c" * 500, "", "voice", "audio/amr-wb"),
    ("mp3 tagged", b"ID3\x04" + b"\0" * 500, "", "voice", "audio/mpeg"),
    ("mp3 bare", b"\xff\xfb\x90\x64" + b"\0" * 500, "", "voice", "audio/mpeg"),
    ("aac", b"\xff\xf1\x50\x80" + b"\0" * 500, "", "voice", "audio/aac"),
    ("m4a", b"\0\0\0\x20ftypM4A " + b"\0" * 500, "", "voice", "audio/mp4"),
    ("sound in mp4", b"\0\0\0\x20ftypisom" + b"\0" * 500, "audio/mp4", "voice", "audio/mp4"),
    ("mp4", b"\0\0\0\x20ftypmp42" + b"\0" * 500, "video/mp4", "video", "video/mp4"),
    ("ogg", b"OggS" + b"\0" * 500, "", "voice", "audio/ogg"),
    ("sound in webm", b"\x1aE\xdf\xa3....webm" + b"\0" * 500, "audio/webm;codecs=opus", "voice", "audio/webm"),
    ("webm", b"\x1aE\xdf\xa3....webm" + b"\0" * 500, "video/webm", "video", "video/webm"),
    ("wav", b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 500, "", "voice", "audio/wav"),
    ("pdf", b"%PDF-1.7\n" + b"x" * 500, "", "file", "application/pdf"),
    ("docx", DOCX, "", "file", f"{OFFICE}wordprocessingml.document"),
    ("xlsx", XLSX, "application/zip", "file", f"{OFFICE}spreadsheetml.sheet"),
    ("text", "青山村的路\r\n".encode(), "text/plain", "file", "text/plain"),
    ("text in gb18030", "青山村的路".encode("gb18030"), "text/plain; charset=gbk", "file", "text/plain"),
    ("text with a mark", "\ufeff路".encode(), "text/plain", "file", "text/plain"),
]

REFUSED: list[tuple[str, bytes, str, type[AttachmentError], str]] = [
    ("nothing", b"", "", Broken, "attachment.empty"),
    ("heic", b"\0\0\0\x18ftypheic" + b"\0" * 99, "image/heic", NotAllowed, "attachment.heic"),
    ("avif", b"\0\0\0\x18ftypavif" + b"\0" * 99, "image/jpeg", NotAllowed, "attachment.heic"),
    ("svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "image/svg+xml", NotAllowed, "attachment.type"),
    ("svg as text", b" <svg onload='x()'/>", "text/plain", NotAllowed, "attachment.type"),
    ("html", b"<!DOCTYPE html><script>1</script>", "text/html", NotAllowed, "attachment.type"),
    ("html as text", b"\xef\xbb\xbf\n<HTML>", "text/plain", NotAllowed, "attachment.type"),
    ("program", b"MZ\x90\0" + b"\0" * 99, "application/pdf", NotAllowed, "attachment.type"),
    ("elf as text", b"\x7fELF\x02\x01\x01", "text/plain", NotAllowed, "attachment.type"),
    ("shell as text", b"#!/bin/sh\nrm -rf /", "text/plain", NotAllowed, "attachment.type"),
    ("zip", archive("a.exe"), "application/zip", NotAllowed, "attachment.type"),
    ("zip called docx", archive("word/document.xml"), "", NotAllowed, "attachment.type"),
    ("docx with macros", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "", NotAllowed,
     "attachment.type"),
    ("both at once", archive("[Content_Types].xml", "word/document.xml", "xl/workbook.xml"), "", NotAllowed,
     "attachment.type"),
    ("zip cut off", DOCX[:-30], "", NotAllowed, "attachment.type"),
    ("avi", b"RIFF\0\0\0\0AVI LIST", "", NotAllowed, "attachment.type"),
    ("matroska", b"\x1aE\xdf\xa3....matroska", "", NotAllowed, "attachment.type"),
    ("quicktime", b"\0\0\0\x14ftypqt  ", "video/quicktime", NotAllowed, "attachment.type"),
    ("binary as text", b"letter" * 20 + b"\0\x01", "text/plain", NotAllowed, "attachment.type"),
    ("unknown", b"letter", "application/octet-stream", NotAllowed, "attachment.type"),
    ("jpeg cut off", picture("JPEG", (900, 900))[:3000], "", Broken, "attachment.broken"),
    ("jpeg head only", b"\xff\xd8\xff", "", Broken, "attachment.broken"),
    ("png damaged", picture("PNG")[:40] + b"?" * 60, "", Broken, "attachment.broken"),
    ("photo too heavy", b"\xff\xd8\xff" + b"\0" * (MB + 1), "", TooLarge, "attachment.too_large"),
    ("file too heavy", b"%PDF-" + b"\0" * (2 * MB), "", TooLarge, "attachment.too_large"),
    ("13 megapixels", huge_png(13_000, 1000), "", TooLarge, "attachment.too_many_pixels"),
    ("100 megapixels", huge_png(10_000, 10_000), "", TooLarge, "attachment.too_many_pixels"),
    ("900 megapixels", huge_png(30_000, 30_000), "", TooLarge, "attachment.too_many_pixels"),
]  # fmt: skip


def rows(table: Sequence[tuple[str, *tuple[Any, ...]]]) -> list[Any]:
    """The table as parameters, named by its first column."""
    return [pytest.param(*row[1:], id=row[0]) for row in table]
