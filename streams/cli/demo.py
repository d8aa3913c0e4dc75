"""`nabz demo`: watch simulated customers get angry, or play recorded events.

Next step: `streams.demo.stage` starts everything, `streams.demo.live` or `streams.demo.recorded`
plays.
"""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.errors import Stop
from streams.cli.words import console

if TYPE_CHECKING:
    from types import FrameType

    from rich.console import Console

    from streams.demo.report import Report

_EXISTING: Final = click.Path(exists=True, readable=True, path_type=Path)


@click.command()
@click.option(
    "--input",
    "recorded",
    metavar="FILE|DIR",
    type=_EXISTING,
    help="Recorded events instead of the simulator's; JSON lines unless --config says otherwise.",
)
@click.option(
    "--config",
    "config_path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="A nabz.yaml, instead of the demo's own settings.",
)
@click.option(
    "--report",
    "report_path",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write what was seen as JSON.",
)
@click.option("--plain", is_flag=True, help="Lines instead of a live screen.")
@click.option("--duration", "duration_s", metavar="S", type=float, help="Stop after S seconds.")
@click.option("--seed", default=32, show_default=True, help="Other seeds, other customers.")
def demo(
    *,
    recorded: Path | None,
    config_path: Path | None,
    report_path: Path | None,
    plain: bool,
    duration_s: float | None,
    seed: int,
) -> None:
    """See it work, on simulated customers or recorded events.

    Starts a broker in memory, a worker and a notifier, and shows who is in distress, why, and what
    people are told. Needs no Kafka and keeps nothing. With --input it reads as fast as it can, ends
    by itself and sums up; nobody outside is told then.

    \b
    Examples:
      nabz demo
      nabz demo --plain --duration 45
      nabz demo --input events.jsonl --report report.json
    """  # noqa: D301  # \b is click's mark for a paragraph kept as it is
    from streams.demo.audience import Blocks
    from streams.demo.children import ChildDiedError
    from streams.demo.stage import stage
    from streams.simulate.live import wall_ms

    for number in (signal.SIGTERM, signal.SIGHUP):  # end as after Ctrl-C: stop what was started
        signal.signal(number, _interrupted)
    # What Kafka's clients complain about would break the screen; the stage notices itself.
    logging.getLogger().addHandler(logging.NullHandler())
    screen = console()
    blocks = Blocks()
    try:
        with stage(
            screen, config=config_path, recorded=recorded, heard=blocks.line, clock_ms=wall_ms
        ) as found:
            if recorded is None:
                from streams.demo.live import Show

                show = Show(found, screen, blocks, seed=seed, plain=plain)
                seen = show.run(duration_s)
            else:
                from streams.demo.recorded import Playback

                playback = Playback(found, screen, sources=found.sources, plain=plain)
                seen = playback.run(duration_s)
            screen.print("stopping", style="dim")
    except ChildDiedError as error:
        raise Stop(str(error)) from error
    except KeyboardInterrupt:
        screen.print("stopped", style="dim")
        return
    _sum_up(screen, seen, report_path)


def _sum_up(screen: Console, seen: Report, report_path: Path | None) -> None:
    from streams.demo.report import encode
    from streams.demo.summary import tables

    screen.print()
    with screen.capture() as said:
        screen.print(tables(seen))
    for line in said.get().splitlines():  # a table pads its last column
        click.echo(line.rstrip())
    if report_path is not None:
        report_path.write_bytes(encode(seen))
        screen.print(f"\nreport written to {report_path}", style="dim")


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
