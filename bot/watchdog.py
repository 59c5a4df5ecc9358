"""A loop that stands still: said in the log while it does, with the place, and ended when it goes on for too long.

Whoever supervises the process (systemd, a container's restart policy) starts it anew; nothing that was acknowledged
is lost by that, as with `kill -9`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)

TICK = 0.25
STALL_SECONDS = 1.0
HUNG_SECONDS = 60.0
HUNG = 70  # the exit status, "internal software error" of sysexits.h


@contextmanager
def watched(stalled: Callable[[], None] = lambda: None) -> Generator[None]:
    """Watch the running loop for as long as the block runs. `stalled` hears of each stall when it is over."""
    watch = _Watch(asyncio.get_running_loop(), stalled)
    watch.start()
    try:
        yield
    finally:
        watch.over.set()


class _Watch(threading.Thread):
    """Asks the loop for a sign of life, again and again. It counts its own ticks, not the clock: a process that was
    stopped, or a machine that slept, is no loop that hangs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stalled: Callable[[], None]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._loop, self._stalled = loop, stalled
        self._of = threading.get_ident()
        self.over, self._alive = threading.Event(), threading.Event()

    def run(self) -> None:
        """Until it is over."""
        while not self.over.wait(TICK):
            self._alive.clear()
            try:
                self._loop.call_soon_threadsafe(self._alive.set)
            except RuntimeError:  # the loop is closed
                return
            self._wait()

    def _wait(self) -> None:
        ticks, told = 0, False
        while not self._alive.wait(TICK) and not self.over.is_set():
            ticks += 1
            if ticks * TICK >= STALL_SECONDS and not told:
                told = True
                log.error("loop.stalled", seconds=ticks * TICK, at=self._place())
            if ticks * TICK >= HUNG_SECONDS:
                log.critical("loop.hung", seconds=ticks * TICK, at=self._place())
                os._exit(HUNG)
        if told:
            self._stalled()
            log.warning("loop.goes_on", seconds=ticks * TICK)

    def _place(self) -> str:
        """Where the loop's thread stands: file, line, function; no value of anything."""
        frame = sys._current_frames().get(self._of)  # pyright: ignore[reportPrivateUsage]  # so it is documented
        if frame is None:
            return ""
        code = frame.f_code
        return f"{os.path.basename(code.co_filename)}:{frame.f_lineno} {code.co_name}"
