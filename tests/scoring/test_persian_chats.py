"""The Persian chats of our own: what the card says of them, and what is read in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest

from bench import persian_chats
from bench.persian_chats import CHATS, Turn, rated, table
from scoring.cues import FAMILY
from scoring.reading import read

ROOT = Path(__file__).resolve().parents[2]
ROWS = persian_chats.rows()
CUSTOMERS = [row for row in ROWS if row["role"] == "customer"]
CARD = (CHATS.parent / "README.md").read_text(encoding="utf-8")
GUIDELINES = (CHATS.parent / "GUIDELINES.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/detection.md").read_text(encoding="utf-8").partition("## Persian chats")[2]
RULINGS, CUES = GUIDELINES.split("## `cues`")

ARABIC = str.maketrans({"ی": "ي", "ک": "ك", "ه": "ه\u0640", "ا": "ا\u064e"})


@pytest.fixture(scope="module")
def turns() -> list[Turn]:
    """The customers' turns with their readings."""
    return list(persian_chats.turns())


def test_every_line_is_a_turn_as_the_card_describes_it() -> None:
    """Numbered turns, known roles and cues, labels of customers only, all marked synthetic."""
    for row in ROWS:
        own = {"label", "readings", "cues", "cue_readings"} if row["role"] == "customer" else set()
        shared = {"dialogue_id", "turn", "role", "text", "trade", "form", "synthetic"}
        assert row.keys() - {"ruling"} == shared | own
        assert row["synthetic"] is True
        assert row["text"].strip() == row["text"] != ""
    for row in CUSTOMERS:
        assert row["label"] in (0, 1, 2)
        assert len(row["readings"]) == 3
        assert len(row["cue_readings"]) == 2
        for cues in (row["cues"], *row["cue_readings"]):
            assert set(cues) <= FAMILY.keys()
            assert len(set(cues)) == len(cues)
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


def agreement(pairs: Sequence[tuple[int, int]]) -> str:
    """Cohen's kappa and how many pairs differ, as the card writes them.

    >>> agreement([(0, 0), (1, 1), (1, 1), (0, 1)])
    '.50 | 1 of 4 |'
    """
    shares = [Counter(values) for values in zip(*pairs, strict=True)]
    chance = sum(shares[0][value] * shares[1][value] for value in shares[0]) / len(pairs) ** 2
    differ = sum(first != second for first, second in pairs)
    kappa = 1 - differ / len(pairs) / (1 - chance)
    return f"{kappa:.2f}".lstrip("0") + f" | {differ} of {len(pairs)} |"


def test_the_card_says_how_well_the_labels_of_readers_agree() -> None:
    """Cohen's kappa of each two readings, of the whole label and of each of its two steps."""
    first, again, second = zip(*(row["readings"] for row in CUSTOMERS), strict=True)
    steps = [
        agreement([(a >= least, b >= least) for a, b in zip(first, second, strict=True)])[:3]
        for least in (1, 2)
    ]
    assert f"reader and second | {agreement([*zip(first, second, strict=True)])}" in CARD
    assert f"reading and second | {agreement([*zip(again, second, strict=True)])}" in CARD
    assert f"reader with itself | {agreement([*zip(first, again, strict=True)])}" in CARD
    assert f"not has kappa {steps[0]}, distress\nor not {steps[1]}." in CARD


def test_the_card_says_how_well_the_cues_of_readers_agree() -> None:
    """Cohen's kappa over all that both looked for; the four worst codes are named."""
    said = [row["cue_readings"] for row in CUSTOMERS]
    pairs = {
        code: [(code in first, code in second) for first, second in said]
        for code in FAMILY
        if any(code in first for first, _ in said)
    }
    every = [pair for of_code in pairs.values() for pair in of_code]
    assert f"second, {len(pairs)} codes | {agreement(every)}" in CARD
    by_code = {code: agreement(of_code).split()[0] for code, of_code in pairs.items()}
    worst = [f"`{code}` ({by_code[code]})" for code in sorted(by_code, key=by_code.__getitem__)]
    assert f"lowest for {', '.join(worst[:3])} and {worst[3]}." in CARD


def test_where_readings_differ_a_line_of_the_guidelines_decides() -> None:
    """And nowhere else; the card counts the rulings and what was kept of each reader's cues."""
    for row in CUSTOMERS:
        assert ("ruling" in row) == (len(set(row["readings"])) > 1), row["dialogue_id"]
        assert row["label"] in row["readings"], row["dialogue_id"]
    counts = Counter(row["ruling"] for row in CUSTOMERS if "ruling" in row)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert ", ".join(f"`{name}` {count}" for name, count in ranked) in CARD.replace("\n", " ")
    assert counts.keys() <= set(re.findall(r"^\| `(\w+)` \|", RULINGS, re.MULTILINE))
    alone = [
        (reader, code in row["cues"])
        for row in CUSTOMERS
        for reader in (0, 1)
        for code in set(row["cue_readings"][reader]) - set(row["cue_readings"][1 - reader])
    ]
    of_first, of_second = ([kept for reader, kept in alone if reader == who] for who in (0, 1))
    assert f"{sum(of_first)} of {len(of_first)} stayed" in CARD
    assert f"second's {sum(of_second)} of {len(of_second)};" in CARD


def test_cues_on_which_readers_agree_stay() -> None:
    """What both say is said, and nothing is that neither said, but for what was read once."""
    once = {"wish", "staff_conduct", "competitor"}
    for row in CUSTOMERS:
        first, second = map(set, row["cue_readings"])
        assert first & second <= set(row["cues"]), row["dialogue_id"]
        assert set(row["cues"]) - once <= first | second, row["dialogue_id"]


def test_the_guidelines_define_every_cue() -> None:
    """A label whose meaning is nowhere written down is a matter of taste."""
    assert set(re.findall(r"^\| `(\w+)` \|", CUES, re.MULTILINE)) == FAMILY.keys()


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


def test_the_page_about_detection_has_these_labels(turns: list[Turn]) -> None:
    """As often as each cue was said, and the card's kappa; what is found of it, bench measures."""
    persian = [turn for turn in turns if turn.reading.lang == "fa"]
    said = {code: sum(code in turn.cues for turn in persian) for code in FAMILY}
    shown = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    assert {code: int(of_page) for code, of_page, _, _ in shown} == said
    assert all(int(of_page) == int(hit) + int(missed) for _, of_page, hit, missed in shown)
    (labels,) = re.findall(r"first reader and second \| (\.\d+) \|", CARD)
    (cues,) = re.findall(r"19 codes \| (\.\d+) \|", CARD)
    assert f"kappa {labels} and on cues with {cues};" in PAGE
