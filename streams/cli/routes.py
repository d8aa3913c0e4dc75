"""`nabz routes`: whom an alert would reach, and why.

Next step: `alerts.routing` looks at the routes, `alerts.pipeline` at what keeps an opening back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.errors import FAILED, MISUSED, Stop
from streams.cli.options import config_option, examples, json_option, settings_from
from streams.cli.words import moment_ms, shown
from streams.clock import wall_ms

if TYPE_CHECKING:
    from alerts.people import Choice


@click.group(epilog=examples("nabz routes test --severity critical --tier gold"))
def routes() -> None:
    """Try out which channels an alert reaches."""


def labels_from(texts: tuple[str, ...]) -> dict[str, str]:
    """Labels as written.

    Raises:
        Stop: One has no `=` or no name.

    >>> labels_from(("team=cs", "region=eu"))
    {'team': 'cs', 'region': 'eu'}
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise Stop(f"--label: found {text[:60]!r}; write name=value", MISUSED)
        found[name] = value
    return found


def _chosen(chosen: Choice | None, when_ms: int) -> str:
    """Who hears as the owner, and why."""
    if chosen is None:
        return "owner: nobody in `people` owns it"
    owner, person = chosen.owner, chosen.person
    asked = "; ".join(owner.owns.asked()) or "asks nothing"
    whose = f"owner: {shown(owner.name)} ({shown(asked)})"
    if person.name != owner.name:
        return f"{whose}, who is away; {shown(person.name)} stands in"
    if not owner.there(when_ms):
        return f"{whose}, who is away, and nobody who is there stands in"
    return f"{whose}, who is there"


@routes.command(
    "test",
    epilog=examples(
        "nabz routes test --severity critical --rule customer-distress --tier gold",
        "nabz routes test --label team=cs --at 2026-11-24T23:00Z",
    ),
)
@click.option(
    "--severity",
    type=click.Choice(["warning", "critical"]),
    default="warning",
    show_default=True,
    help="How bad it is.",
)
@click.option("--rule", default="", metavar="ID", help="Rule that raises it.")
@click.option("--tier", metavar="NAME", help="Tier of the customer; left out, it is not known.")
@click.option("--account", metavar="NAME", help="Account of the customer, likewise.")
@click.option("--language", metavar="CODE", help="Language of the customer, likewise.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="A label of the rule.")
@click.option("--at", metavar="TIME", help="When (UTC unless it names a zone); now by default.")
@json_option
@config_option
@click.pass_context
def try_out(
    ctx: click.Context,
    *,
    severity: str,
    rule: str,
    tier: str | None,
    account: str | None,
    language: str | None,
    labels: tuple[str, ...],
    at: str | None,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Show which channels a described alert reaches, and why; asks no broker.

    Ends with 1 if it reaches nobody.
    """
    from alerts.people import owner_of
    from alerts.routing import Described, channels_for, looks
    from streams.notifier.build import build

    subject = Described(severity, rule, tier, labels_from(labels), account, language)
    try:
        when_ms = wall_ms() if at is None else moment_ms(at)
    except ValueError:
        raise Stop(f"--at: found {at!r}; write 2026-11-24T23:00", MISUSED) from None
    plan = build(settings_from(config_path).notifier())
    chosen = owner_of(subject, plan.audience.people, when_ms)
    owner = () if chosen is None else chosen.person.channels
    seen = looks(subject, plan.routes, owner)
    reached = channels_for(subject, plan.routes, tuple(plan.outlets), owner)
    person = {name: plan.audience.person(subject, name, when_ms) for name in reached}
    away = {
        name
        for name, one in person.items()
        if one is not None
        and not one.there(when_ms)
        and not (one.critical and severity == "critical")
    }
    waits = away | {
        name
        for name in reached
        for quiet in [plan.outlets[name].quiet]
        if quiet is not None
        and quiet.lasts(when_ms)
        and not (quiet.critical and severity == "critical")
    }
    if as_json:
        tried = [{"route": one.number, "missed": one.missed, "last": one.last} for one in seen]
        told = [{"channel": name, "quiet": name in waits} for name in reached]
        whose = None if chosen is None else chosen.owner.name
        whom = None if chosen is None else chosen.person.name
        found = {"channels": told, "routes": tried, "owner": whose, "person": whom}
        click.echo(json.dumps(found))
    else:
        if plan.audience.people:
            click.echo(_chosen(chosen, when_ms))
        for one in seen:
            why = "; ".join(shown(part) for part in one.missed)
            then = "the search ends here" if one.last else "and on"
            verdict = f"no: {why}" if one.missed else f"yes -> {', '.join(one.channels)}, {then}"
            click.echo(f"route {one.number}: {verdict}")
        if not plan.routes:
            click.echo("no routes: every channel hears of everything")
        for name in reached:
            quiet = "  kept back until its quiet hours end" if name in waits else ""
            if (who := person[name]) is not None and name in away:
                quiet = f"  kept back until {shown(who.name)} is there"
            click.echo(f"reaches {name}{quiet}")
        if not reached:
            click.echo("reaches nobody", err=True)
    ctx.exit(0 if reached else FAILED)
