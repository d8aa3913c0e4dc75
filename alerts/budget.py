"""How many openings readers bear before they stop reading: a channel's budget, an owner's day.

More openings than `most` within the window begin a flood; it ends when fewer than `few` are left in
the window. In between only critical ones go out by themselves, the rest in one digest a window. All
of it is a function of when openings were planned, which the delivery records say, so a restart goes
on where the last process stopped.
An owner's day has one edge: what is more comes in one digest the next day.
Source: ten alarms in ten minutes per operator, ANSI/ISA-18.2 (2016), flood from 10 until below 5.

Next step: `alerts.pipeline` asks whether a channel is flooded.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

WINDOW_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class Budget:
    """What a channel bears.

    Attributes:
        most: One opening more within the window begins a flood; at least 1.
        window_ms: Length of the window, and time between two digests.
    """

    most: int = 10
    window_ms: int = WINDOW_MS

    @property
    def few(self) -> int:
        """A flood ends when fewer than these are left in the window.

        >>> Budget(10).few, Budget(1).few
        (5, 1)
        """
        return max(1, self.most // 2)


@dataclass(slots=True)
class Meter:
    """One channel's openings as they are planned, times in order.

    Attributes:
        budget: What the channel bears.
        times_ms: When the openings of the last window were planned.
        since_ms: When the present flood began, None without one.
        told_ms: When the last digest was planned, None if there was none.
    """

    budget: Budget
    times_ms: deque[int] = field(default_factory=deque)
    since_ms: int | None = None
    told_ms: int | None = None

    def flooded(self, now_ms: int) -> bool:
        """Is there a flood? Forgets what has left the window.

        >>> meter = Meter(Budget(2, 10))
        >>> [meter.arrived(time_ms) for time_ms in (1, 2, 3)]
        [False, False, True]
        >>> meter.flooded(12), meter.flooded(13)
        (True, False)
        """
        while self.times_ms and now_ms - self.times_ms[0] >= self.budget.window_ms:
            self.times_ms.popleft()
            if len(self.times_ms) < self.budget.few:
                self.since_ms = None
        return self.since_ms is not None

    def arrived(self, now_ms: int) -> bool:
        """Count an opening, and say whether it is one of a flood.

        Times that run backwards count as the newest one.
        """
        newest_ms = max(now_ms, self.times_ms[-1]) if self.times_ms else now_ms
        self.flooded(newest_ms)
        self.times_ms.append(newest_ms)
        if self.since_ms is None and len(self.times_ms) > self.budget.most:
            self.since_ms = newest_ms
        return self.since_ms is not None

    def digest_due(self, now_ms: int) -> bool:
        """May what was kept back be told? Once a window during a flood, at once after it."""
        if not self.flooded(now_ms) or self.since_ms is None:
            return True
        last_ms = self.since_ms if self.told_ms is None else max(self.since_ms, self.told_ms)
        return now_ms - last_ms >= self.budget.window_ms


@dataclass(slots=True)
class Day:
    """What one owner has been told today; however often, and where, an alert counts once.

    Attributes:
        most: Alerts a day bears.
        day: Which day it is, as a number.
        told: Ids of alerts.
    """

    most: int
    day: int = -1
    told: set[str] = field(default_factory=set)

    def full(self, alert_id: str, day: int) -> bool:
        """Is the day full without this alert? If not, it is one of the day's from now on.

        >>> today = Day(2)
        >>> [today.full(name, 1) for name in ("a", "b", "c", "a")], today.full("c", 2)
        ([False, False, True, False], False)
        """
        if day > self.day:
            self.day, self.told = day, set()
        if alert_id in self.told:
            return False
        if len(self.told) >= self.most:
            return True
        self.told.add(alert_id)
        return False
