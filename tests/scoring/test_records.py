"""The bytes of the customer log: pinned, readable by the next release, safe against any others."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scoring.records import (
    Command,
    ConfigChanged,
    Cue,
    LogRecord,
    Origin,
    Outcome,
    Profile,
    ProfileFacts,
    Reading,
    Signal,
    Tick,
    Turn,
    Wake,
    decode_record,
    encode_record,
)
from tests.strategies import BASE_MS, logs

GOLDEN = Path(__file__).parents[1] / "golden" / "records.json"
_AT = (BASE_MS, BASE_MS - 1_000)
_FROM = Origin("tickets", 3, 41, 1, 2, "support.tickets")

RECORDS: dict[str, LogRecord] = {
    "signal": Signal(
        *_AT, "tickets/3-41", BASE_MS - 2_000, _FROM, "message", "customer", "t-9",
        Reading(
            "fa", -5_200,
            (Cue("anger", "feeling", 800, "دیگه خسته شدم"), Cue("thanks", "relief", 50)),
            Turn(12, 1, corrects=True, closes=False, fails=True, hashes=(7, 4_294_967_295)),
            ("quoted", "signature"), 2,
        ),
        "chat", "delivery", 3.5, "https://desk.example/t-9", ordered=False, inbound=True,
        dims=(("city", "Shiraz"),),
    ),
    "interaction": Signal(*_AT, "i-1", BASE_MS, Origin("events", 0, 7), "checkout_failed"),
    "profile": Profile(
        *_AT, "p-1", BASE_MS, _FROM,
        ProfileFacts(account="Acme", name="Sara", tier="gold", value=12.5, monitor=False),
    ),
    "outcome": Outcome(*_AT, "o-1", BASE_MS, _FROM, "refunded", 49.0),
    "command": Command(
        *_AT, "c-1", BASE_MS, _FROM, "ack", "bd59e063", "mina", "cli", BASE_MS + 5, "on it"
    ),
    "snooze": Command(
        *_AT, "c-2", BASE_MS, _FROM, "snooze", "bd59e063", "mina", "slack", BASE_MS + 5, "on it",
        alert_id="5bd5bd59", seq=3, until_worse=True, worse_by_e2=1_000,
    ),
    "disagree": Command(
        *_AT, "c-3", BASE_MS, _FROM, "disagree", "bd59e063", "mina", reason="misread_words"
    ),
    "wake": Wake(*_AT, due_ms=BASE_MS - 5),
    "tick": Tick(*_AT),
    "config_changed": ConfigChanged(*_AT, "44136fa355b3678a"),
}  # fmt: skip


def golden() -> dict[str, dict[str, str]]:
    """The pinned bytes, by release and name."""
    found: dict[str, dict[str, str]] = json.loads(GOLDEN.read_text())
    return found


@pytest.mark.parametrize("name", RECORDS)
def test_the_bytes_of_every_record_type_are_pinned(name: str) -> None:
    """What is in a log today is read tomorrow: a changed byte needs a new version."""
    assert encode_record(RECORDS[name]).hex() == golden()["v1"][name]


@pytest.mark.parametrize("name", RECORDS)
def test_pinned_bytes_decode_to_what_they_were(name: str) -> None:
    """Nothing is lost on the way through the log."""
    assert decode_record(bytes.fromhex(golden()["v1"][name])) == RECORDS[name]


def test_every_record_type_is_pinned() -> None:
    """A new type asks for its bytes here."""
    assert {type(one) for one in RECORDS.values()} == set(LogRecord.__args__)
    assert set(golden()["v1"]) == set(RECORDS)


def test_a_record_without_the_newest_fields_still_decodes() -> None:
    """An older writer's record is shorter; what it lacks has its default."""
    short = msgspec.msgpack.encode(["signal", 5, 4, "e-1", 3, ["chat", 0, 9]])
    assert decode_record(short) == Signal(5, 4, "e-1", 3, Origin("chat", 0, 9))


def test_a_record_with_fields_of_a_newer_release_decodes() -> None:
    """Release N reads what release N + 1 wrote."""
    assert decode_record(msgspec.msgpack.encode(["wake", 5, 4, 3, "new"])) == Wake(5, 4, 3)


@pytest.mark.parametrize(
    "body",
    [[], ["unheard_of", 1, 2], ["wake", 1, 2], ["wake", 1, 2, "soon"], {"at_ms": 1}, "text"],
    ids=["empty", "unknown-type", "too-short", "wrong-type", "mapping", "text"],
)
def test_what_is_no_record_is_refused(body: object) -> None:
    """As one kind of error, which the fold turns into a dead letter."""
    with pytest.raises(msgspec.DecodeError):
        decode_record(msgspec.msgpack.encode(body))


@given(st.binary(max_size=80))
@example(msgspec.msgpack.encode(["wake", 5, 4, 3]).replace(b"wake", b"wak\xff"))
@example(encode_record(RECORDS["signal"]).replace(b"tickets", b"tick\xffts"))
def test_decoding_raises_nothing_but_its_own_error(data: bytes) -> None:
    """Whatever bytes stand in the log."""
    with contextlib.suppress(msgspec.DecodeError):
        decode_record(data)


@given(logs())
def test_every_record_comes_back_from_the_log_as_it_went_in(
    log: list[tuple[bytes, LogRecord]],
) -> None:
    """Encoding and decoding are inverse."""
    for _, record in log:
        assert decode_record(encode_record(record)) == record
