"""What a person decided at the command line: written to `nabz.commands.v1`, and answered.

Alerts are found in `nabz.alerts.v1` by their id, its beginning, or their customer. A decision names
the episode that was found, so that it never hits one that has begun since. The answer is the
transition that carries the command's id.

Next step: ingest takes it to the customer's log, `alerts.commands` applies or refuses it.
"""

from __future__ import annotations

import getpass
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.cli.errors import Stop

if TYPE_CHECKING:
    from alerts.outputs import AlertRow, Transition
    from streams.engine.brokers import Broker

WAIT_S: Final = 15.0
"""How long an answer is waited for; a worker answers within a second or two."""
_SHORTEST: Final = 4
"""Fewer letters of an id are no name."""


class Answers(NamedTuple):
    """What became of decisions.

    Attributes:
        applied: Transitions of those that were.
        refused: Of those that were not.
        waiting: How many nobody has answered yet.
    """

    applied: list[Transition]
    refused: list[Transition]
    waiting: int


def is_open(row: AlertRow) -> bool:
    """Is it open, and meant to be told?"""
    from alerts.lifecycle import OPEN

    return row.state in OPEN


def alert_rows(broker: Broker) -> list[AlertRow]:
    """The newest row of every alert that ever opened, the oldest first.

    Raises:
        streams.engine.kafka_reads.ReadError: The topic cannot be read.
    """
    import msgspec

    from alerts.outputs import AlertRow
    from streams.engine.kafka_reads import read
    from streams.topics import ALERTS

    decoder = msgspec.json.Decoder(AlertRow)
    newest: dict[bytes | None, AlertRow] = {}
    for records in read(broker, ALERTS):
        for record in records:
            if record.value is None:
                newest.pop(record.key, None)
                continue
            row = decoder.decode(record.value)
            held = newest.get(record.key)
            if held is None or (row.log.epoch, row.seq) > (held.log.epoch, held.seq):
                newest[record.key] = row
    rows = (row for row in newest.values() if row.alert_id)
    return sorted(rows, key=lambda row: (row.opened_ms or 0, row.alert_id))


def meant(rows: Sequence[AlertRow], names: Iterable[str]) -> list[AlertRow]:
    """Alerts by what a person wrote: an id, its beginning, or a customer for all open ones.

    Raises:
        Stop: A name fits none, or several ids.
    """
    found: dict[str, AlertRow] = {}
    for name in names:
        fits = [row for row in rows if row.alert_id == name]
        if not fits and len(name) >= _SHORTEST:
            fits = [row for row in rows if row.alert_id.startswith(name)]
            if len(fits) > 1:
                raise Stop(f"alert {name}: {len(fits)} begin like that; write more of the id")
        if not fits:
            fits = [row for row in rows if row.customer == name and is_open(row)]
        if not fits:
            raise Stop(
                f"alert {name[:80]}: neither an alert nor a customer with an open one;"
                " `nabz alerts list --all` shows them"
            )
        found.update((row.fingerprint, row) for row in fits)
    return list(found.values())


def decide(
    broker: Broker,
    rows: Sequence[AlertRow],
    facts: Mapping[str, Any],
    *,
    wait_s: float = WAIT_S,
) -> Answers:
    """Write one decision about each of some alerts, and wait for the answers.

    Args:
        broker: Where.
        rows: The alerts.
        facts: Fields of the command besides whose and which it is; see docs/topics.md.
        wait_s: How long to wait for all answers, 0 for not at all.

    Raises:
        streams.notifier.orders.OrderError: Kafka did not take one; none is lost by asking again.
    """
    import msgspec

    from streams.engine.kafka_reads import ends
    from streams.notifier.orders import give
    from streams.topics import COMMANDS, TRANSITIONS

    mark = f"cli-{secrets.token_hex(8)}"
    asked = {f"{mark}-{number}": row for number, row in enumerate(rows)}
    records = [
        (
            row.customer.encode("utf-8", "surrogatepass"),
            msgspec.json.encode(
                {
                    "command_id": name,
                    "fingerprint": row.fingerprint,
                    "alert_id": row.alert_id,
                    "actor": getpass.getuser(),
                    "channel": "cli",
                    **facts,
                }
            ),
        )
        for name, row in asked.items()
    ]
    starts = ends(broker, TRANSITIONS) if wait_s else {}
    give(broker, records, topic=COMMANDS, partition=None)
    return answers(broker, frozenset(asked), starts, wait_s)


def answers(
    broker: Broker, asked: frozenset[str], starts: Mapping[int, int], wait_s: float
) -> Answers:
    """Read transitions until every command is answered, or the time is up."""
    from alerts.outputs import decode_transition
    from streams.engine.kafka_reads import read
    from streams.topics import TRANSITIONS

    found: dict[str, Transition] = {}
    until = time.monotonic() + wait_s
    batches = read(broker, TRANSITIONS, follow=True, starts=starts) if wait_s else iter(())
    for records in batches:
        for record in records:
            one = None if record.value is None else decode_transition(record.value)
            if one is not None and one.answer is not None and one.answer.command_id in asked:
                found.setdefault(one.answer.command_id, one)
        if len(found) == len(asked) or time.monotonic() >= until:
            break
    refused = [one for one in found.values() if one.answer and one.answer.rejected is not None]
    applied = [one for one in found.values() if one.answer and one.answer.rejected is None]
    return Answers(applied, refused, len(asked) - len(found))
