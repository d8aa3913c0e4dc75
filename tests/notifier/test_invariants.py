"""What always holds of deliveries, over random days: transitions, people, faults, and crashes.

Every fire that arrived has its end, nobody is reminded of what somebody has taken, order is kept
per alert and channel, the same log gives the same messages, and nothing is left undelivered.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.outputs import Transition
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import transition
from tests.notifier.test_rounds import MORNING_MS
from tests.notifier.virtual import HOUR_MS, MINUTE_MS, WEBHOOK, Got, World

ALERTS = ("a", "b", "c")
ENDS = {"recovered", "fired_and_recovered"}
STATUS = st.sampled_from([200, 200, 200, 429, 503, "late", "lost", "die"])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["raise", "raise", "worsen", "end", "end", "ack", "unack"]),
            st.sampled_from(ALERTS),
        ),
        st.tuples(st.just("wait"), st.sampled_from([1, 1_000, MINUTE_MS, 31 * MINUTE_MS])),
        st.tuples(st.just("answers"), st.lists(STATUS, min_size=1, max_size=6)),
        st.tuples(st.just("dies after"), st.integers(0, 4)),
    ),
    max_size=25,
)
SETTINGS: dict[str, Any] = {
    "channels": {"hook": WEBHOOK | {"budget": 4}, "lead": WEBHOOK},
    "routes": [
        {
            "channels": "hook",
            "repeat": "30m",
            "max_repeats": 2,
            "escalate": [{"after": "1h", "channels": "lead"}],
        }
    ],
}


class Day:
    """What the fold says of three alerts, and the notifier that is told of it."""

    def __init__(self) -> None:
        """Nothing is open."""
        self.world = World(SETTINGS, at_ms=MORNING_MS)
        self.seq = dict.fromkeys(ALERTS, 0)
        self.open = dict.fromkeys(ALERTS, False)
        self.acked = dict.fromkeys(ALERTS, False)
        self.taken: list[tuple[str, int, int]] = []  # alert, from, until

    async def live(self, what: str, which: Any) -> None:
        """One thing happens; a process that dies is started anew."""
        world = self.world
        match what:
            case "wait":
                await world.wait(which)
            case "answers":
                for one in world.receivers.values():
                    one.status = itertools.cycle(which).__next__
            case "dies after":
                world.books.left = which
            case _:
                await self.happen(what, which)
        if world.dead:
            world.books.left = None
            world.restart()
            await world.catch_up()

    async def happen(self, what: str, name: str) -> None:
        """The fold writes a transition, where there is one to write."""
        reason = {
            ("raise", False): "reopened" if self.seq[name] else "raised",
            ("worsen", True): "escalated", ("end", True): "recovered",
            ("ack", True): None if self.acked[name] else "acked",
            ("unack", True): "unacked" if self.acked[name] else None,
        }.get((what, self.open[name]))  # fmt: skip
        if reason is None:
            return
        self.open[name] = what != "end"
        self.acked[name] = (self.acked[name] or what == "ack") and what not in {"end", "unack"}
        self.seq[name] += 1
        self.world.log.append(self.said(name, reason))
        if what in {"ack", "unack", "end"}:
            self.taken.append((name, self.world.now_ms, int(self.acked[name])))
        await self.world.catch_up()

    def said(self, name: str, reason: str) -> Transition:
        """A transition as the fold would write it."""
        return transition(
            self.seq[name], reason, fingerprint=name, customer=name, at_ms=self.world.now_ms,
            notify=reason not in {"acked", "unacked"},
        )  # fmt: skip

    async def end(self) -> None:
        """All is well again, everything ends, and all that waits is said."""
        await self.live("answers", [200])
        self.world.books.left = None
        self.world.restart()
        await self.world.wait(HOUR_MS)
        for name in ALERTS:
            await self.live("end", name)
        await self.world.wait(8 * HOUR_MS)

    def told(self, channel: str, name: str) -> list[Got]:
        """What a receiver has about an alert, in its order."""
        alert_id = transition(fingerprint=name).alert_id
        return [
            one
            for one in self.world.receivers[channel].told
            if alert_id in (one.body["data"]["alert_id"], *one.body["data"].get("members", ()))
        ]

    def was_taken(self, name: str, at_ms: int) -> bool:
        """Had somebody taken an alert at a moment, and before it?"""
        marks = [taken for who, from_ms, taken in self.taken if who == name and from_ms < at_ms]
        return bool(marks and marks[-1])


async def lived(actions: list[tuple[str, Any]]) -> Day:
    """A day, to its end."""
    day = Day()
    for what, which in actions:
        await day.live(what, which)
    await day.end()
    return day


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])


@given(ACTIONS)
@settings(deadline=None, max_examples=60)
def test_whatever_happens_on_a_day_what_was_told_is_true_in_the_end(
    actions: list[tuple[str, Any]],
) -> None:
    """Whatever channels answer and whenever processes die."""
    day = asyncio.run(lived(actions))
    assert day.world.undelivered() == 0
    records = day.world.books.deliveries
    for channel in ("hook", "lead"):
        copies = Counter(one.id for one in day.world.receivers[channel].told)
        assert all(count == 1 or records[name].ambiguous for name, count in copies.items())
        for name in ALERTS:
            got = day.told(channel, name)
            assert not got or got[-1].kind in ENDS, "a fire arrived, and its end did not"
            seqs = [one.body["data"]["seq"] for one in got if one.kind != "digest"]
            assert seqs == sorted(seqs), "out of order"
            for one in got:
                reminds = one.kind in {"repeat", "unanswered"}
                assert not (reminds and day.was_taken(name, one.at_ms)), "somebody has it"


@given(ACTIONS)
@settings(deadline=None, max_examples=25)
def test_the_same_log_gives_the_same_messages_whatever_befalls_their_carriers(
    actions: list[tuple[str, Any]],
) -> None:
    """Ids follow from transitions, not from luck."""
    calm = [one for one in actions if one[0] not in {"answers", "dies after"}]
    ids = [
        {
            name
            for name, one in asyncio.run(lived(some)).world.books.deliveries.items()
            if one.number == 0 and one.kind != "digest" and one.channel == "hook"
        }
        for some in (actions, calm)
    ]
    assert ids[0] == ids[1]
