"""`nabz sources`: does a mapping find in your records what it should? And read them once more.

Next step: `streams.ingest.sample` looks, `docs/sources.md` tells how to write a mapping;
`streams.ingest.again` takes in what is read once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.again import dry_option, rate_option, taken
from streams.cli.errors import MISUSED, Stop
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import moment_ms, shown, utc
from streams.clock import wall_ms

if TYPE_CHECKING:
    from streams.engine.brokers import Broker
    from streams.ingest.again import Original
    from streams.ingest.events import Event
    from streams.ingest.intake import Source
    from streams.ingest.sample import Sample
    from streams.ingest.sources import SourceSettings
    from streams.settings import Settings

_OFFSETS_BELOW = 100_000_000_000
"""A smaller number is an offset: as milliseconds it would be a moment of 1973."""

_input = click.option(
    "--input",
    "input_path",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="Folder of the file sources, or the one file.",
)


@click.group(
    epilog=examples(
        "nabz sources test",
        "nabz sources test --config care.yaml --input recorded/",
        "nabz sources rewind tickets --to 2026-11-24T10:00 --dry-run",
    )
)
def sources() -> None:
    """Try out how topics and files are mapped; read a topic again."""


@sources.command(
    epilog=examples(
        "nabz sources test --source tickets --limit 5000",
        "nabz sources test --config care.yaml --input recorded/ --json",
    )
)
@_input
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

    Without sources in a configuration, --input is read as native events, like `nabz demo` does.
    Ends with 1 if records would be put aside, or a source cannot work as it is.
    """
    settings = settings_from(config_path, broker)

    from streams.ingest.sample import Sample

    everything, names, inputs = _chosen(settings, input_path, only, every=False)
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


@sources.command(
    epilog=examples(
        "nabz sources terms",
        "nabz sources terms --source tickets --days 1 --top 50",
    )
)
@_input
@click.option("--source", "only", metavar="NAME", help="This source only.")
@click.option(
    "--days", type=click.IntRange(min=1), default=7, show_default=True, help="How many are new."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="Records to look at, of each source.",
)
@click.option(
    "--top", type=click.IntRange(min=1), default=20, show_default=True, help="Words to show."
)
@with_settings
def terms(
    *,
    config_path: Path | None,
    broker: str | None,
    input_path: Path | None,
    only: str | None,
    days: int,
    limit: int,
    top: int,
) -> None:
    """List words that customers have begun to use, and words nabz lacks; writes nothing.

    These are words of customers: they are shown here and kept nowhere.
    """
    settings = settings_from(config_path, broker)

    from streams.ingest.events import Filtered, Rejected
    from streams.ingest.terms import said
    from streams.ingest.terms import terms as terms_of

    everything, names, inputs = _chosen(settings, input_path, only, every=True)
    messages = []
    for name in names:
        source = everything[name]
        records = _lines(inputs[name]) if name in inputs else _topic(settings.broker(), source)
        for partition, offset, value in islice(records, limit):
            assert source.decode is not None, "commands are no source"  # noqa: S101
            decoded = source.decode(value, f"{partition}/{offset}", wall_ms())
            if not isinstance(decoded, Filtered | Rejected):
                messages += [one for one in map(said, decoded) if one is not None]
    rising, unheard = terms_of(messages, days=days)
    click.echo(f"{len(messages)} messages in English and Persian were read")
    click.echo(f"more frequent in the newest {days} days:" if rising else "nothing has risen")
    for one in rising[:top]:
        click.echo(f"  {one.times:>6.1f} x  {one.messages:>6}  {shown(one.word)}")
    click.echo("unknown, in messages that hurt:" if unheard else "no unknown word hurts")
    for one in unheard[:top]:
        click.echo(f"  {one.hurting:>6} of {one.messages:<6}  {shown(one.word)}")


@sources.command(
    epilog=examples(
        "nabz sources rewind tickets --to 2026-11-24T10:00 --dry-run",
        "nabz sources rewind tickets --to 120000 --rate 200",
    )
)
@click.argument("source")
@click.option(
    "--to",
    required=True,
    metavar="OFFSET|TIME",
    help="Where to begin: an offset in every partition, or when records were written (UTC).",
)
@rate_option
@dry_option
@json_option
@with_settings
def rewind(
    *,
    source: str,
    to: str,
    rate: int,
    dry_run: bool,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Read a source's topic again, up to where ingest is, under the mapping as it is now.

    Events are appended under a new epoch of the source. Nothing is counted twice: what the customer
    log holds already is left out, so this brings what was filtered, put aside or never read.
    """
    settings = settings_from(config_path, broker)
    topic = _topic_of(settings, source)
    starts, stops = _range(settings, source, topic, to)
    taken(
        settings,
        lambda: _again(settings.broker(), source, topic, starts, stops),
        rate=rate,
        dry=dry_run,
        quiet=False,
        as_json=as_json,
    )


def _topic_of(settings: Settings, source: str) -> str:
    from streams.ingest.intake import EVENTS_SOURCE
    from streams.ingest.picks import suggestion
    from streams.topics import EVENTS

    if source == EVENTS_SOURCE and settings.events:
        return EVENTS
    one = settings.sources.get(source)
    if one is None:
        known = settings.source_names()
        raise click.UsageError(f"no source is called {source!r}; {suggestion(source, known)}")
    if one.topic is None:
        raise Stop(
            f"source {source}: it reads files; to read them again, configure a source of another"
            " name for them",
            MISUSED,
        )
    return one.topic


def _range(
    settings: Settings, source: str, topic: str, to: str
) -> tuple[dict[int, int], dict[int, int]]:
    """First offset to read of each partition, and the one ingest will read next."""
    from streams.engine.kafka_reads import begins, offsets_at
    from streams.worker.history import control_of

    where = settings.broker()
    stops = {
        place: one.offset
        for (name, epoch, place), one in control_of(where).progress.items()
        if name == source and epoch == 0
    }
    firsts = begins(where, topic)
    if to.isdecimal() and int(to) < _OFFSETS_BELOW:
        wanted = dict.fromkeys(firsts, int(to))
    else:
        try:
            wanted = offsets_at(where, topic, moment_ms(to))
        except ValueError as error:
            raise Stop(
                f"--to: found {to!r}; write an offset, a time like 2026-11-24T10:00 (UTC), or"
                " milliseconds",
                MISUSED,
            ) from error
    starts = {place: max(wanted[place], first) for place, first in firsts.items()}
    return {place: one for place, one in starts.items() if one < stops.get(place, 0)}, stops


def _again(
    broker: Broker, source: str, topic: str, starts: dict[int, int], stops: dict[int, int]
) -> Iterator[Original]:
    from streams.engine.kafka_reads import read
    from streams.ingest.again import Original

    if not starts:
        return
    for records in read(broker, topic, partitions=starts, starts=starts):
        for one in records:
            if one.offset < stops[one.partition]:
                yield Original(source, topic, one.partition, one.offset, one.value, one.key)


def _native() -> dict[str, SourceSettings]:
    from streams.demo.stage import INPUT, native_files
    from streams.ingest.sources import SourceSettings

    return {INPUT: SourceSettings.model_validate(native_files())}


def _chosen(
    settings: Settings, input_path: Path | None, only: str | None, *, every: bool
) -> tuple[Mapping[str, Source], list[str], Mapping[str, list[Path]]]:
    """All sources, the names of those asked for, and the files of some.

    Args:
        settings: Where they are configured.
        input_path: Where their files are.
        only: One of them.
        every: `nabz.events.v1` too, where none is named.
    """
    from streams.ingest.batch import Names
    from streams.ingest.files import find
    from streams.ingest.intake import compiled
    from streams.ingest.picks import suggestion

    known = settings.source_names()
    if not settings.sources and input_path is not None:
        # As the demo reads a file where nothing is configured: lines as nabz.events.v1 has them.
        settings = settings.model_copy(update={"sources": _native()})
        known = settings.source_names()
        every = False
    names = list(known if every else settings.sources) if only is None else [only]
    if only is not None and only not in known:
        raise click.UsageError(f"no source is called {only!r}; {suggestion(only, known)}")
    if not names:
        raise click.UsageError(
            "no sources are configured; docs/sources.md tells how. A file of native events is tried"
            " with --input FILE"
        )
    chosen = {name: one for name, one in settings.sources.items() if name in names}
    inputs = find(chosen, input_path)
    return compiled(settings, Names(), inputs), names, inputs


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
