"""`nabz sources test` on a file of native events, where nothing is configured."""

from __future__ import annotations

import json

from tests.cli.conftest import Nabz

SAID = (
    '{"kind": "message", "customer": "c-1", "author": "customer", "ts": 1772323200000,'
    ' "text": "Still no answer?"}'
)


def message(customer: str, after_ms: int, text: str) -> str:
    """A line of a native event."""
    return json.dumps(
        {"kind": "message", "customer": customer, "author": "customer", "text": text}
        | {"ts": 1_772_323_200_000 + after_ms}
    )


def test_a_file_of_native_events_needs_no_configuration(nabz: Nabz) -> None:
    """What the demo would make of it is said beforehand, first bad line included."""
    (nabz.folder / "events.jsonl").write_text(f"{SAID}\n{{\n", encoding="utf-8")
    found = nabz("sources", "test", "--input", "events.jsonl")
    assert found.exit_code == 1, found.output
    assert "input: 2 records read = 1 appended + 0 filtered + 1 dead letters" in found.stdout
    assert "not_json, first at 0/1" in found.stdout


def test_without_sources_and_a_file_it_says_what_to_give(nabz: Nabz) -> None:
    """Not a count of nothing."""
    found = nabz("sources", "test")
    assert found.exit_code == 2
    assert "--input FILE" in found.output


def test_words_that_came_up_and_words_that_are_lacking_are_listed(nabz: Nabz) -> None:
    """Of three customers or more; what one alone writes, and what is redacted, stays with them."""
    day_ms = 86_400_000
    lines = [
        message(f"c-{n}", n * day_ms // 2, "The delivery is late, thanks for nothing")
        for n in range(20)
    ]
    for n in range(4):
        lines.append(message(f"c-{n}", 10 * day_ms, "The frobnicator is broken, so angry!"))
        lines.append(message("c-9", 10 * day_ms, "My zanzibar is broken, mail zq@example.org"))
    (nabz.folder / "events.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = nabz("sources", "terms", "--input", "events.jsonl", "--days", "2")
    assert found.exit_code == 0, found.output
    rose, lacking = found.stdout.split("unknown, in messages that hurt:")
    assert "frobnicator" in rose and "4 of 4       frobnicator" in lacking
    assert "delivery" not in rose
    assert "zanzibar" not in found.stdout and "example" not in found.stdout


def test_where_nothing_was_written_nothing_is_listed(nabz: Nabz) -> None:
    """And with no days before, nothing can have risen."""
    (nabz.folder / "events.jsonl").write_text(message("c", 0, "Bonjour monsieur"), encoding="utf-8")
    found = nabz("sources", "terms", "--input", "events.jsonl")
    assert found.stdout.splitlines() == [
        "0 messages in English and Persian were read",
        "nothing has risen",
        "no unknown word hurts",
    ]
