"""From the bytes of a record to events: a source's settings, compiled once into a function.

Whatever a producer sends gives a value: events, `Filtered` (left out on purpose) or `Rejected`. A
record is taken whole or not at all: one bad event of several puts the record aside, so a replay of
it repeats nothing. Paths are closures and no settings are interpreted per record.

Next step: `scoring.reading.read` reads an event's text, called by `streams.ingest.signals`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from alerts.canary import CANARY
from scoring.records import ProfileFacts
from streams.ingest.events import Decoded, Event, Filtered, Rejected
from streams.ingest.fields import (
    MAX_ID_BYTES,
    MAX_LINK_BYTES,
    BadError,
    Unmapped,
    compile_condition,
    compile_pick,
    labels,
    number,
    time,
    truth,
    words,
)
from streams.ingest.objects import parse_object
from streams.ingest.paths import compile_path
from streams.ingest.sources import AUTHORS, FROM_CONVERSATION, KINDS, EventMap, SourceSettings

__all__ = ["Decode", "Decoded", "Event", "Filtered", "Rejected", "compile_source"]

MAX_DIMS: Final = 16
OUTCOMES: Final = (
    "escalated", "churned", "downgraded", "renewed", "refunded", "complaint", "returned",
)  # fmt: skip

Decode = Callable[[bytes | None, str, int], Decoded]
"""Called with the bytes, the record's coordinates as text, and the reader's time in ms."""


class _OutError(Exception):
    """An event is left out on purpose; never leaves this module."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.filtered = Filtered(reason)


def compile_source(
    name: str, source: SourceSettings, types: Collection[str], *, native: bool = False
) -> Decode:
    """Make the settings of a source into a function.

    Args:
        name: Name of the source; makes its event ids unique among all sources.
        source: Its settings.
        types: Interaction types of the catalogue; others are filtered.
        native: Event ids are unique as they are (`nabz.events.v1`).

    >>> fields = {"customer": "$.who", "author": "customer", "ts": "$.at", "text": "$.say"}
    >>> chat = SourceSettings.model_validate({"topic": "chat", **fields})
    >>> decode = compile_source("chat", chat, ())
    >>> decode(b'{"who": "c-1", "at": 1700000000, "say": "hi"}', "0/7", 10**13)[0].event_id
    'chat/0/7'
    >>> decode(b'{"who": "c-1", "say": "hi"}', "0/8", 10**13)
    Rejected(reason='missing_field', field='ts')
    """
    prefix = "" if native else f"{name}/"
    makes = [_EventMaker(one, prefix, name, frozenset(types)).make for one in source.maps()]
    each = None if source.each is None else compile_path(source.each)

    def decode(value: bytes | None, coordinates: str, now_ms: int) -> Decoded:
        record = parse_object(value)
        if type(record) is Rejected:
            return record
        elements: list[Any] = [record]
        if each is not None:
            found = each(record, None)
            if type(found) is not list:
                return Rejected("missing_field" if found is None else "wrong_type", "each")
            elements = found
        events: list[Event] = []
        filtered: Filtered | None = None
        index = 0
        for element in elements:
            for make in makes:
                try:
                    events.append(make(record, element, index, coordinates, now_ms))
                except BadError as bad:
                    return bad.rejected
                except _OutError as out:
                    filtered = filtered or out.filtered
                index += 1
        if events:
            return tuple(events)
        return filtered or Filtered("no_events")

    return decode


class _EventMaker:
    """One event's map, every field compiled."""

    def __init__(self, one: EventMap, prefix: str, name: str, types: frozenset[str]) -> None:
        assert one.ts is not None, "settings are validated"  # noqa: S101
        self._name, self._prefix, self._types = name, prefix, types
        self._from_conversation = one.customer == FROM_CONVERSATION
        who = one.writer if self._from_conversation else one.customer
        assert not isinstance(who, str), "settings are validated"  # noqa: S101
        self._conditions = [compile_condition(condition) for condition in one.where]
        self._kind, self._author, self._type = map(compile_pick, (one.kind, one.author, one.type))
        self._customer = words(who, "customer", MAX_ID_BYTES)
        self._ts = time(one.ts)
        self._event_id = words(one.event_id, "event_id", MAX_ID_BYTES)
        self._text = compile_pick(one.text)
        self._conversation = words(one.conversation, "conversation", MAX_ID_BYTES)
        self._channel = words(one.channel, "channel")
        self._touchpoint = words(one.touchpoint, "touchpoint")
        self._value = number(one.value, "value")
        self._link = words(one.link, "link", MAX_LINK_BYTES)
        self._account = words(one.account, "account")
        self._consent = truth(one.consent, "consent")
        self._dims = labels(one.dims)
        self._facts = [
            (fact, number(pick, fact) if fact == "value" else words(pick, fact))
            for fact, pick in one.profile.items()
        ]

    def make(self, record: Any, element: Any, index: int, coordinates: str, now_ms: int) -> Event:
        """Make event number `index` of a record, or raise `BadError` or `_OutError`."""
        for holds in self._conditions:
            if not holds(record, element):
                raise _OutError("where")
        kind = self._kind_of(record, element)
        consent = self._consent(record, element)
        if consent is False and kind != "profile":
            raise _OutError("consent")
        event_type = kind
        if kind in {"interaction", "outcome"}:
            event_type = self._type_of(record, element, kind)
        author = self._author_of(record, element, kind)
        customer = self._customer_of(record, element, author)
        conversation = self._conversation(record, element)
        if customer is None and conversation is None:
            raise BadError("no_customer", "conversation")
        ts_ms = self._ts(record, element, now_ms)
        own_id = self._event_id(record, element)
        event_id = f"{self._name}/{coordinates}" if own_id is None else self._prefix + own_id
        if index:
            event_id = f"{event_id}#{index}"
        account = self._account(record, element)
        if kind == "profile":
            found: dict[str, Any] = {fact: get(record, element) for fact, get in self._facts}
            facts = ProfileFacts(account=account, monitor=consent is not False, **found)
            return Event(kind, customer, event_id, ts_ms, index, type=kind, facts=facts)
        dims = self._dims(record, element)
        if account is not None:
            dims["account"] = account
        return Event(
            kind=kind,
            customer=customer,
            event_id=event_id,
            ts_ms=ts_ms,
            index=index,
            type=event_type,
            author=author,
            text=self._text_of(record, element, kind),
            conversation=conversation,
            channel=self._channel(record, element),
            touchpoint=self._touchpoint(record, element),
            value=self._value(record, element),
            link=self._link(record, element),
            dims=tuple(sorted(dims.items())[:MAX_DIMS]),
        )

    def _kind_of(self, record: Any, element: Any) -> str:
        kind = self._kind(record, element)
        if kind is None:
            raise BadError("missing_field", "kind")
        if type(kind) is Unmapped:
            raise _OutError("unknown_type")
        if type(kind) is not str or kind not in KINDS:
            raise BadError("wrong_type", "kind")
        return kind

    def _type_of(self, record: Any, element: Any, kind: str) -> str:
        found = self._type(record, element)
        if found is None or found == "":
            raise BadError("missing_field", "type")
        if type(found) is Unmapped:
            raise _OutError("unknown_type")
        if type(found) is not str:
            raise BadError("wrong_type", "type")
        if found not in (self._types if kind == "interaction" else OUTCOMES):
            raise _OutError("unknown_type")
        return found

    def _author_of(self, record: Any, element: Any, kind: str) -> str:
        author = self._author(record, element)
        if author is None:
            if kind == "message":
                raise BadError("missing_field", "author")
            return "customer"
        if type(author) is not str or author not in AUTHORS:
            raise BadError("unknown_author", "author")
        return author

    def _customer_of(self, record: Any, element: Any, author: str) -> str | None:
        if self._from_conversation:
            # What names an agent's turn's writer is the agent's own name.
            customer = self._customer(record, element) if author == "customer" else None
        else:
            customer = self._customer(record, element)
            if customer is None:
                raise BadError("no_customer", "customer")
        # Such names address partitions of the log; the canary's comes from nabz itself only.
        if customer is not None and customer.startswith("~") and not self._is_canary(customer):
            raise BadError("wrong_type", "customer")
        return customer

    def _is_canary(self, customer: str) -> bool:
        return customer == CANARY and not self._prefix

    def _text_of(self, record: Any, element: Any, kind: str) -> str | None:
        text = self._text(record, element)
        if text is None:
            if kind == "message":
                raise BadError("missing_field", "text")
            return None
        if type(text) is not str:
            raise BadError("wrong_type", "text")
        if "\x00" in text:
            raise BadError("not_text", "text")
        return text
