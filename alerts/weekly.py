"""The week as the lead sees it: what opened, what people did about it, and what is on the rise.

Counted from transitions alone. An alert belongs to the week it opened in; what people did about it
counts until the report is made. Somebody acted if anybody took, handled or judged it; it was
ignored if it ended without; it was late if it was overdue once. A verdict says that it was right
unless it says that there was no distress or that words were misread. What rises is counted by the
strongest reason of an opening, this week and the week before.

Next step: `streams.notifier.rounds` reads two weeks and plans the message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec.structs import replace

from alerts.agenda import date, due
from alerts.message import (
    Locale,
    Notification,
    digits,
    isolated,
    notification,
    plain,
    reason_code,
)
from alerts.outputs import Transition
from alerts.people import Person
from alerts.pipeline_alert import about_nabz
from alerts.texts import TEXTS
from scoring.calendar import DAY_MS, local_ms
from scoring.records import WRONG

WEEK_MS: Final = 7 * DAY_MS
_THURSDAY: Final = 3  # 1970-01-01, Monday being 0
RISES_BY: Final = 3
"""A reason rises that opened so many more alerts than in the week before."""
LISTED: Final = 3
"""Reasons that are named."""
_OPENS: Final = frozenset({"raised", "red_flag", "held", "reopened"})
_ACTS: Final = frozenset({"acked", "snoozed", "manual", "assigned", "handled", "disagreed"})
_JUDGES: Final = frozenset({"handled", "disagreed"})


@dataclass(frozen=True, slots=True)
class Weekly:
    """Who gets the report, and when.

    Attributes:
        person: Whose language, time zone and first channel it has.
        weekday: Local day, 0 for Monday.
        at_min: Local time, in minutes after midnight.
    """

    person: Person
    weekday: int = 0
    at_min: int = 540

    def due(self, now_ms: int) -> int | None:
        """The local day whose report is due, None where none is.

        >>> report = Weekly(Person("lea", ("chat",)), weekday=3)  # 1970-01-01 was a Thursday
        >>> report.due(9 * 3_600_000), report.due(DAY_MS + 9 * 3_600_000)
        (0, None)
        """
        day = due(None, self.at_min, local_ms(self.person.hours, now_ms))
        return None if day is None or (day + _THURSDAY) % 7 != self.weekday else day


@dataclass(slots=True)
class _Alert:
    rule: str
    acted: bool = False
    ended: bool = False
    late: bool = False
    verdict: str | None = None


class OfRule(NamedTuple):
    """What became of the alerts of one rule."""

    opened: int
    acted: int
    ignored: int
    late: int
    right: int
    said: int


@dataclass(frozen=True, slots=True)
class Report:
    """A week.

    Attributes:
        from_ms: Its beginning; it ends `WEEK_MS` later.
        rules: By rule, in their order.
        rising: Reason, openings this week, and in the week before; the steepest first.
    """

    from_ms: int
    rules: dict[str, OfRule] = field(default_factory=dict)
    rising: tuple[tuple[str, int, int], ...] = ()

    @property
    def opened(self) -> int:
        """Alerts that opened."""
        return sum(one.opened for one in self.rules.values())


def report(transitions: Iterable[Transition], *, from_ms: int) -> Report:
    """Count a week.

    Args:
        transitions: In their order, from a week before it on; what was told twice counts once.
        from_ms: When it begins.
    """
    alerts: dict[str, _Alert] = {}
    before: Counter[str] = Counter()
    now: Counter[str] = Counter()
    seen: dict[str, tuple[int, int]] = {}
    opened: set[str] = set()
    for one in transitions:
        place = (one.log.epoch, one.seq)
        if place <= seen.get(one.fingerprint, (-1, -1)) or one.shadow or one.historical:
            continue
        seen[one.fingerprint] = place
        if one.notify and one.reason in _OPENS and one.alert_id not in opened:
            opened.add(one.alert_id)
            code = reason_code(one) or plain(one.measure)
            if from_ms - WEEK_MS <= one.at_ms < from_ms:
                before[code] += 1
            elif from_ms <= one.at_ms < from_ms + WEEK_MS:
                now[code] += 1
                alerts[one.alert_id] = _Alert(one.rule)
        if (alert := alerts.get(one.alert_id)) is not None:
            _happened(alert, one)
    names = sorted({one.rule for one in alerts.values()})
    rises = [
        (code, count, before[code])
        for code, count in now.items()
        if count - before[code] >= RISES_BY
    ]
    rises.sort(key=lambda one: (one[2] - one[1], one[0]))
    rules = {name: _of_rule(name, alerts.values()) for name in names}
    return Report(from_ms, rules, tuple(rises[:LISTED]))


def _happened(alert: _Alert, one: Transition) -> None:
    care = one.care
    alert.acted |= one.reason in _ACTS or care.taken
    alert.ended |= one.after == "closed"
    alert.late |= care.overdue
    if one.reason in _JUDGES:  # another's may be one on an earlier episode
        alert.verdict = care.verdict


def _of_rule(rule: str, alerts: Iterable[_Alert]) -> OfRule:
    mine = [one for one in alerts if one.rule == rule]
    said = [one.verdict for one in mine if one.verdict is not None]
    return OfRule(
        opened=len(mine),
        acted=sum(one.acted for one in mine),
        ignored=sum(one.ended and not one.acted for one in mine),
        late=sum(one.late for one in mine),
        right=sum(one not in WRONG for one in said),
        said=len(said),
    )


def weekly(
    found: Report,
    *,
    day: int,
    notification_id: str,
    alert_id: str,
    channel: str,
    locale: Locale,
    now_ms: int,
) -> Notification:
    """The report as a message.

    Args:
        found: What was counted.
        day: Local day it is made on; the week is the seven before it.
        notification_id: Of the message.
        alert_id: The message's own.
        channel: Name of the channel.
        locale: Language of the lead.
        now_ms: The wall clock.
    """
    texts = TEXTS[locale]

    def said(template: str, **facts: str | int) -> str:
        shown = {
            name: digits(str(fact), locale) if isinstance(fact, int) else fact
            for name, fact in facts.items()
        }
        return template.format(**shown)

    lines = []
    for rule, of in found.rules.items():
        name = isolated(plain(rule), locale)
        lines.append(
            said(
                texts.weekly_line, rule=name, opened=of.opened, acted=of.acted,
                ignored=of.ignored, late=of.late,
            )
        )  # fmt: skip
        if of.said:
            lines.append(said(texts.weekly_verdicts, rule=name, right=of.right, said=of.said))
    for code, now, before in found.rising:
        reason = texts.causes.get(code, isolated(code.replace("_", " "), locale))
        lines.append(said(texts.weekly_rising, reason=reason, now=now, before=before))
    title = said(
        texts.weekly, since=date(day - 7, locale), until=date(day - 1, locale), opened=found.opened
    )
    about = about_nabz(
        rule="weekly", fingerprint=alert_id, seq=day, reason="weekly", measure="openings",
        score_e2=found.opened * 100, cut_e2=0, cause="weekly", begun_ms=found.from_ms,
        since_ms=found.from_ms, opened_ms=now_ms, ended_ms=None, complete_to_ms=now_ms,
        labels={"rule": "weekly"}, config_hash="", replay="nabz tail transitions",
    )  # fmt: skip
    return replace(
        notification(about, channel=channel, locale=locale),
        notification_id=notification_id,
        alert_id=alert_id,
        kind="list",
        severity="warning",
        title=title,
        lines=tuple(lines) if lines else (texts.weekly_nothing,),
    )
