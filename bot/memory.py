"""What a server that runs for months does not need in memory: modules nobody calls, and what was freed.

The C library is asked where it is glibc; elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_ARENAS = 2


def share_heaps() -> None:
    """Let threads share two heaps, before any is started. One for each thread costs eight megabytes in all."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def log_plainly() -> None:
    """Import structlog as if rich were not there: it would draw tracebacks, which are never shown here, and which
    print the values of variables. Three megabytes and fifty modules less."""
    known = sys.modules.get("rich")
    sys.modules["rich"] = None  # pyright: ignore[reportArgumentType]  # "not to be found", says the import system
    try:
        import structlog.dev  # noqa: F401  # pyright: ignore[reportUnusedImport]
    finally:
        del sys.modules["rich"]
        if known is not None:
            sys.modules["rich"] = known


def give_back() -> None:
    """Return what has been freed.

    Building the indexes and looking through the database take a lot for a second, and glibc would keep it for good.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
