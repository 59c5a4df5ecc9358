"""The way in for a stranger: one command, a clear word when Python is too old, nothing unpinned."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make")
needs_make = pytest.mark.skipif(MAKE is None, reason="make is not installed")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make` looks at, without a .venv."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *args: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    """Run make there, as if no other make had called these tests."""
    assert MAKE is not None
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    env = {**ours, "PATH": path}
    return subprocess.run([MAKE, *args], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@needs_make
def test_alone_it_says_what_there_is(clone: Path) -> None:
    found = make(clone)
    assert found.returncode == 0
    assert re.findall(r"^make (\w+)", found.stdout, re.MULTILINE) == ["demo", "test", "check", "lint", "bench", "fuzz"]


@needs_make
@pytest.mark.parametrize("target", ["demo", "test"])
def test_an_old_python_is_named(clone: Path, target: str) -> None:
    old = clone / "bin"
    old.mkdir()
    for tool in ("sh", "test", "rm", "touch"):
        (old / tool).symlink_to(str(shutil.which(tool)))
    (old / "python3").write_text('#!/bin/sh\ncase "$1" in --version) echo Python 3.8.10;; *) exit 1;; esac\n')
    (old / "python3").chmod(0o755)
    found = make(clone, target, path=str(old))
    assert found.returncode != 0
    assert "Zhitong needs Python 3.11 or newer, and there is none here (Python 3.8.10)" in found.stderr
    named = make(clone, target, f"PYTHON={old / 'python3'}")
    assert "needs Python 3.11 or newer" in named.stderr
    assert not (clone / ".venv").exists()


@needs_make
def test_the_second_call_installs_nothing(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").touch()
    assert "pip" in make(clone, "-n", "demo").stdout
    assert "pip" in make(clone, "-n", "test").stdout
    for stamp in (".ready", ".ready-dev"):
        (clone / ".venv" / stamp).touch()
    assert make(clone, "-n", "demo").stdout == ".venv/bin/zhitong demo \n"
    assert make(clone, "-n", "test", "WORKERS=5").stdout == ".venv/bin/python -m pytest -n 5 --dist loadfile \n"
    newer = (clone / ".venv" / ".ready").stat().st_mtime + 10
    os.utime(clone / "requirements.lock", (newer, newer))
    assert "--require-hashes" in make(clone, "-n", "demo").stdout


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_part_is_pinned_with_its_hash_and_builds_without_another(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text, re.MULTILINE)
    assert "hatchling" in pins
    parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in part for part in parts if "==" in part.split("\n")[0])
