"""How a command ends when it cannot do its work: one line, and an exit code.

2 is for what is written wrongly (command line, configuration), 1 for what the world refused (no
broker, no such customer, a replay that differs), 70 for a defect of ours or a state only a restart
cures; `nabz up` and any supervisor restart on 70. A crash tells the type of the error and where it
was raised, never its text, which may quote a customer; `nabz --debug` shows it all.

Next step: `streams.cli.main` ends every command through `told`.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Final, NamedTuple

import click

FAILED: Final = 1
MISUSED: Final = 2
CRASHED: Final = 70
INTERRUPTED: Final = 130

_FINISHED: Final = {
    "alerts.written.RuleError": MISUSED,
    "streams.engine.access.AccessError": FAILED,
    "streams.engine.admin.BrokerUnreachableError": FAILED,
    "streams.engine.admin.TopicMismatchError": FAILED,
    "streams.engine.brokers.BrokerConfigError": MISUSED,
    "streams.engine.embedded.EmbeddedBrokerError": FAILED,
    "streams.engine.kafka_reads.ReadError": FAILED,
    "streams.engine.rows.UnreadableRowError": FAILED,
    "streams.engine.worker.LaneConfigError": MISUSED,
    "streams.http.BindError": MISUSED,
    "streams.ingest.files.InputError": MISUSED,
    "streams.ingest.intake.IngestError": CRASHED,
    "streams.notifier.build.ChannelConfigError": MISUSED,
    "streams.notifier.feed.FeedError": CRASHED,
    "streams.notifier.orders.OrderError": FAILED,
    "streams.settings.SettingsFileError": MISUSED,
    "streams.shadowing.ShadowedError": MISUSED,
    "streams.worker.configure.ConfigureError": FAILED,
    "streams.worker.history.HistoryError": FAILED,
    "streams.worker.track.FoldBrokenError": CRASHED,
}
"""Errors whose message is finished, by name: importing them all would make every command slow."""


_CURE: Final = "check that the broker is up, and that the user may read and write nabz's topics"
_CURES: Final = {
    "InvalidReplicationFactorError": "it has fewer brokers than `replication:` asks for, which is 3"
    " by default: lower it in nabz.yaml",
}
"""What to do about answers of Kafka that have a cure of their own."""


class Stop(click.ClickException):
    """A command cannot go on; the message names the thing, what was found and what to do next."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        """Say why, and with which exit code."""
        super().__init__(message)
        self.exit_code = code


class Ending(NamedTuple):
    """What is said on standard error, and the exit code."""

    line: str
    code: int


def told(error: BaseException) -> Ending:
    """The line and the exit code of an error.

    >>> told(Stop("topic t: is missing; run `nabz topics apply`"))
    Ending(line='topic t: is missing; run `nabz topics apply`', code=1)
    >>> told(KeyboardInterrupt())
    Ending(line='interrupted', code=130)
    """
    if isinstance(error, click.UsageError):
        path = "nabz" if error.ctx is None else error.ctx.command_path
        said = " ".join(error.format_message().split()).rstrip(".")
        return Ending(f"{said}; see `{path} --help`", error.exit_code)
    if isinstance(error, click.ClickException):
        return Ending(error.format_message(), error.exit_code)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Ending("interrupted", INTERRUPTED)
    for kind in type(error).__mro__:
        code = _FINISHED.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return Ending(str(error), code)
    if type(error).__module__.partition(".")[0] in {"kafka", "aiokafka"}:
        name = type(error).__name__
        return Ending(f"Kafka answered with {name}; {_CURES.get(name, _CURE)}", FAILED)
    return Ending(_crash(error), CRASHED)


def _crash(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (
        f"crashed with {type(error).__name__}{where}: a defect of nabz;"
        " run it again as `nabz --debug ...` and report what it shows"
    )
