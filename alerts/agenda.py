"""The morning list of an owner: who first, why, what is overdue, and where to look.

All open alerts of customers they own, or were given: what is overdue comes first, then the order of
`alerts.ranking`. It says how things stand when it is sent, in the owner's language, and days are
those of their time zone. Nothing open is nothing to say.

Next step: `streams.notifier.rounds` plans it in the morning, `alerts.channels` renders it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from alerts.message import (
    Link,
    Locale,
    Notification,
    causes,
    digits,
    duration,
    isolated,
    links_for,
    named,
    notification,
    plain,
    points,
    spoken_measure,
    standing_of,
)
from alerts.outputs import Transition
from alerts.people import Person, owner_of
from alerts.ranking import ranked
from alerts.standing import Standing
from alerts.texts import TEXTS
from scoring.calendar import DAY_MS, MINUTE_MS, Calendar, local_day, local_ms
from scoring.jalali import jalali

LISTED: Final = 20
PATIENCE_MS: Final = 4 * 60 * MINUTE_MS
"""A list that could not be planned for so long is not one of the morning any more."""


def due(hours: Calendar | None, at_min: int, now_ms: int) -> int | None:
    """The local day whose list is due, None where none is; a day without hours has no list.

    Args:
        hours: When the owner is there, with the time zone.
        at_min: Local time of the list, in minutes after midnight.
        now_ms: The time it is.

    >>> due(None, 480, 8 * 3_600_000), due(None, 480, 8 * 3_600_000 - 1)
    (0, None)
    """
    day = local_day(hours, now_ms)
    passed_ms = local_ms(hours, now_ms) - day * DAY_MS - at_min * MINUTE_MS
    closed = hours is not None and not hours.hours(day)
    return None if closed or not 0 <= passed_ms < PATIENCE_MS else day


def date(day: int, locale: Locale) -> str:
    """A date as it is written, solar Hijri in Persian.

    >>> date(19_802, "en")
    '2024-03-20'
    """
    if locale == "fa":
        year, month, of_month = jalali(day)
        return isolated(digits(f"{year}/{month:02}/{of_month:02}", locale), locale)
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}"


def agenda(
    standings: Iterable[Standing], person: Person, people: tuple[Person, ...]
) -> tuple[Standing, ...]:
    """What is open and theirs, what is to be done first first."""
    mine = {one.newest.alert_id: one for one in standings if _theirs(one.newest, person, people)}
    order = [place.key for place in ranked(standing_of(one.newest) for one in mine.values())]
    return tuple(sorted((mine[key] for key in order), key=lambda one: not one.newest.care.overdue))


def _theirs(one: Transition, person: Person, people: tuple[Person, ...]) -> bool:
    if one.care.assignee is not None:
        return one.care.assignee == person.name
    found = owner_of(one, people, one.at_ms)
    return found is not None and found.owner.name == person.name


def morning(
    items: Sequence[Standing],
    *,
    day: int,
    notification_id: str,
    alert_id: str,
    channel: str,
    locale: Locale,
    links: Mapping[str, str],
    now_ms: int,
) -> Notification:
    """The list as a message.

    Args:
        items: What is open, at least one, what is to be done first first.
        day: The local day it is for.
        notification_id: Of the message.
        alert_id: The message's own.
        channel: Name of the channel.
        locale: Language of the owner.
        links: Address templates by name; the first that an alert fills in is its link.
        now_ms: The wall clock.
    """
    texts, first = TEXTS[locale], items[0].newest
    shown = items[:LISTED]
    lines = [_line(number, one, locale, now_ms) for number, one in enumerate(shown, 1)]
    if len(items) > LISTED:
        lines.append(texts.more.format(n=digits(str(len(items) - LISTED), locale)))
    title = texts.morning.format(date=date(day, locale), n=digits(str(len(items)), locale))
    found = [(one.newest.customer, links_for(one.newest, links)) for one in shown]
    return replace(
        notification(first, channel=channel, locale=locale),
        notification_id=notification_id,
        alert_id=alert_id,
        fingerprint=alert_id,
        seq=day,
        kind="list",
        reason="morning",
        title=title,
        lines=tuple(lines),
        links=tuple(Link(plain(who), of[0].url) for who, of in found if of),
        why="nabz top",
        at_ms=now_ms,
        members=tuple(plain(one.newest.alert_id) for one in shown),
    )


def _line(number: int, standing: Standing, locale: Locale, now_ms: int) -> str:
    texts, one, base = TEXTS[locale], standing.newest, standing.base
    said = causes(one, locale)
    line = texts.morning_line.format(
        n=digits(str(number), locale),
        severity=texts.severities.get(one.severity, plain(one.severity)),
        who=named(one, locale),
        causes=texts.comma.join(said),
        measure=spoken_measure(one, locale),
        score=digits(str(points(one.score_e2)), locale),
        duration=duration(
            now_ms - (base.at_ms if one.opened_ms is None else one.opened_ms), locale
        ),
    )
    parts = [line]
    if one.care.overdue and one.care.due_at_ms is not None:
        parts.append(texts.overdue.format(duration=duration(now_ms - one.care.due_at_ms, locale)))
    if not standing.taken:
        parts.append(texts.untaken)
    return texts.comma.join(parts)
