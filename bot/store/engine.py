"""What every store can do, whichever database is behind it, and how it says no."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:  # not at run time: the check of the file begins before SQLAlchemy is read
    from sqlalchemy import Connection

T = TypeVar("T")

Work = Callable[["Connection"], T]
"""A synchronous function over one connection. It never commits, and leaves no cursor open."""

Hook = Callable[[], None]


class StoreError(Exception):
    """The store could not do it. Nothing was written, unless a subclass says otherwise."""


class NotStarted(StoreError):
    """The write was withdrawn: its turn had not come by the caller's deadline."""


class StoreBusy(StoreError):
    """Another process held the database longer than the busy timeout (3 s). Trying again later helps."""


class StoreFull(StoreError):
    """No room on the disk. Reads go on; writes work again by themselves when there is room."""


class StoreFailed(StoreError):
    """The disk or the file failed (I/O error, read-only, damaged, gone).

    After an I/O error at the very COMMIT nobody can know whether a later crash would keep the write:
    repeat it under the same inbox key.
    """


class StoreClosed(StoreError):
    """The store was closed before this was asked of it."""


class StoreRefused(StoreError):
    """Not one to start with. `path` is the file or the server, `problem` what is wrong, `advice` what to do."""

    def __init__(self, path: Path | str, problem: str, advice: str) -> None:
        super().__init__(f"{path}: {problem}. {advice}")
        self.path = path
        self.problem = problem
        self.advice = advice


class Store(Protocol):
    """One database. Writes are serialised and durable when they return; reads see whole transactions."""

    before_commit: list[Hook]
    """Called in the writer's thread just before each COMMIT; one that raises fails the whole batch."""

    @property
    def commits(self) -> int:
        """COMMITs done since the store was opened."""
        ...

    @property
    def writes(self) -> int:
        """Works committed since the store was opened; writes / commits is the size of a group."""
        ...

    async def write(self, work: Work[T], start_within: float | None = None) -> T:
        """Run `work` in a savepoint of its own and return its result after COMMIT.

        `start_within` is in seconds: not started by then, it is withdrawn and NotStarted is raised.
        Whatever `work` raises is raised here, and only its own changes are undone. Also raises StoreBusy,
        StoreFull, StoreFailed, StoreClosed. A cancelled caller's work either commits whole or never starts.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a snapshot that cannot be written to, and return its result."""
        ...

    async def verified(self) -> None:
        """Return when the file has been found sound; raise StoreRefused when it is not."""
        ...

    async def close(self) -> None:
        """Finish what was asked for, then let go of the files. Harmless when repeated."""
        ...
