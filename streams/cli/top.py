"""`nabz top`: whom to look at first, by what is at stake, and never by that alone.

Next step: `streams.cli.public` reads the newest rows, `alerts.ranking` puts them in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import points, shown

if TYPE_CHECKING:
    from alerts.outputs import HealthRow, Loss
    from alerts.ranking import Place


@click.command(epilog=examples("nabz top", "nabz top --limit 100 --json"))
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to list."
)
@json_option
@with_settings
def top(*, limit: int, as_json: bool, config_path: Path | None, broker: str | None) -> None:
    """List customers in the order in which they are to be looked at.

    By expected loss, which is value times the share at risk (`value:` in nabz.yaml), while a share
    of the places is for the most distressed alone, and who is exempt comes first. Where a profile
    names no value, what is configured for its segment stands in, else the median of those alike,
    marked as assumed. Without `value:` the most distressed come first.
    """
    settings = settings_from(config_path, broker)

    from alerts.ranking import RESERVED_PERCENT
    from streams.cli.public import everybody

    worth = settings.value
    reserved = RESERVED_PERCENT if worth is None else worth.reserved_percent
    rows = everybody(settings.broker())
    if as_json:
        import msgspec

        for row, loss, place in in_order(rows, reserved)[:limit]:
            told = {
                "customer": row.customer,
                "by": place.by,
                "distress_e2": row.distress_e2,
                "health_e2": row.health_e2,
                "as_of_ms": row.as_of_ms,
                "loss": loss,
            }
            click.echo(msgspec.json.encode(told).decode())
        return
    if not rows:
        click.echo("no customer has a score yet", err=True)
        return
    for row, loss, place in in_order(rows, reserved)[:limit]:
        click.echo(_line(row, loss, place))
    if worth is None:
        click.echo("by distress alone: no `value` is configured (docs/rules.md)", err=True)


def in_order(
    rows: Mapping[str, HealthRow], reserved_percent: int
) -> list[tuple[HealthRow, Loss | None, Place]]:
    """Customers in the order to look at them, with what is at stake and what they have it by.

    Args:
        rows: The newest row of each customer.
        reserved_percent: Places for distress alone, of a hundred.
    """
    from alerts.ranking import Standing, ranked
    from alerts.value import with_medians

    losses = with_medians({name: row.loss for name, row in rows.items() if row.loss is not None})
    standings = []
    for name, row in rows.items():
        loss = losses.get(name)
        exempt = loss is not None and loss.exempt is not None
        loss_e2 = None if loss is None else loss.loss_e2
        standings.append(Standing(name, row.distress_e2, loss_e2, exempt))
    return [
        (rows[place.key], losses.get(place.key), place)
        for place in ranked(standings, reserved_percent=reserved_percent)
    ]


def _line(row: HealthRow, loss: Loss | None, place: Place) -> str:
    distress = "?" if row.distress_e2 is None else points(row.distress_e2)
    stake = ""
    if loss is not None and loss.loss_e2 is not None and loss.value_e2 is not None:
        assumed = ", assumed" if loss.assumed else ""
        stake = (
            f"  {loss.loss_e2 / 100:,.0f} {shown(loss.unit)} at stake"
            f" ({loss.share_percent} % of {loss.value_e2 / 100:,.0f}{assumed})"
        )
    why = place.by if loss is None or loss.exempt is None else f"exempt: {loss.exempt}"
    return f"{shown(row.customer, 40):<20} distress {distress:>4}  {why:<10}{stake}"
