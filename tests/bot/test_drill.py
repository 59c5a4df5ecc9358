"""The drills of docs/operations.md, done as an operator does them: restore from a backup, upgrade under load."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.bot.command import ZHITONG, environment, fetched, free_port, running, zhitong

deep = pytest.mark.skipif(
    not os.environ.get("ZHITONG_DEEP"), reason="NOT RUN: a drill of forty seconds; ZHITONG_DEEP=1 runs it"
)


def crowd(url: str, citizens: int = 3) -> list[str]:
    """Some citizens at the page."""
    done = zhitong("simulate", "--citizens", citizens, "--minutes", 0.1, "--json", "--url", url, "--seed", 7)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return [str(json.loads(done.stdout)["cases"])]


def numbers(data: Path) -> list[str]:
    """The cases of a folder, by the command."""
    listed = zhitong("cases", "list", "--data", data)
    assert listed.returncode == 0, listed.stderr
    return [line.split()[0] for line in listed.stdout.splitlines()]


@deep
def test_restore_from_a_backup_and_the_keys_of_another_place(tmp_path: Path) -> None:
    data, copy, keys, fresh = (tmp_path / name for name in ("data", "copy", "keys", "fresh"))
    port = free_port()
    with running("run", "--data", data, "--port", port) as office:
        assert fetched(f"http://127.0.0.1:{port}/readyz")[0] in (200, 503)
        crowd(f"http://127.0.0.1:{port}")
        done = zhitong("backup", copy, "--data", data)
        assert done.returncode == 0, done.stderr
        shutil.copytree(data / "keys", keys)
        before = numbers(data)
        crowd(f"http://127.0.0.1:{port}")  # what comes after the backup is what a restore loses
        office.send_signal(signal.SIGTERM)
        assert office.wait(20) == 0
    assert before
    shutil.rmtree(data)
    fresh.mkdir()
    shutil.copy(copy / "zhitong.sqlite3", fresh)
    if (copy / "attachments").exists():
        shutil.copytree(copy / "attachments", fresh / "attachments")
    shutil.copytree(keys, fresh / "keys")
    assert numbers(fresh) == before
    with running("run", "--data", fresh, "--port", port):
        assert fetched(f"http://127.0.0.1:{port}/healthz")[0] == 200
        shown = zhitong("cases", "show", before[0], "--data", fresh)
        assert shown.returncode == 0 and before[0] in shown.stdout
        crowd(f"http://127.0.0.1:{port}")
    assert len(numbers(fresh)) > len(before), "the office goes on"


@deep
def test_an_upgrade_under_load_loses_no_turn(tmp_path: Path) -> None:
    """SIGTERM while a crowd files, and a new process on the same folder: citizens repeat under their keys."""
    data, port = tmp_path / "data", free_port()
    url = f"http://127.0.0.1:{port}"
    told = ("simulate", "--citizens", "12", "--minutes", "0.2", "--json", "--url", url)
    with running("run", "--data", data, "--port", port) as old:
        assert fetched(f"{url}/healthz")[0] == 200
        with subprocess.Popen(
            [ZHITONG, *told], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        ) as people:
            until = len(numbers(data))
            while len(numbers(data)) == until:
                assert people.poll() is None, "the crowd is still there"
            old.send_signal(signal.SIGTERM)
            assert old.wait(20) == 0
            with running("run", "--data", data, "--port", port):
                out, err = people.communicate(timeout=90)
                assert people.returncode == 0, (out, err)
    found = json.loads(out)
    assert set(found["losses"].values()) == {0}
    assert found["cases"] == len(numbers(data))
