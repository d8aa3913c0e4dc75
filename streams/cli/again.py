"""Taking records in again, as `nabz dlq replay` and `nabz sources rewind` show it.

Next step: `streams.ingest.again` does it.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from streams.cli.progress import folding
from streams.cli.words import utc
from streams.clock import wall_ms

if TYPE_CHECKING:
    from streams.ingest.again import Original, Taken
    from streams.settings import Settings

rate_option = click.option(
    "--rate",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="Records a second, at most: what customers write now goes first.",
)
dry_option = click.option("--dry-run", is_flag=True, help="Count what would come of it; no writes.")


def taken(
    settings: Settings,
    found: Callable[[], Iterable[Original]],
    *,
    rate: int,
    dry: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Take records in again, and tell what came of it; see `streams.ingest.again.Again`.

    Raises:
        streams.engine.kafka_reads.ReadError: A topic cannot be read.
        aiokafka.errors.KafkaError: Kafka did not take what it should.
    """
    from scoring.brands import Brands
    from scoring.reading import read
    from streams.ingest.again import Again
    from streams.ingest.batch import Names
    from streams.ingest.intake import compiled
    from streams.worker.history import control_of

    broker = settings.broker()

    async def run() -> Taken:
        again = Again(
            settings,
            broker,
            compiled(settings, Names(), {}),
            control=control_of(broker),
            reads=functools.partial(read, brands=Brands(settings.scoring.brands)),
            clock=wall_ms,
            quiet=quiet,
        )
        with folding("reading again") as progress:
            return await again.run(found, rate=rate, dry=dry, progress=progress)

    _tell(asyncio.run(run()), dry=dry, as_json=as_json)


def _tell(came: Taken, *, dry: bool, as_json: bool) -> None:
    facts = {
        "read": came.read,
        "events": came.events,
        "known": came.known,
        "filtered": dict(came.filtered),
        "rejected": dict(came.rejected),
        "cut": came.cut,
        "epochs": came.epochs,
        "forgotten_ms": came.forgotten_ms,
        "dry_run": dry,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    would = "would be appended" if dry else "appended"
    click.echo(f"{came.read} records read: {came.events} events {would}, {came.known} known before")
    for what, counts in (("filtered", came.filtered), ("still put aside", came.rejected)):
        for reason, count in sorted(counts.items()):
            click.echo(f"{count:>8}  {what}: {reason}")
    if came.cut:
        click.echo(f"{came.cut:>8}  too little was kept of them: over 64 kB, or no record of ours")
    if not dry:
        for source, epoch in sorted(came.epochs.items()):
            click.echo(f"source {source}: counted under epoch {epoch}")
    if came.forgotten_ms is not None:
        click.echo(
            f"mind: the log was cut and begins at {utc(came.forgotten_ms)} UTC; an event appended"
            " before that, and followed by 256 others of its customer, would count again",
            err=True,
        )
