"""How long each platform has been out of reach. Telegram keeps what citizens send for a day; then it is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

QUIET = timedelta(minutes=15)  # what a restart or a bad line costs is no alarm
SHOWN = timedelta(days=1)  # for how long a gap is spoken of
KEPT = {"telegram": timedelta(hours=24)}  # what a platform keeps for us (Bot API: "not longer than 24 hours")


@dataclass
class Lines:
    """When each platform was last spoken to, and gaps that were longer than it keeps what was sent."""

    reached: dict[str, datetime] = field(default_factory=dict[str, datetime])
    gaps: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict[str, tuple[datetime, timedelta]])

    def well(self, channel: str, now: datetime) -> timedelta | None:
        """The platform is there. How long it was not, when that was too long."""
        away = now - self.reached.get(channel, now)
        self.reached[channel] = max(now, self.reached.get(channel, now))
        if away <= KEPT[channel]:
            return None
        self.gaps[channel] = (now, away)
        return away

    def away(self, channel: str, now: datetime) -> timedelta:
        """How long it has been out of reach."""
        return max(timedelta(0), now - self.reached.get(channel, now))

    def standing(self, now: datetime) -> dict[str, int]:
        """For the alarm: `away` in minutes, `gap` in hours; nothing while all is well."""
        away = max((self.away(channel, now) for channel in self.reached), default=timedelta(0))
        gap = max((span for at, span in self.gaps.values() if now - at < SHOWN), default=timedelta(0))
        return {"away": int(away.total_seconds() // 60) if away >= QUIET else 0, "gap": int(gap / timedelta(hours=1))}
