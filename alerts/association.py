"""What followed alerts, by what hurt: counted, and no proof that anything caused it.

Of each cause, the alerts that opened on it: how many somebody took, how they ended, and which
outcomes of the customer came within a horizon after. Those somebody took are counted apart from the
others. Who takes an alert chooses, so the two are not alike: an association, and called so.

Next step: `nabz playbooks outcomes` (`streams.cli.playbooks`) prints it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from alerts.outputs import Transition
from alerts.playbooks import causes_of

UNKNOWN = "unknown"


class Handled(msgspec.Struct, frozen=True):
    """One alert.

    Attributes:
        cause: What hurt most when it opened.
        opened_ms: When it opened.
        taken: Somebody took it.
        ended: Reason of its close; `open` for none.
    """

    customer: str
    cause: str
    opened_ms: int
    taken: bool = False
    ended: str = "open"


class Followed(msgspec.Struct, frozen=True):
    """The alerts of one cause that somebody took, or of those that nobody did.

    Attributes:
        alerts: How many there were.
        ended: By reason of their close, `open` for none.
        outcomes: Alerts after which such an outcome came within the horizon.
    """

    cause: str
    taken: bool
    alerts: int
    ended: dict[str, int]
    outcomes: dict[str, int]


def handled(transitions: Iterable[Transition]) -> list[Handled]:
    """One alert for each that opened, in the order they did.

    Args:
        transitions: In the order of their alert; those of rules in shadow are left out.
    """
    found: dict[str, Handled] = {}
    for one in transitions:
        before = found.get(one.alert_id)
        if one.shadow:
            continue
        if before is None:
            if one.after == "firing":
                cause = next(causes_of(one), UNKNOWN)
                found[one.alert_id] = Handled(one.customer, cause, one.at_ms)
        elif one.reason == "acked":
            found[one.alert_id] = msgspec.structs.replace(before, taken=True)
        else:
            ended = one.reason if one.after == "closed" else "open"
            found[one.alert_id] = msgspec.structs.replace(before, ended=ended)
    return list(found.values())


def associated(
    alerts: Iterable[Handled],
    outcomes: Mapping[str, Sequence[tuple[int, str]]],
    *,
    horizon_ms: int,
) -> list[Followed]:
    """Count what followed.

    Args:
        alerts: From `handled`.
        outcomes: Time and kind of what happened, by customer.
        horizon_ms: How long after an alert opened an outcome may come and still follow it.

    Returns:
        The cause with most alerts first; of one cause those that somebody took first.

    >>> one = Handled("ann", "anger", 5, taken=True, ended="recovered")
    >>> associated([one], {"ann": [(7, "renewed"), (8, "renewed")]}, horizon_ms=10)[0].outcomes
    {'renewed': 1}
    """
    groups: dict[tuple[str, bool], list[Handled]] = defaultdict(list)
    for one in alerts:
        groups[one.cause, one.taken].append(one)
    of_cause = Counter[str]()
    for (cause, _), some in groups.items():
        of_cause[cause] += len(some)
    order = sorted(groups, key=lambda key: (-of_cause[key[0]], key[0], not key[1]))
    return [_followed(key, groups[key], outcomes, horizon_ms) for key in order]


def _followed(
    key: tuple[str, bool],
    alerts: Sequence[Handled],
    outcomes: Mapping[str, Sequence[tuple[int, str]]],
    horizon_ms: int,
) -> Followed:
    after: Counter[str] = Counter()
    for one in alerts:
        ends_ms = one.opened_ms + horizon_ms
        happened = outcomes.get(one.customer, ())
        after.update({kind for at_ms, kind in happened if one.opened_ms < at_ms <= ends_ms})
    ended = Counter(one.ended for one in alerts)
    return Followed(*key, len(alerts), dict(sorted(ended.items())), dict(sorted(after.items())))
