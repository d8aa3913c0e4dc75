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

from streams.cli.errors import MISUSED, Stop
from streams.cli.words import console

if TYPE_CHECKING:
    from types import FrameType

    from rich.console import Console

    from streams.demo.report import Report
    from streams.demo.stage import Stage

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
@click.option(
    "--log",
    "log_path",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="With --input: write the customer log, for `nabz replay` and `nabz backtest`.",
)
@click.option("--plain", is_flag=True, help="Lines instead of a live screen.")
@click.option(
    "--duration",
    "duration_s",
    metavar="S",
    type=float,
    help="Stop S seconds after the first event is folded.",
)
@click.option("--keep", is_flag=True, help="With --input: go on after the end, to ask `nabz why`.")
@click.option("--seed", default=32, show_default=True, help="Other seeds, other customers.")
def demo(
    *,
    recorded: Path | None,
    config_path: Path | None,
    report_path: Path | None,
    log_path: Path | None,
    plain: bool,
    duration_s: float | None,
    keep: bool,
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
      nabz demo --input events.jsonl --keep
    """  # noqa: D301  # \b is click's mark for a paragraph kept as it is
    if log_path is not None and recorded is None:
        raise Stop("--log goes with --input; of a demo that runs, use `nabz log export`", MISUSED)
    if keep and recorded is None:
        raise Stop("--keep goes with --input; without it the demo runs until Ctrl-C", MISUSED)

    from streams.clock import wall_ms
    from streams.demo.audience import Blocks
    from streams.demo.children import ChildDiedError
    from streams.demo.stage import stage

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

                playback = Playback(
                    found, screen, blocks, sources=found.sources, plain=plain, keep=keep
                )
                seen = playback.run(duration_s)
                if log_path is not None:
                    _export(found, log_path)
                if keep and seen.finished:
                    _sum_up(screen, seen, report_path)
                    _rest(screen, found, seen)
                    return
            screen.print("stopping", style="dim")
    except ChildDiedError as error:
        raise Stop(str(error)) from error
    except KeyboardInterrupt:
        screen.print("stopped", style="dim")
        return
    _sum_up(screen, seen, report_path)
    if recorded is not None:
        screen.print(
            "\nnothing of it is kept: to ask `nabz why` or `nabz dlq list` afterwards, run it again"
            " with --keep (make demo: ARGS=--keep)",
            style="dim",
        )


def _export(found: Stage, path: Path) -> None:
    """Keep the customer log in a file."""
    from streams.worker.log_file import export_log

    export_log(found.broker, found.log_epoch, path)


def _rest(screen: Console, found: Stage, seen: Report) -> None:
    """Keep the broker with all that was read until Ctrl-C, and say what can be asked."""
    import asyncio

    from streams.demo.audience import rest
    from streams.demo.phrases import USUAL_BROKER, program, why_customer

    where = [] if found.address == USUAL_BROKER else ["--broker", found.address]
    worst = max(seen.customers, key=lambda row: row.distress_e2 or 0, default=None)
    screen.print("\nall of it is kept until Ctrl-C; in a second terminal:", style="bold")
    if worst is not None:
        screen.print(f"  {why_customer(worst.customer, found.address)}", style="cyan")
    for words in (["tail", "alerts"], ["dlq", "list"]):
        screen.print(f"  {' '.join([program(), *words, *where])}", style="cyan")
    asyncio.run(rest(found))
    screen.print("stopping", style="dim")


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
