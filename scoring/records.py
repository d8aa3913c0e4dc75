"""What can happen to a customer: the record types of the customer log.

A row changes only by folding these, in offset order. They are tagged and positional, so a decoder
reads only the type it needs; new fields go to the end with a default, and a golden file
(`tests/golden/records.json`) pins the bytes. The customer is the key of the record, never a field.

Every record carries `at_ms` (the appender's time; event or due time where `clock: watermark`) and
`complete_to_ms` (every source has been read up to here). Times are integer milliseconds since the
epoch. No field holds message text: a `Reading` holds what a text meant, with short redacted quotes.

Next step: `scoring.customer.advance` remembers a record, `alerts.fold.fold` folds it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from scoring.decoding import decoded

FAMILIES: Final = ("feeling", "waiting", "repetition", "effort", "intent", "relief")
"""Families of distress points, in the order of every pane; relief counts against distress."""


class Record(msgspec.Struct, frozen=True, array_like=True, tag_field="record"):
    """Base of all records.

    Attributes:
        at_ms: When it was appended, or the time it stands for (`clock: watermark`).
        complete_to_ms: All sources have been read and appended up to this event time.
    """

    at_ms: int
    complete_to_ms: int


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """Where an event came from.

    Attributes:
        source: Name of the source in `nabz.yaml`, `events` for `nabz.events.v1`.
        partition: Partition of the source topic, or the number of the file.
        offset: Offset there, or the line number from 0.
        index: Place within the record, where one record gives several events.
        epoch: Epoch of the source; replays and rewinds append under a new one.
        topic: Topic or file name the coordinates belong to.
    """

    source: str
    partition: int
    offset: int
    index: int = 0
    epoch: int = 0
    topic: str = ""


class Cue(msgspec.Struct, frozen=True, array_like=True):
    """One thing a text says that scores points, or takes them away.

    Attributes:
        code: Row of the cue table (`scoring/cues.py`), or `negative_words`, `positive_words`.
        family: One of `FAMILIES`.
        points: Hundredths of a point of distress, never negative; the family tells the direction.
        quote: The words that caused it, redacted, at most 80 characters.
    """

    code: str
    family: str
    points: int
    quote: str = ""


class Turn(msgspec.Struct, frozen=True, array_like=True):
    """What a turn does in its conversation, without its words.

    Attributes:
        words: Number of words.
        questions: Number of question marks, both scripts.
        corrects: Starts with a refusal or correction ("no", "I said", "نه").
        closes: Thanks or says goodbye and asks nothing: starts no wait.
        fails: Of an agent's turn: apologises or says that something cannot be done.
        hashes: 32-bit hashes of at most 12 content words, sorted: for rephrasing and links.
        mood_e2: Of a customer's turn: its sentiment in hundredths, -100 to 100; 0 where unknown.
    """

    words: int = 0
    questions: int = 0
    corrects: bool = False
    closes: bool = False
    fails: bool = False
    hashes: tuple[int, ...] = ()
    mood_e2: int = 0


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """What one text means, without context.

    Attributes:
        lang: `en`, `fa`, or `unknown`: then nothing was scored and behaviour carries the score.
        sentiment_e4: Sentiment in ten-thousandths, -10000 to 10000; None where we abstained.
        cues: What scores points, in order of appearance; a span counts once.
        turn: What the turn does in its conversation.
        stripped: Kinds of passages left out before reading (`quoted`, `signature`, `log`, `html`).
        redactions: How many personal items were masked.
    """

    lang: str
    sentiment_e4: int | None = None
    cues: tuple[Cue, ...] = ()
    turn: Turn = Turn()
    stripped: tuple[str, ...] = ()
    redactions: int = 0


class Signal(Record, frozen=True, array_like=True, tag="signal"):
    """A message or an interaction of one customer.

    Attributes:
        event_id: Unique per event; the source coordinates where the source has none.
        ts_ms: Event time.
        origin: Where it came from.
        type: `message`, or an interaction type of the catalogue.
        author: `customer`, `agent` or `bot`; an interaction's is `customer` unless mapped.
        conversation: Conversation it belongs to, None if unknown.
        reading: What its text means; of agents and bots only the turn is kept.
        channel: Where it happened ("twitter", "chat").
        touchpoint: Part of the product or service it concerns.
        value: A number the event carries (survey answer, seconds waited).
        link: Where an operator can open it.
        ordered: It travels in source order; if not, it is deduplicated by event id alone.
        inbound: The source carries no replies of ours, so nobody can be said to wait.
        dims: Further labels, sorted by name.
    """

    event_id: str
    ts_ms: int
    origin: Origin
    type: str = "message"
    author: str = "customer"
    conversation: str | None = None
    reading: Reading | None = None
    channel: str | None = None
    touchpoint: str | None = None
    value: float | None = None
    link: str | None = None
    ordered: bool = True
    inbound: bool = False
    dims: tuple[tuple[str, str], ...] = ()


class ProfileFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who a customer is, as the business knows; None is unknown."""

    account: str | None = None
    contact_role: str | None = None
    name: str | None = None
    tier: str | None = None
    value: float | None = None
    region: str | None = None
    owner: str | None = None
    language: str | None = None
    calendar: str | None = None
    preferred_channel: str | None = None
    monitor: bool = True


class Profile(Record, frozen=True, array_like=True, tag="profile"):
    """New facts about a customer; they replace the older ones as a whole."""

    event_id: str
    ts_ms: int
    origin: Origin
    facts: ProfileFacts
    ordered: bool = True


class Outcome(Record, frozen=True, array_like=True, tag="outcome"):
    """How something ended: a label that closes or restarts timers, never an input of a score.

    Attributes:
        kind: `escalated`, `churned`, `downgraded`, `renewed`, `refunded`, `complaint`, `returned`.
    """

    event_id: str
    ts_ms: int
    origin: Origin
    kind: str
    value: float | None = None
    ordered: bool = True


VERBS: Final = (
    "ack", "unack", "snooze", "unsnooze", "assign", "note", "resolve", "disagree", "handled",
)  # fmt: skip
"""What people can decide about an alert."""
DISAGREEMENTS: Final = (
    "not_distress", "misread_words", "already_handled", "too_late", "not_mine",
)  # fmt: skip
"""Why an alert was no help."""
WRONG: Final = frozenset({"not_distress", "misread_words"})
"""Those of them that say that it was wrong; the others say that it was right."""


class Command(Record, frozen=True, array_like=True, tag="command"):
    """What a person decided about one alert of a customer.

    Attributes:
        command_id: Makes the command idempotent.
        verb: One of `VERBS`.
        fingerprint: The alert meant; empty for the customer as a whole.
        actor: Who decided.
        channel: Where (`console`, `slack`, `cli`).
        until_ms: End of an ack or a snooze.
        text: Reason or note, redacted.
        alert_id: The episode meant; empty for whichever is the newest.
        seq: The newest transition the person had seen; refused if there is a newer one. None for
            whatever has happened since.
        reason: Why they disagree: one of `DISAGREEMENTS`.
        assignee: Whom an alert is given to.
        until_worse: A snooze that ends sooner if it gets worse: by `worse_by_e2`, or to a higher
            severity if that is None.
    """

    command_id: str
    ts_ms: int
    origin: Origin
    verb: str
    fingerprint: str = ""
    actor: str = ""
    channel: str = ""
    until_ms: int | None = None
    text: str = ""
    ordered: bool = True
    alert_id: str = ""
    seq: int | None = None
    reason: str = ""
    assignee: str = ""
    until_worse: bool = False
    worse_by_e2: int | None = None


class Wake(Record, frozen=True, array_like=True, tag="wake"):
    """A timer of one customer has come due and nothing else arrived.

    Attributes:
        due_ms: The due time the partition's owner knew; where nothing is due, no score changes.
    """

    due_ms: int


class Tick(Record, frozen=True, array_like=True, tag="tick"):
    """Ten seconds of a partition have passed; addressed to the partition, not to a customer."""


class ConfigChanged(Record, frozen=True, array_like=True, tag="config_changed"):
    """From here on the partition folds under this configuration; an equal hash changes nothing."""

    config_hash: str


LogRecord = Signal | Profile | Outcome | Command | Wake | Tick | ConfigChanged
"""All that the customer log carries."""

PARTITION_KEY: Final = b"~"
"""Key of records that address a partition as a whole, and of the partition's own row."""

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[LogRecord] = msgspec.msgpack.Decoder(LogRecord)


def encode_record(record: LogRecord) -> bytes:
    """Encode one record for the customer log.

    >>> decode_record(encode_record(Wake(5, 4, due_ms=3)))
    Wake(at_ms=5, complete_to_ms=4, due_ms=3)
    """
    return _encoder.encode(record)


def decode_record(data: bytes) -> LogRecord:
    """Decode one record of the customer log.

    Raises:
        msgspec.DecodeError: The bytes are no record; msgspec.ValidationError: of the wrong shape.
    """
    return decoded(_decoder.decode, data, "record of the customer log")
