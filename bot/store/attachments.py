"""Files that citizens and staff send: checked, cleaned, and on the disk before the turn that speaks of them.

They live in DATA_DIR/attachments/ab/<id>. The id is random and the only name on the disk. Photos are drawn
anew, so that nothing of the original file (place, camera, polyglot) is left; of films and voice notes the
place is blanked. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import unicodedata
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path, PurePosixPath

from bot.store.connect import sync_dir
from bot.store.engine import StoreFailed, StoreFull
from bot.store.sniff import HEAD, JPEG, TEXT, ZIP, FileType, is_heif, is_text, office, sniff
from bot.store.videos import forget_place
from bot.stored import seal_file
from config.schema import Limits
from handlers.messages import Attachment

NAME_MAX = 80
CONTAINERS = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "audio/3gpp"})
_MB = 1024 * 1024
_ID = re.compile(r"[0-9a-f]{32}")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_FULL = (errno.ENOSPC, errno.EDQUOT)


class AttachmentError(Exception):
    """The file is not taken. `key` names the text that says why, `limit` is the number in it (MB or megapixels)."""

    def __init__(self, key: str, limit: int = 0) -> None:
        super().__init__(key)
        self.key = key
        self.limit = limit


class TooLarge(AttachmentError):
    """More bytes or more pixels than the office allows."""


class NotAllowed(AttachmentError):
    """A type of file that is not taken."""


class Broken(AttachmentError):
    """Empty, cut off, or not what it begins as."""


class AttachmentGone(Exception):
    """There is no file with this id (any more)."""


class Attachments:
    """The folder of attachments. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def receive(
        self,
        stream: Iterable[bytes],
        name: str,
        mime: str,
        limits: Limits,
        known_as: str = "",
        secret: bytes | None = None,
    ) -> Attachment:
        """Check and keep a file; when this returns it outlives a power cut.

        `name` and `mime` are the sender's and not believed. `known_as` is an id that was given out before. With
        `secret` (32 bytes that seal no other file) it is sealed on the disk; what stands there meanwhile is removed.
        Raises TooLarge, NotAllowed, Broken; StoreFull or StoreFailed when the disk does. What is refused leaves
        nothing behind.
        """
        with disk_errors():
            target = self._fresh(known_as or fresh_id())
            incoming, ready, sealed = (target.with_suffix(end) for end in (".in", ".new", ".sealed"))
            try:
                found = _take(iter(stream), incoming, mime, limits)
                if found.kind == "photo":
                    from bot.store.photos import redraw  # not above: an office that gets no photo does without Pillow

                    redraw(incoming, ready, limits)
                    found = JPEG
                else:
                    if found.mime in CONTAINERS:
                        forget_place(incoming)
                    incoming.rename(ready)
                size = ready.stat().st_size
                if secret is not None:
                    seal_file(ready, sealed, secret, target.name)
                _keep(sealed if secret is not None else ready, target)
            finally:
                for left in (incoming, ready, sealed):
                    left.unlink(missing_ok=True)
        return Attachment(target.name, found.kind, clean_name(name, found), found.mime, size)

    def open(self, attachment_id: str) -> Path:
        """The file of an attachment. Raises AttachmentGone, also for what is no id at all."""
        path = self._path(attachment_id)
        if not path.is_file():
            raise AttachmentGone(attachment_id)
        return path

    def delete(self, attachment_id: str) -> None:
        """Remove a file for good; one that is gone is no error."""
        with suppress(AttachmentGone):
            path = self.open(attachment_id)
            path.unlink(missing_ok=True)
            sync_dir(path.parent)

    def ids(self) -> Iterator[str]:
        """Every attachment on the disk; one that no row names after a day was sent in a turn that never was."""
        for path in sorted(self.folder.glob("??/*")):
            if _ID.fullmatch(path.name):
                yield path.name

    def tidy(self, before: float) -> int:
        """Remove what a crash left half-received before `before` (seconds since 1970); how many files."""
        stale = [path for path in self.folder.glob("??/*.*") if path.stat().st_mtime < before]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def _path(self, attachment_id: str) -> Path:
        if not _ID.fullmatch(attachment_id):
            raise AttachmentGone(attachment_id)
        return self.folder / attachment_id[:2] / attachment_id

    def _fresh(self, attachment_id: str) -> Path:
        path = self._path(attachment_id)
        if not path.parent.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            sync_dir(self.folder)
        return path


def fresh_id() -> str:
    """The id of a new attachment: random, so that nobody guesses another."""
    return secrets.token_hex(16)


def _take(stream: Iterator[bytes], path: Path, declared: str, limits: Limits) -> FileType:
    """Write what comes to `path`, refusing as early as can be; the type it turned out to be."""
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= HEAD:
            break
    if not head:
        raise Broken("attachment.empty")
    found = sniff(head[:HEAD], declared)
    if found is None:
        raise NotAllowed("attachment.heic" if is_heif(head) else "attachment.type")
    _write(chain((head,), stream), path, limits.photo_mb if found.kind == "photo" else limits.file_mb)
    return _look_inside(found, path)


def _write(stream: Iterable[bytes], path: Path, limit_mb: int) -> None:
    left = limit_mb * _MB
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in stream:
            left -= len(chunk)
            if left < 0:
                raise TooLarge("attachment.too_large", limit_mb)
            file.write(chunk)


def _look_inside(found: FileType, path: Path) -> FileType:
    if found is ZIP:
        document = office(path)
        if document is None:
            raise NotAllowed("attachment.type")
        return document
    if found is TEXT and not is_text(path):
        raise NotAllowed("attachment.type")
    return found


def _keep(ready: Path, target: Path) -> None:
    """Make the file and its name durable."""
    handle = os.open(ready, os.O_RDONLY)
    try:
        os.fchmod(handle, 0o600)
        os.fsync(handle)
    finally:
        os.close(handle)
    ready.rename(target)
    sync_dir(target.parent)


@contextmanager
def disk_errors() -> Generator[None]:
    """Turn what the disk raises inside the block into StoreFull or StoreFailed."""
    try:
        yield
    except (ConnectionError, TimeoutError):  # the sender's end, not the disk
        raise
    except OSError as error:
        kind = StoreFull if error.errno in _FULL else StoreFailed
        raise kind(str(error)) from error


def clean_name(name: str, found: FileType) -> str:
    """A name to show: no path, no control or direction marks, at most 80 characters, with its true ending."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(mark for mark in last if unicodedata.category(mark) not in _UNSEEN)
    stem = " ".join(kept.split()).strip(". ")
    if PurePosixPath(stem).suffix.lower() in (found.ending, ".jpeg", ".png", ".gif", ".webp"):
        stem = PurePosixPath(stem).stem
    if not stem or _RESERVED.match(stem):
        stem = f"{found.kind}-{stem}".rstrip("-")
    return stem[: NAME_MAX - len(found.ending)].rstrip(". ") + found.ending
