"""What a process counts about itself, for Prometheus. Labels are channels, results and states: never a case, a person
or a word that somebody wrote (design §7), so every label comes from a closed list here or in the code that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
STATES = ("queued", "waiting", "parked", "told")


@dataclass(frozen=True)
class Standing:
    """How things stand in the store: the same for every process that shares it."""

    depth: Mapping[str, int] = field(default_factory=dict[str, int])
    oldest: datetime | None = None  # the row that has been due longest
    overdue: int = 0
    open: int = 0
    given_up: int = 0
    deletion_waits: int = 0


class Metrics:
    """One registry a process; what is not counted here is read from the store when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._make_counters()
        self._make_gauges()

    def _make_counters(self) -> None:
        made: Any = {"registry": self.registry}
        self.turns = Counter("zhitong_turns", "Messages taken, by channel and result.", ["channel", "result"], **made)
        self.seconds = Histogram(
            "zhitong_turn_seconds", "From a message's arrival to its COMMIT.", ["channel"], buckets=SECONDS, **made
        )
        self.deliveries = Counter(
            "zhitong_deliveries", "Attempts to reach somebody, by channel and result.", ["channel", "result"], **made
        )
        self.reload_errors = Counter("zhitong_reload_errors", "Edits of the office's files that were refused.", **made)
        self.clock_leaps = Counter("zhitong_clock_leaps", "Times the clock leapt ahead and timers were held.", **made)
        self.stalls = Counter("zhitong_loop_stalls", "Times the event loop stood still for a second or more.", **made)
        self.skew = Gauge("zhitong_clock_skew_seconds", "Last difference to a platform's clock.", ["channel"], **made)
        self.broken = Gauge("zhitong_files_broken", "1 while an older version of the files is served.", **made)
        self.away = Gauge("zhitong_platform_away_seconds", "Since a platform was reached last.", ["channel"], **made)
        self.gap = Gauge("zhitong_platform_gap_hours", "Hours for which messages to a platform may be lost.", **made)

    def _make_gauges(self) -> None:
        made: Any = {"registry": self.registry}
        self._depth = Gauge("zhitong_outbox_depth", "Rows that are not delivered, by state.", ["state"], **made)
        self._age = Gauge("zhitong_outbox_oldest_seconds", "Age of the oldest row that is due.", **made)
        self._overdue = Gauge("zhitong_cases_overdue", "Open cases past their date.", **made)
        self._open = Gauge("zhitong_cases_open", "Open cases.", **made)
        self._given_up = Gauge("zhitong_messages_given_up", "Messages that could not be taken.", **made)
        self._waits = Gauge("zhitong_deletion_waits", "Cases whose deletion waits for a human.", **made)
        self._ready = Gauge("zhitong_ready", "1 when the store was found sound.", **made)
        self._store_read = Gauge("zhitong_store_read", "1 when the store could be read for these figures.", **made)

    def turn(self, channel: str, result: str, seconds: float) -> None:
        """One message was taken, or was not."""
        self.turns.labels(channel, result).inc()
        self.seconds.labels(channel).observe(seconds)

    def delivery(self, channel: str, result: str, count: int = 1) -> None:
        """Somebody was reached, or was not."""
        self.deliveries.labels(channel, result).inc(count)

    def files(self, broken: bool, refused: bool = False) -> None:
        """Whether the files as they are now are served; `refused`: they were edited just now and are not."""
        self.broken.set(broken)
        if refused:
            self.reload_errors.inc()

    def stand(self, standing: Standing | None, now: datetime, ready: bool) -> None:
        """Show how things stand; None when the store could not be read, and then its old figures are taken away."""
        self._ready.set(ready)
        self._store_read.set(standing is not None)
        shown = standing or Standing()
        for state in STATES:
            self._depth.labels(state).set(shown.depth.get(state, 0) if standing else float("nan"))
        age = max(0.0, (now - shown.oldest).total_seconds()) if shown.oldest else 0.0
        figures = {self._age: age, self._overdue: shown.overdue, self._open: shown.open}
        figures |= {self._given_up: shown.given_up, self._waits: shown.deletion_waits}
        for gauge, figure in figures.items():
            gauge.set(figure if standing else float("nan"))

    def page(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)
