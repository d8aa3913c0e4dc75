"""What is usual for a customer: shrunk to a prior, with a stated confidence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoring.baseline import Baseline, baseline
from scoring.config import DAY_MS, HOUR_MS, Prior, Scoring
from scoring.customer import Customer, advance
from scoring.health import health
from scoring.records import LogRecord, Signal
from tests.strategies import BASE_MS, SCORING, answer, interaction, signal, signals

T = BASE_MS // DAY_MS * DAY_MS


def told(*records: LogRecord) -> Customer:
    """What we remember after these records."""
    found = Customer()
    for record in records:
        found = advance(found, record, SCORING)
    return found


def weekly(weeks: int, points: int = 0) -> list[LogRecord]:
    """A contact a week."""
    return [
        signal(T + week * 7 * DAY_MS, points, conversation=f"t-{week}") for week in range(weeks)
    ]


def test_a_new_customer_is_what_the_prior_says_and_nobody_is_sure_of_it() -> None:
    """No confidence, no momentum, and no red."""
    assert baseline(Customer(), T, SCORING) == Baseline(100, 500, 0, 0, 0)
    first = baseline(told(signal(T, 2_800)), T, SCORING)
    assert (first.contacts_e2, first.points_e2) == (
        (700 + 2_800) // 29,
        (7 * 2_800 + 28 * 500) // 29,
    )
    assert (first.days, first.confidence_e2) == (1, 3)


def test_the_own_rate_takes_over_as_days_go_by() -> None:
    """Half own after as many days as the prior weighs; what is older than the rings is gone."""
    prior = Scoring(prior=Prior(days=28, contacts_e2=300, points_e2=0))
    half = baseline(told(*weekly(4, 600)), T + 27 * DAY_MS, prior)
    assert (half.confidence_e2, half.contacts_e2) == (50, 200)
    assert half.points_e2 == 7 * 4 * 600 // 56
    old = baseline(told(*weekly(4)), T + 900 * DAY_MS, prior)
    assert (old.days, old.contacts_e2, old.confidence_e2) == (90, 28 * 300 // 118, 76)


def test_momentum_rises_when_it_gets_worse_and_falls_when_it_gets_better() -> None:
    """Points a day: as of the last hours, less as of the last weeks."""
    steady = told(*[signal(T + hour * HOUR_MS, 100) for hour in range(60 * 24)])
    now = T + 60 * DAY_MS - 1
    assert abs(baseline(steady, now, SCORING).momentum_e2) < 100
    worse = advance(steady, signal(now, 3_000), SCORING)
    assert baseline(worse, now, SCORING).momentum_e2 > 2_000
    assert baseline(steady, now + 3 * DAY_MS, SCORING).momentum_e2 < -1_000
    healed = advance(steady, interaction(now, "refund"), SCORING)
    assert baseline(healed, now, SCORING) == baseline(steady, now, SCORING)


@given(
    st.lists(signals(st.integers(T, T + 30 * DAY_MS)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_it_does_not_depend_on_the_order_of_arrival(
    given_signals: list[Signal], shuffler: object
) -> None:
    """For interactions, which are points and nothing else."""
    plain = [one for one in given_signals if one.type != "message"]
    shuffled = list(plain)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    at_ms = T + 30 * DAY_MS
    assert baseline(told(*plain), at_ms, SCORING) == baseline(told(*shuffled), at_ms, SCORING)


def test_nobody_is_red_because_somebody_has_to_be() -> None:
    """A hundred calm customers, some calmer than others: all are healthy."""
    for number in range(100):
        customer = told(signal(T, number), answer(T + 1))
        assert health(customer, T + 1, SCORING, complete_to_ms=T + 1).band == "healthy"
