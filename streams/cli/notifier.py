"""`nabz notifier`: the process that tells people, and its stop button.

Orders go straight to `nabz.control.v1`, so that they work while every worker is down; a notifier
that is down reads them before it sends anything.

Next step: `streams.notifier.process` runs until a signal and minds `streams.notifier.orders`.
"""

from __future__ import annotations

import getpass
import json
import secrets
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.processes import admitted, logs_option, supervised
from streams.cli.words import age, console, shown, utc
from streams.clock import wall_ms

if TYPE_CHECKING:
    from alerts.delivery import Delivery
    from alerts.holds import Hold, Named
    from streams.engine.brokers import Broker
    from streams.notifier.orders import Orders
    from streams.settings import Settings

_REASON_MAX: Final = 500


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "nabz notifier --config nabz.yaml",
        "nabz notifier hold --for 2h --reason 'bad rule'",
        "nabz notifier release --digest",
    ),
)
@logs_option
@with_settings
@click.pass_context
def notifier(
    ctx: click.Context, *, logs: str | None, config_path: Path | None, broker: str | None
) -> None:
    """Tell people what changed, on the configured channels.

    One notifier is active, further ones stand by. Ends with 70 where a restart is the cure.
    The commands below stop what it sends, and let it go on.
    """
    if ctx.invoked_subcommand is not None:
        return
    settings = settings_from(config_path, broker)

    from streams.logs import configure
    from streams.notifier.process import run_notifier

    configure(json=None if logs is None else logs == "json")
    at = settings.metrics.notifier
    where, whom = settings.broker(), settings.notifier()

    def run() -> int:
        admitted(settings, "notifier")
        return run_notifier(where, whom, metrics_bind=at.bind, metrics_token=at.token)

    ctx.exit(supervised(run))


def length_ms(text: str, most_ms: int, option: str) -> int:
    """A length of time as a person writes it.

    Raises:
        Stop: It cannot be read, is nothing, or is longer than allowed.

    >>> length_ms("2h", 86_400_000, "--for")
    7200000
    """
    from alerts.message import duration
    from streams.notifier.settings import duration_ms

    try:
        found = int(duration_ms(text))
    except ValueError:
        raise Stop(f"{option}: found {text!r}; write a time like 30m, 2h or 1d", MISUSED) from None
    if not 0 < found <= most_ms:
        raise Stop(f"{option}: found {text!r}; at most {duration(most_ms)}, at least 1ms", MISUSED)
    return found


def orders_of(broker: Broker) -> Orders:
    """All orders on a broker."""
    from streams.engine.kafka_reads import read
    from streams.notifier.orders import Orders, take
    from streams.topics import CONTROL

    found = Orders()
    for records in read(broker, CONTROL):
        take(found, records)
    return found


def _known(settings: Settings, channel: str, rule: str) -> None:
    """A hold on a name nothing has would hold nothing, and look as if it did."""
    from alerts.standstill import RULE as SOURCE_CUT_OFF
    from alerts.storm import RULE as OPENING_STORM

    channels = sorted(settings.notifier().channels)
    if channel and channel not in channels:
        known = ", ".join(channels) or "none"
        raise Stop(f"--channel: found {channel!r}; configured are {known}", MISUSED)
    own = {SOURCE_CUT_OFF, OPENING_STORM}
    rules = sorted({*own, *(one.id for one in settings.config().rules)})
    if rule and rule not in rules:
        raise Stop(f"--rule: found {rule!r}; configured are {', '.join(rules)}", MISUSED)


def _scope(hold: Hold) -> str:
    where = f"channel {shown(hold.channel)}" if hold.channel else "every channel"
    return f"{where}, rule {shown(hold.rule)}" if hold.rule else where


@notifier.command(
    epilog=examples(
        "nabz notifier hold --for 2h --reason 'bad rule, see the chat'",
        "nabz notifier hold --channel ops --rule customer-distress --for 30m --reason drill",
    )
)
@click.option("--channel", default="", metavar="NAME", help="Only this channel.")
@click.option("--rule", default="", metavar="ID", help="Only messages of this rule.")
@click.option(
    "--for", "length", required=True, metavar="TIME", help="How long, e.g. 30m or 2h; at most 7d."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; shown to whoever asks.")
@with_settings
def hold(
    *,
    channel: str,
    rule: str,
    length: str,
    reason: str,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Stop sending, at once and for a limited time.

    Openings are kept back with reason `held`. The close of something that was told waits for the
    end of the hold. Calls already on the wire cannot be called back.
    """
    from alerts.holds import LONGEST_MS

    span_ms = length_ms(length, LONGEST_MS, "--for")
    if not 0 < len(reason.strip()) <= _REASON_MAX:
        raise Stop(f"--reason: write 1 to {_REASON_MAX} characters", MISUSED)
    settings = settings_from(config_path, broker)
    _known(settings, channel, rule)

    import msgspec

    from alerts.holds import Hold
    from streams.notifier.orders import give, hold_key

    now_ms = wall_ms()
    made = Hold(
        until_ms=now_ms + span_ms,
        channel=channel,
        rule=rule,
        text=reason.strip(),
        actor=getpass.getuser(),
        ts_ms=now_ms,
    )
    where, name = settings.broker(), secrets.token_hex(3)
    old = orders_of(where).forgettable(now_ms)
    give(where, [(hold_key(name), msgspec.json.encode(made)), *((key, None) for key in old)])
    click.echo(f"held {_scope(made)} until {utc(made.until_ms)} UTC (hold {name})")


@notifier.command(
    epilog=examples(
        "nabz notifier release",
        "nabz notifier release --channel ops --digest",
    )
)
@click.option("--channel", default="", metavar="NAME", help="Only holds of this channel.")
@click.option("--rule", default="", metavar="ID", help="Only holds of this rule.")
@click.option("--discard", is_flag=True, help="What was held is never told.")
@click.option("--digest", is_flag=True, help="What was held is told in one message a channel.")
@with_settings
def release(
    *,
    channel: str,
    rule: str,
    discard: bool,
    digest: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """End holds before their time; all of them unless some are named.

    Each alert that was held and is still open is then told, once. Closes that waited go out in
    any case.
    """
    if discard and digest:
        raise Stop("--discard and --digest: found both; write one of them or neither", MISUSED)
    settings = settings_from(config_path, broker)

    import msgspec

    from alerts.holds import After
    from streams.notifier.orders import give, hold_key

    where, now_ms = settings.broker(), wall_ms()
    after: After = "discard" if discard else "digest" if digest else "send"
    found = [
        (name, one)
        for name, one in orders_of(where).holding(now_ms)
        if channel in {"", one.channel} and rule in {"", one.rule}
    ]
    if not found:
        click.echo("no such hold is in force; nothing to do")
        return
    done = [
        (name, msgspec.structs.replace(one, released_ms=now_ms, after=after)) for name, one in found
    ]
    give(where, [(hold_key(name), msgspec.json.encode(one)) for name, one in done])
    then = {"send": "told", "digest": "told in a digest", "discard": "discarded"}[after]
    for name, one in done:
        click.echo(f"released {_scope(one)} (hold {name}); what was held is {then}")


@notifier.command(
    epilog=examples(
        "nabz notifier status",
        "nabz notifier status --json",
    )
)
@json_option
@with_settings
def status(*, as_json: bool, config_path: Path | None, broker: str | None) -> None:
    """Show what is held, and how far the messages of each channel are."""
    settings = settings_from(config_path, broker)
    where, now_ms = settings.broker(), wall_ms()
    holds = orders_of(where).holding(now_ms)
    counts = _counts(deliveries_of(where), sorted(settings.notifier().channels))
    if as_json:
        import msgspec

        held = [
            {"hold": name, **msgspec.to_builtins(one), "channel": one.channel, "rule": one.rule}
            for name, one in holds
        ]
        click.echo(json.dumps({"holds": held, "channels": counts}))
        return
    _print(holds, counts, now_ms)


def deliveries_of(broker: Broker) -> list[Delivery]:
    """The newest record of each message."""
    from alerts.delivery import decode_delivery
    from streams.engine.kafka_reads import read
    from streams.topics import DELIVERIES

    found: dict[bytes, Delivery] = {}
    for records in read(broker, DELIVERIES):
        for record in records:
            if record.value is None:
                found.pop(record.key, None)
            else:
                found[record.key] = decode_delivery(record.value)
    return list(found.values())


def _counts(deliveries: list[Delivery], channels: list[str]) -> dict[str, dict[str, int]]:
    """Per channel: on their way, held back, given up. Closed sets, zeros included."""
    names = ("waiting", "held", "dead", "oldest_ms")
    found = {channel: dict.fromkeys(names, 0) for channel in channels}
    newest: dict[tuple[str, str], int] = {}
    for one in deliveries:
        lane = (one.channel, one.alert_id)
        newest[lane] = max(one.seq, newest.get(lane, 0))
    for one in deliveries:
        row = found.setdefault(one.channel, dict.fromkeys(names, 0))
        last = newest[one.channel, one.alert_id] == one.seq
        counted = Counter(
            waiting=one.open or one.state == "bundled",
            held=one.failure == "held" and last,
            dead=one.state in {"dead", "failed_perm"},
        )
        for name, number in counted.items():
            row[name] += int(number)
        if one.open:
            row["oldest_ms"] = min(row["oldest_ms"] or one.created_ms, one.created_ms)
    return found


def _print(holds: tuple[Named, ...], counts: dict[str, dict[str, int]], now_ms: int) -> None:
    for name, one in holds:
        who = f" by {shown(one.actor)}" if one.actor else ""
        click.echo(f"HELD {_scope(one)} until {utc(one.until_ms)} UTC{who}: {shown(one.text)}")
        click.echo(f"     since {utc(one.ts_ms)} UTC, hold {name}; `nabz notifier release` ends it")
    if not holds:
        click.echo("nothing is held")
    if not counts:
        click.echo("no channels: alerts are recorded, and nobody is told", err=True)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("channel", "waiting", "held", "dead", "oldest"):
        table.add_column(column, justify="left" if column == "channel" else "right")
    for channel, row in sorted(counts.items()):
        cells: list[Any] = [shown(channel), *(str(row[one]) for one in ("waiting", "held", "dead"))]
        oldest_ms = row["oldest_ms"]
        table.add_row(*cells, age(oldest_ms, now_ms) if oldest_ms else "-")
    console().print(table)
