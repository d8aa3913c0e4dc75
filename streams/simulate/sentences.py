"""The words of the simulator: sentences by language, filled with the facts of one case.

The sentences stand in `en.yaml` and `fa.yaml` beside this module and were written for nabz. People
do not type as textbooks print, so a customer's hand adds typing errors, lengthened letters and the
Arabic and joiner variants of Persian keyboards.

Next step: `streams.simulate.shop` lets the people of a plot speak.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec
import yaml

Lang = Literal["en", "fa"]
_ZWNJ: Final = "\u200c"
_ARABIC: Final = str.maketrans("یک", "يك")  # what an Arabic keyboard types for the same letters
_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


class Sentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All sentences of one language.

    Attributes:
        things: What a plot can be about, as its owner calls it.
        pairs: Questions with the answers that belong to them.
        customer: Sentences of customers, by act.
        staff: Sentences of agents and bots, by act.
    """

    things: dict[str, str]
    days: tuple[str, ...]
    cities: tuple[str, ...]
    names: tuple[str, ...]
    currency: str
    pairs: tuple[tuple[str, str], ...]
    customer: dict[str, tuple[str, ...]]
    staff: dict[str, tuple[str, ...]]


@cache
def sentences(lang: Lang) -> Sentences:
    """The sentences of a language.

    >>> sorted(sentences("en").staff) == sorted(sentences("fa").staff)
    True
    """
    text = files("streams.simulate").joinpath(f"{lang}.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), Sentences)


class Case:
    """The facts one contact is about, and what has been said of them so far."""

    def __init__(
        self, lang: Lang, thing: str, chance: random.Random, *, city: int | None = None
    ) -> None:
        """Draw order number, amount, day, city and the question asked, if one is.

        Args:
            lang: Of the sentences.
            thing: What it is about, a key of `things`.
            chance: Where the facts come from.
            city: Which of the towns, by number; drawn where nothing is said.
        """
        self.words = sentences(lang)
        amount = chance.randrange(9, 190)
        money = f"{amount} هزار {self.words.currency}" if lang == "fa" else f"£{amount}.90"
        towns = self.words.cities
        order, hours = str(chance.randrange(10_000, 99_999)), str(chance.randrange(2, 30))
        self._slots: Mapping[str, str] = {
            "thing": self.words.things[thing],
            "order": order.translate(_PERSIAN_DIGITS) if lang == "fa" else order,
            "amount": money.translate(_PERSIAN_DIGITS) if lang == "fa" else money,
            "day": chance.choice(self.words.days),
            "hours": hours.translate(_PERSIAN_DIGITS) if lang == "fa" else hours,
            "city": towns[city % len(towns)] if city is not None else chance.choice(towns),
        }
        self._pair = chance.choice(self.words.pairs)
        self._left: dict[str, list[str]] = {}
        self._chance = chance

    def say(self, author: str, act: str) -> str:
        """A sentence for an act; none comes twice before all have been used.

        Raises:
            KeyError: The language has no such act.
        """
        if act in {"ask", "answer"} and not (author == "agent" and act == "ask"):
            return self._filled(self._pair[0] if act == "ask" else self._pair[1])
        table = self.words.customer if author == "customer" else self.words.staff
        left = self._left.setdefault(f"{author}:{act}", [])
        if not left:
            left.extend(table[act])
            self._chance.shuffle(left)
        return self._filled(left.pop())

    def _filled(self, template: str) -> str:
        text = template.format_map(self._slots)
        return text[0].upper() + text[1:] if template.startswith("{thing}") else text


def typed(text: str, lang: Lang, chance: random.Random, *, sloppy_e2: int) -> str:
    """A text as one customer's hand types it.

    Args:
        text: What is meant.
        lang: Decides what can go wrong.
        chance: Where the errors come from.
        sloppy_e2: How careless the hand is, in hundredths; 0 types as printed.

    >>> typed("می‌خوام", "fa", random.Random(1), sloppy_e2=0)
    'می\u200cخوام'
    """
    if chance.randrange(100) >= sloppy_e2:
        return text
    if lang == "fa":
        kind = chance.randrange(4)
        if kind == 0:
            return text.replace(_ZWNJ, " ")
        if kind == 1:
            return text.replace(_ZWNJ, "")
        if kind == 2:
            return text.translate(_ARABIC)
        return text.rstrip(".")
    kind = chance.randrange(3)
    if kind == 0:
        return text.lower().rstrip(".")
    if kind == 1:
        return text.rstrip(".") + chance.choice(("", "!", "!!"))
    return _slip(text, chance)


def _slip(text: str, chance: random.Random) -> str:
    """Two letters of one longer word change places; numbers stay as they are."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if word.isalpha() and len(word) > 5]
    if not long:
        return text
    place = chance.choice(long)
    at = chance.randrange(1, len(words[place]) - 2)
    word = words[place]
    words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
