"""Two scores that are exact sums, known to be unknown, and never in a hurry."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.calendar import Calendar
from scoring.config import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Caps,
    Interaction,
    Relationship,
    Scoring,
    Share,
    WaitStep,
)
from scoring.customer import Customer, advance
from scoring.health import (
    FULL,
    Answered,
    Health,
    Part,
    answered_now,
    distress_before,
    explained,
    health,
    monitored,
    waiting,
)
from scoring.records import Cue, LogRecord, Reading, Signal, Turn
from tests.strategies import (
    BASE_MS,
    SCORING,
    answer,
    gaps_ms,
    interaction,
    profile,
    signal,
    signals,
)

T = BASE_MS
WILD = msgspec.structs.replace(
    SCORING,
    caps=Caps(feeling=9_000, intent=9_000, relief=9_900, waiting_now=9_000),
    wait_steps=(WaitStep(0, 5), WaitStep(HOUR_MS, 8_000)),
    health=Relationship(
        feeling=Share(100, 9_000), trail=Share(100, 9_000), relief=Share(90, 9_000)
    ),
    base=9_900,
    resting=0,
    contact_ladder=(),
)
"""Weights that drive both scores beyond their bounds."""

customers = st.builds(
    lambda found: told(*found),
    st.lists(signals(st.integers(T, T + 12 * DAY_MS)), max_size=15),
)


def told(*records: LogRecord, scoring: Scoring = SCORING) -> Customer:
    """What we remember after these records."""
    found = Customer()
    for record in records:
        found = advance(found, record, scoring)
    return found


def looked(
    customer: Customer, at_ms: int = T, *, complete_to_ms: int | None = None, spread_ms: int = 0,
    scoring: Scoring = SCORING,
) -> Health:  # fmt: skip
    """Health at a moment; all is read up to it unless said otherwise."""
    complete = at_ms if complete_to_ms is None else complete_to_ms
    found = health(customer, at_ms, scoring, complete_to_ms=complete, spread_ms=spread_ms)
    return explained(customer, found)


def points(parts: tuple[Part, ...]) -> dict[str, int]:
    """Points by name of the part."""
    return {part.name: part.points_e2 for part in parts}


# ---------------------------------------------------------------------- laws


@given(customers, gaps_ms, gaps_ms, st.sampled_from([SCORING, WILD]))
def test_both_scores_are_the_sum_of_their_parts(
    customer: Customer, later_ms: int, lag_ms: int, scoring: Scoring
) -> None:
    """To the last digit, bounds included, for any customer at any time; and within 0 and 100."""
    at_ms = T + 12 * DAY_MS + later_ms
    found = looked(customer, at_ms, complete_to_ms=at_ms - lag_ms, scoring=scoring)
    assert (found.health_e2 is None) == (found.band == "unknown")
    if found.distress_e2 is None:
        assert (found.health_e2, found.next_ms) == (None, None)
    for parts, score_e2 in ((found.distress, found.distress_e2), (found.health, found.health_e2)):
        if score_e2 is None:
            assert parts == ()
            continue
        assert sum(part.points_e2 for part in parts) == score_e2
        assert 0 <= score_e2 <= FULL
        assert len({part.name for part in parts}) == len(parts)
        assert all(len(part.causes) <= 3 for part in parts)
        assert all(part.points_e2 for part in parts if part.name != "base")
    assert 0 <= found.confidence_e2 <= 100


@given(customers, gaps_ms, gaps_ms, st.integers(0, HOUR_MS - 1))
def test_the_next_look_lies_after_what_has_been_judged(
    customer: Customer, later_ms: int, lag_ms: int, spread_ms: int
) -> None:
    """A timer never finds itself due again: looking at its due time gives a later one, or none."""
    at_ms = T + 12 * DAY_MS + later_ms
    complete_ms = at_ms - lag_ms
    for _ in range(20):
        found = looked(customer, at_ms, complete_to_ms=complete_ms, spread_ms=spread_ms)
        if found.next_ms is None:
            break
        assert found.next_ms > min(at_ms, complete_ms)
        at_ms, complete_ms = max(at_ms, found.next_ms), max(complete_ms, found.next_ms)


@given(customers, gaps_ms)
def test_a_wait_is_judged_no_later_than_all_sources_have_been_read(
    customer: Customer, lag_ms: int
) -> None:
    """An outage of a source makes nobody wait longer: the clock of the wait stands still."""
    at_ms = T + 12 * DAY_MS
    frozen = looked(customer, at_ms, complete_to_ms=at_ms - lag_ms)
    then = looked(customer, at_ms - lag_ms)
    clock = [points(one.distress).get("waiting_now", 0) for one in (frozen, then)]
    assert clock[0] == clock[1]
    unresolved = [points(one.health).get("unresolved", 0) for one in (frozen, then)]
    assert unresolved[0] == unresolved[1]


@given(customers, st.integers(1, 5_000), st.sampled_from(["feeling", "intent", "effort"]))
def test_more_harm_never_means_less_distress_or_better_health(
    customer: Customer, more: int, family: str
) -> None:
    """The same customer, with one interaction of harm more, at the same moment."""
    at_ms = T + 12 * DAY_MS
    scoring = msgspec.structs.replace(
        SCORING, interactions={"harm": Interaction(points=more, family=family)}  # type: ignore[arg-type]
    )  # fmt: skip
    before = looked(customer, at_ms, scoring=scoring)
    after = looked(advance(customer, interaction(at_ms, "harm"), scoring), at_ms, scoring=scoring)
    if before.distress_e2 is not None and before.health_e2 is not None:
        assert after.distress_e2 is not None and after.distress_e2 >= before.distress_e2
        assert after.health_e2 is not None and after.health_e2 <= before.health_e2


# ---------------------------------------------------------------------- unknown


def test_nothing_is_known_of_a_customer_without_evidence() -> None:
    """Unknown is null, not 0 and not 100."""
    found = looked(Customer())
    assert (found.distress_e2, found.health_e2, found.band) == (None, None, "unknown")
    assert (found.confidence_e2, found.top(), found.wait.state) == (0, None, "no")
    assert found.now_ms == T


UNREAD = Reading("unknown", None)


def test_who_waits_unread_is_in_distress_and_of_unknown_health() -> None:
    """Nobody knows how the relationship is of somebody we cannot read; that they wait we know."""
    found = looked(told(signal(T, reading=UNREAD)), T + 5 * HOUR_MS)
    assert (found.distress_e2, found.health_e2, found.band) == (900, None, "unknown")


def test_a_language_we_do_not_read_says_nothing_but_a_wait_does() -> None:
    """Behaviour carries the score where words cannot."""
    blind = told(signal(T, reading=UNREAD, inbound=True))
    assert looked(blind).distress_e2 is None
    assert looked(blind).wait.state == "unknown"
    waits = looked(told(signal(T, reading=UNREAD)), T + 4 * HOUR_MS)
    assert points(waits.distress) == {"waiting_now": 900}
    assert waits.confidence_e2 == 0
    behaves = looked(told(interaction(T, "checkout_failed")))
    assert points(behaves.distress) == {"effort": 600}


def test_who_does_not_consent_is_not_scored() -> None:
    """Unknown from then on, whatever is remembered."""
    customer = told(signal(T, 3_000), profile(T + 1, monitor=False))
    assert not monitored(customer) and monitored(Customer())
    found = looked(customer, T + 1)
    assert (found.distress_e2, found.health_e2, found.next_ms) == (None, None, None)
    assert found.contacts_24h == 1


@pytest.mark.parametrize(
    ("records", "confidence"),
    [
        ([signal(T)], 25),
        ([signal(T), signal(T + 1), signal(T + 2)], 50),
        ([signal(T), signal(T + 1, reading=UNREAD)], 12),
        ([signal(T, reading=UNREAD), interaction(T + 1, "refund")], 12),
        ([signal(T), signal(T + 1), signal(T + 2), interaction(T + 3, "refund")], 57),
        ([interaction(T, "refund")], 25),
        ([interaction(T + at, "refund") for at in range(5)], 62),
        ([signal(T, reading=UNREAD), *(interaction(T + at, "refund") for at in range(4))], 28),
        ([signal(T), signal(T + 1, reading=UNREAD), signal(T + 2, reading=UNREAD)], 8),
        (
            [
                signal(T),
                signal(T + 1),
                signal(T + 2, reading=UNREAD),
                *(interaction(T + at, "refund") for at in range(25)),
            ],
            59,
        ),
    ],
    ids=[
        "one",
        "three",
        "half-unread",
        "behaviour-only",
        "both",
        "no-messages",
        "five-behaviours",
        "four-behaviours-and-nothing-read",
        "a-third-read",
        "two-thirds-read-of-many",
    ],
)
def test_confidence_is_how_much_was_read(records: list[Signal], confidence: int) -> None:
    """Half known after three readings; what is unread halves it again."""
    assert looked(told(*records), T + 3).confidence_e2 == confidence


# ---------------------------------------------------------------------- distress


def test_points_of_a_family_halve_in_twelve_hours_and_have_a_cap() -> None:
    """And relief counts against all of them."""
    angry = told(signal(T, 4_000), answer(T + 1))
    assert looked(angry, T + 1).distress_e2 == 4_000
    assert looked(angry, T + 12 * HOUR_MS).distress_e2 == 2_000
    furious = told(signal(T, 40_000), answer(T + 1))
    assert points(looked(furious, T + 1).distress) == {"feeling": SCORING.caps.feeling}
    healed = told(signal(T, 4_000), answer(T + 1), interaction(T + 2, "refund"))
    (feeling, relief) = looked(healed, T + 2).distress
    assert points((feeling, relief)) == {"feeling": 4_000, "relief": -900}
    assert [past.cue for past in relief.causes] == ["refund"]


def test_relief_alone_does_not_make_distress_negative() -> None:
    """The part `bounds` takes back what would leave 0 to 100."""
    found = looked(told(interaction(T, "refund")))
    assert points(found.distress) == {"relief": -900, "bounds": 900}
    assert found.distress_e2 == 0


def test_what_goes_beyond_the_bounds_is_taken_back_whatever_it_was() -> None:
    """Feeling, contacts, displeasure and a wait: any of them would fit without the others."""
    scoring = msgspec.structs.replace(
        SCORING, caps=Caps(feeling=9_000, waiting_now=900), contact_ladder=(900,),
        wait_steps=(WaitStep(1, 900),),
    )  # fmt: skip
    found = looked(
        told(signal(T, 9_000, turn=Turn(words=3, mood_e2=-60)), scoring=scoring), T + 1,
        scoring=scoring,
    )  # fmt: skip
    parts = points(found.distress)
    assert {parts[name] for name in ("contacts", "displeasure", "waiting_now")} == {900}
    assert (parts["feeling"], parts["bounds"], found.distress_e2) == (9_000, -1_700, FULL)


WAIT = [
    (30 * MINUTE_MS - 1, 0),
    (30 * MINUTE_MS, 200),
    (HOUR_MS, 400),
    (4 * HOUR_MS - 1, 400),
    (4 * HOUR_MS, 900),
    (24 * HOUR_MS, 2_000),
    (72 * HOUR_MS, 3_000),
    (99 * DAY_MS, 3_000),
]


@pytest.mark.parametrize(("waited_ms", "expected"), WAIT)
def test_the_clock_of_a_wait_goes_in_steps(waited_ms: int, expected: int) -> None:
    """Never a millisecond early, never late."""
    found = looked(told(signal(T, reading=UNREAD)), T + waited_ms)
    assert points(found.distress).get("waiting_now", 0) == expected


@pytest.mark.parametrize(("read_ms", "expected"), [(HOUR_MS - 1, 200), (HOUR_MS, 400)])
def test_the_clock_of_a_wait_stands_still_where_reading_stopped(
    read_ms: int, expected: int
) -> None:
    """Ten hours of an outage make nobody wait longer; the next look is at the next step."""
    found = looked(told(signal(T, reading=UNREAD)), T + 10 * HOUR_MS, complete_to_ms=T + read_ms)
    assert points(found.distress) == {"waiting_now": expected}
    assert found.next_ms == T + (HOUR_MS if expected == 200 else 4 * HOUR_MS)


OFFICE = Calendar(
    week=(((540, 1020),),) * 4 + ((),) * 2 + (((540, 1020),),), offsets=((0, 12_600_000),)
)
"""Nine to five in Tehran, Friday and Saturday closed."""
BY_HOURS = msgspec.structs.replace(
    SCORING, calendars={"office": OFFICE}, calendar="office", resting=FULL + 1, base=FULL
)


def test_a_wait_counts_the_hours_in_which_somebody_is_there() -> None:
    """Unanswered over the weekend it stays open, and an hour of work later it has waited for one.

    The message comes on a Thursday, half an hour before we close.
    """
    thursday = 1_790_208_000_000 + 13 * HOUR_MS
    customer = told(signal(thursday, reading=UNREAD), scoring=BY_HOURS)
    sunday = thursday + 2 * DAY_MS + 16 * HOUR_MS + 30 * MINUTE_MS  # nine in the morning
    for at_ms, expected in (
        (thursday + 30 * MINUTE_MS, 200),
        (sunday + 30 * MINUTE_MS - 1, 200),
        (sunday + 30 * MINUTE_MS, 400),
    ):
        found = looked(customer, at_ms, scoring=BY_HOURS)
        assert points(found.distress) == {"waiting_now": expected}
        assert found.wait.since_ms == thursday
    assert looked(customer, thursday + HOUR_MS, scoring=BY_HOURS).next_ms == sunday + 30 * MINUTE_MS
    own = advance(customer, profile(thursday, calendar="office"), BY_HOURS)
    day_and_night = msgspec.structs.replace(BY_HOURS, calendar="")
    at_ms = thursday + DAY_MS
    assert points(looked(own, at_ms, scoring=day_and_night).distress) == {"waiting_now": 200}
    assert points(looked(customer, at_ms, scoring=day_and_night).distress) == {"waiting_now": 2_000}


@given(st.integers(0, 20 * DAY_MS), st.sampled_from([SCORING, BY_HOURS]))
def test_the_next_step_of_a_wait_is_looked_at_when_it_is_reached(
    later_ms: int, scoring: Scoring
) -> None:
    """The look before shows the old step to the last millisecond, the look at it the new one."""
    scoring = msgspec.structs.replace(scoring, resting=FULL + 1, base=FULL)
    since_ms = T + later_ms
    customer = told(signal(since_ms, reading=UNREAD), scoring=scoring)
    at_ms = since_ms
    steps: list[int] = []
    while (next_ms := looked(customer, at_ms, scoring=scoring).next_ms) is not None:
        before = points(looked(customer, next_ms - 1, scoring=scoring).distress)
        now = points(looked(customer, next_ms, scoring=scoring).distress)
        assert before == ({"waiting_now": steps[-1]} if steps else {})
        steps.append(now["waiting_now"])
        at_ms = next_ms
    assert steps == [step.points for step in scoring.wait_steps]


def test_where_nobody_is_ever_there_nobody_waits_for_the_next_step() -> None:
    """A calendar without hours has no due times."""
    closed = msgspec.structs.replace(
        BY_HOURS, calendars={"never": Calendar(week=((),) * 7)}, calendar="never"
    )
    found = looked(told(signal(T, reading=UNREAD)), T + 9 * DAY_MS, scoring=closed)
    assert (found.distress, found.next_ms, found.wait.state) == ((), None, "yes")


def test_who_wrote_in_the_future_has_waited_for_nothing() -> None:
    """A source whose clock runs a little ahead."""
    found = looked(told(signal(T + MINUTE_MS, 500)), T)
    assert "waiting_now" not in points(found.distress)
    assert found.next_ms == T + MINUTE_MS + 30 * MINUTE_MS


def test_bad_turns_add_up_beyond_what_they_say_and_only_words_are_their_cause() -> None:
    """A third mild complaint counts where the first furious one was at a cap; capped itself."""
    crash = interaction(T, "checkout_failed")
    bad = Turn(words=3, mood_e2=-60)
    turns = [signal(T + at, 900, turn=bad) for at in range(1, 9)]
    found = [
        points(looked(told(crash, *turns[:count]), T + 9).distress).get("displeasure", 0)
        for count in (0, 1, 3, 8)
    ]
    assert found == [0, 900, 2_700, Scoring().caps.displeasure]
    (part,) = [
        part for part in looked(told(crash, *turns), T + 9).distress if part.name == "displeasure"
    ]
    assert {past.cue for past in part.causes} == {"angry"}
    assert part.basis == "measured"
    thanked = told(crash, turns[0], signal(T + 2, 100, family="relief"), answer(T + 3))
    (part,) = [one for one in looked(thanked, T + 9).distress if one.name == "displeasure"]
    assert [past.family for past in part.causes] == ["feeling"], "no click, and no thanks"


@pytest.mark.parametrize(("contacts", "expected"), [(1, 0), (2, 250), (6, 1_300), (9, 1_300)])
def test_each_contact_within_a_day_raises_distress(contacts: int, expected: int) -> None:
    """The ladder of contacts is measured; its last step holds for more."""
    customer = told(
        *(signal(T + at, conversation=f"t-{at}") for at in range(contacts)),
        *(answer(T + 20, conversation=f"t-{at}") for at in range(contacts)),
    )
    found = looked(customer, T + 20)
    assert found.contacts_24h == contacts
    assert points(found.distress).get("contacts", 0) == expected
    assert all(part.basis == "measured" for part in found.distress if part.name == "contacts")
    hour = T // HOUR_MS * HOUR_MS
    assert looked(customer, hour + 24 * HOUR_MS - 1).contacts_24h == contacts
    assert looked(customer, hour + 24 * HOUR_MS).contacts_24h == 0


def test_the_ladder_of_contacts_begins_with_the_first() -> None:
    """Where the configuration gives it points; the shipped one gives none."""
    scoring = msgspec.structs.replace(SCORING, contact_ladder=(100, 300))
    found = looked(told(signal(T), answer(T + 1), scoring=scoring), T + 1, scoring=scoring)
    assert points(found.distress) == {"contacts": 100}


def test_the_strongest_part_is_on_top() -> None:
    """And none is where nothing adds to distress."""
    found = looked(told(signal(T, 300), signal(T + 1, 900, family="intent")), T + 1)
    top = found.top()
    assert top is not None and top.name == "intent"
    assert looked(told(interaction(T, "refund"), answer(T + 1)), T + 1).distress[0].name == "relief"
    calm = looked(told(signal(T), answer(T + 1)), T + 1)
    assert calm.top() is None and calm.distress == ()
    assert looked(told(interaction(T, "refund"), answer(T + 1)), T + 1).top() is None


def test_what_takes_a_score_back_within_its_bounds_is_no_cause() -> None:
    """Relief outweighs a little anger; the anger is what adds to distress all the same."""
    found = looked(told(signal(T, 300), interaction(T + 1, "refund"), answer(T + 2)), T + 2)
    assert points(found.distress) == {"feeling": 300, "relief": -900, "bounds": 600}
    top = found.top()
    assert top is not None and top.name == "feeling"


@pytest.mark.parametrize(("points_e2", "adds"), [(0, False), (1, True)])
def test_the_least_there_is_adds_to_distress(points_e2: int, *, adds: bool) -> None:
    """A hundredth of a point."""
    parts = (Part("feeling", points_e2), Part("relief", -5))
    found = msgspec.structs.replace(looked(Customer()), distress=parts)
    assert (found.top() is not None) == adds


def test_only_contacts_and_displeasure_are_measured() -> None:
    """Whoever reads a part learns how its weight is known."""
    angry = told(
        signal(T, 900, turn=Turn(words=3, mood_e2=-60)),
        signal(T + 1, 900, family="intent", conversation="t-2"),
        interaction(T + 2, "refund"),
        interaction(T + 3, "checkout_failed"),
    )
    found = looked(angry, T + 4 * HOUR_MS)
    measured = {"contacts", "displeasure"}
    assert measured | {"feeling", "intent", "relief", "effort"} <= points(found.distress).keys()
    assert {"feeling", "intent", "relief", "friction", "trail"} <= points(found.health).keys()
    for part in (*found.distress, *found.health):
        assert part.basis == ("measured" if part.name in measured else "assumed")


def test_causes_are_those_that_weigh_most_now() -> None:
    """A great grief of two days ago weighs less than a small one of today; three are shown."""
    customer = told(
        signal(T - 48 * HOUR_MS, 1_600),
        *(signal(T + at, at) for at in (500, 700, 600)),
        answer(T + 701),
    )
    (part,) = looked(customer, T + 701).distress[:1]
    assert [past.points for past in part.causes] == [700, 600, 500]
    # An hour old is old: a point more no longer outweighs what was just said.
    hourly = told(signal(T - HOUR_MS, 101), signal(T, 100), answer(T + 1))
    assert [past.points for past in looked(hourly, T + 1).distress[0].causes] == [100, 101]
    halved = told(signal(T - 12 * HOUR_MS, 201), signal(T, 100), answer(T + 1))
    assert [past.points for past in looked(halved, T + 1).distress[0].causes] == [201, 100]
    old = told(signal(T, 900), signal(T + 1, 800), answer(T + 2))
    later = T + 9 * DAY_MS  # older than the hour ring: they weigh nothing in distress any more
    (_, feeling) = looked(old, later).health[:2]
    assert feeling.name == "feeling" and [past.points for past in feeling.causes] == [800, 900]
    nothing = signal(later, cues=(Cue("odd", "feeling", 0),))
    (_, feeling) = looked(advance(old, nothing, SCORING), later).health[:2]
    assert [past.points for past in feeling.causes] == [0, 800, 900], "the newest of no weight"


@pytest.mark.parametrize("reverse", [False, True])
def test_of_several_waits_the_longest_counts(reverse: bool) -> None:
    """Also one that began at time 0, which is a time like any other."""
    talks = [signal(0, conversation="t-0"), signal(5, conversation="t-5")]
    wait = waiting(told(*(reversed(talks) if reverse else talks)))
    assert (wait.state, wait.since_ms) == ("yes", 0)
    assert wait.talk is not None and wait.talk.key == "t-0"


def test_of_two_that_wait_equally_long_it_is_the_one_that_was_heard_of_less_recently() -> None:
    """One and the same on every replay."""
    wait = waiting(told(signal(T, conversation="t-0"), signal(T, conversation="t-5")))
    assert wait.talk is not None and wait.talk.key == "t-0"


def test_a_wait_that_shows_is_known_although_another_source_is_blind() -> None:
    """Unknown is only who waits nowhere we can see."""
    seen = told(signal(T, conversation="t-0", inbound=True), signal(T, conversation="t-5"))
    assert waiting(seen).state == "yes"
    assert waiting(told(signal(T), answer(T + 1))).state == "no"


# ---------------------------------------------------------------------- health


def test_health_starts_from_a_base_and_loses_by_what_went_wrong() -> None:
    """Shares of slow sums, and of distress as it is now."""
    found = looked(
        told(
            signal(T, 2_000),
            signal(T + 1, 1_000, family="intent"),
            interaction(T + 2, "checkout_failed"),
            answer(T + 3),
        ),
        T + 3,
    )
    assert points(found.health) == {
        "base": 8_500,
        "feeling": -600,
        "friction": -180,
        "intent": -350,
        "trail": -1_080,
    }
    causes = {part.name: [past.family for past in part.causes] for part in found.health}
    assert causes == {
        "base": [], "feeling": ["feeling"], "friction": ["effort"], "intent": ["intent"],
        "trail": [],
    }  # fmt: skip


def test_a_share_is_a_whole_number_of_hundredths() -> None:
    """Cut, not rounded: no float enters a score."""
    found = looked(told(signal(T, 2_003), answer(T + 1)), T + 1)
    assert points(found.health)["feeling"] == -600
    assert all(isinstance(part.points_e2, int) for part in found.health)


def test_relief_heals_and_lifts_nobody_above_the_base() -> None:
    """Thanks for nothing wrong is worth nothing."""
    fine = looked(told(*(interaction(T + at, "refund") for at in range(9))), T + 9)
    assert points(fine.health) == {"base": 8_500}
    hurt = looked(told(signal(T, 2_000), interaction(T + 1, "refund"), answer(T + 2)), T + 2)
    assert points(hurt.health)["relief"] == 180
    (relief,) = [part for part in hurt.health if part.name == "relief"]
    assert [past.cue for past in relief.causes] == ["refund"]


@pytest.mark.parametrize(("waited_ms", "expected"), [(DAY_MS - 1, None), (DAY_MS, -500)])
def test_a_day_without_an_answer_costs_health(waited_ms: int, expected: int | None) -> None:
    """Exactly a day."""
    found = looked(told(signal(T)), T + waited_ms)
    assert points(found.health).get("unresolved") == expected


def _at_health(health_e2: int, before: str) -> str:
    """Band of a customer whose health is just this."""
    scoring = Scoring(base=health_e2, interactions={"seen": Interaction()})
    customer = advance(Customer(), interaction(T, "seen"), scoring)
    return looked(msgspec.structs.replace(customer, band=before), scoring=scoring).band


BANDS = [
    (7_000, "unknown", "healthy"), (6_999, "unknown", "watch"), (5_000, "unknown", "watch"),
    (4_999, "unknown", "at_risk"), (3_000, "unknown", "at_risk"), (2_999, "unknown", "critical"),
    (6_999, "healthy", "watch"), (2_999, "healthy", "critical"),
    (7_299, "watch", "watch"), (7_300, "watch", "healthy"),
    (7_000, "healthy", "healthy"),
    (5_299, "at_risk", "at_risk"), (5_300, "at_risk", "watch"), (7_299, "at_risk", "watch"),
    (3_299, "critical", "critical"), (3_300, "critical", "at_risk"),
    (10_000, "critical", "healthy"),
]  # fmt: skip


@pytest.mark.parametrize(("health_e2", "before", "expected"), BANDS)
def test_a_band_is_left_at_once_for_a_worse_one_and_with_a_margin_for_a_better(
    health_e2: int, before: str, expected: str
) -> None:
    """So a score that trembles at a cut does not make the band flap."""
    assert _at_health(health_e2, before) == expected


def test_a_band_that_has_settled_stays() -> None:
    """Looking again at the same score changes nothing."""
    for health_e2, before, _ in BANDS:
        settled = _at_health(health_e2, before)
        assert _at_health(health_e2, settled) == settled


# ---------------------------------------------------------------------- when to look again


def test_at_rest_nobody_looks_again() -> None:
    """A healthy customer without distress costs nothing until the next record."""
    assert looked(told(signal(T), answer(T + 1)), T + 1).next_ms is None


def test_above_resting_it_is_once_an_hour_at_the_customers_own_minute() -> None:
    """Spread, so that not all of a partition come at the full hour."""
    angry = told(signal(T, 4_000), answer(T + 1))
    hour = T // HOUR_MS * HOUR_MS
    assert looked(angry, T + 1).next_ms == hour + HOUR_MS
    assert health(angry, T + 1, SCORING, complete_to_ms=T + 1).next_ms == hour + HOUR_MS
    assert looked(angry, hour + 5, spread_ms=7).next_ms == hour + 7
    assert looked(angry, hour + 7, spread_ms=7).next_ms == hour + HOUR_MS + 7
    resting = SCORING.resting
    for points_e2, next_ms in ((resting - 1, None), (resting, hour + HOUR_MS)):
        barely = told(signal(T, points_e2), answer(T + 1))
        assert looked(barely, T + 1).next_ms == next_ms


def test_below_healthy_it_is_once_a_day() -> None:
    """What went wrong over weeks changes by the day only."""
    scoring = Scoring(base=6_000, interactions={"seen": Interaction()})
    customer = advance(Customer(), interaction(T, "seen"), scoring)
    assert looked(customer, scoring=scoring).next_ms == T // DAY_MS * DAY_MS + DAY_MS


def test_a_wait_is_looked_at_step_by_step_and_then_no_more() -> None:
    """Half an hour, an hour, 4, 12, 24 and 72 hours: then the clock has nothing more to add."""
    scoring = msgspec.structs.replace(SCORING, resting=FULL + 1, base=FULL)
    customer = told(signal(T, reading=UNREAD), scoring=scoring)
    seen, at_ms = [], T
    while (next_ms := looked(customer, at_ms, scoring=scoring).next_ms) is not None:
        seen.append(next_ms - T)
        at_ms = next_ms
    assert seen == [step.after_ms for step in scoring.wait_steps]


def test_a_day_of_waiting_is_looked_at_although_no_step_is_there() -> None:
    """Health has a step of its own."""
    scoring = msgspec.structs.replace(SCORING, wait_steps=(), resting=FULL + 1, base=FULL)
    customer = told(signal(T, reading=UNREAD), scoring=scoring)
    assert looked(customer, T, scoring=scoring).next_ms == T + DAY_MS
    assert looked(customer, T + DAY_MS, scoring=scoring).next_ms is None


# ---------------------------------------------------------------------- without the wait

AT_ONCE = msgspec.structs.replace(SCORING, wait_steps=(WaitStep(1, 700),))
"""Waiting counts from its first millisecond on."""


def test_an_answer_is_worth_nothing_before_the_clock_has_struck() -> None:
    """Both scores stay what they are."""
    angry = told(signal(T, 2_000))
    found = looked(angry, T + 5 * MINUTE_MS)
    assert found.distress_e2 is not None and found.health_e2 is not None
    assert found.distress_e2 != found.health_e2
    assert answered_now(angry, found, SCORING) == Answered(found.distress_e2, found.health_e2)


def test_what_an_answer_is_worth_to_somebody_unread_nobody_knows() -> None:
    """Their health is unknown, and so is what it would be."""
    unread = told(signal(T, reading=UNREAD))
    assert answered_now(unread, looked(unread, T + 5 * HOUR_MS), SCORING) is None


def test_without_the_wait_not_a_millisecond_of_it_counts() -> None:
    """For an answer, for the trend, and where nobody waits."""
    waits = told(signal(T, 2_000), scoring=AT_ONCE)
    found = looked(waits, T + 1, scoring=AT_ONCE)
    assert points(found.distress) == {"feeling": 2_000, "waiting_now": 700}
    then = answered_now(waits, found, AT_ONCE)
    assert then is not None and then.distress_e2 == 2_000
    assert distress_before(waits, T + 1, AT_ONCE) == 2_000
    answered = told(signal(T, 2_000), answer(T + 1), scoring=AT_ONCE)
    assert points(looked(answered, T + 2, scoring=AT_ONCE).distress) == {"feeling": 2_000}


# ---------------------------------------------------------------------- the trend


def test_distress_of_before_is_what_it_was_then_without_waits() -> None:
    """What has happened since does not count."""
    before = told(signal(T, 2_000), answer(T + 1))
    after = advance(before, signal(T + DAY_MS, 4_000), SCORING)
    assert distress_before(after, T + 1, SCORING) == looked(before, T + 1).distress_e2 == 2_000
    assert distress_before(after, T + DAY_MS, SCORING) == 500 + 4_000


@given(st.lists(st.integers(0, 3 * DAY_MS), min_size=2, max_size=8).map(sorted))
def test_without_news_distress_never_rises(later_ms: list[int]) -> None:
    """Nobody waits, nothing happens: time only heals."""
    customer = told(
        signal(T, 5_000), signal(T + 1, 900, family="intent", cues=()), answer(T + 2),
        signal(T + 3, reading=Reading("en", 0, (Cue("lawyer", "intent", 90),))), answer(T + 4),
    )  # fmt: skip
    seen = [looked(customer, T + 4 + at).distress_e2 for at in later_ms]
    assert all(b is not None and a is not None and b <= a for a, b in pairwise(seen))
