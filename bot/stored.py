"""A stored file as it lies on the disk, sealed under a key of its own; and its bytes as they were, all or a part.

The format is AES-256-GCM in chunks of 64 KiB, so that a part of a large file can be opened without the rest. The
nonce is the chunk's number and whether it is the last: chunks cannot change places, and a file that was cut off does
not open. A key seals one file and nothing else, so no nonce is ever used twice. Files from before lie as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"\0ZTFILE1"
CHUNK = 1 << 16
_TAG = 16
_STEP = CHUNK + _TAG


class Damaged(Exception):
    """The file was changed or cut off since it was sealed, or there is no key to it."""


class Stored:
    """A file to be read. `secret` is its key; None for one that was kept before files were sealed.

    Everything here blocks: call it in a thread.
    """

    def __init__(self, path: Path, secret: bytes | None = None) -> None:
        self.path = path
        with path.open("rb") as file:
            self._sealed = file.read(len(MAGIC)) == MAGIC
        if self._sealed and secret is None:
            raise Damaged(path.name)
        self._cipher = AESGCM(secret) if self._sealed and secret else None
        self.size = _plain_size(path.stat().st_size) if self._sealed else path.stat().st_size

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to `stop` of the file as it was. Raises Damaged."""
        stop = self.size if stop is None else min(stop, self.size)
        with self.path.open("rb") as file:
            for number in range(start // CHUNK, -(-stop // CHUNK)):
                plain = self._chunk(file.fileno(), number)
                at = number * CHUNK
                yield plain[max(start - at, 0) : stop - at]

    def read_bytes(self) -> bytes:
        """All of it. Raises Damaged."""
        return b"".join(self.chunks())

    def _chunk(self, handle: int, number: int) -> bytes:
        if self._cipher is None:
            return os.pread(handle, CHUNK, number * CHUNK)
        sealed = os.pread(handle, _STEP, len(MAGIC) + number * _STEP)
        last = (number + 1) * CHUNK >= self.size
        try:
            return self._cipher.decrypt(_nonce(number, last), sealed, self.path.name.encode())
        except InvalidTag:
            raise Damaged(self.path.name) from None


def seal_file(source: Path, target: Path, secret: bytes, name: str) -> None:
    """Write `source` sealed to the new file `target`, fsynced; it opens only under `name`, the file's id."""
    cipher, size = AESGCM(secret), source.stat().st_size
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as plain, os.fdopen(handle, "wb") as sealed:
        sealed.write(MAGIC)
        for number in range(max(-(-size // CHUNK), 1)):
            last = (number + 1) * CHUNK >= size
            sealed.write(cipher.encrypt(_nonce(number, last), plain.read(CHUNK), name.encode()))
        sealed.flush()
        os.fsync(sealed.fileno())


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes((last,))


def _plain_size(sealed: int) -> int:
    body = sealed - len(MAGIC)
    return max(body - -(-body // _STEP) * _TAG, 0)
