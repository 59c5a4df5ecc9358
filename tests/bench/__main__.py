"""`python -m tests.bench [names]`: every measurement, each in a process of its own; 1 when a target was missed.

A part is given words of its own like this: `life=100000,3`. What a part has found goes into docs/benchmarks.md, unless
ZHITONG_BENCH_PAGE is 0.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import page
from tests.bench.office import cached
from tests.bench.targets import TOLD

ORDER = ("store", "turns", "wechat", "telegram", "scale", "life", "steady", "growth", "start", "faq")
HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run them in order and say at the end what became of each."""
    ends: dict[str, str] = {}
    with cached(), tempfile.TemporaryDirectory() as folder:
        for name in names or ORDER:
            print(f"\n=== {name} " + "=" * (100 - len(name)), flush=True)
            ends[name] = _run(name, Path(folder) / "told.json")
    print("\n" + "\n".join(f"{name:10} {end}" for name, end in ends.items()))
    return int(any(end.startswith("MISSED") for end in ends.values()))


def _run(name: str, told: Path) -> str:
    part, _, words = name.partition("=")
    given = words.split(",") if words else []
    began = time.perf_counter()
    command = [sys.executable, "-m", f"tests.bench.bench_{part}", *given]
    done = subprocess.run(command, cwd=HERE.parents[1], env={**os.environ, TOLD: str(told)}, check=False)
    if told.exists():
        if os.environ.get("ZHITONG_BENCH_PAGE") != "0":
            page.write(part, json.loads(told.read_text()), given)
        told.unlink()
    return f"{'reached' if done.returncode == 0 else 'MISSED'} ({time.perf_counter() - began:.0f} s)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
