"""`nabz silences`: what nobody wants to hear of for a while, and planned work.

Next step: `streams.notifier.orders` keeps them, `alerts.pipeline` minds them.
"""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.notifier import length_ms, orders_of
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.public import transitions
from streams.cli.words import console, moment_ms, shown, utc
from streams.clock import wall_ms

if TYPE_CHECKING:
    from alerts.outputs import Transition
    from alerts.silences import Matcher, Silence
    from streams.engine.brokers import Broker

_COMMENT_MAX: Final = 500
_NAMED_MAX: Final = 10


@click.group(
    epilog=examples(
        "nabz silences preview rule=customer-distress tier=silver",
        "nabz silences list",
    )
)
def silences() -> None:
    """Silence alerts for a while; they stay visible, and their ends are told all the same."""


def _matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    from alerts.silences import MatcherError, matcher

    try:
        return tuple(matcher(text) for text in texts)
    except MatcherError as error:
        raise Stop(f"MATCHER: {error}", MISUSED) from None


def hidden_by(made: Silence, broker: Broker) -> list[Transition]:
    """Open alerts a silence would hide now, by their newest transition; those on trial left out."""
    newest = {one.fingerprint: one for one in transitions(broker)}
    return [
        one
        for one in newest.values()
        if one.after in {"firing", "recovering"} and not one.shadow and made.covers(one)
    ]


@silences.command(
    epilog=examples(
        "nabz silences add rule=customer-distress tier=silver --for 2h --comment 'known outage'",
        "nabz silences add --maintenance --starts 2026-11-24T22:00 --for 4h --comment upgrade",
    )
)
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.option(
    "--for", "length", required=True, metavar="TIME", help="How long, e.g. 2h or 3d; at most 30d."
)
@click.option("--comment", required=True, metavar="TEXT", help="Why; shown to whoever asks.")
@click.option("--maintenance", is_flag=True, help="Planned work; may be about everything.")
@click.option("--starts", metavar="TIME", help="Begin then (UTC unless it names a zone), not now.")
@with_settings
def add(
    *,
    matchers: tuple[str, ...],
    length: str,
    comment: str,
    maintenance: bool,
    starts: str | None,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Silence the alerts that every MATCHER holds for: name=value or name!=value.

    Names are rule, severity, tier, customer, account and label.<name>; commas separate values. When
    it ends, an alert that is still open is told then, once.
    """
    from alerts.silences import LONGEST_MS

    span_ms = length_ms(length, LONGEST_MS, "--for")
    asked = _matchers(matchers)
    if not asked and not maintenance:
        raise Stop("MATCHER: found none; name what to silence, or write --maintenance", MISUSED)
    if not 0 < len(comment.strip()) <= _COMMENT_MAX:
        raise Stop(f"--comment: write 1 to {_COMMENT_MAX} characters", MISUSED)
    now_ms = wall_ms()
    try:
        from_ms = 0 if starts is None else moment_ms(starts)
    except ValueError:
        raise Stop(f"--starts: found {starts!r}; write 2026-11-24T22:00", MISUSED) from None
    where = settings_from(config_path, broker).broker()

    import msgspec

    from alerts.silences import Silence
    from streams.notifier.orders import give, silence_key

    made = Silence(
        until_ms=(from_ms or now_ms) + span_ms,
        ts_ms=now_ms,
        matchers=asked,
        verb="maintenance" if maintenance else "silence",
        from_ms=from_ms,
        text=comment.strip(),
        actor=getpass.getuser(),
    )
    name, old = secrets.token_hex(3), orders_of(where).forgettable(now_ms)
    record = (silence_key(name, made.verb), msgspec.json.encode(made))
    give(where, [record, *((key, None) for key in old)])
    hides = len(hidden_by(made, where))
    click.echo(
        f"{made.verb} {name} until {utc(made.end_ms)} UTC; alerts open now that it hides: {hides}"
    )


@silences.command(
    epilog=examples(
        "nabz silences preview customer=c-102",
        "nabz silences preview label.team=cs severity!=critical",
    )
)
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@with_settings
def preview(*, matchers: tuple[str, ...], config_path: Path | None, broker: str | None) -> None:
    """Count the open alerts a silence would hide, and name some; writes nothing."""
    asked = _matchers(matchers)
    where = settings_from(config_path, broker).broker()

    from alerts.silences import Silence

    found = hidden_by(Silence(until_ms=1, ts_ms=1, matchers=asked), where)
    click.echo(f"alerts open now that it would hide: {len(found)}")
    for one in found[:_NAMED_MAX]:
        since = utc(one.since_ms)
        click.echo(f"  {one.severity:<8} {shown(one.rule)}  {shown(one.customer)}  since {since}")
    if len(found) > _NAMED_MAX:
        click.echo(f"  and {len(found) - _NAMED_MAX} more")


def _state(one: Silence, now_ms: int) -> str:
    if one.lasts(now_ms):
        return "in force"
    return "ended" if now_ms >= one.end_ms else "to come"


def _written(one: Silence) -> str:
    said = [
        f"{matcher.name}{'=' if matcher.equal else '!='}{','.join(matcher.values)}"
        for matcher in one.matchers
    ]
    return shown(" ".join(said)) or "everything"


@silences.command(
    "list",
    epilog=examples(
        "nabz silences list",
        "nabz silences list --all --json",
    ),
)
@click.option("--all", "everything", is_flag=True, help="Also those that have ended.")
@json_option
@with_settings
def list_silences(
    *, everything: bool, as_json: bool, config_path: Path | None, broker: str | None
) -> None:
    """List silences and maintenance, in force and to come, the next to end first."""
    where, now_ms = settings_from(config_path, broker).broker(), wall_ms()
    found = [
        (name, one, _state(one, now_ms))
        for name, one in sorted(orders_of(where).silences.items(), key=lambda it: it[1].end_ms)
        if everything or now_ms < one.end_ms
    ]
    if as_json:
        import json

        import msgspec

        for name, one, state in found:
            facts = {"id": name, "kind": one.verb, "state": state, "end_ms": one.end_ms}
            click.echo(json.dumps(facts | msgspec.to_builtins(one)))
        return
    if not found:
        click.echo("nothing is silenced", err=True)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("id", "kind", "state", "from", "until", "by", "what", "why"):
        table.add_column(column)
    for name, one, state in found:
        when = utc(one.begin_ms), utc(one.end_ms)
        table.add_row(
            shown(name), one.verb, state, *when, shown(one.actor), _written(one), shown(one.text)
        )
    console().print(table)


@silences.command(epilog=examples("nabz silences expire 3fa2b1"))
@click.argument("name", metavar="ID")
@with_settings
def expire(*, name: str, config_path: Path | None, broker: str | None) -> None:
    """End a silence or maintenance now; what it hides and is still true is told then."""
    where, now_ms = settings_from(config_path, broker).broker(), wall_ms()
    found = orders_of(where).silences.get(name)
    if found is None:
        raise Stop(f"silence {name}: there is none; `nabz silences list --all` shows all")
    if now_ms >= found.end_ms:
        click.echo(f"{found.verb} {name} has ended already; nothing to do")
        return

    import msgspec

    from streams.notifier.orders import give, silence_key

    done = msgspec.structs.replace(found, expired_ms=now_ms)
    give(where, [(silence_key(name, found.verb), msgspec.json.encode(done))])
    click.echo(f"{found.verb} {name} has ended")
