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
    """Import structlog as if rich and greenlet were not there: the one would draw tracebacks, which are never shown
    here, and which print the values of variables; the other is for logs of its own kind of thread. Four megabytes and
    fifty modules less."""
    known = {name: sys.modules.pop(name, None) for name in ("rich", "greenlet")}
    sys.modules |= dict.fromkeys(known)  # pyright: ignore[reportArgumentType]  # "not to be found", says the import
    try:
        import structlog.dev  # noqa: F401  # pyright: ignore[reportUnusedImport]
    finally:
        for name, module in known.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module


def give_back() -> None:
    """Return what has been freed.

    Building the indexes and looking through the database take a lot for a second, and glibc would keep it for good.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
