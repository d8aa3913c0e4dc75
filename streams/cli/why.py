"""`nabz why`: every point of a customer's scores, with its cause and where that stands.

Nothing is looked up that could be derived: the customer's log is folded again, by the fold of the
worker, and what comes out is compared with what was published.

Next step: `streams.worker.history` folds, `streams.cli.explanation` picks and compares,
`streams.cli.portrait` prints.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.options import (
    checkpoint_option,
    examples,
    json_option,
    settings_from,
    with_settings,
)
from streams.cli.progress import folding
from streams.cli.words import console, moment_ms, shown, utc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerts.outputs import Output
    from scoring.config import Scoring
    from streams.cli.explanation import Compared, Picture
    from streams.engine.brokers import Broker


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
@checkpoint_option
@json_option
@with_settings
def why(
    *,
    customer: str,
    alert: str | None,
    at: str | None,
    from_checkpoint: bool,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Name every part of a customer's scores, and its cause.

    The scores are derived again from the log and compared with the published row. Ages are those
    at the time shown. Put -- before a customer whose name starts with a dash.
    """
    at_ms = None if at is None else at_ms_of(at)
    settings = settings_from(config_path, broker)

    from streams.cli.explanation import picture
    from streams.cli.portrait import print_picture
    from streams.worker.history import refold

    with folding() as progress:
        history = refold(
            settings.broker(),
            settings,
            customer=customer,
            at_ms=at_ms,
            from_checkpoint=from_checkpoint,
            progress=progress,
        )
    if customer not in history.rows:
        raise unknown(customer, settings.broker(), at_ms)
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
        started = history.started.get(customer)
        click.echo(as_object(customer, found, verdict, history.entries, started=started))
    else:
        print_picture(
            console(),
            customer,
            found,
            verdict,
            held_ms=None if alert is not None else history.rows[customer].emit_ms,
            log_begins=max(history.first.values(), default=0),
            started=history.started.get(customer),
            scoring=_scoring(settings.broker(), found),
        )


def _scoring(broker: Broker, found: Picture) -> Scoring | None:
    """Weights and caps of the configuration the picture was folded under."""
    from alerts.config import decode_config
    from streams.worker.history import control_of

    shown_ = found.row if found.transition is None else found.transition
    body = None if shown_ is None else control_of(broker).bodies.get(shown_.config_hash)
    return None if body is None else decode_config(body).scoring


def at_ms_of(text: str) -> int:
    """What `--at` was given.

    Raises:
        Stop: It is no time.
    """
    try:
        return moment_ms(text)
    except ValueError as error:
        raise Stop(
            f"--at: found {text!r}; write a time like 2026-11-24T10:00 (UTC), or milliseconds",
            MISUSED,
        ) from error


def unknown(customer: str, broker: Broker, at_ms: int | None) -> Stop:
    """Say that the log does not know a customer, with ids and display names that look alike."""
    from streams.cli.public import everybody

    rows = everybody(broker)
    who = f"customer {shown(customer)}"
    if at_ms is not None and customer in rows:
        return Stop(f"{who}: the log holds nothing of them up to {utc(at_ms)}; ask for later")
    asked = customer.casefold()
    ids: dict[str, str] = {}
    for one, row in rows.items():
        words = [] if row.name is None else [row.name, *row.name.split()]
        for word in (*words, one):
            ids[word.casefold()] = one
    close = dict.fromkeys(
        ids[one] for one in difflib.get_close_matches(asked, ids, n=5, cutoff=0.6)
    )
    if close:
        names = [
            shown(one) + ("" if (name := rows[one].name) is None else f" ({shown(name)})")
            for one in list(close)[:3]
        ]
        return Stop(f"{who}: not in the log; close to it are {', '.join(names)}")
    return Stop(
        f"{who}: not in the log, nor any name close to it; `nabz tail health` lists the"
        f" {len(rows)} customers there are, `nabz dlq list` what was put aside"
    )


def _verdict(customer: str, outputs: Iterable[Output], broker: Broker, found: Picture) -> Compared:
    """Compare what was derived with what was published: the transition asked for, or the row."""
    from alerts.outputs import HealthRow
    from streams.cli.explanation import Compared, compared, differences, place_of
    from streams.cli.public import published, transitions

    at = found.transition
    if at is not None:
        for one in transitions(broker):
            if (one.alert_id, one.seq) == (at.alert_id, at.seq):
                fields = differences(at, one)
                return Compared("differs" if fields else "same", fields)
        return Compared("not_published")
    rows = [one for one in outputs if isinstance(one, HealthRow) and one.customer == customer]
    upto = [one for one in rows if found.row is not None and place_of(one) <= place_of(found.row)]
    return compared(upto, published(broker, customer))


def as_object(
    customer: str, found: Picture, verdict: Compared, entries: int, *, started: int | None = None
) -> str:
    """The explanation as one JSON object; `started` is the first offset after a checkpoint."""
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
        "from_checkpoint": started,
    }
    return msgspec.json.encode(facts).decode()
