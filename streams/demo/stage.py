"""Set the stage: a broker in memory, the topics, the configuration, a worker and a notifier.

Each step says at once what it does and then how long it took. Leaving the stage stops what was
started, the last first, each by its pid; nothing outlives it and nothing is kept on disk, so the
next run begins anew.

Next step: `streams.demo.live` or `streams.demo.recorded` plays on it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml
from rich.console import Console

from streams.demo.children import Child, ChildDiedError, tail
from streams.engine.brokers import Broker
from streams.engine.embedded import EmbeddedBroker, listening

PARTITIONS: Final = 4
USUAL_PORT: Final = 9092
_LOOPBACK: Final = {"bind": "127.0.0.1:0"}
_ANY_PORT: Final = {"worker": _LOOPBACK, "notifier": _LOOPBACK}
INPUT: Final = "input"
"""Name of the source that reads the recorded events where the configuration names none."""


@dataclass(slots=True)
class Stage:
    """What runs while the demo does.

    Attributes:
        broker: The broker in memory; `broker_log` is where it logs to.
        children: Worker and notifier.
        sources: Names of the sources that read recorded events; none with the simulator.
        log_epoch: Of the customer log.
    """

    broker: Broker
    broker_log: Path
    children: tuple[Child, ...]
    sources: tuple[str, ...]
    log_epoch: int = 1

    @property
    def address(self) -> str:
        """Host and port of the broker."""
        return self.broker.bootstrap

    def check(self) -> None:
        """Make sure that everything still runs.

        Raises:
            streams.demo.children.ChildDiedError: Something has ended.
        """
        for child in self.children:
            child.check()
        if not listening(int(self.address.rpartition(":")[2])):
            raise ChildDiedError(
                f"the broker at {self.address} answers no more; the end of its log:\n"
                f"{tail(self.broker_log)}"
            )


@dataclass(slots=True)
class Steps:
    """Tells the steps of a start as they are done."""

    console: Console
    started_s: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """One step: its name at once, what came of it and the time at its end.

        The block is given a function to say what came of it.
        """
        began_s = time.monotonic()
        said: list[str] = []
        self.console.print(f"  {name:<14}", end="", style="dim")
        self.console.file.flush()
        try:
            yield said.append
        except BaseException:
            self.console.print("failed", style="red")
            raise
        self.console.print(f"{' '.join(said)}  ({time.monotonic() - began_s:.1f} s)")


def settings_tree(config: Path | None, *, recorded: Path | None) -> dict[str, Any]:
    """The settings as a tree: the demo's own or a file's, adjusted to what is played.

    Recorded events have the data's clock, and nobody outside is told of them: the channels of a
    file are replaced by the screen. Sources that are not played are left out.

    Args:
        config: A nabz.yaml, None for the demo's own.
        recorded: Recorded events, None for the simulator.

    Raises:
        streams.settings.SettingsFileError: The file cannot be read, or says something twice.
    """
    from streams.settings import tree_of

    path = Path(__file__).with_name("demo.yaml") if config is None else config
    tree = dict(tree_of(path))
    tree |= {"partitions": PARTITIONS, "replication": 1, "metrics": _ANY_PORT}
    if isinstance(tree.get("rules"), str):  # relative to the file it stands in
        tree["rules"] = str((path.parent / tree["rules"]).resolve())
    if recorded is None:
        # Topics of theirs are not on the broker in memory; the simulator writes native events.
        tree |= {"clock": "live", "events": True, "sources": {}}
    else:
        tree |= {"clock": "watermark", "events": False}
        tree["channels"] = {"screen": {"type": "terminal", "quotes": True}}
        tree.pop("routes", None)
        sources = tree.get("sources") or {INPUT: native_files()}
        tree["sources"] = {name: one for name, one in sources.items() if "files" in one}
    return tree


def native_files() -> dict[str, Any]:
    """A source of files whose lines are events as `nabz.events.v1` carries them.

    >>> native_files()["files"], native_files()["text"]
    ('**/*.jsonl', {'path': '$.text'})
    """
    from streams.ingest.sources import NATIVE

    mapping = NATIVE.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"topic"})
    return {"files": "**/*.jsonl", **mapping}


def _reading_files(tree: dict[str, Any]) -> tuple[str, ...]:
    sources: dict[str, Any] = tree.get("sources") or {}
    return tuple(name for name, one in sources.items() if "files" in one)


@contextmanager
def stage(
    console: Console,
    *,
    config: Path | None,
    recorded: Path | None,
    heard: Callable[[str], None],
    clock_ms: Callable[[], int],
) -> Iterator[Stage]:
    """Start everything; stop it at the end, whatever happens.

    Args:
        console: Where the steps are told.
        config: A nabz.yaml, None for the demo's own.
        recorded: Recorded events, a file or a folder; None for the simulator.
        heard: Called with each line the notifier writes to its standard output.
        clock_ms: The wall clock.

    Raises:
        streams.settings.SettingsFileError: The configuration cannot be understood.
        streams.engine.embedded.EmbeddedBrokerError: No broker.
    """
    from streams.engine.admin import apply_topics
    from streams.settings import load
    from streams.worker.configure import apply_config

    steps = Steps(console)
    stack = ExitStack()
    try:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="nabz-demo-")))
        port = None if listening(USUAL_PORT) else USUAL_PORT
        broker_log = folder / "broker.log"
        memory = EmbeddedBroker(port=port, log=broker_log)
        with steps.step("broker") as say:
            broker = memory.start()
            stack.callback(memory.stop)
            say(f"in memory, at {broker.bootstrap}")
        file = folder / "nabz.yaml"
        tree = settings_tree(config, recorded=recorded)
        tree["broker"] = {"bootstrap": broker.bootstrap, "idempotent": broker.idempotent}
        file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        settings = load(file)
        with steps.step("topics") as say:
            made = apply_topics(broker, partitions=PARTITIONS, replication=1)
            say(f"{len(made)} made, {PARTITIONS} partitions")
        with steps.step("configuration") as say:
            applied = apply_config(broker, settings.config(), clock_ms=clock_ms())
            say(f"{applied.hash} in force")
        common = ("--config", str(file), "--broker", broker.bootstrap)
        worker = ["worker", *common]
        if recorded is not None:
            worker += ["--input", str(recorded)]
        children = (
            Child("worker", worker, folder / "worker.log"),
            Child("notifier", ["notifier", *common], folder / "notifier.log", heard),
        )
        for child in children:
            with steps.step(child.name) as say:
                child.start()
                stack.callback(child.stop)
                say(f"started, pid {child.pid}")
        yield Stage(
            broker, broker_log, children, _reading_files(tree), log_epoch=settings.log_epoch
        )
    finally:
        # Whoever presses Ctrl-C again must not leave half of it running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.close()
