"""What the fold tells, as Kafka records: topic, key, JSON and CloudEvents headers in binary mode.

The value is plain JSON, the attributes of the event are headers, so a reader that knows nothing of
CloudEvents reads the same. `ce_id` is the coordinate at which the value was decided: a repeat after
a crash has the same id and the same bytes.

Next step: `streams.engine.cycle` publishes them, `streams.notifier` and your services read them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, assert_never

import msgspec

from alerts.outputs import (
    AlertRow,
    At,
    Checkpoint,
    ConversationGone,
    ConversationRow,
    FoldFailed,
    HealthRow,
    Heartbeat,
    Transition,
)
from alerts.outputs import Output as Told
from streams.dead_letters import dead_letter
from streams.engine.cycle import Headers, Output
from streams.topics import (
    ALERTS,
    CHECKPOINTS,
    CONVERSATIONS,
    DEAD_LETTERS,
    HEALTH,
    LOG,
    TRANSITIONS,
)

HEALTH_TYPE: Final = "dev.nabz.health.changed.v1"
CONVERSATION_TYPE: Final = "dev.nabz.conversation.changed.v1"
HEARTBEAT_TYPE: Final = "dev.nabz.health.heartbeat.v1"
ALERT_TYPE: Final = "dev.nabz.alert.changed.v1"
TRANSITION_TYPE: Final = "dev.nabz.alert.transitioned.v1"

_encode = msgspec.json.Encoder(order="deterministic").encode
_FIXED: Final = (
    ("ce_specversion", b"1.0"),
    ("ce_source", b"/nabz/track"),
    ("content-type", b"application/json"),
)


def heartbeat_key(partition: int) -> bytes:
    """Key of a partition's heartbeat on `nabz.health.v1`."""
    return b"~%d" % partition


def record_of(told: Told) -> Output:
    """One output as a record."""
    match told:
        case HealthRow():
            return _public(HEALTH, told.customer, told, HEALTH_TYPE, told.as_of_ms, told.log)
        case ConversationRow():
            talk, at_ms = told.conversation, told.as_of_ms
            return _public(CONVERSATIONS, talk, told, CONVERSATION_TYPE, at_ms, told.log)
        case ConversationGone():
            name = told.conversation.encode("utf-8", "surrogatepass")
            head = _headers(CONVERSATION_TYPE, name, told.at_ms, told.log)
            return Output(CONVERSATIONS, name, None, head)
        case Heartbeat():
            key = heartbeat_key(told.partition)
            head = _headers(HEARTBEAT_TYPE, key, told.at_ms, told.log, of=b"~")
            return Output(HEALTH, key, _encode(told), head, told.partition)
        case AlertRow():
            since_ms = told.since_ms
            return _public(ALERTS, told.fingerprint, told, ALERT_TYPE, since_ms, told.log)
        case Transition():
            return _public(
                TRANSITIONS, told.fingerprint, told, TRANSITION_TYPE, told.at_ms, told.log
            )
        case Checkpoint():
            at = told.log
            where = b"%d/%d/%d" % (at.epoch, at.partition, at.offset)
            head = (("nabz-before", where), ("nabz-config", told.config_hash.encode()))
            return Output(
                CHECKPOINTS,
                told.customer.encode("utf-8", "surrogatepass"),
                told.row,
                head,
                at.partition,
            )
        case FoldFailed():
            return _fold_failed(told)
        case _:
            assert_never(told)


def _public(topic: str, key: str, told: Told, kind: str, at_ms: int, log: At) -> Output:
    name = key.encode("utf-8", "surrogatepass")
    return Output(topic, name, _encode(told), _headers(kind, name, at_ms, log))


def _headers(kind: str, subject: bytes, at_ms: int, log: At, *, of: bytes = b"") -> Headers:
    # A heartbeat may be decided at the coordinate of a customer's row: its id differs by `of`.
    place = of + b"%d-%d-%d-%d" % (log.epoch, log.partition, log.offset, log.index)
    return (
        *_FIXED,
        ("ce_id", place),
        ("ce_type", kind.encode()),
        ("ce_subject", subject),
        ("ce_time", _iso(at_ms)),
    )


def _iso(at_ms: int) -> bytes:
    try:
        when = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):  # a time no calendar has
        when = datetime.fromtimestamp(0, UTC)
    return when.isoformat(timespec="milliseconds").encode()


def _fold_failed(told: FoldFailed) -> Output:
    letter = dead_letter(
        source="customer-log",
        topic=LOG,
        partition=told.log.partition,
        offset=told.log.offset,
        reason="fold_failed",
        value=told.record,
        key=told.customer.encode("utf-8", "surrogatepass"),
        field=told.error,
        epoch=told.log.epoch,
        at_ms=told.at_ms,
    )
    return Output(DEAD_LETTERS, b"customer-log", msgspec.json.encode(letter))
