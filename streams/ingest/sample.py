"""What a mapping makes of a sample of a source, without writing anything.

Counts what would be appended, filtered and put aside, by reason and field, with the place of the
first record of each; and says what to do about it. Where customers are found through their
conversation, it checks that each conversation stays in one partition, and which turns would find
nobody.

Next step: `nabz sources test` shows it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from streams.ingest.conversations import Conversations, Nameless
from streams.ingest.events import Event, Filtered, Rejected
from streams.ingest.intake import Source
from streams.ingest.sources import FROM_CONVERSATION

SHOWN: Final = 3

_CURES: Final = {
    "empty": "records without a value: filter or ignore them",
    "not_text": "bytes that are no text: is the topic JSON at all?",
    "not_json": "not JSON: is the topic in another format, or are records cut off?",
    "not_an_object": "JSON, but no object: a record must be {...}",
    "too_large": "more than 256 kB: send a link instead of the content",
    "too_deep": "nested more than 64 levels deep",
    "missing_field": "not there: check the path, or give a default",
    "wrong_type": "holds something else than it should: check the path",
    "bad_time": "cannot be read as a time: give ts a format",
    "future": "more than 10 minutes ahead: is it in another unit, or another time zone?",
    "unknown_author": "has values without a row: add them to the map of author",
    "no_customer": "names nobody: check the path of customer or writer",
    "mapping_failed": "a defect of nabz: please report it",
    "where": "left out by where:, as configured",
    "unknown_type": "add the types to scoring.interactions if they mean something",
    "consent": "the customer does not want to be monitored",
    "no_events": "the list of events is empty",
}


@dataclass(slots=True)
class Finding:
    """One kind of record that gives no event.

    Attributes:
        outcome: `filtered` or `dead_lettered`.
        field: What it is about, empty for the record as a whole.
        first: Partition and offset of the first such record.
        cure: What to do.
    """

    outcome: str
    reason: str
    field: str
    count: int
    first: tuple[int, int]
    cure: str


@dataclass(slots=True)
class Sample:
    """A source's sample, record by record.

    Attributes:
        source: What is tested.
        outcomes: Records by outcome.
        kinds: Events by what they are.
        shown: The first events, with their place.
        newest_ms: Newest event time, 0 before the first.
    """

    source: Source
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    shown: list[tuple[int, int, Event]] = field(default_factory=list)
    newest_ms: int = 0
    _findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    _partitions: dict[str, set[int]] = field(default_factory=dict)
    _conversations: Conversations = field(default_factory=Conversations)
    _nameless: int = 0

    @property
    def read(self) -> int:
        """Records looked at."""
        return self.outcomes.total()

    def take(self, partition: int, offset: int, value: bytes | None, now_ms: int) -> None:
        """Look at one record; `now_ms` is the reader's clock."""
        assert self.source.decode is not None, "commands are no source to test"  # noqa: S101
        decoded = self.source.decode(value, f"{partition}/{offset}", now_ms)
        match decoded:
            case Rejected(reason, about):
                self._find("dead_lettered", reason, about, (partition, offset))
            case Filtered(reason):
                self._find("filtered", reason, "", (partition, offset))
            case events:
                self.outcomes["appended"] += 1
                for event in events:
                    self._look_at(partition, offset, event)

    def _find(self, outcome: str, reason: str, about: str, first: tuple[int, int]) -> None:
        self.outcomes[outcome] += 1
        key = outcome, reason, about
        found = self._findings.get(key)
        if found is None:
            self._findings[key] = Finding(outcome, reason, about, 1, first, _CURES[reason])
        else:
            found.count += 1

    def _look_at(self, partition: int, offset: int, event: Event) -> None:
        self.newest_ms = max(self.newest_ms, event.ts_ms)
        what = f"{event.kind} by {event.author}" if event.kind == "message" else event.type
        self.kinds[what] += 1
        if len(self.shown) < SHOWN:
            self.shown.append((partition, offset, event))
        settings = self.source.settings
        if settings is None or settings.customer != FROM_CONVERSATION:
            return
        if event.conversation is not None:
            self._partitions.setdefault(event.conversation, set()).add(partition)
        place = self.source.name, 0, partition
        decided = self._conversations.take(place, offset, event, self.newest_ms)
        self._nameless += sum(isinstance(one, Nameless) for one in decided)

    def findings(self) -> list[Finding]:
        """What gave no event, most frequent first."""
        return sorted(self._findings.values(), key=lambda one: (-one.count, one.reason, one.field))

    def warnings(self) -> list[str]:
        """What is wrong beside single records."""
        said = []
        if not self.read:
            said.append("nothing to read: is it the right topic or file?")
        split = sum(len(partitions) > 1 for partitions in self._partitions.values())
        if split:
            said.append(
                f"{split} of {len(self._partitions)} conversations are spread over partitions:"
                " customer: from_conversation needs the conversation as the record key"
            )
        unnamed = self._nameless + self._conversations.held
        if unnamed:
            said.append(
                f"{unnamed} turns come before any customer of their conversation has written, and"
                " find nobody within a minute (no_customer)"
            )
        return said

    def facts(self) -> dict[str, Any]:
        """All of it as plain values, for `--json`; no message text."""
        return {
            "source": self.source.name,
            "read": self.read,
            "appended": self.outcomes["appended"],
            "filtered": self.outcomes["filtered"],
            "dead_lettered": self.outcomes["dead_lettered"],
            "events": dict(sorted(self.kinds.items())),
            "findings": [
                {
                    "outcome": one.outcome,
                    "reason": one.reason,
                    "field": one.field,
                    "count": one.count,
                    "first": {"partition": one.first[0], "offset": one.first[1]},
                    "cure": one.cure,
                }
                for one in self.findings()
            ],
            "warnings": self.warnings(),
        }
