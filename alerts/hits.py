"""N of M: a rule that speaks only if it is raised again and again.

    for: {hits: 3, windows: 5, each: 10m}     # raised in 3 of the newest 5 windows of ten minutes
    for: {hits: 3, events: 5}                 # raised after 3 of the customer's newest 5 events

One bad moment is no reason to call somebody, and a measure that goes up and down around its cut
never holds for long: what comes back counts, whatever lay between. Windows are closed-open and
aligned to the epoch; one is a hit if the rule was raised at any look in it, and while it is raised
there is a look at the start of each. Between windows nothing is counted twice.

Next step: `alerts.lifecycle.step` counts while an episode is pending.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from alerts import written
from alerts.written import RuleError, known

OF_MAX: Final = 32
"""Windows or events that can be looked back on; an episode keeps a number for each hit."""
EACH_MIN_MS: Final = 60_000
EACH_MAX_MS: Final = 86_400_000
HITS_FIELDS: Final = ("hits", "windows", "each", "events")


class Hits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """So many hits among the newest windows, or among the newest events of the customer.

    Attributes:
        need: Hits it takes.
        of: Among so many, the present one included.
        each_ms: Length of a window; None where events are counted.
    """

    need: int
    of: int
    each_ms: int | None = None


def hits_from(value: Mapping[Any, Any], where: str) -> Hits:
    """Read what is written in place of a length of time.

    Raises:
        RuleError: It cannot be meant; with the field, what was found and what to write.

    >>> hits_from({"hits": 3, "windows": 5, "each": "10m"}, "for")
    Hits(need=3, of=5, each_ms=600000)
    """
    known(value, HITS_FIELDS, where)
    counted = [name for name in ("windows", "events") if name in value]
    if len(counted) != 1 or (counted == ["events"] and "each" in value):
        raise RuleError(
            f"{where}: write {{hits: 3, windows: 5, each: 10m}} or {{hits: 3, events: 5}}"
        )
    name = counted[0]
    of = written.whole(value[name], f"{where}.{name}", least=2, most=OF_MAX, what=name)
    need = written.whole(value.get("hits"), f"{where}.hits", least=2, most=of, what="hits")
    if name == "events":
        return Hits(need, of)
    each_ms = written.duration(value.get("each"), f"{where}.each")
    if not EACH_MIN_MS <= each_ms <= EACH_MAX_MS:
        raise RuleError(f"{where}.each: found {value['each']!r}; write a length from 1m to 1d")
    return Hits(need, of, each_ms)


def counted(
    hits: Hits, before: tuple[int, ...], now_ms: int, *, raised: bool, by_event: bool
) -> tuple[int, ...]:
    """The hits that still count after one more look.

    Args:
        hits: What the rule asks for.
        before: What this gave at the look before; empty at the first.
        now_ms: The moment; never before that of the look before.
        raised: Is the rule raised?
        by_event: Something new from the customer is the cause.

    Returns:
        Of windows their numbers, oldest first; of events how many came after each hit.

    >>> counted(Hits(2, 3, 60_000), (10, 11), 13 * 60_000, raised=True, by_event=False)
    (11, 13)
    >>> counted(Hits(2, 3), (2, 0), 0, raised=True, by_event=True)
    (1, 0)
    """
    if hits.each_ms is None:
        if not by_event:
            return before
        older = tuple(after + 1 for after in before if after + 1 < hits.of)
        return (*older, 0) if raised else older
    window = now_ms // hits.each_ms
    older = tuple(one for one in before if window - hits.of < one < window)
    # A hit of this very window stays one, though it is over by now.
    return (*older, window) if raised or window in before else older


def due_ms(hits: Hits, found: tuple[int, ...], looked_ms: int) -> int | None:
    """When time alone changes what counts; None for never.

    That is the next window as long as this one is a hit, else the end of the newest hit's time.

    >>> due_ms(Hits(2, 3, 60_000), (10,), 10 * 60_000 + 5) == 11 * 60_000
    True
    >>> due_ms(Hits(2, 3, 60_000), (10,), 11 * 60_000) == 13 * 60_000
    True
    """
    if hits.each_ms is None or not found:
        return None
    newest = found[-1]
    after = newest + 1 if looked_ms // hits.each_ms == newest else newest + hits.of
    return after * hits.each_ms
