"""A source that stands still is told of once, and its going on once; moving is not standing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.channels.terminal import block
from alerts.message import Locale, digest_notification, notification
from alerts.pipeline import Now, kept_back
from alerts.routing import Match, Route, channels_for
from alerts.silences import Silence, matcher
from alerts.standstill import Part, Standing, Standstill, judged, transition, watched
from tests.alerts.transitions import BASE_MS, HOUR_MS, MINUTE_MS
from tests.alerts.transitions import transition as of_a_customer

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
AFTER_MS = 15 * MINUTE_MS
LATE_MS = 10_000
SOURCES = {"calls": 0, "tickets": LATE_MS}
CUT = Standstill("tickets", 1, BASE_MS, BASE_MS + AFTER_MS, AFTER_MS, AFTER_MS)
OVER = replace(CUT, seq=2, ended_ms=BASE_MS + 2 * HOUR_MS, behind_ms=0, reason="recovered")
GONE = replace(OVER, behind_ms=AFTER_MS, reason="source_removed")


class Watcher:
    """What a notifier does with the two functions; `told` is what its deliveries would hold."""

    def __init__(self, sources: Mapping[str, int] = SOURCES) -> None:
        self.sources = dict(sources)
        self.standing: dict[Part, Standing] = {}
        self.told: list[Standstill] = []

    def restart(self) -> None:
        """Another takes over: the deliveries remain."""
        self.standing = {}

    @property
    def last(self) -> dict[str, Standstill]:
        """Told of, and not ended."""
        newest = {one.source: one for one in self.told}
        return {source: one for source, one in newest.items() if one.ended_ms is None}

    def look(self, reached: Mapping[Part, int], now_ms: int) -> tuple[Standstill, ...]:
        """One look; what is new is told."""
        self.standing = watched(self.standing, reached, now_ms)
        seqs = {one.source: one.seq for one in self.told}
        found = judged(
            self.standing,
            sources=self.sources,
            last=self.last,
            seqs=seqs,
            after_ms=AFTER_MS,
            now_ms=now_ms,
        )
        fresh = tuple(one for one in found if one.seq > seqs.get(one.source, 0))
        self.told += fresh
        return fresh


@pytest.mark.parametrize(
    ("waited_ms", "begins"), [(AFTER_MS + LATE_MS, False), (AFTER_MS + LATE_MS + 1, True)]
)
def test_a_source_is_cut_off_once_it_is_behind_for_longer_than_agreed(
    waited_ms: int, *, begins: bool
) -> None:
    """Its lateness is not lag; never early, never late."""
    watcher = Watcher()
    assert watcher.look({("tickets", 0): BASE_MS}, BASE_MS) == ()
    found = watcher.look({("tickets", 0): BASE_MS}, BASE_MS + waited_ms)
    stood = Standstill("tickets", 1, BASE_MS, BASE_MS + waited_ms, AFTER_MS, AFTER_MS + 1)
    assert found == ((stood,) if begins else ())


@pytest.mark.parametrize(("waited_ms", "begins"), [(AFTER_MS - 1, False), (AFTER_MS, True)])
def test_who_has_just_begun_to_watch_waits_as_long(waited_ms: int, *, begins: bool) -> None:
    """After a stop of everything nothing has been read for hours, and ingest needs a moment."""
    watcher = Watcher()
    started_ms = BASE_MS + 9 * HOUR_MS
    assert watcher.look({("tickets", 0): BASE_MS}, started_ms) == ()
    assert bool(watcher.look({("tickets", 0): BASE_MS}, started_ms + waited_ms)) == begins


def test_a_source_that_is_far_behind_and_moves_does_not_stand() -> None:
    """A first import of last year."""
    watcher = Watcher()
    for step in range(100):
        now_ms = BASE_MS + step * (AFTER_MS - 1)
        assert watcher.look({("tickets", 0): 1_000 + step}, now_ms) == ()


def test_it_ends_when_all_of_the_source_is_read_up_to_the_present() -> None:
    """One of two partitions stood; on its return it has two hours to read first."""
    watcher, end_ms = Watcher(), BASE_MS + 2 * HOUR_MS
    for now_ms in (BASE_MS, BASE_MS + HOUR_MS, end_ms):
        watcher.look({("tickets", 0): BASE_MS, ("tickets", 1): now_ms}, now_ms)
    (one,) = watcher.told
    assert (one.stood_ms, one.at_ms) == (BASE_MS, BASE_MS + HOUR_MS)
    edge_ms = end_ms - AFTER_MS - LATE_MS
    assert watcher.look({("tickets", 0): edge_ms - 1, ("tickets", 1): end_ms}, end_ms) == ()
    (over,) = watcher.look({("tickets", 0): edge_ms, ("tickets", 1): end_ms}, end_ms)
    assert over == replace(one, seq=2, ended_ms=end_ms, behind_ms=AFTER_MS, reason="recovered")
    assert watcher.look({("tickets", 0): end_ms, ("tickets", 1): end_ms}, end_ms) == ()


def test_each_source_has_its_own_and_the_next_one_counts_on() -> None:
    """Two fall silent, one returns, falls silent again: four words, three of one alert each."""
    watcher = Watcher()
    still = {("calls", 0): BASE_MS, ("tickets", 0): BASE_MS}
    watcher.look(still, BASE_MS)
    watcher.look(still, BASE_MS + HOUR_MS)
    back_ms = BASE_MS + 2 * HOUR_MS
    back = still | {("calls", 0): back_ms}
    watcher.look(back, back_ms)
    watcher.look(back, back_ms + HOUR_MS)
    assert [(one.source, one.seq, one.ended_ms is not None) for one in watcher.told] == [
        ("calls", 1, False), ("tickets", 1, False), ("calls", 2, True), ("calls", 3, False),
    ]  # fmt: skip
    ids = [transition(one).alert_id for one in watcher.told]
    assert ids[0] == ids[2] and len(set(ids)) == 3


def test_a_source_that_was_never_read_is_told_of_and_stays_so_over_a_takeover() -> None:
    """It has no time to stand at; the alert keeps the one it was told with."""
    watcher = Watcher()
    watcher.look({("tickets", 0): 0}, BASE_MS)
    (one,) = watcher.look({("tickets", 0): 0}, BASE_MS + HOUR_MS)
    assert one.stood_ms == BASE_MS
    watcher.restart()
    assert watcher.look({("tickets", 0): 0}, BASE_MS + HOUR_MS + 1) == ()


def test_a_source_that_left_the_configuration_is_not_waited_for() -> None:
    """Its records stay in the topic for good."""
    watcher = Watcher()
    for now_ms in (BASE_MS, BASE_MS + HOUR_MS):
        watcher.look({("tickets", 0): BASE_MS}, now_ms)
    del watcher.sources["tickets"]
    (over,) = watcher.look({("tickets", 0): BASE_MS}, BASE_MS + HOUR_MS)
    assert (over.reason, over.seq) == ("source_removed", 2)
    assert watcher.look({("tickets", 0): BASE_MS}, BASE_MS + 9 * HOUR_MS) == ()


parts = st.sampled_from([("calls", 0), ("tickets", 0), ("tickets", 1)])
moves = st.tuples(
    st.sampled_from([0, 1, MINUTE_MS, AFTER_MS - 1, AFTER_MS, AFTER_MS + LATE_MS + 1, HOUR_MS]),
    st.sets(parts),
    st.sampled_from([0, 1, AFTER_MS, AFTER_MS + LATE_MS]),
    st.booleans(),
)


@given(st.lists(moves, max_size=25))
def test_begin_and_end_take_turns_whoever_watches(
    steps: list[tuple[int, set[Part], int, bool]],
) -> None:
    """Kept against books of our own.

    A word begins only for a partition that stood before the eyes of this watcher and is behind,
    and none such is passed over; an end comes at once when all are near the present, and only then.
    """
    watcher, now_ms = Watcher(), BASE_MS
    reached = {("calls", 0): now_ms, ("tickets", 0): now_ms, ("tickets", 1): now_ms}
    seen_ms = dict.fromkeys(reached, now_ms)
    watcher.look(reached, now_ms)
    for gap_ms, moving, short_ms, taken_over in steps:
        now_ms += gap_ms
        if taken_over:
            watcher.restart()
            seen_ms = dict.fromkeys(reached, now_ms)
        for part in moving:
            if now_ms - short_ms > reached[part]:
                reached[part] = now_ms - short_ms
                seen_ms[part] = now_ms
        before = watcher.last
        watcher.look(reached, now_ms)
        for source, late_ms in SOURCES.items():
            mine = [part for part in reached if part[0] == source]
            behind = {part for part in mine if now_ms - reached[part] - late_ms > AFTER_MS}
            stuck = {part for part in behind if now_ms - seen_ms[part] >= AFTER_MS}
            is_open = source in watcher.last
            assert is_open == bool(behind if source in before else stuck)
            if is_open and source not in before:
                assert watcher.last[source].stood_ms == min(reached[part] for part in stuck)
    for source in SOURCES:
        told = [one for one in watcher.told if one.source == source]
        assert [one.seq for one in told] == list(range(1, len(told) + 1))
        assert [one.ended_ms is None for one in told] == [one.seq % 2 == 1 for one in told]


@pytest.mark.parametrize("locale", ["en", "fa"])
@pytest.mark.parametrize(
    ("name", "one"), [("cut-off", CUT), ("goes-on", OVER), ("source-removed", GONE)]
)
def test_the_texts_name_the_source_and_no_customer(
    name: str, one: Standstill, locale: Locale
) -> None:
    """Set NABZ_GOLDEN=write to write the files anew, then read the difference."""
    links = {"customer": "https://crm.example/c/{customer}"}
    made = notification(transition(one), channel="ops", locale=locale, links=links)
    assert (made.customer, made.account, made.links) == ("", None, ())
    shown = block(made) + "\n"
    path = GOLDEN / f"{name}.{locale}.txt"
    if os.environ.get("NABZ_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_it_finds_its_way_like_any_alert() -> None:
    """Routes know it by rule, severity or label; silences and shadows do what they do."""
    made = transition(CUT)
    routes = (
        Route(("ops",), Match(labels={"kind": ("pipeline",)})),
        Route(("desk",)),
    )
    assert channels_for(made, routes, ("ops", "desk")) == ("ops",)
    assert channels_for(of_a_customer(), routes, ("ops", "desk")) == ("desk",)
    quiet = Silence(BASE_MS * 2, BASE_MS, (matcher("label.source=tickets"),))
    silent = Now(made.at_ms, silences=(("s", quiet),))
    assert kept_back(made, Now(made.at_ms)) is None
    assert kept_back(made, silent) == ("silence", "s")
    assert kept_back(transition(OVER), silent) is None


def test_a_digest_can_name_it_beside_customers() -> None:
    """After a hold; the critical one first."""
    made = digest_notification(
        [of_a_customer(), transition(CUT)],
        notification_id="n", alert_id="d", channel="ops", now_ms=BASE_MS,
    )  # fmt: skip
    assert made.lines[0] == "[critical] source tickets: lag in minutes 15, since 14:13 UTC"


def test_what_it_says_is_kept_in_full() -> None:
    """A notifier that takes over reads it back and says the same."""
    for one in (CUT, OVER, GONE):
        kept = msgspec.json.decode(msgspec.json.encode(one), type=Standstill)
        assert transition(kept) == transition(one)
