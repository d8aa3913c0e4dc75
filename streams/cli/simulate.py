"""`nabz simulate`: what customers of a small shop might write, to a file or to Kafka.

Next step: `streams.simulate.shop` makes the events.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.words import moment_ms

if TYPE_CHECKING:
    from streams.engine.brokers import Broker
    from streams.simulate.delivery import Delivery
    from streams.simulate.faults import Sent

_FAULTS_E2: Final = 3
_DURATION: Final = "1h"


def _duration(_ctx: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    from streams.notifier.settings import duration_ms

    if value is None:
        return None
    try:
        found: int = duration_ms(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return found


def _moment(_ctx: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return moment_ms(value)
    except ValueError as error:
        raise click.BadParameter("write a time like 2026-03-01T09:00 or milliseconds") from error


_Command = TypeVar("_Command", bound=Callable[..., Any])
_SHARE: Final = click.IntRange(0, 100)
_COUNT: Final = click.IntRange(min=0)


def _extras(command: _Command) -> _Command:
    """The options for what a shop may have beside its plots, all of it off by default."""
    for option in reversed(
        (
            click.option(
                "--incidents",
                "incidents_every_ms",
                metavar="LENGTH",
                callback=_duration,
                help="Mean time between incidents, one cause that hits many customers, like 6h.",
            ),
            click.option(
                "--renewed", is_flag=True,
                help="A new customer for each who leaves; else a long run dies out.",
            ),
            click.option(
                "--quiet", "quiet_e2", type=_SHARE, default=0, metavar="PERCENT",
                help="Share of customers who fall quiet after some contacts, and leave.",
            ),
            click.option(
                "--sarcasm", "sarcasm_e2", type=_SHARE, default=0, metavar="PERCENT",
                help="Share of displeased messages that are put as praise.",
            ),
            click.option(
                "--bots", type=_COUNT, default=0, metavar="COUNT",
                help="Programs that write as customers, the same line again and again.",
            ),
            click.option(
                "--heavy", "heavy_events", type=_COUNT, default=0, metavar="EVENTS",
                help="One more customer, h-1, with about so many events within --duration.",
            ),
            click.option(
                "--outages", "outages_every_ms", metavar="LENGTH", callback=_duration,
                help="Mean time between outages of a channel, whose records come when it is over.",
            ),
            click.option(
                "--lost", "lost_e2", type=_SHARE, default=0, metavar="PERCENT",
                help="Share of outages whose records never come.",
            ),
            click.option(
                "--imports", "imports_e2", type=_SHARE, default=0, metavar="PERCENT",
                help="Share of customers whose interactions and outcomes come at midnight.",
            ),
            click.option(
                "--duplicates", "duplicates_e2", type=_SHARE, default=0, metavar="PERCENT",
                help="Share of records that come a second time, up to ten minutes later.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@click.option("--customers", default=150, show_default=True, help="How many there are.")
@click.option("--seed", default=1, show_default=True, help="Equal seeds give equal events.")
@click.option(
    "--rate",
    default=4.0,
    show_default=True,
    help="Events a second, of all these customers together; 0.001 is welcome too.",
)
@click.option(
    "--speed",
    default=1,
    show_default=True,
    help="Times faster than life; 60 makes a minute of a conversation a second.",
)
@click.option(
    "--start",
    "start_ms",
    metavar="TIME",
    callback=_moment,
    help="Time of the first event: ISO 8601 or milliseconds; now by default.",
)
@click.option(
    "--duration",
    "length_ms",
    metavar="LENGTH",
    callback=_duration,
    help=f"Length in time of events, like 90s or 24h; {_DURATION} for --out, no end for --broker.",
)
@_extras
@click.option("--faults", is_flag=True, help="Add duplicates, late records and garbage.")
@click.option("--out", metavar="FILE|-", help="Write JSON lines, all at once; - is the terminal.")
@click.option("--broker", metavar="HOST:PORT", help="Write to nabz.events.v1 as time passes.")
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write what really happened: contacts with onset and outcome, incidents, outages.",
)
def simulate(
    *,
    customers: int,
    seed: int,
    rate: float,
    speed: int,
    start_ms: int | None,
    length_ms: int | None,
    faults: bool,
    out: str | None,
    broker: str | None,
    truth: Path | None,
    **extra: Any,
) -> None:
    """Write what customers of a small shop might write.

    In English and Persian, to --out or --broker. The same options give the same bytes, if --start
    is one of them. All of it is synthetic: whatever is measured on it says nothing about people.

    \b
    Examples:
      nabz simulate --seed 7 --start 2026-03-01 --duration 24h --rate 0.2 --out events.jsonl
      nabz simulate --broker 127.0.0.1:9092 --speed 60
    """  # noqa: D301  # \b is click's mark for a paragraph kept as it is
    from streams.clock import wall_ms

    if (out is None) == (broker is None):
        raise Stop("give one of --out FILE and --broker HOST:PORT", MISUSED)
    if out is not None and length_ms is None:
        length_ms = _duration(None, None, _DURATION)  # type: ignore[arg-type]
    shop: dict[str, Any] = {
        "seed": seed,
        "customers": customers,
        "start_ms": wall_ms() if start_ms is None else start_ms,
        "duration_ms": length_ms,
        "rate_e2": round(rate * 100, 6),
        "speed": speed,
    }
    if length_ms is None and extra["heavy_events"]:
        raise Stop("--heavy needs --duration, to spread the events over", MISUSED)
    try:
        delivery = _split(shop, extra)
        sent = _records(shop, delivery, faults=faults)
        if truth is not None:
            _write_truth(truth, shop, delivery)
        if out is not None:
            _write(sent, out)
        else:
            _play(_broker(str(broker)), sent)
    except ValueError as error:
        raise Stop(str(error), MISUSED) from error


def _split(shop: dict[str, Any], extra: dict[str, Any]) -> Delivery:
    """What is mixed in goes to the shop, what happens on the way is the answer."""
    from dataclasses import fields

    from streams.simulate.delivery import Delivery
    from streams.simulate.extras import Extras

    on_the_way = {one.name: extra.pop(one.name) for one in fields(Delivery)}
    shop["extras"] = Extras(**extra)
    return Delivery(**on_the_way)


def _records(shop: dict[str, Any], delivery: Delivery, *, faults: bool) -> Iterator[Sent]:
    from streams.simulate.delivery import delivered
    from streams.simulate.faults import spoilt
    from streams.simulate.shop import events

    run = {name: shop[name] for name in ("seed", "start_ms", "speed")}
    sent = delivered(events(**shop), delivery, **run)
    return spoilt(sent, seed=shop["seed"], share_e2=_FAULTS_E2) if faults else sent


def _write(sent: Iterator[Sent], out: str) -> None:
    if out == "-":
        for one in sent:
            sys.stdout.buffer.write(one.value + b"\n")
        sys.stdout.buffer.flush()
        return
    count = 0
    with Path(out).open("wb") as file:
        for one in sent:
            file.write(one.value + b"\n")
            count += 1
    click.echo(f"{count} records written to {out}", err=True)


def _write_truth(path: Path, shop: dict[str, Any], delivery: Delivery) -> None:
    import msgspec

    from streams.simulate.truth import truth

    if shop["duration_ms"] is None:
        raise Stop("--truth needs --duration: without an end there is no last contact", MISUSED)
    with path.open("wb") as file:
        for one in truth(**shop, delivery=delivery):
            file.write(msgspec.json.encode(one) + b"\n")


def _broker(address: str) -> Broker:
    from streams.cli.options import settings_from

    return settings_from(None, address).broker()


def _play(broker: Broker, sent: Iterator[Sent]) -> None:
    import asyncio
    from contextlib import suppress

    from streams import logs
    from streams.engine.kafka_reads import require_listener
    from streams.simulate.live import NotAcknowledgedError, play

    require_listener(broker)
    logs.configure(level="WARNING")
    # A broker that is away: a line of each client's loggers in ten seconds will do.
    for handler in logging.getLogger().handlers:
        handler.addFilter(logs.Seldom(burst=1))
    count = 0

    def one_more(_: Sent) -> None:
        nonlocal count
        count += 1

    write: Callable[..., Any] = play
    try:
        with suppress(KeyboardInterrupt):  # Ctrl-C is how one stops it
            asyncio.run(write(broker, sent, on_sent=one_more))
    except NotAcknowledgedError as error:
        raise Stop(str(error)) from error
    click.echo(f"{count} records written to nabz.events.v1", err=True)
