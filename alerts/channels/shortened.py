"""Ever shorter versions of a notification, for channels that bear only so much.

Quotes go first, then links, then the ends of texts. A cut text keeps its isolates in pairs, so that
what follows it in a line is not turned round.

Next step: a channel takes the first version that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from msgspec.structs import replace

from alerts.message import FSI, PDI, Link, Notification

TEXT_MAX: Final = 200
_LINES_MAX: Final = 6
_T = TypeVar("_T")


def cut(text: str, most: int) -> str:
    """The beginning of a text, at most so many characters, isolates in pairs.

    Args:
        text: One line.
        most: At least 3.

    >>> cut("x" * 9, 5), cut("short", 5)
    ('xxxx…', 'short')
    >>> cut(FSI + "x" * 9 + PDI, 5) == FSI + "xx…" + PDI
    True
    """
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    if kept.count(FSI) > kept.count(PDI):
        kept = text[: most - 2]
        return kept + "…" + PDI * (kept.count(FSI) - kept.count(PDI))
    return kept + "…"


def shortened(notification: Notification) -> Iterator[Notification]:
    """The notification, without quotes, without links too, and with every text cut.

    Returns:
        Four versions. The last has a title and up to six lines of up to 200 characters each.
    """
    yield notification
    quiet = replace(notification, evidence=())
    yield quiet
    bare = replace(quiet, links=tuple[Link, ...]())
    yield bare
    yield replace(
        bare,
        title=cut(bare.title, TEXT_MAX),
        lines=tuple(cut(line, TEXT_MAX) for line in bare.lines[:_LINES_MAX]),
        why=cut(bare.why, TEXT_MAX),
        rule=cut(bare.rule, TEXT_MAX),
        customer=cut(bare.customer, TEXT_MAX),
        account=None if bare.account is None else cut(bare.account, TEXT_MAX),
        tier=None if bare.tier is None else cut(bare.tier, TEXT_MAX),
        runbook=None if bare.runbook is None else cut(bare.runbook, TEXT_MAX),
        measure=cut(bare.measure, TEXT_MAX),
    )


def fitting(
    notification: Notification, made: Callable[[Notification], _T], fits: Callable[[_T], bool]
) -> _T:
    """What is made of the longest version that fits, or of the shortest.

    Args:
        notification: What to say.
        made: Says it.
        fits: Whether the channel bears that.
    """
    *longer, shortest = shortened(notification)
    for version in longer:
        if fits(found := made(version)):
            return found
    return made(shortest)
