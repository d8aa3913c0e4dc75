"""What is kept back, in which order, and that a close never is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.pipeline import REASONS, STAGES, Now, kept_back
from tests.alerts.transitions import BASE_MS, transition

LIVE = Now(BASE_MS)


def test_the_order_of_the_stages() -> None:
    """It reads off one line."""
    assert [stage.__name__ for stage in STAGES] == ["shadow", "historical", "too_old"]


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
    ],
)
def test_each_reason(changes: dict[str, Any], now: Now, reason: str | None) -> None:
    """At its edge; without a live clock only the fold knows what is history."""
    assert kept_back(transition(**changes), now) == reason


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
    assert kept_back(made, Now(now_ms)) is None


@given(st.booleans(), st.booleans(), st.integers(0, 2 * BASE_MS))
def test_reasons_are_a_closed_set(shadow: bool, historical: bool, now_ms: int) -> None:
    """They are labels of a metric."""
    assert kept_back(transition(shadow=shadow, historical=historical), Now(now_ms)) in {
        None,
        *REASONS,
    }
