"""How long each platform has been out of reach. Telegram keeps what citizens send for a day; then it is gone.
WeCom promises to keep nothing: its silence is told to staff, who have the staff room meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

QUIET = timedelta(minutes=15)  # what a restart or a bad line costs is no alarm
SHOWN = timedelta(days=1)  # for how long a gap is spoken of
KEPT = {"telegram": timedelta(hours=24)}  # what a platform keeps for us (Bot API: "not longer than 24 hours")
STAFF_ONLY = frozenset({"wecom"})
REACHED = "reached:"  # the name of the number in the store that says when a platform was there


@dataclass
class Lines:
    """When each platform was last spoken to, and gaps that were longer than it keeps what was sent.

    Only one of several processes speaks to a platform; the others read what it noted.
    """

    reached: dict[str, datetime] = field(default_factory=dict[str, datetime])
    gaps: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict[str, tuple[datetime, timedelta]])

    def expect(self, channel: str, now: datetime) -> None:
        """A platform is set up: from now on its silence is one."""
        self.reached.setdefault(channel, now)

    def noted(self, channel: str, at: datetime) -> None:
        """It was there at that time, some process says."""
        self.reached[channel] = max(at, self.reached.get(channel, at))

    def well(self, channel: str, now: datetime) -> timedelta | None:
        """The platform is there. How long it was not, when that was too long."""
        away = now - self.reached.get(channel, now)
        self.noted(channel, now)
        if away <= KEPT.get(channel, timedelta.max):
            return None
        self.gaps[channel] = (now, away)
        return away

    def away(self, channel: str, now: datetime) -> timedelta:
        """How long it has been out of reach."""
        return max(timedelta(0), now - self.reached.get(channel, now))

    def standing(self, now: datetime) -> dict[str, int]:
        """For the alarm: `away` (citizens) and `staff_away` in minutes, `gap` in hours; 0 while all is well."""
        staff = self._longest(STAFF_ONLY & self.reached.keys(), now)
        citizens = self._longest(self.reached.keys() - STAFF_ONLY, now)
        gap = max((span for at, span in self.gaps.values() if now - at < SHOWN), default=timedelta(0))
        return {"away": citizens, "staff_away": staff, "gap": int(gap / timedelta(hours=1))}

    def _longest(self, channels: Collection[str], now: datetime) -> int:
        away = max((self.away(channel, now) for channel in channels), default=timedelta(0))
        return int(away.total_seconds() // 60) if away >= QUIET else 0
