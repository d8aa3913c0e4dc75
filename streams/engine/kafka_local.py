"""A real Apache Kafka on loopback, from nothing but Java and Maven: for tests and benchmarks.

Maven fetches the broker's jars once into `.cache/kafka`; a single KRaft node then starts in a few
seconds in a directory of its own. Timings are set for tests: groups form at once and may have short
sessions, a killed broker may come back after two seconds, compaction runs often. `SecuredKafka`
also asks who is there (SCRAM-SHA-512 over TLS) and allows nothing that no ACL allows.
`python -m streams.engine.kafka_local` starts one to try things on, and says where it is.

Next step: `tests/conftest.py` and `bench.run` start one per run.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
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
listeners={listener}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listener}://127.0.0.1:{port}
listener.security.protocol.map={listener}:{listener},CONTROLLER:PLAINTEXT
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
_SECURED = """inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.\
ScramLoginModule required username="{admin}" password="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={directory}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={directory}/ca.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
# The controller's listener is plain text on loopback, so who comes by it has no name.
super.users=User:{admin};User:ANONYMOUS
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


def cluster_id() -> str:
    """22 characters, of which the first must not be a dash, as it stands on a command line."""
    return "n" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:].rstrip("=")


class LocalKafka:
    """Context manager: one Kafka node in a directory."""

    def __init__(
        self, directory: Path, *, start_timeout_s: float = 60.0, cluster: str | None = None
    ) -> None:
        """Describe it; nothing runs before `start`. Nodes of one cluster are given its id."""
        self.directory = directory
        self.port = free_port()
        self.broker = Broker(f"127.0.0.1:{self.port}")
        self._start_timeout_s = start_timeout_s
        self._cluster = cluster_id() if cluster is None else cluster
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The broker's own log."""
        return self.directory / "server.log"

    @property
    def pid(self) -> int | None:
        """Process of the broker, None while it does not run."""
        return None if self._process is None else self._process.pid

    @property
    def _output(self) -> Path:
        return self.directory / "stdout.log"

    def _java(self, *arguments: str) -> list[str]:
        return [
            "java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={self.directory / 'log4j2.properties'}",
            f"-Dkafka.log.file={self.log}", "-cp", f"{jars()}/*", *arguments,
        ]  # fmt: skip

    def _settings(self) -> str:
        """What goes into `server.properties`."""
        return _SERVER.format(
            listener=self.broker.protocol,
            port=self.port,
            controller=free_port(),
            data=self.directory / "data",
        )

    def _users(self) -> list[str]:
        """Arguments of the formatting that make users."""
        return []

    def format(self) -> None:
        """Write the settings and format the storage."""
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = self._settings()
        (self.directory / "server.properties").write_text(settings, encoding="utf-8")
        (self.directory / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")
        command = self._java(
            "kafka.tools.StorageTool", "format", "-t", self._cluster,
            "-c", str(self.directory / "server.properties"), *self._users(),
        )  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        if run.returncode != 0:
            raise KafkaUnavailableError(f"formatting failed: {run.stdout}{run.stderr}")

    def start(self) -> Broker:
        """Start and wait until the broker listens; call again after `stop` for a restart."""
        self.launch()
        return self.await_listening()

    def launch(self) -> None:
        """Start and do not wait: one of several brokers listens only when others are there."""
        if not (self.directory / "data").exists():
            self.format()
        with self._output.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603  # our own fixed command
                self._java("kafka.Kafka", str(self.directory / "server.properties")),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_listening(self) -> Broker:
        """Wait until the broker that was launched listens."""
        process = self._process
        if process is None or not await_port(process, self.port, self._start_timeout_s):
            self.stop()
            raise KafkaUnavailableError(f"Kafka did not start, see {self._output} and {self.log}")
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


class SecuredKafka(LocalKafka):
    """A node that wants SCRAM-SHA-512 over TLS, and forbids whatever no ACL allows.

    Its authority, certificate and passwords are made anew in its directory, with `openssl`.

    Attributes:
        broker: The identity that may do everything.
    """

    ADMIN = "admin"

    def __init__(self, directory: Path, users: Iterable[str]) -> None:
        """Describe it, with these users beside the admin; nothing runs before `start`."""
        super().__init__(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self._passwords = {name: secrets.token_hex(16) for name in (self.ADMIN, *users)}
        for name, password in self._passwords.items():
            (directory / f"{name}.user").write_text(name, encoding="utf-8")
            (directory / f"{name}.password").write_text(password, encoding="utf-8")
        self.broker = self.as_user(self.ADMIN)

    def as_user(self, name: str) -> Broker:
        """The cluster as one of the users sees it; secrets are files in the directory."""
        return Broker(
            f"127.0.0.1:{self.port}",
            tls=True,
            ca=str(self.directory / "ca.pem"),
            mechanism="SCRAM-SHA-512",
            username=f"file:{self.directory / name}.user",
            password=f"file:{self.directory / name}.password",
        )

    def _settings(self) -> str:
        authority(self.directory, "ca")
        self._certify()
        return super()._settings() + _SECURED.format(
            admin=self.ADMIN,
            password=self._passwords[self.ADMIN],
            directory=self.directory,
        )

    def _users(self) -> list[str]:
        return [
            argument
            for name, password in self._passwords.items()
            for argument in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]")
        ]

    def _certify(self) -> None:
        """A certificate of the broker for loopback; key and chain in one file, as Kafka wants."""
        home = self.directory
        _openssl(
            home, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "broker.key",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-out", "broker.csr",
        )  # fmt: skip
        _openssl(
            home, "x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", "broker.crt",
        )  # fmt: skip
        parts = [
            (home / name).read_text("utf-8") for name in ("broker.key", "broker.crt", "ca.pem")
        ]
        (home / "broker.pem").write_text("".join(parts), encoding="utf-8")


def authority(directory: Path, name: str) -> Path:
    """Make a certificate authority that lasts two days, and return its certificate.

    Raises:
        KafkaUnavailableError: There is no `openssl`, or it refused.
    """
    _openssl(
        directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
        "-subj", f"/CN=nabz test {name}", "-days", "2", "-out", f"{name}.pem",
    )  # fmt: skip
    return directory / f"{name}.pem"


def _openssl(directory: Path, *arguments: str) -> None:
    if shutil.which("openssl") is None:
        raise KafkaUnavailableError("openssl not found on the PATH; install it (Debian: openssl)")
    run = subprocess.run(  # noqa: S603  # our own fixed command
        ["openssl", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise KafkaUnavailableError(f"openssl {arguments[0]} failed: {run.stderr[-500:]}")


def main() -> None:
    """Start a Kafka and keep it until Ctrl-C or SIGTERM; it forgets everything when it stops."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        TemporaryDirectory(prefix="nabz-kafka-") as folder,
        LocalKafka(Path(folder)) as broker,
    ):
        sys.stdout.write(
            f"Apache Kafka {KAFKA_VERSION} at {broker.bootstrap}; it is one broker, so write"
            " `replication: 1`. Ctrl-C stops it, and it forgets everything\n"
        )
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    try:
        main()
    except KafkaUnavailableError as error:
        sys.exit(f"kafka_local: {error}")
