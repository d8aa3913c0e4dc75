"""What `nabz.yaml` says about a source: where it is, and where in a record the fields are.

A source is a topic of yours, or files. Its settings are complete or refused at start-up: only
customers are scored, so a mapping that cannot tell who wrote is none.

Next step: `streams.ingest.mapping` compiles a source into a function.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from streams.ingest.picks import (
    Condition,
    Pick,
    Scalar,
    Strict,
    TimePick,
    Word,
    checked,
    suggestion,
)
from streams.notifier.settings import DurationMs
from streams.topics import EVENTS

KINDS: Final = ("message", "interaction", "profile", "outcome")
AUTHORS: Final = ("customer", "agent", "bot")
FROM_CONVERSATION: Final = "from_conversation"
FACTS: Final = (
    "contact_role", "name", "tier", "value", "region", "owner", "language", "calendar",
    "preferred_channel",
)  # fmt: skip
"""Facts of a profile beside `account` and `consent`, which every kind of event may carry."""

RESERVED: Final = ("events", "commands", "customer-log")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class EventMap(Strict):
    """Where the fields of an event are.

    Attributes:
        kind: `message`, `interaction`, `profile` or `outcome`; a word, or a path.
        customer: Who it is about; `from_conversation` where agent turns name only the thread.
        writer: With `from_conversation`: who wrote. Read where the author is the customer.
        author: Who wrote it: customer, agent or bot. Mandatory for messages.
        ts: When it happened.
        event_id: What makes it unique; the coordinates in the source by default.
        text: What was written.
        type: Type of an interaction or outcome.
        conversation: Thread, ticket, call it belongs to.
        channel: Where it happened.
        touchpoint: Part of the product or service.
        value: A number it carries.
        link: Where an operator can open it.
        account: The company the customer belongs to.
        consent: False where this customer does not want to be monitored.
        dims: Further labels by name, or a path to an object of them.
        profile: Facts of a profile by name.
        where: Conditions; what does not meet them is filtered.
    """

    kind: Word = Word(const="message")
    customer: Pick | Literal["from_conversation"] | None = None
    writer: Pick | None = None
    author: Word | None = None
    ts: TimePick | None = None
    event_id: Pick | None = None
    text: Pick | None = None
    type: Word | None = None
    conversation: Pick | None = None
    channel: Pick | None = None
    touchpoint: Pick | None = None
    value: Pick | None = None
    link: Pick | None = None
    account: Pick | None = None
    consent: Pick | None = None
    dims: dict[str, Pick] | str = Field(default_factory=dict)
    profile: dict[str, Pick] = Field(default_factory=dict)
    where: Annotated[tuple[Condition, ...], BeforeValidator(_listed)] = ()

    @field_validator("customer", mode="before")
    @classmethod
    def _customer(cls, value: Any) -> Any:
        # Settled here, so that a slip is explained as a path and not as a union.
        return value if value is None or value == FROM_CONVERSATION else Pick.model_validate(value)

    @field_validator("dims")
    @classmethod
    def _dims(cls, value: dict[str, Pick] | str) -> dict[str, Pick] | str:
        return checked(value) if isinstance(value, str) else value

    @field_validator("profile")
    @classmethod
    def _facts(cls, value: dict[str, Pick]) -> dict[str, Pick]:
        for name in value:
            if name not in FACTS:
                raise ValueError(f"unknown fact {name!r}; {suggestion(name, FACTS)}")
        return value


class SourceSettings(EventMap):
    """One source.

    Attributes:
        topic: The topic it is read from.
        files: Or the files: a pattern relative to the input directory, read in order of name.
        format: `json`, one object a record; of files one a line (`jsonl` says the same).
        each: Path of a list: one event per element, which paths call `@`.
        events: Or several events per record: what each has otherwise than the source.
        directions: `inbound` where our own replies are not in it: then nobody is said to wait.
        lateness: Events may be this much older than the newest seen and still count as in time.
        expect_every: Silent for longer, the source counts as cut off and holds completeness back.
    """

    topic: str | None = None
    files: str | None = None
    format: Literal["json", "jsonl"] = "json"
    each: str | None = None
    events: tuple[EventMap, ...] = ()
    directions: Literal["both", "inbound"] = "both"
    lateness: DurationMs = 10_000
    expect_every: DurationMs | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.topic is None) == (self.files is None):
            raise ValueError("a source is read from a topic or from files; give one of both")
        if self.topic is not None and (
            re.fullmatch(r"[A-Za-z0-9._-]{1,249}", self.topic) is None
            or (self.topic.startswith("nabz.") and self.topic != EVENTS)
        ):
            raise ValueError(f"topic {self.topic!r} cannot be a source; name a topic of yours")
        if self.format == "jsonl" and self.topic is not None:
            raise ValueError("format jsonl is for files; a record of a topic is json")
        if self.each is not None and self.events:
            raise ValueError("give each or events, not both")
        if self.each is not None:
            checked(self.each)
        for number, one in enumerate(self.maps()):
            where = f"events[{number}]: " if self.events else ""
            _complete(one, where)
        return self

    def maps(self) -> tuple[EventMap, ...]:
        """Each event's map, with what it inherits from the source."""
        own = {name: getattr(self, name) for name in EventMap.model_fields}
        if not self.events:
            return (EventMap.model_construct(**own),)
        return tuple(
            EventMap.model_construct(
                **own | {name: getattr(one, name) for name in one.model_fields_set}
            )
            for one in self.events
        )


def _kinds(one: EventMap) -> set[Scalar]:
    """The kinds of events a map may give."""
    if one.kind.const is not None:
        return {one.kind.const}
    if one.kind.map is None:
        return set(KINDS)
    fallback = set() if one.kind.default is None else {one.kind.default}
    return {*one.kind.map.values()} | fallback


def _complete(one: EventMap, where: str) -> None:
    """Refuse a map that could never give an event."""
    kinds = _kinds(one)
    if unknown := sorted(str(kind) for kind in kinds if kind not in KINDS):
        raise ValueError(f"{where}kind: found {unknown[0]!r}; {suggestion(unknown[0], KINDS)}")
    for field, hint, needed in (
        ("ts", "like ts: $.created_at", True),
        ("customer", "like customer: $.user.id, or from_conversation", True),
        (
            "author",
            "say who wrote, like author: {path: $.role, map: {user: customer, staff: agent}}",
            "message" in kinds,
        ),
        ("text", "like text: $.body", "message" in kinds),
        ("type", "like type: $.event, or a word", bool(kinds & {"interaction", "outcome"})),
    ):
        if needed and getattr(one, field) is None:
            raise ValueError(f"{where}{field} is missing; {hint}")
    _authors(one, where)
    _conversation(one, where)


def _authors(one: EventMap, where: str) -> None:
    if one.author is None:
        return
    author = one.author
    rows = {"author": author.const, "author.default": author.default}
    rows |= {f"author.map.{name}": row for name, row in (author.map or {}).items()}
    wrong = {name: row for name, row in rows.items() if row is not None and row not in AUTHORS}
    if wrong:
        found = ", ".join(f"{name}: found {row!r}" for name, row in wrong.items())
        raise ValueError(f"{where}{found}; it is customer, agent or bot")


def _conversation(one: EventMap, where: str) -> None:
    named = one.customer != FROM_CONVERSATION
    if named and one.writer is not None:
        raise ValueError(f"{where}writer is for customer: from_conversation only; remove it")
    if not named and (one.conversation is None or one.writer is None):
        raise ValueError(
            f"{where}customer: from_conversation also needs conversation, and writer: where a"
            " customer's own turns name the customer"
        )


NATIVE: Final = SourceSettings(
    topic=EVENTS,
    kind=Word(path="$.kind"),
    customer=Pick(path="$.customer"),
    author=Word(path="$.author"),
    ts=TimePick(path="$.ts"),
    event_id=Pick(path="$.event_id"),
    text=Pick(path="$.text"),
    type=Word(path="$.type"),
    conversation=Pick(path="$.conversation"),
    channel=Pick(path="$.channel"),
    touchpoint=Pick(path="$.touchpoint"),
    value=Pick(path="$.value"),
    link=Pick(path="$.link"),
    account=Pick(path="$.account"),
    consent=Pick(path="$.consent.monitor"),
    dims="$.dims",
    profile={name: Pick(path=f"$.{name}") for name in FACTS},
)
"""The mapping of `nabz.events.v1`: every field under its own name."""
