"""What people decide, from `nabz.commands.v1`: validated, redacted, turned into log records.

A command about a customer (acknowledge an alert, add a note) goes to the customer's log and is
folded like any event. One about the whole fleet (silence, hold, maintenance; key `fleet:<id>`) is
copied to `nabz.control.v1` under `<verb>:<id>`, where everybody reads it.

Next step: `alerts.fold` folds a command, the notifier minds what is in the control topic.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from scoring.records import Command, Origin
from scoring.redact import redact
from streams.ingest.events import Rejected
from streams.ingest.fields import MAX_ID_BYTES
from streams.ingest.objects import parse_object

VERBS: Final = (
    "ack", "unack", "snooze", "unsnooze", "assign", "note", "resolve", "disagree", "handled",
)  # fmt: skip
FLEET_VERBS: Final = ("silence", "hold", "maintenance")
_FLEET: Final = b"fleet:"
_TEXT_MAX: Final = 2_000


class ForCustomer(NamedTuple):
    """A command for the log; time and completeness are the appender's to fill in."""

    customer: str
    command: Command


class ForFleet(NamedTuple):
    """A command for the control topic."""

    key: bytes
    value: bytes


def decode_command(
    key: bytes | None, value: bytes | None, origin: Origin, now_ms: int
) -> ForCustomer | ForFleet | Rejected:
    """Read one command; never raises.

    Args:
        key: Customer, or `fleet:<id>`.
        value: JSON object with `verb`, and `command_id`, `fingerprint`, `actor`, `channel`,
            `until_ms`, `text`, `ts_ms` as needed.
        origin: Where it stands.
        now_ms: The reader's clock.

    >>> origin = Origin("commands", 0, 7)
    >>> decode_command(b"c-1", b'{"verb": "ack", "actor": "ann"}', origin, 5).command.command_id
    'commands/0/7'
    >>> decode_command(b"c-1", b'{"verb": "akc"}', origin, 5)
    Rejected(reason='wrong_type', field='verb')
    """
    record = parse_object(value)
    if isinstance(record, Rejected):
        return record
    verb = record.get("verb")
    if verb is None:
        return Rejected("missing_field", "verb")
    fleet = key is not None and key.startswith(_FLEET)
    if not isinstance(verb, str) or verb not in (FLEET_VERBS if fleet else VERBS):
        return Rejected("wrong_type", "verb")
    for field in ("command_id", "fingerprint", "actor", "channel", "text"):
        if not isinstance(record.get(field, ""), str):
            return Rejected("wrong_type", field)
    for field in ("until_ms", "ts_ms"):
        found = record.get(field)
        if found is not None and (type(found) is not int or not 0 < found < 1 << 53):
            return Rejected("wrong_type", field)
    text, _ = redact(record.get("text", "")[:_TEXT_MAX])
    if fleet:
        assert key is not None, "it starts with fleet:"  # noqa: S101
        name = key[len(_FLEET) :][:MAX_ID_BYTES]
        return ForFleet(f"{verb}:".encode() + name, msgspec.json.encode({**record, "text": text}))
    customer = _customer(key, record)
    if customer is None:
        return Rejected("no_customer", "customer")
    until_ms, ts_ms = record.get("until_ms"), record.get("ts_ms")
    return ForCustomer(
        customer,
        Command(
            at_ms=0,
            complete_to_ms=0,
            command_id=record.get("command_id", "")
            or f"{origin.source}/{origin.partition}/{origin.offset}",
            ts_ms=now_ms if ts_ms is None else min(ts_ms, now_ms),
            origin=origin,
            verb=verb,
            fingerprint=record.get("fingerprint", ""),
            actor=record.get("actor", ""),
            channel=record.get("channel", ""),
            until_ms=until_ms,
            text=text,
        ),
    )


def _customer(key: bytes | None, record: dict[str, Any]) -> str | None:
    named = record.get("customer")
    if named is None and key is not None:
        try:
            named = key.decode()
        except UnicodeDecodeError:
            return None
    if not isinstance(named, str) or not named or named.startswith("~"):
        return None
    return named if len(named.encode()) <= MAX_ID_BYTES else None
