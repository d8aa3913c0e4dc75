"""`nabz playbooks`: what people are advised to do about what hurts, and what followed alerts of it.

Next step: `alerts.playbooks` holds the steps, `alerts.association` counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.backtest import DAY_MS, log_option, records
from streams.cli.errors import Stop
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.progress import folding
from streams.cli.words import shown

if TYPE_CHECKING:
    from alerts.association import Followed

_SHARE_MIN: Final = 20
"""Alerts of which a share is printed: of fewer it says nothing."""


@click.group(
    epilog=examples(
        "nabz playbooks show", "nabz playbooks outcomes --log log.jsonl.gz --horizon 14"
    )
)
def playbooks() -> None:
    """Show next steps by cause, and count what followed alerts."""


@playbooks.command(epilog=examples("nabz playbooks show", "nabz playbooks show --locale fa"))
@click.option(
    "--locale",
    type=click.Choice(("en", "fa")),
    default="en",
    show_default=True,
    help="Language of the steps.",
)
@json_option
@with_settings
def show(*, locale: str, as_json: bool, config_path: Path | None, broker: str | None) -> None:
    """Print the next steps by cause, as configured; those that ship where nothing is."""
    settings = settings_from(config_path, broker)

    from alerts.playbooks import SHIPPED, playbooks_from

    found = playbooks_from(settings.playbooks) or SHIPPED
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(found).decode())
        return
    for cause, one in found.items():
        for number, step in enumerate(one.steps.get(locale, ("-",))):
            click.echo(f"{'' if number else cause:<20} {shown(step, 200)}")
        if one.link is not None:
            click.echo(f"{'':<20} {shown(one.link, 200)}")
    if not settings.playbooks:
        click.echo("none is configured: messages show no steps; write `playbooks: true`", err=True)


@playbooks.command(epilog=examples("nabz playbooks outcomes", "nabz playbooks outcomes --json"))
@log_option
@click.option(
    "--horizon",
    "horizon_days",
    metavar="DAYS",
    type=click.FloatRange(min=0, min_open=True),
    default=7.0,
    show_default=True,
    help="How long after an alert an outcome still follows it.",
)
@json_option
@with_settings
def outcomes(
    *,
    log_path: Path | None,
    horizon_days: float,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Count what followed alerts, by what hurt: an association, and no proof of an effect.

    Folds the log anew under the rules of the settings and writes nothing. Of each cause the alerts
    somebody took and those nobody did, how they ended, and which outcomes of the customer came
    within the horizon. Who takes an alert chooses, so the two groups are not alike.
    """
    settings = settings_from(config_path, broker)

    from alerts.association import associated
    from streams.worker.trial import episodes

    with folding() as progress:
        alerts, happened = episodes(
            records(settings, log_path, progress), settings.config(), log_epoch=settings.log_epoch
        )
    if not alerts:
        raise Stop("no alert opened in the log under these rules: nothing can have followed one")
    found = associated(alerts, happened, horizon_ms=round(horizon_days * DAY_MS))
    if as_json:
        import msgspec

        for one in found:
            click.echo(msgspec.json.encode(one).decode())
        return
    for line in table(found):
        click.echo(line)
    click.echo(
        f"association, within {horizon_days:g} days: who takes an alert chooses, so this is no"
        " effect",
        err=True,
    )


def table(found: Iterable[Followed]) -> list[str]:
    """A line for each cause, and for who took its alerts; no share of few alerts."""
    lines = [f"{'cause':<20} {'taken':<6} {'alerts':>6}  ended; followed by"]
    for one in found:
        ended = ", ".join(f"{count} {name}" for name, count in one.ended.items())
        after = ", ".join(
            f"{count} {name}{_share(count, one.alerts)}" for name, count in one.outcomes.items()
        )
        lines.append(
            f"{shown(one.cause, 20):<20} {'yes' if one.taken else 'no':<6} {one.alerts:>6}"
            f"  {ended}; {after or 'no outcome'}"
        )
    return lines


def _share(count: int, of: int) -> str:
    return "" if of < _SHARE_MIN else f" ({100 * count / of:.0f} %)"
