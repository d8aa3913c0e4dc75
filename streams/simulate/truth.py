"""What really happened in a run: contacts, incidents and outages, a line each.

A detector is compared with this. All of it is synthetic: how often what happens, and in which
words, was made up. What lies behind the end of a run is left out, so that every event named here
was delivered, or is among the `lost` of its contact.

Next step: `nabz simulate --truth` writes it beside the events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from streams.simulate.delivery import Delivery, Outage, outages_of, source_of
from streams.simulate.extras import NOTHING, Extras, Incident, incidents
from streams.simulate.shop import stories
from streams.simulate.telling import Event, Story

Truth = Story | Incident | Outage


def truth(
    seed: int,
    customers: int,
    start_ms: int,
    *,
    duration_ms: int,
    delivery: Delivery,
    speed: int = 1,
    extras: Extras = NOTHING,
    **shop: Any,
) -> Iterator[Truth]:
    """Contacts in the order they begin, then the incidents and outages of the run.

    Args:
        seed: Of the run, as all else; see `streams.simulate.shop.stories`.
        customers: How many there are.
        start_ms: When it begins.
        duration_ms: How long it is.
        delivery: What happened on the way.
        speed: How many times faster than life.
        extras: What was mixed in.
        shop: Further arguments of `stories`.
    """
    end_ms = start_ms + duration_ms
    outages = outages_of(delivery, seed, start_ms, speed=speed)
    held: Counter[Outage] = Counter()
    struck: dict[str, list[str]] = {}
    for story, told in stories(
        seed, customers, start_ms,
        duration_ms=duration_ms, speed=speed, extras=extras, **shop,
    ):  # fmt: skip
        lost = []
        for event in told:
            outage = outages.at(source_of(event), event["ts"])
            if outage is not None and event["ts"] < end_ms:
                held[outage] += 1
                if outage.lost:
                    lost.append(event["event_id"])
        if story.incident is not None:
            struck.setdefault(story.incident, []).append(story.customer)
        yield replace(_cut(story, told, end_ms), lost=tuple(lost))
    every_ms = extras.incidents_every_ms
    if every_ms is not None:
        for one in incidents(seed, start_ms, every_ms=every_ms, speed=speed):
            if one.starts_ms >= end_ms:
                break
            yield replace(one, customers=tuple(struck.get(one.id, ())))
    for outage in outages.before(end_ms):
        yield replace(outage, records=held[outage])


def _cut(story: Story, told: tuple[Event, ...], end_ms: int) -> Story:
    """A contact as far as the run shows it."""
    if story.ends_ms < end_ms:
        return story
    there = {event["event_id"] for event in told if event["ts"] < end_ms}
    onset = story.onset_ms is not None and story.onset_ms < end_ms
    outcome = story.outcome_event in there
    return replace(
        story,
        onset_ms=story.onset_ms if onset else None,
        onset_event=story.onset_event if story.onset_event in there else None,
        outcome=story.outcome if outcome else None,
        outcome_ms=story.outcome_ms if outcome else None,
        outcome_event=story.outcome_event if outcome else None,
        ends_ms=max((one["ts"] for one in told if one["ts"] < end_ms), default=story.starts_ms),
        sarcastic=tuple(one for one in story.sarcastic if one in there),
    )
