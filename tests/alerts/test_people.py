"""Whose customer it is, who stands in, and that nobody is disturbed at night."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.outputs import Transition
from alerts.people import Audience, Choice, Person, owner_of
from alerts.pipeline import Kept, Now, kept_back
from alerts.routing import Match, Route, channels_for
from alerts.storm import Storm
from alerts.storm import transition as said_of
from scoring.calendar import DAY_MS, Calendar
from streams.notifier.held import freed
from streams.notifier.outbox import Outbox
from tests.alerts.transitions import HOUR_MS, transition

EIGHT, EIGHTEEN, NIGHT = 8 * HOUR_MS, 18 * HOUR_MS, 23 * HOUR_MS
DAYS = Calendar(week=(((480, 1080),),) * 7)
EVENINGS = Calendar(week=(((1080, 1380),),) * 7)
ANN = Person("ann", ("ann-chat", "mail"), Match(tier=("gold",)), DAYS, delegate="bob")
BOB = Person("bob", ("bob-chat",), Match(account=("Acme",)), EVENINGS)
CLEO = Person("cleo", ("cleo-chat",), Match(language=("fa",)), critical=True, hours=DAYS)
REST = Person("rest", ("mail",))
PEOPLE = (ANN, BOB, CLEO, REST)
OWNER = Route((), to_owner=True)
OPS = Route(("ops",), Match(labels={"kind": ("pipeline",)}))
ALL = ("ann-chat", "bob-chat", "cleo-chat", "mail", "ops")


def chosen(at_ms: int = EIGHT, **more: Any) -> tuple[str, str]:
    """Owner, and who hears."""
    facts = {"tier": None, "account": None, "language": None}
    found = owner_of(transition(**(facts | more)), PEOPLE, at_ms)
    assert found is not None
    return found.owner.name, found.person.name


def test_the_first_who_owns_it_does() -> None:
    """By tier, account, language or label, in the order they are written."""
    assert chosen(tier="gold", account="Acme") == ("ann", "ann")
    assert chosen(tier="silver", account="Acme") == ("bob", "bob")
    assert chosen(language="fa") == ("cleo", "cleo")
    assert chosen() == ("rest", "rest")
    assert owner_of(transition(), (CLEO,), EIGHT) is None
    team = Person("t", ("chat",), Match(labels={"team": ("cs",)}))
    assert owner_of(transition(), (team,), EIGHT) == Choice(team, team)


@pytest.mark.parametrize(
    ("at_ms", "who"),
    [
        (EIGHT - 1, "ann"),
        (EIGHT, "ann"),
        (EIGHTEEN - 1, "ann"),
        (EIGHTEEN, "bob"),
        (NIGHT - 1, "bob"),
        (NIGHT, "ann"),
    ],
)
def test_a_delegate_stands_in_while_the_owner_is_away_and_they_are_there(
    at_ms: int, who: str
) -> None:
    """Where both are away it stays with the owner, and waits."""
    assert chosen(at_ms, tier="gold") == ("ann", who)


def test_a_delegate_who_is_there_leaves_it_to_an_owner_who_is_there() -> None:
    """Nobody stands in for somebody at their desk, nor a delegate who was never named."""
    both = (Person("a", ("x",), hours=DAYS, delegate="b"), Person("b", ("y",)))
    assert owner_of(transition(), both, EIGHT) == Choice(both[0], both[0])
    assert owner_of(transition(), both, NIGHT) == Choice(both[1], both[0])
    assert owner_of(transition(), both[:1], NIGHT) == Choice(both[0], both[0])


def test_nabz_itself_has_no_owner() -> None:
    """A storm is for whoever runs nabz, even where somebody owns everything."""
    storm = said_of(Storm("r", "c0ffee", 0, NIGHT, 21, 20, 600_000))
    audience = Audience(PEOPLE, (OWNER, OPS))
    assert audience.owner(storm) == ()
    assert channels_for(storm, audience.routes, ALL, audience.owner(storm)) == ("ops",)
    assert kept_back(storm, Now(NIGHT, channel="ops", audience=audience)) is None


def test_a_route_to_the_owner_goes_to_their_channels_and_past_those_nobody_owns() -> None:
    """The next route takes what has no owner."""
    routes = (OWNER, Route(("ops",)))
    assert channels_for(transition(), routes, ALL, ("ann-chat", "mail")) == ("ann-chat", "mail")
    assert channels_for(transition(), routes, ALL) == ("ops",)


def why(at_ms: int, now_ms: int, channel: str, route: Route = OWNER, **more: Any) -> Kept | None:
    """What keeps an opening back."""
    one = transition(at_ms=at_ms, **({"tier": "gold", "language": None} | more))
    now = Now(now_ms, False, channel=channel, audience=Audience(PEOPLE, (route,)))
    return kept_back(one, now)


def test_nothing_about_a_customer_disturbs_its_owner_at_night() -> None:
    """It waits for the morning; an end of what was told does not, nor does a route's channel."""
    asleep = Kept("quiet_hours", "ann")
    assert why(NIGHT, NIGHT, "ann-chat") == asleep
    assert why(NIGHT, NIGHT, "ann-chat", severity="critical") == asleep
    assert why(NIGHT, DAY_MS + EIGHT - 1, "ann-chat") == asleep
    assert why(NIGHT, DAY_MS + EIGHT, "ann-chat") is None
    assert why(NIGHT, NIGHT, "ann-chat", reason="recovered") is None
    assert why(NIGHT, NIGHT, "ann-chat", Route(("ann-chat",))) is None
    assert why(NIGHT, NIGHT, "ops") is None


def test_whoever_asks_for_it_hears_of_critical_ones_at_night() -> None:
    """And of those alone."""
    facts: dict[str, Any] = {"tier": None, "account": None, "language": "fa"}
    assert why(NIGHT, NIGHT, "cleo-chat", severity="critical", **facts) is None
    assert why(NIGHT, NIGHT, "cleo-chat", **facts) == Kept("quiet_hours", "cleo")


def test_a_channel_that_a_route_names_as_well_is_not_the_owner_s_alone() -> None:
    """A shared inbox has no hours."""
    go_on = Route((), to_owner=True, go_on=True)
    audience = Audience(PEOPLE, (go_on, Route(("mail",))))
    one = transition(tier="gold", at_ms=NIGHT)
    assert audience.person(one, "mail", NIGHT) is None
    assert audience.person(one, "ann-chat", NIGHT) == ANN
    assert audience.person(one, "ops", NIGHT) is None


MOMENTS = st.sampled_from([0, EIGHT - 1, EIGHT, EIGHTEEN - 1, EIGHTEEN, NIGHT - 1, NIGHT])
LATER = st.lists(st.sampled_from([1, HOUR_MS, 10 * HOUR_MS, DAY_MS]), min_size=1, max_size=6)


@given(MOMENTS, LATER, st.sampled_from(["gold", "silver"]))
def test_whatever_the_hour_it_is_recorded_and_whoever_was_told_is_told_of_the_end(
    at_ms: int, later: list[int], tier: str
) -> None:
    """Openings to the owner wait with a reason and are released in their hours; ends go out."""
    audience, outbox = Audience(PEOPLE, (OWNER,)), Outbox()
    now_ms = at_ms

    def plan(one: Transition) -> list[str]:
        now = Now(now_ms, False, audience=audience)
        made = outbox.plan(
            one, one.seq, routes=audience.routes, channels=ALL, now=now, wall_ms=now_ms
        )
        for delivery in made:
            outbox.add(delivery, one)
        return [delivery.channel for delivery in made]

    opened = transition(at_ms=at_ms, tier=tier, language=None)
    wanted = plan(opened)
    found = owner_of(opened, PEOPLE, at_ms)
    assert found is not None and wanted == list(found.person.channels)
    for step_ms in later:
        now_ms += step_ms
        for one in freed(outbox, Now(now_ms, False, audience=audience), {}, now_ms):
            assert found.person.there(now_ms) or one.failure is not None
            outbox.update(one)
    lanes = {name: outbox.lanes[name, opened.alert_id][-1] for name in wanted}
    for one in lanes.values():
        assert (one.state, one.failure) in {("pending", None), ("suppressed", "quiet_hours")}
        assert one.state == "pending" or not found.person.there(now_ms)
    closes = plan(transition(2, "recovered", at_ms=now_ms, tier="other", account=None))
    assert set(wanted) <= set(closes)  # whoever owns it by now
    for name in wanted:
        key = (name, opened.alert_id)
        step = outbox.step(key, now_ms)
        ends = step.send is not None and step.send.closing
        nothing = any(one.failure == "nothing_to_close" for one in step.changed)
        assert ends == (lanes[name].state == "pending") and nothing == (not ends)


def test_business_time_is_the_owner_s_unless_nobody_is_spared_by_it() -> None:
    """All time counts for what nobody owns, and for critical ones of who asks for them."""
    audience = Audience(PEOPLE)
    assert audience.hours(transition(tier="gold"), EIGHT) == DAYS
    critical: dict[str, Any] = {
        "severity": "critical",
        "tier": None,
        "account": None,
        "language": "fa",
    }
    assert audience.hours(transition(**critical), EIGHT) is None
    assert audience.hours(transition(**(critical | {"severity": "warning"})), EIGHT) == DAYS
    assert Audience().hours(transition(), EIGHT) is None


def test_a_person_may_have_a_language_of_their_own() -> None:
    """Else it is the channel's."""
    audience = Audience((Person("a", ("x",), language="fa"), Person("b", ("y",))))
    assert [audience.language(name) for name in ("a", "b", "c", None)] == ["fa", None, None, None]
