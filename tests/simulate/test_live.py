"""The simulator at work: on a broker, and from the command line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from streams.cli.simulate import simulate
from streams.clock import wall_ms
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.engine.embedded import EmbeddedBroker, free_port
from streams.engine.kafka_reads import ReadError, read
from streams.simulate.faults import Sent, records
from streams.simulate.live import NotAcknowledgedError, play
from streams.simulate.shop import Story, events
from streams.topics import EVENTS

OPTIONS = ("--seed", "7", "--start", "2026-03-01", "--duration", "2h", "--rate", "0.1")


@pytest.fixture(scope="module")
def topics() -> Iterator[Broker]:
    """A broker of our own, with all topics."""
    with EmbeddedBroker() as broker:
        apply_topics(broker, partitions=4, replication=1)
        yield broker


async def _play(broker: Broker, sent: list[Sent]) -> tuple[int, int]:
    told: list[Sent] = []
    written = await play(broker, sent, on_sent=told.append)
    return written, len(told)


def test_what_is_due_is_written_at_once_in_order_and_to_the_partition_of_its_customer(
    topics: Broker,
) -> None:
    """Ingest and track find each customer's events together, as with any producer."""
    sent = list(records(events(7, 50, 0, duration_ms=3_600_000, rate_e2=20)))
    assert asyncio.run(_play(topics, sent)) == (len(sent), len(sent))
    found = [one for batch in read(topics, EVENTS) for one in batch]
    assert len(found) == len(sent)
    assert all(one.partition == partition_of(one.key, 4) for one in found)
    for customer in {one.key for one in sent}:
        theirs = [one.value for one in sent if one.key == customer]
        assert [one.value for one in found if one.key == customer] == theirs


def test_what_is_not_due_yet_is_waited_for(topics: Broker) -> None:
    """A live shop writes at the pace of its clock."""
    now_ms, began_s = wall_ms(), time.monotonic()
    asyncio.run(_play(topics, [Sent(b"c-1", b"{}", now_ms), Sent(b"c-1", b"{}", now_ms + 400)]))
    assert wall_ms() >= now_ms + 400
    assert time.monotonic() - began_s < 10


def test_a_broker_that_goes_away_ends_it_with_one_error() -> None:
    """Nobody simulates for hours into nothing."""
    memory = EmbeddedBroker()
    broker = memory.start()
    try:
        apply_topics(broker, partitions=4, replication=1)
        sent = [Sent(b"c-1", b"{}", wall_ms())] * 3
        gone = play(broker, sent, on_sent=lambda _: memory.stop(), patience_s=1.0)
        with pytest.raises(NotAcknowledgedError, match=f"broker {broker.bootstrap}: has acknow"):
            asyncio.run(gone)
    finally:
        memory.stop()


def test_a_broker_that_is_not_there_is_one_line() -> None:
    """What the clients say of it on the way is left out."""
    result = CliRunner().invoke(simulate, ("--broker", f"127.0.0.1:{free_port()}"))
    assert isinstance(result.exception, ReadError)
    assert "nobody listens at" in str(result.exception) and result.output == ""


def run(*options: str) -> tuple[int, str]:
    """`nabz simulate`: exit code and what it said."""
    result = CliRunner().invoke(simulate, options)
    return result.exit_code, result.output


def test_the_same_options_write_the_same_file(tmp_path: Path) -> None:
    """Whoever sends an example sends its options."""
    files = [tmp_path / name for name in ("one.jsonl", "two.jsonl")]
    for file in files:
        code, said = run(*OPTIONS, "--faults", "--out", str(file))
        assert (code, "records written" in said) == (0, True)
    first, second = (file.read_bytes() for file in files)
    assert first == second and len(first.splitlines()) > 300


def test_the_truth_holds_a_line_for_each_contact_in_the_events(tmp_path: Path) -> None:
    """A detector can be compared with what really happened."""
    truth, out = tmp_path / "truth.jsonl", tmp_path / "events.jsonl"
    assert run(*OPTIONS, "--truth", str(truth), "--out", str(out))[0] == 0
    told = [msgspec.json.decode(line, type=Story) for line in truth.read_bytes().splitlines()]
    assert {one.incident for one in told} == {None}
    written = [msgspec.json.decode(line) for line in out.read_bytes().splitlines()]
    seen = {one["conversation"] for one in written if "conversation" in one}
    assert seen <= {one.conversation for one in told}
    assert len(seen) > 50


def test_each_option_of_what_may_happen_changes_what_is_written(tmp_path: Path) -> None:
    """None of them is only a word; and the truth tells of incidents and outages."""
    plain, rough, truth = (tmp_path / name for name in ("plain", "rough", "truth"))
    given = ("--seed", "7", "--start", "2026-03-01", "--duration", "30d", "--rate", "0.005")
    shop = (*given, "--customers", "40")
    assert run(*shop, "--out", str(plain))[0] == 0
    options = (
        ("--renewed",), ("--incidents", "2d"), ("--quiet", "50"), ("--sarcasm", "50"),
        ("--bots", "1"), ("--heavy", "200"), ("--outages", "1d"), ("--imports", "50"),
        ("--duplicates", "5"), ("--outages", "1d", "--lost", "100"),
    )  # fmt: skip
    seen = {plain.read_bytes()}
    for number, words in enumerate(options):
        code, said = run(*shop, *words, "--truth", str(truth), "--out", str(rough))
        assert code == 0, said
        seen.add(rough.read_bytes())
        assert len(seen) == number + 2, words
        if words[0] in {"--incidents", "--outages"}:
            kinds = {msgspec.json.decode(line)["truth"] for line in truth.read_bytes().splitlines()}
            assert kinds == {"contact", words[0][2:-1]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give one of --out"),
        (("--out", "-", "--broker", "127.0.0.1:1"), "give one of --out"),
        (("--out", "-", "--duration", "soon"), "a duration is written like"),
        (("--out", "-", "--start", "soon"), "write a time like"),
        (("--out", "-", "--customers", "1"), "customers >= 2"),
        (("--broker", "127.0.0.1:1", "--truth", "t"), "--truth needs --duration"),
        (("--broker", "127.0.0.1:1", "--heavy", "9"), "--heavy needs --duration"),
        (("--out", "-", "--incidents", "0s"), "need time between incidents"),
    ],
    ids=["nowhere", "both", "duration", "start", "customers", "endless", "heavy", "incidents"],
)
def test_what_cannot_be_simulated_is_said(options: tuple[str, ...], said: str) -> None:
    """Exit code 2 and a sentence that says what to write."""
    code, output = run(*options)
    assert (code, said in output) == (2, True)
