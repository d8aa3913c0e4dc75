"""What was seen in recorded events: for a person as tables, for a program as JSON.

Both are made of the same `Report`, which is built from public topics, the progress of ingest and
the counts of the fold; times are milliseconds since the epoch, scores and points hundredths.

Next step: none; `make demo REPORT=report.json` writes it down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from alerts.outputs import At, Contribution, HealthRow, Transition
from streams.cli.words import points, shown, utc
from streams.demo.folded import Folded
from streams.demo.phrases import quotes, reasons, who, whole
from streams.demo.picture import Picture, fired

BANDS: Final = ("critical", "at_risk", "watch", "healthy", "unknown")
_TOP: Final = 10


class SourceReport(msgspec.Struct, frozen=True):
    """One source, in the numbers of law 5.

    Records `read = appended + filtered + dead_lettered`; `events = folded + duplicate + failed`.
    """

    files: int
    read: int
    appended: int
    filtered: dict[str, int]
    dead_lettered: dict[str, int]
    events: int
    folded: int
    duplicate: int
    failed: int


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
        peak_e2: The worst score of its transitions.
        why: Contributions with quotes and coordinates, as they stood when it was worst.
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
        elapsed_ms: From the first record read to the last folded; `events_per_s_e2` over that time,
            in hundredths.
        finished: All files were read to their ends and all of it was folded.
        bands: Customers by band of health.
        raised: Alerts that fired, by rule; `closed` likewise.
        customers: The last row of each, scores and contributions included.
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


def report(picture: Picture, folded: Folded, *, elapsed_ms: int, finished: bool) -> Report:
    """Sum up what has been read."""
    alerts = tuple(_alerts(picture.transitions))
    rows = sorted(picture.rows.values(), key=lambda row: row.customer)
    bands = Counter(row.band for row in rows)
    sources = _sources(picture, folded)
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
    )


def _sources(picture: Picture, folded: Folded) -> dict[str, SourceReport]:
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
            files=len(parts),
            read=sum(one.counts.read for one in parts),
            appended=sum(one.counts.appended for one in parts),
            filtered=dict(sorted(filtered.items())),
            dead_lettered=dict(sorted(dead.items())),
            events=sum(one.counts.events for one in parts),
            folded=told["folded"][source],
            duplicate=told["duplicates"][source],
            failed=told["failed"][source],
        )
    return found


def _alerts(transitions: Iterable[Transition]) -> list[AlertReport]:
    """Episodes in the order they began."""
    episodes: dict[str, list[Transition]] = {}
    for one in transitions:
        episodes.setdefault(one.alert_id, []).append(one)
    return [_alert(changes) for changes in episodes.values()]


def _alert(changes: list[Transition]) -> AlertReport:
    last = changes[-1]
    firing = [one for one in changes if fired(one)]
    downwards = last.measure == "health"
    pick = min if downwards else max
    worst = pick(firing or changes, key=lambda one: one.score_e2)
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
        peak_e2=worst.score_e2,
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


# ---------------------------------------------------------------------- for a person


def tables(seen: Report) -> RenderableType:
    """The report as a person reads it: sources, customers, alerts, the worst of them."""
    parts: list[RenderableType] = [_source_table(seen), Text(""), _summary(seen)]
    fired_ = [one for one in seen.alerts if one.fired_ms is not None]
    if fired_:
        parts += [Text(""), _alert_table(fired_)]
    rows = [row for row in seen.customers if row.distress_e2]
    if rows:
        parts += [Text(""), _customer_table(rows)]
    return Group(*parts)


def _table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def _by_reason(counts: dict[str, int]) -> str:
    if not counts:
        return "0"
    return ", ".join(f"{count} {reason}" for reason, count in counts.items())


def _source_table(seen: Report) -> Table:
    numbers = ("files", "read", "appended", "events", "folded", "duplicate", "failed")
    table = _table(
        "source", "files", "read", "appended", "filtered", "dead letters", "events", "folded",
        "duplicate", "failed", right=numbers,
    )  # fmt: skip
    for name, one in seen.sources.items():
        table.add_row(
            Text(shown(name), "bold"),
            str(one.files),
            f"{one.read:,}",
            f"{one.appended:,}",
            _by_reason(one.filtered),
            _by_reason(one.dead_lettered),
            f"{one.events:,}",
            f"{one.folded:,}",
            f"{one.duplicate:,}",
            f"{one.failed:,}",
        )
    return table


def _summary(seen: Report) -> Text:
    bands = ", ".join(
        f"{count:,} {band.replace('_', ' ')}" for band, count in seen.bands.items() if count
    )
    raised, closed = sum(seen.raised.values()), sum(seen.closed.values())
    rules = ", ".join(
        f"{rule} {count} raised, {seen.closed.get(rule, 0)} closed"
        for rule, count in sorted(seen.raised.items())
    )
    text = Text()
    text.append(f"{len(seen.customers):,} customers", "bold")
    text.append(f": {bands}\n" if bands else "\n")
    text.append(f"{raised:,} alerts raised, {closed:,} closed", "bold")
    text.append(f": {rules}\n" if rules else "\n")
    text.append(f"{points(seen.events_per_s_e2)} events/s", "bold")
    text.append(f" over {seen.elapsed_ms / 1_000:.1f} s")
    if not seen.finished:
        text.append("\nstopped before the end: what is shown is incomplete", "yellow")
    return text


def _alert_table(alerts: list[AlertReport]) -> Table:
    table = _table(
        "fired (UTC)", "customer", "severity", "peak", "state", "in whose words", right=("peak",)
    )
    worst = sorted(alerts, key=lambda one: (one.severity != "critical", -one.peak_e2))[:_TOP]
    for one in worst:
        said = quotes(one.why, 1)
        colour = "red" if one.severity == "critical" else "yellow"
        table.add_row(
            utc(one.fired_ms if one.fired_ms is not None else one.since_ms),
            Text(shown(one.customer, 40), "bold"),
            Text(one.severity, colour),
            whole(one.peak_e2),
            one.closed_reason if one.closed_reason is not None else one.state,
            Text(f"“{shown(said[0].quote, 60)}”" if said else "", "italic"),
        )
    if len(alerts) > _TOP:
        table.caption = f"the {_TOP} gravest of {len(alerts)}; --report writes all"
        table.caption_justify = "left"
    return table


def _customer_table(rows: list[HealthRow]) -> Table:
    table = _table(
        "customer", "distress", "health", "band", "mostly because", right=("distress", "health")
    )
    worst = sorted(rows, key=lambda row: (-(row.distress_e2 or 0), row.customer))[:_TOP]
    for row in worst:
        table.add_row(
            Text(who(row.customer, row.name), "bold"),
            whole(row.distress_e2),
            whole(row.health_e2),
            row.band.replace("_", " "),
            ", ".join(reasons(row.distress)),
        )
    return table
