"""Memory that was needed for a moment goes back, where the C library is glibc; elsewhere nothing happens."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_ARENAS = 2


def share_heaps() -> None:
    """Let threads share two heaps, before any is started. One for each thread costs eight megabytes in all."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return what has been freed.

    Building the indexes and looking through the database take a lot for a second, and glibc would keep it for good.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
