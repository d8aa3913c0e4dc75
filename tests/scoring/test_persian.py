"""Persian sentiment: one lexicon, any spelling, negation after the word."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.persian import join, negative, valences
from scoring.persian_words import WORDS
from scoring.text import normalise, parted, tidy, words_of


def sentiment(text: str) -> float:
    """The sum of valences of a text."""
    words, _ = join(words_of(parted(tidy(text)).split()))
    return sum(valences(words))


SENTENCES = (
    "کیفیت غذا خیلی بد بود",
    "هنوز نرسیده و پشتیبانی جواب نمی‌دهد",
    "بی‌کیفیت و گران‌تر از همیشه",
    "عالی و خوش‌مزه بود، ممنون",
    "اصلا راضی نبودم",
    "مشکلی نداشت",
)


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize(
    "spelt",
    [
        lambda text: text.replace("ی", "ي").replace("ک", "ك"),
        lambda text: text.replace("\u200c", " "),
        lambda text: text.replace("\u200c", ""),
        lambda text: text.replace("ا", "اااا"),
        lambda text: text.replace("ب", "ب\u064e"),
        lambda text: "\u200f" + text.replace("س", "س\u0640\u0640") + "\u200e",
    ],
    ids=["Arabic letters", "spaces", "joined", "stretched", "vowel marks", "tatweel"],
)
def test_spelling_changes_nothing(text: str, spelt: object) -> None:
    """A sentence reads the same however it was typed."""
    assert callable(spelt)
    assert sentiment(spelt(text)) == sentiment(text)
    assert sentiment(text) != 0.0


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("خوب بود", 1),
        ("خوب نبود", -1),
        ("بد بود", -1),
        ("بد نبود", 1),
        ("اصلا خوب و تمیز نیست", -1),
        ("خوب بود. نیست", 1),
        ("بدون تاخیر", 1),
        ("پیشنهاد نمی‌کنم", -1),
        ("پیشنهاد می‌کنم", 1),
        ("سلام، لطفا کمک کنید، خسته نباشید", 0),
        ("ممنون می‌شوم راهنمایی کنید", 0),
        ("میز و صندلی", 0),
        ("خوب. مزه", 1),
        ("کیفیتش خیلی بده", -1),
        ("غذا بده", -1),
        ("خدا خیرتون بده", 0),
        ("لطفا جواب بده", 0),
        ("آدرس رو بده", 0),
        ("هیچ سسی نداشت", -1),
        ("هیچ طعمی نداره", -1),
        ("فوق‌العاده شور", -1),
        ("فوق‌العاده بی‌کیفیت", -1),
        ("فوق‌العاده. شور", 1),
        ("فوق‌العاده", 1),
        ("فوق‌العاده تمیز", 1),
        ("سفت بود نداشت", -1),
        ("سفت ولی تازه نبود", -1),
    ],
)
def test_negation_politeness_and_phrases(text: str, sign: int) -> None:
    """The verb after a word turns it around, ritual politeness is worth nothing."""
    assert (sentiment(text) > 0.05) - (sentiment(text) < -0.05) == sign


def test_intensifiers_make_it_more_or_less() -> None:
    """Very bad is worse than bad, a little bad is not as bad."""
    assert sentiment("خیلی بد") < sentiment("بد") < sentiment("کمی بد") < 0


def test_endings_come_off() -> None:
    """A word is known with its endings, if what is left is long enough to be it."""
    assert sentiment("قشنگه") == sentiment("قشنگ‌ترین") == sentiment("قشنگ") > 0
    assert sentiment("شلم") == 0.0


def test_a_strong_word_of_its_own_keeps_the_verb_to_itself() -> None:
    """In "good, but service was not clean" only what stands before the verb is denied."""
    assert sentiment("عالی کثیف نبود") > 0


@pytest.mark.parametrize(("entry", "valence"), WORDS.items())
def test_every_entry_is_found_in_a_text(entry: str, valence: float) -> None:
    """A row that no text can reach is no row; another of the same spelling is the same row."""
    words, _ = join(normalise(entry).split())
    found = valences(words)
    assert math.copysign(1, found[0]) == math.copysign(1, valence) or valence == 0.0
    assert -4.0 <= valence <= 4.0


@given(st.text(max_size=60))
def test_any_text_has_finite_valences(text: str) -> None:
    """And as many as it has words."""
    words, places = join(words_of(tidy(text).split()))
    found = valences(words)
    assert len(found) == len(words) == len(places)
    assert all(map(math.isfinite, found))


def test_a_prefix_at_the_end_stands_alone() -> None:
    """Half a verb joins nothing, and two halves are no whole."""
    assert join(["نمی"]) == (["نمی"], [0])
    assert join(["می", "می", "شود"]) == (["میمی", "شود"], [0, 2])
    assert join(["خوب.", "تر"]) == (["خوب.", "تر"], [0, 1])
    assert negative("نمی") is False
