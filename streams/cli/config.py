"""`nabz config`: is a configuration sound, and put it in force.

Next step: `streams.worker.configure` writes it to the control topic and to the log.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.options import (
    config_option,
    examples,
    file_of,
    json_option,
    settings_from,
    with_settings,
)
from streams.cli.words import console
from streams.clock import wall_ms

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.worker.configure import Applied


@click.group(
    epilog=examples(
        "nabz config check",
        "nabz config apply --dry-run",
    )
)
def config() -> None:
    """Check a configuration, and put it in force."""


@config.command(
    epilog=examples(
        "nabz config check --config nabz.yaml",
    )
)
@json_option
@config_option
def check(*, as_json: bool, config_path: Path | None) -> None:
    """Read a configuration as the processes would, secrets included; asks no broker.

    Ends with 2 and names the field if something is wrong.
    """
    settings = settings_from(config_path)

    from alerts.config import config_hash, encode_config
    from streams.notifier.build import build

    folded = settings.config()
    plan = build(settings.notifier())
    facts = {
        "file": "defaults" if (file := file_of(config_path)) is None else str(file),
        "hash": config_hash(encode_config(folded)),
        "clock": folded.clock,
        "broker": settings.broker().bootstrap,
        "sources": sorted(settings.source_names()),
        "rules": [rule.id for rule in folded.rules],
        "channels": sorted(plan.outlets),
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        written = (", ".join(value) or "none") if isinstance(value, list) else value
        click.echo(f"{name:<9} {written}")
    if folded.rules and not plan.outlets:
        click.echo("no channels: alerts are recorded, and nobody is told", err=True)


@config.command(
    epilog=examples(
        "nabz config apply --config nabz.yaml --dry-run",
        "nabz config apply --broker kafka-1:9092",
    )
)
@click.option("--dry-run", is_flag=True, help="Show what would change, write nothing.")
@json_option
@with_settings
def apply(*, dry_run: bool, as_json: bool, config_path: Path | None, broker: str | None) -> None:
    """Put scoring and rules in force, and show what that changes.

    The body goes to nabz.control.v1, then its hash to every partition of the customer log, so a
    replay of the log changes its configuration at the same place. Repeating is safe; an equal
    configuration changes nothing and says so.
    """
    settings = settings_from(config_path, broker)
    applied = _compared(settings) if dry_run else _applied(settings)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "hash": applied.hash,
                    "before": applied.before,
                    "changed": applied.changed,
                    "partitions": applied.partitions,
                    "difference": applied.difference,
                }
            )
        )
        return
    _print(applied, dry_run=dry_run)


def _compared(settings: Settings) -> Applied:
    from alerts.config import config_hash, encode_config
    from streams.worker.configure import Applied, difference, standing

    found = standing(settings.broker())
    body = encode_config(settings.config())
    name = config_hash(body)
    force = found.control.in_force
    before = None if force is None else force.hash
    return Applied(name, before, before != name, 0, difference(found.body, body))


def _applied(settings: Settings) -> Applied:
    from streams.worker.configure import apply_config

    return apply_config(
        settings.broker(), settings.config(), clock_ms=wall_ms(), sources=settings.source_names()
    )


def _print(applied: Applied, *, dry_run: bool) -> None:
    if not applied.changed:
        click.echo(f"configuration {applied.hash} is in force already; nothing to do")
        return
    terminal = console()
    for line in applied.difference:
        colour = {"+": "green", "-": "red"}.get(line[:1])
        terminal.print(line, style=colour)
    before = "none" if applied.before is None else applied.before
    if dry_run:
        click.echo(f"would replace {before} by {applied.hash}; nothing was written")
    elif applied.before == applied.hash:
        click.echo(f"finished putting {applied.hash} in force in {applied.partitions} partitions")
    else:
        click.echo(
            f"configuration {applied.hash} is in force in {applied.partitions} partitions,"
            f" before it {before}"
        )
