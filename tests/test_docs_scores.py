"""The example worked by hand in docs/scores.md is what the code comes to."""

from __future__ import annotations

import re
from pathlib import Path

from scoring.config import HOUR_MS, MINUTE_MS, Scoring
from scoring.customer import Customer, advance
from scoring.health import answered_now, health
from scoring.records import Cue, Origin, Reading, Signal, Turn

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scores.md"
DAY_0 = 1_796_083_200_000  # midnight, UTC


def at(hour: int, minute: int = 0) -> int:
    """A time of that day."""
    return DAY_0 + hour * HOUR_MS + minute * MINUTE_MS


def said(ts_ms: int, offset: int, mood_e2: int, *cues: Cue) -> Signal:
    """A turn of the customer."""
    reading = Reading("en", 100 * mood_e2, cues, Turn(words=6, mood_e2=mood_e2))
    return Signal(
        ts_ms, ts_ms, f"e{offset}", ts_ms, Origin("chat", 0, offset), conversation="t-1",
        reading=reading,
    )  # fmt: skip


def answered() -> tuple[float, float]:
    """Both scores of the example if somebody answered at 21:00."""
    found = health(reza(), at(21), Scoring(), complete_to_ms=at(21))
    then = answered_now(reza(), found, Scoring())
    assert then is not None
    return then.distress_e2 / 100, then.health_e2 / 100


def worked_out() -> tuple[dict[str, float], dict[str, float], str]:
    """Distress, health and band of the example, in points by part."""
    found = health(reza(), at(21), Scoring(), complete_to_ms=at(21))
    distress = {part.name: part.points_e2 / 100 for part in found.distress}
    parts = {part.name: part.points_e2 / 100 for part in found.health}
    assert found.distress_e2 is not None
    assert found.health_e2 is not None
    distress["distress"] = found.distress_e2 / 100
    parts["health"] = found.health_e2 / 100
    return distress, parts, found.band


def reza() -> Customer:
    """The customer of the example."""
    customer = Customer()
    first = said(
        at(9),
        0,
        -60,
        Cue("negative_words", "feeling", 900, "is wrong"),
        Cue("repetition", "repetition", 800, "again"),
    )
    second = said(
        at(11, 30),
        1,
        -80,
        Cue("no_answer", "waiting", 1_200),
        Cue("escalation_request", "intent", 2_200),
    )
    for one in (first, second):
        customer = advance(customer, one, Scoring())
    return customer


def written() -> tuple[dict[str, float], dict[str, float]]:
    """The two columns of figures on the page."""
    text = PAGE.read_text(encoding="utf-8")
    example = text.split("<!-- example:begin -->")[1].split("<!-- example:end -->")[0]
    columns = []
    for part in example.split("health at"):
        rows = re.findall(r"^  (\w+) +(-?\d+\.\d\d)", part, re.MULTILINE)
        columns.append({name: float(points) for name, points in rows})
    return columns[0], columns[1]


def test_the_example_is_worked_out_as_the_page_says() -> None:
    """Every line of both sums, to the last digit, and the band."""
    distress, parts, band = worked_out()
    assert written() == (distress, parts)
    assert band == "at_risk"


def test_what_an_answer_would_be_worth_is_worked_out_too() -> None:
    """Distress without its clock, and health with the smaller trail."""
    found = re.search(
        r"^answered now: distress (\d+\.\d\d), health (\d+\.\d\d)$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert found is not None
    assert (float(found[1]), float(found[2])) == answered()


def test_the_lines_of_the_example_add_up() -> None:
    """A reader with a pencil comes to the same sums."""
    for column, total in zip(written(), ("distress", "health"), strict=True):
        parts = sum(round(100 * points) for name, points in column.items() if name != total)
        assert parts == round(100 * column[total])
