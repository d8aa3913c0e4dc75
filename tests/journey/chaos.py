"""Everything that can go wrong with workers, at once, drawn from a seed; and then the truth.

Three workers on an Apache Kafka of their own read what `tests.journey.traffic` writes, while they
are killed, frozen beyond their sessions, added and removed, each named point of ingest and of the
commit cycle kills one or freezes it, and the broker is restarted. At the end `tests.journey.truth`
compares. By hand: `make chaos SEEDS=10`, `make chaos SEED=7 EVENTS=50000`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from scoring.records import Cue, Origin, Reading, Signal, encode_record
from streams.engine.cycle import partition_of
from streams.engine.kafka_local import LocalKafka
from streams.engine.kafka_reads import ends
from streams.topics import LOG
from streams.worker.app import GROUP, POINTS
from tests.journey.desk import Desk, until
from tests.journey.fleet import Fleet
from tests.journey.traffic import Traffic
from tests.journey.truth import SOURCES, check_counts, check_published, letters

STEP_S: Final = 6.0
"""After a disturbance from outside: about a session, so that the next falls into its aftermath."""
DOOMED_S: Final = 240.0
"""For a worker to come to its point: it must start, be given partitions and restore them, on a
machine that is busy with other things."""
PARTITIONS: Final = 6
"""Faust's assignor gives a worker up to a third of them, so that none of three is idle."""
_LAST: Final = 500
"""Events written when all has gone wrong."""
FASTEST: Final = 600
"""Events a second that are written at most."""
PASS_S: Final = 0.25
_FREEZE_AT: Final = ("cycle.outputs_acked", "cycle.changelog_sent", "ingest.log_sent")


def schedule(seed: int, events: int) -> list[tuple[str, str]]:
    """What goes wrong, in order: a kind, and where.

    >>> plan = schedule(1, 50_000)
    >>> sum(kind == "broker" for kind, _ in plan), schedule(1, 50_000) == plan
    (1, True)
    """
    chance = random.Random(f"{seed}:schedule")
    plan = [("kill", "")] * 3 + [("freeze", "")] * 2 + [("add", ""), ("remove", "")] * 2
    plan += [("doom", f"kill@{one}") for one in POINTS]
    plan += [("doom", f"freeze@{one}") for one in _FREEZE_AT]
    while len(plan) * STEP_S < events / FASTEST:
        point = f"kill@{chance.choice(POINTS)}:{chance.randint(1, 9)}"
        plan.append(chance.choice((("kill", ""), ("freeze", ""), ("add", ""), ("doom", point))))
    chance.shuffle(plan)
    plan.insert(chance.randint(len(plan) // 3, 2 * len(plan) // 3), ("broker", ""))
    return plan


class Chaos:
    """One run.

    Attributes:
        figures: What was done and seen.
    """

    def __init__(
        self,
        directory: Path,
        seed: int,
        events: int,
        *,
        told: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Plan it; `run` starts a broker."""
        self._directory = directory
        self._seed = seed
        self._events = events
        self._told = told
        self._chance = random.Random(f"{seed}:chaos")
        self._began_s = time.monotonic()
        self.figures: dict[str, Any] = {"seed": seed}

    def _say(self, line: str) -> None:
        self._told(f"{time.monotonic() - self._began_s:6.1f} s  {line}")

    def run(self) -> dict[str, Any]:
        """Do all of it.

        Raises:
            AssertionError: Something is not as it should be.
        """
        self._kafka = LocalKafka(self._directory / "kafka")
        try:
            self._desk = Desk(self._kafka.start(), self._directory, partitions=PARTITIONS)
            self._traffic = Traffic(
                self._desk.broker, self._seed, count=self._events, partitions=PARTITIONS
            )
            self._fleet = Fleet(self._desk)
            try:
                self._disturb()
                self._settle()
                self._compare()
            finally:
                self._fleet.close()
                self._traffic.close()
                self._desk.close()
        finally:
            self._kafka.stop()
        self.figures["seconds"] = round(time.monotonic() - self._began_s, 1)
        return self.figures

    # ------------------------------------------------------------------ trouble

    def _disturb(self) -> None:
        plan = schedule(self._seed, self._events)
        fleet = self._fleet
        fleet.tend()
        self._steps = len(plan)
        planted = 0
        while plan:
            if self._steps - len(plan) > 10 * planted:
                planted += 1
                self._plant(planted)
            kind, where = plan.pop(0)
            both = [where]
            if kind == "doom" and plan and plan[0][0] == "doom":
                both.append(plan.pop(0)[1])
            self._say(f"{self._traffic.expected.total()} events, {kind} {' '.join(both)}".rstrip())
            if kind == "doom":
                self._doom(both, ahead=len(plan))
            else:
                self._do(kind)
                self._write_until(STEP_S, lambda: False, ahead=len(plan))
        while (left := self._events - self._traffic.expected.total()) > 0:
            self._traffic.write(min(left, round(FASTEST * PASS_S)))
            fleet.tend()
            time.sleep(PASS_S)
        self._traffic.finish()
        self.figures |= {"disturbances": self._steps, "planted": planted}

    def _write_until(self, seconds: float, reached: Callable[[], bool], *, ahead: int) -> bool:
        """Write, tend the workers, and see whether something is reached within that time."""
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s:
            # What is left is spread over the steps ahead, however long each of them takes.
            left = max(0, self._events - _LAST - self._traffic.expected.total())
            self._traffic.write(round(left / ((1 + ahead) * 2 * STEP_S) * PASS_S))
            self._fleet.tend()
            if reached():
                return True
            time.sleep(PASS_S)
        return False

    def _doom(self, wheres: list[str], *, ahead: int) -> None:
        """Have workers take others' places that die, or freeze, at a point; see it happen."""
        fleet = self._fleet
        while len(working := fleet.working()) > fleet.size - len(wheres):
            fleet.remove(self._chance.choice(fleet.healthy() or working))
        awaited = {where: fleet.start(where) for where in wheres}
        deadline_s = time.monotonic() + DOOMED_S
        while not self._write_until(
            STEP_S, lambda: all(one.noted for one in awaited.values()), ahead=ahead
        ):
            late = [where for where, one in awaited.items() if not one.noted]
            assert time.monotonic() < deadline_s, f"nobody has come to {late}\n{fleet.tails()}"
            # Of more than that, who was frozen and has woken up too, one would have nothing to do.
            while len(fleet.working()) > fleet.size and (spare := fleet.healthy()):
                fleet.remove(self._chance.choice(spare))
            for where in late:
                if awaited[where] not in fleet.members:  # it ended for another reason, with 70
                    awaited[where] = fleet.start(where)

    def _do(self, kind: str) -> None:
        """One disturbance from outside."""
        fleet = self._fleet
        if kind == "broker":
            self._traffic.flush()
            self._kafka.stop()
            self._kafka.start()
            return
        if kind == "add":
            fleet.start()
            return
        someone = self._chance.choice(fleet.healthy() or fleet.working())
        {"kill": fleet.kill, "freeze": fleet.freeze, "remove": fleet.remove}[kind](someone)

    def _plant(self, number: int) -> None:
        """A record in the log that no fold can take, of a customer everybody knows."""
        customer = self._traffic.expected.most_common(number)[-1][0].encode()
        now_ms = int(time.time() * 1000)
        cue = Cue("planted", "unheard_of", 1)
        record = Signal(
            now_ms, 0, f"planted-{number}", now_ms, Origin("planted", 0, number),
            reading=Reading("en", 0, (cue,)),
        )  # fmt: skip
        producer = KafkaProducer(**self._desk.broker.kafka_python(), acks="all")
        try:
            place = partition_of(customer, PARTITIONS)
            sent = producer.send(LOG, encode_record(record), key=customer, partition=place)
            sent.get(timeout=30)
        finally:
            producer.close(timeout=5)

    # ------------------------------------------------------------------ the end

    def _settle(self) -> None:
        """Everybody awake, every named point reached, everything read and folded; then stop."""
        fleet = self._fleet
        self._say("all written")
        fleet.calm()
        self._await("everything read", self._all_read)
        target = ends(self._desk.broker, LOG)
        self._await("everything folded", lambda: self._all_folded(target))
        fleet.stop()
        self._say(f"all folded; ended: {dict(fleet.ended)}, reached: {dict(fleet.reached)}")
        self.figures |= {
            "workers": fleet.started,
            "ended": dict(fleet.ended),
            "thawed": fleet.wakings,
            "points": len({*POINTS} & {*fleet.reached}),
        }

    def _await(self, what: str, condition: Callable[[], bool]) -> None:
        def tended() -> bool:
            self._fleet.tend()
            return condition()

        try:
            until(what, tended, timeout_s=60 + self._events / 200, step_s=1.0)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._fleet.tails()}") from None

    def _all_read(self) -> bool:
        told = self._desk.control().progress
        return all(
            (source, 0, number) in told and told[source, 0, number].offset >= end
            for source, topic in SOURCES.items()
            for number, end in ends(self._desk.broker, topic).items()
        )

    def _all_folded(self, target: dict[int, int]) -> bool:
        consumer = KafkaConsumer(
            **self._desk.broker.kafka_python(), group_id=GROUP, enable_auto_commit=False
        )
        try:
            return all(
                (consumer.committed(TopicPartition(LOG, number)) or 0) >= end
                for number, end in target.items()
            )
        finally:
            consumer.close(autocommit=False)

    def _compare(self) -> None:
        traffic = self._traffic
        self._desk.expected = traffic.expected
        self.figures |= {
            "written": traffic.written,
            "repeated": traffic.repeated,
            "late": traffic.late,
            "spoiled": traffic.spoiled,
        }
        there, wanted = letters(self._desk), traffic.letters()
        assert {*there} == {*wanted}, {
            "missing": sorted({*wanted} - {*there})[:5],
            "strange": sorted({*there} - {*wanted})[:5],
        }
        self.figures["letters_again"] = there.total() - len(there)
        self.figures |= check_counts(self._desk, self.figures["planted"])
        self.figures |= check_published(self._desk)


def main() -> int:
    """Run seeds one after the other; 1 if one of them found something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=10, help="how many, from 1 on")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--events", type=int, default=200_000)
    given = parser.parse_args()
    failed = []
    seeds = range(1, given.seeds + 1) if given.seed is None else [given.seed]
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="nabz-chaos-") as directory:
            chaos = Chaos(Path(directory), seed, given.events, told=print)
            try:
                print(json.dumps(chaos.run()), flush=True)  # noqa: T201
            except AssertionError as error:
                failed.append(seed)
                print(f"seed {seed}: {error}\n{json.dumps(chaos.figures)}", flush=True)  # noqa: T201
    print(f"failed: {failed}" if failed else f"{len(seeds)} of {len(seeds)} seeds are exact")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
