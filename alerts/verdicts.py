"""What people said of alerts, counted: how many were right, by rule and by cue.

A verdict is the newest `handled` or disagreement about an episode. `not_distress` and
`misread_words` say that it was wrong; `handled`, `already_handled` and `too_late` that it was
right, if of no use; `not_mine` says nothing of that. Counts are a function of
`nabz.transitions.v1` alone. Where a rule is right less often than it should be, a change is
proposed, and never made.

Next step: `nabz alerts verdicts` shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from alerts.outputs import Transition
from alerts.rules import Rule
from scoring.records import WRONG

ENOUGH: Final = 20
"""Fewer verdicts say too little of a rule."""
_KEPT: Final = 5
"""A proposed cut leaves at least so many of the alerts that were right."""
_RIGHT: Final = frozenset({"handled", "already_handled", "too_late"})
_OPENS: Final = frozenset({"raised", "held", "red_flag"})


class Judged(NamedTuple):
    """One episode that somebody has judged.

    Attributes:
        rule: Its rule.
        right: It was.
        score_e2: The measure when it opened.
        cues: Cues that scored points then.
    """

    rule: str
    right: bool
    score_e2: int
    cues: frozenset[str]


class Count(NamedTuple):
    """How many verdicts, and how many of them say that the alert was right."""

    right: int
    all: int


class Proposal(NamedTuple):
    """A rule that is right less often than it should be, and what would change that."""

    rule: str
    verdicts: Count
    difference: str


def judged(transitions: Iterable[Transition]) -> tuple[Judged, ...]:
    """Episodes with a verdict, in the order in which they opened.

    Args:
        transitions: In their order, each once.
    """
    opened: dict[str, Transition] = {}
    verdicts: dict[str, bool] = {}
    for one in transitions:
        if one.after == "firing" and one.reason in _OPENS:
            opened.setdefault(one.alert_id, one)
        if one.answer is None or one.answer.rejected is not None:
            continue
        said = one.answer.reason if one.answer.verb == "disagree" else one.answer.verb
        if said in _RIGHT or said in WRONG:
            verdicts[one.alert_id] = said in _RIGHT
    return tuple(
        Judged(one.rule, verdicts[name], one.score_e2, _cues(one))
        for name, one in opened.items()
        if name in verdicts
    )


def _cues(one: Transition) -> frozenset[str]:
    rising = (part for part in one.why if part.points_e2 > 0)
    return frozenset(each.cue for part in rising for each in part.evidence if each.cue)


def by_rule(found: Iterable[Judged]) -> dict[str, Count]:
    """Counts of each rule, by its name."""
    return _counted((one.rule, one.right) for one in found)


def by_cue(found: Iterable[Judged]) -> dict[str, Count]:
    """Counts of each cue that was among the causes; an alert counts for all of its cues."""
    return _counted((cue, one.right) for one in found for cue in one.cues)


def _counted(found: Iterable[tuple[str, bool]]) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for name, right in found:
        held = counts.get(name, Count(0, 0))
        counts[name] = Count(held.right + right, held.all + 1)
    return dict(sorted(counts.items()))


def proposals(found: tuple[Judged, ...], rules: Iterable[Rule]) -> Iterator[Proposal]:
    """Rules below their `min_precision` after enough verdicts, with a change to consider.

    The lowest cut at which the verdicts would have been good enough is proposed for a rule that
    raises upwards; where there is none, or a rule has conditions, to try it in shadow.
    """
    for rule in rules:
        mine = [one for one in found if one.rule == rule.id]
        count = Count(sum(one.right for one in mine), len(mine))
        if rule.min_precision_e2 is None or count.all < ENOUGH or _good(count, rule):
            continue
        cut_e2 = None if rule.when is not None or rule.measure != "distress" else _cut(mine, rule)
        before = f"raise_at: {rule.warning.raise_at_e2 / 100:g}"
        difference = (
            "+ shadow: true" if cut_e2 is None else f"- {before}\n+ raise_at: {cut_e2 / 100:g}"
        )
        yield Proposal(rule.id, count, difference)


def _good(count: Count, rule: Rule) -> bool:
    least = rule.min_precision_e2
    return least is None or 100 * count.right >= least * count.all


def _cut(mine: list[Judged], rule: Rule) -> int | None:
    """The lowest whole point above the cut in force at which enough would have been right."""
    first = rule.warning.raise_at_e2 // 100 + 1
    for cut_e2 in range(100 * first, 10_001, 100):
        left = [one for one in mine if one.score_e2 >= cut_e2]
        count = Count(sum(one.right for one in left), len(left))
        if count.right < _KEPT:
            return None
        if _good(count, rule):
            return cut_e2
    return None
