"""The contract with other services: documents, types and examples say the same, and keep saying it.

The JSON Schema of AsyncAPI is `schemas/3.0.0.json` of the package `@asyncapi/specs` 6.11.1,
compressed and otherwise as published (Apache-2.0).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import yaml
from hypothesis import given
from jsonschema import Draft7Validator

from alerts.channels.base import FAILURES, Limits, Outcome, Refused, Retry, Sent
from alerts.delivery import Delivery, after, digest, interrupted, planned, sending
from alerts.outputs import At, ConversationGone, HealthRow, Heartbeat, Output
from alerts.pipeline import Kept
from scoring.records import LogRecord
from streams import codec
from streams.contract.__main__ import release, write
from streams.contract.compatibility import broken
from streams.contract.document import ROOT, ContractError, asyncapi, files, headers_schema
from streams.contract.messages import CHANNELS, MESSAGES, Message, record_of
from streams.contract.schema import Schema, schema_of
from streams.topics import CONVERSATIONS, TOPICS
from tests.alerts.transitions import transition
from tests.strategies import BASE_MS, CONFIG, fold_all, logs, signal

META = gzip.decompress(Path(__file__).with_name("asyncapi-3.0.0.json.gz").read_bytes())
META_SHA256 = "d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626"
DOCUMENT = yaml.safe_load((ROOT / "asyncapi.yaml").read_text(encoding="utf-8"))
EXAMPLES = sorted((ROOT / "examples").glob("*.json"))
RELEASED = sorted((ROOT / "released").glob("*/*.json"))
BY_NAME = {message.name: message for message in MESSAGES}
SCHEMAS = {message.name: schema_of(message.struct) for message in MESSAGES}
VALUES = {name: Draft7Validator(schema) for name, schema in SCHEMAS.items()}
HEADERS = {message.name: Draft7Validator(headers_schema(message)) for message in MESSAGES}

each_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda one: one.name)
each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def of(path: Path) -> Message:
    """The message an example or a schema is of."""
    return BY_NAME[path.name.split(".")[0]]


def objects(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every object a schema describes."""
    yield schema["title"], schema
    yield from schema.get("definitions", {}).items()


def places(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a value, outermost first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from places(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from places(inner)


# ---------------------------------------------------------------------- files and code


def test_the_files_are_what_the_types_say() -> None:
    """Whoever changes a public type sees the contract change; `make contract` writes it."""
    made = files()
    found = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("schemas", "examples")
        for path in (ROOT / folder).iterdir()
    } | {"asyncapi.yaml": (ROOT / "asyncapi.yaml").read_text(encoding="utf-8")}
    differ = sorted(
        name for name in made.keys() | found.keys() if made.get(name) != found.get(name)
    )
    assert not differ, f"run `make contract` and look at what it changed in {', '.join(differ)}"


def test_a_new_field_shows_in_the_files_after_one_command(tmp_path: Path) -> None:
    """Written is what differs, and nothing else; twice changes nothing."""
    name = "examples/delivery.sent.json"
    whole = json.loads((ROOT / name).read_text("utf-8"))
    del whole["by"]
    (tmp_path / "examples").mkdir()
    (tmp_path / name).write_text(json.dumps(whole), "utf-8")
    assert name in write(tmp_path)
    assert json.loads((tmp_path / name).read_text("utf-8"))["by"] is None
    assert write(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("haelth-row.new.json", "{}", "of no message"),
        ("heartbeat.minute.json", '{"partition": "one"}', "mend the example"),
    ],
)
def test_an_example_that_is_none_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    """And nothing is made of it."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=said) as raised:
        files(tmp_path)
    assert name in str(raised.value)


# ---------------------------------------------------------------------- the AsyncAPI document


def test_the_document_is_asyncapi_by_the_official_schema() -> None:
    """Bindings of Kafka included; and the schema sees what is wrong."""
    assert hashlib.sha256(META).hexdigest() == META_SHA256
    official = Draft7Validator(json.loads(META))
    assert not [error.message[:200] for error in official.iter_errors(DOCUMENT)]
    for path, name, held in (
        (("channels", "health", "bindings", "kafka"), "partitons", 1),
        (("operations", "write-health"), "action", "publish"),
        (("components", "messages", "delivery"), "payloads", {}),
    ):
        spoiled = deepcopy(DOCUMENT)
        place = spoiled
        for word in path:
            place = place[word]
        place[name] = held
        assert not official.is_valid(spoiled), name


def test_the_document_describes_the_public_topics_as_they_are_made() -> None:
    """Each of them once, with its partitions and how it is kept; no private one."""
    public = {topic.name: topic for topic in TOPICS if topic.public}
    assert [channel["address"] for channel in DOCUMENT["channels"].values()] == [*public]
    for channel in DOCUMENT["channels"].values():
        topic = public[channel["address"]]
        kafka = channel["bindings"]["kafka"]
        assert kafka["topic"] == topic.name
        assert kafka.get("partitions") == (1 if topic.partitions == "one" else None)
        kept = {
            name: ",".join(held) if isinstance(held, list) else str(held)
            for name, held in kafka["topicConfiguration"].items()
        }
        assert kept == topic.config()


def test_every_reference_of_the_document_leads_somewhere() -> None:
    """Within it, or to a schema beside it; and each message is in the channel of its topic."""
    for one in places(DOCUMENT):
        if (ref := one.get("$ref")) is None:
            continue
        if not ref.startswith("#/"):
            assert (ROOT / ref).is_file(), ref
            continue
        at = DOCUMENT
        for word in ref.removeprefix("#/").split("/"):
            at = at[word]
    listed = {
        (channel["address"], name)
        for channel in DOCUMENT["channels"].values()
        for name in channel["messages"]
    }
    assert listed == {(message.topic, message.name) for message in MESSAGES}
    assert {one.topic for one in CHANNELS} == {topic.name for topic in TOPICS if topic.public}


# ---------------------------------------------------------------------- schemas


@each_message
def test_a_schema_is_draft_7_closed_and_explains_every_field(message: Message) -> None:
    """Nothing in it that a schema registry of today does not take."""
    schema = SCHEMAS[message.name]
    Draft7Validator.check_schema(schema)
    known = {
        "$schema", "title", "description", "type", "properties", "required", "definitions", "items",
        "additionalProperties", "enum", "default", "$ref", "allOf", "anyOf",
    }  # fmt: skip
    fields = {name for _, one in objects(schema) for name in one["properties"]}
    kinds = {name for name, _ in objects(schema)}
    used = {word for one in places(schema) for word in one}
    assert used <= known | fields | kinds
    for name, one in objects(schema):
        assert one["additionalProperties"] is False, name
        mute = [field for field, held in one["properties"].items() if "description" not in held]
        assert not mute, f"say in the docstring of {name} what {', '.join(mute)} means"


@each_message
def test_every_field_is_shown_filled_in_some_example(message: Message) -> None:
    """A reader sees what a value looks like, not only that it may be null."""
    shown = [json.loads(path.read_text("utf-8")) for path in EXAMPLES if of(path) is message]
    assert shown
    filled = {name for one in shown for name, held in one.items() if held is not None}
    lacking = sorted(SCHEMAS[message.name]["properties"].keys() - filled)
    assert not lacking, f"fill {', '.join(lacking)} in docs/contract/examples/{message.name}.*.json"


@each_example
def test_an_example_keeps_to_its_schema_and_no_field_more(path: Path) -> None:
    """Closed at every depth, against a writer; a reader of ours overlooks what it does not know."""
    message, value = of(path), json.loads(path.read_text(encoding="utf-8"))
    schema = VALUES[message.name]
    assert not [error.message for error in schema.iter_errors(value)]
    labels = value.get("labels")
    for place in places(value):
        if place is labels:  # whatever a rule has
            continue
        place["not_said"] = 1
        assert not schema.is_valid(value), place
        msgspec.json.decode(msgspec.json.encode(value), type=message.struct)
        del place["not_said"]
    assert schema.is_valid(value)


@each_example
def test_an_example_is_read_and_written_as_it_is(path: Path) -> None:
    """Nothing is lost, renamed or made up between its text, its type, and what nabz writes."""
    message, text = of(path), path.read_text(encoding="utf-8")
    value = msgspec.json.decode(text, type=message.struct)
    key, headers = record_of(message, value)
    assert json.loads(msgspec.json.encode(value)) == json.loads(text)
    HEADERS[message.name].validate({one: held.decode() for one, held in headers})
    assert dict(headers)["ce_subject"] == key


@each_example
def test_the_parts_of_an_example_add_up_to_its_scores(path: Path) -> None:
    """A reader's sum is exact too."""
    value = msgspec.json.decode(path.read_bytes(), type=of(path).struct)
    if isinstance(value, HealthRow):
        for score, parts in ((value.health_e2, value.health), (value.distress_e2, value.distress)):
            assert sum(part.points_e2 for part in parts) == (0 if score is None else score)


def published(records: list[LogRecord]) -> list[Output]:
    """What one customer's log makes known."""
    return [one for folded in fold_all(records, CONFIG) for one in folded.outputs]


@given(logs(customers=[b"ann"], max_size=8))
def test_whatever_is_written_keeps_to_the_contract(log: list[tuple[bytes, LogRecord]]) -> None:
    """Values and headers of any fold; an id is of one record only."""
    told = published([record for key, record in log if key == b"ann"])
    told.append(Heartbeat(0, BASE_MS, BASE_MS, 1, "", At("nabz.customer-log.v1", 0, 0)))
    ids = []
    for one in told:
        message = next((known for known in MESSAGES if isinstance(one, known.struct)), None)
        record = codec.record_of(one)
        if record.topic not in {known.topic for known in MESSAGES}:
            assert message is None
            continue
        headers = {name: held.decode() for name, held in record.headers}
        ids.append(headers["ce_id"])
        if message is None:
            assert record.value is None
            continue
        assert record.topic == message.topic and record.value is not None
        VALUES[message.name].validate(json.loads(record.value))
        HEADERS[message.name].validate(headers)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "outcome",
    [
        Sent("msg-1", 202),
        Sent(None, None),
        *(
            Retry(None, reason, 503, ambiguous)
            for reason in FAILURES
            for ambiguous in (True, False)
        ),
        *(Refused(reason, 400) for reason in FAILURES),
    ],
    ids=repr,
)
def test_whatever_becomes_of_a_message_keeps_to_the_contract(outcome: Outcome) -> None:
    """Planned, kept back, under way, over, told in a digest: values and headers of each."""
    said, message = transition(), BY_NAME["delivery"]
    first = planned(said, channel="hook", offset=3, now_ms=BASE_MS)
    held = planned(said, channel="hook", offset=3, now_ms=BASE_MS, kept=Kept("held", "h-1"))
    began = sending(first, BASE_MS + 1)
    over = after(outcome, began, BASE_MS + 2, 0.5, Limits())
    bundle = digest([held, first], cause="h-1", now_ms=BASE_MS + 3)
    for one in (first, held, began, interrupted(began, BASE_MS), over, bundle):
        VALUES[message.name].validate(json.loads(msgspec.json.encode(one)))
        key, headers = record_of(message, one)
        assert key == one.notification_id.encode()
        text = {name: value.decode() for name, value in headers}
        HEADERS[message.name].validate(text)


def test_every_kind_of_output_is_public_or_known_not_to_be() -> None:
    """A new one is either promised here or kept from the public topics."""
    private = {"Checkpoint", "FoldFailed"}
    promised = {message.struct.__name__ for message in MESSAGES} - {"Delivery"}
    assert {kind.__name__ for kind in get_args(Output)} == promised | private | {"ConversationGone"}


def test_a_tombstone_says_where_it_was_decided() -> None:
    """So that a reader does not let a repeated one take away a conversation that came back."""
    place = At("nabz.customer-log.v1", 5, 18_300, 2, 1)
    record = codec.record_of(ConversationGone("t-8812", "c-1042", BASE_MS, place))
    assert (record.topic, record.key, record.value) == (CONVERSATIONS, b"t-8812", None)
    assert dict(record.headers)["ce_id"] == b"1-5-18300-2"
    words = DOCUMENT["channels"]["conversations"]["description"]
    assert "epoch-partition-offset-index" in words


def test_a_value_of_another_kind_is_no_message() -> None:
    """Not even under a name that exists."""
    (row,) = (one for one in published([signal(BASE_MS)]) if isinstance(one, HealthRow))
    with pytest.raises(TypeError, match="a delivery is a Delivery, not HealthRow"):
        record_of(BY_NAME["delivery"], row)
    assert Delivery is BY_NAME["delivery"].struct


# ---------------------------------------------------------------------- releases


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_every_released_schema_is_kept_to(path: Path) -> None:
    """BACKWARD_TRANSITIVE: services of any release read what is written, nabz what was written."""
    released = json.loads(path.read_text(encoding="utf-8"))
    assert not broken(released, SCHEMAS[path.stem])


def test_every_message_has_been_released_or_is_new() -> None:
    """No message is dropped; the version that is being worked on is not ahead of the kept ones."""
    assert {path.stem for path in RELEASED} <= BY_NAME.keys()
    versions = {path.parent.name for path in RELEASED}
    assert versions
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    assert DOCUMENT["info"]["version"] in versions


def _retype(schema: Schema) -> None:
    schema["properties"]["seq"] = {"type": "string"}


def _nullable(schema: Schema) -> None:
    schema["properties"]["seq"] = {"type": ["integer", "null"]}


def _remove(schema: Schema) -> None:
    del schema["properties"]["runbook"]


def _rename_within(schema: Schema) -> None:
    contribution = schema["definitions"]["Contribution"]["properties"]
    contribution["points"] = contribution.pop("points_e2")


def _require(schema: Schema) -> None:
    schema["properties"]["mood"] = {"type": "string"}
    schema["required"] = [*schema["required"], "mood"]


def _relax(schema: Schema) -> None:
    schema["required"] = [name for name in schema["required"] if name != "seq"]


def _shrink(schema: Schema) -> None:
    schema["properties"]["severity"]["enum"].remove("warning")


def _open(schema: Schema) -> None:
    schema["properties"]["severity"] = {"type": "string"}


def _close(schema: Schema) -> None:
    schema["properties"]["reason"] = {"type": "string", "enum": ["raised"]}


def _relabel(schema: Schema) -> None:
    schema["properties"]["labels"]["additionalProperties"] = {"type": "integer"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_retype, "seq: retyped from integer to string"),
        (_nullable, "seq: retyped from integer to integer or null"),
        (_remove, "runbook: removed"),
        (_rename_within, "why[].points_e2: removed"),
        (_require, "mood: required, which older records may lack"),
        (_relax, "seq: no longer required, which older readers rely on"),
        (_shrink, "severity: no longer 'warning'"),
        (_open, "severity: no longer one of a list"),
        (_close, "reason: now one of a list"),
        (_relabel, "labels[]: retyped from string to integer"),
    ],
)
def test_what_would_break_a_reader_is_found(change: Callable[[Schema], None], said: str) -> None:
    """And named, with the field."""
    old = SCHEMAS["transition"]
    new = deepcopy(old)
    change(new)
    assert broken(old, new) == (said,)


def _add(schema: Schema) -> None:
    schema["properties"]["mood"] = {"type": ["string", "null"], "default": None}


def _grow(schema: Schema) -> None:
    schema["properties"]["severity"]["enum"].append("info")


def _explain(schema: Schema) -> None:
    schema["properties"]["seq"]["description"] = "Another word for it."


@pytest.mark.parametrize("change", [_add, _grow, _explain])
def test_what_readers_can_live_with_is_let_through(change: Callable[[Schema], None]) -> None:
    """A field more that may be missing, a value more, a better word."""
    new = deepcopy(SCHEMAS["transition"])
    change(new)
    assert broken(SCHEMAS["transition"], new) == ()


def test_what_has_been_released_is_never_edited(tmp_path: Path) -> None:
    """A version is kept once."""
    (tmp_path / "examples").mkdir()
    write(tmp_path)
    release(tmp_path, "1.2.3")
    kept = {path.name for path in (tmp_path / "released" / "1.2.3").iterdir()}
    assert kept == {f"{message.name}.json" for message in MESSAGES}
    with pytest.raises(ContractError, match="never edited"):
        release(tmp_path, "1.2.3")
    assert asyncapi({})["info"]["version"] == DOCUMENT["info"]["version"]
