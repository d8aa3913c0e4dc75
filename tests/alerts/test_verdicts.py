"""Verdicts are labels: counted once an episode, by rule and cue, and never acted upon."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.conditions import Level
from alerts.outputs import Answer, Transition
from alerts.rules import Rule
from alerts.verdicts import Count, Proposal, by_cue, by_rule, judged, proposals
from tests.alerts.transitions import transition

RULE = Rule("customer-distress", min_precision_e2=80)


def told(number: int, *said: str, score_e2: int = 7_800, **answer: Any) -> list[Transition]:
    """An alert that opened, and what was said of it."""
    of = f"distress|{number}"
    found = [transition(1, fingerprint=of, score_e2=score_e2)]
    for seq, verdict in enumerate(said, 2):
        verb = verdict if verdict in {"handled", "note", "resolve"} else "disagree"
        reason = verdict if verb == "disagree" else None
        facts = {"rejected": None, "reason": reason, "text": None, "channel": None} | answer
        one = Answer(command_id=f"{number}-{seq}", verb=verb, asked_ms=1, **facts)
        found.append(transition(seq, "noted", fingerprint=of, notify=False, answer=one))
    return found


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (("handled",), Count(1, 1)),
        (("already_handled",), Count(1, 1)),
        (("too_late",), Count(1, 1)),
        (("not_distress",), Count(0, 1)),
        (("misread_words",), Count(0, 1)),
        (("handled", "not_distress"), Count(0, 1)),
        (("not_distress", "handled", "note"), Count(1, 1)),
        (("not_mine",), None),
        (("resolve", "note"), None),
        ((), None),
    ],
)
def test_the_newest_verdict_of_an_alert_counts(said: tuple[str, ...], count: Count | None) -> None:
    """Once, whatever was said before; what says nothing of right and wrong is none."""
    found = judged(told(1, *said))
    assert by_rule(found) == ({} if count is None else {"customer-distress": count})


def test_what_was_refused_or_belongs_to_no_alert_we_know_is_no_verdict() -> None:
    """Only what was applied counts."""
    assert judged(told(1, "handled", rejected="stale")) == ()
    assert judged(told(1, "handled")[1:]) == ()


def test_an_alert_counts_for_every_cue_among_its_causes() -> None:
    """Not for those that spoke against it."""
    found = judged([*told(1, "handled"), *told(2, "misread_words")])
    counts = by_cue(found)
    assert counts == {"escalation_request": Count(1, 2), "no_answer": Count(1, 2)}


def some(right: int, wrong: int, *, high: int = 9_000, low: int = 7_100) -> list[Transition]:
    """Alerts that were right at a high score, and wrong at a low one."""
    found = [told(number, "handled", score_e2=high) for number in range(right)]
    found += [told(right + number, "not_distress", score_e2=low) for number in range(wrong)]
    return [one for each in found for one in each]


def test_a_rule_that_is_wrong_too_often_has_a_change_proposed() -> None:
    """After twenty verdicts; the lowest cut at which they would have been good enough."""
    found = judged(some(15, 5))
    assert list(proposals(found, (RULE,))) == [
        Proposal("customer-distress", Count(15, 20), "- raise_at: 70\n+ raise_at: 72")
    ]
    assert list(proposals(judged(some(16, 4)), (RULE,))) == []
    assert list(proposals(judged(some(14, 5)), (RULE,))) == []
    assert list(proposals(found, (replace(RULE, min_precision_e2=None),))) == []


@pytest.mark.parametrize(
    ("rule", "right", "high"),
    [
        (RULE, 4, 9_000),
        (RULE, 15, 7_100),
        (replace(RULE, measure="health"), 15, 9_000),
        (replace(RULE, when=Level("distress", 7_000, 5_000)), 15, 9_000),
    ],
    ids=["too few are right", "no cut parts them", "downwards", "conditions"],
)
def test_where_no_cut_helps_the_rule_is_proposed_for_trial(
    rule: Rule, right: int, high: int
) -> None:
    """In shadow it tells nobody, and is still counted."""
    (one,) = proposals(judged(some(right, 20, high=high)), (rule,))
    assert one.difference == "+ shadow: true"


def test_a_rule_that_nothing_but_the_last_cut_could_mend_is_proposed_for_trial() -> None:
    """There is nothing above a hundred."""
    found = judged(some(5, 20, high=10_000, low=10_000))
    assert [one.difference for one in proposals(found, (RULE,))] == ["+ shadow: true"]
