"""Why a customer is where they are: one picture out of a refolded history, and its comparison.

A picture is a health row with the transitions of its alerts. It is derived from the log on the spot
and compared with what was published, so that "same" is a fact and not a hope.

Next step: `streams.cli.why` prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from alerts.outputs import Contribution, HealthRow, Output, Transition

Verdict = Literal["same", "differs", "not_published", "older", "newer"]


class Picture(NamedTuple):
    """One customer at one place of the log.

    Attributes:
        row: The health row decided there; None where none was decided yet.
        transition: The transition asked for, None unless one was.
        transitions: All of the customer's up to there, oldest first.
    """

    row: HealthRow | None
    transition: Transition | None
    transitions: tuple[Transition, ...]


class Compared(NamedTuple):
    """A derived value beside the published one.

    Attributes:
        verdict: `older` and `newer`: what is published stands for an earlier or a later place of
            the log, and nothing can be compared.
        fields: Names of the fields that differ.
        ahead: Rows derived after the one compared: they are not published yet.
    """

    verdict: Verdict
    fields: tuple[str, ...] = ()
    ahead: int = 0


def place_of(output: HealthRow | Transition) -> tuple[int, int, int]:
    """Where in the log an output of one customer was decided."""
    return output.log.epoch, output.log.offset, output.log.index


def picture(
    customer: str, outputs: Iterable[Output], *, alert: str | None = None, at_ms: int | None = None
) -> Picture:
    """Find the picture asked for among the outputs of a fold.

    Args:
        customer: Whose.
        outputs: Outputs in the order of the log; those of other customers are left out.
        alert: Id of an alert: the picture at its newest transition that somebody was to be told of,
            or its newest where there is none. `transition` stays None if no such alert is known.
        at_ms: Nothing later than this.

    >>> picture("nobody", ())
    Picture(row=None, transition=None, transitions=())
    """
    rows: list[HealthRow] = []
    changes: list[Transition] = []
    for one in outputs:
        if not isinstance(one, HealthRow | Transition) or one.customer != customer:
            continue
        decided_ms = one.as_of_ms if isinstance(one, HealthRow) else one.at_ms
        if at_ms is not None and decided_ms > at_ms:
            continue
        if isinstance(one, HealthRow):
            rows.append(one)
        else:
            changes.append(one)
    if alert is None:
        return Picture(rows[-1] if rows else None, None, tuple(changes))
    of_alert = [one for one in changes if one.alert_id == alert]
    if not of_alert:
        return Picture(rows[-1] if rows else None, None, tuple(changes))
    told = [one for one in of_alert if one.notify]
    at = (told or of_alert)[-1]
    row = _beside(at, rows)
    upto = tuple(one for one in changes if place_of(one) <= place_of(at))
    return Picture(row, at, upto)


def _beside(transition: Transition, rows: Sequence[HealthRow]) -> HealthRow | None:
    """The row that shows what the transition saw, else the newest before it.

    A look tells its transitions first and then the row, and may hold the row back for a second.
    """
    seen = None
    for row in rows:
        if place_of(row) <= place_of(transition) or _same_look(row, transition):
            seen = row
    return seen


def _same_look(row: HealthRow, transition: Transition) -> bool:
    same_entry = place_of(row)[:2] == place_of(transition)[:2]
    return same_entry and row.as_of_ms == transition.at_ms


def total_e2(parts: Iterable[Contribution]) -> int:
    """Sum of the parts of a score; law 6 says it is the score.

    >>> total_e2([Contribution("base", 8_500), Contribution("trail", -1_250)])
    7250
    """
    return sum(part.points_e2 for part in parts)


def compared(derived: Sequence[HealthRow], published: HealthRow | None) -> Compared:
    """Compare derived rows of a customer with the one published.

    The published row may be one of several derived, where the worker is behind the log or held a
    row back; then that one is compared.
    """
    if published is None:
        return Compared("not_published")
    for ahead, row in enumerate(reversed(derived)):
        if place_of(row) == place_of(published):
            fields = differences(row, published)
            return Compared("differs" if fields else "same", fields, ahead)
    if derived and place_of(published) > place_of(derived[-1]):
        return Compared("newer")
    if derived and place_of(published) < place_of(derived[0]):
        return Compared("older")
    return Compared("differs", ("log",))


def differences(one: msgspec.Struct, other: msgspec.Struct) -> tuple[str, ...]:
    """Names of the fields in which two values of one type differ."""
    names: Any = one.__struct_fields__
    return tuple(name for name in names if getattr(one, name) != getattr(other, name))


def newest_by_alert(transitions: Iterable[Transition]) -> dict[str, list[Transition]]:
    """Transitions by fingerprint, each oldest first; the fingerprint moved last comes last."""
    found: dict[str, list[Transition]] = {}
    for one in transitions:
        found.setdefault(one.fingerprint, []).append(one)
    return dict(sorted(found.items(), key=lambda item: item[1][-1].at_ms))
