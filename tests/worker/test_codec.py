"""What is told, as records: topic, key, partition, JSON, and CloudEvents headers in binary mode."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

import msgspec
import pytest
from hypothesis import given

from alerts.fold import LOG_TOPIC
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
from scoring.records import LogRecord, encode_record
from streams.codec import (
    ALERT_TYPE,
    CONVERSATION_TYPE,
    HEALTH_TYPE,
    HEARTBEAT_TYPE,
    TRANSITION_TYPE,
    heartbeat_key,
    record_of,
)
from streams.dead_letters import REASONS, DeadLetter
from streams.topics import ALERTS, CHECKPOINTS, CONVERSATIONS, DEAD_LETTERS, HEALTH, TRANSITIONS
from tests.strategies import BASE_MS, CONFIG, fold_all, logs, signal

FOLDED = fold_all([signal(BASE_MS, 3_000)], CONFIG)
TOLD: dict[str, Told] = {
    kind.__name__: next(one for one in FOLDED[0].outputs if isinstance(one, kind))
    for kind in (HealthRow, ConversationRow, AlertRow, Transition)
}
PLACE = At(LOG_TOPIC, 3, 57, 2, 1)
BEAT = Heartbeat(3, BASE_MS, BASE_MS - 5, 12, "abc", PLACE)


@pytest.mark.parametrize(
    ("name", "topic", "kind"),
    [
        ("HealthRow", HEALTH, HEALTH_TYPE),
        ("ConversationRow", CONVERSATIONS, CONVERSATION_TYPE),
        ("AlertRow", ALERTS, ALERT_TYPE),
        ("Transition", TRANSITIONS, TRANSITION_TYPE),
    ],
)
def test_a_public_record_is_json_with_cloudevents_headers(name: str, topic: str, kind: str) -> None:
    """Who knows nothing of CloudEvents reads the same value."""
    told = TOLD[name]
    record = record_of(told)
    assert (record.topic, record.partition) == (topic, None)
    assert record.value is not None
    assert msgspec.json.decode(record.value, type=type(told)) == told
    head = dict(record.headers)
    assert head["ce_specversion"] == b"1.0" and head["content-type"] == b"application/json"
    assert head["ce_source"] == b"/nabz/track" and head["ce_type"] == kind.encode()
    assert head["ce_subject"] == record.key
    assert datetime.fromisoformat(head["ce_time"].decode()).timestamp() * 1000 == BASE_MS
    log = told.log
    assert head["ce_id"] == b"%d-%d-%d-%d" % (log.epoch, log.partition, log.offset, log.index)


def test_a_customer_is_the_key_of_its_row_and_a_fingerprint_that_of_its_alert() -> None:
    """So a compacted topic keeps the newest of each."""
    alert, transition = TOLD["AlertRow"], TOLD["Transition"]
    assert isinstance(alert, AlertRow) and isinstance(transition, Transition)
    assert record_of(TOLD["HealthRow"]).key == b"ann"
    assert record_of(alert).key == alert.fingerprint.encode()
    assert record_of(transition).key == transition.fingerprint.encode()


def test_a_conversation_that_is_forgotten_is_a_tombstone_at_its_key() -> None:
    """So a compacted topic holds those that are followed."""
    row = TOLD["ConversationRow"]
    assert isinstance(row, ConversationRow)
    gone = record_of(ConversationGone(row.conversation, "ann", BASE_MS, PLACE))
    assert (gone.topic, gone.key, gone.value) == (CONVERSATIONS, record_of(row).key, None)
    assert gone.key == b"t-1"
    assert dict(gone.headers)["ce_id"] == b"1-3-57-2"


def test_a_heartbeat_goes_to_its_own_partition_under_an_id_of_its_own() -> None:
    """It may be decided at the very coordinate of a customer's row, on the same topic."""
    record = record_of(BEAT)
    assert (record.topic, record.key, record.partition) == (HEALTH, b"~3", 3)
    assert record.key == heartbeat_key(3)
    row = TOLD["HealthRow"]
    assert isinstance(row, HealthRow)
    beside = record_of(msgspec.structs.replace(row, log=PLACE))
    assert dict(record.headers)["ce_id"] != dict(beside.headers)["ce_id"]
    assert dict(record.headers)["ce_type"] == HEARTBEAT_TYPE.encode()


@given(logs(customers=[b"ann"]))
def test_ids_are_unique_and_the_same_on_every_fold(log: list[tuple[bytes, LogRecord]]) -> None:
    """A repeat after a crash has the same id and the same bytes, so readers can drop it."""
    records = [record for key, record in log if key == b"ann"]
    once, again = ([one for f in fold_all(records, CONFIG) for one in f.outputs] for _ in "12")
    assert [record_of(one) for one in once] == [record_of(one) for one in again]
    public = [one for one in once if isinstance(one, HealthRow | AlertRow | Transition)]
    ids = [dict(record_of(one).headers)["ce_id"] for one in public]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("at_ms", [10**18, -(10**18)])
def test_a_time_no_calendar_has_stops_nothing(at_ms: int) -> None:
    """The header then says 1970; the value says what was found."""
    head = dict(record_of(msgspec.structs.replace(BEAT, at_ms=at_ms)).headers)
    assert head["ce_time"] == b"1970-01-01T00:00:00.000+00:00"


def test_a_checkpoint_is_the_row_as_stored() -> None:
    """Beside it: before which record, and under which configuration."""
    record = record_of(Checkpoint("سارا", b"header and body", "abc", PLACE))
    assert (record.topic, record.key, record.partition) == (CHECKPOINTS, "سارا".encode(), 3)
    assert record.value == b"header and body"
    assert dict(record.headers) == {"nabz-before": b"1/3/57", "nabz-config": b"abc"}


def test_a_record_that_failed_is_a_dead_letter_with_its_bytes() -> None:
    """The type of the error is named; no text of it travels."""
    body = encode_record(signal(BASE_MS))
    record = record_of(FoldFailed("ann", "KeyError", body, BASE_MS, PLACE))
    assert (record.topic, record.key) == (DEAD_LETTERS, b"customer-log")
    assert record.value is not None
    letter = msgspec.json.decode(record.value, type=DeadLetter)
    assert letter.reason == "fold_failed" and letter.reason in REASONS
    assert (letter.source, letter.topic, letter.field) == ("customer-log", LOG_TOPIC, "KeyError")
    assert (letter.partition, letter.offset, letter.epoch) == (3, 57, 1)
    assert base64.b64decode(letter.original) == body
    assert base64.b64decode(letter.key) == b"ann"
    assert (letter.size, letter.sha256) == (len(body), hashlib.sha256(body).hexdigest())
