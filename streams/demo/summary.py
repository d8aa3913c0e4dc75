"""A report as a person reads it: the sums of each source, customers, alerts, the worst of both.

Next step: none; `nabz demo` ends with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from alerts.outputs import HealthRow
from streams.cli.words import place, points, shown, utc
from streams.demo.phrases import quotes, reasons, who, whole
from streams.demo.report import AlertReport, Aside, Late, Report, SourceReport

_TOP: Final = 10


def tables(seen: Report) -> RenderableType:
    """The report as a person reads it: sources, customers, alerts, the worst of them."""
    parts: list[RenderableType] = [_source(name, one) for name, one in seen.sources.items()]
    parts += [Text(""), _summary(seen)]
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


def _source(name: str, one: SourceReport) -> Text:
    """Law 5 of one source, as the two sums it is."""
    unit = "partition" if one.partitions == 1 else "partitions"
    filtered, dead = sum(one.filtered.values()), sum(one.dead_lettered.values())
    text = Text()
    text.append(shown(name), "bold")
    text.append(f"  {one.partitions} {unit}\n", "dim")
    text.append(
        f"  {one.read:,} read = {one.appended:,} appended"
        f" + {filtered:,} filtered{_by_reason(one.filtered)}"
        f" + {dead:,} dead letters{_by_reason(one.dead_lettered)}\n"
    )
    text.append(
        f"  {one.events:,} events = {one.folded:,} folded + {one.duplicate:,} duplicate"
        f" + {one.failed:,} failed"
    )
    for reason, places in one.first_dead.items():
        more = one.dead_lettered.get(reason, len(places)) - len(places)
        fields = ", ".join(sorted({shown(where.field, 40) for where in places if where.field}))
        text.append(f"\n  {reason}{f' ({fields})' if fields else ''}: {_places(places)}", "yellow")
        text.append(f" and {more:,} more" if more > 0 else "", "yellow")
    return text


def _places(places: Sequence[Aside]) -> str:
    """Where dead letters stand: lines by file, or coordinates.

    >>> _places((Aside("a.jsonl", 4, 0, 3, ""), Aside("a.jsonl", 17, 0, 16, "ts")))
    'a.jsonl lines 4, 17'
    >>> _places((Aside("t", None, 2, 16, ""),))
    't/2/16'
    """
    files: dict[str, list[str]] = {}
    for one in places:
        if one.line is not None:
            files.setdefault(one.topic, []).append(str(one.line))
    listed = [
        f"{shown(name)} {'line' if len(lines) == 1 else 'lines'} {', '.join(lines)}"
        for name, lines in files.items()
    ]
    listed += [place(one.topic, one.partition, one.offset) for one in places if one.line is None]
    return ", ".join(listed)


def _by_reason(counts: dict[str, int]) -> str:
    """Counts in brackets, nothing where there are none.

    >>> _by_reason({"not_json": 2}), _by_reason({})
    (' (2 not_json)', '')
    """
    listed = ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
    return f" ({listed})" if listed else ""


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
    unit = "alert" if raised == 1 else "alerts"
    text.append(f"{raised:,} {unit} raised, {closed:,} closed", "bold")
    text.append(f": {rules}\n" if rules else "\n")
    text.append(f"{points(seen.events_per_s_e2)} events/s", "bold")
    text.append(f" over {seen.elapsed_ms / 1_000:.1f} s, the start of the worker included")
    if seen.late.count:
        text.append(f"\n{_late(seen.late)}", "yellow")
    if not seen.finished:
        text.append("\nstopped before the end: what is shown is incomplete", "yellow")
    return text


def _late(late: Late) -> str:
    unit = "event" if late.count == 1 else "events"
    where = ", ".join(f"{shown(file)} line {line}" for file, line in late.first)
    more = ", .." if late.count > len(late.first) else ""
    return (
        f"{late.count:,} {unit} came later than `lateness` allows, as the lines of a file are not"
        f" in order of time ({where}{more}): times of alerts may be wrong; sort the file by time,"
        " or raise lateness"
    )


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
