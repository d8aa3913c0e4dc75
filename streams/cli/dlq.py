"""`nabz dlq`: records that were put aside, and why; and again, once the cause is mended.

Next step: `streams.dead_letters` says what a dead letter holds, `streams.ingest.again` takes it in.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.again import dry_option, rate_option, taken
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import age, console, place, shown
from streams.clock import wall_ms
from streams.dead_letters import REASONS

if TYPE_CHECKING:
    from streams.dead_letters import DeadLetter

_ORIGINAL_MAX = 2_000


@click.group(
    epilog=examples(
        "nabz dlq list",
        "nabz dlq list --reason not_json --source tickets",
        "nabz dlq replay --reason unknown_author --dry-run",
    )
)
def dlq() -> None:
    """Show the records that could not be understood, and take them in again."""


@dlq.command(
    "list",
    epilog=examples(
        "nabz dlq list",
        "nabz dlq list --reason unknown_author --json",
    ),
)
@click.option("--reason", type=click.Choice(REASONS), metavar="REASON", help="Only this reason.")
@click.option("--source", help="Only this source; customer-log for failed folds.")
@click.option(
    "--show-original",
    is_flag=True,
    help="Show the original bytes too; they are what a customer wrote.",
)
@json_option
@with_settings
def list_(  # an argument an option
    *,
    reason: str | None,
    source: str | None,
    show_original: bool,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """List dead letters, oldest first: reason, coordinates, field, size and age."""
    settings = settings_from(config_path, broker)

    import msgspec

    from streams.dead_letters import DeadLetter
    from streams.engine.kafka_reads import read
    from streams.topics import DEAD_LETTERS

    decoder = msgspec.json.Decoder(DeadLetter)
    found = [
        letter
        for records in read(settings.broker(), DEAD_LETTERS)
        for record in records
        if record.value is not None
        for letter in [decoder.decode(record.value)]
        if reason in {None, letter.reason} and source in {None, letter.source}
    ]
    if as_json:
        for letter in found:
            facts = msgspec.to_builtins(letter)
            if not show_original:
                facts.pop("original", None)
                facts.pop("key", None)
            click.echo(msgspec.json.encode(facts).decode())
        return
    _print(found, show_original=show_original)


@dlq.command(
    epilog=examples(
        "nabz dlq replay --reason unknown_author --dry-run",
        "nabz dlq replay --source tickets --rate 100",
    )
)
@click.option("--reason", type=click.Choice(REASONS), metavar="REASON", help="Only this reason.")
@click.option("--source", help="Only this source; customer-log for failed folds.")
@rate_option
@dry_option
@json_option
@with_settings
def replay(
    *,
    reason: str | None,
    source: str | None,
    rate: int,
    dry_run: bool,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Take dead letters in again, under the mapping as it is now.

    They are appended under a new epoch of their source. Nothing is counted twice: what the customer
    log holds already is left out. What is still not understood stays where it is.
    """
    settings = settings_from(config_path, broker)

    from streams.ingest.again import letters, originals

    chosen = (
        one
        for one in letters(settings.broker())
        if reason in {None, one.reason} and source in {None, one.source}
    )
    found = originals(chosen)
    taken(settings, lambda: found, rate=rate, dry=dry_run, quiet=True, as_json=as_json)


def _print(letters: list[DeadLetter], *, show_original: bool) -> None:
    if not letters:
        click.echo("no dead letters", err=True)
        return
    from rich.table import Table

    now_ms = wall_ms()
    table = Table(box=None, pad_edge=False)
    for name in ("reason", "source", "where", "field", "bytes", "age"):
        table.add_column(name, justify="right" if name in {"bytes", "age"} else "left")
    if show_original:
        table.add_column("original", overflow="fold")
    for letter in letters:
        row = [
            letter.reason,
            shown(letter.source),
            place(letter.topic, letter.partition, letter.offset),
            shown(letter.field),
            str(letter.size),
            age(letter.at_ms, now_ms),
        ]
        if show_original:
            original = base64.b64decode(letter.original)
            row.append(shown(original.decode("utf-8", "replace"), _ORIGINAL_MAX))
        table.add_row(*row)
    console().print(table)
