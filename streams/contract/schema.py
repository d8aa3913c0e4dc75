"""A public type as a JSON Schema that any registry takes: draft-07, closed, every field explained.

msgspec says what a type looks like, its docstring what the fields mean. Written are all fields,
always; a field that came with a later release is not required, as older records at rest lack it.
Readers should ignore fields they do not know: the schemas are closed so that a writer cannot add
one unseen.

Next step: `streams.contract.document` puts the schemas into the AsyncAPI document.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
Schema = dict[str, Any]

_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
WORDS: Final[Mapping[str, str]] = {
    "account": "Account of the customer; null while unknown.",
    "actor": "Who did it, where a person did; null otherwise.",
    "alert_id": "One episode of the alert: UUIDv5 of fingerprint and opening time.",
    "allowed_ms": "How long the answer may take.",
    "at_ms": "Time it stands for.",
    "channel": "Name of the channel.",
    "command_id": "Id of the command.",
    "clear_at_e2": "The threshold under which it clears.",
    "closed_reason": "Why it was closed; null while it is open.",
    "complete_to_ms": "All sources had been read up to here.",
    "config_hash": "Configuration it was decided under.",
    "confidence_e2": "0 to 100 hundredths: how much is known of the customer.",
    "contacts_24h": "Contacts in the 24 hours before.",
    "contacts_e2": "Contacts a week, in hundredths.",
    "conversation": "Id of the conversation; null without one.",
    "created_ms": "When it was planned.",
    "customer": "Id of the customer.",
    "customers": "How many customers the partition has.",
    "days": "Days of own history it rests on.",
    "distress": "Parts of distress; their sum is the score.",
    "distress_e2": "Distress, 0 to 10000, up is bad.",
    "event_ms": "Newest event time of the customer; null without one.",
    "experienced_ms": "How long the customer has waited, or did.",
    "fingerprint": "Identity of the alert: rule and customer.",
    "gap_ms": "Experienced less allowed: above 0 is late.",
    "handoffs": "How often a bot handed over to a person.",
    "health": "Parts of health; their sum is the score.",
    "health_e2": "Health, 0 to 10000, up is good; null while unknown.",
    "historical": "Opened by causes too old to tell anybody of.",
    "hops": "How often it moved to another channel.",
    "human": "`unacked`, or `acked:` and who took it.",
    "labels": "Labels of the rule, for routing.",
    "language": "Language of the customer; null while unknown.",
    "last_ms": "Newest event time of the conversation.",
    "link": "Where a person finds it; null without one.",
    "log": "Where in the customer log it was decided.",
    "measure": "The score the rule looks at.",
    "momentum_e2": "Points of this week less those of a usual one, in hundredths.",
    "name": "Name of the customer; null while unknown.",
    "open_alerts": "How many alerts of the customer are open.",
    "opened_ms": "When it was opened; null before.",
    "partition": "Partition.",
    "peak_e2": "The worst value of the measure since it was opened.",
    "points_e2": "Hundredths of a point.",
    "quality": "What the scores rest on.",
    "cadence_ms": "Usual time between contacts; null while unknown.",
    "due_ms": "When silence becomes, or became, quiet; null where it cannot.",
    "reason": "Why, as a code.",
    "reopen_count": "How often it was opened again within its episode.",
    "rule": "Id of the rule.",
    "runbook": "Address of the rule's runbook; null without one.",
    "seq": "Number of the change, gapless per fingerprint from 1.",
    "severity": "How bad.",
    "shadow": "The rule is on trial: nobody is told.",
    "since_ms": "Time from which it holds.",
    "state": "Where it stands.",
    "team": "Who owns the touch-point; null while unknown.",
    "tier": "Tier of the customer; null while unknown.",
    "touchpoint": "What the customer met; null while unknown.",
    "updated_ms": "When it last changed.",
    "waiting": "Who waits for us, and since when.",
    "waiting_since_ms": "Since when the customer waits; null where nobody does.",
}
"""Of fields whose docstring leaves them to their names."""


def schema_of(struct: type[msgspec.Struct]) -> Schema:
    """The schema of one type, with the types it is made of under `definitions`.

    >>> class Row(msgspec.Struct):
    ...     '''A row.
    ...
    ...     Attributes:
    ...         key: Who.
    ...     '''
    ...     key: str
    ...     account: str | None = None
    >>> found = schema_of(Row)
    >>> found["properties"]["key"], found["required"], found["additionalProperties"]
    ({'type': 'string', 'description': 'Who.'}, ['key'], False)
    >>> found["properties"]["account"]["type"]
    ['string', 'null']
    """
    _, components = msgspec.json.schema_components([struct], ref_template="#/definitions/{name}")
    closed = {name: _closed(one) for name, one in components.items()}
    top = closed.pop(struct.__name__)
    return {"$schema": DRAFT, **top, **({"definitions": closed} if closed else {})}


def _closed(component: Mapping[str, Any]) -> Schema:
    """One object: no further fields, each with its meaning."""
    page = inspect.cleandoc(component.get("description", ""))
    about, _, listed = page.partition("Attributes:\n")
    meanings = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(listed)}
    properties = {}
    for name, given in component["properties"].items():
        meaning = meanings.get(name, WORDS.get(name))
        properties[name] = _plain(given) | ({} if meaning is None else {"description": meaning})
    return {
        "title": component["title"],
        "description": " ".join(about.split()),
        "type": "object",
        "properties": properties,
        "required": component.get("required", []),
        "additionalProperties": False,
    }


def _plain(given: Mapping[str, Any]) -> Schema:
    """A property as draft-07 likes it: an enum has a type, and nothing stands beside a ref."""
    match given:
        case {"enum": list(values)}:
            return {"type": "string", "enum": values} | _default(given)
        case {"anyOf": [{"enum": list(values)}, {"type": "null"}]}:
            return {"type": ["string", "null"], "enum": [*values, None]} | _default(given)
        case {"anyOf": [{"type": str(kind), **rest}, {"type": "null"}]}:
            more = {str(word): held for word, held in rest.items()}
            return {"type": [kind, "null"]} | more | _default(given)
        case {"$ref": ref}:
            return {"allOf": [{"$ref": ref}]} | _default(given)
        case _:
            return dict(given)


def _default(given: Mapping[str, Any]) -> Schema:
    return {"default": given["default"]} if "default" in given else {}
