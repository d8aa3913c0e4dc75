"""`nabz topics` and `nabz config` on a broker."""

from __future__ import annotations

import json

from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.topics import LOG, TOPICS
from tests.cli.conftest import PARTITIONS, Nabz
from tests.cli.kafka import all_of


def test_topics_are_listed_created_and_then_left_alone(nabz: Nabz, empty_broker: Broker) -> None:
    """What is missing is said, apply makes it, and a second apply has nothing to do."""
    (nabz.folder / "nabz.yaml").write_text("partitions: 2\nreplication: 1\n", encoding="utf-8")
    nabz.broker = empty_broker
    before = nabz.on_broker("topics", "list")
    assert before.exit_code == 1
    assert "`nabz topics apply` creates them" in before.stderr
    first = nabz.on_broker("topics", "apply")
    assert first.exit_code == 0, first.output
    assert first.stdout.splitlines() == [f"created {topic.name}" for topic in TOPICS]
    after = nabz.on_broker("topics", "list")
    assert after.exit_code == 0, after.output
    lines = {line.split()[0]: line.split()[1:] for line in after.stdout.splitlines()[1:]}
    assert lines[LOG] == ["2", "delete", "ok"]
    again = nabz.on_broker("topics", "apply")
    assert again.stdout == "all topics are there; nothing to do\n"


def test_topics_for_programs(nabz_on: Nabz) -> None:
    """One object a line."""
    found = nabz_on.on_broker("topics", "list", "--json")
    assert found.exit_code == 0
    states = [json.loads(line) for line in found.stdout.splitlines()]
    assert [one["topic"] for one in states] == [topic.name for topic in TOPICS]
    assert {one["state"] for one in states} == {"ok"}


def test_a_topic_with_other_partitions_is_refused(nabz: Nabz, empty_broker: Broker) -> None:
    """Partitions are the addresses of customers: nothing is altered, and it says what to do."""
    apply_topics(empty_broker, partitions=3, replication=1, topics=[TOPICS[2]])
    (nabz.folder / "nabz.yaml").write_text("partitions: 2\nreplication: 1\n", encoding="utf-8")
    nabz.broker = empty_broker
    listed = nabz.on_broker("topics", "list")
    assert listed.exit_code == 1
    assert f"topic {LOG}: found 3 partitions, wanted 2" in listed.stderr
    applied = nabz.on_broker("topics", "apply")
    assert applied.exit_code == 1
    assert applied.stderr.startswith(f"nabz: topic {LOG}: found 3 partitions, wanted 2")


def test_no_broker_is_one_line_with_the_way_out(nabz: Nabz) -> None:
    """Nobody listens there: which address, and what to try."""
    found = nabz("tail", "alerts", "--broker", "127.0.0.1:9")
    assert found.exit_code == 1
    assert found.stderr.startswith("nabz: nobody listens at 127.0.0.1:9;")
    assert "`nabz up --broker embedded`" in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_sound_configuration_is_described_without_a_broker(nabz: Nabz) -> None:
    """Check asks nobody; the hash is what apply will put in force."""
    found = nabz("config", "check", "--json")
    assert found.exit_code == 0, found.output
    facts = json.loads(found.stdout)
    assert facts["file"] == "defaults"
    assert facts["rules"] == ["customer-distress"]
    people = nabz("config", "check")
    assert f"hash      {facts['hash']}" in people.stdout
    assert "nobody is told" in people.stderr


def test_an_unknown_key_is_refused_with_a_suggestion(nabz: Nabz) -> None:
    """A typing mistake does not become a default."""
    (nabz.folder / "nabz.yaml").write_text("partitons: 4\n", encoding="utf-8")
    found = nabz("config", "check")
    assert found.exit_code == 2
    assert found.stderr.startswith("nabz: nabz.yaml: unknown key 'partitons'; did you mean")


def test_a_missing_secret_is_found_by_check(nabz: Nabz) -> None:
    """What would stop the notifier at night stops the check now, without showing a secret."""
    (nabz.folder / "nabz.yaml").write_text(
        "channels:\n  ops: {type: webhook, url: 'https://hooks.example/x', keys: env:NO_SUCH}\n",
        encoding="utf-8",
    )
    found = nabz("config", "check")
    assert found.exit_code == 2
    assert "channels.ops: secret 'env:NO_SUCH': the environment has no NO_SUCH" in found.stderr


def test_applying_twice_says_that_there_is_nothing_to_do(nabz_on: Nabz) -> None:
    """The first run tells every partition, the second none."""
    first = nabz_on.on_broker("config", "apply", "--json")
    assert first.exit_code == 0, first.output
    facts = json.loads(first.stdout)
    assert (facts["before"], facts["changed"], facts["partitions"]) == (None, True, PARTITIONS)
    second = nabz_on.on_broker("config", "apply")
    assert second.stdout == f"configuration {facts['hash']} is in force already; nothing to do\n"
    assert len(all_of(nabz_on_broker(nabz_on), LOG)) == PARTITIONS


def test_a_dry_run_shows_the_change_and_writes_nothing(nabz_on: Nabz) -> None:
    """Look first, then apply."""
    nabz_on.on_broker("config", "apply")
    with (nabz_on.folder / "nabz.yaml").open("a", encoding="utf-8") as file:
        file.write("rules:\n  - {id: angry, raise_at: 60, clear_at: 40, critical: null}\n")
    dry = nabz_on.on_broker("config", "apply", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert '+      "id": "angry"' in dry.stdout
    assert dry.stdout.splitlines()[-1].endswith("nothing was written")
    assert len(all_of(nabz_on_broker(nabz_on), LOG)) == PARTITIONS
    wet = nabz_on.on_broker("config", "apply")
    assert '+      "id": "angry"' in wet.stdout
    assert len(all_of(nabz_on_broker(nabz_on), LOG)) == 2 * PARTITIONS


def nabz_on_broker(nabz: Nabz) -> Broker:
    """The broker of a command line that has one."""
    assert nabz.broker is not None
    return nabz.broker
