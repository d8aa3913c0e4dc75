"""A real Apache Kafka on loopback, from nothing but Java and Maven: for tests and benchmarks.

Maven fetches the broker's jars once into `.cache/kafka`; a single KRaft node then starts in a few
seconds in a directory of its own. Timings are set for tests: groups form at once and may have short
sessions, a killed broker may come back after two seconds, compaction runs often.

Next step: `tests/conftest.py` and `bench.engine` start one per run.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path
from types import TracebackType

from streams.engine.brokers import Broker
from streams.engine.embedded import await_port, free_port, stop_group

KAFKA_VERSION = "4.1.1"
HOW_TO_GET = (
    "Apache Kafka needs Java 17 or newer and Maven on the PATH (Debian: apt-get install"
    " default-jre-headless maven); the jars then come through Maven into .cache/kafka"
)
_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "kafka"
_POM = f"""<project><modelVersion>4.0.0</modelVersion>
 <groupId>nabz.tests</groupId><artifactId>kafka-broker</artifactId><version>1</version>
 <packaging>pom</packaging><dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
   <version>{KAFKA_VERSION}</version></dependency>
  <!-- Kafka logs through slf4j 1.7; without this binding there is no log at all. -->
  <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
   <version>2.24.3</version></dependency>
 </dependencies></project>
"""
_SERVER = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
min.insync.replicas=1
log.initial.task.delay.ms=500
log.cleaner.backoff.ms=500
log.retention.check.interval.ms=1000
log.cleaner.dedupe.buffer.size=8388608
"""
_LOG4J = """appender.f.type=File
appender.f.name=F
appender.f.fileName=${sys:kafka.log.file}
appender.f.layout.type=PatternLayout
appender.f.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=INFO
rootLogger.appenderRef.f.ref=F
"""


class KafkaUnavailableError(Exception):
    """Java, Maven or the jars are missing, or the broker did not start."""


def missing() -> str | None:
    """What to install before Kafka can run here, None if all is there."""
    lacking = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if (_CACHE / KAFKA_VERSION / "done").exists():
        lacking = [tool for tool in lacking if tool != "mvn"]
    return f"{' and '.join(lacking)} not found: {HOW_TO_GET}" if lacking else None


def jars() -> Path:
    """Directory of the broker's jars, fetched on first use.

    Raises:
        KafkaUnavailableError: A tool is missing or Maven failed.
    """
    lacking = missing()
    if lacking is not None:
        raise KafkaUnavailableError(lacking)
    home = _CACHE / KAFKA_VERSION
    done = home / "done"
    if not done.exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "pom.xml").write_text(_POM, encoding="utf-8")
        command = [
            "mvn", "-q", "-B", "dependency:copy-dependencies",
            "-DoutputDirectory=lib", "-DincludeScope=runtime",
        ]  # fmt: skip
        run = subprocess.run(  # noqa: S603  # our own fixed command
            command, cwd=home, capture_output=True, text=True, timeout=600, check=False
        )
        if run.returncode != 0:
            raise KafkaUnavailableError(f"Maven could not fetch Kafka: {run.stdout[-2000:]}")
        done.touch()
    return home / "lib"


class LocalKafka:
    """Context manager: one Kafka node in a directory."""

    def __init__(self, directory: Path, *, start_timeout_s: float = 60.0) -> None:
        """Describe it; nothing runs before `start`."""
        self.directory = directory
        self.port = free_port()
        self.broker = Broker(f"127.0.0.1:{self.port}")
        self._start_timeout_s = start_timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The broker's own log."""
        return self.directory / "server.log"

    def _java(self, *arguments: str) -> list[str]:
        return [
            "java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={self.directory / 'log4j2.properties'}",
            f"-Dkafka.log.file={self.log}", "-cp", f"{jars()}/*", *arguments,
        ]  # fmt: skip

    def format(self) -> None:
        """Write the settings and format the storage."""
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = _SERVER.format(
            port=self.port, controller=free_port(), data=self.directory / "data"
        )
        (self.directory / "server.properties").write_text(settings, encoding="utf-8")
        (self.directory / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")
        # 22 characters, of which the first must not be a dash, as it stands on a command line.
        cluster = "n" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:].rstrip("=")
        command = self._java(
            "kafka.tools.StorageTool", "format", "-t", cluster,
            "-c", str(self.directory / "server.properties"),
        )  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        if run.returncode != 0:
            raise KafkaUnavailableError(f"formatting failed: {run.stdout}{run.stderr}")

    def start(self) -> Broker:
        """Start and wait until the broker listens; call again after `stop` for a restart."""
        if not (self.directory / "data").exists():
            self.format()
        output = self.directory / "stdout.log"
        with output.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603  # our own fixed command
                self._java("kafka.Kafka", str(self.directory / "server.properties")),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if not await_port(self._process, self.port, self._start_timeout_s):
            self.stop()
            raise KafkaUnavailableError(f"Kafka did not start, see {output} and {self.log}")
        return self.broker

    def kill(self) -> None:
        """End it without warning, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self._process = None

    def stop(self) -> None:
        """End it in good order."""
        process, self._process = self._process, None
        if process is not None:
            stop_group(process, 20.0)

    def __enter__(self) -> Broker:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()
