"""What rules, or any score, would have been worth against what happened: alerts, hits, lead, load.

An *event* is what an alert should come before: an escalation, a cancellation, from outcomes in the
log or from a file of labels. An alert is a *hit* if the customer's next event comes within the
horizon. Rules are judged by the alerts they opened. A score is judged at a budget: the days of
customers it puts first, one alert each, as many as the budget allows; where it cannot tell which of
several come first, the figures are those to expect from drawing among them, so a constant is the
random baseline. What was seen at an event or within the horizon after it is *late*: it foretells
nothing and is no false alarm either, so it is left out of what was right and what was not.

Next step: `streams.worker.trial` makes the timelines, `nabz backtest` shows the report.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

DAY_MS: Final = 86_400_000
RANDOM: Final = "random"
BUDGETS: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Alerts per 100 customers and day at which scores are compared."""


class Fired(msgspec.Struct, frozen=True):
    """One episode of an alert.

    Attributes:
        closed_ms: None while open.
        relapses: How often it came back: relapsed while recovering, or was reopened.
        owner: Who is told, by the rule's labels.
        shadow: Told to nobody.
    """

    rule: str
    severity: str
    opened_ms: int
    closed_ms: int | None = None
    relapses: int = 0
    owner: str = ""
    shadow: bool = False


class Timeline(msgspec.Struct, frozen=True):
    """What was known of one customer, and what happened.

    Attributes:
        at_ms: Times at which scores changed, ascending.
        scores: Values of each score at these times, up is worse.
        fired: Episodes, oldest first.
        events: Times of events, ascending.
    """

    customer: str
    at_ms: tuple[int, ...]
    scores: Mapping[str, tuple[float, ...]]
    fired: tuple[Fired, ...] = ()
    events: tuple[int, ...] = ()


class Worth(msgspec.Struct, frozen=True):
    """How good so many alerts were.

    Attributes:
        alerts: How many that were not late; a fraction where they were drawn.
        precision: Share that were hits; None without alerts.
        recall: Share of events an alert came before; None without events.
        lead_ms: 10th, 50th and 90th percentile from the first alert to its event.
    """

    alerts: float
    precision: float | None
    recall: float | None
    lead_ms: tuple[int, int, int] | None


class Load(msgspec.Struct, frozen=True):
    """Alerts an owner was told of a day: mean over all days, and the most on one."""

    owner: str
    mean: float
    most: int


class OfRule(msgspec.Struct, frozen=True):
    """One rule: episodes by severity, how good they were, share that came back."""

    rule: str
    severities: dict[str, int]
    open: int
    worth: Worth
    flap_ratio: float


class Verdict(msgspec.Struct, frozen=True):
    """A set of rules, and scores beside it, over a stretch of time.

    Attributes:
        events: None where nobody said what happened: then nothing is said of precision either.
        worth: Of all alerts that were not in shadow.
        late: Alerts that were too late.
        false_alarm_ratio: Share of the customers without an event who were alerted all the same.
        rules: Each rule by itself, shadow included.
        equal: Worth of each score with as many alerts as the rules opened.
        budgets: The same at each of `BUDGETS`, by alerts per 100 customers and day.
        per_day: Start of a day in ms, and alerts told on it; days without are left out.
    """

    customers: int
    days: float
    horizon_ms: int
    events: int | None
    worth: Worth
    late: int
    false_alarm_ratio: float | None
    rules: tuple[OfRule, ...]
    loads: tuple[Load, ...]
    equal: dict[str, Worth]
    budgets: dict[float, dict[str, Worth]]
    per_day: tuple[tuple[int, int], ...]


class Drawn(msgspec.Struct, frozen=True):
    """A customer drawn for reading; `stands_for` so many who were not drawn, itself included."""

    customer: str
    peak: float
    stands_for: float


class _Unit(NamedTuple):
    """The worst moment of a customer's day, and the event that follows it within the horizon."""

    score: float
    at_ms: int
    event: tuple[str, int] | None


def judge(
    timelines: Sequence[Timeline], *, from_ms: int, to_ms: int, horizon_ms: int, labelled: bool
) -> Verdict:
    """Judge rules by their alerts, and scores at equal budgets.

    Args:
        timelines: One per customer.
        from_ms: The stretch looked at; what lies outside counts for nothing.
        to_ms: Its end.
        horizon_ms: How long before its event an alert may come and still be its alert.
        labelled: Somebody said what happened; without, precision and recall are None.
    """
    days = max(1.0, (to_ms - from_ms) / DAY_MS)
    timelines = [
        msgspec.structs.replace(one, events=tuple(at for at in one.events if at < to_ms))
        for one in timelines
    ]
    events = [
        (one.customer, at_ms)
        for one in timelines
        for at_ms in one.events
        if from_ms <= at_ms < to_ms
    ]
    fired = [
        (one, alert)
        for one in timelines
        for alert in one.fired
        if from_ms <= alert.opened_ms < to_ms
    ]
    told = [(one, alert) for one, alert in fired if not alert.shadow]
    by_rule: dict[str, list[tuple[Timeline, Fired]]] = defaultdict(list)
    for one, alert in fired:
        by_rule[alert.rule].append((one, alert))

    def worth(some: Iterable[tuple[Timeline, Fired]]) -> Worth:
        units = [
            _unit(one, alert.opened_ms, 0.0, horizon_ms)
            for one, alert in some
            if not _late(one, alert.opened_ms, horizon_ms)
        ]
        return _worth(units, len(units), len(events), labelled=labelled)

    names = sorted({name for one in timelines for name in one.scores} | {RANDOM})
    units = {name: _units(timelines, name, from_ms, to_ms, horizon_ms) for name in names}

    def at_budget(alerts: float) -> dict[str, Worth]:
        return {name: _worth(units[name], alerts, len(events), labelled=labelled) for name in names}

    of_rules = worth(told)
    return Verdict(
        customers=len(timelines),
        days=days,
        horizon_ms=horizon_ms,
        events=len(events) if labelled else None,
        worth=of_rules,
        late=sum(_late(one, alert.opened_ms, horizon_ms) for one, alert in told),
        false_alarm_ratio=_false_alarms(timelines, told) if labelled else None,
        rules=tuple(_of_rule(rule, some, worth(some)) for rule, some in sorted(by_rule.items())),
        loads=_loads([alert for _, alert in told], days),
        equal=at_budget(of_rules.alerts),
        budgets={each: at_budget(each / 100 * len(timelines) * days) for each in BUDGETS},
        per_day=tuple(
            (day * DAY_MS, count)
            for day, count in sorted(Counter(a.opened_ms // DAY_MS for _, a in told).items())
        ),
    )


def unalerted(
    timelines: Sequence[Timeline], score: str, *, count: int, seed: int, from_ms: int, to_ms: int
) -> list[Drawn]:
    """Draw customers without an alert, evenly over ten levels of their highest score.

    Args:
        timelines: One per customer.
        score: Which score, 0 to 100.
        count: How many to draw at most.
        seed: Another seed draws others; the same draws the same.
        from_ms: Only what was known, and alerted, from here on counts.
        to_ms: And before here.
    """
    levels: dict[int, list[tuple[int, str, float]]] = defaultdict(list)
    for one in timelines:
        seen = [
            value
            for at_ms, value in zip(one.at_ms, one.scores[score], strict=True)
            if from_ms <= at_ms < to_ms
        ]
        told = any(not a.shadow and from_ms <= a.opened_ms < to_ms for a in one.fired)
        if seen and not told:
            peak = max(seen)
            lot = crc32(f"{seed}/{one.customer}".encode("utf-8", "surrogatepass"))
            levels[min(9, max(0, int(peak // 10)))].append((lot, one.customer, peak))
    taken: dict[int, int] = dict.fromkeys(levels, 0)
    while sum(taken.values()) < min(count, sum(map(len, levels.values()))):
        open_levels = [level for level in levels if taken[level] < len(levels[level])]
        taken[min(open_levels, key=lambda level: (taken[level], -level))] += 1
    return [
        Drawn(customer, peak, len(levels[level]) / taken[level])
        for level in sorted(levels, reverse=True)
        for _, customer, peak in sorted(levels[level])[: taken[level]]
    ]


def _false_alarms(
    timelines: Iterable[Timeline], told: Iterable[tuple[Timeline, Fired]]
) -> float | None:
    calm = {one.customer for one in timelines if not one.events}
    alerted = {one.customer for one, _ in told} & calm
    return len(alerted) / len(calm) if calm else None


def _of_rule(rule: str, some: Sequence[tuple[Timeline, Fired]], worth: Worth) -> OfRule:
    alerts = [alert for _, alert in some]
    return OfRule(
        rule,
        dict(sorted(Counter(alert.severity for alert in alerts).items())),
        sum(alert.closed_ms is None for alert in alerts),
        worth,
        sum(alert.relapses > 0 for alert in alerts) / len(alerts),
    )


def _loads(alerts: Iterable[Fired], days: float) -> tuple[Load, ...]:
    by_owner: dict[str, Counter[int]] = defaultdict(Counter)
    for alert in alerts:
        by_owner[alert.owner][alert.opened_ms // DAY_MS] += 1
    return tuple(
        Load(owner, counts.total() / days, max(counts.values()))
        for owner, counts in sorted(by_owner.items())
    )


def _units(
    timelines: Iterable[Timeline], name: str, from_ms: int, to_ms: int, horizon_ms: int
) -> list[_Unit]:
    """The worst moment of each day of each customer, days cut in two by events."""
    found = []
    for one in timelines:
        scores = one.scores.get(name)
        worst: dict[tuple[int, int], tuple[float, int]] = {}
        for place, at_ms in enumerate(one.at_ms):
            if not from_ms <= at_ms < to_ms or _late(one, at_ms, horizon_ms):
                continue
            score = 0.0 if scores is None else scores[place]
            key = (at_ms // DAY_MS, bisect_right(one.events, at_ms))
            if key not in worst or score > worst[key][0]:
                worst[key] = (score, at_ms)
        found += [_unit(one, at_ms, score, horizon_ms) for score, at_ms in worst.values()]
    return found


def _late(one: Timeline, at_ms: int, horizon_ms: int) -> bool:
    place = bisect_right(one.events, at_ms)
    return place > 0 and at_ms - one.events[place - 1] <= horizon_ms


def _unit(one: Timeline, at_ms: int, score: float, horizon_ms: int) -> _Unit:
    place = bisect_right(one.events, at_ms)
    hit = place < len(one.events) and one.events[place] - at_ms <= horizon_ms
    return _Unit(score, at_ms, (one.customer, one.events[place]) if hit else None)


def _worth(units: Sequence[_Unit], alerts: float, events: int, *, labelled: bool) -> Worth:
    """Worth of the `alerts` units with the highest scores; ties are drawn by chance."""
    alerts = min(alerts, len(units))
    if not labelled or not alerts:
        recall = 0.0 if labelled and events else None
        return Worth(alerts, None, recall, None)
    ranked = sorted((unit.score for unit in units), reverse=True)
    cut = ranked[min(len(ranked), -int(-alerts // 1)) - 1]
    sure = [unit for unit in units if unit.score > cut]
    tied = [unit for unit in units if unit.score == cut]
    share = (alerts - len(sure)) / len(tied)
    hits = sum(unit.event is not None for unit in sure)
    hits_tied = sum(unit.event is not None for unit in tied) * share
    missed: dict[tuple[str, int], float] = {}
    first: dict[tuple[str, int], int] = {}
    for unit in (*sure, *tied):
        if unit.event is not None:
            chance = 1.0 if unit.score > cut else share
            missed[unit.event] = missed.get(unit.event, 1.0) * (1 - chance)
            first[unit.event] = min(first.get(unit.event, unit.at_ms), unit.at_ms)
    caught = sum(1 - chance for chance in missed.values())
    leads = sorted(event[1] - at_ms for event, at_ms in first.items())
    return Worth(
        alerts,
        (hits + hits_tied) / alerts,
        caught / events if events else None,
        _percentiles(leads) if leads else None,
    )


def _percentiles(values: Sequence[int]) -> tuple[int, int, int]:
    """10th, 50th and 90th percentile of ascending values, each one of them.

    >>> _percentiles(range(1, 101))
    (10, 50, 90)
    """
    low, middle, high = (
        values[max(0, -(-len(values) * share // 100) - 1)] for share in (10, 50, 90)
    )
    return low, middle, high


def third_complaints(
    complaints: Mapping[str, Sequence[int]], *, count: int = 3, within_ms: int = DAY_MS
) -> dict[str, int]:
    """When each customer complained so often in so short a time: a proxy for an escalation.

    Args:
        complaints: Times of complaints, ascending, by customer.
        count: How many make an event.
        within_ms: In how long.

    >>> third_complaints({"ann": [0, 5, 9], "bo": [0, 5, DAY_MS + 6]})
    {'ann': 9}
    """
    found = {}
    for customer, times in complaints.items():
        for place in range(count - 1, len(times)):
            since = bisect_left(times, times[place] - within_ms)
            if place - since + 1 >= count:
                found[customer] = times[place]
                break
    return found
