"""A PostgreSQL server of our own: started for these tests in a folder of its own, gone with them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

T = TypeVar("T")
_NUMBERS = count(1)
BIN = next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None) or (
    Path(found).parent if (found := shutil.which("initdb")) else None
)
TEMPLATE = "office"
_CONNECT: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
_RUN: Any = subprocess.run
_POPEN: Any = subprocess.Popen


class Cluster:
    """One server on a socket and a port of its own. Durable as in earnest; its disk is memory where there is one."""

    def __init__(self, folder: Path | None = None, **settings: str) -> None:
        assert BIN is not None
        root = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="zt-pg-", dir=root))
        self.port = free_port()
        self._settings = settings
        self._user = _nobody()
        self._server: subprocess.Popen[Any] | None = None
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", "data", "-U", "zhitong", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")

    def start(self) -> None:
        """Serve, and return when it does."""
        given = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "",
                 "max_connections": "200", "shared_buffers": "64MB", **self._settings}  # fmt: skip
        words = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(BIN / "postgres") if BIN else "", "-D", "data", *words],
                stdout=log, stderr=log, **self._as_user(),
            )  # fmt: skip
        self.wait()

    @property
    def pid(self) -> int:
        """The postmaster."""
        assert self._server is not None
        return int(self._server.pid)

    def wait(self, seconds: float = 20.0) -> None:
        """Return when it answers."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.ask("postgres", "SELECT 1")
                return
            except (OSError, asyncpg.PostgresError):
                if time.monotonic() > until:
                    raise AssertionError((self.folder / "log").read_text("utf-8", "replace")[-2000:]) from None
                time.sleep(0.05)

    def kill(self) -> None:
        """As a crash: SIGKILL to the postmaster and, through it, to everybody."""
        assert self._server is not None
        children = subprocess.run(["pgrep", "-P", str(self._server.pid)], capture_output=True, check=False)
        self._server.kill()
        self._server.wait()
        for pid in children.stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self) -> None:
        """Stop at once; clients are cut off, what was committed is on the disk."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(20)

    def remove(self) -> None:
        """Leave nothing."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def follower(self) -> Generator[None]:
        """Somebody streams the server's log, as a standby does."""
        folder = self.folder / "follower"
        folder.mkdir()
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        line = f"host=127.0.0.1 port={self.port} user=zhitong application_name=copy"
        words = [str(BIN / "pg_receivewal") if BIN else "", "-d", line, "-D", str(folder), "--no-loop", "--synchronous"]
        with (self.folder / "log").open("ab") as log:
            process: subprocess.Popen[Any] = _POPEN(words, stdout=log, stderr=log, **self._as_user())
        try:
            until = time.monotonic() + 10
            while not self.ask("postgres", "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"):
                assert time.monotonic() < until
                time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait()

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql+asyncpg://zhitong@127.0.0.1:{self.port}/{database}"

    def ask(self, database: str, sql: str) -> list[Any]:
        """The rows of a statement, outside any transaction."""
        return run(lambda: self._ask(database, sql))

    async def _ask(self, database: str, sql: str) -> list[Any]:
        conn = await _CONNECT(
            host="127.0.0.1", port=self.port, user="zhitong", database=database, timeout=5, command_timeout=20
        )
        try:
            return list(await conn.fetch(sql))
        finally:
            await conn.close()

    def office(self) -> str:
        """The name of a new, migrated office's database; its key store is beside it."""
        from bot.store.pg_start import place_of, prepare

        if not self.ask("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'"):
            self.ask("postgres", f"CREATE DATABASE {TEMPLATE}")
            prepare(place_of(self.url(TEMPLATE)))
        name = self.empty(TEMPLATE)
        self.ask("postgres", f"CREATE DATABASE {name}_keys TEMPLATE {TEMPLATE}_keys STRATEGY wal_log")
        return name

    def empty(self, template: str = "template1") -> str:
        """The name of a new database."""
        name = f"t{os.getpid()}_{next(_NUMBERS)}"
        self.ask("postgres", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
        return name

    def drop(self, name: str) -> None:
        """A test is over."""
        for one in (name, f"{name}_keys"):
            self.ask("postgres", f"DROP DATABASE IF EXISTS {one} WITH (FORCE)")

    def _run(self, program: str, *words: str) -> None:
        assert BIN is not None
        done = _RUN([str(BIN / program), *words], capture_output=True, check=False, **self._as_user())
        assert done.returncode == 0, done.stderr.decode()

    def _as_user(self) -> dict[str, Any]:
        """The server refuses to be root."""
        if not self._user:
            return {"cwd": self.folder}
        user = self._user
        return {"cwd": self.folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def run(work: Callable[[], Any]) -> Any:
    """The result of a coroutine, whether a loop runs here or not."""
    from bot.store.pg_start import in_a_loop_of_its_own

    return in_a_loop_of_its_own(work())


def _nobody() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def free_port() -> int:
    """A port that nobody has."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
