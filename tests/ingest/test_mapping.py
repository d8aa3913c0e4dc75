"""A mapping turns whatever a producer sends into events or a reason, and never raises."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.canary import CANARY
from streams.dead_letters import REASONS
from streams.ingest.events import FILTERED, Event, Filtered, Rejected
from streams.ingest.fields import AHEAD_MS
from streams.ingest.mapping import compile_source
from streams.ingest.objects import MAX_BYTES, MAX_DEPTH
from streams.ingest.sources import NATIVE, SourceSettings

NOW_MS = 1_800_000_000_000
TICKETS: dict[str, Any] = {
    "topic": "tickets",
    "customer": "$.requester.id",
    "author": {"path": "$.role", "map": {"end-user": "customer", "staff": "agent"}},
    "ts": "$.at",
    "text": "$.body",
}
TICKET: dict[str, Any] = {
    "requester": {"id": "c-1"},
    "role": "end-user",
    "at": 1_700_000_000,
    "body": "Where is it?",
}
INTERACTIONS = frozenset({"payment_failed"})


def decoded(
    record: Any, *, source: dict[str, Any] | None = None, now_ms: int = NOW_MS, **changed: Any
) -> Any:
    """What the mapping makes of a record."""
    settings = SourceSettings.model_validate({**TICKETS, **(source or {}), **changed})
    value = record if isinstance(record, bytes | None) else json.dumps(record).encode()
    return compile_source("tickets", settings, INTERACTIONS)(value, "0/7", now_ms)


def native(**fields: Any) -> Any:
    """What becomes of an event of `nabz.events.v1`."""
    decode = compile_source("events", NATIVE, INTERACTIONS, native=True)
    return decode(json.dumps(fields).encode(), "3/9", NOW_MS)


def event(found: Any) -> Event:
    """The one event of a record."""
    assert type(found) is tuple, found
    assert len(found) == 1
    one = found[0]
    assert isinstance(one, Event)
    return one


def test_a_ticket_becomes_a_message() -> None:
    """Every field is found where the settings say it is."""
    found = event(decoded(TICKET, conversation="$.ticket", channel={"const": "mail"}))
    assert found == Event(
        kind="message",
        customer="c-1",
        event_id="tickets/0/7",
        ts_ms=1_700_000_000_000,
        author="customer",
        text="Where is it?",
        channel="mail",
    )


NESTED = b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b'{"requester": {"id": "c', "not_json"),
        (b'{"at": NaN}', "not_json"),
        (b'{"at": 1e999}', "not_json"),
        (b'{"body": "\\ud800"}', "not_json"),
        (b'{"body": "\xff\xfe"}', "not_text"),
        (b"\x00\x01\x02\x03", "not_text"),
        (b"[1, 2]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b'{"body": "' + b"x" * MAX_BYTES + b'"}', "too_large"),
        (b'{"a":' + NESTED + b"}", "too_deep"),
        (b'{"a":' * 100_000, "too_large"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "too_deep"),
    ],
)
def test_what_is_no_record_has_a_reason(value: bytes | None, reason: str) -> None:
    """Empty, cut off, binary, oversized, nested beyond reason: each is a value that says so."""
    assert decoded(value) == Rejected(reason)


def test_as_deep_as_allowed_is_read() -> None:
    """The limit is a limit, not one less."""
    assert decoded(NESTED) == Rejected("missing_field", "author")


@pytest.mark.parametrize(
    ("changed", "rejected"),
    [
        ({"requester": None}, Rejected("no_customer", "customer")),
        ({"requester": {"id": ""}}, Rejected("no_customer", "customer")),
        ({"requester": {"id": True}}, Rejected("wrong_type", "customer")),
        ({"requester": {"id": ["c-1"]}}, Rejected("wrong_type", "customer")),
        ({"requester": {"id": "~"}}, Rejected("wrong_type", "customer")),
        ({"requester": {"id": "x" * 513}}, Rejected("wrong_type", "customer")),
        ({"role": None}, Rejected("missing_field", "author")),
        ({"role": "robot"}, Rejected("unknown_author", "author")),
        ({"at": None}, Rejected("missing_field", "ts")),
        ({"at": "yesterday"}, Rejected("bad_time", "ts")),
        ({"at": True}, Rejected("bad_time", "ts")),
        ({"at": -5}, Rejected("bad_time", "ts")),
        ({"at": 10**18}, Rejected("future", "ts")),
        ({"body": None}, Rejected("missing_field", "text")),
        ({"body": {"html": "x"}}, Rejected("wrong_type", "text")),
        ({"body": "a\x00b"}, Rejected("not_text", "text")),
    ],
)
def test_a_field_that_does_not_fit_is_named(changed: dict[str, Any], rejected: Rejected) -> None:
    """A dead letter says which field it is about, never what was in it."""
    assert decoded({**TICKET, **changed}) == rejected


def test_whole_numbers_are_good_ids() -> None:
    """Many systems number their customers."""
    assert event(decoded({**TICKET, "requester": {"id": 17}})).customer == "17"


@pytest.mark.parametrize(
    ("ahead_ms", "outcome"),
    [(0, NOW_MS), (1, NOW_MS), (AHEAD_MS, NOW_MS), (AHEAD_MS + 1, Rejected("future", "ts"))],
)
def test_the_near_future_counts_as_now(ahead_ms: int, outcome: int | Rejected) -> None:
    """Clocks differ; ten minutes is the most that is believed."""
    found = decoded({**TICKET, "at": NOW_MS + ahead_ms})
    assert found == outcome if isinstance(outcome, Rejected) else event(found).ts_ms == outcome


@pytest.mark.parametrize(
    ("ts", "written", "ts_ms"),
    [
        ("$.at", 1_700_000_000, 1_700_000_000_000),
        ("$.at", 1_700_000_000_001, 1_700_000_000_001),
        ("$.at", 1_700_000_000.001, 1_700_000_000_001),
        ("$.at", "2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("$.at", "2023-11-14T23:13:20.001+01:00", 1_700_000_000_001),
        ("$.at", "2023-11-14 22:13:20", 1_700_000_000_000),
        ({"path": "$.at", "timezone": "Asia/Tehran"}, "2023-11-15T01:43:20", 1_700_000_000_000),
        ({"path": "$.at", "format": "s"}, 1_700_000_000, 1_700_000_000_000),
        ({"path": "$.at", "format": "ms"}, 5, 5),
        ({"path": "$.at", "format": ["%d/%m/%Y", "%d.%m.%Y %H:%M"]}, "14.11.2023 22:13",
         1_699_999_980_000),
    ],
)  # fmt: skip
def test_times_are_read_as_written(ts: Any, written: Any, ts_ms: int) -> None:
    """Seconds, milliseconds, ISO 8601 and formats of your own, to the millisecond."""
    assert event(decoded({**TICKET, "at": written}, ts=ts)).ts_ms == ts_ms


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ({"path": "$.role", "equals": "end-user"}, True),
        ({"path": "$.role", "equals": "staff"}, False),
        ({"path": "$.n", "in": [1, 2]}, True),
        ({"path": "$.n", "in": ["1"]}, True),
        ({"path": "$.gone", "exists": True}, False),
        ({"path": "$.gone", "exists": False}, True),
        ({"not": {"path": "$.role", "equals": "staff"}}, True),
        ([{"path": "$.n", "equals": 1}, {"path": "$.gone", "exists": True}], False),
    ],
)
def test_conditions_filter(where: Any, kept: bool) -> None:
    """What does not meet all conditions is filtered, with that reason."""
    found = decoded({**TICKET, "n": 1}, where=where)
    assert (type(found) is tuple) == kept
    assert kept or found == Filtered("where")


def test_a_list_is_taken_apart() -> None:
    """`each` gives one event per element, each with an id of its own."""
    record = {"who": "c-1", "all": [{"t": 1, "say": "a"}, {"t": 2, "say": "b"}], "id": "r"}
    source = {
        "customer": "$.who", "author": "customer", "each": "$.all", "ts": "@.t", "text": "@.say",
        "event_id": "$.id",
    }  # fmt: skip
    found = decoded(record, source=source)
    assert [(one.text, one.ts_ms, one.event_id, one.index) for one in found] == [
        ("a", 1_000, "tickets/r", 0),
        ("b", 2_000, "tickets/r#1", 1),
    ]
    assert decoded({**record, "all": []}, source=source) == Filtered("no_events")
    assert decoded({**record, "all": {}}, source=source) == Rejected("wrong_type", "each")
    assert decoded({"who": "c-1"}, source=source) == Rejected("missing_field", "each")


def test_a_record_is_taken_whole_or_not_at_all() -> None:
    """One bad event of several puts the record aside: a replay of it repeats nothing."""
    record = {"who": "c-1", "all": [{"t": 1, "say": "a"}, {"t": "?", "say": "b"}]}
    source = {
        "customer": "$.who", "author": "customer", "each": "$.all", "ts": "@.t", "text": "@.say",
    }  # fmt: skip
    assert decoded(record, source=source) == Rejected("bad_time", "ts")


def test_one_record_gives_a_message_and_an_interaction() -> None:
    """`events` lists what each event has otherwise than the source."""
    source = {
        "events": [
            {},
            {"kind": "interaction", "type": {"const": "payment_failed"},
             "where": {"path": "$.failed", "equals": True}},
        ],
    }  # fmt: skip
    both = decoded({**TICKET, "failed": True}, source=source)
    assert [(one.kind, one.type, one.index) for one in both] == [
        ("message", "message", 0),
        ("interaction", "payment_failed", 1),
    ]
    assert len(decoded({**TICKET, "failed": False}, source=source)) == 1


def test_interactions_outside_the_catalogue_are_filtered() -> None:
    """Nobody's dead-letter topic fills up with types that mean nothing here."""
    source = {"kind": "interaction", "type": "$.what"}
    assert event(decoded({**TICKET, "what": "payment_failed"}, source=source)).type
    assert decoded({**TICKET, "what": "page_view"}, source=source) == Filtered("unknown_type")
    assert decoded({**TICKET}, source=source) == Rejected("missing_field", "type")
    mapped = {**source, "type": {"path": "$.what", "map": {"pf": "payment_failed"}}}
    assert event(decoded({**TICKET, "what": "pf"}, source=mapped)).type == "payment_failed"
    assert decoded({**TICKET, "what": "x"}, source=mapped) == Filtered("unknown_type")


def test_refused_consent_is_filtered() -> None:
    """What is not to be monitored does not reach the log; a profile that says so does."""
    message = {"customer": "c", "ts": 5, "author": "customer", "text": "x"}
    assert native(kind="message", consent={"monitor": False}, **message) == Filtered("consent")
    assert event(native(kind="message", consent={"monitor": True}, **message)).text == "x"
    profile = event(native(kind="profile", customer="c", ts=5, consent={"monitor": False}))
    assert profile.facts is not None
    assert not profile.facts.monitor


def test_native_events_need_no_mapping() -> None:
    """Every field of `nabz.events.v1` is found under its own name."""
    found = event(
        native(
            kind="interaction", event_id="e-1", customer="c", ts="2023-11-14T22:13:20Z",
            type="payment_failed", value=3, dims={"brand": "x", "vip": True, "n": None},
            account="a", link="https://crm.example/1", touchpoint="shop", channel="app",
        )
    )  # fmt: skip
    assert found.event_id == "e-1"
    assert (found.value, found.touchpoint, found.channel) == (3.0, "shop", "app")
    assert found.dims == (("account", "a"), ("brand", "x"), ("vip", "true"))
    profile = native(kind="profile", customer="c", ts=5, account="a", tier="gold", value=9)
    facts = event(profile).facts
    assert facts is not None
    assert (facts.account, facts.tier, facts.value, facts.monitor) == ("a", "gold", 9.0, True)
    assert event(native(kind="outcome", customer="c", ts=5, type="churned")).type == "churned"
    assert native(kind="outcome", customer="c", ts=5, type="gone") == Filtered("unknown_type")
    assert native(kind="massage", customer="c", ts=5) == Rejected("wrong_type", "kind")
    assert native(customer="c", ts=5) == Rejected("missing_field", "kind")
    assert native(kind="message", customer="c", ts=5, text="x") == Rejected(
        "missing_field", "author"
    )


def test_only_turns_of_customers_name_a_customer_from_conversation() -> None:
    """An agent's name never becomes a customer: their turns go to the conversation's owner."""
    source = {
        "customer": "from_conversation", "writer": "$.requester.id", "conversation": "$.thread",
    }  # fmt: skip
    assert event(decoded({**TICKET, "thread": "t"}, source=source)).customer == "c-1"
    agent = {**TICKET, "role": "staff", "thread": "t"}
    assert event(decoded(agent, source=source)).customer is None
    assert decoded({**agent, "thread": None}, source=source) == Rejected(
        "no_customer", "conversation"
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"customr": "$.x"}, "unknown key 'customr'; did you mean customer?"),
        ({"customer": "who"}, "write a path like $.who, or {const: who}"),
        ({"author": None}, "author is missing; say who wrote"),
        ({"author": "clerk"}, "author: found 'clerk'; it is customer, agent or bot"),
        ({"text": None}, "text is missing; like text: $.body"),
        ({"ts": None}, "ts is missing"),
        ({"customer": "from_conversation"}, "also needs conversation, and writer"),
        ({"writer": "$.x"}, "writer is for customer: from_conversation only"),
        ({"files": "*.jsonl"}, "give one of both"),
        ({"topic": "nabz.health.v1"}, "cannot be a source"),
        ({"kind": "interaction"}, "type is missing"),
        ({"kind": "massage"}, "kind: found 'massage'; did you mean message?"),
        ({"ts": {"path": "$.at", "format": "unix"}}, "a time format is auto, iso, s, ms"),
        ({"ts": {"path": "$.at", "timezone": "Mars/Base"}}, "no time zone"),
        ({"where": {"path": "$.a"}}, "a condition is a path and one of equals, in, exists"),
        ({"each": "$.a", "events": [{}]}, "give each or events, not both"),
        ({"profile": {"tir": "$.x"}}, "unknown fact 'tir'; did you mean tier?"),
        ({"lateness": "soon"}, "a duration is written like"),
        ({"text": "$.a..b"}, "write it like $.customer.id"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(changed: dict[str, Any], said: str) -> None:
    """At start-up, with what to write instead."""
    with pytest.raises(ValidationError) as refused:
        SourceSettings.model_validate({**TICKETS, **changed})
    assert said in str(refused.value)


DECODERS = [
    compile_source("events", NATIVE, INTERACTIONS, native=True),
    compile_source("tickets", SourceSettings.model_validate(TICKETS), INTERACTIONS),
    compile_source(
        "chat",
        SourceSettings.model_validate(
            {
                **TICKETS,
                "customer": "from_conversation",
                "writer": "$.requester.id",
                "conversation": "$.thread",
                "each": "$.turns",
                "dims": "$.dims",
                "value": "@.value",
                "where": {"path": "@.kind", "in": ["a", 1, True]},
                "ts": {"path": "@.at", "format": ["%d.%m.%Y"]},
            }
        ),
        INTERACTIONS,
    ),
]


def check(value: bytes) -> None:
    """Any bytes give events in good order or a reason of the closed sets."""
    for decode in DECODERS:
        found = decode(value, "0/1", NOW_MS)
        match found:
            case Rejected(reason, _):
                assert reason in REASONS
            case Filtered(reason):
                assert reason in FILTERED
            case events:
                assert events
                for one in events:
                    assert 0 < one.ts_ms <= NOW_MS
                    assert one.customer is not None or one.conversation is not None
                    assert msgspec.json.decode(msgspec.json.encode(one), type=Event) == one


@given(st.binary())
@example(b"\xef\xbb\xbf{}")
def test_no_bytes_make_a_mapping_raise(value: bytes) -> None:
    """Nothing a producer sends can stop ingest."""
    check(value)


FIELDS = ("kind", "customer", "author", "role", "ts", "at", "text", "body", "type", "value", "dims",
          "requester", "thread", "turns", "consent", "event_id", "conversation", "link", "tier",
          "account")  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["message", "interaction", "profile", "outcome", "customer", "agent",
                     "payment_failed", "churned", "2023-11-14T22:13:20Z", "0001-01-01T00:00+14:00",
                     "9999-12-31T23:59-14:00", "end-user", "~"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "monitor", "at", "kind", "value", "x"]), inner),
    ),
    max_leaves=6,
)
GOOD: dict[str, Any] = {
    **TICKET, "kind": "message", "customer": "c-1", "author": "customer", "ts": 1_700_000_000,
    "text": "x", "type": "payment_failed", "thread": "t",
    "turns": [{"at": "14.11.2023", "kind": "a", "value": 4}],
}  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_no_damaged_record_makes_a_mapping_raise(damage: dict[str, Any]) -> None:
    """A record that is right but for some fields is events, or names what is wrong."""
    check(json.dumps({**GOOD, **damage}).encode())


@given(st.data())
def test_no_cut_record_makes_a_mapping_raise(data: st.DataObject) -> None:
    """Bytes missing, doubled or changed in the middle."""
    good = json.dumps(GOOD).encode()
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    check(good[:start] + data.draw(st.binary(max_size=4)) + good[end:])


def test_the_canary_comes_from_nabz_itself_alone() -> None:
    """A source of yours that names it is as wrong as any that names a partition."""
    value = json.dumps(
        {"kind": "message", "customer": CANARY, "author": "bot", "ts": 1_700_000_000, "text": "x"}
    ).encode()
    native = compile_source("events", NATIVE, (), native=True)
    decoded = native(value, "0/1", 10**13)
    assert not isinstance(decoded, Filtered | Rejected)
    assert [one.customer for one in decoded] == [CANARY]
    assert native(value.replace(b"~canary", b"~other"), "0/2", 10**13) == Rejected(
        "wrong_type", "customer"
    )
    foreign = compile_source("mine", NATIVE, ())
    assert foreign(value, "0/1", 10**13) == Rejected("wrong_type", "customer")
