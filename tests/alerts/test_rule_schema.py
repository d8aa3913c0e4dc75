"""The published schema and the readers of rules say the same."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.fields import NUMBERS, STATES
from alerts.presets import PRESETS
from alerts.rule_schema import MEANINGS, encoded_schema, rule_schema
from alerts.rules import FIELDS, rules_from
from alerts.timelines import EVENT_FIELDS, EXPECTED_FIELDS, run_tests
from alerts.timelines import FIELDS as TEST_FIELDS
from alerts.written import RuleError
from scoring.config import Scoring
from tests.alerts import test_conditions, test_rules

ALERTS = Path(__file__).parents[2] / "alerts"
SCHEMA = rule_schema()
_TYPES: Mapping[str, Any] = {
    "object": Mapping, "array": (list, tuple), "string": str, "boolean": bool, "integer": int,
    "number": (int, float), "null": type(None),
}  # fmt: skip


def problems(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """What draft 7 says against a value, for the words our schema uses and no others."""
    for word, asked in schema.items():
        yield from CHECKS[word](value, asked, schema)


def _ref(value: Any, asked: str, _: Any) -> Iterator[str]:
    yield from problems(value, SCHEMA["definitions"][asked.rsplit("/", 1)[1]])


def _type(value: Any, asked: Any, _: Any) -> Iterator[str]:
    kinds = [asked] if isinstance(asked, str) else asked
    is_bool = isinstance(value, bool) and "boolean" not in kinds
    if is_bool or not any(isinstance(value, _TYPES[kind]) for kind in kinds):
        yield f"{value!r} is no {asked}"


def _enum(value: Any, asked: list[Any], _: Any) -> Iterator[str]:
    if not any(one == value and type(one) is type(value) for one in asked):
        yield f"{value!r} is none of {asked}"


def _pattern(value: Any, asked: str, _: Any) -> Iterator[str]:
    if isinstance(value, str) and re.search(asked, value) is None:
        yield f"{value!r} does not match"


def _minimum(value: Any, asked: float, _: Any) -> Iterator[str]:
    if isinstance(value, int | float) and value < asked:
        yield "too small"


def _maximum(value: Any, asked: float, _: Any) -> Iterator[str]:
    if isinstance(value, int | float) and value > asked:
        yield "too large"


def _least(value: Any, asked: int, _: Any) -> Iterator[str]:
    if isinstance(value, str | list | tuple) and len(value) < asked:
        yield "too short"


def _properties(value: Any, asked: Mapping[str, Any], _: Any) -> Iterator[str]:
    for name, schema in asked.items():
        if isinstance(value, Mapping) and name in value:
            yield from problems(value[name], schema)


def _closed(value: Any, asked: bool, schema: Mapping[str, Any]) -> Iterator[str]:
    assert asked is False
    if isinstance(value, Mapping):
        yield from (f"{name!r}" for name in value if name not in schema["properties"])


def _required(value: Any, asked: list[str], _: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"no {name}" for name in asked if name not in value)


def _items(value: Any, asked: Any, _: Any) -> Iterator[str]:
    for one in value if isinstance(value, list | tuple) else ():
        yield from problems(one, asked)


def _all_of(value: Any, asked: Any, _: Any) -> Iterator[str]:
    for one in asked:
        yield from problems(value, one)


def _any_of(value: Any, asked: Any, _: Any) -> Iterator[str]:
    if all(any(problems(value, one)) for one in asked):
        yield "none holds"


def _one_of(value: Any, asked: Any, _: Any) -> Iterator[str]:
    count = sum(not any(problems(value, one)) for one in asked)
    if count != 1:
        yield f"{count} hold"


def _not(value: Any, asked: Any, _: Any) -> Iterator[str]:
    if not any(problems(value, asked)):
        yield "what must not be holds"


def _dependencies(value: Any, asked: Mapping[str, Any], _: Any) -> Iterator[str]:
    for name, then in asked.items():
        if isinstance(value, Mapping) and name in value:
            yield from problems(value, then)


def _says_nothing(*_: Any) -> Iterator[str]:
    yield from ()


CHECKS: Mapping[str, Callable[[Any, Any, Any], Iterator[str]]] = {
    "$ref": _ref, "type": _type, "enum": _enum, "pattern": _pattern, "minimum": _minimum,
    "maximum": _maximum, "minLength": _least, "minItems": _least, "properties": _properties,
    "additionalProperties": _closed, "required": _required, "items": _items, "allOf": _all_of,
    "anyOf": _any_of, "oneOf": _one_of, "not": _not, "dependencies": _dependencies,
    **dict.fromkeys(("$schema", "title", "description", "definitions"), _says_nothing),
}  # fmt: skip


def is_valid(tree: Any) -> bool:
    """Does the schema let it pass?"""
    return not any(problems(tree, SCHEMA))


def test_the_file_is_what_the_readers_of_rules_know() -> None:
    """A new field is in the schema, or this fails: run `alerts.rule_schema.encoded_schema`."""
    assert (ALERTS / "rules.schema.json").read_text(encoding="utf-8") == encoded_schema()
    assert json.loads(encoded_schema()) == SCHEMA


def test_every_field_of_a_rule_is_in_the_schema_and_the_other_way_round() -> None:
    """With what it is for."""
    assert set(MEANINGS) == set(FIELDS)
    for rule in SCHEMA["definitions"]["rule"]["oneOf"]:
        assert set(rule["properties"]) == set(FIELDS)


@pytest.mark.parametrize("entity", ["customer", "conversation"])
def test_every_field_of_a_condition_is_in_the_schema_and_the_other_way_round(entity: Any) -> None:
    """Numbers and states, each in one form."""
    named: list[str] = []
    for form in SCHEMA["definitions"][f"{entity}_condition"]["oneOf"]:
        properties = form["properties"]
        if "field" in properties and "within" not in properties:
            named += properties["field"]["enum"]
    assert sorted(named) == sorted([*NUMBERS[entity], *STATES[entity]])


SHIPPED = [
    "alerts/rules.yaml",
    *(f"alerts/presets/{one}.yaml" for one in PRESETS),
    "examples/rules.yaml",
    "streams/cli/starter_rules.yaml",
]


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_is_valid_and_does_what_its_tests_promise(name: str) -> None:
    """Rules and their tests, the example included."""
    tree = yaml.safe_load((ALERTS.parent / name).read_text(encoding="utf-8"))
    assert is_valid(tree)
    found = run_tests(tree, rules_from(tree), Scoring())
    assert [one for one in found if one.wrong] == []


@pytest.mark.parametrize("name", test_conditions.WRITTEN)
def test_what_can_be_read_is_valid(name: str) -> None:
    """Every way to write a condition, alone and as critical, for customers and conversations."""
    tree, _ = test_conditions.WRITTEN[name]
    assert is_valid([{"id": "a", "when": tree, "critical": {"when": tree}}])
    assert is_valid({"preset": "quiet", "rules": [{"id": "a", "when": tree}]})
    field = tree.get("field")
    if field is not None and "within" not in tree:
        other = {**tree, "field": f"customer.{field}"}
        assert is_valid([{"id": "a", "entity": "conversation", "when": other}])
        assert not is_valid([{"id": "a", "when": other}])


BEYOND_SHAPE = {
    "no gap", "no gap of health", "a gap the wrong way", "critical below warning",
    "critical of health above warning", "an id twice", "all states", "too deep", "too many",
    "a cue within nothing", "a cue too long ago", "a cue as interaction", "a rise too long ago",
    "a fall too long ago", "a fall cleared above", "points that are no number",
}  # fmt: skip
"""What fields mean together is no matter of shape: `nabz rules check` says it."""


@pytest.mark.parametrize("name", sorted(test_rules.REFUSED.keys() | test_conditions.REFUSED.keys()))
def test_what_is_refused_for_its_shape_is_not_valid(name: str) -> None:
    """An editor says so while it is written."""
    if name in test_rules.REFUSED:
        tree, _ = test_rules.REFUSED[name]
    else:
        tree = [{"id": "a", "when": test_conditions.REFUSED[name][0]}]
    with pytest.raises(RuleError):
        rules_from(tree)
    if name not in BEYOND_SHAPE:
        assert not is_valid(tree)


@pytest.mark.parametrize("name", test_conditions.RULES_REFUSED)
def test_rules_that_are_refused_for_their_shape_are_not_valid(name: str) -> None:
    """Fields that stand beside each other included."""
    fields, _ = test_conditions.RULES_REFUSED[name]
    assert not is_valid([{"id": "a"} | fields])


# ---------------------------------------------------------------------- the page

PAGE = (ALERTS.parent / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_the_page_names_every_field() -> None:
    """Of rules, of conditions, and of tests."""
    for name in (*FIELDS, *TEST_FIELDS, *EVENT_FIELDS, *EXPECTED_FIELDS, *PRESETS):
        assert re.search(rf"\b{name}\b", PAGE), name
    for entity in ("customer", "conversation"):
        for field in (*NUMBERS[entity], *STATES[entity]):
            of = field.removeprefix("customer.")
            assert f"`{of}`" in PAGE or f"`.{of.partition('.')[2]}`" in PAGE, field


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_examples_of_the_page_are_rules_and_their_tests_pass(block: str) -> None:
    """What is copied works."""
    tree = yaml.safe_load(block)
    if isinstance(tree, dict) and "red_flags" in tree:
        tree = [{"id": "a", **tree}]
    if isinstance(tree, dict) and "rules" not in tree:
        tree["preset"] = "normal"
    assert is_valid(tree)
    found = run_tests(tree, rules_from(tree), Scoring())
    assert [one for one in found if one.wrong] == []
