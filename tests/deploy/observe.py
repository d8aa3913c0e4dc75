"""All of nabz under simulated load, watched by a real Prometheus with the rules of `deploy`.

    make observe                 # runs until Ctrl-C, and says what to open
    make observe CHECK=1         # asks what the dashboards ask, breaks two things, says what fired

A broker, two workers, a notifier and simulated customers run as processes on loopback, from the
command line people use; one more source, a help desk, is fed from here so that it can be cut off.

Next step: `tests.deploy.prometheus` asks what `tests.deploy.panels` says the dashboards ask.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml
from kafka import KafkaProducer

from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.embedded import EmbeddedBroker, free_port
from streams.engine.kafka_local import LocalKafka
from streams.settings import load
from streams.topics import Topic
from streams.worker.configure import apply_config
from tests.deploy.composed import DEPLOY, ROOT
from tests.deploy.panels import asked, boards
from tests.deploy.prometheus import NotSeenError, Prometheus, awaited

PARTITIONS: Final = 4
SCRAPE_S: Final = 5
WATCHED_S: Final = 120.0
"""After so long every panel has something to show."""
DESK: Final = "desk.tickets"
SECRET: Final = "NABZ_OBSERVED_SECRET"
_STARTED_S: Final = 180.0
_CUT_S: Final = 150.0
"""20 s of silence, a minute of standing still, and what lies between the looks."""
_DOWN_S: Final = 190.0
"""The rule waits two minutes; Prometheus looks every few seconds."""
_ENDED_S: Final = 40.0


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S}  {text}\n")
    sys.stdout.flush()


@dataclass
class Observed:
    """The installation: its processes by name, and the Prometheus that watches them."""

    broker: Broker
    folder: Path
    ports: dict[str, int] = field(
        default_factory=lambda: {
            name: free_port() for name in ("worker-a", "worker-b", "notifier", "prometheus", "back")
        }
    )
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    cut: threading.Event = field(default_factory=threading.Event)

    @property
    def prometheus(self) -> Prometheus:
        """What watches."""
        return Prometheus(f"http://{self.address('prometheus')}")

    def address(self, name: str) -> str:
        """Where a process answers."""
        return f"127.0.0.1:{self.ports[name]}"

    def start(self) -> None:
        """Topics, configuration, then all processes."""
        config = self._settings("worker-a")
        apply_topics(self.broker, partitions=PARTITIONS, replication=1)
        desk = (Topic(DESK, "log"),)
        apply_topics(self.broker, partitions=PARTITIONS, replication=1, topics=desk)
        settings = load(config, {"broker": {"bootstrap": self.broker.bootstrap}})
        apply_config(self.broker, settings.config(), clock_ms=time.time_ns() // 1_000_000)
        for name in ("worker-a", "worker-b"):
            self.nabz(name, "worker", "--config", str(self._settings(name)), "--logs", "json")
        self.nabz("notifier", "notifier", "--config", str(config), "--logs", "json")
        self.nabz("customers", "simulate", "--seed", "1", "--rate", "4", "--speed", "60")
        program = shutil.which("prometheus")
        if program is None:
            raise NotSeenError("prometheus is not on the PATH; Debian: apt-get install prometheus")
        self._run(
            "prometheus", program, "--config.file", str(self._scraped()),
            "--storage.tsdb.path", str(self.folder / "data"),
            "--web.listen-address", self.address("prometheus"),
        )  # fmt: skip

    def nabz(self, name: str, *words: str) -> None:
        """Start a command as people would."""
        python = sys.executable
        self._run(name, python, "-m", "streams.cli.main", *words, "--broker", self.broker.bootstrap)

    def _run(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as sink:
            self.running[name] = subprocess.Popen(  # noqa: S603  # our own commands
                command, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT,
                env=os.environ | {SECRET: "of an installation under observation"},
                # Ctrl-C is for us; we end them in order.
                start_new_session=True,
            )  # fmt: skip

    def _settings(self, worker: str) -> Path:
        """The settings of the demo, a help desk besides, and where this worker answers."""
        tree = yaml.safe_load((ROOT / "streams" / "demo" / "demo.yaml").read_text("utf-8"))
        tree |= {
            "partitions": PARTITIONS,
            "replication": 1,
            # As short as it may be: in earnest it is a quarter of an hour.
            "cut_off_after": "1m",
            "canary": "10s",
            # Nobody is told there; people could answer from there, for the panel that shows it.
            "channels": {
                **tree["channels"],
                "pager": {
                    "type": "pagerduty",
                    "key": f"env:{SECRET}",
                    "webhook_keys": f"env:{SECRET}",
                },
            },
            "routes": [{"channels": ["screen"]}],
            "back": {"listen": self.address("back")},
            "sources": {
                "tickets": {
                    "topic": DESK,
                    "customer": "$.who",
                    "author": {"path": "$.role", "map": {"customer": "customer", "agent": "agent"}},
                    "ts": "$.at",
                    "text": "$.body",
                    "expect_every": "20s",
                }
            },
            "metrics": {
                "worker": {"bind": self.address(worker)},
                "notifier": {"bind": self.address("notifier")},
            },
        }
        path = self.folder / f"{worker}.yaml"
        path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        return path

    def _scraped(self) -> Path:
        """The configuration of `deploy`, with addresses and intervals of this place."""
        source = DEPLOY / "prometheus"
        tree = yaml.safe_load((source / "prometheus.yaml").read_text("utf-8"))
        tree["global"] = {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"}
        del tree["alerting"]  # nobody is to be told of what is broken here
        tree["rule_files"] = [str(source / name) for name in tree["rule_files"]]
        for job in tree["scrape_configs"]:
            kind = job["job_name"].removeprefix("nabz-")
            del job["authorization"], job["dns_sd_configs"]
            targets = [self.address(name) for name in self.ports if name.startswith(kind)]
            job["static_configs"] = [{"targets": targets}]
        path = self.folder / "prometheus.yaml"
        path.write_text(yaml.safe_dump(tree), encoding="utf-8")
        return path

    def feed(self) -> None:
        """Write to the help desk every second, until it is cut off."""
        producer = KafkaProducer(**self.broker.kafka_python(), enable_idempotence=False)
        try:
            number = 0
            while not self.cut.wait(1.0):
                told = {
                    "who": f"d-{number % 8}",
                    "role": "customer" if number % 3 else "agent",
                    "at": datetime.now(UTC).isoformat(),
                    "body": "when will it be delivered?",
                }
                producer.send(DESK, json.dumps(told).encode(), partition=number % PARTITIONS)
                number += 1
        finally:
            producer.close()

    def all_run(self) -> None:
        """Nothing has ended that nobody ended.

        Raises:
            NotSeenError: Something has; its last lines are in the message.
        """
        for name, process in self.running.items():
            if process.poll() is not None:
                log = (self.folder / f"{name}.log").read_text("utf-8", "replace")
                raise NotSeenError(f"{name} has ended with {process.returncode}: {log[-1500:]}")

    def told(self) -> str:
        """What Prometheus sees and each process said last, for whoever looks into a failure."""
        try:
            targets = self.prometheus.ask("targets")["data"]["activeTargets"]
            lines = [f"{one['scrapeUrl']}: {one['health']} {one['lastError']}" for one in targets]
            lines += map(str, self.prometheus.values('nabz_events_total{outcome="folded"}'))
            lines += map(str, self.prometheus.values("nabz_notifier_active"))
        except (OSError, NotSeenError) as error:
            lines = [f"Prometheus does not answer: {error}"]
        for name in self.running:
            log = (self.folder / f"{name}.log").read_text("utf-8", "replace")
            lines.append(f"{name}: {log[-700:]}")
        return "\n  ".join(lines)

    def kill(self, name: str) -> None:
        """As a power cut would."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all in order; what does not end when asked is killed."""
        self.cut.set()
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        deadline_s = time.monotonic() + _ENDED_S
        for process in reversed(self.running.values()):
            try:
                process.wait(max(0.1, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()


@contextmanager
def brokered(folder: Path, *, kafka: bool) -> Iterator[Broker]:
    """A broker in memory, or Apache Kafka in a folder."""
    if kafka:
        with LocalKafka(folder / "kafka") as broker:
            yield broker
    else:
        with EmbeddedBroker() as broker:
            yield broker


@contextmanager
def observed(*, kafka: bool = False) -> Iterator[Observed]:
    """An installation that folds events and is watched; all of it ends with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nabz-observe-")))
        broker = stack.enter_context(brokered(folder, kafka=kafka))
        one = Observed(broker, folder)
        stack.callback(one.stop)
        one.start()
        feeding = threading.Thread(target=one.feed, name="help desk")
        feeding.start()
        stack.callback(feeding.join)
        stack.callback(one.cut.set)

        def flows() -> bool:
            one.all_run()
            if not one.prometheus.answers():
                return False
            folded = one.prometheus.values('nabz_events_total{outcome="folded"}')
            sends = one.prometheus.values("nabz_notifier_active == 1")
            return len(sends) == 1 and sum(value > 0 for _, value in folded) == 2

        try:
            took_s = awaited("both workers fold and the notifier sends", flows, _STARTED_S)
        except NotSeenError as error:
            raise NotSeenError(f"{error}\n  {one.told()}") from None
        say(f"broker, two workers, notifier, customers and Prometheus run  ({took_s:.0f} s)")
        yield one


def shown(one: Observed, range_s: int) -> None:
    """Ask all that the panels ask.

    Raises:
        NotSeenError: A panel is empty, or a rule fails.
    """
    every = asked()
    lacking = [said for said in (one.prometheus.lacking(query, range_s) for query in every) if said]
    if lacking:
        raise NotSeenError("\n  ".join([f"{len(lacking)} of {len(every)} queries:", *lacking]))
    say(f"every panel has data: {len(every)} queries of {len(boards())} dashboards")
    if failing := one.prometheus.failing_rules():
        raise NotSeenError("\n  ".join(["rules with errors:", *failing]))
    say("no rule has an error")


def broken(one: Observed) -> None:
    """Cut off a source, then kill a worker, and see the alarm of each and no other of the two.

    Raises:
        NotSeenError: An alarm did not fire, or one that has no cause did.
    """

    def told(name: str) -> list[dict[str, str]]:
        return [labels for labels in one.prometheus.firing() if labels["alertname"] == name]

    for name in ("NabzSourceCutOff", "NabzWorkerDown"):
        if told(name):
            raise NotSeenError(f"{name} fires before anything was broken")
    one.cut.set()
    took_s = awaited("NabzSourceCutOff", lambda: bool(told("NabzSourceCutOff")), _CUT_S)
    say(f"the source was cut off: NabzSourceCutOff after {took_s:.0f} s")
    if told("NabzWorkerDown"):
        raise NotSeenError("NabzWorkerDown fires although both workers run")
    one.kill("worker-b")
    dead = one.address("worker-b")

    def down() -> bool:
        return dead in [labels.get("instance") for labels in told("NabzWorkerDown")]

    took_s = awaited(f"NabzWorkerDown of {dead}", down, _DOWN_S)
    others = [labels["instance"] for labels in told("NabzWorkerDown")]
    if others != [dead]:
        raise NotSeenError(f"NabzWorkerDown names {others}, killed was {dead}")
    say(f"a worker was killed: NabzWorkerDown of {dead} after {took_s:.0f} s")
    one.all_run()
    fire = sorted({labels["alertname"] for labels in one.prometheus.firing()})
    say(f"firing at the end: {', '.join(fire)}")


def check(*, kafka: bool) -> None:
    """Run all, look for two minutes, break two things; see `shown` and `broken`."""
    with observed(kafka=kafka) as one:
        began_s = time.monotonic()

        def looked() -> bool:
            one.all_run()
            return time.monotonic() - began_s >= WATCHED_S

        awaited("two minutes", looked, WATCHED_S + 5)
        shown(one, int(WATCHED_S))
        broken(one)
    say("all has been stopped")


def watch(*, kafka: bool) -> None:
    """Run all until Ctrl-C, and say what to open."""
    with observed(kafka=kafka) as one:
        for line in (
            f"http://{one.address('prometheus')}/alerts  the alarms about nabz",
            f"http://{one.address('prometheus')}/graph   any query of deploy/grafana/dashboards",
            *(f"http://{one.address(name)}/metrics  {name}" for name in [*one.ports][:3]),
            f"{one.folder}  what each process says",
            "a Grafana shows deploy/grafana/dashboards with this Prometheus as its source",
            f"to see alarms: kill -9 {one.running['worker-b'].pid} (worker-b); Ctrl-C ends all",
        ):
            say(line)
        while True:
            time.sleep(1.0)


def main() -> int:
    """Run, and tell by the exit code."""
    parser = argparse.ArgumentParser(prog="make observe", description=__doc__)
    parser.add_argument("--check", action="store_true", help="check, stop, and exit 0 or 1")
    parser.add_argument("--kafka", action="store_true", help="Apache Kafka instead of in memory")
    told = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        (check if told.check else watch)(kafka=told.kafka)
    except NotSeenError as error:
        say(f"FAILED: {error}")
        return 1
    except KeyboardInterrupt:
        say("all has been stopped")
        return 130 if told.check else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
