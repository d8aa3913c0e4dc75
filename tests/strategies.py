"""Logs and records for the tests of the pure core: builders, Hypothesis strategies, a log to fold.

Times are drawn from edges (a hold, a clear, an hour, a day, and one millisecond on either side), as
random times never meet one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from alerts.config import Config, config_hash, encode_config
from alerts.fold import Entry, Folded, fold
from alerts.row import Row
from alerts.rules import Cuts, Rule
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS, Interaction, Scoring
from scoring.records import (
    DISAGREEMENTS,
    FAMILIES,
    PARTITION_KEY,
    VERBS,
    Command,
    ConfigChanged,
    Cue,
    LogRecord,
    Origin,
    Outcome,
    Profile,
    ProfileFacts,
    Reading,
    Signal,
    Tick,
    Turn,
    Wake,
    encode_record,
)

BASE_MS = 1_790_000_000_000  # 2026-09-21 13:33:20 UTC
SCORING = Scoring(
    interactions={
        "refund": Interaction(points=900, family="relief"),
        "checkout_failed": Interaction(points=600, family="effort"),
        "call_requested": Interaction(points=300, family="waiting", contact=True, wait="starts"),
        "call_made": Interaction(wait="ends"),
    }
)


class Stored(NamedTuple):
    """A record of the log as a consumer hands it out."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


# ---------------------------------------------------------------------- builders


def signal(ts_ms: int, points: int = 0, **changes: Any) -> Signal:
    """A message; `points` of feeling, if any. Its id and offset follow from its time and author."""
    author = changes.get("author", "customer")
    family = changes.pop("family", "feeling")
    turn = changes.pop("turn", Turn(words=3))
    cues = changes.pop("cues", (Cue("angry", family, points, "so angry"),) if points else ())
    facts: dict[str, Any] = {
        "at_ms": ts_ms,
        "complete_to_ms": ts_ms,
        "event_id": f"{author}-{ts_ms}",
        "ts_ms": ts_ms,
        "origin": Origin("chat", 0, ts_ms - BASE_MS if ts_ms >= BASE_MS else 0, topic="chat"),
        "conversation": "t-1",
        "reading": Reading("en", -100 * bool(points), cues, turn),
        "ordered": False,
    }
    return Signal(**(facts | changes))


def interaction(ts_ms: int, kind: str, **changes: Any) -> Signal:
    """An interaction of the catalogue above, in the same conversation."""
    return signal(ts_ms, type=kind, reading=None, **({"event_id": f"{kind}-{ts_ms}"} | changes))


def answer(ts_ms: int, points: int = 0, **changes: Any) -> Signal:
    """An answer of ours."""
    return signal(ts_ms, points, author="agent", **changes)


def thanks(ts_ms: int, points: int = 0, **changes: Any) -> Signal:
    """A goodbye of the customer."""
    return signal(ts_ms, points, turn=Turn(words=2, closes=True), **changes)


def wake(at_ms: int, complete_to_ms: int | None = None) -> Wake:
    """A wake; all has been read up to it unless said otherwise."""
    return Wake(at_ms, at_ms if complete_to_ms is None else complete_to_ms, at_ms)


def command(at_ms: int, verb: str, **changes: Any) -> Command:
    """What a person decided."""
    facts: dict[str, Any] = {
        "at_ms": at_ms,
        "complete_to_ms": at_ms,
        "command_id": f"{verb}-{at_ms}",
        "ts_ms": at_ms,
        "origin": Origin("commands", 0, 0),
        "verb": verb,
        "actor": "mina",
        "ordered": False,
    }
    return Command(**(facts | changes))


def profile(at_ms: int, *, monitor: bool = True, **changes: Any) -> Profile:
    """Who a customer is."""
    return Profile(
        at_ms, at_ms, f"profile-{at_ms}", changes.pop("ts_ms", at_ms), Origin("crm", 0, 0),
        ProfileFacts(monitor=monitor, **changes), ordered=False,
    )  # fmt: skip


def outcome(at_ms: int, kind: str) -> Outcome:
    """How it ended."""
    return Outcome(at_ms, at_ms, f"{kind}-{at_ms}", at_ms, Origin("crm", 0, 0), kind, ordered=False)


# ---------------------------------------------------------------------- folding


def hashed(config: Config) -> str:
    """Name of a configuration."""
    return config_hash(encode_config(config))


def fold_all(
    records: Iterable[LogRecord],
    config: Config,
    *,
    row: Row | None = None,
    customer: str = "ann",
    first: int = 0,
) -> list[Folded]:
    """Fold records of one customer one by one; offsets count from `first`."""
    name = hashed(config)
    folded: list[Folded] = []
    for offset, record in enumerate(records, start=first):
        entry = Entry(customer, record, 0, offset, record.at_ms)
        folded.append(fold(row, entry, config, name))
        row = folded[-1].row
    return folded


def stored(records: Sequence[tuple[bytes, LogRecord]], first: int = 0) -> list[Stored]:
    """A log: keys and records as a consumer hands them out."""
    return [
        Stored(offset, record.at_ms, key, encode_record(record))
        for offset, (key, record) in enumerate(records, start=first)
    ]


# ---------------------------------------------------------------------- strategies

FOR_MS, CLEAR_MS, EXPIRE_MS, REOPEN_MS = MINUTE_MS, 10 * MINUTE_MS, 24 * HOUR_MS, 30 * MINUTE_MS
EDGES_MS = (
    0, 1, 999, 1_000, 1_001, FOR_MS - 1, FOR_MS, CLEAR_MS - 1, CLEAR_MS, CLEAR_MS + 1,
    REOPEN_MS, REOPEN_MS + 1, HOUR_MS - 1, HOUR_MS, 12 * HOUR_MS, EXPIRE_MS - 1, EXPIRE_MS,
    3 * DAY_MS, 8 * DAY_MS,
)  # fmt: skip
RULES = (
    Rule("distress", warning=Cuts(2_000, 1_200), critical=Cuts(4_000, 3_000)),
    Rule("held", warning=Cuts(1_500, 1_000), critical=None, for_ms=FOR_MS),
    Rule("health", "health", warning=Cuts(7_500, 8_000), critical=Cuts(6_000, 7_000)),
    Rule("flag", warning=Cuts(9_000, 8_000), critical=None, red_flags=("lawyer",)),
)
CONFIG = Config(clock="watermark", scoring=SCORING, rules=RULES)
LIVE = Config(clock="live", scoring=SCORING, rules=RULES)
# Fewer rules, other cuts: one rule is edited, two are gone, the catalogue is empty.
OTHER = Config(
    clock="watermark",
    rules=(RULES[0], Rule("held", warning=Cuts(2_500, 900), critical=None, for_ms=CLEAR_MS)),
)

gaps_ms = st.sampled_from(EDGES_MS)
_short_ms = st.sampled_from([one for one in EDGES_MS if one <= HOUR_MS])
_log_gaps_ms = _short_ms | _short_ms | gaps_ms  # a log of long silences folds slowly
points = st.sampled_from([0, 0, 300, 1_200, 2_500, 6_000])
turns = st.builds(
    Turn,
    words=st.integers(0, 40),
    corrects=st.booleans(),
    closes=st.sampled_from([False, False, True]),
    fails=st.booleans(),
    hashes=st.sampled_from([(), (1, 2, 3, 4), (2, 3, 4, 5), (7, 8, 9)]),
    mood_e2=st.sampled_from([0, 0, -30, -100, 80]),
)
cues = st.builds(
    Cue, st.sampled_from(["angry", "lawyer", "again"]), st.sampled_from(FAMILIES), points
)
readings = st.none() | st.builds(
    Reading,
    st.sampled_from(["en", "fa", "unknown"]),
    st.none() | st.integers(-10_000, 10_000),
    st.lists(cues, max_size=3).map(tuple),
    turns,
)


@st.composite
def signals(draw: st.DrawFn, ts_ms: st.SearchStrategy[int]) -> Signal:
    """Any signal at one of these times; its id is its number, which the caller makes unique."""
    when = draw(ts_ms)
    kind = draw(st.sampled_from(["message"] * 6 + [*SCORING.interactions, "unheard_of"]))
    return signal(
        when,
        event_id=draw(st.uuids()).hex,
        type=kind,
        author=draw(st.sampled_from(["customer", "customer", "customer", "agent", "bot"])),
        conversation=draw(st.sampled_from(["t-1", "t-2", None])),
        channel=draw(st.sampled_from([None, "chat"])),
        inbound=draw(st.sampled_from([False, False, False, True])),
        reading=draw(readings) if kind == "message" else None,
    )


@st.composite
def records(draw: st.DrawFn, now_ms: int, complete_ms: int) -> LogRecord:
    """Any record of a customer, appended now."""
    kind = draw(st.sampled_from(["signal"] * 8 + ["wake", "wake", "profile", "outcome", "command"]))
    if kind == "signal":
        late_ms = draw(st.sampled_from([0, 0, 0, 1_000, HOUR_MS, 9 * DAY_MS, 100 * DAY_MS]))
        found: LogRecord = draw(signals(st.just(max(1, now_ms - late_ms))))
    elif kind == "profile":
        found = profile(now_ms, monitor=draw(st.sampled_from([True, True, False])), tier="gold")
    elif kind == "outcome":
        found = outcome(now_ms, draw(st.sampled_from(["churned", "renewed", "escalated"])))
    elif kind == "command":
        verb = draw(st.sampled_from(VERBS))
        facts: dict[str, Any] = {
            "until_ms": draw(st.sampled_from([None, now_ms + 1, now_ms + HOUR_MS])),
            "until_worse": draw(st.booleans()),
            "worse_by_e2": draw(st.sampled_from([None, 500])),
            "assignee": "omid",
            "reason": draw(st.sampled_from(DISAGREEMENTS)),
        }
        found = command(now_ms, verb, **facts)
    else:
        found = wake(now_ms)
    return at(found, now_ms, complete_ms)


def at(record: LogRecord, at_ms: int, complete_to_ms: int) -> LogRecord:
    """The same record, appended then."""
    return msgspec.structs.replace(record, at_ms=at_ms, complete_to_ms=complete_to_ms)


@st.composite
def logs(
    draw: st.DrawFn,
    *,
    customers: Sequence[bytes] = (b"ann", b"bo", b"cy"),
    lags_ms: Sequence[int] = (0, 0, 0, 1, HOUR_MS, 2 * DAY_MS),
    configs: Sequence[str] = (),
    max_size: int = 25,
) -> list[tuple[bytes, LogRecord]]:
    """A log of one partition: times never fall, completeness neither; some events come twice."""
    found: list[tuple[bytes, LogRecord]] = []
    now_ms, complete_ms = BASE_MS, 0
    for _ in range(draw(st.integers(1, max_size))):
        now_ms += draw(_log_gaps_ms)
        complete_ms = max(complete_ms, now_ms - draw(st.sampled_from(lags_ms)))
        kind = draw(st.sampled_from(["record"] * 9 + ["tick", "again", "config"]))
        if kind == "config" and configs:
            name = draw(st.sampled_from(configs))
            found.append((PARTITION_KEY, ConfigChanged(now_ms, complete_ms, name)))
        elif kind == "tick":
            found.append((PARTITION_KEY, Tick(now_ms, complete_ms)))
        elif kind == "again" and found:
            key, record = draw(st.sampled_from(found))
            found.append((key, at(record, now_ms, complete_ms)))
        else:
            key = draw(st.sampled_from(list(customers)))
            found.append((key, draw(records(now_ms, complete_ms))))
    return found
