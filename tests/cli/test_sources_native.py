"""`nabz sources test` on a file of native events, where nothing is configured."""

from __future__ import annotations

from tests.cli.conftest import Nabz

SAID = (
    '{"kind": "message", "customer": "c-1", "author": "customer", "ts": 1772323200000,'
    ' "text": "Still no answer?"}'
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
