"""Which picture of a customer is shown, and how it is compared with what was published."""

from __future__ import annotations

from msgspec.structs import replace

from alerts.outputs import (
    At,
    Contribution,
    HealthRow,
    Output,
    Quality,
    Transition,
    Waiting,
)
from streams.cli.explanation import compared, newest_by_alert, picture, total_e2
from tests.alerts.transitions import transition

LOG = "nabz.customer-log.v1"


def row(offset: int, as_of_ms: int, *, index: int = 0, customer: str = "ann") -> HealthRow:
    """A health row decided at an offset."""
    return HealthRow(
        customer=customer,
        version=offset + 1,
        as_of_ms=as_of_ms,
        event_ms=as_of_ms,
        complete_to_ms=as_of_ms,
        health_e2=7_250,
        distress_e2=1_250,
        band="healthy",
        confidence_e2=50,
        trend_e2=None,
        reason=None,
        health=(Contribution("base", 8_500), Contribution("trail", -1_250)),
        distress=(Contribution("feeling", 1_250),),
        quality=Quality(timely=True, read_ratio_e2=100),
        waiting=Waiting("no"),
        contacts_24h=1,
        open_alerts=0,
        account=None,
        name=None,
        tier=None,
        language=None,
        config_hash="c",
        log=At(LOG, 0, offset, index, 1),
    )


def change(offset: int, at_ms: int, *, seq: int, notify: bool = True, index: int = 0) -> Transition:
    """A transition of one alert of the same customer."""
    return replace(
        transition(),
        customer="ann",
        fingerprint="f",
        alert_id="a1",
        seq=seq,
        notify=notify,
        at_ms=at_ms,
        log=At(LOG, 0, offset, index, 1),
    )


HISTORY: tuple[Output, ...] = (
    row(1, 1_000),
    row(2, 1_500, customer="bob"),
    change(3, 3_000, seq=1, notify=False),
    row(3, 3_000, index=1),
    change(4, 4_000, seq=2),
    row(4, 4_000, index=1),
    change(5, 5_000, seq=3, notify=False),
    row(5, 5_000, index=1),
)


def test_without_a_question_it_is_the_newest_picture() -> None:
    """What is shown is what the log says now, of this customer alone."""
    found = picture("ann", HISTORY)
    assert found.row == row(5, 5_000, index=1)
    assert [one.seq for one in found.transitions] == [1, 2, 3]
    assert picture("bob", HISTORY).row == row(2, 1_500, customer="bob")


def test_an_alert_shows_what_it_last_told_somebody() -> None:
    """The command in a message leads to what the message was about, not to what came after."""
    found = picture("ann", HISTORY, alert="a1")
    assert found.transition is not None
    assert (found.transition.seq, found.transition.at_ms) == (2, 4_000)
    assert found.row == row(4, 4_000, index=1)
    assert [one.seq for one in found.transitions] == [1, 2]


def test_an_alert_that_told_nobody_shows_its_newest_transition() -> None:
    """A pending alert can be asked about too."""
    silent = tuple(
        replace(one, notify=False) if isinstance(one, Transition) else one for one in HISTORY
    )
    found = picture("ann", silent, alert="a1")
    assert found.transition is not None
    assert found.transition.seq == 3


def test_a_row_that_was_held_back_is_not_taken_from_later() -> None:
    """Beside a transition stands what was known then, at the latest."""
    held = tuple(one for one in HISTORY if one != row(4, 4_000, index=1))
    assert picture("ann", held, alert="a1").row == row(3, 3_000, index=1)


def test_an_unknown_alert_is_not_found() -> None:
    """Another customer's alert is no answer."""
    assert picture("ann", HISTORY, alert="other").transition is None
    assert picture("bob", HISTORY, alert="a1").transition is None


def test_a_time_shows_nothing_later() -> None:
    """Asking for ten o'clock gives the newest picture decided up to ten o'clock."""
    assert picture("ann", HISTORY, at_ms=4_999).row == row(4, 4_000, index=1)
    assert picture("ann", HISTORY, at_ms=4_000).row == row(4, 4_000, index=1)
    assert picture("ann", HISTORY, at_ms=3_999).row == row(3, 3_000, index=1)
    assert picture("ann", HISTORY, at_ms=999).row is None


def test_the_published_row_is_compared_with_the_one_of_its_place() -> None:
    """A worker that is behind has not published something else."""
    derived = [row(1, 1_000), row(3, 3_000, index=1)]
    assert compared(derived, derived[1]) == ("same", (), 0)
    assert compared(derived, derived[0]) == ("same", (), 1)


def test_a_difference_is_named() -> None:
    """Which fields differ is where to look."""
    derived = [row(3, 3_000)]
    published = replace(derived[0], distress_e2=1_300, contacts_24h=2)
    assert compared(derived, published) == ("differs", ("distress_e2", "contacts_24h"), 0)


def test_a_row_the_log_never_gives_differs() -> None:
    """A published row between two derived ones was decided by something else than this log."""
    derived = [row(1, 1_000), row(5, 5_000)]
    assert compared(derived, row(3, 3_000)).verdict == "differs"


def test_what_cannot_be_compared_is_not_called_different() -> None:
    """Nothing published, the log's beginning gone, or a newer row: said as it is."""
    derived = [row(3, 3_000)]
    assert compared(derived, None).verdict == "not_published"
    assert compared(derived, row(1, 1_000)).verdict == "older"
    assert compared(derived, row(9, 9_000)).verdict == "newer"


def test_the_parts_are_summed_with_their_signs() -> None:
    """Law 6 is checked on what is shown."""
    assert total_e2(row(1, 1).health) == 7_250
    assert total_e2(()) == 0


def test_alerts_are_kept_apart() -> None:
    """Transitions of two alerts do not mix, and the one moved last is last."""
    other = replace(change(3, 3_500, seq=1), fingerprint="g", alert_id="a2")
    found = newest_by_alert([change(3, 3_000, seq=1), other, change(4, 4_000, seq=2)])
    assert list(found) == ["g", "f"]
    assert [one.seq for one in found["f"]] == [1, 2]
