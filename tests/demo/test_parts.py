"""The parts of the demo: what it makes of published values, and how it looks."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path

import msgspec
import pytest
import yaml
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from alerts.header import Header, pack_header
from alerts.lifecycle import Episode
from alerts.outputs import AlertRow
from alerts.row import PartitionRow, Row, encode_partition_row, encode_row
from scoring.records import PARTITION_KEY, Origin, Signal, encode_record
from streams.control import Control, Counts, Progress, progress_key
from streams.dead_letters import dead_letter
from streams.demo.audience import until_after
from streams.demo.board import Board
from streams.demo.children import Child, ChildDiedError
from streams.demo.folded import Folded, all_finished
from streams.demo.lateness import late_of
from streams.demo.lines import alert_lines, notification_lines, status_line, worst_lines
from streams.demo.phrases import why
from streams.demo.picture import Picture
from streams.demo.recorded import Quiet
from streams.demo.report import Late, Report, encode, report
from streams.demo.stage import INPUT, Stage, settings_tree
from streams.demo.summary import tables
from streams.engine.brokers import Broker
from streams.engine.embedded import free_port
from streams.settings import load
from streams.topics import ALERTS, CONTROL, DEAD_LETTERS, HEALTH, TRANSITIONS
from tests.demo.published import FIRING, ROW, closed, later

USUAL = "127.0.0.1:9092"


def published(*values: object) -> Picture:
    """A picture that has read these health rows and transitions."""
    picture = Picture()
    for value in values:
        topic = HEALTH if hasattr(value, "band") else TRANSITIONS
        picture.take(topic, getattr(value, "customer").encode(), msgspec.json.encode(value))  # noqa: B009
    return picture


def drawn(what: object, width: int = 120) -> list[str]:
    """Lines as a terminal of that width shows them."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(what)
    out = console.file
    assert isinstance(out, io.StringIO)
    return out.getvalue().splitlines()


def progress(source: str, *, partition: int = 0, partitions: int = 1, finished: bool) -> Progress:
    """How far a source is read."""
    counts = Counts(7, 4, {"unknown_type": 2}, {"not_json": 1}, 5)
    return Progress(
        source, 0, partition, partitions, 7, None, 60_000, finished=finished, counts=counts, at_ms=1
    )


# ---------------------------------------------------------------------- picture


def test_a_row_published_again_after_a_crash_changes_nothing() -> None:
    """Older rows are dropped, newer ones are taken."""
    newer = later(ROW, distress_e2=8_000)
    picture = published(newer, ROW)
    assert picture.rows["c-102"].distress_e2 == 8_000
    assert published(ROW, newer).rows == picture.rows


def test_a_transition_published_again_is_no_news() -> None:
    """Each transition is told once, and the alert's end is not undone by its beginning."""
    picture = Picture()
    body = [msgspec.json.encode(one) for one in (FIRING, closed(FIRING, at_ms=90_000))]
    news = [picture.take(TRANSITIONS, b"f", one) for one in (body[0], body[0], body[1], body[0])]
    assert [None if one is None else one.after for one in news] == [
        "firing", None, "closed", None,
    ]  # fmt: skip
    assert (picture.open_alerts(), picture.closed()) == ([], 1)


def test_the_worst_come_first_and_those_at_rest_not_at_all() -> None:
    """Nobody looks for a calm customer; ties are in order of name, so that rows do not jump."""
    rows = [
        replace(ROW, customer=name, distress_e2=distress)
        for name, distress in (("c-3", 500), ("c-1", 9_000), ("c-2", 500), ("c-4", 0))
    ]
    quiet = replace(ROW, customer="c-5", distress_e2=None)
    assert [row.customer for row in published(*rows, quiet).worst()] == ["c-1", "c-2", "c-3"]


def test_what_is_no_value_of_its_topic_is_counted_and_stops_nothing() -> None:
    """The demo goes on whatever stands on a topic."""
    picture = Picture()
    for topic in (HEALTH, TRANSITIONS, CONTROL):
        picture.take(topic, b"progress:x", b"{")
    assert picture.unreadable == 3


# ---------------------------------------------------------------------- lines and board


def test_a_firing_alert_shows_whose_words_caused_it_and_how_to_look_into_it() -> None:
    """Quotes with their coordinates, and a command that can be pasted."""
    said = "\n".join(line.plain for line in alert_lines(FIRING, USUAL))
    assert " firing " in said
    assert "worst service ever" in said and "nabz.events.v1/2/17" in said
    assert f"why c-102 --alert {FIRING.alert_id}" in said
    assert "--broker" not in said


def test_the_command_names_the_broker_only_where_nabz_would_not_find_it() -> None:
    """At the usual address nothing needs to be told."""
    assert why(FIRING, "127.0.0.1:4711").endswith("--broker 127.0.0.1:4711")


def test_a_customer_cannot_write_commands_or_move_the_cursor() -> None:
    """Ids and quotes from outside are quoted for the shell and lose their control characters."""
    evil = replace(FIRING, customer="c; rm -rf ~", name="a\x1b[2Jb\u202e")
    said = "\n".join(line.plain for line in alert_lines(evil, USUAL))
    assert "why 'c; rm -rf ~' --alert" in said
    assert "\x1b" not in said and "\u202e" not in said


def test_persian_is_isolated_wherever_it_stands() -> None:
    """A Persian name or quote turns no line round."""
    persian = [line.plain for line in alert_lines(FIRING, USUAL)]
    persian += drawn(Board(published(ROW), USUAL))
    for line in persian:
        for letter in ("م", "ک"):
            if letter in line:
                first, last = line.index(letter), line.rindex("ی")
                assert line.rfind("\u2068", 0, first) > line.rfind("\u2069", 0, first)
                assert "\u2069" in line[last:]


@pytest.mark.parametrize("width", [160, 100, 80, 60, 40])
def test_the_board_fits_any_terminal(width: int) -> None:
    """No line is wider than the terminal, and the height stays as customers come and go."""
    rows = [
        replace(ROW, customer=f"c-{number}", distress_e2=9_900 - 700 * number)
        for number in range(12)
    ]
    some, many = (
        drawn(Board(published(ROW), USUAL), width),
        drawn(Board(published(*rows), USUAL), width),
    )
    assert max(cell_len(line) for line in [*some, *many]) <= width
    assert len(some) == len(many)
    assert any("c-102" in line and " 75 " in line for line in some)
    if width >= 60:
        assert any("مینا سرمدی" in line for line in some)
        assert any("mostly because" in line for line in some)


def test_the_first_line_of_the_board_fits_80_cells() -> None:
    """It is not cut, and says what one waits for before anything is folded."""
    picture = published(ROW, FIRING)
    board = Board(picture, USUAL)
    assert any("the worker joins its group, about 10 s" in line for line in drawn(board, 80))
    board.running_s, board.written, board.folded, board.per_s = 3_600.0, 9_999, 9_998, 123.4
    (status,) = (line for line in drawn(board, 80) if "alert open" in line)
    assert status.endswith("123.4 events/s") and cell_len(status) <= 80


def test_the_columns_of_the_board_line_up_whatever_is_in_them() -> None:
    """Emoji and Persian take the cells they take."""
    names = ("Maya", "مینا سرمدی", "نگار 🙏", None)
    rows = [replace(ROW, customer=f"c-{one}", name=name) for one, name in enumerate(names)]
    lines = [line for line in drawn(Board(published(*rows), USUAL)) if " c-" in line]
    assert len({cell_len(line[: line.index("75 ")]) for line in lines}) == 1


def test_the_lines_say_how_it_goes() -> None:
    """Counts, the worst customers with their reasons, and what reached a person."""
    picture = published(ROW, FIRING)
    status = status_line(picture, running_s=12.0, written=50, folded=48, per_s=4.1).plain
    assert "4.1 events/s" in status and "1 alert open, 0 closed" in status
    (worst,) = worst_lines(picture, 61_000)
    assert "is angry, says nobody answers" in worst.plain and "waiting 43 s" in worst.plain
    assert [line.plain.strip() for line in notification_lines(["a", "    b"])] == ["┃ a", "┃     b"]


# ---------------------------------------------------------------------- recorded events


def test_the_log_is_folded_when_every_partition_row_stands_at_its_end() -> None:
    """The changelog says how far each partition is; an older row of it is outvoted."""
    folded = Folded()
    for offset in (4, 9, 6):
        row = PartitionRow(folded={"input": offset}, duplicates={"input": 1})
        folded.take(0, PARTITION_KEY, encode_partition_row(row, log_epoch=1, offset=offset))
    assert folded.at_end({0: 10}) and not folded.at_end({0: 11}) and not folded.at_end({1: 1})
    assert (folded.count("folded")["input"], folded.count("duplicates")["input"]) == (9, 1)


def test_a_timer_that_is_due_keeps_the_demo_going() -> None:
    """Nothing is left only when no timer lies within the time that was read."""
    folded = Folded()
    folded.take(0, b"c-1", encode_row(Row(due_ms=500, absence_due_ms=300), log_epoch=1, offset=3))
    folded.take(0, b"c-2", encode_row(Row(), log_epoch=1, offset=4))
    assert [folded.due_by(at_ms) for at_ms in (299, 300)] == [0, 1]
    folded.take(0, b"c-1", pack_header(Header(1, 5, deleted=True)))
    assert folded.due_by(10_000) == 0


def test_files_are_finished_when_all_of_a_source_are() -> None:
    """A source whose second file nobody has begun is not finished."""
    control = Control()
    for partition, finished in ((0, True), (1, False)):
        one = progress("input", partition=partition, partitions=2, finished=finished)
        control.apply(progress_key(one), msgspec.json.encode(one))
        assert not all_finished(control, "input")
    one = progress("input", partition=1, partitions=2, finished=True)
    control.apply(progress_key(one), msgspec.json.encode(one))
    assert all_finished(control, "input")
    assert not all_finished(control, "other")


def test_all_is_done_only_after_several_quiet_looks_in_a_row() -> None:
    """A wake appended between two looks starts the waiting anew."""
    quiet = Quiet()
    looks = [
        (True, 0),
        (True, 0),
        (False, 0),
        (True, 0),
        (True, 1),
        (True, 0),
        (True, 0),
        (True, 0),
    ]
    ended = [
        quiet.look(finished=True, at_end=at_end, due=due, changes=5, now_s=float(second))
        for second, (at_end, due) in enumerate(looks)
    ]
    assert ended == [False] * 7 + [True]


def test_a_timer_that_never_fires_does_not_keep_the_demo_for_ever() -> None:
    """After half a minute in which nothing moves, the sum is told all the same."""
    quiet = Quiet()
    ended = [
        quiet.look(finished=True, at_end=True, due=1, changes=5, now_s=now_s)
        for now_s in (0.0, 29.0, 30.0, 31.0, 32.0)
    ]
    assert ended == [False, False, False, False, True]


def test_the_report_balances_and_holds_every_alert_and_customer() -> None:
    """Law 5 in numbers, all alerts with their quotes and coordinates, the last scores of all."""
    ended = closed(FIRING, at_ms=90_000)
    picture = published(ROW, replace(ROW, customer="c-1", distress_e2=0), FIRING, ended)
    one = progress("input", finished=True)
    picture.take(CONTROL, progress_key(one), msgspec.json.encode(one))
    folded = Folded()
    row = PartitionRow(folded={"input": 3}, duplicates={"input": 1}, failed={"input": 1})
    folded.take(0, PARTITION_KEY, encode_partition_row(row, log_epoch=1, offset=9))
    seen = report(picture, folded, elapsed_ms=2_000, finished=True)
    source = seen.sources["input"]
    assert source.read == source.appended + 2 + 1
    assert source.events == source.folded + source.duplicate + source.failed
    assert (seen.raised, seen.closed) == ({"customer-distress": 1}, {"customer-distress": 1})
    (alert,) = seen.alerts
    assert (alert.fired_ms, alert.closed_ms, alert.peak_e2) == (60_000, 90_000, 7_450)
    assert [one.after for one in alert.changes] == ["firing", "closed"]
    assert alert.why[0].evidence[0].at.offset == 17
    assert [row.customer for row in seen.customers] == ["c-1", "c-102"]
    assert msgspec.json.decode(encode(seen), type=Report) == seen
    assert set(msgspec.json.decode(encode(seen))) == {
        "finished", "elapsed_ms", "events_per_s_e2", "complete_to_ms", "config_hash", "sources",
        "bands", "raised", "closed", "alerts", "customers", "late",
    }  # fmt: skip
    text = "\n".join(drawn(tables(seen)))
    for word in ("2 unknown_type", "1 not_json", "1 alert raised, 1 closed", "worst service ever"):
        assert word in text


def test_the_peak_of_an_alert_is_its_worst_score_between_transitions_too() -> None:
    """What `nabz.alerts.v1` and the row of the customer say; a message says what it was then."""
    picture = published(FIRING)
    row = AlertRow(
        fingerprint=FIRING.fingerprint,
        alert_id=FIRING.alert_id,
        seq=1,
        rule=FIRING.rule,
        customer=FIRING.customer,
        state="firing",
        severity="warning",
        closed_reason=None,
        opened_ms=60_000,
        since_ms=60_000,
        peak_e2=7_450,
        reopen_count=0,
        human="",
        historical=False,
        shadow=False,
        config_hash="abc",
        log=FIRING.log,
    )
    folded = Folded()
    episode = Episode("customer-distress", alert_id=FIRING.alert_id, peak_e2=9_100)
    folded.take(0, b"c-102", encode_row(Row(episodes=(episode,)), log_epoch=1, offset=50))
    seen = report(picture, folded, elapsed_ms=1, finished=True)
    assert seen.alerts[0].peak_e2 == 9_100
    assert "91" in "\n".join(drawn(tables(seen)))

    picture = published(FIRING, closed(FIRING, at_ms=90_000))
    for one in (replace(row, seq=2, peak_e2=8_800), row):  # published again after a crash
        picture.take(ALERTS, b"x", msgspec.json.encode(one))
    (alert,) = report(picture, Folded(), elapsed_ms=1, finished=True).alerts
    assert (alert.peak_e2, alert.changes[-1].score_e2) == (8_800, 3_000)


def test_dead_letters_are_named_by_file_and_line() -> None:
    """The first five of each reason, counted from 1 as an editor does; the rest is a number."""
    picture = published()
    one = progress("input", finished=True)
    one = replace(one, counts=replace(one.counts, dead_lettered={"not_json": 7}))
    picture.take(CONTROL, progress_key(one), msgspec.json.encode(one))
    for offset in (40, 3, 9, 8, 7, 6, 3, 5):
        letter = dead_letter(
            source="input", topic="events.jsonl", partition=0, offset=offset, reason="not_json",
            value=b"{", field="", at_ms=5,
        )  # fmt: skip
        picture.take(DEAD_LETTERS, b"x", msgspec.json.encode(letter))
    seen = report(picture, Folded(), elapsed_ms=1, finished=True, files=("input",))
    places = seen.sources["input"].first_dead["not_json"]
    assert [place.line for place in places] == [4, 6, 7, 8, 9]
    text = "\n".join(drawn(tables(seen), 200))
    assert "not_json: events.jsonl lines 4, 6, 7, 8, 9" in text and "and 2 more" in text


def test_lines_out_of_order_are_counted_and_said() -> None:
    """Times of alerts would be wrong without a word."""
    in_time, late = (
        encode_record(Signal(90_000, complete_ms, "e", 50_000, Origin("input", 0, 16, topic="f")))
        for complete_ms in (50_000, 50_001)
    )
    assert late_of([in_time]) == Late()
    found = late_of([in_time, late, None])
    assert found == Late(1, (("f", 17),))
    seen = report(Picture(), Folded(), elapsed_ms=1, finished=True, late=found)
    text = "\n".join(drawn(tables(seen), 300))
    assert "1 event came later" in text and "f line 17" in text and "sort the file" in text


# ---------------------------------------------------------------------- the stage


def test_the_demos_own_settings_are_valid(tmp_path: Path) -> None:
    """What `nabz demo` runs with is a nabz.yaml anybody could use."""
    file = tmp_path / "nabz.yaml"
    for recorded in (None, tmp_path):
        tree = settings_tree(None, recorded=recorded)
        file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        settings = load(file)
        assert settings.config().rules[0].id == "customer-distress"
        assert settings.partitions == 4
        assert settings.source_names() == (("events",) if recorded is None else (INPUT,))


def test_recorded_events_reach_nobody_outside(tmp_path: Path) -> None:
    """Old events page no one, whatever the configuration says about channels."""
    config = tmp_path / "nabz.yaml"
    config.write_text(
        "channels: {ops: {type: webhook, url: 'https://example.org', keys: 'env:KEY'}}\n"
        "routes: [{channels: ops}]\n"
        "sources:\n"
        "  chat: {files: '*.jsonl', customer: $.who, author: customer, ts: $.at, text: $.say}\n"
        "  tickets: {topic: t, customer: $.who, author: customer, ts: $.at, text: $.say}\n",
        encoding="utf-8",
    )
    tree = settings_tree(config, recorded=tmp_path)
    assert [one["type"] for one in tree["channels"].values()] == ["terminal"]
    assert "routes" not in tree
    assert list(tree["sources"]) == ["chat"]
    assert tree["clock"] == "watermark"


def test_the_simulator_plays_whatever_the_sources_of_a_configuration(tmp_path: Path) -> None:
    """Rules and channels of a nabz.yaml can be tried without its topics and files."""
    config = tmp_path / "nabz.yaml"
    config.write_text(
        "clock: watermark\nevents: false\nrules: mine.yaml\n"
        "sources: {t: {topic: t, customer: $.w, author: customer, ts: $.at, text: $.say}}\n",
        encoding="utf-8",
    )
    (tmp_path / "mine.yaml").write_text("rules: [{id: mine}]\n", encoding="utf-8")
    file = tmp_path / "elsewhere" / "nabz.yaml"
    file.parent.mkdir()
    tree = settings_tree(config, recorded=None)
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    settings = load(file)
    assert (settings.clock, settings.source_names()) == ("live", ("events",))
    assert [rule.id for rule in settings.config().rules] == ["mine"]


def test_a_broker_that_dies_is_noticed(tmp_path: Path) -> None:
    """A screen that shows nothing new says why."""
    log = tmp_path / "broker.log"
    log.write_text("out of memory\n", encoding="utf-8")
    stage = Stage(Broker(f"127.0.0.1:{free_port()}"), log, (), ())
    with pytest.raises(ChildDiedError, match=r"answers no more[\s\S]*out of memory"):
        stage.check()


def child(tmp_path: Path, *command: str) -> Child:
    """A child that runs a command of nabz."""
    return Child("worker", command, tmp_path / "child.log")


def test_a_child_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    """Whoever reads the message need not look for a file."""
    one = child(tmp_path, "no-such-command")
    one.start()
    deadline = time.monotonic() + 20
    while one.ended() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(
        ChildDiedError, match=r"worker ended with exit code 2[\s\S]*no-such-command"
    ):
        one.check()
    one.stop()


def test_stopping_a_child_that_never_began_is_harmless(tmp_path: Path) -> None:
    """The way out is the same wherever the start failed."""
    one = child(tmp_path, "worker")
    one.check()
    one.stop()
    assert one.pid is None


def test_a_duration_counts_from_the_first_event() -> None:
    """Whoever asks for so many seconds sees something for so many seconds."""

    async def run(*, begun: list[bool]) -> int:
        looks = iter(begun)
        await until_after(asyncio.Event(), 0.01, lambda: next(looks))
        return len(list(looks))

    assert asyncio.run(run(begun=[False, False, True, True])) == 1


def test_who_asks_to_stop_does_not_wait_for_the_first_event() -> None:
    """Ctrl-C works from the first moment."""

    async def run() -> None:
        stop = asyncio.Event()
        stop.set()
        await until_after(stop, 60.0, lambda: False)

    asyncio.run(run())
