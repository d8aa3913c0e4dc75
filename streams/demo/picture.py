"""What the public topics have said so far: customers, alerts, counts. The demo shows nothing else.

A `Picture` is fed records of three topics and answers questions; it reads no clock and writes
nothing. As every reader should, it drops what is not newer than what it has: after a crash a worker
publishes its last outputs again.

Next step: `streams.demo.board` draws it, `streams.demo.lines` says what changed,
`streams.demo.report` sums it up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec

from alerts.outputs import AlertRow, HealthRow, Heartbeat, Transition
from streams.control import Control, Progress
from streams.dead_letters import DeadLetter
from streams.topics import ALERTS, CONTROL, DEAD_LETTERS, HEALTH, TRANSITIONS

FOLLOWED: Final = (HEALTH, TRANSITIONS, ALERTS, CONTROL, DEAD_LETTERS)
"""The topics a picture is made of."""

_COMMANDS: Final = "commands"
_TREND_MS: Final = 20_000
_TRAIL: Final = 64
_PUT_ASIDE: Final = 5

Aside = tuple[str, int, int, str]
"""Topic or file, partition or number of the file, offset or line from 0, field."""


class Trail:
    """Distress of one customer over the last 20 seconds, for an arrow."""

    def __init__(self) -> None:
        """Begin."""
        self._points: deque[tuple[int, int]] = deque(maxlen=_TRAIL)

    def add(self, as_of_ms: int, distress_e2: int) -> None:
        """Remember a score."""
        self._points.append((as_of_ms, distress_e2))

    def change_e2(self, now_ms: int) -> int:
        """Distress now minus 20 seconds ago; before the first score it was 0.

        >>> trail = Trail()
        >>> trail.add(0, 3_000); trail.add(15_000, 5_000)
        >>> trail.change_e2(15_000), trail.change_e2(30_000), trail.change_e2(90_000)
        (5000, 2000, 0)
        """
        if not self._points:
            return 0
        before = 0
        for as_of_ms, distress_e2 in self._points:
            if as_of_ms <= now_ms - _TREND_MS:
                before = distress_e2
        return self._points[-1][1] - before


class Picture:
    """Customers and alerts as published.

    Attributes:
        rows: The newest health row of each customer.
        trails: Their distress over the last 20 seconds.
        transitions: Every transition, in the order it was read.
        newest: The newest transition of each alert, by fingerprint.
        control: Configurations and progress.
        heartbeats: The newest of each log partition.
        peaks: The worst score of each alert as of its newest transition, by its id.
        aside: The first places of dead letters, by source and reason, at most five of each.
        unreadable: Records that are no value of their topic.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.rows: dict[str, HealthRow] = {}
        self.trails: dict[str, Trail] = {}
        self.transitions: list[Transition] = []
        self.newest: dict[str, Transition] = {}
        self.control = Control()
        self.heartbeats: dict[int, Heartbeat] = {}
        self.peaks: dict[str, int] = {}
        self.aside: dict[tuple[str, str], list[Aside]] = {}
        self.unreadable = 0
        self._moved: dict[str, int] = {}
        self._row = msgspec.json.Decoder(HealthRow)
        self._beat = msgspec.json.Decoder(Heartbeat)
        self._transition = msgspec.json.Decoder(Transition)
        self._alert = msgspec.json.Decoder(AlertRow)
        self._letter = msgspec.json.Decoder(DeadLetter)

    def take(self, topic: str, key: bytes | None, value: bytes | None) -> Transition | None:
        """Take one record; a transition that is news is returned."""
        try:
            if topic == HEALTH and key is not None:
                self._take_health(key, value)
            elif topic == TRANSITIONS and value is not None:
                return self._take_transition(self._transition.decode(value))
            elif topic == ALERTS and value is not None:
                self._take_alert(self._alert.decode(value))
            elif topic == CONTROL:
                self.control.apply(key, value)
            elif topic == DEAD_LETTERS and value is not None:
                self._take_letter(self._letter.decode(value))
        except (msgspec.DecodeError, ValueError):
            self.unreadable += 1
        return None

    def _take_health(self, key: bytes, value: bytes | None) -> None:
        name = key.decode("utf-8", "replace")
        if value is None:
            self.rows.pop(name, None)
            self.trails.pop(name, None)
        elif name.startswith("~") and name[1:].isdigit():
            self.heartbeats[int(name[1:])] = self._beat.decode(value)
        else:
            row = self._row.decode(value)
            held = self.rows.get(name)
            if held is not None and _order(held) >= _order(row):
                return
            self.rows[name] = row
            if row.distress_e2 is not None:
                self.trails.setdefault(name, Trail()).add(row.as_of_ms, row.distress_e2)

    def _take_transition(self, one: Transition) -> Transition | None:
        held = self.newest.get(one.fingerprint)
        if held is not None and held.seq >= one.seq:
            return None
        self.newest[one.fingerprint] = one
        self.transitions.append(one)
        return one

    def _take_alert(self, one: AlertRow) -> None:
        if one.alert_id and one.seq > self._moved.get(one.alert_id, -1):
            self._moved[one.alert_id] = one.seq
            self.peaks[one.alert_id] = one.peak_e2

    def _take_letter(self, one: DeadLetter) -> None:
        places = self.aside.setdefault((one.source, one.reason), [])
        place = one.topic, one.partition, one.offset, one.field
        if place not in places:
            places[:] = sorted([*places, place])[:_PUT_ASIDE]

    def worst(self) -> list[HealthRow]:
        """Customers by distress, the most distressed first, those at rest left out."""
        rows = [row for row in self.rows.values() if row.distress_e2]
        return sorted(rows, key=lambda row: (-(row.distress_e2 or 0), row.customer))

    def open_alerts(self) -> list[Transition]:
        """Alerts somebody was told of that are not over, the newest last."""
        found = [one for one in self.newest.values() if one.after in {"firing", "recovering"}]
        return sorted(found, key=lambda one: one.at_ms)

    def closed(self) -> int:
        """How many alerts are over."""
        return sum(one.after == "closed" for one in self.newest.values())

    def progress(self) -> list[Progress]:
        """How far the sources of events have been read; replays and commands are none of them."""
        return [
            one
            for one in self.control.progress.values()
            if one.epoch == 0 and one.source != _COMMANDS
        ]

    def read(self) -> int:
        """Records of all sources read."""
        return sum(one.counts.read for one in self.progress())

    def appended(self) -> int:
        """Events of all sources appended to the customer log."""
        return sum(one.counts.events for one in self.progress())


def fired(one: Transition) -> bool:
    """Does an alert begin, get worse or come back with this transition?

    A change from firing to firing is told too: it got worse, or better.
    """
    return one.after == "firing"


def firsts(transitions: list[Transition]) -> Iterator[Transition]:
    """The transition with which each episode first fired."""
    seen: set[str] = set()
    for one in transitions:
        if fired(one) and one.alert_id not in seen:
            seen.add(one.alert_id)
            yield one


def _order(row: HealthRow) -> tuple[int, int, int]:
    return row.log.epoch, row.log.offset, row.version
