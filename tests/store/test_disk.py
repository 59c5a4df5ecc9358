"""Full disks, failing disks, kill -9: D2 and K2 of the fault catalogue, on the real thing."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.store.connect import DATABASE
from bot.store.sqlite import open_store
from tests.store.works import names

pytestmark = pytest.mark.crash

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "tests.store.sick_disk")
PRIVATE_DISK = 'mount -t tmpfs -o size=2m tmpfs "$1" && shift && exec "$@"'


def run(*command: str) -> str:
    """What the program printed; it must have ended well."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def private_disk(folder: Path) -> list[str]:
    """The words before a command that give it a disk of 2 MB at `folder`; needs no root."""
    return ["unshare", "-rm", "sh", "-c", PRIVATE_DISK, "sh", str(folder)]


def has_private_disk(folder: Path) -> bool:
    """Whether this machine lets us mount in a namespace of our own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*private_disk(folder), "true"], capture_output=True, check=False).returncode == 0


def test_a_full_disk_refuses_honestly_and_recovers(tmp_path: Path) -> None:
    if not has_private_disk(tmp_path):
        pytest.skip("no user namespaces here: a full disk was NOT tested")
    said = run(*private_disk(tmp_path), *PROGRAM, "full", str(tmp_path))
    assert said.splitlines() == ["refused: StoreFull", "well again"]


def test_an_io_error_at_commit_fails_the_group_and_recovers(tmp_path: Path) -> None:
    said = run(*PROGRAM, "failing", str(tmp_path))
    assert said.splitlines() == ["refused: StoreFailed", "well again"]


@pytest.mark.parametrize("seconds", [0.15, 0.3, 0.5])
def test_what_was_promised_survives_kill_9(tmp_path: Path, seconds: float) -> None:
    with subprocess.Popen([*PROGRAM, "killed", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        first = program.stdout.readline()
        time.sleep(seconds)
        program.send_signal(signal.SIGKILL)
        promised = {line.strip() for line in (first, *program.stdout) if line.endswith("\n")}
    stored = set(asyncio.run(_stored(tmp_path / DATABASE)))
    assert len(promised) > 10
    assert promised <= stored


async def _stored(path: Path) -> list[str]:
    store = open_store(path)
    await store.verified()
    try:
        return await store.read(names)
    finally:
        await store.close()
