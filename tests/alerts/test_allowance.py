"""What readers bear: a channel's window, an account's message, an owner's day."""

from __future__ import annotations

from msgspec.structs import replace as changed

from alerts.allowance import Allowance, Group
from alerts.budget import Budget, Meter
from alerts.delivery import digest, planned, untaken
from alerts.ladder import Ladder, Rung, Saying
from alerts.people import Audience, Person
from alerts.pipeline import Kept, Now
from alerts.routing import Route
from scoring.calendar import DAY_MS, Calendar
from tests.alerts.transitions import BASE_MS, HOUR_MS, transition

ANN = Person("ann", ("ops",), hours=Calendar(week=(((480, 1080),),) * 7), budget=1)
AUDIENCE = Audience((ANN,), (Route((), to_owner=True, ladder=Ladder(HOUR_MS)),))
NOON_MS = BASE_MS // DAY_MS * DAY_MS + 12 * HOUR_MS


def now(at_ms: int = NOON_MS) -> Now:
    """The channel of ann."""
    return Now(at_ms, live=False, channel="ops", audience=AUDIENCE)


def kept(allowance: Allowance, name: str, **more: object) -> str | None:
    """Why an opening of an alert is kept back at noon."""
    facts = {"fingerprint": name, "at_ms": NOON_MS} | more
    found = allowance.why_kept(transition(**facts), now(), NOON_MS)  # type: ignore[arg-type]
    return None if found is None else found.reason


def test_an_owner_s_day_is_full_and_an_end_never_is() -> None:
    """What is critical passes, and an end always does."""
    allowance = Allowance(people={"ann": ANN})
    assert [kept(allowance, name) for name in ("a", "b", "a")] == [None, "owner_budget", None]
    assert kept(allowance, "c", severity="critical") is None
    assert kept(allowance, "b", reason="recovered") is None
    assert kept(allowance, "d", shadow=True) == "shadow"


def test_a_day_begins_for_whoever_is_there() -> None:
    """At eight of the next day; at once for whose budget has left the configuration."""
    allowance = Allowance(people={"ann": ANN})
    eight_ms = NOON_MS + DAY_MS - 4 * HOUR_MS
    assert not allowance.begins("ann", NOON_MS, NOON_MS + 1)
    assert not allowance.begins("ann", NOON_MS, eight_ms - 1)
    assert allowance.begins("ann", NOON_MS, eight_ms)
    assert allowance.begins("bob", NOON_MS, NOON_MS)


def test_customers_of_an_account_wait_for_each_other_once() -> None:
    """Not where there is no account, nor who has waited."""
    allowance = Allowance(groups={"ops": Group(1_000)})
    assert kept(allowance, "a") == "group"
    assert kept(allowance, "a", account=None) is None
    assert allowance.why_kept(transition(), now(), NOON_MS, waited=True) is None


def test_a_flood_and_a_full_day_are_the_same_after_a_restart() -> None:
    """Records say what was counted: also what was kept back for the owner, not what waits."""
    first = planned(transition(), channel="ops", offset=1, now_ms=NOON_MS, person="ann")
    allowance = Allowance({"ops": Meter(Budget(1))}, people={"ann": ANN})
    allowance.recorded(changed(first, kind="recovered"))
    allowance.recorded(changed(first, state="suppressed", failure="group"))
    assert not allowance.days and not allowance.meters["ops"].times_ms
    allowance.recorded(first)
    assert allowance.days["ann"].told == {first.alert_id}
    allowance.recorded(changed(first, state="suppressed", failure="owner_budget"))
    assert len(allowance.meters["ops"].times_ms) == 2
    assert kept(allowance, "z") == "budget"
    told = digest([first], cause="ann", now_ms=NOON_MS + 5)
    allowance.recorded(told)
    assert allowance.meters["ops"].told_ms == NOON_MS + 5
    allowance.recorded(digest([first], cause="Acme", now_ms=NOON_MS, account="Acme"))
    assert len(allowance.meters["ops"].times_ms) == 4
    assert allowance.meters["ops"].told_ms == NOON_MS + 5


def test_messages_about_an_account_follow_each_other() -> None:
    """One alert id, counted up; whoever they are about is their person only where all agree."""
    first = planned(transition(), channel="ops", offset=1, now_ms=1, person="ann")
    other = planned(transition(fingerprint="b"), channel="ops", offset=2, now_ms=1, person="bob")
    one = digest([first, other], cause="Acme", now_ms=1, account="Acme")
    two = digest([first], cause="Acme", now_ms=2, account="Acme", after=one)
    assert (one.person, two.person) == (None, "ann")
    assert (one.alert_id, one.seq, two.seq) == (two.alert_id, 1, 2)
    assert one.notification_id != two.notification_id


def test_a_rung_has_an_id_and_a_person_of_its_own() -> None:
    """The owner stays the owner where the rung is theirs too."""
    first = planned(transition(), channel="ops", offset=1, now_ms=1, kept=Kept("silence", "s"))
    rung = untaken(first, Saying("escalation", 2, ("ops",), "lea"))
    assert (rung.kind, rung.reason, rung.number, rung.person) == (
        "unanswered", "escalation", 2, "lea",
    )  # fmt: skip
    assert rung.failure == "silence" and rung.notification_id != first.notification_id
    again = untaken(changed(first, person="ann"), Saying("repeat", 2, ("ops",)))
    assert (again.kind, again.person) == ("repeat", "ann")


def test_ladders_are_those_of_the_routes_that_an_alert_takes() -> None:
    """With the channels of the route; not those of routes that say nothing."""
    ladder = Ladder(rungs=(Rung(1, ("x",)),))
    routes = (Route((), to_owner=True, go_on=True, ladder=ladder), Route(("chat",)))
    assert Audience((ANN,), routes).ladders(transition()) == ((ladder, ("ops",)),)
    assert Audience((), routes).ladders(transition()) == ()


def test_what_a_person_did_uses_up_nobodys_budget() -> None:
    """Their message is edited; the next opening still has its place, after a restart too."""
    allowance = Allowance(meters={"ops": Meter(Budget(1))})
    acked = transition(2, "acked")
    for _ in range(3):
        assert allowance.why_kept(acked, now(), NOON_MS) is None
        allowance.recorded(planned(acked, channel="ops", offset=1, now_ms=NOON_MS))
    assert allowance.why_kept(transition(), now(), NOON_MS) is None
    assert allowance.why_kept(transition(), now(), NOON_MS) == Kept("budget")
