"""What is kept back, in which order, and that a close never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.holds import Hold
from alerts.outputs import Care, Loss
from alerts.pipeline import REASONS, STAGES, WAITING, Kept, Now, kept_back
from alerts.quiet_hours import QuietHours
from alerts.silences import Silence, matcher
from tests.alerts.transitions import BASE_MS, transition

LIVE = Now(BASE_MS)
EVERYTHING = (("m", Silence(BASE_MS + 1, BASE_MS, verb="maintenance")),)
GOLD = (("s", Silence(BASE_MS + 1, BASE_MS, (matcher("tier=gold"),))),)
NIGHT = {"ops": QuietHours(UTC, ()), "pager": QuietHours(UTC, (), critical=True)}
SNOOZED = Care(snoozed_by="mina", snoozed_until_ms=BASE_MS + 1)
HELD = (("a", Hold(until_ms=BASE_MS + 1, channel="ops", rule="customer-distress")),)


def test_the_order_of_the_stages() -> None:
    """It reads off one line."""
    assert [stage.__name__ for stage in STAGES] == [
        "shadow", "historical", "quality", "too_old", "held", "maintenance", "silenced",
        "quiet_hours", "snoozed", "group", "budget", "owner_budget",
    ]  # fmt: skip
    assert set(REASONS) >= WAITING


@pytest.mark.parametrize(
    ("changes", "now", "reason"),
    [
        ({}, LIVE, None),
        ({"shadow": True, "historical": True}, LIVE, "shadow"),
        ({"historical": True}, Now(BASE_MS + 10**9), "historical"),
        ({}, Now(BASE_MS + 900_000), None),
        ({}, Now(BASE_MS + 900_001), "too_old"),
        ({}, Now(BASE_MS + 10**12, live=False), None),
        ({"historical": True}, Now(BASE_MS, live=False), "historical"),
        ({}, Now(BASE_MS + 900_001, caught_up=True), None),
        ({}, Now(BASE_MS, channel="ops", holds=HELD), "held"),
        ({}, Now(BASE_MS, channel="chat", holds=HELD), None),
        ({"rule": "other"}, Now(BASE_MS, channel="ops", holds=HELD), None),
        ({}, Now(BASE_MS + 900_001, channel="ops", holds=HELD), "too_old"),
        ({}, Now(BASE_MS, maintenance=EVERYTHING, silences=GOLD), "maintenance"),
        ({}, Now(BASE_MS, silences=GOLD), "silence"),
        ({"tier": None}, Now(BASE_MS, silences=GOLD), None),
        ({}, Now(BASE_MS, flooded=True), "budget"),
        ({}, Now(BASE_MS, channel="ops", quiet=NIGHT, flooded=True), "quiet_hours"),
        ({"severity": "critical"}, Now(BASE_MS, channel="ops", quiet=NIGHT), "quiet_hours"),
        ({"severity": "critical"}, Now(BASE_MS, channel="pager", quiet=NIGHT), None),
        ({}, Now(BASE_MS, channel="pager", quiet=NIGHT), "quiet_hours"),
        ({"reason": "acked"}, Now(BASE_MS, channel="pager", quiet=NIGHT), None),
        ({"reason": "acked"}, Now(BASE_MS, channel="ops", holds=HELD), "held"),
        ({}, Now(BASE_MS, channel="chat", quiet=NIGHT), None),
        ({"severity": "critical"}, Now(BASE_MS, flooded=True), None),
        ({"care": SNOOZED}, Now(BASE_MS), "snoozed"),
        ({"care": SNOOZED}, Now(BASE_MS, channel="ops", quiet=NIGHT), "quiet_hours"),
        ({"care": SNOOZED}, Now(BASE_MS, grouped=True), "snoozed"),
        ({}, Now(BASE_MS, grouped=True, flooded=True), "group"),
        ({"severity": "critical"}, Now(BASE_MS, grouped=True), "group"),
        ({}, Now(BASE_MS, spent="ann"), "owner_budget"),
        ({"severity": "critical"}, Now(BASE_MS, spent="ann"), None),
        ({}, Now(BASE_MS, silences=GOLD, flooded=True), "silence"),
        ({}, Now(BASE_MS, channel="ops", holds=HELD, maintenance=EVERYTHING), "held"),
    ],
)
def test_each_reason(changes: dict[str, Any], now: Now, reason: str | None) -> None:
    """At its edge; without a live clock only the fold knows what is history."""
    found = kept_back(transition(**changes), now)
    assert (None if found is None else found.reason) == reason


WARY = Now(BASE_MS, channel="pager", heard=("pager", "chat"), wary=frozenset({"pager"}), live=False)
OF_VULNERABLE = Loss("EUR", None, None, True, 0, None, "vulnerable")


@pytest.mark.parametrize(
    ("changes", "now", "by"),
    [
        ({"quality": ("low_evidence",)}, WARY, "low_evidence"),
        ({"quality": ("late_data", "low_evidence"), "severity": "critical"}, WARY, "late_data"),
        ({"quality": ("flapping", "stale")}, WARY, None),
        ({}, WARY, None),
        ({"quality": ("low_evidence",)}, replace(WARY, channel="chat"), None),
        ({"quality": ("low_evidence",), "reason": "red_flag"}, WARY, None),
        ({"quality": ("low_evidence",), "loss": OF_VULNERABLE}, WARY, None),
        ({"quality": ("low_evidence",), "reason": "recovered", "seq": 2}, WARY, None),
        ({"quality": ("low_evidence",)}, replace(WARY, heard=("pager",)), None),
        ({"quality": ("low_evidence",)}, replace(WARY, heard=()), None),
    ],
)
def test_what_rests_on_little_is_left_to_channels_that_do_not_page(
    changes: dict[str, Any], now: Now, by: str | None
) -> None:
    """But never to nobody, and neither an end nor a red flag nor who is vulnerable."""
    assert kept_back(transition(**changes), now) == (None if by is None else Kept("quality", by))


def test_what_holds_back_is_named() -> None:
    """The hold that lasts longest: until then nothing is to be expected."""
    longer = (*HELD, ("b", Hold(until_ms=BASE_MS + 2)))
    assert kept_back(transition(), Now(BASE_MS, channel="ops", holds=longer)) == Kept("held", "b")


@given(
    st.booleans(),
    st.booleans(),
    st.integers(0, 2 * BASE_MS),
    st.sampled_from(["recovered", "expired", "manual", "rule_removed"]),
)
def test_a_close_is_never_kept_back(
    shadow: bool, historical: bool, now_ms: int, reason: str
) -> None:
    """Whether it is needed is decided where its opening is known."""
    made = transition(2, reason, shadow=shadow, historical=historical)
    strict = Now(now_ms, channel="ops", holds=HELD, maintenance=EVERYTHING, silences=GOLD)
    assert kept_back(made, strict) is None


@given(st.booleans(), st.booleans(), st.integers(0, 2 * BASE_MS))
def test_reasons_are_a_closed_set(shadow: bool, historical: bool, now_ms: int) -> None:
    """They are labels of a metric."""
    found = kept_back(transition(shadow=shadow, historical=historical), Now(now_ms))
    assert found is None or found.reason in REASONS
