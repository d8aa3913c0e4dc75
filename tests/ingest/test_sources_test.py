"""`nabz sources test` shows what a mapping makes of records, and what to do about the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from streams.cli.sources import sources
from streams.engine.brokers import Broker
from streams.ingest.files import InputError, find, lines
from streams.ingest.objects import MAX_BYTES
from streams.ingest.sources import SourceSettings
from tests.ingest.test_ingest import CHAT, chat
from tests.ingest.world import World, line, on_loop, write_lines

SECRET = "unmistakable words of a customer"


def run(directory: Path, tree: Any, *arguments: str) -> Result:
    """Run the command on a configuration."""
    config = directory / "nabz.yaml"
    config.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return CliRunner().invoke(sources, ["test", "--config", str(config), *arguments])


def recorded(directory: Path, *records: bytes) -> dict[str, Any]:
    """A file source with these lines."""
    (directory / "in").mkdir(exist_ok=True)
    write_lines(directory / "in" / "chat.jsonl", records)
    return {"events": False, "sources": {"chat": {"files": "*.jsonl", **CHAT}}}


def turn(**fields: Any) -> bytes:
    """A turn of a customer."""
    given = {"from": "ann", "thread": "t", "role": "customer", "at": 1_700_000_000, "say": SECRET}
    return line(**(given | fields))


def test_a_sound_source_is_told_so(tmp_path: Path) -> None:
    """Counts, kinds and examples; exit code 0."""
    tree = recorded(tmp_path, turn(), turn(role="agent"))
    result = run(tmp_path, tree, "--input", str(tmp_path / "in"))
    assert result.exit_code == 0, result.output
    assert "chat: 2 records read = 2 appended + 0 filtered + 0 dead letters" in result.output
    assert "message by agent" in result.output
    assert "customer ann" in result.output


def test_text_is_shown_only_when_asked_for(tmp_path: Path) -> None:
    """What customers write is nobody's to see on the way."""
    tree = recorded(tmp_path, turn())
    given = ("--input", str(tmp_path / "in"))
    assert SECRET not in run(tmp_path, tree, *given).output
    assert SECRET not in run(tmp_path, tree, *given, "--json").output
    assert SECRET in run(tmp_path, tree, *given, "--show-text").output


def test_what_is_wrong_is_named_with_a_place_and_a_cure(tmp_path: Path) -> None:
    """Reason, field, first record, and what to do; exit code 1."""
    tree = recorded(tmp_path, turn(), turn(say=None), b"{", turn(at="?"), turn(say=None))
    result = run(tmp_path, tree, "--input", str(tmp_path / "in"))
    assert result.exit_code == 1
    assert "2  dead letters: missing_field (text), first at 0/1: not there" in result.output
    assert "1  dead letters: not_json, first at 0/2" in result.output
    assert "1  dead letters: bad_time (ts), first at 0/3: cannot be read as a time" in result.output


def test_programs_get_an_object_per_source(tmp_path: Path) -> None:
    """The equation holds there too, and the limit is kept."""
    tree = recorded(tmp_path, turn(), turn(role="robot"), turn())
    result = run(tmp_path, tree, "--input", str(tmp_path / "in"), "--json", "--limit", "2")
    facts = json.loads(result.output)
    assert (facts["source"], facts["read"]) == ("chat", 2)
    assert facts["read"] == facts["appended"] + facts["filtered"] + facts["dead_lettered"]
    [finding] = facts["findings"]
    assert (finding["reason"], finding["first"]) == (
        "unknown_author",
        {"partition": 0, "offset": 1},
    )


def test_turns_that_find_nobody_are_warned_about(tmp_path: Path) -> None:
    """Agents who write first, and long before their customer."""
    tree = recorded(tmp_path, turn(role="agent"), turn(at=1_700_000_061))
    result = run(tmp_path, tree, "--input", str(tmp_path / "in"))
    assert result.exit_code == 1
    assert "1 turns come before any customer" in result.output
    tree = recorded(tmp_path, turn(role="agent"), turn(at=1_700_000_060))
    assert run(tmp_path, tree, "--input", str(tmp_path / "in")).exit_code == 0


def test_a_name_that_is_no_source_is_refused(tmp_path: Path) -> None:
    """With the one that was meant."""
    result = run(tmp_path, recorded(tmp_path, turn()), "--source", "chta")
    assert result.exit_code == 2
    assert "did you mean chat?" in result.output


@on_loop
async def test_a_conversation_in_two_partitions_is_found_out(
    broker: Broker, tmp_path: Path
) -> None:
    """from_conversation would lose agents' turns; it is the key that is wrong."""
    world = World(broker)
    await world.send(world.chat, [(0, None, chat(0, "ann")), (1, None, chat(1, "ann"))])
    tree = {"sources": {"chat": {"topic": world.chat, **CHAT}}}
    result = run(tmp_path, tree, "--broker", broker.bootstrap)
    assert result.exit_code == 1, result.output
    assert "1 of 1 conversations are spread over partitions" in result.output
    assert "2 records read = 2 appended" in result.output


def file_source(pattern: str = "*.jsonl") -> SourceSettings:
    """A source of files."""
    return SourceSettings.model_validate({"files": pattern, **CHAT})


def test_files_are_numbered_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Their number is their partition, so it must not depend on the file system."""
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        write_lines(tmp_path / name, [b"x"])
    found = find({"chat": file_source()}, tmp_path)
    assert [path.name for path in found["chat"]] == ["a.jsonl", "b.jsonl"]
    assert find({"chat": file_source()}, tmp_path / "c.txt") == {"chat": [tmp_path / "c.txt"]}


@pytest.mark.parametrize(
    ("names", "given", "said"),
    [
        (("chat",), None, "say where they are with --input"),
        (("chat",), "gone", "no such file or directory"),
        (("chat",), "", "no file matches"),
        (("chat", "more"), "x.txt", "read files: give the directory"),
        ((), "", "no source is configured with files:"),
    ],
)
def test_input_that_does_not_fit_is_explained(
    tmp_path: Path, names: tuple[str, ...], given: str | None, said: str
) -> None:
    """Before anything is connected."""
    write_lines(tmp_path / "x.txt", [b"x"])
    with pytest.raises(InputError, match=said):
        find({name: file_source() for name in names}, None if given is None else tmp_path / given)


def test_a_pattern_stays_inside_the_input(tmp_path: Path) -> None:
    """A configuration from elsewhere reads no other files."""
    with pytest.raises(InputError, match="must stay inside"):
        find({"chat": file_source("../*.jsonl")}, tmp_path)


def test_lines_are_numbered_from_anywhere_and_never_fill_the_memory(tmp_path: Path) -> None:
    """A line without an end is cut where it is too long to be a record, and the next one found."""
    path = tmp_path / "x"
    path.write_bytes(b"a\r\n\n" + b"x" * (3 * MAX_BYTES) + b"\nlast")
    found = list(lines(path))
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert [line_ for _, line_ in found][:2] == [b"a", b""]
    assert len(found[2][1]) == MAX_BYTES + 1
    assert found[3] == (3, b"last")
    assert list(lines(path, 3)) == [(3, b"last")]
