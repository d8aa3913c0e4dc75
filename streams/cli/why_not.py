"""`nabz why-not`: the first gate that stopped an alert, for each rule, with its numbers.

Next step: `alerts.why_not` names the gate.
"""

from __future__ import annotations

from pathlib import Path

import click

from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.progress import folding
from streams.cli.rules import config_of
from streams.cli.why import at_ms_of, unknown
from streams.cli.words import points, shown, utc


@click.command(
    "why-not", epilog=examples("nabz why-not c-102", "nabz why-not c-102 --at 2026-11-24T10:00")
)
@click.argument("customer")
@click.option(
    "--at", metavar="TIME", help="As things stood then: 2026-11-24T10:00 (UTC), or milliseconds."
)
@json_option
@with_settings
def why_not(
    *, customer: str, at: str | None, as_json: bool, config_path: Path | None, broker: str | None
) -> None:
    """Say why nobody was told of a customer: for each rule the first gate that stopped an alert.

    The log of the customer is folded again up to then, under the rules in force then. What became
    of messages is said as it stands now. Put -- before a customer whose name starts with a dash.
    """
    settings = settings_from(config_path, broker)
    at_ms = None if at is None else at_ms_of(at)

    from alerts.fields import Seen
    from alerts.subjects import seen_by, subjects
    from alerts.why_not import gate
    from scoring.health import health
    from streams.cli.notifier import deliveries_of
    from streams.worker.history import refold

    where = settings.broker()
    with folding() as progress:
        history = refold(where, settings, customer=customer, at_ms=at_ms, progress=progress)
    row = history.rows.get(customer)
    if row is None:
        raise unknown(customer, where, at_ms)
    config = config_of(row, where)
    now_ms = row.now_ms if at_ms is None else max(at_ms, row.now_ms)
    found = health(row.customer, now_ms, config.scoring, complete_to_ms=row.complete_ms)
    base = Seen(row.customer, found, config.scoring, row.complete_ms)
    told = deliveries_of(where)
    gates = []
    for rule in config.rules:
        mine = {one.conversation: one for one in row.episodes if one.rule == rule.id}
        for conversation in subjects(rule, row.customer, mine.values()):
            seen = seen_by(rule, conversation, base)
            stopped = gate(rule, seen, mine.get(conversation), told)
            gates.append(stopped._replace(conversation=conversation))
    if as_json:
        import msgspec

        for one in gates:
            click.echo(msgspec.json.encode(one._asdict()).decode())
        return
    click.echo(
        f"customer {shown(customer)}, {utc(now_ms)} UTC: distress {_score(found.distress_e2)},"
        f" health {_score(found.health_e2)}, waiting {found.wait.state}"
    )
    for one in gates:
        about = f" ({shown(one.conversation)})" if one.conversation else ""
        click.echo(f"{one.rule}{about}: {one.name.replace('_', ' ')}: {shown(one.text, 300)}")
    if not gates:
        click.echo("no rule is in force", err=True)


def _score(score_e2: int | None) -> str:
    return "unknown" if score_e2 is None else points(score_e2)
