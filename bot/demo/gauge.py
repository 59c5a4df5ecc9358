"""What a simulation measures: every answer's seconds, what was promised, and what came of it."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from html import escape
from typing import Any

Json = dict[str, Any]
WIDTH, HEIGHT, LEFT, TOP = 720, 300, 60, 40


@dataclass
class Gauge:
    """The figures of one run. `spoken` are numbers citizens were told, `answered` those that a clerk answered."""

    began: float = field(default_factory=time.monotonic)
    seconds: defaultdict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict[str, list[tuple[float, float]]](list)
    )
    spoken: dict[str, str] = field(default_factory=dict[str, str])  # number -> who was told
    answered: set[str] = field(default_factory=set[str])
    heard: set[str] = field(default_factory=set[str])  # numbers whose answer reached who asked
    found: set[str] = field(default_factory=set[str])  # numbers that 查进度 showed to their own citizen
    failed: Counter[str] = field(default_factory=Counter[str])
    cards: int = 0
    stored: int | None = None  # cases the store holds; None when it is not ours to look into
    ended: float = 0.0

    def took(self, channel: str, seconds: float) -> None:
        """One message was answered."""
        self.seconds[channel].append((time.monotonic() - self.began, seconds))

    @property
    def turns(self) -> int:
        """Messages that were answered."""
        return sum(len(one) for one in self.seconds.values())

    @property
    def span(self) -> float:
        """Seconds from the first message to the last."""
        return max((at for one in self.seconds.values() for at, _ in one), default=0.0)

    def losses(self) -> dict[str, int]:
        """What must be nothing but noughts."""
        return {
            "numbers_not_found": len(set(self.spoken) - self.found),
            "answers_not_heard": len(self.answered - self.heard),
            "cases_twice": max(0, self.stored - len(self.spoken)) if self.stored is not None else 0,
            "cases_missing": max(0, len(self.spoken) - self.stored) if self.stored is not None else 0,
            "messages_without_answer": sum(self.failed.values()),
        }

    def figures(self) -> Json:
        """Everything, for a machine."""
        channels = {
            name: {
                "turns": len(found),
                "p50_ms": round(1000 * share([s for _, s in found], 0.5), 1),
                "p99_ms": round(1000 * share([s for _, s in found], 0.99), 1),
                "max_ms": round(1000 * max((s for _, s in found), default=0.0), 1),
            }
            for name, found in sorted(self.seconds.items())
        }
        return {
            "seconds": round(self.span, 1),
            "turns": self.turns,
            "turns_per_second": round(self.turns / self.span, 1) if self.span else 0.0,
            "channels": channels,
            "cases": len(self.spoken),
            "answered": len(self.answered),
            "cards": self.cards,
            "losses": self.losses(),
        }


def share(values: list[float], part: float) -> float:
    """The value that so large a part of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def picture(gauge: Gauge) -> str:
    """Turns a second, and the slowest and the middle answer of each second, as SVG."""
    last = int(gauge.span) + 1
    by_second: list[list[float]] = [[] for _ in range(last)]
    for found in gauge.seconds.values():
        for at, seconds in found:
            by_second[min(int(at), last - 1)].append(seconds * 1000)
    rows = {
        "turns/s": ("#0d4b4a", [float(len(one)) for one in by_second]),
        "p99 ms": ("#b5472f", [share(one, 0.99) for one in by_second]),
        "p50 ms": ("#c9a227", [share(one, 0.5) for one in by_second]),
    }
    drawn = "".join(_row(at, name, *row) for at, (name, row) in enumerate(rows.items()))
    said = f"{gauge.turns} turns, {len(gauge.spoken)} cases, {sum(gauge.losses().values())} lost, {gauge.span:.0f} s"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="20">{escape(said)}</text>'
        f"{drawn}</svg>\n"
    )


def _row(at: int, name: str, colour: str, values: list[float]) -> str:
    high, low = (HEIGHT - TOP) / 3 - 20, TOP + (at + 1) * (HEIGHT - TOP) / 3 - 14
    top, step = max([*values, 1.0]), (WIDTH - LEFT - 20) / max(len(values) - 1, 1)
    points = " ".join(f"{LEFT + n * step:.1f},{low - value / top * high:.1f}" for n, value in enumerate(values))
    return (
        f'<text x="4" y="{low:.0f}" fill="{colour}">{escape(name)}</text>'
        f'<text x="4" y="{low - high + 10:.0f}" fill="{colour}">{top:.0f}</text>'
        f'<polyline fill="none" stroke="{colour}" points="{points}"/>'
    )
