"""A source that stands still: the one alert that is about nabz's own reading and about no customer.

Ingest tells how far each partition of a source is read. While that stands, whatever rests on
absence (waiting, quiet, recovered, expired) stands too, so no customer's alert says that something
is wrong: this one does, once per source. It begins when a partition has been behind for the time
configured and has not moved for as long before our eyes; it ends when all are read up to the
present again. A long first import moves, and so is no standstill.

Everything that is said follows from a `Standstill`, which is kept with the deliveries: a notifier
that takes over knows what was said, and goes on.

Next step: `streams.notifier.sources` looks once a second, `alerts.message` says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from alerts.outputs import Transition
from alerts.pipeline_alert import about_nabz

RULE: Final = "source-cut-off"
"""What routes, silences and holds call it; its labels are `kind: pipeline` and `source`."""
LAG: Final = "lag"
"""What it measures, in minutes; the measure of no rule."""
_MINUTE_MS: Final = 60_000

Part = tuple[str, int]
"""Source and partition."""


class Standstill(msgspec.Struct, frozen=True):
    """One time of standing still, or its end.

    Attributes:
        source: Name in `nabz.yaml`.
        seq: Rises with each word about the source, like that of any alert.
        stood_ms: All its events up to then had been read.
        at_ms: When it was noticed.
        after_ms: How far behind the present counts.
        behind_ms: How far behind it was, when noticed or at the end.
        ended_ms: When it was over; null while it lasts.
        reason: What is said: `raised`; at the end `recovered`, or `source_removed` where it has
            left the configuration.
    """

    source: str
    seq: int
    stood_ms: int
    at_ms: int
    after_ms: int
    behind_ms: int
    ended_ms: int | None = None
    reason: Literal["raised", "recovered", "source_removed"] = "raised"


class Standing(NamedTuple):
    """How far a partition is read (0: not at all yet), and since when we have seen it there."""

    reached_ms: int
    since_ms: int


def watched(
    before: Mapping[Part, Standing], reached: Mapping[Part, int], now_ms: int
) -> dict[Part, Standing]:
    """Look at all partitions again: one that is further than before stands from now on.

    Args:
        before: What the look before gave; empty at first, so that everything stands from now on: a
            process that has just started has seen nobody stand.
        reached: Up to when each partition is read; none of those that hold nobody back.
        now_ms: The wall clock.

    >>> found = watched({("chat", 0): Standing(5, 10)}, {("chat", 0): 5, ("chat", 1): 6}, 20)
    >>> [(*part, *one) for part, one in found.items()]
    [('chat', 0, 5, 10), ('chat', 1, 6, 20)]
    """
    found = {}
    for part, reached_ms in reached.items():
        last = before.get(part)
        if last is None or reached_ms > last.reached_ms:
            last = Standing(reached_ms, now_ms)
        found[part] = last
    return found


def judged(
    standing: Mapping[Part, Standing],
    *,
    sources: Mapping[str, int],
    last: Mapping[str, Standstill],
    seqs: Mapping[str, int],
    after_ms: int,
    now_ms: int,
) -> tuple[Standstill, ...]:
    """What there is to say of each source: what begins, what lasts and what has ended.

    Args:
        standing: What `watched` gave.
        sources: Configured sources with their lateness in ms, which is not lag.
        last: Standstills that were told of and not ended, by source.
        seqs: Newest `seq` told of, by source.
        after_ms: How far behind the present counts, and for how long.
        now_ms: The wall clock.

    Returns:
        At most one a source; what lasts comes as it was told, for channels that have not heard.
    """
    told = []
    for source in sorted({*sources, *last}):
        one, late_ms = last.get(source), sources.get(source)
        if one is not None and late_ms is None:
            told.append(_ended(one, now_ms, one.behind_ms, "source_removed"))
        if late_ms is None:
            continue
        parts = [part for (name, _), part in standing.items() if name == source]
        stood = [(_stood_ms(part, one), part.since_ms) for part in parts]
        present_ms = now_ms - late_ms
        if one is not None:
            behind_ms = max((present_ms - stood_ms for stood_ms, _ in stood), default=0)
            over = behind_ms <= after_ms
            told.append(_ended(one, now_ms, max(0, behind_ms), "recovered") if over else one)
            continue
        stuck = [
            stood_ms
            for stood_ms, since_ms in stood
            if present_ms - stood_ms > after_ms and now_ms - since_ms >= after_ms
        ]
        if stuck:
            behind_ms, seq = present_ms - min(stuck), seqs.get(source, 0) + 1
            told.append(Standstill(source, seq, min(stuck), now_ms, after_ms, behind_ms))
    return tuple(told)


def _stood_ms(part: Standing, one: Standstill | None) -> int:
    """Up to when it is read; of one that never was, since when it was told of or we know it."""
    if part.reached_ms > 0:
        return part.reached_ms
    return part.since_ms if one is None else one.stood_ms


def _ended(
    one: Standstill, now_ms: int, behind_ms: int, reason: Literal["recovered", "source_removed"]
) -> Standstill:
    return replace(one, seq=one.seq + 1, ended_ms=now_ms, behind_ms=behind_ms, reason=reason)


def fingerprint(source: str) -> str:
    """Identity of a source's alert; no customer's begins with `~`.

    >>> fingerprint("tickets")
    '~source|tickets'
    """
    return f"~source|{source}"


def transition(one: Standstill) -> Transition:
    """The same for those who route, hold back and tell: lag in minutes takes the score's place."""
    return about_nabz(
        rule=RULE,
        fingerprint=fingerprint(one.source),
        seq=one.seq,
        reason=one.reason,
        measure=LAG,
        score_e2=one.behind_ms * 100 // _MINUTE_MS,
        cut_e2=one.after_ms * 100 // _MINUTE_MS,
        cause="cut_off",
        begun_ms=one.stood_ms,
        since_ms=one.stood_ms,
        opened_ms=one.at_ms,
        ended_ms=one.ended_ms,
        complete_to_ms=one.stood_ms,
        labels={"source": one.source},
        config_hash="",
        replay="nabz doctor",
    )
