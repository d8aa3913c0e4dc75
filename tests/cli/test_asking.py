"""`nabz tail`, `dlq`, `replay` and `why` over a log that was folded, published and stored."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from msgspec.structs import replace

from alerts.message import FSI, PDI
from scoring.records import Wake
from streams.codec import record_of
from streams.control import Counts, Progress, progress_key
from streams.dead_letters import dead_letter
from streams.engine.cycle import Output as Record
from streams.engine.cycle import partition_of
from streams.topics import CONTROL, DEAD_LETTERS, EVENTS, LOG, ROWS
from tests.cli.conftest import Nabz
from tests.cli.kafka import all_of, publish
from tests.cli.world import MINUTE_MS, START_MS, World


@pytest.fixture
def world(nabz_on: Nabz) -> World:
    """Two customers, one of them angry enough for an alert."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure()
    world.says("c-102", "cancel it")
    world.says("c-103", "", points=0)
    world.says("c-102", "این افتضاح است", at_min=31)
    return world


# ---------------------------------------------------------------------- tail


def test_the_newest_scores_are_listed_the_most_distressed_first(
    nabz_on: Nabz, world: World
) -> None:
    """One row a customer, whatever was published before."""
    world.work()
    found = nabz_on.on_broker("tail", "health")
    assert found.exit_code == 0, found.output
    names = [line.split()[0] for line in found.stdout.splitlines()[1:]]
    assert names == ["c-102", "c-103"]
    newest = world.health("c-102")[-1]
    assert f"{newest.distress_e2 / 100:.2f}" in found.stdout.splitlines()[1]  # type: ignore[operator]


def test_a_stale_row_does_not_replace_a_newer_one(nabz_on: Nabz, world: World) -> None:
    """A worker that crashed publishes its last rows again; a reader drops them."""
    world.work()
    rows = world.health("c-102")
    publish(world.broker, [record_of(rows[0])])
    found = nabz_on.on_broker("tail", "health", "--json", "--customer", "c-102")
    assert [json.loads(line)["version"] for line in found.stdout.splitlines()] == [len(rows)]


def test_a_tombstone_removes_a_customer(nabz_on: Nabz, world: World) -> None:
    """Who is forgotten is not shown."""
    world.work()
    newest = record_of(world.health("c-103")[-1])
    publish(world.broker, [newest._replace(value=None)])
    found = nabz_on.on_broker("tail", "health", "--json")
    assert [json.loads(line)["customer"] for line in found.stdout.splitlines()] == ["c-102"]


def test_transitions_are_lines_and_repeats_are_dropped(nabz_on: Nabz, world: World) -> None:
    """The alert id in the line is what `nabz why --alert` takes."""
    world.work()
    publish(world.broker, [record_of(one) for one in world.transitions()])
    told = world.transitions()
    assert told
    found = nabz_on.on_broker("tail", "alerts")
    lines = found.stdout.splitlines()
    assert len(lines) == len(told)
    assert all(f"alert {one.alert_id}" in line for one, line in zip(told, lines, strict=True))
    assert nabz_on.on_broker("tail", "alerts", "--customer", "c-103").stdout == ""


# ---------------------------------------------------------------------- dead letters


def test_alerts_of_all_partitions_come_oldest_first(nabz_on: Nabz) -> None:
    """Whichever partition is read first."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure()
    for number in range(12):
        world.says(f"c-{number}", "cancel it", at_min=(number * 7) % 12)
    world.work()
    found = nabz_on.on_broker("tail", "alerts", "--json").stdout.splitlines()
    times = [json.loads(line)["at_ms"] for line in found]
    assert len(times) == 12 and times == sorted(times)


def test_dead_letters_are_listed_without_their_content(nabz_on: Nabz, world: World) -> None:
    """Why and where, and how big; what a customer wrote only if asked for."""
    letters = [
        dead_letter(
            source=source, topic="raw", partition=1, offset=offset, reason=reason,
            value=b"my secret", field="$.body", at_ms=START_MS,
        )
        for offset, (source, reason) in enumerate(
            [("tickets", "not_json"), ("chat", "not_json"), ("tickets", "future")]
        )
    ]  # fmt: skip
    publish(
        world.broker,
        [
            Record(DEAD_LETTERS, one.source.encode(), msgspec.json.encode(one), (), 0)
            for one in letters
        ],
    )
    everything = nabz_on.on_broker("dlq", "list")
    assert everything.exit_code == 0, everything.output
    assert [line.split()[:5] for line in everything.stdout.splitlines()[1:]] == [
        ["not_json", "tickets", "raw/1/0", "$.body", "9"],
        ["not_json", "chat", "raw/1/1", "$.body", "9"],
        ["future", "tickets", "raw/1/2", "$.body", "9"],
    ]
    some = nabz_on.on_broker("dlq", "list", "--reason", "not_json", "--source", "tickets", "--json")
    facts = [json.loads(line) for line in some.stdout.splitlines()]
    assert [one["offset"] for one in facts] == [0]
    assert "original" not in facts[0]
    assert "secret" not in everything.stdout
    shown = nabz_on.on_broker("dlq", "list", "--show-original", "--source", "chat")
    assert "my secret" in shown.stdout


def test_no_dead_letters_is_good_news(nabz_on: Nabz) -> None:
    """An empty list says so, on standard error."""
    found = nabz_on.on_broker("dlq", "list")
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "no dead letters\n")


def test_dead_letters_are_replayed_and_a_source_is_rewound(nabz_on: Nabz) -> None:
    """Under an epoch of their own, shown before it is done; and a second time nothing comes."""
    assert nabz_on.broker is not None
    body = b'{"kind":"message","customer":"c-1","ts":1790000000000,"author":"customer","text":"hi"}'
    letter = dead_letter(
        source="events", topic="nabz.events.v1", partition=1, offset=7, reason="not_json",
        value=body, at_ms=START_MS,
    )  # fmt: skip
    put_aside = [Record(DEAD_LETTERS, b"events", msgspec.json.encode(letter), (), 0)] * 2
    publish(nabz_on.broker, put_aside)
    dry = nabz_on.on_broker("dlq", "replay", "--dry-run")
    assert "1 records read: 1 events would be appended, 0 known before" in dry.stdout, dry.output
    assert all_of(nabz_on.broker, LOG) == []
    done = nabz_on.on_broker("dlq", "replay", "--reason", "not_json", "--source", "events")
    assert "1 events appended" in done.stdout and "counted under epoch 1" in done.stdout
    (record,) = all_of(nabz_on.broker, LOG)
    assert (record.key, record.partition) == (b"c-1", partition_of(b"c-1", 2))
    again = nabz_on.on_broker("dlq", "replay", "--json")
    facts = json.loads(again.stdout)
    assert (facts["events"], facts["known"], facts["epochs"]) == (0, 1, {"events": 2})

    read_to = Progress("events", 0, 0, 2, 1, 0, None, False, Counts(read=1), 0)
    publish(
        nabz_on.broker,
        [
            Record(EVENTS, b"c-1", body, (), 0),
            Record(EVENTS, b"c-1", body, (), 0),
            Record(CONTROL, progress_key(read_to), msgspec.json.encode(read_to), (), 0),
        ],
    )
    rewound = nabz_on.on_broker("sources", "rewind", "events", "--to", "0", "--json")
    facts = json.loads(rewound.stdout)
    assert (facts["read"], facts["events"]) == (1, 1), "up to where ingest is, and no further"
    assert len(all_of(nabz_on.broker, LOG)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evnts", "--to", "0"), "did you mean"),
        (("files", "--to", "0"), "it reads files"),
        (("events", "--to", "noon"), "--to: found 'noon'"),
    ],
)
def test_a_rewind_that_cannot_be_says_why(nabz_on: Nabz, words: tuple[str, ...], said: str) -> None:
    """An unknown source, one of files, and a time nobody can read."""
    with (nabz_on.folder / "nabz.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "sources:\n  files: {files: '*.jsonl', customer: $.c, author: customer, ts: $.t,"
            " text: $.m}\n"
        )
    found = nabz_on.on_broker("sources", "rewind", *words)
    assert found.exit_code == 2
    assert said in found.stderr


# ---------------------------------------------------------------------- replay


def test_a_replay_gives_the_stored_rows_again(nabz_on: Nabz, world: World) -> None:
    """Law 3, shown on the installation at hand."""
    world.work()
    found = nabz_on.on_broker("replay", "--check", "--json")
    assert found.exit_code == 0, found.output
    facts = json.loads(found.stdout)
    assert (facts["customers"], facts["events"], facts["duplicates"]) == (2, 3, 0)
    assert facts["transitions"] == len(world.transitions())
    check = facts["check"]
    assert (check["behind"], check["differ"]) == (0, 0)
    assert check["same"] >= 2


def test_a_row_changed_by_other_hands_is_found(nabz_on: Nabz, world: World) -> None:
    """One byte is enough, and it says which row."""
    world.work()
    stored = next(one for one in all_of(world.broker, ROWS) if one.key == b"c-103")
    broken = bytearray(stored.value)
    broken[broken.index(b"tickets")] ^= 1
    publish(world.broker, [Record(ROWS, stored.key, bytes(broken), (), stored.partition)])
    found = nabz_on.on_broker("replay", "--check")
    assert found.exit_code == 1
    differing = [line for line in found.stdout.splitlines() if line.startswith("differs: ")]
    assert [line.split()[1] for line in differing] == ["c-103"]


def test_a_worker_that_is_behind_is_not_called_wrong(nabz_on: Nabz, world: World) -> None:
    """Rows not folded as far yet are counted apart."""
    world.work()
    world.append("c-103", Wake(START_MS, START_MS, due_ms=START_MS))
    found = nabz_on.on_broker("replay", "--check", "--json")
    assert found.exit_code == 0, found.output
    check = json.loads(found.stdout)["check"]
    assert check["differ"] == 0
    assert check["behind"] >= 1


# ---------------------------------------------------------------------- why


def test_every_point_has_its_cause_and_the_sum_is_the_score(nabz_on: Nabz, world: World) -> None:
    """Law 6 and 7: parts, quotes and coordinates; and the published row is the same."""
    world.work()
    found = nabz_on.on_broker("why", "c-102")
    assert found.exit_code == 0, found.output
    row = world.health("c-102")[-1]
    assert f"distress {row.distress_e2 / 100:.2f}" in found.stdout  # type: ignore[operator]
    assert found.stdout.count("exactly the score") == 2
    assert "“cancel it”" in found.stdout
    assert "support.tickets/0/0" in found.stdout
    assert f"“{FSI}این افتضاح است{PDI}”" in found.stdout
    assert "published row: same" in found.stdout
    assert "waiting since" in found.stdout


def test_the_sum_line_is_the_sum_of_the_lines_above_it(nabz_on: Nabz, world: World) -> None:
    """Who adds up what is printed gets what is printed."""
    world.work()
    lines = nabz_on.on_broker("why", "c-102").stdout.splitlines()
    hundredths = [
        (round(float(found[1]) * 100), found[2].startswith("sum of"))
        for line in lines
        if (found := re.match(r" *([+-]?\d+\.\d\d)  (\w.*)$", line))
        and not line.startswith(" " * 11)
    ]
    total = 0
    sums = 0
    for value, is_sum in hundredths:
        if is_sum:
            assert value == total
            total, sums = 0, sums + 1
        else:
            total += value
    assert sums == 2


def test_why_for_programs_carries_row_sums_and_verdict(nabz_on: Nabz, world: World) -> None:
    """One object; the row is that of `nabz.health.v1`."""
    world.work()
    facts = json.loads(nabz_on.on_broker("why", "c-102", "--json").stdout)
    row = world.health("c-102")[-1]
    assert facts["row"] == json.loads(msgspec.json.encode(row))
    assert facts["sums"] == {"distress_e2": row.distress_e2, "health_e2": row.health_e2}
    assert (facts["published"], facts["differences"]) == ("same", [])


def test_a_published_row_that_is_not_of_this_log_is_called_different(
    nabz_on: Nabz, world: World
) -> None:
    """What was published is checked, not believed."""
    world.work()
    row = world.health("c-102")[-1]
    forged = record_of(replace(row, distress_e2=1))
    publish(world.broker, [forged._replace(value=None), forged])
    found = nabz_on.on_broker("why", "c-102")
    assert "published row: differs in distress_e2" in found.stdout


def test_an_alert_shows_the_state_it_told_of(nabz_on: Nabz, world: World) -> None:
    """The command at the foot of a message leads to what the message said."""
    world.work()
    opened = world.transitions()[0]
    found = nabz_on.on_broker("why", "c-102", "--alert", opened.alert_id)
    assert found.exit_code == 0, found.output
    assert f"alert {opened.alert_id} of rule angry" in found.stdout
    assert "published transition: same" in found.stdout
    unknown = nabz_on.on_broker("why", "c-102", "--alert", "no-such-id")
    assert unknown.exit_code == 1
    assert opened.alert_id in unknown.stderr


def test_a_time_shows_the_state_of_then(nabz_on: Nabz, world: World) -> None:
    """Before the second message there was one cause, afterwards two."""
    world.work()
    then = nabz_on.on_broker("why", "c-102", "--at", str(START_MS + 30 * MINUTE_MS))
    assert then.exit_code == 0, then.output
    assert "cancel it" in then.stdout
    assert "افتضاح" not in then.stdout
    before = nabz_on.on_broker("why", "c-102", "--at", str(START_MS - 1))
    assert before.exit_code == 1
    assert "the log holds nothing of them up to" in before.stderr
    wrong = nabz_on.on_broker("why", "c-102", "--at", "yesterday")
    assert wrong.exit_code == 2
    assert "--at: found 'yesterday'" in wrong.stderr


def test_an_unknown_customer_gets_names_that_look_alike(nabz_on: Nabz, world: World) -> None:
    """A typing mistake is answered with what was meant."""
    world.work()
    near = nabz_on.on_broker("why", "C-1022")
    assert near.exit_code == 1
    assert "customer C-1022: not in the log; close to it are c-102" in near.stderr
    far = nabz_on.on_broker("why", "zzzz")
    assert "`nabz tail health` lists the 2 customers" in far.stderr


def test_without_a_worker_why_still_answers_and_says_so(nabz_on: Nabz, world: World) -> None:
    """Scores come from the log; what is missing is only the published row."""
    world.work(rows=False, outputs=False)
    found = nabz_on.on_broker("why", "c-102")
    assert found.exit_code == 0, found.output
    assert "published row: not published yet" in found.stdout


def test_a_picture_that_is_held_back_is_announced(nabz_on: Nabz, world: World) -> None:
    """At most one row a second is published, so the newest cause may not be in it yet."""
    world.says("c-103", "cancel", at_min=40)
    world.says("c-103", "cancel now", at_min=40)
    world.work()
    found = nabz_on.on_broker("why", "c-103")
    assert "cancel now" not in found.stdout
    assert "a newer row is held back until" in found.stdout
    assert "held back" not in nabz_on.on_broker("why", "c-102").stdout
