"""One contact: a plot that happens to a person, written down as events, and the truth of it.

Next step: `streams.simulate.shop` decides what happens to whom, and when.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

import msgspec

from streams.simulate.people import Person
from streams.simulate.plots import Cease, End, Meet, Plot, Say
from streams.simulate.sentences import Case, typed

Event = dict[str, Any]
"""A native event as `nabz.events.v1` carries it."""

_CHANNELS: Final = ("chat", "chat", "chat", "app", "email")
_MEANT_OTHERWISE: Final = frozenset({"any_news", "still_broken", "dispute", "repeat", "anger"})
"""Acts of displeasure, which some people put as praise."""


class Story(msgspec.Struct, frozen=True, tag_field="truth", tag="contact"):
    """One contact from its beginning to its end: the truth behind the events.

    Attributes:
        number: Of the contacts of one stream of them; `conversation` is unique among all.
        plot: Name of the plot.
        starts_ms: Time of the first event.
        onset_ms: When trouble began, None where there is none.
        onset_event: Id of the first event at or after the onset; None where none follows.
        outcome: The first outcome, None where it ends well by itself.
        outcome_ms: When that was, never before the onset.
        outcome_event: Its id.
        ends_ms: Time of the last event.
        incident: Id of the incident that caused it, None where it is nobody else's trouble.
        sarcastic: Ids of the messages whose praise is none.
        lost: Ids of events that an outage of their source lost: nobody will ever see them.
    """

    number: int
    customer: str
    lang: str
    plot: str
    conversation: str
    starts_ms: int
    onset_ms: int | None
    onset_event: str | None
    outcome: str | None
    outcome_ms: int | None
    outcome_event: str | None
    ends_ms: int
    incident: str | None = None
    sarcastic: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


Told = tuple[Story, tuple[Event, ...]]
"""A contact, and its events in order of time."""


class Manner(msgspec.Struct, frozen=True):
    """What is particular to one contact.

    Attributes:
        name: Name of the plot.
        number: Number of the contact.
        label: Makes ids of events and conversation unique; the number, where nothing is said.
        speed: How many times faster than life it goes.
        greet: The customer is new: begin with the profile.
        incident: Id of the incident that caused it.
        thing: What it is about; drawn from the plot's where nothing is said.
        city: Number of the town it is about; drawn where nothing is said.
        sarcasm_e2: How often displeasure is put as praise, in hundredths.
    """

    name: str
    number: int
    label: str | None = None
    speed: int = 1
    greet: bool = False
    incident: str | None = None
    thing: str | None = None
    city: int | None = None
    sarcasm_e2: int = 0


def tell(person: Person, plot: Plot, manner: Manner, seed: int, starts_ms: int) -> Told:
    """Let one plot happen to one person; equal arguments give equal events.

    Args:
        person: To whom.
        plot: What.
        manner: All else that is particular.
        seed: Of the run.
        starts_ms: When the wait of the first step begins.
    """
    label = str(manner.number) if manner.label is None else manner.label
    chance = random.Random(f"{seed}:story:{label}")  # noqa: S311  # a simulation, no secret
    thing = chance.choice(plot.things)
    case = Case(person.lang, manner.thing or thing, chance, city=manner.city)
    conversation = f"t-{1001 + manner.number}" if manner.label is None else f"t-{label}"
    channel = chance.choice(_CHANNELS)
    wry = random.Random(f"{seed}:wry:{label}" if manner.sarcasm_e2 else 0)  # noqa: S311  # no secret
    written: list[Event] = []
    sarcastic: list[str] = []
    if manner.greet:
        written.append(profile(person, f"sim-{seed}-{label}-p", starts_ms))
    onset: _Mark | None = None
    ended: _Mark | None = None
    onset_event: str | None = None
    ends_ms = starts_ms
    for place, ends_ms, step in _steps(plot, chance, starts_ms, manner.speed):
        event_id = f"sim-{seed}-{label}-{place}"
        if place == plot.onset:
            onset = _Mark(ends_ms)
        if step is None:
            continue
        if onset is not None and onset_event is None:
            onset_event = event_id
        if isinstance(step, End) and ended is None:
            ended = _Mark(ends_ms, step.type, event_id)
        said = step
        if isinstance(step, Say) and _displeased(step) and wry.randrange(100) < manner.sarcasm_e2:
            said = replace(step, act="sarcasm")
            sarcastic.append(event_id)
        event = {"event_id": event_id, "customer": person.customer, "ts": ends_ms}
        written.append(event | _content(said, person, case, chance, conversation, channel))
    story = Story(
        number=manner.number,
        customer=person.customer,
        lang=person.lang,
        plot=manner.name,
        conversation=conversation,
        starts_ms=starts_ms,
        onset_ms=None if onset is None else onset.at_ms,
        onset_event=onset_event,
        outcome=None if ended is None else ended.what,
        outcome_ms=None if ended is None else ended.at_ms,
        outcome_event=None if ended is None else ended.event,
        ends_ms=ends_ms,
        incident=manner.incident,
        sarcastic=tuple(sarcastic),
    )
    return story, tuple(written)


class _Mark(NamedTuple):
    at_ms: int
    what: str | None = None
    event: str | None = None


def _displeased(step: Say) -> bool:
    return step.author == "customer" and step.act in _MEANT_OTHERWISE


def _steps(
    plot: Plot, chance: random.Random, at_ms: int, speed: int
) -> Iterator[tuple[int, int, Say | Meet | End | None]]:
    """Place and time of each step, and the step, None where it does not happen or shows nothing."""
    for place, step in enumerate(plot.steps):
        at_ms += chance.randint(step.after_s[0] * 1_000, step.after_s[1] * 1_000) // speed
        happens = not isinstance(step, Cease) and (
            isinstance(step, End) or chance.randrange(100) < step.chance_e2
        )
        yield place, at_ms, step if happens and not isinstance(step, Cease) else None


def profile(person: Person, event_id: str, ts: int) -> Event:
    """What the shop knows of a customer."""
    return {
        "event_id": event_id,
        "customer": person.customer,
        "ts": ts,
        "kind": "profile",
        "name": person.name,
        "tier": person.tier,
        "language": person.lang,
    }


def _content(
    step: Say | Meet | End,
    person: Person,
    case: Case,
    chance: random.Random,
    conversation: str,
    channel: str,
) -> Event:
    if isinstance(step, Say):
        text = case.say(step.author, step.act)
        if step.author == "customer":
            text = typed(text, person.lang, chance, sloppy_e2=person.sloppy_e2)
        return {
            "kind": "message",
            "conversation": conversation,
            "author": step.author,
            "channel": channel,
            "text": text,
        }
    kind = "interaction" if isinstance(step, Meet) else "outcome"
    return {"kind": kind, "type": step.type}
