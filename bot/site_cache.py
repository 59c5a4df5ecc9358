"""What was last read of the office's files, so that a start need not take half a megabyte of YAML apart again.

JSON, the county's through the same schema, never code. Whatever is odd about a file here, the office's own are read.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from config.schema import County

NAME = Path("cache") / "county.json"
TEXTS = Path("cache") / "texts.json"
_TEXTS = TypeAdapter(dict[str, str])


def recall(path: Path, stamp: object) -> County | None:
    """The county kept under this stamp; None when there is none or anything is wrong with it."""
    with suppress(OSError, ValidationError):
        key, _, body = path.read_bytes().partition(b"\n")
        if key == _key(stamp):
            return County.model_validate_json(body)
    return None


def keep(path: Path, stamp: object, county: County) -> None:
    """Keep a county that was read and checked. A disk that will not take it is no reason to stop."""
    _write(path, _key(stamp) + b"\n" + county.model_dump_json().encode())


def recall_texts(path: Path, stamp: object) -> dict[str, str]:
    """The YAML texts kept under this stamp, for `faq.pairs.known`; none when anything is wrong with them."""
    with suppress(OSError, ValidationError):
        key, _, body = path.read_bytes().partition(b"\n")
        if key == _key((stamp, body)):
            return _TEXTS.validate_json(body)
    return {}


def keep_texts(path: Path, stamp: object, known: dict[str, str]) -> None:
    """Keep what was read of YAML texts."""
    body = json.dumps(known).encode()
    _write(path, _key((stamp, body)) + b"\n" + body)


def _write(path: Path, data: bytes) -> None:
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temp = path.with_name(f"{path.name}.{os.getpid()}")
        temp.write_bytes(data)
        temp.replace(path)


def _key(stamp: object) -> bytes:
    return hashlib.sha256(repr(stamp).encode()).hexdigest().encode()
