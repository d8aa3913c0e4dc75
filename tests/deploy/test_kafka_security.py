"""On Apache Kafka with SCRAM, TLS and ACLs: each process with its rights, and without one."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path

import pytest
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.admin import ACLResourcePatternType as PatternType

from streams import acls as table
from streams.acls import PROCESSES, Process, rights
from streams.engine.admin import connected
from streams.engine.kafka_local import authority
from streams.ingest.batch import Names
from streams.notifier.feed import GROUP as NOTIFIER_GROUP
from streams.topics import CONTROL, DELIVERIES, LOG, ROWS, TOPICS
from streams.worker.app import GROUP as TRACK_GROUP
from tests.cli.conftest import Nabz
from tests.deploy.secured import SOURCE, Site, acls, until, without

SESSIONS_S = 2 * 15.0
OPERATIONS = {
    "Read": "READ",
    "Write": "WRITE",
    "Create": "CREATE",
    "Describe": "DESCRIBE",
    "DescribeConfigs": "DESCRIBE_CONFIGS",
}
"""As the manual of kafka-acls spells them, and as the protocol does."""
RUN: dict[Process, tuple[str, ...]] = {
    "ingest": ("worker", "--roles", "ingest"),
    "track": ("worker", "--roles", "track"),
    "notifier": ("notifier",),
}


def test_the_table_names_the_groups_the_processes_join() -> None:
    """The names are written down once more, as importing the processes would be slow."""
    assert (
        Names().group,
        TRACK_GROUP,
        NOTIFIER_GROUP,
    ) == (table.INGEST_GROUP, table.TRACK_GROUP, table.NOTIFIER_GROUP)


def test_a_complaint_reaches_a_person_with_exactly_these_rights(site: Site) -> None:
    """Ingest, track and notifier, each as its own user, from a ticket to a message."""
    site.start("nabz-ingest", *RUN["ingest"])
    site.start("nabz-track", *RUN["track"])
    told = site.start("nabz-notifier", *RUN["notifier"])
    site.ticket("c-1", "This is terrible, I am really angry and nobody helps me!")
    until(
        f"somebody is told: {[one.read_text()[-2000:] for one in site.folder.glob('*.log')]}",
        lambda: "[warning] c-1 needs attention" in told.read_text(encoding="utf-8"),
    )
    asked = site.nabz("nabz-ask", "why", "c-1", "--json")
    assert asked.code == 0, asked.said
    held = site.nabz("nabz-order", "notifier", "hold", "--for", "1h", "--reason", "a test")
    assert held.code == 0, held.said
    assert "a test" in site.nabz("nabz-order", "notifier", "status").said
    for words in (("dlq", "replay"), ("sources", "rewind", "tickets", "--to", "0")):
        again = site.nabz("nabz-again", *words)
        assert again.code == 0, again.said
    sound = site.nabz("nabz-ask", "doctor", "--process", "ask", "--json")
    findings = [json.loads(line) for line in sound.said.splitlines()]
    assert sound.code == 0, sound.said
    assert {one["check"] for one in findings} == {
        "channel screen", "broker", "rights", "topics", "configuration", "clock", "lag",
        "dead letters",
    }  # fmt: skip
    assert {one["state"] for one in findings} == {"ok"}
    assert site.stop() == [0, 0, 0]
    for process in PROCESSES:
        wanted = acls(process, rights(process, sources=[SOURCE]))
        with connected(site.kafka.broker, 15) as client:
            found, _ = client.describe_acls(
                ACLFilter(
                    f"User:nabz-{process}", "*", ACLOperation.ANY, ACLPermissionType.ANY,
                    ResourcePatternFilter(ResourceType.ANY, None, PatternType.ANY),
                )
            )  # fmt: skip
        assert set(map(repr, found)) == set(map(repr, wanted))


@pytest.mark.parametrize(
    ("process", "name", "operation", "said"),
    [
        ("ingest", SOURCE, "READ", f"topic {SOURCE}: READ denied"),
        ("ingest", table.INGEST_GROUP, "READ", "group nabz-ingest: READ denied"),
        ("ingest", LOG, "WRITE", f"topic {LOG}: WRITE denied"),
        ("track", table.TRACK_GROUP, "READ", "group nabz-track: READ denied"),
        ("track", ROWS, "WRITE", f"topic {ROWS}: WRITE denied"),
        ("track", CONTROL, "READ", f"topic {CONTROL}: READ denied"),
        ("notifier", table.NOTIFIER_GROUP, "READ", "group nabz-notifier: READ denied"),
        ("notifier", CONTROL, "READ", f"topic {CONTROL}: READ denied"),
        ("notifier", DELIVERIES, "WRITE", f"topic {DELIVERIES}: WRITE denied"),
    ],
)
def test_a_process_without_a_right_says_which(
    site: Site, process: Process, name: str, operation: str, said: str
) -> None:
    """In one line, with what to do, ready to be started again, and at once."""
    with without(site.kafka.broker, process, name, operation):
        ended = site.nabz(f"nabz-{process}", *RUN[process])
    assert ended.code == 70
    assert said in ended.said
    assert "`nabz topics export`" in ended.said
    assert ended.said.count("\n") == 1
    assert ended.took_s < SESSIONS_S


@pytest.mark.parametrize("process", ["track", "notifier"])
def test_a_wrong_password_is_called_so(site: Site, process: Process, tmp_path: Path) -> None:
    """Not a time limit without a cause; neither the password nor a customer is in it."""
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password", encoding="utf-8")
    ended = site.nabz(
        f"nabz-{process}", *RUN[process], NABZ_BROKER__PASSWORD=f"file:{wrong}"
    )  # fmt: skip
    assert ended.code == 70
    assert "user or password is refused with SCRAM-SHA-512" in ended.said
    assert "not-the-password" not in ended.said
    assert ended.took_s < SESSIONS_S


def test_whoever_makes_topics_is_told_so_too(site: Site, tmp_path: Path) -> None:
    """`nabz topics apply` names the cause, and ends as a command does."""
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password", encoding="utf-8")
    ended = site.nabz("nabz-apply", "topics", "apply", NABZ_BROKER__PASSWORD=f"file:{wrong}")
    assert ended.code == 1
    assert "user or password is refused with SCRAM-SHA-512" in ended.said


@pytest.mark.parametrize("process", ["ingest", "notifier"])
def test_a_certificate_of_another_authority_is_called_so(
    site: Site, process: Process, tmp_path: Path
) -> None:
    """It names the file that does not vouch for the broker."""
    other = authority(tmp_path, "other")
    ended = site.nabz(f"nabz-{process}", *RUN[process], NABZ_BROKER__CA=str(other))
    assert ended.code == 70
    assert f"its certificate is not vouched for by {other}" in ended.said
    assert ended.took_s < SESSIONS_S


# ------------------------------------------------------------------ what is printed for others


def kafka_acls(words: list[str]) -> set[tuple[str, str, str, str]]:
    """What `kafka-acls.sh --add` would add: principal, kind, name, operation; by its manual."""
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    for required in ("--bootstrap-server", "--command-config", "--allow-principal"):
        parser.add_argument(required, required=True)
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--operation", action="append", required=True, choices=OPERATIONS)
    for kind in ("--topic", "--group"):
        parser.add_argument(kind, action="append", default=[])
    given = parser.parse_args(words)
    return {
        (given.allow_principal, kind, name, OPERATIONS[operation])
        for kind, names in (("topic", given.topic), ("group", given.group))
        for name in names
        for operation in given.operation
    }


def test_the_printed_commands_give_what_the_table_says(nabz: Nabz) -> None:
    """Read as Kafka's own tool reads them, they add every right of every process, and no other."""
    (nabz.folder / "nabz.yaml").write_text(
        "sources:\n  steps: {topic: desk.steps, kind: interaction, customer: $.u, type: $.t,"
        " ts: $.at}\n",
        encoding="utf-8",
    )
    done = nabz("topics", "export", "--user", "track=CN=nabz,O=a b")
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stdout.splitlines() if line.startswith("kafka-acls.sh ")]
    added = [one for line in lines for one in kafka_acls(shlex.split(line)[1:])]
    assert len(added) == len(set(added))
    assert set(added) == {
        (
            "User:CN=nabz,O=a b" if process == "track" else f"User:nabz-{process}",
            one.kind,
            one.name,
            operation,
        )
        for process in PROCESSES
        for one in rights(process, sources=["desk.steps"])
        for operation in one.operations
    }


def test_the_document_holds_every_topic_and_every_right(nabz: Nabz) -> None:
    """For tools: what it says is what `nabz topics apply` would make."""
    (nabz.folder / "nabz.yaml").write_text(
        "partitions: 4\nreplication: 2\nsources:\n  steps: {topic: desk.steps, kind: interaction,"
        " customer: $.u, type: $.t, ts: $.at}\n",
        encoding="utf-8",
    )
    done = nabz("topics", "export", "--format", "json", "--user", "track=svc")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["topics"]] == [one.name for one in TOPICS]
    assert {one["partitions"] for one in found["topics"]} == {1, 4}
    assert {one["principal"] for one in found["acls"] if one["process"] == "track"} == {"User:svc"}
    told = {
        (one["process"], one["resource"], one["name"], tuple(one["operations"]))
        for one in found["acls"]
    }
    assert told == {
        (process, one.kind, one.name, one.operations)
        for process in PROCESSES
        for one in rights(process, sources=["desk.steps"])
    }


def test_the_commands_make_every_topic_as_nabz_would(nabz: Nabz) -> None:
    """Name, partitions, copies and settings of each."""
    (nabz.folder / "nabz.yaml").write_text("partitions: 4\nreplication: 2\n", encoding="utf-8")
    lines = nabz("topics", "export").stdout.splitlines()
    made = [line for line in lines if line.startswith("kafka-topics.sh")]
    assert len(made) == len(TOPICS)
    for line, topic in zip(made, TOPICS, strict=True):
        assert f"--topic {topic.name} " in line
        assert f"--partitions {4 if topic.partitions == 'log' else 1} " in line
        assert "--replication-factor 2" in line
        assert dict(re.findall(r"--config (\S+)=(\S+)", line)) == topic.config()


def test_a_process_there_is_not_is_refused(nabz: Nabz) -> None:
    """With the names of those there are."""
    done = nabz("topics", "export", "--user", "cook=svc")
    assert done.exit_code == 2
    assert "--user: found 'cook=svc'; write PROCESS=NAME" in done.stderr
    assert "ingest, track, notifier, apply, ask, order, again" in done.stderr
