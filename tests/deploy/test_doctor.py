"""`nabz doctor` finds what is wrong and says what to do; `nabz init` writes what is sound."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from alerts.config import config_hash, encode_config
from streams.cli.diagnosis import SKEW_MS, Finding, channels, clocks, in_force
from streams.control import Control, Counts, Progress, progress_key
from streams.dead_letters import DeadLetter
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import Output
from streams.settings import load
from streams.topics import CONTROL, DEAD_LETTERS, LOG, TOPICS
from tests.cli.conftest import Nabz
from tests.cli.kafka import publish
from tests.deploy.secured import Site, without

NOW_MS = 1_700_000_000_000


def found(done: Result) -> dict[str, list[dict[str, str]]]:
    """Findings by what they are about."""
    told: dict[str, list[dict[str, str]]] = {}
    for line in done.stdout.splitlines():
        one = json.loads(line)
        told.setdefault(one["check"], []).append(one)
    return told


def ahead_by(ms: int) -> Control:
    """A control topic in which an ingest has written with a clock so far ahead."""
    control = Control()
    one = Progress("s", 0, 0, 1, 0, None, None, finished=False, counts=Counts(), at_ms=NOW_MS + ms)
    control.apply(progress_key(one), msgspec.json.encode(one))
    return control


# ------------------------------------------------------------------ one look at a time


@pytest.mark.parametrize(("ahead_ms", "state"), [(SKEW_MS, "ok"), (SKEW_MS + 1, "fail")])
def test_a_clock_that_is_ahead_is_found(ahead_ms: int, state: str) -> None:
    """A worker ahead of us decides too early; the delay of a record is none."""
    (one,) = clocks(ahead_by(ahead_ms), NOW_MS)
    assert one.state == state
    assert state == "ok" or one.next == "let NTP set the clocks of all machines"


def test_a_file_that_is_not_in_force_is_found() -> None:
    """None in force, another one, the same."""
    settings = load(None)
    name = config_hash(encode_config(settings.config()))
    control = Control()
    (none,) = in_force(settings, control)
    control.apply(b"config", b'{"hash":"0123","at_ms":1}')
    (other,) = in_force(settings, control)
    control.apply(b"config", msgspec.json.encode({"hash": name, "at_ms": 2}))
    (same,) = in_force(settings, control)
    assert [none.state, other.state, same.state] == ["fail", "warn", "ok"]
    assert none.next == "`nabz config apply`"
    assert "in force is 0123, the file is" in other.found


def hook(url: str, **more: object) -> list[Finding]:
    """What is found about one webhook."""
    one = {"type": "webhook", "url": url, "keys": "env:NABZ_TEST_KEY", **more}
    return list(channels(load(None, {"channels": {"hook": one}})))


def test_the_address_of_a_channel_is_looked_up_and_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Allowed, not allowed, unknown; a missing key is named without its value."""
    monkeypatch.setenv("NABZ_TEST_KEY", "whsec_" + "QUFB" * 8)
    assert hook("https://localhost:1/secret", allow_loopback=True)[0].state == "ok"
    (inside,) = hook("https://localhost/secret")
    assert inside.state == "fail"
    assert "network that is not allowed" in inside.found
    assert inside.next == "call another host, or list its network in channels.hook.allow"
    (nowhere,) = hook("https://nowhere.invalid/secret")
    assert nowhere.found.startswith("nowhere.invalid does not resolve")
    assert "secret" not in f"{inside}{nowhere}"
    monkeypatch.delenv("NABZ_TEST_KEY")
    (keyless,) = hook("https://localhost/secret")
    assert keyless.state == "fail"
    assert "the environment has no NABZ_TEST_KEY" in keyless.found


# ------------------------------------------------------------------ the whole of it


def test_a_broker_that_is_not_there_is_the_only_thing_said_of_it(nabz: Nabz) -> None:
    """What to do first; nothing else is guessed at."""
    done = nabz("doctor", "--json", "--broker", "127.0.0.1:1")
    assert done.exit_code == 1
    told = found(done)
    assert sorted(told) == ["broker", "channels"]
    assert "nobody listens there" in told["broker"][0]["found"]


def test_what_is_missing_is_named_one_by_one(nabz: Nabz, empty_broker: Broker) -> None:
    """Topics, configuration, members of the groups, dead letters: each with its cure."""
    nabz.broker = empty_broker
    (nabz.folder / "nabz.yaml").write_text("partitions: 2\nreplication: 1\n", encoding="utf-8")
    some = [topic for topic in TOPICS if topic.name in {LOG, CONTROL, DEAD_LETTERS}]
    apply_topics(empty_broker, partitions=2, replication=1, topics=some)
    letter = DeadLetter("tickets", "t", 0, 0, "no_customer", 1, 1, "0")
    publish(empty_broker, [Output(DEAD_LETTERS, b"k", msgspec.json.encode(letter), (), 0)])
    done = nabz.on_broker("doctor", "--json")
    assert done.exit_code == 1, done.output
    told = found(done)
    missing = [one["found"] for one in told["topics"]]
    assert len(missing) == len(TOPICS) - len(some)
    assert "nabz.rows.v1 is missing" in missing
    assert told["topics"][0]["next"] == "`nabz topics apply`"
    assert told["configuration"][0]["next"] == "`nabz config apply`"
    assert told["dead letters"][0]["found"] == "in the last 24 h: 1 no_customer"
    assert told["dead letters"][0]["state"] == "warn"
    assert "has 0 records to read" in told["lag"][0]["found"]
    people = nabz.on_broker("doctor").stdout
    assert "fail  topics: nabz.rows.v1 is missing; `nabz topics apply`\n" in people


def test_a_right_that_is_missing_is_found(site: Site) -> None:
    """For the process that was asked about, and nothing is left out for lack of another right."""
    with without(site.kafka.broker, "ask", CONTROL, "READ"):
        done = site.nabz("nabz-ask", "doctor", "--process", "ask", "--json")
    told = [json.loads(line) for line in done.said.splitlines() if line.startswith("{")]
    assert done.code == 1
    assert {"check": "rights", "state": "fail"}.items() <= next(
        one for one in told if one["state"] == "fail"
    ).items()
    assert any(
        one["found"].startswith(f"topic {CONTROL}: DESCRIBE_CONFIGS and READ denied")
        for one in told
    )
    assert {"configuration", "dead letters", "lag"} <= {one["check"] for one in told}


def test_a_group_without_a_member_is_found(site: Site) -> None:
    """What lies there unread, and what to start."""
    done = site.nabz("nabz-ask", "doctor", "--process", "ask", "--json")
    told = [json.loads(line) for line in done.said.splitlines()]
    (track,) = (one for one in told if one["found"].startswith("nabz-track has "))
    assert done.code == 1
    assert track["found"].endswith(" records to read and no member")
    assert track["next"] == "start `nabz worker --roles track`"


# ------------------------------------------------------------------ nabz init


def test_the_starter_is_sound_and_tells_nobody(nabz: Nabz) -> None:
    """`nabz config check` takes it as it is; all rules are in shadow."""
    done = nabz("init")
    assert done.exit_code == 0, done.output
    assert done.stdout == "wrote nabz.yaml\nwrote rules.yaml\n"
    checked = nabz("config", "check")
    assert checked.exit_code == 0, checked.output
    settings = load(Path("nabz.yaml"))
    assert [rule.shadow for rule in settings.rules] == [True, True]


def test_every_line_that_is_commented_out_works(
    nabz: Nabz, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking away each # that stands before a setting gives a configuration that is sound too."""
    assert nabz("init").exit_code == 0
    page = Path("nabz.yaml").read_text(encoding="utf-8")
    wide = re.sub(r"^#(?! \S)", "", page, flags=re.MULTILINE)
    assert "\n#" in wide, "prose stays a comment"
    Path("nabz.yaml").write_text(wide, encoding="utf-8")
    monkeypatch.setenv("NABZ_HOOK_KEY", "whsec_" + "QUFB" * 8)
    monkeypatch.setenv("KAFKA_USER", "x")
    checked = nabz("config", "check")
    assert checked.exit_code == 0, checked.output
    assert "tickets" in checked.stdout
    assert "hook" in checked.stdout
    settings = load(Path("nabz.yaml"))
    assert (settings.partitions, settings.clock, settings.max_notify_age) == (16, "live", 900_000)


@pytest.mark.parametrize("name", ["nabz.yaml", "rules.yaml"])
def test_a_file_that_is_there_is_left_alone(nabz: Nabz, name: str) -> None:
    """Nothing is written at all, whichever of the two it is."""
    Path(name).write_text("mine\n", encoding="utf-8")
    done = nabz("init")
    assert done.exit_code == 1
    assert f"{name}: is there already" in done.stderr
    assert Path(name).read_text(encoding="utf-8") == "mine\n"
    assert [one.name for one in nabz.folder.glob("*.yaml")] == [name]
