"""Which records nabz promises to other services: their types, keys, order, repeats and tombstones.

A row per kind of message and one per topic. What stands here in words goes into the AsyncAPI
document as it is, and `docs/consumers.md` tells a reader how to live by it.

Next step: `streams.contract.schema` turns the types into JSON Schemas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from alerts.delivery import Delivery
from alerts.outputs import AlertRow, ConversationRow, HealthRow, Heartbeat, Transition
from streams import codec
from streams.engine.cycle import Headers
from streams.notifier.feed import headers as delivery_headers
from streams.topics import (
    ACCOUNTS,
    ALERTS,
    CONVERSATIONS,
    DELIVERIES,
    HEALTH,
    INCIDENTS,
    TRANSITIONS,
)


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of record.

    Attributes:
        name: In words, `health-row`; names of its files begin with it.
        topic: Where it is written.
        struct: What its value decodes to.
        kind: Its `ce_type`.
        source: Its `ce_source`.
        key: What its key is.
    """

    name: str
    topic: str
    struct: type[msgspec.Struct]
    kind: str
    source: str
    key: str


@dataclass(frozen=True, slots=True)
class Channel:
    """What holds for all records of a public topic.

    Attributes:
        name: Of the AsyncAPI channel.
        topic: On Kafka.
        holds: What a record of it is.
        newer: Which of two records of a key is the newer one; the other is to be dropped.
        gone: What a tombstone means.
    """

    name: str
    topic: str
    holds: str
    newer: str
    gone: str


OUTPUTS: Final = (HealthRow, Heartbeat, ConversationRow, AlertRow, Transition)
"""What the worker writes; deliveries are the notifier's."""

MESSAGES: Final = (
    Message(
        "health-row", HEALTH, HealthRow, codec.HEALTH_TYPE, "/nabz/track", "The customer's id."
    ),
    Message(
        "heartbeat",
        HEALTH,
        Heartbeat,
        codec.HEARTBEAT_TYPE,
        "/nabz/track",
        "`~` and the number of the partition, which it also stands in: `~0`, `~1`, ...",
    ),
    Message(
        "conversation-row",
        CONVERSATIONS,
        ConversationRow,
        codec.CONVERSATION_TYPE,
        "/nabz/track",
        "The conversation's id.",
    ),
    Message(
        "alert-row",
        ALERTS,
        AlertRow,
        codec.ALERT_TYPE,
        "/nabz/track",
        "The fingerprint: one rule for one customer or conversation.",
    ),
    Message(
        "transition",
        TRANSITIONS,
        Transition,
        codec.TRANSITION_TYPE,
        "/nabz/track",
        "The fingerprint: one rule for one customer or conversation.",
    ),
    Message(
        "delivery",
        DELIVERIES,
        Delivery,
        "dev.nabz.delivery.changed.v1",
        "/nabz/notifier",
        "The `notification_id`: one message to one channel.",
    ),
)

_BY_LOG: Final = (
    "The higher `log.epoch`; if equal the higher `log.offset`; if equal the higher `version`."
)
_BY_SEQ: Final = (
    "The higher `log.epoch`; if equal the higher `seq`, which only rises for a fingerprint."
)

CHANNELS: Final = (
    Channel(
        "health",
        HEALTH,
        "The newest picture of each customer, and a heartbeat for each partition at most once a"
        " minute. A customer's row is as fresh as the heartbeat of the partition it stands in: no"
        " newer row and a heartbeat that goes on means unchanged, no heartbeat means nobody looks.",
        _BY_LOG + " A heartbeat has no `version`.",
        "The customer is forgotten. No release writes one yet; drop what you hold of the key.",
    ),
    Channel(
        "conversations",
        CONVERSATIONS,
        "The newest picture of each conversation that is followed.",
        _BY_LOG,
        "The conversation is not followed any more: newer ones took its place, or the customer"
        " left. Its `ce_id` is `epoch-partition-offset-index` in the customer log: drop what you"
        " hold of the key, unless that stands at a later offset.",
    ),
    Channel(
        "accounts",
        ACCOUNTS,
        "Reserved for a picture of each account. No release writes it yet.",
        "Said with the first record.",
        "Said with the first record.",
    ),
    Channel(
        "incidents",
        INCIDENTS,
        "Reserved for incidents across customers. No release writes it yet.",
        "Said with the first record.",
        "Said with the first record.",
    ),
    Channel(
        "alerts",
        ALERTS,
        "The newest state of each alert, one rule for one customer or conversation; a closed one"
        " stays, as `closed`.",
        _BY_SEQ,
        "None is ever written: an alert ends in state `closed`.",
    ),
    Channel(
        "transitions",
        TRANSITIONS,
        "What changed with alerts, and why, in one partition and in order per fingerprint.",
        _BY_SEQ,
        "None is ever written; records leave with their age.",
    ),
    Channel(
        "deliveries",
        DELIVERIES,
        "The newest state of each message to each channel.",
        "The higher `version`, which rises with every record of a key.",
        "The message is history: written 30 days after its end was told.",
    ),
)


def record_of(message: Message, value: msgspec.Struct) -> tuple[bytes, Headers]:
    """Key and headers under which nabz writes a value of this kind.

    Raises:
        TypeError: The value is of another kind.
    """
    if isinstance(value, Delivery) and message.struct is Delivery:
        return value.notification_id.encode(), tuple(delivery_headers(value))
    if isinstance(value, message.struct) and isinstance(value, OUTPUTS):
        record = codec.record_of(value)
        return record.key, record.headers
    raise TypeError(f"a {message.name} is a {message.struct.__name__}, not {type(value).__name__}")
