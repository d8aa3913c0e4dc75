"""`nabz alerts`: what is open and whose, and what people decide about it.

Next step: `streams.cli.decisions` writes it, `alerts.commands` applies or refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from scoring.records import DISAGREEMENTS
from streams.cli.decisions import WAIT_S, alert_rows, decide, is_open, meant
from streams.cli.errors import FAILED, MISUSED, Stop
from streams.cli.notifier import length_ms
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import console, moment_ms, shown, utc
from streams.clock import wall_ms

if TYPE_CHECKING:
    from alerts.outputs import AlertRow
    from streams.cli.decisions import Answers
    from streams.engine.brokers import Broker

_Command = TypeVar("_Command", bound=Callable[..., Any])
_NAMED_MAX: Final = 10
_TEXT_MAX: Final = 2_000


@click.group(
    epilog=examples(
        "nabz alerts list --overdue",
        "nabz alerts ack 5bd5bd59 --for 4h",
        "nabz alerts disagree 5bd5bd59 --reason misread_words",
    )
)
def alerts() -> None:
    """List open alerts; take, snooze, give, judge and close them."""


def _decision(command: _Command) -> _Command:
    """What all decisions take: which alerts, a note, and whether to wait for the answer."""
    for option in (
        click.argument("names", nargs=-1, required=True, metavar="ALERT..."),
        click.option("--text", default="", metavar="TEXT", help="A note; it is redacted."),
        click.option("--no-wait", is_flag=True, help="Do not wait for the answer."),
        with_settings,
    ):
        command = option(command)
    return command


def _decided(
    *, names: Sequence[str], text: str, no_wait: bool, config_path: Path | None,
    broker: str | None, **facts: Any,
) -> None:  # fmt: skip
    if len(text) > _TEXT_MAX:
        raise Stop(f"--text: write up to {_TEXT_MAX} characters", MISUSED)
    where = settings_from(config_path, broker).broker()
    found = meant(alert_rows(where), names)
    given = {
        name: value for name, value in {"text": text, **facts}.items() if value not in {"", None}
    }
    _tell(decide(where, found, given, wait_s=0 if no_wait else WAIT_S))


def _tell(answers: Answers) -> None:
    """Say what became of it, a line an alert; refusals end with exit code 1."""
    for one in answers.applied:
        click.echo(f"{one.alert_id}  {shown(one.customer)}  {one.reason}, now {one.after}")
    for one in answers.refused:
        why = "" if one.answer is None else one.answer.rejected
        click.echo(f"{one.alert_id}  {shown(one.customer)}  refused: {why}", err=True)
    if answers.waiting:
        click.echo(f"written, and not answered yet: {answers.waiting}", err=True)
    if answers.refused:
        raise SystemExit(FAILED)


def _until_ms(length: str | None, most_ms: int) -> int | None:
    return None if length is None else wall_ms() + length_ms(length, most_ms, "--for")


@alerts.command(epilog=examples("nabz alerts ack 5bd5bd59", "nabz alerts ack c-102 --for 4h"))
@click.option("--for", "length", metavar="TIME", help="How long; by default eight business hours.")
@_decision
def ack(*, length: str | None, **given: Any) -> None:
    """Take care of alerts: nobody is reminded of them until that ends.

    ALERT is an id, its beginning, or a customer for all open ones.
    """
    from alerts.human import LONGEST_MS

    _decided(**given, verb="ack", until_ms=_until_ms(length, LONGEST_MS))


@alerts.command(epilog=examples("nabz alerts unack 5bd5bd59"))
@_decision
def unack(**given: Any) -> None:
    """Give alerts back: nobody takes care of them any more."""
    _decided(**given, verb="unack")


@alerts.command(
    epilog=examples(
        "nabz alerts snooze 5bd5bd59 --for 4h",
        "nabz alerts snooze 5bd5bd59 --until-worse --by 10",
    )
)
@click.option("--for", "length", metavar="TIME", help="How long, at most 7d.")
@click.option("--until-worse", is_flag=True, help="Until it is critical, or --for has passed.")
@click.option(
    "--by", "points", type=click.IntRange(1, 100), metavar="POINTS",
    help="With --until-worse: also when it is so many points worse.",
)  # fmt: skip
@_decision
def snooze(*, length: str | None, until_worse: bool, points: int | None, **given: Any) -> None:
    """Hear no more of alerts for a while; their ends are told all the same."""
    from alerts.human import LONGEST_MS

    if length is None and not until_worse:
        raise Stop("--for: found none; write how long, or --until-worse", MISUSED)
    if points is not None and not until_worse:
        raise Stop("--by: stands alone; write --until-worse too", MISUSED)
    _decided(
        **given,
        verb="snooze",
        until_ms=_until_ms(length, LONGEST_MS),
        until_worse=until_worse or None,
        worse_by_e2=None if points is None else 100 * points,
    )


@alerts.command(epilog=examples("nabz alerts unsnooze 5bd5bd59"))
@_decision
def unsnooze(**given: Any) -> None:
    """Hear of snoozed alerts again."""
    _decided(**given, verb="unsnooze")


@alerts.command(epilog=examples("nabz alerts assign 5bd5bd59 --to omid"))
@click.option("--to", "assignee", required=True, metavar="NAME", help="Whose it is from now on.")
@_decision
def assign(*, assignee: str, **given: Any) -> None:
    """Give alerts to somebody."""
    _decided(**given, verb="assign", assignee=assignee)


@alerts.command(epilog=examples("nabz alerts note 5bd5bd59 --text 'called back, no answer'"))
@_decision
def note(**given: Any) -> None:
    """Write something down beside alerts."""
    if not given["text"].strip():
        raise Stop("--text: found none; write the note", MISUSED)
    _decided(**given, verb="note")


@alerts.command(epilog=examples("nabz alerts handled 5bd5bd59"))
@_decision
def handled(**given: Any) -> None:
    """Say that alerts were right and are taken care of; they close when it is over."""
    _decided(**given, verb="handled")


@alerts.command(epilog=examples("nabz alerts disagree 5bd5bd59 --reason misread_words"))
@click.option("--reason", required=True, type=click.Choice(DISAGREEMENTS), help="What is wrong.")
@_decision
def disagree(*, reason: str, **given: Any) -> None:
    """Say why alerts were no help; they are closed, unless they are somebody else's (not_mine)."""
    _decided(**given, verb="disagree", reason=reason)


@alerts.command(
    epilog=examples(
        "nabz alerts resolve 5bd5bd59",
        "nabz alerts resolve --rule angry --from 2026-11-24T09:00 --to 2026-11-24T10:30 --dry-run",
    )
)
@click.argument("names", nargs=-1, metavar="[ALERT]...")
@click.option("--rule", metavar="RULE", help="All open alerts of this rule instead, at most ..")
@click.option("--from", "since", metavar="TIME", help=".. those opened then or later.")
@click.option("--to", "before", metavar="TIME", help=".. those opened before.")
@click.option("--dry-run", is_flag=True, help="Say how many and which; write nothing.")
@click.option("--text", default="", metavar="TEXT", help="A note; it is redacted.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the answer.")
@with_settings
def resolve(
    *, names: tuple[str, ...], rule: str | None, since: str | None, before: str | None,
    dry_run: bool, text: str, no_wait: bool, config_path: Path | None, broker: str | None,
) -> None:  # fmt: skip
    """Close alerts; only something new from the customer opens them again."""
    if bool(names) == bool(rule):
        raise Stop("ALERT: name alerts, or all of a --rule, one of the two", MISUSED)
    if names and (since or before):
        raise Stop("--from, --to: are about a --rule", MISUSED)
    span = _moment_ms(since, "--from", 0), _moment_ms(before, "--to", 1 << 53)
    where = settings_from(config_path, broker).broker()
    rows = alert_rows(where)
    found = meant(rows, names) if names else _of_rule(rows, rule, *span)
    if dry_run:
        _would_close(found)
        return
    if not found:
        click.echo("nothing is open there; nothing to do")
        return
    facts = {"verb": "resolve", **({"text": text} if text else {})}
    _tell(decide(where, found, facts, wait_s=0 if no_wait else WAIT_S))


def _moment_ms(text: str | None, option: str, otherwise: int) -> int:
    try:
        return otherwise if text is None else moment_ms(text)
    except ValueError:
        raise Stop(f"{option}: found {text!r}; write 2026-11-24T22:00", MISUSED) from None


def _of_rule(
    rows: Sequence[AlertRow], rule: str | None, from_ms: int, to_ms: int
) -> list[AlertRow]:
    """Open alerts of a rule that opened in `[from_ms, to_ms)`."""
    return [
        row
        for row in rows
        if row.rule == rule
        and is_open(row)
        and row.opened_ms is not None
        and from_ms <= row.opened_ms < to_ms
    ]


def _would_close(found: Sequence[AlertRow]) -> None:
    click.echo(f"would close: {len(found)}")
    for row in found[:_NAMED_MAX]:
        opened = "" if row.opened_ms is None else utc(row.opened_ms)
        click.echo(f"  {row.severity:<8} {shown(row.rule)}  {shown(row.customer)}  since {opened}")
    if len(found) > _NAMED_MAX:
        click.echo(f"  and {len(found) - _NAMED_MAX} more")


@alerts.command(
    "list", epilog=examples("nabz alerts list", "nabz alerts list --owner mina --overdue --json")
)
@click.option("--all", "everything", is_flag=True, help="Also those that are closed.")
@click.option("--rule", metavar="RULE", help="Of this rule.")
@click.option("--owner", metavar="NAME", help="Whose they are.")
@click.option("--unowned", is_flag=True, help="Nobody's.")
@click.option("--overdue", is_flag=True, help="Something should have been done by now.")
@json_option
@with_settings
def list_alerts(
    *, everything: bool, rule: str | None, owner: str | None, unowned: bool, overdue: bool,
    as_json: bool, config_path: Path | None, broker: str | None,
) -> None:  # fmt: skip
    """List open alerts, the oldest first, with who takes care of them and what is due."""
    where: Broker = settings_from(config_path, broker).broker()
    found = [
        row
        for row in alert_rows(where)
        if (everything or is_open(row))
        and rule in {None, row.rule}
        and owner in {None, row.care.owner}
        and not (unowned and row.care.owner is not None)
        and not (overdue and not row.care.overdue)
    ]
    if as_json:
        import msgspec

        for row in found:
            click.echo(msgspec.json.encode(row).decode())
        return
    if not found:
        click.echo("no alert is open" if not everything else "there is no alert", err=True)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("id", "severity", "rule", "customer", "since", "owner", "due", "human"):
        table.add_column(column)
    for row in found:
        opened = "" if row.opened_ms is None else utc(row.opened_ms)
        table.add_row(
            row.alert_id[:8], row.severity, shown(row.rule), shown(row.customer), opened,
            shown(row.care.owner or "NOBODY"), _due(row), _human(row),
        )  # fmt: skip
    console().print(table)


def _due(row: AlertRow) -> str:
    due_ms = row.care.due_at_ms
    if due_ms is None:
        return ""
    return f"{'OVERDUE since ' if row.care.overdue else ''}{utc(due_ms)}"


def _human(row: AlertRow) -> str:
    """The newest that is known of who takes care, in few words."""
    care = row.care
    if not is_open(row):
        return shown(f"closed: {care.verdict or row.closed_reason}")
    if care.handled_by is not None:
        return shown(f"handled by {care.handled_by}")
    if care.snoozed_until_ms is not None:
        worse = " or worse" if care.until_worse else ""
        return shown(f"snoozed by {care.snoozed_by} until {utc(care.snoozed_until_ms)}{worse}")
    return shown(f"acked by {care.acked_by}") if care.acked_by is not None else ""


@alerts.command(epilog=examples("nabz alerts verdicts", "nabz alerts verdicts --check"))
@click.option("--check", is_flag=True, help="End with 1 where a rule is right too seldom.")
@json_option
@with_settings
def verdicts(*, check: bool, as_json: bool, config_path: Path | None, broker: str | None) -> None:
    """Count how many alerts were right, by rule and cue, by what people said of them.

    With the interval that holds the share in 95 of 100 samples. A rule below its min_precision
    after 20 verdicts has a change proposed; nothing is changed.
    """
    from alerts.verdicts import by_cue, by_rule, judged, proposals
    from streams.cli.measures import wilson
    from streams.cli.public import transitions

    settings = settings_from(config_path, broker)
    found = judged(transitions(settings.broker()))
    proposed = list(proposals(found, settings.rules))
    differences = {one.rule: one.difference for one in proposed}
    for kind, counts in (("rule", by_rule(found)), ("cue", by_cue(found))):
        for name, count in counts.items():
            low, high = wilson(*count)
            if as_json:
                import json

                facts = {"kind": kind, "name": name, "right": count.right, "verdicts": count.all}
                interval = {"low": round(low, 3), "high": round(high, 3)}
                difference = {"difference": differences.get(name)} if kind == "rule" else {}
                click.echo(json.dumps(facts | interval | difference))
                continue
            share = f"{100 * count.right // count.all} % right ({low:.0%} to {high:.0%})"
            click.echo(f"{kind:<5} {shown(name)}: {count.right} of {count.all}, {share}")
    if not found:
        click.echo("nobody has judged an alert yet; `nabz alerts disagree --help`", err=True)
    for one in proposed:
        click.echo(
            f"rule {one.rule} is right less often than its min_precision; consider:", err=True
        )
        click.echo(one.difference, err=True)
    if proposed and check:
        raise SystemExit(FAILED)
