"""A configuration comes into force: its body, its name, then every partition of the log."""

from __future__ import annotations

import msgspec
import pytest

from alerts.config import Config, config_hash, decode_config, encode_config
from alerts.rules import Rule
from scoring.records import PARTITION_KEY, ConfigChanged, decode_record
from streams.control import IN_FORCE, Counts, Progress, config_key, progress_key
from streams.engine.brokers import Broker
from streams.engine.cycle import Output
from streams.engine.kafka_reads import ReadError
from streams.topics import CONTROL, LOG
from streams.worker.configure import ANNOUNCED, apply_config, standing
from tests.cli.conftest import PARTITIONS
from tests.cli.kafka import all_of, publish

CLOCK_MS = 1_790_000_000_000
FIRST = Config(rules=(Rule("angry"),))
SECOND = Config(rules=(Rule("angry"), Rule("unhappy", "health")))


def name_of(config: Config) -> str:
    """Hash of a configuration."""
    return config_hash(encode_config(config))


def announced(broker: Broker) -> list[tuple[int, ConfigChanged]]:
    """What the log says, by partition."""
    found = []
    for record in all_of(broker, LOG):
        assert record.key == PARTITION_KEY
        change = decode_record(record.value)
        assert isinstance(change, ConfigChanged)
        found.append((record.partition, change))
    return found


def progress(source: str, complete_ms: int | None) -> Output:
    """How far a source is read."""
    one = Progress(source, 0, 0, 1, 5, complete_ms, complete_ms, False, Counts(), CLOCK_MS)
    return Output(CONTROL, progress_key(one), msgspec.json.encode(one), (), 0)


def test_every_partition_of_the_log_is_told(own_broker: Broker) -> None:
    """From its record on a partition folds under the new configuration, whichever worker has it."""
    applied = apply_config(own_broker, FIRST, clock_ms=CLOCK_MS)
    assert applied.hash == name_of(FIRST)
    assert (applied.before, applied.changed, applied.partitions) == (None, True, PARTITIONS)
    change = ConfigChanged(CLOCK_MS, 0, name_of(FIRST))
    assert announced(own_broker) == [(number, change) for number in range(PARTITIONS)]


def test_the_body_is_there_before_anybody_is_told_its_name(own_broker: Broker) -> None:
    """A worker that meets the hash finds what it stands for."""
    apply_config(own_broker, FIRST, clock_ms=CLOCK_MS)
    control = all_of(own_broker, CONTROL)
    assert [one.key for one in control] == [config_key(name_of(FIRST)), IN_FORCE, ANNOUNCED]
    assert decode_config(control[0].value) == FIRST
    assert standing(own_broker).body == encode_config(FIRST)


def test_an_equal_configuration_writes_nothing(own_broker: Broker) -> None:
    """Applying at every start-up is harmless."""
    apply_config(own_broker, FIRST, clock_ms=CLOCK_MS)
    again = apply_config(own_broker, FIRST, clock_ms=CLOCK_MS + 1)
    assert (again.changed, again.partitions, again.difference) == (False, 0, ())
    assert len(announced(own_broker)) == PARTITIONS
    assert len(all_of(own_broker, CONTROL)) == 3


def test_a_change_is_shown_against_what_is_in_force(own_broker: Broker) -> None:
    """Who applies sees what they change, and no line that stays."""
    apply_config(own_broker, FIRST, clock_ms=CLOCK_MS)
    applied = apply_config(own_broker, SECOND, clock_ms=CLOCK_MS + 1)
    assert applied.before == name_of(FIRST)
    added = [line for line in applied.difference if line.startswith("+")]
    assert any('"id": "unhappy"' in line for line in added)
    assert not any('"id": "angry"' in line for line in added)


def test_what_was_cut_short_is_finished_by_the_next_run(own_broker: Broker) -> None:
    """Ctrl-C between two writes leaves nothing that applying again does not mend."""
    apply_config(own_broker, FIRST, clock_ms=CLOCK_MS)
    in_force = next(one for one in all_of(own_broker, CONTROL) if one.key == IN_FORCE)
    body = encode_config(SECOND)
    name = name_of(SECOND)
    value = in_force.value.replace(name_of(FIRST).encode(), name.encode())
    publish(
        own_broker,
        [Output(CONTROL, config_key(name), body, (), 0), Output(CONTROL, IN_FORCE, value, (), 0)],
    )
    applied = apply_config(own_broker, SECOND, clock_ms=CLOCK_MS + 1)
    assert applied.changed
    assert applied.partitions == PARTITIONS
    told = [change.config_hash for _, change in announced(own_broker)]
    assert told == [name_of(FIRST), name] * PARTITIONS


def test_going_back_is_a_change(own_broker: Broker) -> None:
    """Only what is in force now makes an equal configuration nothing to do."""
    for config in (FIRST, SECOND, FIRST):
        assert apply_config(own_broker, config, clock_ms=CLOCK_MS).changed
    assert len(announced(own_broker)) == 3 * PARTITIONS


def test_the_record_carries_how_far_the_configured_sources_are_read(own_broker: Broker) -> None:
    """A source that has not told yet holds completeness back; one that is not ours does not."""
    publish(own_broker, [progress("tickets", 7_000), progress("gone", 5_000)])
    apply_config(own_broker, FIRST, clock_ms=CLOCK_MS, sources=["tickets"])
    apply_config(own_broker, SECOND, clock_ms=CLOCK_MS, sources=["tickets", "new"])
    records = [change for partition, change in announced(own_broker) if partition == 0]
    assert [one.complete_to_ms for one in records] == [7_000, 0]


def test_on_recorded_time_a_configuration_stands_for_where_the_sources_are(
    own_broker: Broker,
) -> None:
    """Playing yesterday's file, a configuration applied today does not move customers to today."""
    publish(own_broker, [progress("file", 7_000)])
    apply_config(own_broker, Config(clock="watermark"), clock_ms=CLOCK_MS, sources=["file"])
    assert {change.at_ms for _, change in announced(own_broker)} == {7_000}


def test_without_topics_the_error_says_what_to_run(empty_broker: Broker) -> None:
    """A fresh broker gets a hint, not a stack trace."""
    with pytest.raises(ReadError, match=r"nabz\.control\.v1 .* `nabz topics apply`"):
        apply_config(empty_broker, FIRST, clock_ms=CLOCK_MS)
