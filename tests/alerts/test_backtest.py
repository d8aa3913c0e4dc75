"""Alerts held against what happened: hits, lead, ties, what is too late, who was missed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.backtest import (
    BUDGETS,
    DAY_MS,
    RANDOM,
    Fired,
    Timeline,
    Verdict,
    judge,
    third_complaints,
    unalerted,
)

HOUR_MS = 3_600_000


def line(
    customer: str,
    looks: dict[int, float],
    *,
    fired: tuple[Fired, ...] = (),
    events: tuple[int, ...] = (),
) -> Timeline:
    """One customer with one score."""
    return Timeline(customer, tuple(looks), {"score": tuple(looks.values())}, fired, events)


def judged(
    *lines: Timeline, days: int = 10, horizon_days: float = 2, labelled: bool = True
) -> Verdict:
    """The verdict over the first days of time."""
    return judge(
        lines,
        from_ms=0,
        to_ms=days * DAY_MS,
        horizon_ms=round(horizon_days * DAY_MS),
        labelled=labelled,
    )


def alert(opened_ms: int, **changes: object) -> Fired:
    """An alert of the one rule."""
    return Fired(**({"rule": "r", "severity": "warning", "opened_ms": opened_ms} | changes))  # type: ignore[arg-type]


def test_an_alert_is_right_if_its_event_follows_within_the_horizon() -> None:
    """Ann's came an hour later, bo's too long after, cy had none; dee's alert was too late."""
    found = judged(
        line("ann", {0: 1.0}, fired=(alert(HOUR_MS),), events=(2 * HOUR_MS,)),
        line("bo", {0: 1.0}, fired=(alert(0),), events=(3 * DAY_MS,)),
        line("cy", {0: 1.0}, fired=(alert(0),)),
        line("dee", {0: 1.0}, fired=(alert(6 * HOUR_MS),), events=(5 * HOUR_MS,)),
        line("eve", {0: 1.0}),
    )
    worth = found.worth
    assert (worth.alerts, worth.precision, worth.recall) == (3, 1 / 3, 1 / 3)
    assert worth.lead_ms == (HOUR_MS, HOUR_MS, HOUR_MS)
    assert found.late == 1
    assert found.events == 3
    assert found.false_alarm_ratio == 1 / 2  # cy, of cy and eve


def test_two_alerts_before_one_event_find_it_once_and_lead_counts_from_the_first() -> None:
    """Both are right all the same."""
    two = (alert(HOUR_MS), alert(3 * HOUR_MS))
    worth = judged(line("ann", {0: 1.0}, fired=two, events=(4 * HOUR_MS,))).worth
    assert (worth.alerts, worth.precision, worth.recall) == (2, 1.0, 1.0)
    assert worth.lead_ms == (3 * HOUR_MS,) * 3


def test_nothing_is_said_of_precision_where_nobody_said_what_happened() -> None:
    """Counts and load are; a figure would be made up."""
    found = judged(line("ann", {0: 1.0}, fired=(alert(0),)), labelled=False)
    assert (found.events, found.worth.alerts, found.worth.precision) == (None, 1, None)
    assert (found.worth.recall, found.false_alarm_ratio) == (None, None)
    assert all(one.precision is None for one in found.equal.values())


def test_the_highest_scores_take_the_budget_one_a_customer_and_day() -> None:
    """Ann's two looks on one day are one alert, bo's on two days are two."""
    found = judged(
        line("ann", {0: 50.0, HOUR_MS: 90.0}, fired=(alert(0),), events=(DAY_MS,)),
        line("bo", {0: 80.0, DAY_MS: 70.0}, fired=(alert(0),)),
    )
    worth = found.equal["score"]
    assert (worth.alerts, worth.precision, worth.recall) == (2, 0.5, 1.0)
    assert worth.lead_ms == (DAY_MS - HOUR_MS,) * 3


def test_what_is_seen_after_an_event_is_neither_right_nor_wrong() -> None:
    """Whoever has escalated is angry for days: no score is to be praised or blamed for it."""
    angry = line("ann", {0: 10.0, 2 * HOUR_MS: 99.0, DAY_MS: 99.0}, events=(HOUR_MS,))
    calm = line("bo", {0: 5.0}, fired=(alert(0),))
    worth = judged(angry, calm).equal["score"]
    assert (worth.alerts, worth.precision, worth.recall) == (1, 1.0, 1.0)


def test_ties_are_worth_what_drawing_among_them_gives_on_average() -> None:
    """The figures of a constant are those of chance, held against many draws."""
    rng = random.Random(7)
    lines = [
        line(f"c{one}", {0: 0.0}, events=(HOUR_MS,) if one % 4 == 0 else ()) for one in range(40)
    ]
    lines[1] = line("c1", {0: 0.0}, fired=tuple(alert(one) for one in range(10)))
    worth = judged(*lines).equal[RANDOM]
    drawn = [rng.sample(range(40), 10) for _ in range(4_000)]
    right = sum(one % 4 == 0 for draw in drawn for one in draw) / 40_000
    assert worth.precision == pytest.approx(0.25) == pytest.approx(right, abs=0.01)
    assert worth.recall == pytest.approx(0.25)


def test_an_event_beyond_the_stretch_makes_nothing_right() -> None:
    """What is right and what is found rest on the same events."""
    late = line("ann", {0: 1.0}, fired=(alert(0),), events=(DAY_MS,))
    found = judged(late, days=1)
    assert (found.events, found.worth.precision, found.worth.recall) == (0, 0.0, None)


def test_load_counts_days_of_each_owner_and_shadow_is_nobodys() -> None:
    """Three for support over ten days, two of them on one; the shadow rule is reported apart."""
    fired = (
        alert(0, owner="support"),
        alert(HOUR_MS, owner="support", closed_ms=DAY_MS, relapses=1, severity="critical"),
        alert(5 * DAY_MS, owner="support", closed_ms=6 * DAY_MS),
        alert(0, rule="tried", shadow=True),
    )
    found = judged(line("ann", {0: 1.0}, fired=fired))
    (load,) = found.loads
    assert (load.owner, load.mean, load.most) == ("support", 0.3, 2)
    known, tried = found.rules
    assert (known.severities, known.open) == ({"critical": 1, "warning": 2}, 1)
    assert known.flap_ratio == pytest.approx(1 / 3)
    assert (tried.rule, found.worth.alerts, tried.worth.alerts) == ("tried", 3, 1)
    assert found.per_day == ((0, 2), (5 * DAY_MS, 1))


@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.integers(0, 10 * DAY_MS - 1), st.floats(0, 100), min_size=1, max_size=6
            ),
            st.lists(st.integers(0, 10 * DAY_MS - 1), max_size=2, unique=True),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_shares_are_shares_and_more_alerts_never_find_less(
    given_lines: list[tuple[dict[int, float], list[int]]],
) -> None:
    """For any score and any events, at every budget."""
    found = judged(
        *(
            line(f"c{place}", dict(sorted(looks.items())), events=tuple(sorted(events)))
            for place, (looks, events) in enumerate(given_lines)
        )
    )
    before = 0.0
    for budget in BUDGETS:
        for worth in found.budgets[budget].values():
            assert worth.precision is None or 0 <= worth.precision <= 1 + 1e-9
            assert worth.recall is None or 0 <= worth.recall <= 1 + 1e-9
        recall = found.budgets[budget]["score"].recall or 0.0
        assert recall >= before - 1e-9
        before = recall


def test_whom_nobody_was_told_of_is_drawn_over_all_levels() -> None:
    """Of 30 calm and 3 unhappy ones five are drawn: all three, and two who stand for 30."""
    calm = [line(f"calm-{one}", {0: 3.0}) for one in range(30)]
    unhappy = [line(f"bad-{one}", {0: 50.0 + one, HOUR_MS: 10.0}) for one in range(3)]
    told = line("told", {0: 99.0}, fired=(alert(0),))
    shadow = line("shadowed", {0: 99.0}, fired=(alert(0, shadow=True),))

    def drawn(seed: int) -> list[tuple[str, float]]:
        found = unalerted(
            [*calm, *unhappy, told, shadow], "score", count=6, seed=seed, from_ms=0, to_ms=DAY_MS
        )
        return [(one.customer, one.stands_for) for one in found]

    names = [name for name, _ in drawn(1)]
    assert names[0] == "shadowed"
    assert sorted(names[1:4]) == ["bad-0", "bad-1", "bad-2"]
    assert [share for _, share in drawn(1)][4:] == [15.0, 15.0]
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_the_third_complaint_within_a_day_is_the_event() -> None:
    """Not the third at all, and the first time it happens."""
    times = [0, DAY_MS + 1, DAY_MS + 2, DAY_MS + 3, DAY_MS + 4]
    assert third_complaints({"ann": times}) == {"ann": DAY_MS + 3}
    assert third_complaints({"ann": [0, DAY_MS // 2, DAY_MS]}) == {"ann": DAY_MS}
