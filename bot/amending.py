"""Puts changed bytes in a clerk's file: all of them or none, and never over somebody's newer ones."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from bot.store.connect import sync_dir
from faq.amend import CannotAmend

PACKAGED = Path(__file__).parent.parent / "faq"


def amend(path: Path, change: Callable[[bytes], bytes]) -> bool:
    """Change a file; False when there was nothing to change. Raises OSError, and CannotAmend with the reason
    `sample` (a packaged file), `changed` (somebody saved it meanwhile) or those of `change`."""
    path = path.resolve()
    if path.is_relative_to(PACKAGED.resolve()):
        raise CannotAmend("sample")
    raw = path.read_bytes()
    new = change(raw)
    if new == raw:
        return False
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write(temp, new, path.stat().st_mode)
        if path.read_bytes() != raw:
            raise CannotAmend("changed")
        temp.replace(path)
    finally:
        temp.unlink(missing_ok=True)
    sync_dir(path.parent)
    return True


def _write(temp: Path, body: bytes, mode: int) -> None:
    with temp.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temp.chmod(mode & 0o7777)
