"""Silences and maintenance: which openings people do not want to hear of, and until when.

A silence names what it is about with matchers, why, by whom, and always an end, at most 30 days
away. Maintenance is the same for planned work: it may begin later and may be about everything.
Neither swallows an end of what was told; when it ends, an opening that is still true is told, once.

A matcher is `name=value`, `name!=value`, or several values with commas between them: any of them.
Names are `rule`, `severity`, `tier`, `customer`, `account`, and `label.<name>` for labels of the
rule. What an alert does not have equals nothing.

Next step: `alerts.pipeline` asks for maintenance, then for silences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

from alerts.outputs import Transition

LONGEST_MS: Final = 30 * 86_400_000
"""A longer silence is a rule to be changed."""
FIELDS: Final = ("rule", "severity", "tier", "customer", "account")
_LABEL: Final = "label."
_SHAPE: Final = re.compile(r"([a-z][\w.-]*)\s*(!?=)\s*(.+)", re.ASCII | re.DOTALL)


class MatcherError(ValueError):
    """A matcher cannot be read; says which and how one is written."""


class Matcher(msgspec.Struct, frozen=True):
    """One question to an alert.

    Attributes:
        name: A field, or `label.<name>`.
        values: Any of these.
        equal: It must be one of them; else it must be none of them.
    """

    name: str
    values: tuple[str, ...]
    equal: bool = True

    def __call__(self, transition: Transition) -> bool:
        """Does the alert answer as asked?"""
        if self.name.startswith(_LABEL):
            found = transition.labels.get(self.name.removeprefix(_LABEL))
        else:
            found = getattr(transition, self.name)
        return (found in self.values) == self.equal


def matcher(text: str) -> Matcher:
    """Read a matcher as a person writes it.

    Raises:
        MatcherError: It cannot be read, or names what no alert has.

    >>> matcher("tier=gold,silver")
    Matcher(name='tier', values=('gold', 'silver'), equal=True)
    >>> matcher("label.team!=cs").equal
    False
    """
    shape = _SHAPE.fullmatch(text.strip())
    name = "" if shape is None else shape[1]
    if shape is None or not (name in FIELDS or name.removeprefix(_LABEL) not in {name, ""}):
        known = ", ".join((*FIELDS, "label.<name>"))
        raise MatcherError(f"{text[:80]!r}: write name=value or name!=value; names are {known}")
    values = tuple(value.strip() for value in shape[3].split(","))
    if not all(values):
        raise MatcherError(f"{text[:80]!r}: a value between the commas is empty")
    return Matcher(name, values, shape[2] == "=")


class Silence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of `nabz.control.v1` at key `silence:<id>` or `maintenance:<id>`.

    Attributes:
        until_ms: Its end (wall clock); 30 days after its beginning at the latest, whatever it says.
        ts_ms: When it was given.
        matchers: All must hold; none are allowed for maintenance only.
        verb: Which of the two.
        from_ms: It begins then; 0 for when it was given.
        text: Why, in the words of who silences.
        actor: Who silences.
        expired_ms: When somebody ended it early; null while nobody has.
    """

    until_ms: int
    ts_ms: Annotated[int, msgspec.Meta(gt=0)]
    matchers: tuple[Matcher, ...] = ()
    verb: Literal["silence", "maintenance"] = "silence"
    from_ms: int = 0
    text: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
    actor: str = ""
    expired_ms: int | None = None

    def __post_init__(self) -> None:
        """Refuse a silence of everything.

        Raises:
            ValueError: It has no matcher; the decoder makes a validation error of it.
        """
        if self.verb == "silence" and not self.matchers:
            raise ValueError("a silence needs a matcher; for everything there is maintenance")

    @property
    def begin_ms(self) -> int:
        """When it begins."""
        return self.from_ms if self.from_ms > 0 else self.ts_ms

    @property
    def end_ms(self) -> int:
        """When it is over, whoever wrote it and whatever for."""
        end_ms = min(self.until_ms, self.begin_ms + LONGEST_MS)
        return end_ms if self.expired_ms is None else min(end_ms, self.expired_ms)

    def lasts(self, now_ms: int) -> bool:
        """Is it in force?

        >>> made = Silence(until_ms=10, ts_ms=1, from_ms=5, matchers=(matcher("rule=r"),))
        >>> [made.lasts(now_ms) for now_ms in (4, 5, 9, 10)]
        [False, True, True, False]
        """
        return self.begin_ms <= now_ms < self.end_ms

    def covers(self, transition: Transition) -> bool:
        """Is this alert meant?"""
        return all(one(transition) for one in self.matchers)


Named = tuple[str, Silence]
"""A silence with its id."""


def covering(silences: Iterable[Named], transition: Transition) -> Named | None:
    """The silence that lasts longest of those that mean an alert, None if none does."""
    found = [one for one in silences if one[1].covers(transition)]
    return max(found, key=lambda one: (one[1].end_ms, one[0]), default=None)
