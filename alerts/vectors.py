"""What a rule says to given numbers, without any customer: the short tests beside rules.

Next step: `alerts.timelines` runs them, and stories too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, assert_never

from alerts import written
from alerts.conditions import (
    Condition,
    Cued,
    Leaf,
    Level,
    Moved,
    State,
    Verdict,
    against,
    combined,
    leaves,
)
from alerts.fields import NUMBERS
from alerts.grammar import level
from alerts.lifecycle import beyond, over
from alerts.rules import Rule
from alerts.written import RuleError, kind, known, meant

VERDICTS: Final = ("raised", "between", "over", "unknown")
SEVERITIES: Final = ("warning", "critical")


def wrong_of(rule: Rule, values: Any, expected: Any, where: str) -> str | None:
    """Hold a rule against values of one moment.

    Args:
        rule: The rule.
        values: Each as it is written in a rule, by the name `value_name` gives; what is not given
            is unknown, and a cue that is not given was never there.
        expected: A verdict, or the severity it should open with.
        where: The test, for messages.

    Returns:
        What was expected otherwise; None where it was as expected.

    Raises:
        RuleError: A value or what is expected cannot be understood.
    """
    if not isinstance(values, Mapping):
        raise RuleError(f"{where}.values: found {kind(values)}; write field: value pairs")
    if expected not in (*VERDICTS, *SEVERITIES):
        hint = meant(expected, (*VERDICTS, *SEVERITIES))
        raise RuleError(f"{where}.expect: found {expected!r}; {hint}")
    trees = [one for one in (rule.when, rule.critical_when) if one is not None]
    names = {value_name(leaf) for tree in trees for leaf in leaves(tree)} or {rule.measure}
    known(values, sorted(names), f"{where}.values")
    warning, critical = verdicts(rule, values, f"{where}.values")
    found: str = warning
    if expected in SEVERITIES and warning == "raised":
        found = "critical" if critical == "raised" else "warning"
    return None if found == expected else f"expected {expected}, found {found}"


def value_name(leaf: Leaf) -> str:
    """How a leaf's value is called in a test.

    >>> value_name(Moved("health", 2_000, 1_000, 5)), value_name(Cued("anger", 5))
    ('health_fell', 'cue anger')
    """
    match leaf:
        case Level(field=field) | State(field=field):
            return field
        case Moved(field=field):
            return f"{field}_{'rose' if field == 'distress' else 'fell'}"
        case Cued(cue=cue):
            return f"cue {cue}"
        case _:
            assert_never(leaf)


def verdicts(
    rule: Rule, values: Mapping[Any, Any], where: str = "values"
) -> tuple[Verdict, Verdict | None]:
    """What a rule comes to at given values, of both severities; what is not given is unknown.

    >>> verdicts(Rule("r"), {"distress": 90})
    ('raised', 'raised')
    >>> verdicts(Rule("r"), {"distress": 60})
    ('between', 'over')
    """
    if rule.when is None:
        given = values.get(rule.measure)
        if given is None:
            return "unknown", None if rule.critical is None else "unknown"
        measure = written.points(given, f"{where}.{rule.measure}")

        def of(raise_at_e2: int, clear_at_e2: int) -> Verdict:
            if beyond(rule, measure, raise_at_e2):
                return "raised"
            return "over" if over(rule, measure, clear_at_e2) else "between"

        cuts, worse = rule.warning, rule.critical
        return (
            of(cuts.raise_at_e2, cuts.clear_at_e2),
            None if worse is None else of(worse.raise_at_e2, worse.clear_at_e2),
        )

    def of_leaf(leaf: Leaf) -> Verdict:
        return _at_value(leaf, rule, values.get(value_name(leaf)), where)

    def of_tree(tree: Condition | None) -> Verdict | None:
        return None if tree is None else combined(tree, of_leaf)

    return combined(rule.when, of_leaf), of_tree(rule.critical_when)


def _at_value(leaf: Leaf, rule: Rule, given: Any, where: str) -> Verdict:
    where = f"{where}.{value_name(leaf)}"
    match leaf:
        case State(among=among):
            spoken = given if not isinstance(given, bool) else "yes" if given else "no"
            return "raised" if spoken in among else "over"
        case Cued(within_ms=within_ms):
            if given is None:
                return "over"
            return "raised" if written.duration(given, where) < within_ms else "over"
        case Moved(by_e2=raise_at, clear_by_e2=clear_at):
            value = None if given is None else written.points(given, where)
            return against(value, raise_at, clear_at)
        case Level(field, raise_at, clear_at):
            number = NUMBERS[rule.entity][field]
            value = None if given is None else level(given, where, number.kind)
            return against(value, raise_at, clear_at)
        case _:
            assert_never(leaf)
