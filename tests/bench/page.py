"""docs/benchmarks.md: the figures of every part, written between its marks; the words around them stay as they are."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.scale.cluster import BIN

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
LIBRARIES = ("sqlalchemy", "aiohttp", "asyncpg", "orjson", "cryptography", "python-telegram-bot", "wechatpy")


def write(part: str, told: Mapping[str, Any], given: Sequence[str], path: Path = PAGE) -> bool:
    """Put what a part has found where it belongs; False when the page has no place for it."""
    page = path.read_text("utf-8")
    tables = [_table(one["head"], one["rows"]) for one in told["tables"]]
    tables += [_table(("asked", "found", "must be", ""), _judged(told["targets"]))] if told["targets"] else []
    words = f" with `{' '.join(given)}`" if given else ""
    body = "\n\n".join([*tables, f"{_day()}, load {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores{words}."])
    new = _between(page, f"figures: {part}", body)
    if new is None:
        return False
    path.write_text(_between(new, "machine", machine()) or new, "utf-8")
    return True


def machine() -> str:
    """What it ran on: no name of a host or a place."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory()} GB of memory. Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {_postgres()}. {libraries}."
    )


def _between(page: str, mark: str, body: str) -> str | None:
    """The page with something else between two marks; None when it has none of that name."""
    found = re.compile(rf"(<!-- {re.escape(mark)} -->\n).*?(<!-- end -->)", re.DOTALL)
    return found.sub(lambda match: f"{match[1]}\n{body}\n\n{match[2]}", page) if found.search(page) else None


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _judged(targets: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [
        [
            one["what"],
            one["found"],
            f"{'≥' if one['least'] else '≤'} {one['limit']:g}",
            "" if one["reached"] else "**missed**",
        ]
        for one in targets
    ]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}" if value else "0"


def _day() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _postgres() -> str:
    if BIN is None:
        return "no PostgreSQL"
    said = subprocess.run([str(BIN / "postgres"), "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\d+(\.\d+)*", said)
    return f"PostgreSQL {number[0] if number else '?'}"


if __name__ == "__main__":
    print(machine(), file=sys.stdout)
