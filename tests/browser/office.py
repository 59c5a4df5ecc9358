"""The real server as a process of its own, with staff; it can be killed and started again at the same address."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy import Connection

from bot.store import passwords, staff
from bot.store.connect import DATABASE
from bot.store.sqlite import open_store

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\s")
START_SECONDS = 60.0
PASSWORD = "河口镇的水要清清亮亮"


@dataclass(frozen=True)
class Colleague:
    """A member of staff as `zhitong staff add` takes them on."""

    name: str
    role: str
    unit: str


WANG = Colleague("王芳", "clerk", "shuiwu")
LI = Colleague("李强", "clerk", "shuiwu")
CHEN = Colleague("陈静", "clerk", "jiaotong")
ZHOU = Colleague("周敏", "dispatcher", "zhiban")
WU = Colleague("吴刚", "supervisor", "xian-zhengfu")
SUN = Colleague("孙正", "custodian", "jijian")
QIAN = Colleague("钱静", "custodian", "jijian")
MA = Colleague("马文", "clerk", "hekou")
SESSIONS = (WANG, LI, CHEN, ZHOU, WU, SUN, QIAN, MA)  # those who are logged in already when a story begins


class Office:
    """One `zhitong run` (or `demo`) over one folder. `sessions` opens the staff room without the login form."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.folder = folder
        self._command = command or ("run",)
        self.port = 0
        self.sessions: dict[Colleague, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers; the same after a restart."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether somebody would answer."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        told = self.folder.with_suffix(".log")
        with told.open("ab") as errors:
            begin = errors.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", *self._command, "--data", str(self.folder), "--port", str(self.port)],
                cwd=ROOT,
                stdout=errors,
                stderr=errors,
            )
        self._wait_until_ready(told, begin)

    def _wait_until_ready(self, told: Path, begin: int) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            said = told.read_bytes()[begin:].decode()
            assert self.running, said
            found = ADDRESS.search(said)
            if found and _ready(f"http://127.0.0.1:{found[1]}/readyz"):
                self.port = int(found[1])
                return
            time.sleep(0.05)
        raise TimeoutError("the office is not ready: " + told.read_text(encoding="utf-8"))

    def kill(self) -> None:
        """kill -9: nothing is flushed, nobody says goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """The polite end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    async def take_on(self, *colleagues: Colleague) -> None:
        """Staff with a password and an open session, beside the running server."""
        hashed = passwords.hash_password(PASSWORD)
        store = open_store(self.folder / DATABASE)
        try:
            for one in colleagues:
                self.sessions[one] = await store.write(lambda conn, one=one: _session(conn, one, hashed))
        finally:
            await store.close()

    async def one_time_code(self, colleague: Colleague) -> str:
        """What the real command prints for somebody new."""
        command = [sys.executable, "-m", "bot.cli", "staff", "add", colleague.name, "--role", colleague.role]
        command += ["--unit", colleague.unit, "--data", str(self.folder)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=-1, stderr=-1)
        printed, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return printed.decode().splitlines()[0]


def _ready(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _session(conn: Connection, one: Colleague, hashed: str) -> str:
    now = datetime.now(UTC)
    row = staff.redeem(conn, staff.add(conn, one.name, [one.role], one.unit, now), hashed, now)
    return staff.open_session(conn, staff.credential(conn, row.name), now)
