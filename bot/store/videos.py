"""Where a video or a voice note was made, blanked in place: MP4, MOV, 3GP and M4A (ISO/IEC 14496-12, QuickTime).

Phones write the place into `udta` (©xyz, loci) or `meta` (com.apple.quicktime.location.ISO6709), some into a track of
its own or an XMP packet (`uuid`). Such boxes become `free`, which players pass over, and their bytes zero. Nothing
moves, so the picture stays whole. What a camera hides among the samples themselves is not found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_INSIDE = frozenset((b"moov", b"trak", b"moof", b"traf"))
_TELLING = frozenset((b"udta", b"meta", b"uuid"))
_TRACKS = frozenset((b"vide", b"soun", b"hint", b"text", b"sbtl", b"subt", b"tmcd"))  # the others are telemetry
_MOST = 10_000  # boxes looked at
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a box lies: its kind, where it and what is in it begin, and where it ends."""

    kind: bytes
    at: int
    body: int
    end: int


def forget_place(path: Path) -> int:
    """Blank whatever box of the file may tell a place; how many. A file that is no such container stays as it is."""
    with path.open("r+b") as file:
        handle = file.fileno()
        found = list(_telling(handle, 0, os.fstat(handle).st_size, [_MOST]))
        for box in found:
            _blank(handle, box)
    return len(found)


def _telling(handle: int, start: int, end: int, left: list[int]) -> Iterator[_Box]:
    for box in _boxes(handle, start, end, left):
        if box.kind in _TELLING or (box.kind == b"trak" and not _plays(handle, box, left)):
            yield box
        elif box.kind in _INSIDE:
            yield from _telling(handle, box.body, box.end, left)


def _boxes(handle: int, start: int, end: int, left: list[int]) -> Iterator[_Box]:
    """The boxes from `start` to `end`; none after one whose size makes no sense."""
    while start + 8 <= end and left[0]:
        left[0] -= 1
        head = os.pread(handle, 16, start)
        size, body = int.from_bytes(head[:4], "big"), start + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), start + 16
        stop = start + size if size else end
        if not body <= stop <= end:
            return
        yield _Box(head[4:8], start, body, stop)
        start = stop


def _plays(handle: int, track: _Box, left: list[int]) -> bool:
    """Whether a track is seen or heard; one without a handler is left alone."""
    for media in _boxes(handle, track.body, track.end, left):
        for box in _boxes(handle, media.body, media.end, left) if media.kind == b"mdia" else ():
            if box.kind == b"hdlr":
                return os.pread(handle, 4, box.body + 8) in _TRACKS
    return True


def _blank(handle: int, box: _Box) -> None:
    os.pwrite(handle, b"free", box.at + 4)
    for at in range(box.body, box.end, _CHUNK):
        os.pwrite(handle, bytes(min(_CHUNK, box.end - at)), at)
