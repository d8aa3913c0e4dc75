"""Which cues may open an alert alone: those that mean what their name says.

A red flag fires at once, whatever the score, so a cue that is often wrong would be a nuisance that
no threshold can tame. `cue_precision.yaml` beside this module holds how many hits of each cue were
read one by one, and how many of them were right. A cue may be a red flag if it is right in nine of
ten of at least fifty, in every language that is read. Fewer than fifty, or none, are too few to
know, and that is refused like a low share: nobody's pager is where we find out.

Next step: `alerts.rules` asks before it takes a red flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, NamedTuple

import yaml

from alerts.written import RuleError, flag, kind, known, meant
from scoring.cues import FAMILY

READ_MIN: Final = 50
"""Hits to be read in a language before its share is believed (design, section 8)."""
RIGHT_PERCENT: Final = 90
"""Of a hundred hits so many must be right."""

CUES: Final[Mapping[str, str]] = {
    **FAMILY,
    "negative_words": "feeling",
    "positive_words": "relief",
}
"""Family of every cue that one text can have; what only a dialogue shows is no red flag."""


class Read(NamedTuple):
    """How many hits of a cue were read in one language, and how many of them were right."""

    lang: str
    read: int
    right: int


def precision_from(tree: Any) -> dict[str, tuple[Read, ...]]:
    """What a file of measured precision says, by cue.

    >>> precision_from({"cues": [{"cue": "anger", "lang": "en", "read": 50, "right": 33}]})
    {'anger': (Read(lang='en', read=50, right=33),)}
    """
    found: dict[str, tuple[Read, ...]] = {}
    for row in tree["cues"]:
        before = found.get(row["cue"], ())
        found[row["cue"]] = (*before, Read(row["lang"], row["read"], row["right"]))
    return found


MEASURED: Final = precision_from(
    yaml.safe_load(resources.files("alerts").joinpath("cue_precision.yaml").read_text("utf-8"))
)
"""What was measured, of the cue tables in this release."""


def red_flags_from(
    value: Any, where: str, measured: Mapping[str, tuple[Read, ...]] = MEASURED
) -> tuple[str, ...]:
    """Red flags as written: codes of cues, or `{cue: .., below_precision: true}` to accept noise.

    Args:
        value: What a YAML reader made of the field.
        where: Rule and field, for the message.
        measured: What is known of each cue.

    Raises:
        RuleError: A cue is unknown, tells of relief, or is not right often enough; with its figures
            and what to do.
    """
    if not isinstance(value, list | tuple):
        raise RuleError(f"{where}: found {kind(value)}; write a list of words")
    found: list[str] = []
    for one in value:
        code, accepted = one, False
        if isinstance(one, Mapping):
            known(one, ("cue", "below_precision"), where)
            code = one.get("cue")
            accepted = flag(one.get("below_precision", False), f"{where}.below_precision")
        if not isinstance(code, str):
            raise RuleError(
                f"{where}: found {kind(code)}; write a list of words, each the name of a cue"
            )
        if code not in CUES:
            raise RuleError(f"{where}: unknown cue {code!r}; {meant(code, CUES)}")
        if CUES[code] == "relief":
            raise RuleError(f"{where}: cue {code} tells of relief; name one of distress")
        if not accepted and (doubt := doubt_about(code, measured)) is not None:
            raise RuleError(
                f"{where}: cue {code} {doubt}; what fires alone must be right in {RIGHT_PERCENT} %"
                f" of {READ_MIN} read or more, in each language: use a condition on a score, or"
                f" accept the noise with {{cue: {code}, below_precision: true}}"
            )
        found.append(code)
    return tuple(found)


def doubt_about(code: str, measured: Mapping[str, tuple[Read, ...]] = MEASURED) -> str | None:
    """Why a cue must not fire alone, with its figures; None if it may.

    >>> doubt_about("legal_threat", {"legal_threat": (Read("en", 8, 3), Read("fa", 60, 59))})
    'is right in 3 of 8 read (en), too few to know, and 59 of 60 read (fa)'
    >>> doubt_about("anger", {"anger": (Read("fa", 50, 49),)}) is None
    True
    """
    read = measured.get(code, ())
    if not any(one.read for one in read):
        return "has not been read in any text"
    enough = [one.read >= READ_MIN for one in read]
    right = [100 * one.right >= RIGHT_PERCENT * one.read for one in read]
    if all(enough) and all(right):
        return None
    figures = [
        f"{one.right} of {one.read} read ({one.lang})" + ("" if many else ", too few to know,")
        for one, many in zip(read, enough, strict=True)
    ]
    return f"is right in {' and '.join(figures)}".rstrip(",")
