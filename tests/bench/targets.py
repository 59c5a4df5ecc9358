"""What has to be reached, beside what was found."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TOLD = "ZHITONG_BENCH_TOLD"  # where a part leaves its figures for docs/benchmarks.md
_tables: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Target:
    """A figure that must be at most its limit, or with `least` at least."""

    what: str
    found: float
    limit: float
    least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is good enough."""
        return self.found >= self.limit if self.least else self.found <= self.limit


def judge(targets: Sequence[Target]) -> int:
    """Print every target with its verdict; how many were missed."""
    print()
    for target in targets:
        sign = ">=" if target.least else "<="
        verdict = "reached" if target.reached else "MISSED"
        print(f"{target.what:62} {target.found:9.3f}  must be {sign} {target.limit:<7g} {verdict}")
    return sum(not target.reached for target in targets)


def leave(targets: Sequence[Target]) -> None:
    """End the program: 1 when a target was missed."""
    if path := os.environ.get(TOLD):
        judged = [{**asdict(target), "reached": target.reached} for target in targets]
        Path(path).write_text(json.dumps({"tables": _tables, "targets": judged}))
    sys.exit(1 if judge(targets) else 0)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print figures in columns; the first one is words."""
    _tables.append({"head": list(head), "rows": [list(row) for row in rows]})
    cells = [[f"{value:.3f}" if isinstance(value, float) else str(value) for value in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        print(
            "  ".join(
                cell.rjust(width) if at else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )
