"""What people decide, from `nabz.commands.v1`: validated, redacted, turned into log records.

A command about a customer (acknowledge an alert, add a note) goes to the customer's log and is
folded like any event. One about the whole fleet (silence, hold, maintenance; key `fleet:<id>`) is
copied to `nabz.control.v1` under `<verb>:<id>`, where everybody reads it.

Next step: `alerts.fold` folds a command, the notifier minds what is in the control topic.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from alerts.holds import Hold
from alerts.silences import Silence
from scoring.records import DISAGREEMENTS, VERBS, Command, Origin
from scoring.redact import redact
from streams.ingest.events import Rejected
from streams.ingest.fields import MAX_ID_BYTES
from streams.ingest.objects import parse_object

_ORDERS: Final[dict[str, type[Hold | Silence]]] = {
    "silence": Silence,
    "hold": Hold,
    "maintenance": Silence,
}
_FLEET: Final = b"fleet:"
_TEXT_MAX: Final = 2_000
_ORDER_MAX: Final = 16_384
_WORD_MAX: Final = 200
"""Of everything but the text: what a row or an order keeps of a command stays small."""
_POINTS_MAX_E2: Final = 10_000
_WORDS: Final = (
    "command_id", "fingerprint", "actor", "channel", "text", "alert_id", "reason", "assignee",
)  # fmt: skip
_NEEDED: Final = {"assign": "assignee", "note": "text", "disagree": "reason"}
"""A verb that means nothing without one of its fields."""


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
        value: JSON object with `verb`, and the fields of a `Command` as needed (docs/topics.md).
        origin: Where it stands.
        now_ms: The reader's clock.

    >>> origin = Origin("commands", 0, 7)
    >>> decode_command(b"c-1", b'{"verb": "ack", "actor": "ann"}', origin, 5).command.command_id
    'commands/0/7'
    >>> decode_command(b"c-1", b'{"verb": "akc"}', origin, 5)
    Rejected(reason='wrong_type', field='verb')
    >>> decode_command(b"c-1", b'{"verb": "snooze"}', origin, 5)
    Rejected(reason='missing_field', field='until_ms')
    """
    record = parse_object(value)
    if isinstance(record, Rejected):
        return record
    fleet = key is not None and key.startswith(_FLEET)
    if (wrong := _wrong(record, fleet=fleet)) is not None:
        return wrong
    verb = record["verb"]
    text, _ = redact(record.get("text", "")[:_TEXT_MAX])
    actor, _ = redact(record.get("actor", ""))
    assignee, _ = redact(record.get("assignee", ""))
    if fleet:
        assert key is not None, "it starts with fleet:"  # noqa: S101
        return _order(key[len(_FLEET) :], verb, {**record, "text": text, "actor": actor}, now_ms)
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
            actor=actor,
            channel=record.get("channel", ""),
            until_ms=until_ms,
            text=text,
            alert_id=record.get("alert_id", ""),
            seq=record.get("seq"),
            reason=record.get("reason", ""),
            assignee=assignee,
            until_worse=record.get("until_worse", False),
            worse_by_e2=record.get("worse_by_e2"),
        ),
    )


def _wrong(record: dict[str, Any], *, fleet: bool) -> Rejected | None:
    """What is missing, of another type or too long."""
    verb = record.get("verb")
    if verb is None:
        return Rejected("missing_field", "verb")
    if not isinstance(verb, str) or verb not in (_ORDERS if fleet else VERBS):
        return Rejected("wrong_type", "verb")
    for field in _WORDS:
        found = record.get(field, "")
        if not isinstance(found, str):
            return Rejected("wrong_type", field)
        if field != "text" and len(found) > _WORD_MAX:
            return Rejected("too_large", field)
    for field in ("until_ms", "ts_ms"):
        at_ms = record.get(field)
        if at_ms is not None and (type(at_ms) is not int or not 0 < at_ms < 1 << 53):
            return Rejected("wrong_type", field)
    return None if fleet else _wrong_for_alert(record, verb)


def _wrong_for_alert(record: dict[str, Any], verb: str) -> Rejected | None:
    """What a verb cannot do without, and what says something else than it may."""
    for field, most in (("seq", 1 << 53), ("worse_by_e2", _POINTS_MAX_E2)):
        number = record.get(field)
        if number is not None and (type(number) is not int or not 0 < number <= most):
            return Rejected("wrong_type", field)
    until_worse = record.get("until_worse", False)
    if not isinstance(until_worse, bool):
        return Rejected("wrong_type", "until_worse")
    if verb == "snooze" and record.get("until_ms") is None and not until_worse:
        return Rejected("missing_field", "until_ms")
    if (needed := _NEEDED.get(verb)) is not None and not record.get(needed):
        return Rejected("missing_field", needed)
    if verb == "disagree" and record["reason"] not in DISAGREEMENTS:
        return Rejected("wrong_type", "reason")
    return None


def _order(name: bytes, verb: str, record: dict[str, Any], now_ms: int) -> ForFleet | Rejected:
    """An order with the fields it has and no others: it is kept, and everybody reads it."""
    if not name or len(name) > MAX_ID_BYTES:
        return Rejected("wrong_type", "key")
    try:
        order = msgspec.convert({"ts_ms": now_ms, **record}, _ORDERS[verb])
    except msgspec.ValidationError:
        return Rejected("wrong_type", verb)
    value = msgspec.json.encode(order)
    if len(value) > _ORDER_MAX:
        return Rejected("too_large", verb)
    return ForFleet(f"{verb}:".encode() + name, value)


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
