"""What a shop may have beside its plots, and what happens on the way: seeded, and told in truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.simulate.delivery import Delivery, Outage, delivered, source_of
from streams.simulate.extras import Extras, Incident, bot, heavy
from streams.simulate.faults import Sent, records
from streams.simulate.people import Fleet
from streams.simulate.plots import PLOTS, mean_events
from streams.simulate.sentences import sentences
from streams.simulate.shop import Event, Story, events, stories
from streams.simulate.truth import Truth, truth

START_MS = 1_772_323_200_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
ALL = Extras(
    incidents_every_ms=8 * HOUR_MS, renewed=True, quiet_e2=30, sarcasm_e2=25, bots=1,
    heavy_events=100,
)  # fmt: skip
ROUGH = Delivery(outages_every_ms=6 * HOUR_MS, lost_e2=50, imports_e2=30, duplicates_e2=5)
seeds = st.integers(0, 2**32)


def shop(seed: int, extras: Extras = ALL, *, days: int = 2, rate_e2: float = 0.5) -> dict[str, Any]:
    """A shop of thirty customers."""
    return {
        "seed": seed, "customers": 30, "start_ms": START_MS, "duration_ms": days * DAY_MS,
        "rate_e2": rate_e2, "extras": extras,
    }  # fmt: skip


def arrived(run: dict[str, Any], delivery: Delivery = ROUGH) -> list[Sent]:
    """What arrives of a run."""
    on_the_way = delivered(events(**run), delivery, seed=run["seed"], start_ms=START_MS)
    return list(on_the_way)


def read(sent: list[Sent]) -> list[Event]:
    """The events in records."""
    return [msgspec.json.decode(one.value) for one in sent]


def contacts(told: list[Truth]) -> list[Story]:
    """The contacts in a truth."""
    return [one for one in told if isinstance(one, Story)]


# ---------------------------------------------------------------------- over seeds


@given(seeds)
def test_equal_seeds_give_equal_bytes_with_all_of_it_switched_on(seed: int) -> None:
    """Whoever repeats a run sees the same run, the truth of it included."""
    run = shop(seed, days=1)
    assert arrived(run) == arrived(run)
    assert list(truth(delivery=ROUGH, **run)) == list(truth(delivery=ROUGH, **run))


@given(seeds)
def test_trouble_begins_before_it_comes_to_a_head(seed: int) -> None:
    """Onset <= escalation, whatever was cut off at the end of the run."""
    end_ms = START_MS + 2 * DAY_MS
    for one in contacts(list(truth(delivery=ROUGH, **shop(seed)))):
        assert START_MS <= one.starts_ms <= one.ends_ms < end_ms
        if one.onset_ms is not None:
            assert one.starts_ms <= one.onset_ms < end_ms
        if one.outcome_ms is not None and one.onset_ms is not None:
            assert one.onset_ms <= one.outcome_ms <= one.ends_ms


@given(seeds)
def test_the_truth_names_events_that_arrived_or_says_that_they_were_lost(seed: int) -> None:
    """Nobody is measured against what nobody could see."""
    run = shop(seed)
    there = {one["event_id"]: one for one in read(arrived(run))}
    told = list(truth(delivery=ROUGH, **run))
    lost = {name for one in contacts(told) for name in one.lost}
    assert not lost & there.keys()
    for one in contacts(told):
        named = {one.onset_event, one.outcome_event, *one.sarcastic} - {None}
        assert named <= there.keys() | lost
        if one.outcome_event in there:
            found = there[one.outcome_event]
            assert (found["type"], found["ts"]) == (one.outcome, one.outcome_ms)
            assert found["customer"] == one.customer
        if one.onset_event in there and one.onset_ms is not None:
            assert there[one.onset_event]["ts"] >= one.onset_ms
    assert {one["event_id"] for one in events(**run)} == there.keys() | lost


@given(seeds)
def test_an_incident_hits_customers_while_it_lasts_and_is_named_in_their_contacts(
    seed: int,
) -> None:
    """One cause, many contacts with its id, each begun while it lasted, about one thing."""
    told = list(truth(delivery=ROUGH, **shop(seed)))
    incidents = {one.id: one for one in told if isinstance(one, Incident)}
    struck = [one for one in contacts(told) if one.incident is not None]
    for one in struck:
        assert one.incident is not None
        cause = incidents[one.incident]
        assert cause.starts_ms <= one.starts_ms < cause.ends_ms
        assert one.customer in cause.customers and one.plot == "struck"
    assert sum(len(one.customers) for one in incidents.values()) == len(struck)


@given(seeds)
def test_nobody_of_the_shop_is_in_two_contacts_at_once_nor_comes_back(seed: int) -> None:
    """Incidents and quiet customers included; but those who were hit wait until they are free."""
    busy_until: dict[str, int] = {}
    gone: set[str] = set()
    starts = START_MS
    for story, _ in stories(**shop(seed)):
        assert story.starts_ms >= starts
        starts = story.starts_ms
        if story.customer[0] == "c":
            assert story.customer not in gone
            assert story.starts_ms > busy_until.get(story.customer, 0)
            busy_until[story.customer] = story.ends_ms
            if story.outcome == "churned":
                gone.add(story.customer)


@given(seeds)
def test_what_arrives_is_in_order_of_arrival_and_never_before_it_happened(seed: int) -> None:
    """Held back, imported and repeated records come later, and no other."""
    run = shop(seed)
    sent = arrived(run)
    assert [one.due_ms for one in sent] == sorted(one.due_ms for one in sent)
    assert all(one.due_ms >= event["ts"] for one, event in zip(sent, read(sent), strict=True))


# ---------------------------------------------------------------------- one by one


def test_with_nothing_switched_on_events_arrive_as_they_happened() -> None:
    """Off is off: the same bytes as without any of it."""
    run = shop(7, Extras())
    assert arrived(run, Delivery()) == list(records(events(**run)))
    del run["extras"]
    assert arrived(run, Delivery()) == list(records(events(**run)))


def test_an_outage_holds_its_source_back_until_it_is_over_or_loses_it() -> None:
    """And no other source; events keep the times they happened at."""
    run = shop(5, days=12, rate_e2=1)
    told = list(truth(delivery=ROUGH, **run))
    outages = [one for one in told if isinstance(one, Outage)]
    plain = replace(ROUGH, imports_e2=0, duplicates_e2=0)
    sent = arrived(run, plain)
    due = {
        event["event_id"]: one.due_ms for one, event in zip(sent, read(sent), strict=True)
    }  # fmt: skip
    inside: Counter[str] = Counter()
    for event in events(**run):
        found = next((one for one in outages if _within(one, event)), None)
        if found is None:
            assert due[event["event_id"]] == event["ts"]
        else:
            inside[found.id] += 1
            assert due.get(event["event_id"]) == (None if found.lost else found.ends_ms)
    assert {one.id: one.records for one in outages if one.records} == inside
    assert {one.lost for one in outages if one.records} == {True, False}


def _within(one: Outage, event: Event) -> bool:
    return one.source == source_of(event) and one.starts_ms <= event["ts"] < one.ends_ms


def test_imports_come_at_midnight_and_only_what_has_no_channel() -> None:
    """The interactions, profiles and outcomes of some customers, all of theirs."""
    run = shop(5, Extras(), days=3, rate_e2=2)
    sent = arrived(run, Delivery(imports_e2=40))
    late = [
        (one, event)
        for one, event in zip(sent, read(sent), strict=True)
        if one.due_ms != event["ts"]
    ]
    assert late and all(one.due_ms % DAY_MS == 0 and "channel" not in event for one, event in late)
    customers = {event["customer"] for _, event in late}
    on_time = {
        event["customer"]
        for one, event in zip(sent, read(sent), strict=True)
        if one.due_ms == event["ts"] and "channel" not in event
    }
    assert on_time and not customers & on_time


def test_duplicates_are_the_same_bytes_a_while_later() -> None:
    """About as many as were asked for, none within a second."""
    run = shop(5, Extras(), days=10, rate_e2=2)
    whole = list(events(**run))
    sent = arrived(run, Delivery(duplicates_e2=10))
    counts = Counter(one.value for one in sent)
    twice = [value for value, count in counts.items() if count == 2]
    assert max(counts.values()) == 2 and len(counts) == len(whole)
    assert len(whole) * 0.07 < len(twice) < len(whole) * 0.13
    for value in twice[:50]:
        first, again = [one.due_ms for one in sent if one.value == value]
        assert 1_000 <= again - first <= 600_000


def test_quiet_customers_write_now_and_then_and_then_no_more() -> None:
    """The onset is where they stop; weeks later an outcome says that they have left."""
    run = shop(3, Extras(quiet_e2=40, renewed=True), days=120, rate_e2=0.1)
    told = contacts(list(truth(delivery=Delivery(), **run)))
    quiet = [one for one in told if one.plot == "quiet"]
    assert len(quiet) > 5
    ended = [one for one in quiet if one.outcome_ms is not None]
    assert ended
    for one in quiet:
        before = [other for other in told if other.customer == one.customer and other is not one]
        assert 3 <= len(before) <= 8
        assert one.onset_ms == one.starts_ms == max(other.ends_ms for other in before) + 1
    assert all(one.outcome_ms - one.starts_ms >= 14 * DAY_MS for one in ended)  # type: ignore[operator]


def test_sarcasm_is_praise_in_the_place_of_displeasure() -> None:
    """Each message the truth calls sarcastic is one, in the customer's language; no other is."""
    run = shop(4, Extras(sarcasm_e2=50), days=20, rate_e2=1)
    wry = {
        name for one in contacts(list(truth(delivery=Delivery(), **run))) for name in one.sarcastic
    }
    known = [
        text.partition("{")[0][:12].strip().lower()
        for lang in ("en", "fa")
        for text in sentences(lang).customer["sarcasm"]
    ]
    texts = {one["event_id"]: one["text"].lower() for one in events(**run) if "text" in one}
    assert len(wry) > 20
    begins = [any(texts[name].startswith(one[:4]) for one in known) for name in wry]
    assert sum(begins) > len(begins) * 0.8  # typing errors aside
    assert list(events(**run)) != list(events(**shop(4, Extras(), days=20, rate_e2=1)))


def test_a_program_repeats_itself_at_equal_distances() -> None:
    """As a customer would not: one line, every so many minutes, in a conversation a day."""
    for story, told in islice(bot(3, 2, START_MS, speed=1), 3):
        lines = [one for one in told if one["kind"] == "message"]
        gaps = {b["ts"] - a["ts"] for a, b in pairwise(lines)}
        assert len(gaps) == 1 and 5 * 60_000 <= gaps.pop() <= 120 * 60_000
        assert (story.onset_ms, story.outcome) == (None, None)
        assert {one["author"] for one in lines} == {"customer"}


@pytest.mark.parametrize("count", [1, 100, 5_000])
def test_the_heavy_customer_has_about_as_many_events_as_were_asked_for(count: int) -> None:
    """Give or take a few contacts, and until the end of the duration."""
    told = heavy(2, START_MS, duration_ms=90 * DAY_MS, count=count, speed=1, sarcasm_e2=0)
    written = [event for _, some in told for event in some]
    assert count - 60 < len(written) < count + 60
    assert {one["customer"] for one in written} == {"h-1"}
    assert count == 1 or written[-1]["ts"] > START_MS + 80 * DAY_MS


def test_a_shop_that_renews_itself_does_not_die_out() -> None:
    """A year of thirty customers ends with thirty, most of them others than at first."""
    run = shop(2, Extras(renewed=True), days=365, rate_e2=0.1)
    late = {
        one["customer"] for one in events(**run) if one["ts"] > START_MS + 300 * DAY_MS
    }  # fmt: skip
    assert len(late) > 20
    run["extras"] = Extras()
    assert not [one for one in events(**run) if one["ts"] > START_MS + 300 * DAY_MS]


def test_a_large_fleet_draws_as_a_list_of_the_free_would() -> None:
    """Sorted, without those who are busy or gone, whatever was put off meanwhile."""
    fleet = Fleet(5)
    fleet.busy(3, 10)
    fleet.busy(3, 20)
    fleet.busy(1, 10)
    fleet.advance(10)
    assert fleet.free == [0, 1, 2, 4] and not fleet.is_free(3)
    fleet.gone(3)
    fleet.gone(0)
    fleet.advance(99)
    assert (fleet.free, len(fleet)) == ([1, 2, 4], 3)


def test_the_mean_of_a_contact_is_about_what_the_rate_reckons_with() -> None:
    """Seven events, by the plots as they are."""
    weights = sum(plot.weight for plot in PLOTS.values())
    mean = sum(plot.weight * mean_events(plot) for plot in PLOTS.values()) / weights
    assert 5 < mean < 9


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Extras(quiet_e2=101),
        lambda: Extras(bots=-1),
        lambda: Extras(incidents_every_ms=0),
        lambda: Delivery(lost_e2=-1),
        lambda: Delivery(outages_every_ms=0),
        lambda: next(stories(1, 5, 0, duration_ms=None, rate_e2=1, extras=Extras(heavy_events=9))),
    ],
    ids=["share", "count", "incidents", "lost", "outages", "heavy without end"],
)
def test_what_cannot_be_is_refused(wrong: Any) -> None:
    """With what was found."""
    with pytest.raises(ValueError, match="need"):
        wrong()
