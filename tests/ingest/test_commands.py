"""What people decide is read whole, or refused before it reaches the log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scoring.records import DISAGREEMENTS, VERBS, Origin
from streams.ingest.commands import ForCustomer, decode_command
from streams.ingest.events import Rejected

ORIGIN = Origin("commands", 0, 7)
NOW_MS = 1_700_000_000_000
WHOLE: dict[str, dict[str, Any]] = {
    "snooze": {"until_ms": NOW_MS + 5},
    "assign": {"assignee": "omid"},
    "note": {"text": "called her"},
    "disagree": {"reason": "not_mine"},
}


def decoded(record: dict[str, Any]) -> ForCustomer | Rejected:
    """As ingest reads it, of customer c-1."""
    found = decode_command(b"c-1", json.dumps(record).encode(), ORIGIN, NOW_MS)
    assert isinstance(found, ForCustomer | Rejected)
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_with_what_it_needs_reaches_the_log(verb: str) -> None:
    """All that was written arrives as it was written."""
    facts = {
        "command_id": "c-9", "fingerprint": "f", "alert_id": "a", "seq": 4, "actor": "mina",
        "channel": "slack", "until_worse": True, "worse_by_e2": 500, "ts_ms": NOW_MS - 5,
    } | WHOLE.get(verb, {})  # fmt: skip
    found = decoded({"verb": verb, **facts})
    assert isinstance(found, ForCustomer) and found.customer == "c-1"
    assert {name: getattr(found.command, name) for name in facts} == facts


WRONG: dict[str, tuple[dict[str, Any], Rejected]] = {
    "a snooze without an end": ({"verb": "snooze"}, Rejected("missing_field", "until_ms")),
    "a gift to nobody": ({"verb": "assign", "assignee": ""}, Rejected("missing_field", "assignee")),
    "a note without a word": ({"verb": "note"}, Rejected("missing_field", "text")),
    "no reason": ({"verb": "disagree"}, Rejected("missing_field", "reason")),
    "another reason": (
        {"verb": "disagree", "reason": "boring"},
        Rejected("wrong_type", "reason"),
    ),
    "seq is text": ({"verb": "ack", "seq": "4"}, Rejected("wrong_type", "seq")),
    "seq is a flag": ({"verb": "ack", "seq": True}, Rejected("wrong_type", "seq")),
    "seq from nought": ({"verb": "ack", "seq": 0}, Rejected("wrong_type", "seq")),
    "worse by all and more": (
        {"verb": "snooze", "until_worse": True, "worse_by_e2": 10_001},
        Rejected("wrong_type", "worse_by_e2"),
    ),
    "perhaps until worse": (
        {"verb": "snooze", "until_worse": "yes"},
        Rejected("wrong_type", "until_worse"),
    ),
    "a long name": (
        {"verb": "assign", "assignee": "x" * 201},
        Rejected("too_large", "assignee"),
    ),
    "a time of another kind": (
        {"verb": "ack", "until_ms": 1.5},
        Rejected("wrong_type", "until_ms"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_written_wrongly_is_refused_by_the_name_of_its_field(name: str) -> None:
    """Whoever wrote it finds in the dead letter what to mend."""
    record, refused = WRONG[name]
    assert decoded(record) == refused


def test_a_snooze_until_worse_needs_no_end_of_its_own() -> None:
    """The longest there is ends it."""
    found = decoded({"verb": "snooze", "until_worse": True})
    assert isinstance(found, ForCustomer) and found.command.until_ms is None


def test_all_that_people_write_is_redacted() -> None:
    """Names of people are theirs; addresses do not reach the log."""
    mail = "a@example.org"
    found = decoded({"verb": "assign", "assignee": mail, "actor": mail, "text": mail})
    assert isinstance(found, ForCustomer)
    command = found.command
    assert {command.assignee, command.actor, command.text} == {"<email>"}


def test_the_reasons_to_disagree_are_those_of_the_contract() -> None:
    """They are written into labels, and never change their meaning."""
    assert DISAGREEMENTS[:2] == ("not_distress", "misread_words")
    assert set(DISAGREEMENTS[2:]) == {"already_handled", "too_late", "not_mine"}
