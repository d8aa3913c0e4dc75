"""One text, read on its own: what comes out, on which scale, with which evidence."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.cues import FAMILY
from scoring.reading import read
from scoring.records import FAMILIES, Reading

GOLDEN = Path(__file__).parents[1] / "golden" / "readings.json"
SENTENCES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
CODES = {*FAMILY, "negative_words", "positive_words"}

PIECES = (
    "I am still waiting for 3 hours|nobody answers|I will never order from you again|thanks|GREAT"
    "|not|is broken again|why?|!!!|😡|@shop|https://example.org/?key=1|jane@example.org"
    "|4111 1111 1111 1111|هنوز منتظرم|جواب نمی‌دهند|خیلی بد بود|ممنون|نمی|ها|« نقل »"
    '|"quoted words here"|\n> said|\n-- \nJane|<b>bold</b>|&amp;|ich habe nicht|\u200f|\u0640'
    "|\ud800|.|?|-"
)
ANY = st.one_of(
    st.lists(st.sampled_from(PIECES.split("|")), max_size=12).map(" ".join),
    st.text(max_size=120),
    st.text(st.sampled_from(" aAبی\u200c.!?\"'@#<>&;:-_0۱\n\t\ud800😡"), max_size=80),
)


def distress(reading: Reading) -> int:
    """Points of distress minus relief, before any caps."""
    return sum(-cue.points if cue.family == "relief" else cue.points for cue in reading.cues)


@given(ANY, st.sampled_from(["customer", "agent", "bot"]))
def test_any_text_gives_the_same_sound_reading_twice(text: str, role: str) -> None:
    """Nothing raises, all numbers are in range, and the same text reads the same."""
    reading = read(text, role)
    assert reading == read(text, role)
    assert reading.lang in {"en", "fa", "unknown"}
    assert reading.sentiment_e4 is None or -10_000 <= reading.sentiment_e4 <= 10_000
    codes = [cue.code for cue in reading.cues]
    assert len(codes) == len(set(codes))
    for cue in reading.cues:
        assert cue.code in CODES
        assert cue.family in FAMILIES
        assert 0 < cue.points <= 2_500
        assert 0 < len(cue.quote) <= 80
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reading), type=Reading) == reading


@given(ANY)
def test_a_quote_stands_in_the_text(text: str) -> None:
    """Evidence is what the customer wrote, in the customer's spelling, unless masked or cut."""
    plain = {word for word in text.split() if word.isascii() and word.isalpha()}
    for cue in read(" ".join(plain), "customer").cues:
        assert set(cue.quote.strip("…").split()[:-1]) <= plain


@given(ANY)
def test_ours_are_never_scored(text: str) -> None:
    """No field says how well an agent or a bot feels."""
    for role in ("agent", "bot"):
        reading = read(text, role)
        assert reading.sentiment_e4 is None
        assert reading.cues == ()
    assert read(text, "customer").turn.fails is False


def test_an_unknown_role_is_refused() -> None:
    """Scoring staff by mistake is worse than stopping."""
    with pytest.raises(ValueError, match="role 'robot' is none of customer, agent, bot"):
        read("hello", "robot")


def test_an_agent_that_apologises_fails_the_customer() -> None:
    """Of an agent's turn only what it does is kept."""
    reading = read("Unfortunately we cannot refund that, sorry.", "agent")
    assert reading.turn.fails is True
    assert (reading.lang, reading.sentiment_e4, reading.cues) == ("en", None, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am not happy, still waiting", {"anger", "waiting"}),
        ("I am not happy still waiting", {"anger"}),
        ("از این خبری نیست، منتظرم", {"no_answer", "waiting"}),
    ],
)
def test_a_comma_ends_what_a_denial_reaches(text: str, expected: set[str]) -> None:
    """Not happy, still waiting: only the first is denied."""
    assert {cue.code for cue in read(text, "customer").cues} >= expected
    if "waiting" not in expected:
        assert all(cue.code != "waiting" for cue in read(text, "customer").cues)


@pytest.mark.parametrize(
    "text", ["Das ist wirklich schlecht", "???", "", "😡😡", "افتضاح terrible بد bad"]
)
def test_what_cannot_be_read_is_unknown_and_not_zero(text: str) -> None:
    """Abstaining is said; nothing is scored."""
    reading = read(text, "customer")
    assert (reading.lang, reading.sentiment_e4, reading.cues) == ("unknown", None, ())
    assert reading.turn.questions == text.count("?")


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("When will my order arrive?", 0, 0),
        ("Could you help me with my account, please?", 0, 0),
        ("No.", 0, 0),
        ("سلام، سفارش من کی می‌رسد؟", 0, 0),
        ("I am still waiting", 1_300, 1_700),
        ("هنوز منتظرم", 1_300, 1_700),
        ("This is terrible service.", 1_000, 2_000),
        ("The food was cold and bad.", 1_000, 2_000),
        ("غذا سرد و بد بود", 1_000, 2_000),
        ("I am furious! Give me your manager or I will never order from you again", 5_000, 7_000),
        ("عصبانی‌ام! مدیرتان را وصل کنید وگرنه دیگر از شما خرید نمی‌کنم", 5_000, 7_000),
    ],
)
def test_points_are_on_the_agreed_scale(text: str, least: int, most: int) -> None:
    """A mild question is nothing, a plain complaint 10 to 20, fury with threats 50 to 70 points."""
    assert least <= distress(read(text, "customer")) <= most


@pytest.mark.parametrize("text", ["Thank you so much, it works again!", "ممنون، مشکلم حل شد"])
def test_relief_counts_against_distress(text: str) -> None:
    """Thanks and a solution take points away."""
    reading = read(text, "customer")
    assert distress(reading) < -1_000
    assert reading.sentiment_e4 is not None
    assert reading.sentiment_e4 > 0


def test_praise_beside_a_complaint_is_no_relief() -> None:
    """Praise before a complaint is irony more often than not."""
    codes = [cue.code for cue in read("Lovely shop, I am still waiting", "customer").cues]
    assert codes == ["waiting"]


def test_shouting_makes_a_complaint_worse_and_a_question_not() -> None:
    """Marks weigh only where something is bad already."""
    calm, loud = (read(t, "customer").sentiment_e4 for t in ("It is broken.", "It is broken?!"))
    assert calm is not None
    assert loud is not None
    assert loud < calm
    assert (
        read("Which one???", "customer").sentiment_e4 == read("Which one?", "customer").sentiment_e4
    )


def test_what_others_wrote_is_not_the_customers() -> None:
    """Words in quotation marks, quoted mail and signatures are left aside."""
    told = read('Your letter says "I will sue you now" and I do not get it', "customer")
    assert "legal_threat" not in [cue.code for cue in told.cues]
    second = read('You say "no" and then "I will sue you now" to me', "customer")
    assert "legal_threat" not in [cue.code for cue in second.cues]
    own = read('Then a "class action" it is', "customer")
    assert "legal_threat" in [cue.code for cue in own.cues]
    mail = read("ok, fine\n\nOn May 4, Jo wrote:\n> I am furious", "customer")
    assert (mail.stripped, mail.cues) == (("quoted",), ())


def test_quotes_are_masked_and_kept_short() -> None:
    """No personal item leaves the text, however it was written."""
    reading = read("I am still waiting, mail jane@example.org or 0912 345 6789!", "customer")
    assert reading.redactions == 2
    assert [cue.quote for cue in reading.cues] == ["I am still waiting, mail <email> or <phone>!"]
    long = read("w" * 200 + " I am furious " + "w" * 200, "customer")
    assert [cue.quote for cue in long.cues] == ["…I am furious…"]
    word = read("hooooo" + "o" * 200 + "rrible I am so", "customer")
    assert [len(cue.quote) for cue in word.cues] == [80]


def test_no_more_than_the_cap_is_read() -> None:
    """What comes after 20,000 characters neither scores nor costs."""
    assert read("a " * 30_000, "customer").turn.words == 10_000
    assert read("a " * 10_000 + "I am furious", "customer").cues == ()


LONG = (
    "not waiting nobody has any the a one time for 3 hours and still no why how is it so ",
    "هنوز هیچ کس جواب من را در این ساعت و روز نمی ها خیلی بد دیگه از شما ",
    "good but bad ",
    "<style>",
    "<b ",
    "1 ",
    "\n> ",
    "\nregards\n",
    "a",
)


@pytest.mark.parametrize("piece", LONG)
def test_a_text_ten_times_longer_costs_about_ten_times_as_much(piece: str) -> None:
    """No pattern backtracks without end; the bound is loose, as the machine is noisy."""
    short, long = (piece * 2_000)[:2_000], (piece * 20_000)[:20_000]
    assert cost_s(long) < 30 * cost_s(short)


def cost_s(text: str) -> float:
    """The least processor time of a few readings, and at least what a clock can tell."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        read(text, "customer")
        spent.append(time.process_time() - start)
    return max(0.0001, min(spent))


@pytest.mark.parametrize("case", SENTENCES, ids=[case["text"][:40] for case in SENTENCES])
def test_readings_stand_still(case: dict[str, Any]) -> None:
    """A change of a reading is a decision: NABZ_GOLDEN=write, then read the difference."""
    assert seen(case["text"]) == case["reading"]


def test_the_golden_sentences_are_ours_and_in_both_languages() -> None:
    """Enough of each to notice a change."""
    langs = [case["reading"]["lang"] for case in SENTENCES]
    assert langs.count("en") >= 40
    assert langs.count("fa") >= 30
    if os.environ.get("NABZ_GOLDEN") == "write":
        found = [{"text": case["text"], "reading": seen(case["text"])} for case in SENTENCES]
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in found)
        GOLDEN.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def seen(text: str) -> dict[str, Any]:
    """What of a reading is pinned: all but the hashes."""
    reading = read(text, "customer")
    return {
        "lang": reading.lang,
        "sentiment_e4": reading.sentiment_e4,
        "cues": [[cue.code, cue.points, cue.quote] for cue in reading.cues],
        "closes": reading.turn.closes,
        "corrects": reading.turn.corrects,
        "stripped": list(reading.stripped),
        "redactions": reading.redactions,
    }


def test_only_a_quotation_within_a_text_is_somebody_elses() -> None:
    """Words and cues in it score nothing; a text in quotation marks as a whole is its author's."""
    said = '"the worst service ever, I am still waiting"'
    inside = read(f"The board in your shop reads {said} in blue letters", "customer")
    whole = read(said, "customer")
    assert inside.sentiment_e4 == 0 and inside.cues == ()
    assert whole.sentiment_e4 is not None and whole.sentiment_e4 < -3_000
    assert {cue.code for cue in whole.cues} >= {"waiting"}
