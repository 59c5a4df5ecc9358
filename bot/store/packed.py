"""JSON as the store keeps it. orjson, because every turn writes and reads several values (docs/decisions/0024)."""

from __future__ import annotations

import json
from typing import Any

import orjson

_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME  # both are ours to write


def pack(value: Any) -> bytes:
    """A JSON value as bytes. Half a character, which a platform may let through, is kept as it came."""
    try:
        return orjson.dumps(value, option=_PLAIN)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpack(packed: bytes | str) -> Any:
    """What was packed. Raises ValueError."""
    try:
        return orjson.loads(packed)
    except ValueError:
        text = packed if isinstance(packed, str) else packed.decode("utf-8", "surrogatepass")
        return json.loads(text)
