"""The installed command, as a user runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

ZHITONG = str(Path(sys.executable).with_name("zhitong"))
PATIENCE = 90.0  # seconds; the machine may be busy


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of ours."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")}
    return {**plain, "PYTHONWARNINGS": "error", "PYTHONUTF8": "1", **more}


def zhitong(*args: object, said: str = "", env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; `said` is its standard input."""
    return subprocess.run(
        [ZHITONG, *map(str, args)],
        input=said,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        env=env or environment(),
        check=False,
    )


@contextmanager
def running(*args: object, env: Mapping[str, str] | None = None) -> Generator[subprocess.Popen[str]]:
    """A command that goes on until it is told to stop; killed when the block ends before it has."""
    process = subprocess.Popen(
        [ZHITONG, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=env or environment(),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def interrupted(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Press Ctrl-C: exit code, stdout and stderr that had not been read yet."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def fetched(url: str) -> tuple[int, str]:
    """Status and body, as soon as somebody listens there."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
