"""Telegram's own specification judges the fake: no field it does not know, none missing, none of a wrong type."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
PLAIN = {"Integer": int, "String": str, "Boolean": bool, "Float": (int, float)}


def load() -> Json:
    """The specification that ZHITONG_TELEGRAM_SPEC names; without it the test is skipped, and says so."""
    path = os.environ.get("ZHITONG_TELEGRAM_SPEC", "")
    if not path or not Path(path).is_file():
        pytest.skip("NOT CHECKED against the Bot API: set ZHITONG_TELEGRAM_SPEC to its specification as JSON")
    return dict(json.loads(Path(path).read_text("utf-8")))


class Judge:
    """Checks values against types of the specification; `wrong` is everything that was found."""

    def __init__(self, spec: Json) -> None:
        self.spec, self.wrong, self.judged = spec, list[str](), 0

    def result(self, method: str, asked: Json, given: Any) -> None:
        """A call of the bot and the fake's answer to it."""
        known = self.spec["methods"].get(method)
        if known is None:
            self.wrong.append(f"{method} is no method")
            return
        self._fields(method, known.get("fields", []), asked, loose=True)
        self.value(f"{method} ->", known["returns"], given)

    def value(self, where: str, types: list[str], given: Any) -> None:
        """A value that must be one of some types."""
        self.judged += 1
        kind = next((kind for kind in types if self._could_be(kind, given)), None)
        if kind is None:
            self.wrong.append(f"{where}: {type(given).__name__} is none of {types}")
        elif kind.startswith("Array of "):
            for at, item in enumerate(given):
                self.value(f"{where}[{at}]", [kind.removeprefix("Array of ")], item)
        elif isinstance(given, dict):
            self._object(where, kind, given)  # pyright: ignore[reportUnknownArgumentType]

    def _could_be(self, kind: str, given: Any) -> bool:
        if kind.startswith("Array of "):
            return isinstance(given, list)
        if kind in PLAIN:
            return isinstance(given, PLAIN[kind]) and not (kind == "Integer" and isinstance(given, bool))
        return isinstance(given, dict)

    def _object(self, where: str, kind: str, given: Json) -> None:
        known = self.spec["types"][kind]
        if below := known.get("subtypes"):
            tries = [self._faults(where, one, given) for one in below]
            self.wrong += min(tries, key=len)
            return
        self._fields(f"{where} {kind}", known.get("fields", []), given)

    def _faults(self, where: str, kind: str, given: Json) -> list[str]:
        judge = Judge(self.spec)
        judge._object(where, kind, given)
        return judge.wrong

    def _fields(self, where: str, fields: list[Json], given: Json, loose: bool = False) -> None:
        """`loose`: values travelled as text, so only their names are judged."""
        known = {field["name"]: field for field in fields}
        self.wrong += [f"{where}: unknown field {name}" for name in given if name not in known]
        needed = [name for name, one in known.items() if one["required"]]
        self.wrong += [f"{where}: {name} is missing" for name in needed if name not in given]
        for name, value in given.items():
            if name in known and not loose:
                self.value(f"{where}.{name}", known[name]["types"], value)
