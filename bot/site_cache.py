"""The county as it was last read, so that a start need not take half a megabyte of YAML apart again.

JSON through the same schema, never code. Whatever is odd about the file, the files themselves are read instead.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from config.schema import County

NAME = Path("cache") / "county.json"


def recall(path: Path, stamp: object) -> County | None:
    """The county kept under this stamp; None when there is none or anything is wrong with it."""
    with suppress(OSError, ValidationError):
        key, _, body = path.read_bytes().partition(b"\n")
        if key == _key(stamp):
            return County.model_validate_json(body)
    return None


def keep(path: Path, stamp: object, county: County) -> None:
    """Keep a county that was read and checked. A disk that will not take it is no reason to stop."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temp = path.with_name(f"{path.name}.{os.getpid()}")
        temp.write_bytes(_key(stamp) + b"\n" + county.model_dump_json().encode())
        temp.replace(path)


def _key(stamp: object) -> bytes:
    return hashlib.sha256(repr(stamp).encode()).hexdigest().encode()
