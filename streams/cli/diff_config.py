"""`nabz diff-config`: whose band or alerts another configuration would change, and why.

Next step: `streams.worker.comparison` folds the log under both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.cli.options import (
    broker_option,
    examples,
    json_option,
    settings_from,
)
from streams.cli.progress import folding
from streams.cli.words import points, shown, utc
from streams.clock import wall_ms

if TYPE_CHECKING:
    from alerts.outputs import Contribution
    from streams.engine.brokers import Broker
    from streams.worker.comparison import Compared, Opened, Side

_DAY_MS = 86_400_000
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(
    "diff-config",
    epilog=examples(
        "nabz diff-config nabz.yaml stricter.yaml",
        "nabz diff-config nabz.yaml stricter.yaml --days 7 --json",
    ),
)
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Fold this many days of the log; older records count for neither.",
)
@json_option
@broker_option
def diff_config(*, before: Path, after: Path, days: int, as_json: bool, broker: str | None) -> None:
    """Fold recent history under two configurations, and show who would be seen otherwise.

    Both fold the same records from nothing, so the newest days are what is compared, not the rows
    as they are. Writes nothing; the broker and the log are those of the second file.
    """
    old, new = settings_from(before), settings_from(after, broker)

    from streams.worker.comparison import compare

    where, since_ms = new.broker(), wall_ms() - days * _DAY_MS
    with folding() as progress:
        found = compare(
            lambda: _recent(where, since_ms, progress),
            old.config(),
            new.config(),
            log_epoch=new.log_epoch,
        )
    if as_json:
        _print_objects(found)
    else:
        _print(found, days)


def _recent(broker: Broker, since_ms: int, progress: Any) -> Iterator[tuple[int, list[Any]]]:
    """Records appended since then; a broker that keeps no index of times is read whole."""
    from streams.engine.kafka_reads import begins, ends, offsets_at, read
    from streams.topics import LOG

    starts = offsets_at(broker, LOG, since_ms) if broker.idempotent else begins(broker, LOG)
    total = sum(end - starts[number] for number, end in ends(broker, LOG).items())
    done = 0
    for records in read(broker, LOG, starts=starts):
        done += len(records)
        wanted = [one for one in records if one.timestamp >= since_ms]
        if wanted:
            yield wanted[0].partition, wanted
        progress(done, max(done, total))


def _print_objects(found: Compared) -> None:
    import msgspec

    for one in found.differing:
        sides = {"before": one.before._asdict(), "after": one.after._asdict()}
        click.echo(msgspec.json.encode({"customer": one.customer, **sides}).decode())


def _print(found: Compared, days: int) -> None:
    for one in found.differing:
        bands = f"{one.before.band or 'no row'} -> {one.after.band or 'no row'}"
        click.echo(f"{shown(one.customer)}: {bands}")
        if one.before.band != one.after.band:
            for name in ("health", "distress"):
                click.echo(f"  {name:<8} {_score(one.before, name)} -> {_score(one.after, name)}")
        for sign, alerts, others in (
            ("-", one.before.alerts, one.after.alerts),
            ("+", one.after.alerts, one.before.alerts),
        ):
            for alert in alerts:
                if alert not in others:
                    click.echo(f"  {sign} {_alert(alert)}")
    count = len(found.differing)
    click.echo(
        f"{count} of {found.customers} customers differ over the last {days} days"
        if count
        else f"nobody of {found.customers} customers differs over the last {days} days"
    )


def _score(side: Side, name: str) -> str:
    score_e2 = side.health_e2 if name == "health" else side.distress_e2
    parts: tuple[Contribution, ...] = side.health if name == "health" else side.distress
    if score_e2 is None:
        return "unknown"
    named = ", ".join(f"{one.name} {points(one.points_e2, signed=True)}" for one in parts)
    return f"{points(score_e2)}" + (f" ({named})" if named else "")


def _alert(alert: Opened) -> str:
    opened = "" if alert.opened_ms is None else f" {utc(alert.opened_ms)}"
    closed = "open" if alert.closed_ms is None else f"closed {utc(alert.closed_ms)}"
    return f"{shown(alert.rule)} {alert.severity}{opened}, {closed}"
