"""What was seen, as one value: counts, alerts with their evidence, the last scores of everybody.

Built from public topics, the progress of ingest and the counts of the fold; times are milliseconds
since the epoch, scores and points hundredths. `nabz demo --report FILE` writes it as JSON.

Next step: `streams.demo.summary` shows it to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from alerts.outputs import At, Contribution, HealthRow, Transition
from streams.demo.folded import Folded
from streams.demo.picture import Picture, fired

BANDS: Final = ("critical", "at_risk", "watch", "healthy", "unknown")


class Aside(msgspec.Struct, frozen=True):
    """Where a record stands that was put aside.

    Attributes:
        topic: File, or topic.
        line: Line of the file, the first one being 1; None for a topic.
        partition: Of the topic, or number of the file; `offset` likewise, from 0.
        field: What it is about, empty where it is the whole record.
    """

    topic: str
    line: int | None
    partition: int
    offset: int
    field: str


class Late(msgspec.Struct, frozen=True):
    """Events that came too late for what had been decided by then.

    Attributes:
        count: How many were older than what counted as read when they came.
        first: Where the first of them stand: file and line, the first one being 1.
    """

    count: int = 0
    first: tuple[tuple[str, int], ...] = ()


class SourceReport(msgspec.Struct, frozen=True):
    """One source, in the numbers of law 5.

    Records `read = appended + filtered + dead_lettered`; `events = folded + duplicate + failed`.

    Attributes:
        partitions: Of the topic, or files.
        first_dead: The first five dead letters of each reason.
    """

    partitions: int
    read: int
    appended: int
    filtered: dict[str, int]
    dead_lettered: dict[str, int]
    events: int
    folded: int
    duplicate: int
    failed: int
    first_dead: dict[str, tuple[Aside, ...]] = {}


class Change(msgspec.Struct, frozen=True):
    """One transition of an alert."""

    at_ms: int
    before: str
    after: str
    reason: str
    severity: str
    score_e2: int
    notify: bool
    log: At


class AlertReport(msgspec.Struct, frozen=True):
    """One episode of a rule for a customer.

    Attributes:
        since_ms: When the condition began to hold; `fired_ms` when it first fired, None if never.
        peak_e2: The worst score while it was open, between its transitions too.
        why: Contributions with quotes and coordinates, as they stood at the worst transition.
        changes: All its transitions in order.
        replay: Command that derives the transition it fired with again.
    """

    alert_id: str
    fingerprint: str
    customer: str
    rule: str
    measure: str
    severity: str
    state: str
    closed_reason: str | None
    since_ms: int
    fired_ms: int | None
    closed_ms: int | None
    peak_e2: int
    historical: bool
    why: tuple[Contribution, ...]
    changes: tuple[Change, ...]
    replay: str


class Report(msgspec.Struct, frozen=True):
    """All that was seen.

    Attributes:
        elapsed_ms: From the start of the worker to the last row that changed; `events_per_s_e2`
            over that time, in hundredths.
        finished: All files were read to their ends and all of it was folded.
        bands: Customers by band of health.
        raised: Alerts that fired, by rule; `closed` likewise.
        customers: The last row of each, scores and contributions included.
        late: Events of files that are not in order of time.
    """

    finished: bool
    elapsed_ms: int
    events_per_s_e2: int
    complete_to_ms: int
    config_hash: str
    sources: dict[str, SourceReport]
    bands: dict[str, int]
    raised: dict[str, int]
    closed: dict[str, int]
    alerts: tuple[AlertReport, ...]
    customers: tuple[HealthRow, ...]
    late: Late = Late()


def report(
    picture: Picture,
    folded: Folded,
    *,
    elapsed_ms: int,
    finished: bool,
    files: Collection[str] = (),
    late: Late | None = None,
) -> Report:
    """Sum up what has been read; `files` are the names of sources that are files."""
    open_ = {one.customer for one in picture.open_alerts()}
    peaks = picture.peaks | folded.peaks(open_)
    alerts = tuple(_alerts(picture.transitions, peaks))
    rows = sorted(picture.rows.values(), key=lambda row: row.customer)
    bands = Counter(row.band for row in rows)
    sources = _sources(picture, folded, files)
    events = sum(one.events for one in sources.values())
    force = picture.control.in_force
    return Report(
        finished=finished,
        elapsed_ms=elapsed_ms,
        events_per_s_e2=events * 100_000 // elapsed_ms if elapsed_ms > 0 else 0,
        complete_to_ms=picture.control.complete_to_ms(sources),
        config_hash="" if force is None else force.hash,
        sources=sources,
        bands={band: bands[band] for band in BANDS},
        raised=dict(Counter(one.rule for one in alerts if one.fired_ms is not None)),
        closed=dict(
            Counter(
                one.rule for one in alerts if one.fired_ms is not None and one.closed_ms is not None
            )
        ),
        alerts=alerts,
        customers=tuple(rows),
        late=Late() if late is None else late,
    )


def _sources(picture: Picture, folded: Folded, files: Collection[str]) -> dict[str, SourceReport]:
    found: dict[str, SourceReport] = {}
    told = {name: folded.count(name) for name in ("folded", "duplicates", "failed")}
    progress = picture.progress()
    for source in sorted({one.source for one in progress}):
        parts = [one for one in progress if one.source == source]
        filtered: Counter[str] = Counter()
        dead: Counter[str] = Counter()
        for one in parts:
            filtered.update(one.counts.filtered)
            dead.update(one.counts.dead_lettered)
        found[source] = SourceReport(
            partitions=len(parts),
            read=sum(one.counts.read for one in parts),
            appended=sum(one.counts.appended for one in parts),
            filtered=dict(sorted(filtered.items())),
            dead_lettered=dict(sorted(dead.items())),
            events=sum(one.counts.events for one in parts),
            folded=told["folded"][source],
            duplicate=told["duplicates"][source],
            failed=told["failed"][source],
            first_dead={
                reason: tuple(
                    Aside(topic, offset + 1 if source in files else None, partition, offset, field)
                    for topic, partition, offset, field in places
                )
                for (name, reason), places in sorted(picture.aside.items())
                if name == source
            },
        )
    return found


def _alerts(transitions: Iterable[Transition], peaks: Mapping[str, int]) -> list[AlertReport]:
    """Episodes in the order they began."""
    episodes: dict[str, list[Transition]] = {}
    for one in transitions:
        episodes.setdefault(one.alert_id, []).append(one)
    return [_alert(changes, peaks) for changes in episodes.values()]


def _alert(changes: list[Transition], peaks: Mapping[str, int]) -> AlertReport:
    last = changes[-1]
    firing = [one for one in changes if fired(one)]
    downwards = last.measure == "health"
    pick = min if downwards else max
    worst = pick(firing or changes, key=lambda one: one.score_e2)
    peak_e2 = pick(worst.score_e2, peaks.get(last.alert_id, worst.score_e2))
    first = firing[0] if firing else changes[0]
    closed = last.after == "closed"
    severities = {one.severity for one in firing or changes}
    return AlertReport(
        alert_id=last.alert_id,
        fingerprint=last.fingerprint,
        customer=last.customer,
        rule=last.rule,
        measure=last.measure,
        severity="critical" if "critical" in severities else last.severity,
        state=last.after,
        closed_reason=last.reason if closed else None,
        since_ms=first.since_ms,
        fired_ms=firing[0].at_ms if firing else None,
        closed_ms=last.at_ms if closed else None,
        peak_e2=peak_e2,
        historical=any(one.historical for one in changes),
        why=worst.why,
        changes=tuple(
            Change(
                at_ms=one.at_ms,
                before=one.before,
                after=one.after,
                reason=one.reason,
                severity=one.severity,
                score_e2=one.score_e2,
                notify=one.notify,
                log=one.log,
            )
            for one in changes
        ),
        replay=first.replay,
    )


def encode(seen: Report) -> bytes:
    """The report as JSON, a stable order of keys and two blanks of indent."""
    return msgspec.json.format(msgspec.json.encode(seen), indent=2) + b"\n"
