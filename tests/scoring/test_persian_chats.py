"""The Persian chats of our own: what the card says of them, and what is read in them."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import pytest

from bench import persian_chats
from bench.persian_chats import CHATS, Turn, rated, table
from scoring.cues import FAMILY
from scoring.reading import read

ROWS = persian_chats.rows()
CUSTOMERS = [row for row in ROWS if row["role"] == "customer"]
CARD = (CHATS.parent / "README.md").read_text(encoding="utf-8")
GUIDELINES = (CHATS.parent / "GUIDELINES.md").read_text(encoding="utf-8")

ARABIC = str.maketrans({"ی": "ي", "ک": "ك", "ه": "ه\u0640", "ا": "ا\u064e"})


@pytest.fixture(scope="module")
def turns() -> list[Turn]:
    """The customers' turns with their readings."""
    return list(persian_chats.turns())


def test_every_line_is_a_turn_as_the_card_describes_it() -> None:
    """Numbered turns, known roles and cues, labels of customers only, all marked synthetic."""
    for row in ROWS:
        own = {"label", "readings", "cues"} if row["role"] == "customer" else set()
        shared = {"dialogue_id", "turn", "role", "text", "trade", "form", "synthetic"}
        assert row.keys() == shared | own
        assert row["synthetic"] is True
        assert row["text"].strip() == row["text"] != ""
    for row in CUSTOMERS:
        assert row["label"] in (0, 1, 2)
        assert len(row["readings"]) == 2
        assert set(row["cues"]) <= FAMILY.keys()
        assert len(set(row["cues"])) == len(row["cues"])
    for number in {row["dialogue_id"] for row in ROWS}:
        dialogue = [row for row in ROWS if row["dialogue_id"] == number]
        assert [row["turn"] for row in dialogue] == list(range(1, len(dialogue) + 1))
        assert len({row["trade"] for row in dialogue}) == 1


def test_the_card_counts_what_is_there() -> None:
    """Turns, dialogues, labels and trades; at least a third of the customers' turns are calm."""
    counts = Counter(row["label"] for row in CUSTOMERS)
    dialogues = len({row["dialogue_id"] for row in ROWS})
    assert f"{len(ROWS)} turns of {dialogues} dialogues, {len(CUSTOMERS)} of them" in CARD
    assert (
        f"calm ({counts[0]}), 1 something is wrong ({counts[1]}), 2 distress ({counts[2]})" in CARD
    )
    assert f"| `trade` | {', '.join(dict.fromkeys(trades()))} |" in CARD
    assert len(ROWS) >= 400
    assert counts[0] * 3 >= len(CUSTOMERS)


def trades() -> list[str]:
    """Trades in the order of the file."""
    return [row["trade"] for row in ROWS]


def test_the_card_says_how_well_two_readings_agree() -> None:
    """Cohen's kappa of the two labels, and no difference between them wider than one."""
    pairs = [tuple(row["readings"]) for row in CUSTOMERS]
    agreed = sum(first == second for first, second in pairs) / len(pairs)
    shares = [Counter(label for label in labels) for labels in zip(*pairs, strict=True)]
    chance = sum(shares[0][label] * shares[1][label] for label in (0, 1, 2)) / len(pairs) ** 2
    kappa = (agreed - chance) / (1 - chance)
    differ = sum(first != second for first, second in pairs)
    assert f"kappa {kappa:.2f}".replace("0.", ".") + " on labels" in CARD
    assert f"({differ} of {len(pairs)} differ, none by\nmore than one)" in CARD
    assert max(abs(first - second) for first, second in pairs) == 1


def test_the_guidelines_define_every_cue() -> None:
    """A label whose meaning is nowhere written down is a matter of taste."""
    assert set(re.findall(r"^\| `(\w+)` \|", GUIDELINES, re.MULTILINE)) == FAMILY.keys()


def test_no_turn_is_another_one_in_disguise() -> None:
    """Longer turns share less than two thirds of their letters' trigrams."""
    texts = [re.sub(r"\W+", " ", row["text"]) for row in ROWS if len(row["text"]) >= 20]
    shingles = [{text[i : i + 3] for i in range(len(text) - 2)} for text in texts]
    alike = [
        (texts[one], texts[two])
        for one, two in combinations(range(len(texts)), 2)
        if len(shingles[one] & shingles[two]) * 3 > len(shingles[one] | shingles[two]) * 2
    ]
    assert alike == []


def test_texts_alone_tell_what_is_wrong(turns: list[Turn]) -> None:
    """Better than 4 in 5 pairs are in the right order, and hardly a calm turn looks very bad."""
    persian = [turn for turn in turns if turn.reading.lang == "fa"]
    alone, _ = rated(persian, least=1)
    assert alone.auc >= 0.8
    calm = [turn.message for turn in persian if turn.label == 0]
    assert sum(value >= 0.5 for value in calm) <= len(calm) / 10


def test_persian_in_latin_letters_abstains_and_the_rest_is_read(turns: list[Turn]) -> None:
    """No sentiment is made up for what cannot be read; hardly a turn in Persian letters is lost."""
    latin = [turn for turn in turns if not re.search("[ء-ی]", turn.text)]
    persian = [turn for turn in turns if len(re.findall("[ء-ی]", turn.text)) >= 6]
    assert "unknown" in {turn.reading.lang for turn in latin}
    assert "fa" not in {turn.reading.lang for turn in latin}
    unread = [turn.text for turn in persian if turn.reading.lang != "fa"]
    assert len(unread) * 50 <= len(persian)


def test_the_spelling_of_a_chat_changes_nothing(turns: list[Turn]) -> None:
    """Arabic letters, vowel marks and tatweel: the same points for the same words."""
    persian = [turn for turn in turns if turn.reading.lang == "fa"]
    respelt = [(turn.reading, read(turn.text.translate(ARABIC), "customer")) for turn in persian]
    same = [(before, after) for before, after in respelt if after.lang == "fa"]
    for before, after in same:
        assert after.sentiment_e4 == before.sentiment_e4, after.cues
        assert [(cue.code, cue.points) for cue in after.cues] == [
            (cue.code, cue.points) for cue in before.cues
        ]
    # A few short turns are Persian by their ی or ک alone.
    assert len(same) * 20 >= len(respelt) * 19


def test_the_table_counts_hits_misses_and_false_alarms(turns: list[Turn]) -> None:
    """Each cue that was said is found or missed; what was not said and found is apart."""
    counted = table(turns)
    for code, (hit, missed, only) in counted.items():
        assert hit + missed == sum(code in row["cues"] for row in CUSTOMERS)
        assert only >= 0
    assert sum(hit for hit, _, _ in counted.values()) > 100
