"""`nabz deliveries`: what was told, what waits, what was kept back and what failed.

Next step: `nabz.deliveries.v1`, read by `streams.cli.notifier.deliveries_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import age, console, shown, utc
from streams.clock import wall_ms

if TYPE_CHECKING:
    from alerts.delivery import Delivery

_LIMIT: Final = 50


def _waits(one: Delivery) -> bool:
    return one.open or one.state == "bundled"


def _held(one: Delivery) -> bool:
    from alerts.pipeline import WAITING

    return one.state == "suppressed" and one.failure in WAITING


_WHICH: Final[Mapping[str, Callable[[Delivery], bool]]] = {
    "sent": lambda one: one.state == "sent",
    "waiting": _waits,
    "held": _held,
    "dropped": lambda one: one.state in {"suppressed", "superseded"} and not _held(one),
    "failed": lambda one: one.state in {"dead", "failed_perm"},
}
_COLOURS: Final = {"sent": "green", "waiting": "cyan", "held": "yellow", "failed": "red"}


def fate(one: Delivery) -> str:
    """What has become of a message, in one of five words."""
    return next(name for name, fits in _WHICH.items() if fits(one))


@click.command(
    epilog=examples(
        "nabz deliveries",
        "nabz deliveries --only failed --channel ops",
        "nabz deliveries --alert c0d13b2c-b352-5a19-a570-47aa43a0a18d --json",
    )
)
@click.option("--channel", metavar="NAME", help="Only messages to this channel.")
@click.option("--alert", metavar="ID", help="Only messages about this alert.")
@click.option(
    "--only",
    type=click.Choice(list(_WHICH)),
    multiple=True,
    help="Only these; several times for several.",
)
@click.option(
    "--limit", type=click.IntRange(1), default=_LIMIT, show_default=True, help="The newest so many."
)
@json_option
@with_settings
def deliveries(
    *,
    channel: str | None,
    alert: str | None,
    only: tuple[str, ...],
    limit: int,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """List messages to people, the newest last, and what has become of each.

    Kept for 30 days after an alert's end was told. `held` is kept back for a reason that passes,
    `dropped` is not told any more, and says why.
    """
    from streams.cli.notifier import deliveries_of

    settings = settings_from(config_path, broker)
    found = [
        one
        for one in deliveries_of(settings.broker())
        if channel in {None, one.channel}
        and alert in {None, one.alert_id}
        and (not only or fate(one) in only)
    ]
    found.sort(key=lambda one: (one.updated_ms, one.channel, one.alert_id, one.seq))
    listed = found[-limit:]
    if as_json:
        import msgspec

        for one in listed:
            click.echo(msgspec.json.encode(one))
        return
    if not found:
        click.echo("no such message", err=True)
        return
    if len(found) > len(listed):
        click.echo(f"the newest {len(listed)} of {len(found)}; --limit shows more", err=True)
    _print(listed, wall_ms())


def _print(listed: list[Delivery], now_ms: int) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for column in ("when (UTC)", "channel", "said", "became", "why", "calls", "alert"):
        table.add_column(column, justify="right" if column == "calls" else "left", no_wrap=True)
    for one in listed:
        became = fate(one)
        cells: list[Any] = [
            utc(one.updated_ms), shown(one.channel), one.kind, became, _why(one, now_ms),
            str(one.attempt), shown(one.alert_id, 60),
        ]  # fmt: skip
        table.add_row(*cells, style=_COLOURS.get(became, "dim"))
    console().print(table)


def _why(one: Delivery, now_ms: int) -> str:
    """The reason, what the receiver answered, and when it is tried again."""
    parts = [] if one.failure is None else [one.failure]
    if one.http_status is not None and one.state != "sent":
        parts.append(str(one.http_status))
    if one.open and one.next_retry_ms is not None and one.next_retry_ms > now_ms:
        parts.append(f"again in {age(now_ms, one.next_retry_ms)}")
    return " ".join(parts)
