"""`python -m tests.bench [names]`: every measurement, each in a process of its own; 1 when a target was missed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.bench.office import cached

ORDER = ("store", "turns", "wechat", "scale", "growth", "start", "faq", "telegram")
HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run them in order and say at the end what became of each."""
    ends: dict[str, str] = {}
    with cached():
        for name in names or ORDER:
            print(f"\n=== {name} " + "=" * (100 - len(name)), flush=True)
            began = time.perf_counter()
            done = subprocess.run([sys.executable, "-m", f"tests.bench.bench_{name}"], cwd=HERE.parents[1], check=False)
            ends[name] = f"{'reached' if done.returncode == 0 else 'MISSED'} ({time.perf_counter() - began:.0f} s)"
    print("\n" + "\n".join(f"{name:10} {end}" for name, end in ends.items()))
    return int(any(end.startswith("MISSED") for end in ends.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
