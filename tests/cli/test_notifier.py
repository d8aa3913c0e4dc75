"""`nabz notifier`: the stop button, and what it shows."""

from __future__ import annotations

import json

import msgspec
import pytest

from alerts.delivery import planned, sending
from alerts.holds import Hold
from alerts.pipeline import Kept
from streams.clock import wall_ms
from streams.engine.cycle import Output
from streams.topics import CONTROL, DELIVERIES
from tests.alerts.transitions import BASE_MS, transition
from tests.cli.conftest import Nabz
from tests.cli.kafka import all_of, publish

YAML = "partitions: 2\nreplication: 1\nchannels: {ops: {type: terminal}, chat: {type: terminal}}\n"


@pytest.fixture
def desk(nabz_on: Nabz) -> Nabz:
    """Two channels."""
    (nabz_on.folder / "nabz.yaml").write_text(YAML, encoding="utf-8")
    return nabz_on


def test_the_button_is_pressed_shown_and_released(desk: Nabz) -> None:
    """Records of the control topic, each with its end; status says who, why and until when."""
    first = desk.on_broker("notifier", "hold", "--for", "2h", "--reason", "bad rule")
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("held every channel until ")
    second = desk.on_broker(
        "notifier", "hold", "--channel", "ops", "--for", "30m", "--reason", "drill"
    )
    assert second.exit_code == 0, second.output
    shown = desk.on_broker("notifier", "status").stdout
    assert "HELD every channel until" in shown and ": bad rule" in shown
    assert "HELD channel ops until" in shown and ": drill" in shown
    both = json.loads(desk.on_broker("notifier", "status", "--json").stdout)["holds"]
    spans = sorted(one["until_ms"] - one["ts_ms"] for one in both)
    assert spans == [1_800_000, 7_200_000]

    one = desk.on_broker("notifier", "release", "--channel", "ops", "--digest")
    assert one.stdout.startswith("released channel ops (hold ")
    rest = desk.on_broker("notifier", "release", "--discard")
    assert rest.stdout.startswith("released every channel (hold ")
    assert "discarded" in rest.stdout
    assert desk.on_broker("notifier", "status").stdout.startswith("nothing is held")
    nothing = desk.on_broker("notifier", "release")
    assert (nothing.exit_code, nothing.stdout) == (
        0,
        "no such hold is in force; nothing to do\n",
    )
    assert desk.broker is not None
    written = [msgspec.json.decode(one.value, type=Hold) for one in all_of(desk.broker, CONTROL)]
    assert [one.after for one in written] == ["send", "send", "digest", "discard"]
    assert [one.released_ms is None for one in written] == [True, True, False, False]


def test_status_counts_what_waits_what_is_held_and_what_was_given_up(desk: Nabz) -> None:
    """From the books; an opening whose end has come is not held any more."""
    ops, chat = ({"channel": name, "offset": 0, "now_ms": BASE_MS} for name in ("ops", "chat"))
    held = Kept("held", "h")
    made = [
        planned(transition(1, fingerprint="a"), **ops),  # type: ignore[arg-type]
        planned(transition(1, fingerprint="b"), kept=held, **ops),  # type: ignore[arg-type]
        planned(transition(1, fingerprint="c"), kept=held, **ops),  # type: ignore[arg-type]
        planned(transition(2, "recovered", fingerprint="c"), **ops),  # type: ignore[arg-type]
        planned(transition(1, fingerprint="a"), **chat),  # type: ignore[arg-type]
    ]
    dead = msgspec.structs.replace(sending(made[4], BASE_MS), state="dead")
    assert desk.broker is not None
    publish(
        desk.broker,
        [
            Output(DELIVERIES, one.notification_id.encode(), msgspec.json.encode(one), (), 0)
            for one in (*made, dead)
        ],
    )
    channels = json.loads(desk.on_broker("notifier", "status", "--json").stdout)["channels"]
    assert channels == {
        "ops": {"waiting": 2, "held": 1, "dead": 0, "oldest_ms": BASE_MS},
        "chat": {"waiting": 0, "held": 0, "dead": 1, "oldest_ms": 0},
    }
    table = desk.on_broker("notifier", "status").stdout.splitlines()
    assert [line.split()[:4] for line in table[-2:]] == [
        ["chat", "0", "0", "1"],
        ["ops", "2", "1", "0"],
    ]


def test_an_old_order_is_buried_by_the_next(desk: Nabz) -> None:
    """The control topic does not grow for ever."""
    old = Hold(until_ms=wall_ms() - 31 * 86_400_000)
    assert desk.broker is not None
    publish(desk.broker, [Output(CONTROL, b"hold:old", msgspec.json.encode(old), (), 0)])
    desk.on_broker("notifier", "hold", "--for", "1m", "--reason", "drill")
    assert [one.key for one in all_of(desk.broker, CONTROL) if one.value is None] == [b"hold:old"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hold", "--reason", "x"], "Missing option '--for'"),
        (["hold", "--for", "2h"], "Missing option '--reason'"),
        (["hold", "--for", "soon", "--reason", "x"], "--for: found 'soon'; write a time like"),
        (["hold", "--for", "8d", "--reason", "x"], "--for: found '8d'; at most 7 d"),
        (["hold", "--for", "0s", "--reason", "x"], "--for: found '0s'; at most 7 d"),
        (["hold", "--for", "1h", "--reason", " "], "--reason: write 1 to 500 characters"),
        (["hold", "--for", "1h", "--reason", "x", "--channel", "o"], "configured are chat, ops"),
        (["hold", "--for", "1h", "--reason", "x", "--rule", "o"], "--rule: found 'o'; configured"),
        (["release", "--digest", "--discard"], "found both; write one of them or neither"),
    ],
)
def test_a_hold_written_wrongly_holds_nothing(words: list[str], said: str, nabz: Nabz) -> None:
    """Refused before anything is asked of a broker."""
    (nabz.folder / "nabz.yaml").write_text(YAML, encoding="utf-8")
    found = nabz("notifier", *words)
    assert found.exit_code == 2
    assert said in found.stderr and found.stderr.count("\n") == 1
