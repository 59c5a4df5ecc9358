"""What is packed comes back, and what an older release packed still opens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.store.packed import pack, unpack
from cases.case import Act

VALUES: list[Any] = [
    {"text": "村里停水三天了", "files": [], "n": 3, "sure": True, "none": None},
    ["half a character \ud83d", "\U0001f6b0"],
    {"tuple": ["a", 1]},
    "",
]


@pytest.mark.parametrize("value", VALUES)
def test_there_and_back(value: Any) -> None:
    assert unpack(pack(value)) == value


@pytest.mark.parametrize("value", VALUES)
def test_the_release_before(value: Any) -> None:
    old = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    assert unpack(old) == value
    assert pack(value) == old, "and it reads what we pack"


def test_what_is_a_word_stays_one() -> None:
    assert pack({"act": Act.FILE, "pair": ("a", "b")}) == b'{"act":"file","pair":["a","b"]}'


@dataclass
class Thing:
    """No JSON."""

    n: int = 1


@pytest.mark.parametrize("value", [Thing(), datetime(2026, 1, 1, tzinfo=UTC), b"x", {1}])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        pack(value)


def test_what_is_damaged_is_refused() -> None:
    with pytest.raises(ValueError):
        unpack(b'{"a":')
