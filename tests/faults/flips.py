"""Wrong orders of doing things. The crash test must notice each of them, or it proves nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from bot.core import Beside, Core
from bot.outbox import Sender, Sent
from bot.store import letters
from bot.store.engine import Hook, Store, T, Work
from bot.store.letters import Owed
from handlers.messages import Inbound, Taken

FLIPS = ("answer first", "delivered first", "keys last", "no keys of messages")


class AnswersFirst(Store):
    """A store that answers when the work has run and has not been committed."""

    def __init__(self, real: Store) -> None:
        self._real = real
        self.before_commit: list[Hook] = real.before_commit
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def commits(self) -> int:
        return self._real.commits

    @property
    def writes(self) -> int:
        return self._real.writes

    async def write(self, work: Work[T], start_within: float | None = None) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def early(conn: Connection) -> T:
            result = work(conn)
            loop.call_soon_threadsafe(done.set_result, result)
            return result

        task = asyncio.create_task(self._real.write(early, start_within))
        self._tasks.add(task)
        return await done

    async def read(self, work: Work[T]) -> T:
        return await self._real.read(work)

    async def verified(self) -> None:
        await self._real.verified()

    async def close(self) -> None:
        await self._real.close()


class Forgetful(Core):
    """A core that does not know a message again."""

    async def take(self, inbound: Inbound, start_within: float | None = None, beside: Beside | None = None) -> Taken:
        """One turn under a key of its own."""
        return await super().take(replace(inbound, key=uuid.uuid4().hex), start_within, beside)


def flipped(core: Core, flip: str) -> Core:
    """The core with one thing done in the wrong order."""
    match flip:
        case "answer first":
            return replace(core, store=AnswersFirst(core.store))
        case "keys last":
            core.store.before_commit.remove(core.vault.keys.commit)
            return core
        case "no keys of messages":
            fields: dict[str, Any] = {name: getattr(core, name) for name in Core.__dataclass_fields__}
            return Forgetful(**fields)
        case _:
            return core


def delivered_first(core: Core, send: Sender) -> Sender:
    """A sender that marks a row as delivered, and then delivers it."""

    async def wrong(row: Owed) -> Sent:
        await core.store.write(lambda conn: letters.delivered(conn, [row.id], core.clock()))
        return await send(row)

    return wrong


Flip = Callable[[Core], Core]
