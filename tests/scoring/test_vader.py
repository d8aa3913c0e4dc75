"""VADER, exactly: equal to vaderSentiment 3.3.2 to the last bit."""

from __future__ import annotations

import struct
from importlib.metadata import version
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st
from vaderSentiment import vaderSentiment as original  # noqa: N813  # a module's name, theirs

from scoring.vader import compound, polarity_scores

ANALYZER: Final = original.SentimentIntensityAnalyzer()

RULES = (
    "no or nor least at very never so this without doubt kind of but sort just enough the shit bomb"
    " bad ass badass bus stop yeah right kiss death to die for beating heart not n't isn't can't"
    " kind-of uh-uh good great horrible happy love hate worst"
)
WORD = st.one_of(
    st.sampled_from(RULES.split()),
    st.sampled_from(sorted(original.BOOSTER_DICT)),
    st.sampled_from(sorted(ANALYZER.lexicon)),
    st.sampled_from(sorted(ANALYZER.emojis)),
    st.sampled_from(["plane", "Ämter", "İ", "ß", "ok", "-", "...", ":)", "\u00a0"]),
)
SHAPED = st.builds(
    lambda word, shape, mark: shape(word) + mark,
    WORD,
    st.sampled_from([str, str, str.upper, str.title]),
    st.sampled_from(["", "", "", ".", ",", "!", "?", "??", "???!", "!!!!!", "'"]),
)
SENTENCE = st.builds(
    lambda words, gap: gap.join(words), st.lists(SHAPED, max_size=14), st.sampled_from(" \n\t")
)


def bits(scores: dict[str, float]) -> list[tuple[str, bytes]]:
    """Names in order and the doubles behind them."""
    return [(name, struct.pack("<d", value)) for name, value in scores.items()]


def test_the_original_is_the_pinned_version() -> None:
    """Bit-equality is promised for one version; another one must be looked at anew."""
    assert version("vaderSentiment") == "3.3.2"


@given(SENTENCE)
@example("no good or bad")
@example("it is not bad or nor good")
@example("no x nor good, no x or bad")
@example("the food was never so good but the staff was so very KIND of bad")
@example("enough GOOD ... Good sad badass")
@example("without a doubt good, without doubt good")
@example("at least good, very least good, the least good, least good")
@example("just enough good sort of bad kind of a good")
@example("this is the bomb to die for, kiss of death, yeah right")
@example("good good bad but bad good bad")
@example("good bad ass service, bus stop, a beating heart")
@example("it was the kiss of death good, and to die for good")
@example("good\U0001f600bad \U0001f600\U0001f600 good \U0001f600 bad")
@example("LOVE it but this is VERY HORRIBLE!!! really??")
@example("good plane atab")
@example("not bad \U0001f199")
@example("horrible \U0001f199??")
def test_scores_equal_the_original_bit_for_bit(text: str) -> None:
    """Whatever the rules meet, the four numbers and their order are the original's."""
    scores = ANALYZER.polarity_scores(text)
    assert bits(polarity_scores(text)) == bits(scores)
    assert bits({"compound": compound(text)}) == bits(scores)[3:]


@given(st.text(max_size=80))
def test_any_text_scores_as_the_original(text: str) -> None:
    """Odd characters and odd white space included."""
    scores = ANALYZER.polarity_scores(text)
    assert bits(polarity_scores(text)) == bits(scores)
    assert bits({"compound": compound(text)}) == bits(scores)[3:]
