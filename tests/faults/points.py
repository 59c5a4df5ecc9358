"""Where a house can be killed: named points that are watched from outside, with nothing in the product code.

Every statement on every SQLite connection passes the driver's trace callback before it runs, every statement and
COMMIT on PostgreSQL SQLAlchemy's own events; files of attachments pass an audit hook, calls to the world their
library's one function; the rest hangs on ports that the house is built from (event loop, door, senders).
A point is named by what the house was doing: "web: before INSERT case", "outbox: after send".
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from sqlalchemy import Engine, Pool, event

WRITER = "store-write"
DOING, COMMITTED = "points: doing", "points: committed"
PAUSE = 0.03  # seconds between reaching a point in the writer's thread and dying: time to answer too early
STATEMENT = re.compile(r'(INSERT|UPDATE|DELETE|SELECT)\b.*?(?:INTO |UPDATE |FROM )"?(\w+)"?', re.DOTALL)
UPDATED = re.compile(r'(UPDATE) "?(\w+)"?')
CHANNEL = re.compile(r"INSERT INTO inbox .*?VALUES \('(\w+)'", re.DOTALL)
CREATES = os.O_CREAT | os.O_WRONLY


class Points:
    """Counts how often each point is reached; at the chosen one, the `hit`-th time, this process is no more.

    Nothing counts before `calm` COMMITs, so that a house has kept some promises when it dies. With `seen` the
    names are written there, each the first time it is reached.
    """

    def __init__(self, point: str, hit: int, calm: int, seen: Path | None) -> None:
        self._point, self._hit, self._calm, self._seen = point, hit, calm, seen
        self._reached: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.starting = True
        self._doing = ""  # what the writer's thread is at
        self._turns = 0
        self._filing = False  # whether the group holds a new case

    def reach(self, name: str) -> None:
        """The house stands at this point."""
        with self._lock:
            self._reached[name] += 1
            times = self._reached[name]
        if self._seen and times == 1:
            with self._seen.open("a", encoding="utf-8") as names:
                names.write(f"{name}\n")
        if name == self._point and times >= self._hit and self._calm <= 0:
            if threading.current_thread().name == WRITER:
                time.sleep(PAUSE)
            die()

    def committed(self) -> None:
        """The writer's thread has committed and begins to answer."""
        self._calm -= 1
        self.reach("group: after COMMIT")

    # --- statements ----------------------------------------------------------------------------------

    def install(self, attachments: Path) -> None:
        """Watch everything this process will do from now on."""
        connect = sqlite3.connect

        def watched(database: str, *args: Any, **options: Any) -> sqlite3.Connection:
            raw = connect(database, *args, **options)
            raw.set_trace_callback(self._of_keys if "keys.sqlite3" in database else self._of_main)
            return raw

        sqlite3.connect = watched  # the driver, not our code
        event.listen(Engine, "after_cursor_execute", self._after)
        event.listen(Engine, "begin", self._begun_on_postgres)
        event.listen(Engine, "before_cursor_execute", self._of_postgres)
        event.listen(Engine, "after_cursor_execute", self._after_on_postgres)
        event.listen(Engine, "commit", self._commit_of_postgres)
        event.listen(Pool, "checkin", self._back_from_postgres)
        self._watch_calls()
        sys.addaudithook(self._audit(str(attachments)))

    def _of_main(self, sql: str) -> None:
        if self.starting:
            self.reach("start: a statement")
        if threading.current_thread().name != WRITER:
            return
        if sql.startswith("BEGIN"):
            self._turns, self._filing = 0, False
            self.reach("group: before BEGIN")
        elif sql.startswith("SAVEPOINT"):
            self._turns, self._doing = self._turns + 1, "other"
            self.reach("group: before the second turn" if self._turns == 2 else "group: before a turn")
        elif sql == "RELEASE turn":
            self.reach("group: before RELEASE")
        elif sql == "COMMIT":
            self.reach("group: before COMMIT of a case" if self._filing else "group: before COMMIT")
        else:
            self._statement(sql)

    def _statement(self, sql: str) -> None:
        if channel := CHANNEL.match(sql):
            self._doing = channel.group(1)
        elif sql.startswith("UPDATE outbox"):
            self._doing = "outbox settles" if "delivered_at=" in sql else "outbox leases"
        elif sql.startswith("INSERT INTO attachment"):
            self._doing = "upload"
        elif sql.startswith('INSERT INTO "case"'):
            self._filing = True
        self.reach(f"{self._doing}: before {kind(sql)}")

    def _after(self, conn: Any, cursor: Any, sql: str, *more: Any) -> None:
        if threading.current_thread().name == WRITER:
            self.reach(f"{self._doing}: after {kind(sql)}")

    # Several turns are under way at once, each on a connection of its own that knows what it is for.

    def _begun_on_postgres(self, conn: Any) -> None:
        if conn.dialect.name == "postgresql":
            conn.info[DOING] = "keys" if str(conn.engine.url.database).endswith("_keys") else "other"

    def _of_postgres(self, conn: Any, cursor: Any, sql: str, given: Any, *more: Any) -> None:
        if conn.dialect.name != "postgresql":
            return None
        if self.starting:
            return self.reach("start: a statement")
        if sql.startswith("INSERT INTO inbox"):
            conn.info[DOING] = str(given[0])
        elif sql.startswith("UPDATE outbox"):
            conn.info[DOING] = "outbox settles" if "delivered_at=" in sql else "outbox leases"
        elif sql.startswith("INSERT INTO attachment"):
            conn.info[DOING] = "upload"
        return self.reach(f"{conn.info.get(DOING, 'other')}: before {kind(sql)}")

    def _after_on_postgres(self, conn: Any, cursor: Any, sql: str, *more: Any) -> None:
        if conn.dialect.name == "postgresql" and not self.starting:
            self.reach(f"{conn.info.get(DOING, 'other')}: after {kind(sql)}")

    def _commit_of_postgres(self, conn: Any) -> None:
        if conn.dialect.name == "postgresql" and not self.starting:
            conn.info[COMMITTED] = True
            self.reach(f"{conn.info.get(DOING, 'other')}: before COMMIT")

    def _back_from_postgres(self, raw: Any, record: Any) -> None:
        """A connection returns to its pool: what it committed is committed, and nobody knows yet."""
        if record.info.pop(COMMITTED, False):
            self._calm -= 1
            self.reach(f"{record.info.get(DOING, 'other')}: after COMMIT")

    def _of_keys(self, sql: str) -> None:
        if self.starting:
            self.reach("start: a statement")
        elif sql.startswith(("INSERT", "COMMIT")):
            self.reach(f"keys: before {sql.split(' ', 1)[0]}")

    # --- calls to the world --------------------------------------------------------------------------

    def _watch_calls(self) -> None:
        """Every request that any session of `bot/outgoing.py` makes, named by the last part of its address."""
        session: Any = ClientSession
        request = session._request

        async def watched(here: Any, method: str, url: Any, **options: Any) -> Any:
            name = str(url).partition("?")[0].rsplit("/", 1)[-1]
            self.reach(f"call: before {name}")
            answer = await request(here, method, url, **options)
            self.reach(f"call: after {name}")
            return answer

        session._request = watched  # the library, not our code

    # --- files ---------------------------------------------------------------------------------------

    def _audit(self, attachments: str) -> Callable[[str, tuple[Any, ...]], None]:
        def hook(happened: str, args: tuple[Any, ...]) -> None:
            if happened == "open" and str(args[0]).startswith(attachments) and "." in Path(str(args[0])).name:
                made = "writing" if (args[2] or 0) & CREATES else "reading"
                self.reach(f"upload: before {made} {Path(str(args[0])).suffix}")
            elif happened == "os.rename" and str(args[0]).startswith(attachments):
                self.reach(f"upload: before renaming {Path(str(args[0])).suffix}")

        return hook

    def loop(self) -> asyncio.AbstractEventLoop:
        """An event loop that notices when the writer's thread has committed and begins to answer."""
        points = self

        class Loop(asyncio.SelectorEventLoop):
            def call_soon_threadsafe(self, *args: Any, **options: Any) -> asyncio.Handle:
                if threading.current_thread().name == WRITER:
                    points.committed()
                return super().call_soon_threadsafe(*args, **options)

        return Loop()


def kind(sql: str) -> str:
    """ "INSERT case", "UPDATE outbox": a statement's verb and table."""
    found = UPDATED.match(sql) or STATEMENT.match(sql)
    return " ".join(found.groups()) if found else sql.split(" ", 1)[0]


def die() -> None:
    """As by `kill -9`: nothing is flushed, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the signal arrives while this thread waits
