"""`nabz doctor`: is this installation sound, and if not, what to do next.

Next step: `streams.cli.diagnosis` looks at one thing after the other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from streams.acls import PROCESSES, Process
from streams.cli.errors import FAILED
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import console, shown
from streams.clock import wall_ms

_DEFAULT: Final = ("ingest", "track", "notifier")
_COLOURS: Final = {"ok": "green", "warn": "yellow", "fail": "red"}
_LINE_MAX: Final = 600


@click.command(
    epilog=examples(
        "nabz doctor --config nabz.yaml",
        "nabz doctor --process notifier --json",
    )
)
@click.option(
    "--process",
    "processes",
    type=click.Choice(PROCESSES),
    multiple=True,
    help="Whose rights the configured user should have; by default ingest, track and notifier.",
)
@json_option
@with_settings
@click.pass_context
def doctor(
    ctx: click.Context,
    *,
    processes: tuple[Process, ...],
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Look at broker, rights, topics, configuration, clocks, lag, dead letters and channels.

    A line for each finding, with what to do next. Writes nothing and calls no receiver. Ends with 1
    if something does not work; a warning alone does not count.
    """
    settings = settings_from(config_path, broker)

    from streams.cli.diagnosis import diagnosis

    terminal = console()
    broken = False
    for one in diagnosis(settings, processes or _DEFAULT, wall_ms()):
        broken = broken or one.state == "fail"
        if as_json:
            facts = {"check": one.check, "state": one.state, "found": one.found, "next": one.next}
            click.echo(json.dumps(facts))
            continue
        advice = f"; {one.next}" if one.next else ""
        line = f"{one.state:<4}  {one.check}: {shown(one.found, _LINE_MAX)}{advice}"
        terminal.print(line, style=_COLOURS[one.state])
    ctx.exit(FAILED if broken else 0)
