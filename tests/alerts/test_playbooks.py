"""Next steps by cause, and what followed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.association import Handled, associated, handled
from alerts.message import Link, notification
from alerts.outputs import Contribution
from alerts.playbooks import (
    CAUSES,
    SHIPPED,
    STEPS_MAX,
    Playbook,
    causes_of,
    playbook_for,
    playbooks_from,
)
from alerts.written import RuleError
from tests.alerts.transitions import BASE_MS, HOUR_MS, evidence, transition

MINE = {
    "escalation_request": Playbook({"en": ("Let a lead call.",)}, "https://wiki.example/lead"),
    "contacts": Playbook({"en": ("Call.", "Look for one cause."), "fa": ("زنگ بزنید.",)}),
}


def test_what_ships_is_whole_in_both_languages() -> None:
    """As many steps in one as in the other, each a sentence, and none too many for a message."""
    for cause, one in SHIPPED.items():
        assert cause in CAUSES
        assert set(one.steps) == {"en", "fa"}
        assert len(one.steps["en"]) == len(one.steps["fa"]) <= STEPS_MAX
        for steps in one.steps.values():
            assert all(step.endswith(".") for step in steps), cause


def test_the_cause_that_hurts_most_is_looked_up_first_its_cue_before_its_part() -> None:
    """Then the next one, where there is no advice on the first."""
    told = transition()
    assert list(causes_of(told)) == [
        "no_answer", "waiting_now", "contacts", "escalation_request", "intent",
    ]  # fmt: skip
    assert playbook_for(told, MINE) is MINE["contacts"]
    only = transition(why=(Contribution("intent", 900, "assumed", (evidence("legal_threat"),)),))
    assert playbook_for(only, SHIPPED) is SHIPPED["legal_threat"]
    assert playbook_for(only, {"intent": SHIPPED["intent"]}) is SHIPPED["intent"]
    assert playbook_for(only, MINE) is None
    relief = transition(why=(Contribution("relief", -300, "assumed", (evidence("thanks"),)),))
    assert list(causes_of(relief)) == []


def test_a_message_says_the_next_steps_where_they_are_configured() -> None:
    """In its language, below what is wrong; a close needs none."""
    plain = notification(transition(), channel="ops").lines
    told = notification(transition(), channel="ops", playbooks=MINE)
    assert told.lines == (*plain, "Next: Call.", "Next: Look for one cause.")
    persian = notification(transition(), channel="ops", locale="fa", playbooks=MINE).lines
    assert persian[-1] == "گام بعدی: زنگ بزنید."
    lacking = {"contacts": Playbook({"fa": ("زنگ بزنید.",)})}
    assert notification(transition(), channel="ops", playbooks=lacking).lines == plain
    closed = notification(transition(2, "recovered"), channel="ops", playbooks=MINE)
    assert not any(line.startswith("Next") for line in closed.lines)
    assert closed.links == ()


def test_the_address_of_a_rule_stands_over_that_of_a_cause() -> None:
    """And one that is no plain web address is left out."""
    lead = {"escalation_request": MINE["escalation_request"]}
    told = notification(transition(), channel="ops", playbooks=lead)
    assert told.links == (Link("playbook", "https://wiki.example/lead"),)
    of_rule = transition(playbook="https://wiki.example/rule")
    for books in (lead, None):
        told = notification(of_rule, channel="ops", playbooks=books)
        assert told.links == (Link("playbook", "https://wiki.example/rule"),)
    odd = notification(transition(playbook="javascript:x"), channel="ops")
    assert odd.links == ()


def test_yours_stand_over_those_that_ship() -> None:
    """Cause by cause; null takes one away."""
    found = playbooks_from({"contacts": None, "anger": {"en": ["Call."], "link": "https://x.io"}})
    assert found["anger"] == Playbook({"en": ("Call.",)}, "https://x.io")
    assert found.keys() == SHIPPED.keys() - {"contacts"} | {"anger"}


@pytest.mark.parametrize(
    ("tree", "meant"),
    [
        ([], "playbooks: found list"),
        ({"angr": {}}, "unknown cause 'angr'; did you mean anger"),
        ({"anger": "call"}, "playbooks.anger: found str"),
        ({"anger": {}}, "playbooks.anger: has no steps"),
        ({"anger": {"de": ["Ja."]}}, "unknown field 'de'"),
        ({"anger": {"en": "Call."}}, "playbooks.anger.en: found str"),
        ({"anger": {"en": []}}, "a list of 1 to 4 sentences"),
        ({"anger": {"en": ["x" * 201]}}, "at most 200 characters"),
        ({"anger": {"en": ["a"] * 5}}, "a list of 1 to 4 sentences"),
        ({"anger": {"en": ["Call."], "link": 5}}, "playbooks.anger.link: found int"),
    ],
)
def test_what_cannot_be_meant_is_refused(tree: Any, meant: str) -> None:
    """With the cause, what was found and what to write."""
    with pytest.raises(RuleError, match=meant):
        playbooks_from(tree)


# ---------------------------------------------------------------------- what followed


def test_an_alert_is_counted_once_with_its_cause_who_took_it_and_its_end() -> None:
    """Whatever happened to it in between; a rule in shadow told nobody."""

    def of(name: str, *reasons: str, **more: Any) -> list[Any]:
        made = [
            transition(
                number, reason, fingerprint=name, customer=name, at_ms=BASE_MS + number, **more
            )
            for number, reason in enumerate(reasons, 1)
        ]
        return [replace(one, notify=one.reason != "acked") for one in made]

    told = [
        *of("taken", "raised", "acked", "escalated", "recovered"),
        *of("open", "raised", "reopened"),
        *of("again", "raised", "recovered", "reopened"),
        *of("shadow", "raised", shadow=True),
        *of("nothing", "raised", why=()),
        transition(1, "raised", fingerprint="pending", after="pending"),
    ]
    assert handled(told) == [
        Handled("taken", "no_answer", BASE_MS + 1, taken=True, ended="recovered"),
        Handled("open", "no_answer", BASE_MS + 1),
        Handled("again", "no_answer", BASE_MS + 1),
        Handled("nothing", "unknown", BASE_MS + 1),
    ]


def test_what_followed_is_counted_once_an_alert_within_the_horizon() -> None:
    """What came before, at the same moment, or too late followed nothing."""
    alerts = [
        Handled("ann", "anger", BASE_MS, taken=True, ended="recovered"),
        Handled("bob", "anger", BASE_MS),
        Handled("cyd", "effort", BASE_MS),
        Handled("dan", "anger", BASE_MS, ended="expired"),
    ]
    outcomes = {
        "ann": [(BASE_MS, "churned"), (BASE_MS + HOUR_MS, "renewed")],
        "bob": [
            (BASE_MS + 1, "escalated"),
            (BASE_MS + 2, "escalated"),
            (BASE_MS + HOUR_MS + 1, "churned"),
        ],
    }
    found = associated(alerts, outcomes, horizon_ms=HOUR_MS)
    assert [(one.cause, one.taken, one.alerts) for one in found] == [
        ("anger", True, 1), ("anger", False, 2), ("effort", False, 1),
    ]  # fmt: skip
    assert [one.outcomes for one in found] == [{"renewed": 1}, {"escalated": 1}, {}]
    assert [one.ended for one in found] == [
        {"recovered": 1}, {"expired": 1, "open": 1}, {"open": 1},
    ]  # fmt: skip
