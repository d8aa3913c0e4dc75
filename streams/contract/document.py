"""The contract as files: an AsyncAPI 3 document, a JSON Schema per message, and examples of each.

Everything is made from the types, the table of topics and the examples, which are kept as they
would be written: run `make contract` after a change of a public type. An example is read and
written again, so that new fields show in it with their defaults.

Next step: `tests/contract` holds files and code against each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from streams.contract.messages import CHANNELS, MESSAGES, Channel, Message, record_of
from streams.contract.schema import schema_of
from streams.topics import TOPICS, Topic

ROOT: Final = Path(__file__).resolve().parents[2] / "docs" / "contract"
BINDING: Final = "0.5.0"
SCHEMA_FORMAT: Final = "application/schema+json;version=draft-07"
_NUMBERS: Final = frozenset({"retention.ms"})

RULES: Final = """\
What nabz writes for other services. Values are JSON; the attributes of a CloudEvents 1.0 event are
Kafka headers (binary mode), so a reader that knows nothing of CloudEvents reads the same.

Numbers: scores and points are integers in hundredths (`_e2`), and a score is exactly the sum of its
parts; times are milliseconds since the epoch (`_ms`). Null is unknown, never 0.

Repeats: every record may come twice, with equal bytes and an equal `ce_id`, as a process that was
killed writes its last outputs again. A reader keeps what is newer by the rule of the channel and
drops the rest; then nothing is counted twice.

Order: records of a key are in order within their partition, but for such repeats. There is no order
between keys or topics.

Freshness: see the heartbeats of channel `health`.

Tombstones: a record without a value. What it means is said at each channel.

Merged customers: no release merges customers. When one does, the row of the one that is no more
will say so in a field `merged_into`, before its tombstone.

Compatibility: fields are added and never retyped or removed; enumerations grow. Ignore fields and
treat values of an enumeration that you do not know as unknown. Whatever else changes comes as a new
topic, beside the old one.
"""


class ContractError(Exception):
    """The contract cannot be made; the message names the file and what to do."""


def files(examples: Path = ROOT / "examples") -> dict[str, str]:
    """All files of the contract by their path within it, examples included.

    Args:
        examples: Where the examples are, `<message>.<what it shows>.json`.

    Raises:
        ContractError: An example is of no known message, or its type cannot read it.
    """
    shown = dict(_examples(examples))
    made = {
        f"examples/{name}.json": _json(msgspec.to_builtins(value))
        for name, (_, value) in shown.items()
    }
    for message in MESSAGES:
        made[f"schemas/{message.name}.json"] = _json(schema_of(message.struct))
    made["asyncapi.yaml"] = yaml.dump(
        asyncapi(shown), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return made


class _Dumper(yaml.SafeDumper):
    """YAML that people read: paragraphs stay paragraphs, nothing is an alias of something else."""

    def ignore_aliases(self, _: object) -> bool:
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _examples(folder: Path) -> Iterator[tuple[str, tuple[Message, msgspec.Struct]]]:
    messages = {message.name: message for message in MESSAGES}
    for path in sorted(folder.glob("*.json")):
        message = messages.get(path.name.split(".")[0])
        if message is None:
            raise ContractError(
                f"{path.name} is of no message: call it MESSAGE.WHAT.json, MESSAGE one of"
                f" {', '.join(messages)}"
            )
        try:
            value = msgspec.json.decode(path.read_bytes(), type=message.struct)
        except msgspec.MsgspecError as error:
            raise ContractError(
                f"{path.name} is no {message.struct.__name__}: {error}; mend the example, or keep"
                " the type as it was released"
            ) from error
        yield path.stem, (message, value)


def asyncapi(shown: Mapping[str, tuple[Message, msgspec.Struct]]) -> dict[str, Any]:
    """The AsyncAPI document.

    Args:
        shown: Examples by name, with the message each is of.
    """
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "nabz",
            "version": metadata.version("nabz"),
            "description": RULES,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {one.name: _channel(one) for one in CHANNELS},
        "operations": {
            f"write-{one.name}": {
                "action": "send",
                "summary": one.holds.split(". ")[0].rstrip(".") + ".",
                "channel": {"$ref": f"#/channels/{one.name}"},
            }
            for one in CHANNELS
        },
        "components": {
            "messages": {message.name: _message(message, shown) for message in MESSAGES},
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    (topic,) = (one for one in TOPICS if one.name == channel.topic)
    own = [message for message in MESSAGES if message.topic == channel.topic]
    return {
        "address": channel.topic,
        "description": "\n\n".join(
            (channel.holds, f"Which is newer: {channel.newer}", f"Tombstones: {channel.gone}")
        ),
        "messages": {one.name: {"$ref": f"#/components/messages/{one.name}"} for one in own},
        "bindings": {"kafka": _binding(topic)},
    }


def _binding(topic: Topic) -> dict[str, Any]:
    """As `nabz topics apply` makes it; a topic as wide as the customer log names no number."""
    config: dict[str, Any] = {
        name: int(value) if name in _NUMBERS else value for name, value in topic.config().items()
    }
    config["cleanup.policy"] = [config["cleanup.policy"]]
    return {
        "topic": topic.name,
        **({"partitions": 1} if topic.partitions == "one" else {}),
        "topicConfiguration": config,
        "bindingVersion": BINDING,
    }


def _message(
    message: Message, shown: Mapping[str, tuple[Message, msgspec.Struct]]
) -> dict[str, Any]:
    schema = schema_of(message.struct)
    return {
        "name": message.name,
        "title": schema["title"],
        "summary": schema["description"],
        "contentType": "application/json",
        "headers": headers_schema(message),
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": {"$ref": f"schemas/{message.name}.json"},
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": message.key},
                "bindingVersion": BINDING,
            }
        },
        "examples": [
            _example(name, one, value) for name, (one, value) in shown.items() if one is message
        ],
    }


def _example(name: str, message: Message, value: msgspec.Struct) -> dict[str, Any]:
    key, headers = record_of(message, value)
    return {
        "name": name,
        "summary": f"Key {key.decode()}.",
        "headers": {header: held.decode() for header, held in headers},
        "payload": msgspec.to_builtins(value),
    }


def headers_schema(message: Message) -> dict[str, Any]:
    """CloudEvents 1.0 in binary mode: the headers of a record, all of them text in UTF-8."""
    fixed = {
        "ce_specversion": "1.0",
        "ce_type": message.kind,
        "ce_source": message.source,
        "content-type": "application/json",
    }
    free = {
        "ce_id": "Equal on a repeat, and on nothing else from this source.",
        "ce_subject": "The key.",
        "ce_time": "Time the value stands for, RFC 3339.",
    }
    return {
        "type": "object",
        "properties": {
            **{name: {"type": "string", "const": value} for name, value in fixed.items()},
            **{name: {"type": "string", "description": text} for name, text in free.items()},
        },
        "required": sorted({*fixed, *free}),
    }
