"""`nabz rules`: are they sound, do they do what is promised, and what do they see of a customer?

Next step: `alerts.rule_checks` looks for what cannot be meant, `alerts.timelines` runs the tests
beside rules, `alerts.rule_words` puts a rule and its numbers in words.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.cli.errors import FAILED, Stop
from streams.cli.options import (
    config_option,
    examples,
    file_of,
    json_option,
    settings_from,
    with_settings,
)
from streams.cli.words import shown, utc

if TYPE_CHECKING:
    from alerts.config import Config
    from alerts.fields import Seen
    from alerts.row import Row
    from alerts.rules import Rule
    from alerts.subjects import Signs
    from scoring.config import Scoring
    from streams.engine.brokers import Broker

path_argument = click.argument(
    "path", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@click.group(
    epilog=examples(
        "nabz rules check",
        "nabz rules test rules.yaml",
        "nabz rules explain customer-distress c-102",
    )
)
def rules() -> None:
    """Check rules, run their tests, and see what a rule sees of a customer."""


@rules.command(
    epilog=examples(
        "nabz rules check",
        "nabz rules check rules.yaml --config nabz.yaml",
    )
)
@path_argument
@json_option
@config_option
@click.pass_context
def check(
    ctx: click.Context, *, path: Path | None, as_json: bool, config_path: Path | None
) -> None:
    """Read rules and look for what cannot be meant; asks no broker.

    PATH is a file of rules; without it those of the settings, which are the shipped ones where they
    name none. Ends with 2 where a rule cannot be understood, and with 1 where one can never be
    raised, tells twice, or reaches nobody.
    """
    from alerts.rule_checks import findings
    from alerts.rules import rules_from
    from streams.notifier.build import build

    found = rules_from(_tree(path, config_path))
    settings = settings_from(config_path)
    plan = build(settings.notifier())
    wrong = findings(
        found,
        settings.scoring.scoring(),
        plan.routes,
        tuple(plan.outlets),
        plan.audience.people,
    )
    if as_json:
        click.echo(
            json.dumps(
                {
                    "rules": [one.id for one in found],
                    "findings": [{"about": one.about, "what": one.what} for one in wrong],
                }
            )
        )
    else:
        for one in found:
            click.echo(f"{one.id:<24} {_summary(one)}")
        for finding in wrong:
            click.echo(f"{finding.about}: {finding.what}", err=True)
    ctx.exit(FAILED if wrong else 0)


@rules.command(
    "test",
    epilog=examples(
        "nabz rules test",
        "nabz rules test rules.yaml --config nabz.yaml",
    ),
)
@path_argument
@json_option
@config_option
@click.pass_context
def run(ctx: click.Context, *, path: Path | None, as_json: bool, config_path: Path | None) -> None:
    """Run the tests that stand beside rules; asks no broker.

    PATH is as for `nabz rules check`. Stories are scored as the settings say. Ends with 1 if one
    comes out otherwise than expected, and with 1 if there are none.
    """
    from alerts.rules import rules_from
    from alerts.timelines import run_tests

    tree = _tree(path, config_path)
    done = run_tests(tree, rules_from(tree), settings_from(config_path).scoring.scoring())
    failed = sum(bool(one.wrong) for one in done)
    for one in done:
        if as_json:
            click.echo(json.dumps({"name": one.name, "wrong": list(one.wrong)}))
        else:
            click.echo(f"{'FAILED' if one.wrong else 'ok':<7} {one.name}")
            for wrong in one.wrong:
                click.echo(f"        {wrong}")
    if not done:
        raise Stop("there are no tests; write some under `tests:` beside the rules (docs/rules.md)")
    click.echo(f"{len(done) - failed} of {len(done)} as promised", err=True)
    ctx.exit(FAILED if failed else 0)


@rules.command(
    epilog=examples(
        "nabz rules explain customer-distress c-102",
        "nabz rules explain conversation-stuck c-102 --json",
    )
)
@click.argument("rule_id", metavar="RULE")
@click.argument("customer")
@json_option
@with_settings
def explain(
    *, rule_id: str, customer: str, as_json: bool, config_path: Path | None, broker: str | None
) -> None:
    """Show what a rule sees of a customer: each condition with its number now, and its verdict.

    The log of the customer is folded again, as by `nabz why`; the rule is the one in force then.
    A rule about conversations is shown for each one that is remembered. Put -- before a customer
    whose name starts with a dash.
    """
    settings = settings_from(config_path, broker)

    from streams.cli.progress import folding
    from streams.worker.history import refold

    with folding() as progress:
        history = refold(settings.broker(), settings, customer=customer, progress=progress)
    row = history.rows.get(customer)
    if row is None:
        raise Stop(f"customer {shown(customer)}: not in the log; `nabz tail health` lists who is")
    config = config_of(row, settings.broker())
    rule = _named(rule_id, config.rules)
    subjects = explanation(rule, customer, row, config.scoring)
    if as_json:
        for subject in subjects:
            click.echo(json.dumps(subject))
        return
    for subject in subjects:
        _print(subject)
    if not subjects:
        click.echo(
            f"customer {shown(customer)} has no conversation with an id of its own", err=True
        )


def config_of(row: Row, broker: Broker) -> Config:
    """The configuration a customer was last folded under.

    Raises:
        Stop: Its body is not known any more.
    """
    from alerts.config import decode_config
    from streams.worker.history import control_of

    body = control_of(broker).bodies.get(row.config_hash)
    if body is None:
        raise Stop(
            f"configuration {row.config_hash}: its body is not in nabz.control.v1; run"
            " `nabz config apply`"
        )
    return decode_config(body)


def _named(rule_id: str, known: tuple[Rule, ...]) -> Rule:
    for rule in known:
        if rule.id == rule_id:
            return rule
    ids = [rule.id for rule in known]
    near = difflib.get_close_matches(rule_id, ids, n=1)
    hint = f"did you mean {near[0]}?" if near else f"in force are {', '.join(ids) or 'none'}"
    raise Stop(f"rule {shown(rule_id)}: is not in force; {hint}")


def explanation(rule: Rule, customer: str, row: Row, scoring: Scoring) -> list[dict[str, Any]]:
    """What a rule sees of each of its subjects, as objects for programs and for print.

    Args:
        rule: The rule.
        customer: Who it is about.
        row: All that is kept of them.
        scoring: What the scores were worked out with.
    """
    from alerts.fields import Seen
    from alerts.lifecycle import due_of
    from alerts.subjects import seen_by, signs, subjects
    from scoring.calendar import earliest
    from scoring.health import health

    found = health(row.customer, row.now_ms, scoring, complete_to_ms=row.complete_ms)
    base = Seen(row.customer, found, scoring, row.complete_ms)
    mine = {one.conversation: one for one in row.episodes if one.rule == rule.id}
    told = []
    for conversation in subjects(rule, row.customer, mine.values()):
        seen = seen_by(rule, conversation, base)
        about: Signs = signs(row.customer, rule, conversation)
        episode = mine.get(conversation)
        due = None if episode is None else due_of(episode, rule, **about._asdict())
        dues = () if due is None else (due.time_ms, due.absence_ms)
        told.append(
            {
                "rule": rule.id,
                "customer": customer,
                "conversation": conversation or None,
                "at_ms": row.now_ms,
                "complete_to_ms": row.complete_ms,
                "state": "inactive" if episode is None else episode.state,
                "since_ms": None if episode is None else episode.since_ms,
                "alert_id": None if episode is None else episode.alert_id or None,
                "flapping": episode is not None and episode.flapping,
                "next_ms": earliest(dues),
                "conditions": _conditions(rule, seen),
                "holds": _holds(rule, seen),
            }
        )
    return told


def _conditions(rule: Rule, seen: Seen) -> list[dict[str, Any]]:
    from alerts.rule_words import explained

    return [
        {"depth": line.depth, "text": line.text, "verdict": line.verdict}
        for line in explained(rule, seen)
    ]


def _holds(rule: Rule, seen: Seen) -> list[str]:
    """What beside its conditions keeps a rule from firing, in words."""
    from alerts.message import duration
    from alerts.rule_words import hits_said

    customer, now_ms = seen.customer, seen.found.now_ms
    found = []
    if rule.hits is not None:
        found.append(f"must be raised {hits_said(rule.hits)}")
    if rule.for_ms:
        found.append(f"must hold for {duration(rule.for_ms)}")
    if customer.first_ms is not None and now_ms < customer.first_ms + rule.warmup_ms:
        left = duration(customer.first_ms + rule.warmup_ms - now_ms)
        found.append(f"warm-up of a new customer for another {left}")
    events = customer.messages + customer.behaviours
    if events < rule.min_events:
        found.append(f"{events} of {rule.min_events} events")
    if rule.shadow:
        found.append("in shadow: told to nobody")
    return found


def _print(subject: dict[str, Any]) -> None:
    about = shown(subject["customer"])
    if subject["conversation"] is not None:
        about += f", conversation {shown(subject['conversation'])}"
    click.echo(f"{subject['rule']} for {about}, {utc(subject['at_ms'])}")
    if subject["complete_to_ms"] < subject["at_ms"]:
        click.echo(f"  all sources are read up to {utc(subject['complete_to_ms'])} only")
    since = "" if subject["since_ms"] is None else f" since {utc(subject['since_ms'])}"
    flapping = ", flapping" if subject["flapping"] else ""
    click.echo(f"  {subject['state']}{since}{flapping}")
    for line in subject["conditions"]:
        click.echo(f"  {'  ' * line['depth']}{shown(line['text'], 300)}")
    for held in subject["holds"]:
        click.echo(f"  held: {held}")
    if subject["next_ms"] is not None:
        click.echo(f"  changes by time alone at {utc(subject['next_ms'])}")


def _summary(rule: Rule) -> str:
    """A rule in a line."""
    if rule.when is not None:
        parts = ["conditions" + (", critical too" if rule.critical_when is not None else "")]
    else:
        parts = [f"{rule.measure} {_pair(rule.warning.raise_at_e2, rule.warning.clear_at_e2)}"]
        if rule.critical is not None:
            pair = _pair(rule.critical.raise_at_e2, rule.critical.clear_at_e2)
            parts.append(f"critical {pair}")
    if rule.entity == "conversation":
        parts.append("of each conversation")
    if rule.hits is not None:
        from alerts.rule_words import hits_said

        parts.append(hits_said(rule.hits))
    if rule.red_flags:
        parts.append(f"red flags {', '.join(rule.red_flags)}")
    if rule.shadow:
        parts.append("in shadow")
    return ", ".join(parts)


def _pair(raise_at_e2: int, clear_at_e2: int) -> str:
    return f"{raise_at_e2 / 100:g}/{clear_at_e2 / 100:g}"


def _tree(path: Path | None, config_path: Path | None) -> Any:
    """Rules as written: in a file, or where the settings have them."""
    from streams.settings import rules_tree, tree_of

    if path is not None:
        return rules_tree(str(path.absolute()), None)
    file = file_of(config_path)
    return rules_tree(tree_of(file).get("rules"), file)
