"""When a stand-in is asked, and when not yet."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.delivery import listed, planned, stand_in
from alerts.fallback import PATIENCE_MS, wanted
from tests.alerts.transitions import BASE_MS, transition

FAILED = {"state": "failed_temp", "attempt": 1, "failure": "server_error"}


@pytest.mark.parametrize(
    ("changes", "shut", "age_ms", "stands_in"),
    [
        ({}, False, 10**9, False),
        ({}, True, 0, True),
        (FAILED, False, PATIENCE_MS - 1, False),
        (FAILED, False, PATIENCE_MS, True),
        (FAILED | {"failure": "auth"}, False, 0, True),
        (FAILED | {"failure": "gone"}, False, 0, True),
        ({"failure": "held"}, False, PATIENCE_MS, False),
        ({"state": "dead", "failure": "timeout"}, False, 0, True),
        ({"state": "failed_perm", "failure": "client_error"}, False, 0, True),
        ({"state": "sent"}, True, 10**9, False),
        ({"state": "suppressed", "failure": "silence"}, True, 10**9, False),
        ({"kind": "recovered"} | FAILED, True, 10**9, False),
        ({"kind": "digest"} | FAILED, True, 10**9, False),
    ],
)
def test_a_stand_in_is_asked_for_what_a_channel_does_not_take(
    changes: dict[str, Any], shut: bool, age_ms: int, stands_in: bool
) -> None:
    """At once where we are refused, after five minutes else; not for an end, nor for what waits."""
    one = replace(planned(transition(), channel="ops", offset=1, now_ms=BASE_MS), **changes)
    assert wanted(one, shut=shut, now_ms=BASE_MS + age_ms) == stands_in


def test_a_list_has_no_stand_in() -> None:
    """There is another one tomorrow."""
    one = listed("morning", channel="ops", person="ann", day=1, now_ms=BASE_MS)
    assert not wanted(one, shut=True, now_ms=BASE_MS)


def test_a_stand_in_names_the_channel_it_stands_in_for() -> None:
    """Under an id of its own."""
    first = planned(transition(), channel="ops", offset=1, now_ms=BASE_MS)
    made = stand_in(first, "chat")
    assert (made.channel, made.instead, made.reason, made.kind) == (
        "ops", "chat", "fallback", "fired",
    )  # fmt: skip
    assert made.notification_id != first.notification_id
