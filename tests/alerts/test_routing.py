"""Who hears of what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.routing import Described, Match, Route, channels_for, looks
from tests.alerts.transitions import transition

ALL = ("chat", "pager", "hook")


def test_without_routes_everybody_hears_everything() -> None:
    """The default."""
    assert channels_for(transition(), (), ALL) == ALL


def test_the_first_match_wins() -> None:
    """Later ones are not looked at."""
    routes = (Route(("chat",)), Route(("pager",)))
    assert channels_for(transition(), routes, ALL) == ("chat",)


def test_a_route_may_let_the_next_ones_match_too() -> None:
    """Each channel once."""
    routes = (Route(("chat",), go_on=True), Route(("chat", "hook")), Route(("pager",)))
    assert channels_for(transition(), routes, ALL) == ("chat", "hook")


def test_nobody_is_an_answer() -> None:
    """Routes that none matches."""
    assert channels_for(transition(), (Route(("chat",), Match(tier=("vip",))),), ALL) == ()


def test_each_question_is_asked() -> None:
    """One row a question: the first holds, the second does not."""
    pairs = [
        (Match(severity=("warning",)), Match(severity=("critical",))),
        (Match(rule=("customer-distress", "x")), Match(rule=("x",))),
        (Match(tier=("gold",)), Match(tier=("silver",))),
        (Match(labels={"team": ("cs",)}), Match(labels={"team": ("ops",)})),
        (Match(), Match(labels={"missing": ("cs",)})),
    ]
    for holds, fails in pairs:
        assert holds(transition())
        assert not fails(transition())


def test_each_route_says_why_it_did_not_match() -> None:
    """The first that matches and does not go on is the last that is looked at."""
    routes = (
        Route(("pager",), Match(severity=("critical",), labels={"team": ("ops", "it")})),
        Route(("chat",), Match(tier=("gold",)), go_on=True),
        Route(("hook",)),
        Route(("pager",)),
    )
    subject = Described("warning", "r", "gold", {"team": "cs"})
    first, second, third = looks(subject, routes)
    assert first.missed == (
        "severity is 'warning', asked is 'critical'",
        "label team is 'cs', asked is 'ops' or 'it'",
    )
    assert (second.missed, second.last) == ((), False)
    assert (third.number, third.missed, third.last) == (2, (), True)
    assert channels_for(subject, routes, ALL) == ("chat", "hook")


def test_a_missing_tier_matches_no_tier() -> None:
    """Unknown is not a value."""
    assert not Match(tier=("gold",))(transition(tier=None))


@given(
    st.lists(
        st.builds(
            Route,
            st.lists(st.sampled_from((*ALL, "gone"))).map(tuple),
            st.sampled_from([Match(), Match(tier=("vip",)), Match(severity=("warning",))]),
            st.booleans(),
        )
    )
)
def test_only_configured_channels_and_each_once(routes: list[Route]) -> None:
    """Whatever the routes are."""
    found = channels_for(transition(), routes, ALL)
    assert len(set(found)) == len(found)
    assert set(found) <= set(ALL)
