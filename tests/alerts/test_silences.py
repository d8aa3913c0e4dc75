"""Silences: what they mean, when they begin, and that each has an end."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.silences import FIELDS, LONGEST_MS, MatcherError, Silence, covering, matcher
from tests.alerts.transitions import BASE_MS, transition


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("rule=customer-distress", True),
        ("rule=x,customer-distress", True),
        ("rule!=customer-distress", False),
        ("severity=critical", False),
        ("tier = gold", True),
        ("tier!=gold,silver", False),
        ("customer=c-102", True),
        ("account=Acme", True),
        ("label.team=cs", True),
        ("label.team!=ops", True),
        ("label.region=eu", False),
        ("label.region!=eu", True),
    ],
)
def test_each_question(text: str, *, meant: bool) -> None:
    """What an alert does not have equals nothing."""
    assert matcher(text)(transition()) is meant


@pytest.mark.parametrize(
    "text", ["", "rule", "rule=", "rule=a,,b", "=x", "score=9", "label.=x", "rule~x", "x" * 900]
)
def test_a_matcher_that_cannot_be_read_says_how_one_is_written(text: str) -> None:
    """And is not repeated at length."""
    with pytest.raises(MatcherError) as refused:
        matcher(text)
    assert len(str(refused.value)) < 250


def test_all_matchers_must_hold() -> None:
    """One question more hides less."""
    both = (matcher("tier=gold"), matcher("severity=critical"))
    made = Silence(BASE_MS + 1, BASE_MS, both)
    assert not made.covers(transition())
    assert made.covers(transition(2, "escalated"))


@given(st.integers(1, 10**14), st.integers(0, 10**14), st.integers(1, 10**15))
def test_every_silence_ends_within_thirty_days(ts_ms: int, from_ms: int, until_ms: int) -> None:
    """Whatever is written in it: a forgotten one cannot be."""
    made = Silence(until_ms, ts_ms, from_ms=from_ms, verb="maintenance")
    assert made.end_ms <= made.begin_ms + LONGEST_MS
    assert not made.lasts(made.end_ms) and not made.lasts(made.begin_ms - 1)


def test_an_early_end_is_the_end() -> None:
    """Expired by hand."""
    made = Silence(100, 1, verb="maintenance", expired_ms=50)
    assert [made.lasts(now_ms) for now_ms in (49, 50)] == [True, False]


def test_a_silence_of_everything_is_refused() -> None:
    """That is what maintenance and the stop button are for; also when it comes from Kafka."""
    with pytest.raises(ValueError, match="needs a matcher"):
        Silence(2, 1)
    for value in (b'{"until_ms": 2, "ts_ms": 1}', b'{"until_ms": 2, "matchers": []}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(value, type=Silence)


def test_the_longest_silence_is_the_one_named() -> None:
    """Until then nothing is to be expected."""
    about = (matcher("tier=gold"),)
    named = (("a", Silence(5, 1, about)), ("b", Silence(9, 1, about)), ("c", Silence(7, 1, about)))
    found = covering(named, transition())
    assert found is not None and found[0] == "b"
    assert covering(named, transition(tier="silver")) is None


@given(st.sampled_from(FIELDS), st.lists(st.text("abc-_.é", min_size=1), min_size=1, max_size=3))
def test_what_is_read_is_what_was_written(name: str, values: list[str]) -> None:
    """Values are kept as they are."""
    assert matcher(f"{name}={','.join(values)}").values == tuple(values)
