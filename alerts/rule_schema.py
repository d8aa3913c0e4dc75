"""The JSON Schema of rules, for editors and other tools: made from what the readers of rules know.

`rules.schema.json` beside this module is this, written down; a test holds them equal. A schema says
which fields there are and what each may hold. What fields mean together (a clearing cut on the
right side, a cue precise enough to fire alone) is said by `nabz rules check`.

    # yaml-language-server: $schema=rules.schema.json

Next step: none; editors read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from alerts.fields import NUMBERS, STATES, Entity, Kind
from alerts.grammar import KNOWN_CUES
from alerts.hits import OF_MAX
from alerts.red_flags import CUES
from alerts.rules import FIELDS
from alerts.timelines import EVENT_FIELDS, EXPECTED_FIELDS
from alerts.timelines import FIELDS as TEST_FIELDS
from alerts.vectors import SEVERITIES, VERDICTS
from scoring.records import FAMILIES

MEANINGS: Final[Mapping[str, str]] = {
    "id": "Names the rule; whatever else changes, its open alerts stay the same alerts.",
    "entity": "What it is about: a customer, or each conversation of theirs.",
    "measure": "The score it looks at; distress raises upwards, health downwards.",
    "raise_at": "Points at which it is raised.",
    "clear_at": "Points at which it is over; leave a gap.",
    "when": "Conditions in place of measure and cuts.",
    "critical": "Cuts, or conditions, of the higher severity; null for none.",
    "for": "How long it must hold before it fires, or how often it must be raised.",
    "clear_for": "How long it must be over before the alert is closed as recovered.",
    "due": "Something must be done within so long, in the business time of whose it is.",
    "expire_after": "Without any event for so long it is closed, unless somebody waits for us.",
    "reopen_within": "Raised again this soon after a close, it is the same alert.",
    "warmup": "For so long after a customer's first event only red flags fire.",
    "min_events": "Before so many messages and interactions only red flags fire.",
    "red_flags": "Cues that fire at once, whatever the score; only those measured to be right.",
    "labels": "For routes: name: value.",
    "runbook": "What to do, an address.",
    "playbook": "Next steps by cause, an address.",
    "min_precision": "Share of its alerts that should be right, 0 to 1.",
    "shadow": "Recorded and shown, told to nobody.",
}
"""What each field of a rule is for."""

_DURATION: Final = r"^\s*\d+\s*(ms|s|m|h|d)\s*$"
_SIGNED: Final = r"^\s*-?\s*\d+\s*(ms|s|m|h|d)\s*$"
_LEVELS: Final[Mapping[Kind, str]] = {
    "points": "points",
    "points_a_day": "points_a_day",
    "count": "count",
    "percent": "percent",
    "duration": "duration",
    "signed_duration": "signed_duration",
}
_TEXT: Final = {"type": "string"}


def rule_schema() -> dict[str, Any]:
    """The schema, as JSON Schema draft 7.

    >>> rule_schema()["definitions"]["duration"]["type"]
    'string'
    """
    rules = {"type": "array", "items": {"$ref": "#/definitions/rule"}}
    tests = {"type": "array", "items": {"$ref": "#/definitions/test"}}
    preset = {"enum": ["quiet", "normal", "sensitive"]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules of nabz",
        "description": "When somebody should be told of a customer or a conversation.",
        "oneOf": [
            rules,
            {
                **_closed({"preset": preset, "rules": rules, "tests": tests}),
                "anyOf": [{"required": ["rules"]}, {"required": ["preset"]}],
            },
        ],
        "definitions": {
            "points": {"type": "number", "minimum": 0, "maximum": 100},
            "points_a_day": {"type": "number", "minimum": -1000, "maximum": 1000},
            "count": {"type": "integer", "minimum": 0, "maximum": 10_000},
            "percent": {"type": "integer", "minimum": 0, "maximum": 100},
            "duration": {"type": "string", "pattern": _DURATION},
            "signed_duration": {"type": "string", "pattern": _SIGNED},
            "cuts": _closed(
                {"raise_at": _ref("points"), "clear_at": _ref("points")},
                required=("raise_at", "clear_at"),
            ),
            "held": _held(),
            "rule": {"oneOf": [_rule("customer"), _rule("conversation")]},
            "customer_condition": _condition("customer"),
            "conversation_condition": _condition("conversation"),
            "test": _test(),
        },
    }


def encoded_schema() -> str:
    """The schema as the file holds it."""
    return json.dumps(rule_schema(), indent=1, ensure_ascii=False) + "\n"


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


def _closed(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return {**found, "required": list(required)} if required else found


def _held() -> dict[str, Any]:
    """A length of time, or hits among windows or events."""
    several = {"type": "integer", "minimum": 2, "maximum": OF_MAX}
    windows = {"hits": several, "windows": several, "each": _ref("duration")}
    events = {"hits": several, "events": several}
    return {"oneOf": [_ref("duration"), *(_closed(one, tuple(one)) for one in (windows, events))]}


def _rule(entity: Entity) -> dict[str, Any]:
    condition = _ref(f"{entity}_condition")
    of = _closed({"when": condition}, required=("when",))
    is_customer = entity == "customer"
    fields: dict[str, Any] = {
        "id": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,59}$"},
        "entity": {"enum": ["customer"] if is_customer else ["conversation"]},
        "measure": {"enum": ["distress", "health"] if is_customer else ["distress"]},
        "raise_at": _ref("points"),
        "clear_at": _ref("points"),
        "when": condition,
        "critical": {"oneOf": [{"type": "null"}, _ref("cuts"), of]},
        **dict.fromkeys(("clear_for", "expire_after", "reopen_within", "warmup"), _ref("duration")),
        "for": _ref("held"),
        "min_events": {"type": "integer", "minimum": 1, "maximum": 1000},
        "red_flags": {"type": "array", "items": {"oneOf": [_flag(), _noisy_flag()]}},
        "labels": {"type": "object"},
        "runbook": {"type": ["string", "null"]},
        "playbook": {"type": ["string", "null"]},
        "min_precision": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "shadow": {"type": "boolean"},
        "due": {"oneOf": [{"type": "null"}, _ref("duration")]},
    }
    described = {
        name: {"allOf": [fields[name]], "description": MEANINGS[name]}
        if "$ref" in fields[name]
        else {**fields[name], "description": MEANINGS[name]}
        for name in FIELDS
    }
    required = ("id",) if is_customer else ("id", "entity")
    return {
        **_closed(described, required),
        "dependencies": {
            "when": {"not": {"anyOf": [{"required": [one]} for one in _BESIDE]}},
        },
    }


_BESIDE: Final = ("measure", "raise_at", "clear_at")


def _flag() -> dict[str, Any]:
    return {"enum": [code for code, family in CUES.items() if family != "relief"]}


def _noisy_flag() -> dict[str, Any]:
    return _closed({"cue": _flag(), "below_precision": {"type": "boolean"}}, ("cue",))


def _condition(entity: Entity) -> dict[str, Any]:
    """One of the forms a condition may have; a form for each kind of number, and each state."""
    here = _ref(f"{entity}_condition")
    several = {"type": "array", "minItems": 1, "items": here}
    forms = [_closed({"all": several}, ("all",)), _closed({"any": several}, ("any",))]
    by_kind: dict[Kind, list[str]] = {}
    for name, number in NUMBERS[entity].items():
        by_kind.setdefault(number.kind, []).append(name)
    for kind, names in by_kind.items():
        cut = _ref(_LEVELS[kind])
        forms.append(
            _closed(
                {"field": {"enum": names}, "raise_at": cut, "clear_at": cut},
                ("field", "raise_at", "clear_at"),
            )
        )
    for name, states in STATES[entity].items():
        words = [*states.among, *([True, False] if "yes" in states.among else [])]
        word = {"enum": words} if words else {"type": "string", "minLength": 1}
        listed = {"type": "array", "minItems": 1, "items": word}
        forms.append(
            _closed({"field": {"enum": [name]}, "is": {"oneOf": [word, listed]}}, ("field", "is"))
        )
    within = _ref("duration")
    forms += [
        _closed({"cue": {"enum": list(KNOWN_CUES)}, "within": within}, ("cue", "within")),
        _closed(
            {"interaction": {"type": "string", "pattern": r"^\S{1,100}$"}, "within": within},
            ("interaction", "within"),
        ),
    ]
    if entity == "customer":
        forms += [
            _closed(
                {
                    "field": {"enum": [field]},
                    verb: _ref("points"),
                    "within": within,
                    "clear_by": _ref("points"),
                },
                ("field", verb, "within"),
            )
            for field, verb in (("distress", "rose_by"), ("health", "fell_by"))
        ]
    return {"oneOf": forms}


def _test() -> dict[str, Any]:
    texts = dict.fromkeys(
        ("customer", "agent", "bot", "interaction", "outcome", "conversation", "touchpoint",
         "channel"),
        _TEXT,
    )  # fmt: skip
    event: dict[str, Any] = {
        **texts,
        "at": _ref("duration"),
        "points": _closed({family: _ref("points") for family in FAMILIES}),
    }
    expected: dict[str, Any] = {
        "reason": _TEXT,
        "at": _ref("duration"),
        "by": _ref("duration"),
        "severity": {"enum": list(SEVERITIES)},
        "conversation": _TEXT,
    }
    stages = _closed({name: expected[name] for name in EXPECTED_FIELDS}, ("reason",))
    fields: dict[str, Any] = {
        "name": {"type": "string", "minLength": 1},
        "rule": _TEXT,
        "values": {"type": "object"},
        "events": {
            "type": "array",
            "items": _closed({name: event[name] for name in EVENT_FIELDS}, ("at",)),
        },
        "until": _ref("duration"),
        "expect": {
            "oneOf": [
                {"enum": [*VERDICTS, *SEVERITIES]},
                {"type": "array", "items": stages},
            ]
        },
    }
    return {
        **_closed({name: fields[name] for name in TEST_FIELDS}, ("name", "rule")),
        "oneOf": [{"required": ["values"]}, {"required": ["events"]}],
    }
