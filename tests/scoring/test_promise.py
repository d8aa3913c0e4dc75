"""Promise against experience: a signed gap, and where the promise is from."""

from __future__ import annotations

import msgspec
import pytest

from scoring.calendar import Calendar
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS, Scoring, Touchpoint
from scoring.customer import CAPS, Customer, advance
from scoring.health import Health, answered_now, health
from scoring.promise import Promise, promise
from scoring.records import LogRecord
from tests.strategies import BASE_MS, SCORING, answer, signal

T = BASE_MS
SHOP = msgspec.structs.replace(
    SCORING,
    touchpoints={
        "shop": Touchpoint(promise_ms=4 * HOUR_MS, team="web"),
        "checkout": Touchpoint(parent="shop", promise_ms=HOUR_MS),
        "cart": Touchpoint(parent="checkout", team="carts"),
        "lonely": Touchpoint(parent="gone"),
        "loop": Touchpoint(parent="loop"),
    },
)


def told(*records: LogRecord, scoring: Scoring = SHOP) -> Customer:
    """What we remember after these records."""
    found = Customer()
    for record in records:
        found = advance(found, record, scoring)
    return found


def looked(customer: Customer, at_ms: int, scoring: Scoring = SHOP) -> Health:
    """Health at a moment up to which all is read."""
    return health(customer, at_ms, scoring, complete_to_ms=at_ms)


def at(touchpoint: str | None, waited_ms: int) -> Promise:
    """Somebody has waited so long at a touch-point."""
    return looked(told(signal(T, touchpoint=touchpoint)), T + waited_ms).promise


@pytest.mark.parametrize(
    ("touchpoint", "allowed_ms", "team"),
    [
        ("shop", 4 * HOUR_MS, "web"),
        ("checkout", HOUR_MS, "web"),
        ("cart", HOUR_MS, "carts"),
        ("lonely", None, None),
        ("loop", None, None),
        ("unheard-of", None, None),
        (None, None, None),
    ],
)
def test_a_touchpoint_has_the_promise_and_team_of_its_nearest_parent(
    touchpoint: str | None, allowed_ms: int | None, team: str | None
) -> None:
    """And none where nobody promised anything: missing is not 0."""
    found = at(touchpoint, HOUR_MS)
    assert (found.allowed_ms, found.team, found.touchpoint) == (allowed_ms, team, touchpoint)
    assert found.experienced_ms == HOUR_MS
    assert (found.source == "promise") == (allowed_ms is not None)
    assert (found.gap_ms is None) == (allowed_ms is None) == (found.late is None)


@pytest.mark.parametrize(("waited_ms", "late"), [(HOUR_MS, False), (HOUR_MS + 1, True)])
def test_a_promise_is_kept_to_the_millisecond(waited_ms: int, late: bool) -> None:
    """The gap is signed, and the next look is at the moment the promise breaks."""
    found = at("checkout", waited_ms)
    assert (found.gap_ms, found.late) == (waited_ms - HOUR_MS, late)
    customer = told(signal(T, touchpoint="checkout"))
    assert looked(customer, T + HOUR_MS).next_ms == T + HOUR_MS + 1
    assert looked(customer, T + HOUR_MS + 1).next_ms == T + 4 * HOUR_MS


def test_where_nobody_waits_the_newest_answer_counts() -> None:
    """Answered twenty minutes before the promise would have been broken."""
    found = looked(
        told(signal(T, touchpoint="checkout"), answer(T + 40 * MINUTE_MS)), T + DAY_MS
    ).promise
    assert (found.gap_ms, found.touchpoint) == (-20 * MINUTE_MS, "checkout")
    assert looked(told(answer(T)), T).promise == Promise()


def answered(*minutes: int) -> list[LogRecord]:
    """A message a day, answered after so many minutes."""
    found: list[LogRecord] = []
    for day, took in enumerate(minutes):
        at_ms = T + day * DAY_MS
        found += [signal(at_ms), answer(at_ms + took * MINUTE_MS)]
    return found


def test_without_a_promise_the_customers_own_norm_counts() -> None:
    """The median of the answers before, once there are three."""
    few = looked(told(*answered(10, 20, 90)), T + 9 * DAY_MS).promise
    assert (few.source, few.gap_ms, few.experienced_ms) == ("none", None, 90 * MINUTE_MS)
    four = looked(told(*answered(10, 20, 90, 30)), T + 9 * DAY_MS).promise
    assert (four.source, four.gap_ms) == ("own_norm", 10 * MINUTE_MS)
    waits = told(*answered(10, 20, 90), signal(T + 9 * DAY_MS))
    open_ = looked(waits, T + 9 * DAY_MS + HOUR_MS).promise
    assert (open_.source, open_.gap_ms) == ("own_norm", 40 * MINUTE_MS)
    many = told(*answered(*range(1, 30)))
    assert many.answers == tuple(60 * took for took in range(22, 30))
    assert len(many.answers) == CAPS["answers"]


def test_answers_are_measured_in_business_time() -> None:
    """Asked at night and answered at half past nine: half an hour."""
    office = msgspec.structs.replace(
        SHOP, calendars={"office": Calendar(week=(((540, 1020),),) * 7)}, calendar="office"
    )
    midnight = T // DAY_MS * DAY_MS
    found = told(signal(midnight), answer(midnight + 9 * HOUR_MS + 30 * MINUTE_MS), scoring=office)
    assert found.answers == (1_800,)


def test_an_answer_to_nobody_is_none() -> None:
    """Nobody asked, or it is older than the question."""
    assert told(answer(T)).answers == ()
    assert told(signal(T), answer(T - 5)).answers == ()
    assert told(signal(T), signal(T + 5, author="bot")).answers == ()


def test_a_promise_kept_while_distress_is_high_is_a_watermelon() -> None:
    """Green outside, red inside; a broken promise or an own norm is none."""
    angry = told(
        signal(T, 4_500, touchpoint="checkout"),
        signal(T + 1, 4_000, family="intent", touchpoint="checkout"),
    )
    assert looked(angry, T + HOUR_MS).promise.watermelon
    assert not looked(angry, T + HOUR_MS + 1).promise.watermelon
    calm = msgspec.structs.replace(SHOP, high=9_900)
    assert not looked(angry, T + HOUR_MS, calm).promise.watermelon
    normal = told(*answered(90, 90, 90), signal(T + 9 * DAY_MS, 9_000, family="intent"))
    found = looked(normal, T + 9 * DAY_MS, msgspec.structs.replace(SHOP, high=100)).promise
    assert (found.source, found.late, found.watermelon) == ("own_norm", False, False)


def test_an_answer_now_takes_away_the_clock_and_nothing_else() -> None:
    """What it would be worth, as exact sums; nothing where nobody waits."""
    customer = told(signal(T, 4_000))
    at_ms = T + 24 * HOUR_MS
    found = looked(customer, at_ms)
    then = answered_now(customer, found, SHOP)
    assert then is not None and found.distress_e2 is not None and found.health_e2 is not None
    assert found.distress_e2 - then.distress_e2 == 2_000
    assert then.health_e2 - found.health_e2 == 500 + 600  # unresolved, and 30 % of the trail
    ended = looked(told(signal(T, 4_000), answer(at_ms)), at_ms)
    assert (then.distress_e2, then.health_e2) == (ended.distress_e2, ended.health_e2)
    assert answered_now(customer, ended, SHOP) is None
    nobody = looked(Customer(), T)
    assert answered_now(Customer(), nobody, SHOP) is None


def test_a_team_owns_a_touchpoint_that_promises_nothing() -> None:
    """Who owns it is said although there is no gap."""
    owned = msgspec.structs.replace(SCORING, touchpoints={"desk": Touchpoint(team="desks")})
    found = looked(told(signal(T, touchpoint="desk"), scoring=owned), T + HOUR_MS, owned).promise
    assert (found.source, found.team) == ("none", "desks")


@pytest.mark.parametrize(("below_e2", "watermelon"), [(0, True), (1, False)])
def test_distress_is_high_from_the_limit_on(below_e2: int, watermelon: bool) -> None:
    """Exactly at the limit a kept promise is a watermelon, a hundredth below it is not."""
    customer = told(signal(T, touchpoint="shop"))
    talk = customer.conversations[0]
    found = promise(customer, talk, HOUR_MS, SHOP.high - below_e2, SHOP)
    assert found.watermelon is watermelon
