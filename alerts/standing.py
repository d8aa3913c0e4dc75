"""Which alerts are open and told of, who has taken them, and what was last said of each.

A register of transitions in their order, by fingerprint. It forgets an alert that has closed. What
it rests on is recorded in `nabz.transitions.v1`, so whoever takes over reads back as far as the
oldest alert that is open and knows the same.

Next step: `alerts.ladder` says what is due while nobody takes one, `alerts.agenda` lists them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from alerts.outputs import Transition

_TAKES: Final = frozenset({"acked", "snoozed", "handled", "disagreed"})
_LETS_GO: Final = frozenset({"unacked", "unsnoozed", "ack_ended", "snooze_ended", "snooze_broken"})


class Standing(NamedTuple):
    """One open alert.

    Attributes:
        newest: What changed last; says what is true of the customer now.
        base: What was last told of it, or who last let go of it: from there a ladder counts.
        offset: Where `base` stands in `nabz.transitions.v1`.
        taken: Somebody takes care of it, or wants to hear no more for a while.
        freed: `base` is somebody who let go: nothing needs to be told before a ladder counts.
    """

    newest: Transition
    base: Transition
    offset: int
    taken: bool = False
    freed: bool = False


class Register:
    """Open alerts that somebody was, or should have been, told of.

    Alerts of rules on trial and historical ones are not in it: nobody is told of those.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._standing: dict[str, Standing] = {}
        self._places: dict[str, tuple[int, int]] = {}

    def __iter__(self) -> Iterator[Standing]:
        """Open alerts, in the order in which they opened."""
        return iter(tuple(self._standing.values()))

    def __len__(self) -> int:
        """How many are open."""
        return len(self._standing)

    def get(self, fingerprint: str) -> Standing | None:
        """One of them."""
        return self._standing.get(fingerprint)

    def saw(self, one: Transition, offset: int) -> None:
        """Take the next transition; what is not newer than what was seen of the alert is none."""
        place = (one.log.epoch, one.seq)
        if place <= self._places.get(one.fingerprint, (-1, -1)):
            return
        self._places[one.fingerprint] = place
        if one.after == "closed":
            self._standing.pop(one.fingerprint, None)
            return
        known = self._standing.get(one.fingerprint)
        opens = one.notify and not one.shadow and not one.historical
        if known is None or known.newest.alert_id != one.alert_id:
            if opens:  # a snooze may outlast an end
                taken = one.care.taken
                self._standing[one.fingerprint] = Standing(one, one, offset, taken)
            return
        taken, frees = _taken(one, known), False
        if opens:
            base, base_offset = one, offset
        elif known.taken and not taken:
            base, base_offset, frees = one, offset, True
        else:
            base, base_offset, frees = known.base, known.offset, known.freed
        self._standing[one.fingerprint] = Standing(one, base, base_offset, taken, frees)


def _taken(one: Transition, known: Standing) -> bool:
    """Does somebody take care of it, or has somebody said that nobody has to?

    A record of a release that did not say so yet is read by its reason.
    """
    given_back = one.reason == "disagreed" and one.care.verdict == "not_mine"
    if one.care.overdue or one.reason in _LETS_GO or (given_back and not one.care.taken):
        return False
    if one.reason in _TAKES or one.care.taken:
        return True
    return known.taken and not known.newest.care.taken
