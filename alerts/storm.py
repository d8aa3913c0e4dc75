"""A storm: a rule that opens many times more often than usual, after a change of configuration.

A slip in a threshold looks like hundreds of customers in distress within minutes. Who is told of
them learns nothing, and stops reading. So the openings of such a rule are held, as by the stop
button, and those who run nabz are told once; `nabz notifier release` lets go of what was right
after all. An end of something that was told is not held.

What a `Watch` knows is a function of transitions in their order, and what is usual of the last
`REMEMBERED` of them: a process that starts anew reads those again and decides as the one before it
would have, about any change among them. Each log partition
takes up a configuration at its own place, so transitions of the old one still arrive for a while;
the change is where the new one was first seen. The first configuration ever seen is no change:
there is nothing usual to compare with, and `nabz init` starts its rules in shadow.

Next step: `alerts.holds` keeps the openings back, `streams.notifier.desk` writes the hold.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from alerts.holds import Hold
from alerts.lifecycle import alert_id
from alerts.outputs import Transition
from alerts.pipeline_alert import about_nabz

RULE: Final = "opening-storm"
"""What routes, silences and holds call it; its labels are `kind: pipeline` and `rule`."""
OPENINGS: Final = "openings"
"""What it measures; the measure of no rule."""
REMEMBERED: Final = 20_000
"""Transitions a watch rests on: a week where 700 alerts open and end each day."""
WATCH_MS: Final = 2 * 3_600_000
"""After a change all rows are looked at within an hour; twice that is watched."""
_HOUR_MS: Final = 3_600_000
_USUAL_MS: Final = 168 * _HOUR_MS
_LEAST_MS: Final = 24 * _HOUR_MS
_OPENINGS: Final = frozenset({"raised", "red_flag", "held", "reopened", "relapsed", "escalated"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """When it is a storm, and how long its openings are held.

    Attributes:
        times: More than so many times the usual.
        within_ms: In so long.
        floor: Never with so few or fewer.
        hold_ms: What nobody releases is told in one digest after so long.
    """

    times: int = 10
    within_ms: int = 600_000
    floor: int = 20
    hold_ms: int = 4 * _HOUR_MS


class Storm(Struct, frozen=True):
    """One storm, or its end.

    Attributes:
        rule: The rule that opens.
        config_hash: The configuration it began under.
        changed_ms: When that was first seen in force.
        at_ms: Time of the opening that was one too many.
        openings: How many there were by then.
        most: How many would have been borne.
        within_ms: In so long.
        ended_ms: When its hold was over; null while it lasts.
    """

    rule: str
    config_hash: str
    changed_ms: int
    at_ms: int
    openings: int
    most: int
    within_ms: int
    ended_ms: int | None = None

    @property
    def name(self) -> str:
        """Id of its hold: the same whoever finds it, and another after each change."""
        return f"storm-{alert_id(self.fingerprint, self.at_ms)[:8]}"

    @property
    def fingerprint(self) -> str:
        """Identity of its alert; no customer's begins with `~`.

        >>> Storm("r", "c0ffee", 1, 2, 21, 20, 600_000).fingerprint
        '~storm|r|c0ffee|1'
        """
        return f"~storm|{self.rule}|{self.config_hash}|{self.changed_ms}"


class _Past(NamedTuple):
    """An opening that may count as usual; an empty rule for any other transition."""

    at_ms: int
    rule: str


@dataclass(slots=True)
class Watch:
    """What is usual, and what happens since the last change of configuration.

    Attributes:
        bounds: When it is a storm.
        past: The last transitions, in order of the topic.
        hashes: Configuration each log partition was last seen under.
        config_hash: The newest; None before the first transition.
        before: The one it took the place of.
        changed_ms: When it was first seen; None before the first change.
        since: Times of openings under it, by rule, ascending.
        storms: What it has led to, by rule.
    """

    bounds: Bounds = Bounds()
    past: deque[_Past] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    hashes: dict[int, str] = field(default_factory=dict)
    config_hash: str | None = None
    before: str | None = None
    changed_ms: int | None = None
    since: dict[str, list[int]] = field(default_factory=dict)
    storms: dict[str, Storm] = field(default_factory=dict)
    _usual: dict[str, tuple[int, int]] = field(default_factory=dict)
    _known: tuple[_Past, ...] = ()

    def saw(self, one: Transition) -> Storm | None:
        """Take the next transition; the storm, where this is the opening that is one too many."""
        self._adopt(one)
        opens = (
            one.notify
            and not one.shadow
            and not one.historical
            and one.after != "closed"
            and one.reason in _OPENINGS
        )
        watched = (
            self.changed_ms is not None
            and one.config_hash == self.config_hash
            and one.at_ms - self.changed_ms <= WATCH_MS
        )
        stormy = watched and one.rule in self.storms
        # What came in a storm is not usual.
        self.past.append(_Past(one.at_ms, one.rule if opens and not stormy else ""))
        if not (opens and watched) or stormy or self.changed_ms is None:
            return None
        times = self.since.setdefault(one.rule, [])
        insort(times, one.at_ms)
        first = bisect_right(times, one.at_ms - self.bounds.within_ms)
        count, most = bisect_right(times, one.at_ms) - first, self.most(one.rule)
        if count <= most:
            return None
        storm = Storm(
            one.rule, one.config_hash, self.changed_ms, one.at_ms, count, most,
            self.bounds.within_ms,
        )  # fmt: skip
        self.storms[one.rule] = storm
        return storm

    def most(self, rule: str) -> int:
        """How many openings of a rule are borne in the time that counts, since the last change."""
        openings, seen_ms = self._usual_of(rule)
        usual = self.bounds.times * openings * self.bounds.within_ms // seen_ms
        return max(self.bounds.floor, usual)

    def _usual_of(self, rule: str) -> tuple[int, int]:
        """Openings of a rule in the week before the change, and how much of it is known (ms)."""
        found = self._usual.get(rule)
        if found is None:
            changed_ms = 0 if self.changed_ms is None else self.changed_ms
            times = [one.at_ms for one in self._known]
            known_ms = changed_ms - min(times, default=changed_ms)
            openings = sum(
                one.rule == rule and changed_ms - _USUAL_MS <= one.at_ms < changed_ms
                for one in self._known
            )
            found = openings, min(_USUAL_MS, max(_LEAST_MS, known_ms))
            self._usual[rule] = found
        return found

    def _adopt(self, one: Transition) -> None:
        """Notice a change: a hash neither in force nor one that its partition still folds under."""
        last, self.hashes[one.log.partition] = (
            self.hashes.get(one.log.partition),
            one.config_hash,
        )
        if self.config_hash is None:
            self.config_hash = one.config_hash
        if one.config_hash == self.config_hash:
            return
        # A partition that comes late still speaks of the one before; one that goes back changes.
        if last == one.config_hash or (last is None and one.config_hash == self.before):
            return
        self.before, self.config_hash = self.config_hash, one.config_hash
        self.changed_ms = one.at_ms
        self.since, self.storms, self._usual = {}, {}, {}
        self._known = tuple(self.past)


def hold(storm: Storm, *, until_ms: int, ts_ms: int) -> Hold:
    """The hold of a storm: openings of its rule only; in the end one digest says what is left."""
    return Hold(
        until_ms=until_ms,
        rule=storm.rule,
        text=f"{storm.openings} openings after a change of configuration, {storm.most} are borne",
        actor="nabz",
        ts_ms=ts_ms,
        after="digest",
        only_openings=True,
    )


def ended(storm: Storm, now_ms: int) -> Storm:
    """Its hold is over."""
    return replace(storm, ended_ms=now_ms)


def said(
    found: Iterable[Storm], told: Mapping[str, Storm], holds: Mapping[str, Hold], now_ms: int
) -> tuple[Storm, ...]:
    """What there is to say: of each storm that is held, and of the end of each that was told.

    Args:
        found: Storms since the last change.
        told: Storms that were told of and whose end was not, by the id of their hold.
        holds: All holds that are known, by id.
        now_ms: The wall clock.

    Returns:
        What lasts comes as it was found, for channels that have not heard.
    """
    lasting = {name for name, one in holds.items() if one.lasts(now_ms)}
    return (
        *(one for one in found if one.name in lasting),
        *(ended(one, now_ms) for name, one in told.items() if name not in lasting),
    )


def transition(one: Storm) -> Transition:
    """The same for those who route and tell: how many openings takes the score's place."""
    over = one.ended_ms is not None
    return about_nabz(
        rule=RULE,
        fingerprint=one.fingerprint,
        seq=2 if over else 1,
        reason="hold_ended" if over else "raised",
        measure=OPENINGS,
        score_e2=one.openings * 100,
        cut_e2=one.most * 100,
        cause="opening_storm",
        begun_ms=one.at_ms,
        since_ms=one.changed_ms,
        opened_ms=one.at_ms,
        ended_ms=one.ended_ms,
        complete_to_ms=one.at_ms,
        labels={"rule": one.rule},
        config_hash=one.config_hash,
        replay="nabz notifier status",
    )
