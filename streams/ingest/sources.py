"""What `nabz.yaml` says about a source: where it is, and where in a record things are.

A source is a topic of yours, or files. A place in a record is a path (`$.from.id`, `$.tags[0]`; `@`
is the element where `each:` takes a list apart) or a constant (`{const: twitter}`); a value found
there may be translated (`map:`) or replaced where it is missing (`default:`). Unknown keys are
refused, with the nearest known one as a suggestion.

Next step: `streams.ingest.mapping` compiles a source into a function.
"""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from streams.ingest.paths import PathError, parse
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
Scalar = str | bool | int | float


def suggestion(found: str, known: Any) -> str:
    """What somebody who wrote this may have meant.

    >>> suggestion("confg", ["config", "clock"])
    'did you mean config?'
    """
    names = sorted(str(one) for one in known)
    near = difflib.get_close_matches(found, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"


class Strict(BaseModel):
    """Base of settings: frozen, and an unknown key is an error with a suggestion."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            known = {field.alias or name for name, field in cls.model_fields.items()}
            for key in value:
                if key not in known and key not in cls.model_fields:
                    raise ValueError(f"unknown key {key!r}; {suggestion(str(key), known)}")
        return value


def _is_path(text: str) -> bool:
    return text[:1] in {"$", "@"}


class Pick(Strict):
    """Where one field of an event comes from.

    Attributes:
        path: Path in the record.
        const: The same value for every record, instead of a path.
        map: Translation of what is found; a value without a row has no meaning here.
        default: Where nothing is found, or nothing with a row in `map`.
    """

    path: str | None = None
    const: Scalar | None = None
    map: dict[str, Scalar] | None = None
    default: Scalar | None = None

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: Any) -> Any:
        if isinstance(value, str):
            if not _is_path(value):
                raise ValueError(f"write a path like $.{value}, or {{const: {value}}}")
            return {"path": value}
        return value

    @field_validator("map", mode="before")
    @classmethod
    def _keys_as_text(cls, value: Any) -> Any:
        # YAML reads `1:` and `yes:` as a number and a truth; records are compared as text.
        return (
            {as_text(key): one for key, one in value.items()} if isinstance(value, dict) else value
        )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.path is None) == (self.const is None):
            raise ValueError("give either path or const")
        if self.const is not None and (self.map is not None or self.default is not None):
            raise ValueError("a const needs no map and no default")
        if self.path is not None:
            _checked(self.path)
        return self


def _checked(path: str) -> str:
    try:
        parse(path)
    except PathError as error:
        raise ValueError(str(error)) from error
    return path


def as_text(value: object) -> str:
    """A scalar as `map:` and `where:` compare it.

    >>> as_text(True), as_text(3), as_text("x")
    ('true', '3', 'x')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


class Word(Pick):
    """A field whose few values are known: a plain word is a constant."""

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        return {"const": value} if isinstance(value, str) and not _is_path(value) else value


class TimePick(Strict):
    """Where the event time is, and how it is written.

    Attributes:
        path: Path in the record.
        format: `auto` (ISO 8601, or seconds or milliseconds since 1970 by size), `iso`, `s`, `ms`,
            or one or several strptime formats, tried in order.
        timezone: Of times that do not say theirs.
    """

    path: Annotated[str, BeforeValidator(lambda value: value)]
    format: str | tuple[str, ...] = "auto"
    timezone: str = "UTC"

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @field_validator("path")
    @classmethod
    def _path(cls, value: str) -> str:
        return _checked(value)

    @field_validator("format")
    @classmethod
    def _format(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        formats = (value,) if isinstance(value, str) else value
        if not formats or not all(
            one in {"auto", "iso", "s", "ms"} or "%" in one for one in formats
        ):
            raise ValueError("a time format is auto, iso, s, ms, or like %d.%m.%Y %H:%M")
        if len(formats) > 1 and not all("%" in one for one in formats):
            raise ValueError("a list of time formats holds strptime formats only, like %d.%m.%Y")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {value!r}; write one like Europe/Berlin") from error
        return value


class Condition(Strict):
    """One condition on a record; several in a list must all hold.

    Attributes:
        path: What is looked at.
        equals: Is this value.
        among: `in`: is one of these.
        exists: Is there and not null, or is not.
        negated: `not`: the condition in it does not hold.
    """

    path: str | None = None
    equals: Scalar | None = None
    among: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    exists: bool | None = None
    negated: Condition | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        asked = [one for one in (self.equals, self.among, self.exists) if one is not None]
        if self.negated is not None:
            if self.path is not None or asked:
                raise ValueError("a `not` stands alone: {not: {path: .., equals: ..}}")
        elif self.path is None or len(asked) != 1:
            raise ValueError("a condition is a path and one of equals, in, exists")
        else:
            _checked(self.path)
        return self


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
    dims: dict[str, Pick] | str = {}
    profile: dict[str, Pick] = {}
    where: Annotated[tuple[Condition, ...], BeforeValidator(_listed)] = ()

    @field_validator("customer", mode="before")
    @classmethod
    def _customer(cls, value: Any) -> Any:
        # Settled here, so that a slip is explained as a path and not as a union.
        return value if value is None or value == FROM_CONVERSATION else Pick.model_validate(value)

    @field_validator("dims")
    @classmethod
    def _dims(cls, value: dict[str, Pick] | str) -> dict[str, Pick] | str:
        return _checked(value) if isinstance(value, str) else value

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
            _checked(self.each)
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
    rows = [one.author.const, one.author.default, *(one.author.map or {}).values()]
    if wrong := [row for row in rows if row is not None and row not in AUTHORS]:
        raise ValueError(f"{where}author: found {wrong[0]!r}; it is customer, agent or bot")


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
