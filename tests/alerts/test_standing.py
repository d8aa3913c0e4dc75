"""Which alerts are open, and whether somebody has taken them."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.outputs import At, Care
from alerts.standing import Register, Standing
from tests.alerts.transitions import transition

SILENT = {
    "acked", "unacked", "snoozed", "unsnoozed", "handled", "disagreed", "clearing",
}  # fmt: skip


def seen(*reasons: str, **changes: Any) -> Standing | None:
    """What stands after transitions for these reasons."""
    register = Register()
    for seq, reason in enumerate(reasons, 1):
        told = reason not in SILENT
        facts = {"notify": told, **changes}
        register.saw(transition(seq, reason, **facts), seq)
    return register.get("distress|c-102")


@pytest.mark.parametrize(
    ("reasons", "taken", "base", "freed"),
    [
        (("raised",), False, "raised", False),
        (("raised", "acked"), True, "raised", False),
        (("raised", "snoozed"), True, "raised", False),
        (("raised", "acked", "clearing"), True, "raised", False),
        (("raised", "acked", "unacked"), False, "unacked", True),
        (("raised", "snoozed", "unsnoozed", "clearing"), False, "unsnoozed", True),
        (("raised", "acked", "escalated"), True, "escalated", False),
        (("raised", "acked", "unacked", "escalated"), False, "escalated", False),
        (("raised", "acked", "ack_ended"), False, "ack_ended", False),
        (("raised", "snoozed", "snooze_broken"), False, "snooze_broken", False),
        (("raised", "handled"), True, "raised", False),
        (("raised", "disagreed"), True, "raised", False),
    ],
)
def test_who_takes_an_alert_stops_its_ladder_and_who_lets_go_begins_it_anew(
    reasons: tuple[str, ...], taken: bool, base: str, freed: bool
) -> None:
    """It counts from what was told last, or from when somebody let go."""
    one = seen(*reasons)
    assert one is not None
    assert (one.taken, one.base.reason, one.freed) == (taken, base, freed)
    assert one.newest.reason == reasons[-1]
    assert one.offset == one.base.seq


def test_an_alert_that_is_given_back_is_nobodys() -> None:
    """Who says that it is not theirs takes nothing: its ladder goes on."""
    register = Register()
    register.saw(transition(1), 1)
    given_back = transition(2, "disagreed", notify=False, care=Care(verdict="not_mine"))
    register.saw(given_back, 2)
    assert [one.taken for one in register] == [False]


BO = Care(acked_by="bo")


@pytest.mark.parametrize(
    ("cares", "taken"),
    [
        ((BO,), True),
        ((Care(snoozed_by="bo"),), True),
        ((Care(handled_by="bo"),), True),
        ((Care(verdict="not_mine"),), False),
        ((Care(owner="bo", assignee="bo"),), False),
        ((BO, Care(acked_by="bo", overdue=True)), False),
        ((BO, BO, Care()), False),
    ],
)
def test_what_a_transition_says_of_its_care_counts(cares: tuple[Care, ...], taken: bool) -> None:
    """Whoever is named takes it, until it is overdue or nobody is named any more."""
    register = Register()
    register.saw(transition(1), 1)
    for seq, care in enumerate(cares, 2):
        register.saw(transition(seq, "clearing", notify=False, care=care), seq)
    one = register.get("distress|c-102")
    assert one is not None and one.taken == taken


def test_a_snooze_that_outlasts_an_end_holds_for_what_opens_again() -> None:
    """Nobody is reminded of it."""
    register = Register()
    for seq, (reason, care) in enumerate(
        [("raised", Care()), ("recovered", Care()), ("reopened", Care(snoozed_by="bo"))], 1
    ):
        register.saw(transition(seq, reason, care=care), seq)
    one = register.get("distress|c-102")
    assert one is not None and one.taken


@pytest.mark.parametrize("reason", ["recovered", "expired", "manual"])
def test_what_has_ended_does_not_stand(reason: str) -> None:
    """Nor does its end told again bring it back, nor its beginning."""
    assert seen("raised", reason) is None
    register = Register()
    for seq, what in ((1, "raised"), (2, reason), (1, "raised"), (2, reason)):
        register.saw(transition(seq, what), seq)
    assert (list(register), len(register)) == ([], 0)


@pytest.mark.parametrize("quiet", [{"shadow": True}, {"historical": True}, {"notify": False}])
def test_what_nobody_is_told_of_does_not_stand(quiet: dict[str, Any]) -> None:
    """On trial, history, or silent."""
    assert seen("raised", "acked", **quiet) is None


def test_a_newer_episode_takes_the_place_of_the_older() -> None:
    """A new epoch of the log begins to count anew; so does a new alert id."""
    register = Register()
    register.saw(transition(5), 5)
    newer = transition(1, alert_id="b", log=At("l", 0, 1, 0, 2))
    register.saw(newer, 6)
    assert [one.newest for one in register] == [newer]
