"""The simulated shop: the same from the same seed, in order, and like real conversations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import islice

import msgspec
import pytest

from streams.ingest.mapping import Event as Mapped
from streams.ingest.mapping import Filtered, Rejected, compile_source
from streams.ingest.sources import NATIVE
from streams.simulate.faults import records, spoilt
from streams.simulate.plots import PLOTS, Meet, Say
from streams.simulate.sentences import Lang, Sentences, sentences
from streams.simulate.shop import Event, events, people, stories

START_MS = 1_772_323_200_000
DAY_MS = 86_400_000
PERSIAN = re.compile(r"[\u0600-\u06ff]")


def a_day(seed: int = 7, **changes: object) -> list[Event]:
    """A day of a shop of 300 customers."""
    given: dict[str, object] = {"duration_ms": DAY_MS, "rate_e2": 4}
    return list(events(seed, 300, START_MS, **(given | changes)))  # type: ignore[arg-type]


TYPES = {step.type for plot in PLOTS.values() for step in plot.steps if isinstance(step, Meet)}
DECODE = compile_source("events", NATIVE, TYPES, native=True)


def taken(value: bytes, now_ms: int) -> tuple[Mapped, ...]:
    """The events ingest makes of a record."""
    found = DECODE(value, "0/0", now_ms)
    assert not isinstance(found, Rejected | Filtered), found
    return found


def refused(value: bytes) -> str:
    """Why ingest puts a record aside."""
    found = DECODE(value, "0/0", START_MS)
    assert isinstance(found, Rejected)
    return found.reason


def said_by_customers(words: Sentences) -> list[str]:
    """Every sentence a customer can write."""
    return [ask for ask, _ in words.pairs] + [one for act in words.customer.values() for one in act]


def said_by_staff(words: Sentences) -> list[str]:
    """Every sentence an agent or bot can write."""
    return [answer for _, answer in words.pairs] + [one for a in words.staff.values() for one in a]


def test_equal_seeds_give_equal_bytes_and_other_seeds_others() -> None:
    """Whoever repeats a run sees the same run."""
    first, again, other = ([one.value for one in records(a_day(seed))] for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_a_longer_run_begins_with_the_shorter_one() -> None:
    """Asking for more changes nothing of what was there."""
    short = a_day(duration_ms=DAY_MS // 4)
    assert list(islice(a_day(), len(short))) == short


def test_events_come_in_order_of_time_within_the_duration() -> None:
    """Whoever plays them only ever waits forwards."""
    times = [event["ts"] for event in a_day()]
    assert times == sorted(times)
    assert times[0] >= START_MS and times[-1] < START_MS + DAY_MS


def test_event_ids_are_unique() -> None:
    """No event of the shop is a duplicate by accident."""
    ids = [event["event_id"] for event in a_day()]
    assert len(set(ids)) == len(ids)


def test_the_rate_is_about_what_was_asked_for() -> None:
    """Four events in a hundred seconds stay four, give or take a fifth."""
    assert DAY_MS / 1_000 * 0.04 * 0.8 < len(a_day()) < DAY_MS / 1_000 * 0.04 * 1.2


def test_every_event_passes_the_native_mapping() -> None:
    """What the simulator writes is what `nabz.events.v1` takes, all four kinds of it."""
    kinds: Counter[str] = Counter()
    for one in records(a_day()):
        (mapped,) = taken(one.value, one.due_ms)
        assert (mapped.customer, mapped.ts_ms) == (one.key.decode(), one.due_ms)
        kinds.update([mapped.kind])
    assert set(kinds) == {"message", "interaction", "profile", "outcome"}


def test_a_customer_who_left_stays_away() -> None:
    """Churned is churned: nobody writes again from outside the shop."""
    gone: dict[str, int] = {}
    for story, told in stories(7, 60, START_MS, duration_ms=DAY_MS, rate_e2=50, speed=20):
        assert story.customer not in gone
        assert all(event["customer"] == story.customer for event in told)
        if PLOTS[story.plot].leaves:
            gone[story.customer] = story.ends_ms
    assert gone


def test_the_truth_of_a_contact_agrees_with_its_events() -> None:
    """Onset and outcome are where the events say they are."""
    for story, told in stories(3, 200, START_MS, duration_ms=DAY_MS, rate_e2=4):
        outcomes = [event for event in told if event["kind"] == "outcome"]
        assert (story.outcome, story.outcome_ms) == (
            (outcomes[0]["type"], outcomes[0]["ts"]) if outcomes else (None, None)
        )
        if story.onset_ms is not None:
            assert story.starts_ms < story.onset_ms <= story.ends_ms
        assert told[-1]["ts"] <= story.ends_ms


def test_nobody_is_in_two_conversations_at_once() -> None:
    """A person does one thing after the other."""
    busy_until: dict[str, int] = defaultdict(int)
    for story, _ in stories(5, 40, START_MS, duration_ms=DAY_MS, rate_e2=20, speed=10):
        assert story.starts_ms > busy_until[story.customer]
        busy_until[story.customer] = story.ends_ms


def test_a_conversation_repeats_no_sentence_of_a_customer() -> None:
    """People vary their words, templates in a row would not read like them."""
    for _, told in stories(11, 200, START_MS, duration_ms=DAY_MS, rate_e2=4):
        texts = [event["text"] for event in told if event.get("author") == "customer"]
        assert len(set(texts)) == len(texts)


def test_the_first_contacts_follow_the_plots_asked_for() -> None:
    """A demonstration can begin with trouble, a second apart."""
    first = ("angry_leaver", "calm", "billing_dispute")
    found = list(islice(stories(1, 50, 0, duration_ms=None, rate_e2=400, speed=60, first=first), 3))
    assert tuple(story.plot for story, _ in found) == first
    assert [story.starts_ms for story, _ in found] == [0, 1_000, 2_000]


def test_every_plot_happens() -> None:
    """A week of the shop shows all nine processes, in both languages."""
    seen = {
        (story.plot, story.lang)
        for story, _ in stories(2, 2_000, START_MS, duration_ms=7 * DAY_MS, rate_e2=4)
    }
    assert seen == {(plot, lang) for plot in PLOTS for lang in ("en", "fa")}


@pytest.mark.parametrize(
    "given",
    [{"customers": 1}, {"rate_e2": 0}, {"speed": 0}, {"first": ("no such plot",)}],
    ids=["customers", "rate", "speed", "plot"],
)
def test_impossible_shops_are_refused(given: dict[str, object]) -> None:
    """The error names what was found."""
    right: dict[str, object] = {"customers": 5, "rate_e2": 1, "speed": 1, "first": ()}
    asked = right | given
    customers = asked.pop("customers")
    with pytest.raises(ValueError, match=r"customers|plot"):
        next(stories(1, customers, 0, duration_ms=1, **asked))  # type: ignore[arg-type]


def test_both_languages_have_enough_to_say_and_repeat_nothing() -> None:
    """Sixty sentences of customers a language, forty of staff in all, each of them once."""
    english, persian = sentences("en"), sentences("fa")
    for words in (english, persian):
        customer = said_by_customers(words)
        assert len(customer) >= 60
        assert len(set(customer)) == len(customer)
    staff = said_by_staff(english) + said_by_staff(persian)
    assert len(staff) >= 40
    assert len(set(staff)) == len(staff)


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_every_act_of_a_plot_has_sentences_in_both_languages(lang: Lang) -> None:
    """No plot falls silent in one of the languages."""
    words = sentences(lang)
    acts = {
        (step.author == "customer", step.act)
        for plot in PLOTS.values()
        for step in plot.steps
        if isinstance(step, Say)
    }
    missing = [
        act
        for customer, act in acts
        if act not in (words.customer if customer else words.staff)
        and (act, customer) not in {("ask", True), ("answer", False)}
    ]
    assert not missing
    assert {thing for plot in PLOTS.values() for thing in plot.things} <= set(words.things)


def test_customers_write_their_language_and_some_write_finglish() -> None:
    """Persian customers use Persian letters, but for the few who use Latin ones."""
    lang = {one.customer: one.lang for one in people(7, 300)}
    assert 80 < sum(one == "fa" for one in lang.values()) < 190
    scripts: Counter[tuple[str, bool]] = Counter(
        (lang[event["customer"]], PERSIAN.search(event["text"]) is not None)
        for event in a_day(rate_e2=20)
        if event.get("author") == "customer"
    )
    assert scripts["en", True] == 0
    assert 0 < scripts["fa", False] < scripts["fa", True] / 5


def test_faults_lose_no_event() -> None:
    """With duplicates, late records and garbage, every event still arrives at least once."""
    whole = list(records(a_day()))
    sent = list(spoilt(whole, seed=7, share_e2=10))
    counts = Counter(one.value for one in sent)
    assert all(counts[one.value] >= 1 for one in whole)
    assert [one.value for one in spoilt(whole, seed=7, share_e2=10)] == [one.value for one in sent]


def test_faults_are_of_all_three_kinds() -> None:
    """Something comes twice, something comes late, and something is no event at all."""
    whole = list(records(a_day()))
    values = [one.value for one in whole]
    sent = [one.value for one in spoilt(whole, seed=7, share_e2=10)]
    assert any(sent[place] == sent[place + 1] for place in range(len(sent) - 1))
    times = [msgspec.json.decode(one)["ts"] for one in sent if one in set(values)]
    assert times != sorted(times)
    garbage = [one for one in sent if one not in set(values)]
    assert {refused(one) for one in garbage} == {
        "not_json", "not_an_object", "bad_time", "no_customer",
    }  # fmt: skip


def test_no_faults_are_no_change() -> None:
    """A share of zero is a share of zero."""
    whole = list(records(a_day()))
    assert list(spoilt(whole, seed=1, share_e2=0)) == whole
