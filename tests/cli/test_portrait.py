"""What `nabz why` prints beside the scores, from rows that a fold gave."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from msgspec.structs import replace
from rich.console import Console

from alerts.config import Config
from alerts.outputs import HealthRow
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS, Touchpoint
from scoring.records import LogRecord
from streams.cli.explanation import Compared, Picture
from streams.cli.portrait import print_picture
from tests.strategies import BASE_MS, SCORING, answer, fold_all, signal, wake

T = BASE_MS
SHOP = {"shop": Touchpoint(promise_ms=HOUR_MS, team="web")}


def printed(records: Sequence[LogRecord], high: int = 7_000) -> str:
    """The picture after these records."""
    config = Config(
        clock="watermark", scoring=replace(SCORING, touchpoints=SHOP, high=high), rules=()
    )
    rows = [
        one
        for each in fold_all(records, config)
        for one in each.outputs
        if isinstance(one, HealthRow)
    ]
    text = StringIO()
    terminal = Console(file=text, width=200, color_system=None)
    print_picture(terminal, "ann", Picture(rows[-1], None, ()), Compared("same"))
    return text.getvalue()


def test_it_says_what_an_answer_would_be_worth_and_how_late_we_are() -> None:
    """Both scores before and after, the promise with its team, and what is usual."""
    said = printed([signal(T, 4_000, touchpoint="shop"), wake(T + DAY_MS)])
    assert "answered now: distress 30.00 -> 10.00, health" in said
    assert "answer at shop: 23 h later than promised, team web" in said
    assert "points a week, of their own by 6 %; momentum " in said
    assert "watermelon" not in said


def test_it_says_where_a_promise_is_kept_and_distress_is_high_all_the_same() -> None:
    """Nobody waits any more, so there is no answer to weigh."""
    said = printed([signal(T, 4_000, touchpoint="shop"), answer(T + 20 * MINUTE_MS)], high=3_000)
    assert "answer at shop: 40 min sooner than promised, team web" in said
    assert "watermelon: the promise is kept, and distress is high" in said
    assert "answered now" not in said


def test_it_says_who_stopped_writing_and_how() -> None:
    """With the moment from which it counts."""
    visits: list[LogRecord] = []
    for week in range(4):
        at_ms, key = T + week * 7 * DAY_MS, f"t-{week}"
        visits += [signal(at_ms, conversation=key), answer(at_ms + 1, conversation=key)]
    said = printed([*visits, wake(T + 60 * DAY_MS)])
    assert "quiet since 2026-11-02 14:13" in said
    assert "UTC: content" in said
