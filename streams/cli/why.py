"""`nabz why`: every point of a customer's scores, with its cause and where that stands.

Nothing is looked up that could be derived: the customer's log is folded again, by the fold of the
worker, and what comes out is compared with what was published.

Next step: `streams.worker.history` folds, `streams.cli.explanation` picks and compares.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import age, console, moment_ms, place, points, shown, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from alerts.outputs import Contribution, HealthRow, Output, Transition
    from streams.cli.explanation import Compared, Picture
    from streams.engine.brokers import Broker

_VERDICTS: Final = {
    "same": "same: the log gives the published row again, field by field",
    "differs": "differs",
    "not_published": "not published yet: is a worker running?",
    "older": "not compared: what is published is older than what the log still holds",
    "newer": "not compared: what is published stands for a later place of the log",
}


@click.command(
    epilog=examples(
        "nabz why c-102",
        "nabz why c-102 --at 2026-11-24T10:00",
        "nabz why --alert 0a5c1f9e-7d0b-5c43-9f3e-2b8a64f0c1d2 -- -odd-name",
    )
)
@click.argument("customer")
@click.option("--alert", metavar="ID", help="As things stood when this alert last told somebody.")
@click.option(
    "--at", metavar="TIME", help="As things stood then: 2026-11-24T10:00 (UTC), or milliseconds."
)
@json_option
@with_settings
def why(  # an argument an option
    *,
    customer: str,
    alert: str | None,
    at: str | None,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Name every part of a customer's scores, and its cause.

    The scores are derived again from the log and compared with the published row. Ages are those
    at the time shown. Put -- before a customer whose name starts with a dash.
    """
    at_ms = None if at is None else _at_ms(at)
    settings = settings_from(config_path, broker)

    from streams.cli.explanation import picture
    from streams.worker.history import refold

    history = refold(settings.broker(), settings, customer=customer, at_ms=at_ms)
    if customer not in history.rows:
        raise _unknown(customer, settings.broker(), at_ms)
    found = picture(customer, history.outputs, alert=alert, at_ms=at_ms)
    if alert is not None and found.transition is None:
        known = list(dict.fromkeys(one.alert_id for one in found.transitions if one.alert_id))
        raise Stop(
            f"alert {shown(alert)}: customer {shown(customer)} has none of this id;"
            + (f" it has {', '.join(known[-3:])}" if known else " it has had no alert")
            + "; `nabz tail alerts` lists them all"
        )
    verdict = _verdict(customer, history.outputs, settings.broker(), found)
    if as_json:
        click.echo(as_object(customer, found, verdict, history.entries))
    else:
        terminal = console()
        _print(terminal, customer, found, verdict, history.entries)
        held_ms = history.rows[customer].emit_ms
        if held_ms is not None and alert is None:
            terminal.print(
                f"a newer row is held back until {utc(held_ms)} UTC: at most one a second goes out",
                style="yellow",
            )


def _at_ms(text: str) -> int:
    try:
        return moment_ms(text)
    except ValueError as error:
        raise Stop(
            f"--at: found {text!r}; write a time like 2026-11-24T10:00 (UTC), or milliseconds",
            MISUSED,
        ) from error


def _published(customer: str, broker: Broker) -> HealthRow | None:
    from streams.cli.tail import Health
    from streams.engine.cycle import partition_of
    from streams.engine.kafka_reads import partition_count, read
    from streams.topics import HEALTH

    key = customer.encode("utf-8", "surrogatepass")
    count = partition_count(broker, HEALTH)
    found = Health(customer)
    for records in read(broker, HEALTH, partitions=[partition_of(key, count)] if count else None):
        for record in records:
            found.take(record.key, record.value)
    return found.rows.get(customer)


def _unknown(customer: str, broker: Broker, at_ms: int | None) -> Stop:
    """Say that the log does not know a customer, with names that look alike."""
    from streams.cli.tail import Health
    from streams.engine.kafka_reads import read
    from streams.topics import HEALTH

    found = Health()
    for records in read(broker, HEALTH):
        for record in records:
            found.take(record.key, record.value)
    who = f"customer {shown(customer)}"
    if at_ms is not None and customer in found.rows:
        return Stop(f"{who}: the log holds nothing of them up to {utc(at_ms)}; ask for later")
    folded = {name.casefold(): name for name in found.rows}
    close = difflib.get_close_matches(customer.casefold(), folded, n=3, cutoff=0.6)
    if close:
        names = ", ".join(shown(folded[one]) for one in close)
        return Stop(f"{who}: not in the log; close to it are {names}")
    return Stop(
        f"{who}: not in the log, nor any name close to it; `nabz tail health` lists the"
        f" {len(found.rows)} customers there are"
    )


def _verdict(customer: str, outputs: Iterable[Output], broker: Broker, found: Picture) -> Compared:
    """Compare what was derived with what was published: the transition asked for, or the row."""
    from alerts.outputs import HealthRow
    from streams.cli.explanation import Compared, compared, differences, place_of
    from streams.cli.tail import transitions

    at = found.transition
    if at is not None:
        for one in transitions(broker):
            if one.fingerprint == at.fingerprint and one.seq == at.seq:
                fields = differences(at, one)
                return Compared("differs" if fields else "same", fields)
        return Compared("not_published")
    rows = [one for one in outputs if isinstance(one, HealthRow) and one.customer == customer]
    upto = [one for one in rows if found.row is not None and place_of(one) <= place_of(found.row)]
    return compared(upto, _published(customer, broker))


def as_object(customer: str, found: Picture, verdict: Compared, entries: int) -> str:
    """The explanation as one JSON object."""
    import msgspec

    from streams.cli.explanation import total_e2

    row = found.row
    sums = (
        None
        if row is None
        else {"distress_e2": total_e2(row.distress), "health_e2": total_e2(row.health)}
    )
    facts = {
        "customer": customer,
        "row": row,
        "sums": sums,
        "transition": found.transition,
        "transitions": found.transitions,
        "published": verdict.verdict,
        "differences": verdict.fields,
        "not_published_yet": verdict.ahead,
        "entries": entries,
    }
    return msgspec.json.encode(facts).decode()


# ---------------------------------------------------------------------- for people


def _print(
    terminal: Console, customer: str, found: Picture, verdict: Compared, entries: int
) -> None:
    row, at = found.row, found.transition
    if row is None:
        terminal.print(f"{shown(customer)}: {entries} records in the log, no score yet")
    else:
        _print_head(terminal, row)
    if at is not None:
        terminal.print(
            f"\nat {utc(at.at_ms)} UTC alert {at.alert_id} of rule {shown(at.rule)}"
            f" went {at.before}→{at.after} ({at.reason}): {at.measure} {points(at.score_e2)},"
            f" cut at {points(at.raise_at_e2)}"
        )
        terminal.print(f"decided at {place(at.log.topic, at.log.partition, at.log.offset)}")
        _print_score(terminal, "distress", _distress_of(at), at.why, at.at_ms)
    elif row is not None:
        _print_score(terminal, "distress", row.distress_e2, row.distress, row.as_of_ms)
    if row is not None:
        note = "" if at is None or row.as_of_ms == at.at_ms else f", as of {utc(row.as_of_ms)}"
        _print_score(
            terminal, f"health ({row.band}{note})", row.health_e2, row.health, row.as_of_ms
        )
        _print_waiting(terminal, row)
    _print_alerts(terminal, found)
    said = _VERDICTS[verdict.verdict]
    if verdict.fields:
        said += f" in {', '.join(verdict.fields)}"
    if verdict.ahead:
        said += f"; {verdict.ahead} newer are derived above and not published yet"
    what = "published row" if at is None else "published transition"
    colour = {"same": "green", "differs": "red"}.get(verdict.verdict, "yellow")
    terminal.print(f"\n{what}: {said}", style=colour)


def _distress_of(at: Transition) -> int:
    from streams.cli.explanation import total_e2

    return at.score_e2 if at.measure == "distress" else total_e2(at.why)


def _print_head(terminal: Console, row: HealthRow) -> None:
    facts = [
        shown(one) for one in (row.name, row.account, row.tier, row.language) if one is not None
    ]
    terminal.print(f"{shown(row.customer)}" + (f"  ({', '.join(facts)})" if facts else ""))
    terminal.print(
        f"as of {utc(row.as_of_ms)} UTC, version {row.version}; sources read up to"
        f" {utc(row.complete_to_ms)}; confidence {points(row.confidence_e2)}"
    )
    terminal.print(
        f"decided at {place(row.log.topic, row.log.partition, row.log.offset)}"
        f" under configuration {row.config_hash}"
    )
    quality = row.quality
    doubts = [
        text
        for text, holds in (
            ("sources lag behind", not quality.timely),
            ("a record could not be folded", quality.degraded),
            ("too many records for detail", quality.noisy),
        )
        if holds
    ]
    if quality.read_ratio_e2 is not None and quality.read_ratio_e2 < 100:
        doubts.append(f"{quality.read_ratio_e2} % of the messages could be read")
    if doubts:
        terminal.print(f"mind: {'; '.join(doubts)}", style="yellow")


def _print_score(
    terminal: Console,
    name: str,
    score_e2: int | None,
    parts: Sequence[Contribution],
    now_ms: int,
) -> None:
    from streams.cli.explanation import total_e2

    if score_e2 is None:
        terminal.print(f"\n{name}: unknown, no evidence yet", style="bold")
        return
    terminal.print(f"\n{name} {points(score_e2)}", style="bold")
    for part in parts:
        terminal.print(f"{points(part.points_e2, signed=True):>9}  {part.name} ({part.basis})")
        for one in part.evidence:
            quote = f" “{shown(one.quote)}”" if one.quote else ""
            terminal.print(
                f"{'':>11}{points(one.points_e2)} {shown(one.cue)}{quote},"
                f" {age(one.ts_ms, now_ms)} before,"
                f" {place(one.at.topic, one.at.partition, one.at.offset, one.at.index)}",
                style="dim",
            )
    total = total_e2(parts)
    exact = "exactly the score" if total == score_e2 else f"NOT the score {points(score_e2)}"
    terminal.print(f"{points(total):>9}  sum of {len(parts)} parts: {exact}")


def _print_waiting(terminal: Console, row: HealthRow) -> None:
    waiting = row.waiting
    if waiting.state == "unknown":
        terminal.print("\nwaiting: unknown, replies of ours are not visible")
    elif waiting.since_ms is None:
        terminal.print("\nwaiting: nobody waits for us")
    else:
        where = (
            ""
            if waiting.conversation is None
            else f" in conversation {shown(waiting.conversation)}"
        )
        link = "" if waiting.link is None else f", {shown(waiting.link, 500)}"
        terminal.print(
            f"\nwaiting since {utc(waiting.since_ms)} UTC,"
            f" {age(waiting.since_ms, row.as_of_ms)}{where}{link}"
        )
    terminal.print(f"contacts within 24 h: {row.contacts_24h}")


def _print_alerts(terminal: Console, found: Picture) -> None:
    from streams.cli.explanation import newest_by_alert
    from streams.cli.tail import transition_line

    alerts = newest_by_alert(found.transitions)
    open_ = [
        changes for changes in alerts.values() if changes[-1].after in {"firing", "recovering"}
    ]
    terminal.print(f"\nalerts: {len(open_)} open, {len(alerts) - len(open_)} not")
    for changes in alerts.values():
        for one in changes[-6:]:
            terminal.print(f"  {transition_line(one)}")
