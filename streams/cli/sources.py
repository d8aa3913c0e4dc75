"""`nabz sources`: does a mapping find in your records what it should?

Next step: `streams.ingest.sample` looks, `docs/sources.md` tells how to write a mapping.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.options import examples, json_option, settings_from, wall_ms, with_settings
from streams.cli.words import shown, utc

if TYPE_CHECKING:
    from streams.engine.brokers import Broker
    from streams.ingest.events import Event
    from streams.ingest.intake import Source
    from streams.ingest.sample import Sample


@click.group(
    epilog=examples(
        "nabz sources test",
        "nabz sources test --config care.yaml --input recorded/",
    )
)
def sources() -> None:
    """Try out how topics and files are mapped."""


@sources.command(
    epilog=examples(
        "nabz sources test --source tickets --limit 5000",
        "nabz sources test --config care.yaml --input recorded/ --json",
    )
)
@click.option(
    "--input",
    "input_path",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="Folder of the file sources, or the one file.",
)
@click.option("--source", "only", metavar="NAME", help="This source only.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="Records to look at, of each source.",
)
@click.option("--show-text", is_flag=True, help="Show what customers wrote; not by default.")
@json_option
@with_settings
def test(
    *,
    config_path: Path | None,
    broker: str | None,
    input_path: Path | None,
    only: str | None,
    limit: int,
    show_text: bool,
    as_json: bool,
) -> None:
    """Read a sample of each source and show what the mapping makes of it; writes nothing.

    Ends with 1 if records would be put aside, or a source cannot work as it is.
    """
    settings = settings_from(config_path, broker)

    from streams.ingest.batch import Names
    from streams.ingest.files import find
    from streams.ingest.intake import compiled
    from streams.ingest.picks import suggestion
    from streams.ingest.sample import Sample

    known = settings.source_names()
    names = list(settings.sources) if only is None else [only]
    if only is not None and only not in known:
        raise click.UsageError(f"no source is called {only!r}; {suggestion(only, known)}")
    if not names:
        raise click.UsageError("no sources are configured; docs/sources.md tells how")
    chosen = {name: one for name, one in settings.sources.items() if name in names}
    inputs = find(chosen, input_path)
    everything = compiled(settings, Names(), inputs)
    sound = True
    for name in names:
        source = everything[name]
        sample = Sample(source)
        records = _lines(inputs[name]) if name in inputs else _topic(settings.broker(), source)
        for partition, offset, value in islice(records, limit):
            sample.take(partition, offset, value, wall_ms())
        sound = sound and not sample.outcomes["dead_lettered"] and not sample.warnings()
        if as_json:
            click.echo(json.dumps(sample.facts(), ensure_ascii=False))
        else:
            _tell(sample, show_text=show_text)
    if not sound:
        raise click.exceptions.Exit(1)


_Records = Iterator[tuple[int, int, bytes | None]]


def _lines(files: list[Path]) -> _Records:
    from streams.ingest.files import lines

    for number, path in enumerate(files):
        for offset, line in lines(path):
            yield number, offset, line


def _topic(broker: Broker, source: Source) -> _Records:
    from streams.engine.kafka_reads import read

    for batch in read(broker, source.topic):
        for record in batch:
            yield record.partition, record.offset, record.value


def _tell(sample: Sample, *, show_text: bool) -> None:
    counts = sample.outcomes
    click.echo(
        f"{sample.source.name}: {sample.read} records read = {counts['appended']} appended"
        f" + {counts['filtered']} filtered + {counts['dead_lettered']} dead letters"
    )
    for what, count in sample.kinds.most_common():
        click.echo(f"  {count:>8}  {what}")
    for partition, offset, event in sample.shown:
        click.echo(f"  e.g. {partition}/{offset}: {_described(event, show_text=show_text)}")
    for one in sample.findings():
        outcome = "dead letters" if one.outcome == "dead_lettered" else "filtered"
        about = f" ({one.field})" if one.field else ""
        partition, offset = one.first
        click.echo(
            f"  {one.count:>8}  {outcome}: {one.reason}{about}, first at {partition}/{offset}:"
            f" {one.cure}"
        )
    for warning in sample.warnings():
        click.echo(f"  warning: {warning}")


def _described(event: Event, *, show_text: bool) -> str:
    who = "the owner of the conversation" if event.customer is None else shown(event.customer)
    what = f"{event.kind} by {event.author}" if event.kind == "message" else event.type
    parts = [f"{utc(event.ts_ms)} {shown(what)}, customer {who}"]
    if event.conversation is not None:
        parts.append(f"conversation {shown(event.conversation)}")
    parts += [f"{shown(name)} {shown(value)}" for name, value in event.dims]
    if event.text is not None:
        words = len(event.text.split())
        parts.append(shown(event.text) if show_text else f"{words} words")
    return ", ".join(parts)
