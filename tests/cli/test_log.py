"""`nabz log export` and `nabz replay --log`: a log that left its broker is the same log."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts.config import config_hash, encode_config
from alerts.rules import Cuts
from scoring.records import PARTITION_KEY, Tick, encode_record
from streams.engine.admin import apply_topics
from streams.engine.cycle import Output as Record
from streams.settings import load
from streams.topics import LOG, Topic
from streams.worker.history import refold
from streams.worker.log_file import refold_file
from streams.worker.log_lines import Configuration, lines
from tests.cli.conftest import PARTITIONS, Nabz
from tests.cli.kafka import all_of, publish
from tests.cli.world import CONFIG, MINUTE_MS, RULE, START_MS, World

LATER = replace(CONFIG, rules=(replace(RULE, warning=Cuts(1_500, 1_000)),))


@pytest.fixture
def world(nabz_on: Nabz) -> World:
    """Two customers, one of them angry, a change of rules between, and a record nobody can read."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure()
    world.says("c-102", "cancel it")
    world.says("c-103", "cancel it, now", points=1_700, at_min=1)
    world.configure(LATER)
    world.says("c-103", "hello?", points=0, at_min=2)
    for partition in range(PARTITIONS):
        tick = encode_record(Tick(START_MS + 3 * MINUTE_MS, START_MS + 3 * MINUTE_MS))
        publish(world.broker, [Record(LOG, PARTITION_KEY, tick, (), partition)])
    publish(world.broker, [Record(LOG, b"c-102", b"\xc1", (), 0)])
    world.says("c-102", "still here", points=0, at_min=4)
    return world


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_a_log_in_a_file_gives_the_bytes_of_its_topic(
    nabz_on: Nabz, world: World, name: str
) -> None:
    """Rows, outputs and counts, to the byte, across a change of configuration; no broker asked."""
    done = nabz_on.on_broker("log", "export", name)
    assert done.exit_code == 0, done.output
    records = len(all_of(world.broker, LOG))
    assert done.stderr == f"{records} records, 2 configurations written to {name}\n"
    here, there = refold_file(Path(name)), refold(world.broker, load(None, {}))
    assert here.encoded == there.encoded
    assert here.first == there.first and here.entries == there.entries == records
    assert {one.config_hash for one in here.rows.values()} == {config_hash(encode_config(LATER))}
    assert sorted(map(repr, here.outputs)) == sorted(map(repr, there.outputs))

    from_file = nabz_on("replay", "--log", name, "--json")
    from_topic = nabz_on.on_broker("replay", "--json")
    assert from_file.exit_code == 0, from_file.output
    assert from_file.stdout == from_topic.stdout
    assert len(json.loads(from_file.stdout)["rows_sha256"]) == 64
    assert nabz_on("replay", "--log", name).stdout == nabz_on.on_broker("replay").stdout


def test_equal_logs_are_equal_files_that_only_their_owner_reads(
    nabz_on: Nabz, world: World
) -> None:
    """Whoever gets one can compare it; quotes of customers are in it."""
    for name in ("one.gz", "other.gz"):
        assert nabz_on.on_broker("log", "export", name).exit_code == 0
    assert Path("one.gz").read_bytes() == Path("other.gz").read_bytes()
    assert stat.S_IMODE(Path("one.gz").stat().st_mode) == 0o600
    bodies = [one.body for one in lines(Path("one.gz")) if isinstance(one, Configuration)]
    assert sorted(bodies) == sorted(map(encode_config, (CONFIG, LATER)))
    assert world.events == 4


def test_a_copy_of_the_log_under_another_name_is_exported_as_well(
    nabz_on: Nabz, world: World
) -> None:
    """What a mirror calls it changes no byte of what comes out."""
    apply_topics(
        world.broker, partitions=PARTITIONS, replication=1, topics=[Topic(f"copy.{LOG}", "log")]
    )
    publish(
        world.broker,
        [
            Record(f"copy.{LOG}", one.key, one.value, (), one.partition)
            for one in all_of(world.broker, LOG)
        ],
    )
    done = nabz_on.on_broker("log", "export", "copy.jsonl", "--topic", f"copy.{LOG}")
    assert done.exit_code == 0, done.output
    found = refold_file(Path("copy.jsonl"))
    assert found.rows.keys() == {"c-102", "c-103"}


def test_a_log_that_is_not_there_is_named(nabz_on: Nabz) -> None:
    """And no file is left that could be taken for one."""
    found = nabz_on.on_broker("log", "export", "log.jsonl", "--topic", "no.such.topic")
    assert found.exit_code == 1
    assert "topic no.such.topic is not on the broker" in found.stderr
    assert not Path("log.jsonl").exists()


# ---------------------------------------------------------------------- files that are refused

Spoil = Callable[[list[bytes]], list[bytes]]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "empty": (lambda _: [], "is empty and is no customer log"),
    "foreign": (lambda _: [b'{"kind":"message","text":"hi"}\n'], "is no customer log"),
    "binary": (lambda _: [b"\x00\xff\xfe" * 50], "is no customer log"),
    "a later format": (
        lambda found: [found[0].replace(b'"version":1', b'"version":2'), *found[1:]],
        "version 2",
    ),
    "cut between two lines": (lambda found: found[:-1], "ends after line"),
    "cut within a line": (lambda found: [*found[:-2], found[-2][:50]], "cut within line"),
    "a line less": (lambda found: [*found[:1], *found[2:]], "not as it was written"),
    "another line": (lambda found: [*found[:-2], b"[1]\n", found[-1]], "is not one of ours"),
    "a record changed": (
        lambda found: [*found[:-2], found[-2].replace(b'p":', b'p":1'), found[-1]],
        "not as it was written",
    ),
    "a record less": (
        lambda found: [one for one in found if b'"offset":1,' not in one],
        "out of order",
    ),
    "two in one": (lambda found: [*found, *found], "not as it was written"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_a_file_that_is_not_as_it_was_written_is_refused(
    nabz_on: Nabz, world: World, spoil: Spoil, said: str
) -> None:
    """In one line, with no figures of a part of it, and without a word of a customer."""
    assert nabz_on.on_broker("log", "export", "whole.jsonl").exit_code == 0
    Path("log.jsonl").write_bytes(
        b"".join(spoil(Path("whole.jsonl").read_bytes().splitlines(True)))
    )
    found = nabz_on("replay", "--log", "log.jsonl")
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.startswith("nabz: log.jsonl: ") and said in found.stderr
    assert found.stderr.count("\n") == 1
    assert "export" in found.stderr or "read it with the nabz" in found.stderr
    assert "cancel" not in found.stderr
    assert world.events == 4


def test_a_packed_file_that_was_cut_or_never_packed_is_refused(nabz_on: Nabz, world: World) -> None:
    """A download that ended early, and a name that promises too much."""
    assert nabz_on.on_broker("log", "export", "whole.gz").exit_code == 0
    packed = Path("whole.gz").read_bytes()
    Path("cut.gz").write_bytes(packed[: len(packed) // 2])
    Path("plain.gz").write_bytes(gzip.decompress(packed))
    for name, said in (("cut.gz", "is cut or broken after line"), ("plain.gz", "is not gzip")):
        found = nabz_on("replay", "--log", name)
        assert (found.exit_code, found.stdout) == (1, "")
        assert said in found.stderr
    assert world.events == 4


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--check",), "compare the SHA-256"),
        (("--from-checkpoint",), "leave one of the two out"),
        (("--broker", "127.0.0.1:9"), "asks no broker"),
    ],
)
def test_what_a_file_cannot_do_is_said(nabz: Nabz, option: tuple[str, ...], said: str) -> None:
    """Written wrongly: code 2."""
    Path("log.jsonl").touch()
    found = nabz("replay", "--log", "log.jsonl", *option)
    assert found.exit_code == 2
    assert said in found.stderr
