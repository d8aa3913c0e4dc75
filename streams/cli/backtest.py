"""`nabz backtest` and `nabz audit-sample`: what rules would have told, and whom nobody was told of.

Next step: `streams.worker.trial` folds the log, `alerts.backtest` judges, and
`streams.cli.backtest_page` writes it down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.options import examples, file_of, settings_from, with_settings
from streams.cli.progress import folding
from streams.cli.words import moment_ms

if TYPE_CHECKING:
    from alerts.backtest import Timeline, Verdict
    from streams.cli.backtest_page import Trial
    from streams.settings import Settings
    from streams.worker.comparison import Records

DAY_MS: Final = 86_400_000
_FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_OUT: Final = click.Path(dir_okay=False, writable=True, path_type=Path)
_KINDS: Final = ("escalated", "churned", "complaint", "downgraded", "refunded")
USUAL: Final = ("escalated", "churned", "complaint")

log_option = click.option(
    "--log",
    "log_path",
    metavar="FILE",
    type=_FILE,
    help="A log that `nabz log export` wrote, instead of the broker's.",
)


class _Moment(click.ParamType):
    """A time, in UTC where it names no zone."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Milliseconds since the epoch."""
        try:
            return value if isinstance(value, int) else moment_ms(value)
        except ValueError:
            self.fail(f"found {value!r}; write a time like 2026-11-24T10:00 (UTC)", param, ctx)


@click.command(
    epilog=examples(
        "nabz backtest --rules new.yaml --from 2026-10-01 --html report.html",
        "nabz backtest --rules new.yaml --log log.jsonl.gz --labels escalations.jsonl --json",
    )
)
@click.option("--rules", "rules_path", metavar="FILE", type=_FILE, help="Rules on trial.")
@click.option("--from", "from_ms", metavar="TIME", type=_Moment(), help="Begin of the stretch.")
@click.option("--to", "to_ms", metavar="TIME", type=_Moment(), help="End of the stretch.")
@log_option
@click.option(
    "--labels",
    metavar="FILE",
    type=_FILE,
    help='What happened, from outside the log: {"customer": .., "ts": ..} a line.',
)
@click.option(
    "--events",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    default=USUAL,
    show_default=True,
    help="Outcomes in the log that alerts should come before.",
)
@click.option(
    "--horizon",
    "horizon_days",
    metavar="DAYS",
    type=click.FloatRange(min=0, min_open=True),
    default=7.0,
    show_default=True,
    help="How long before an event an alert may come and be its alert.",
)
@click.option("--caution", default="", help="What readers must know of the data: synthetic, say.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--markdown", metavar="FILE", type=_OUT, help="Write the report as Markdown.")
@click.option("--html", metavar="FILE", type=_OUT, help="Write the report as a page with plots.")
@with_settings
def backtest(
    *,
    rules_path: Path | None,
    from_ms: int | None,
    to_ms: int | None,
    log_path: Path | None,
    labels: Path | None,
    kinds: tuple[str, ...],
    horizon_days: float,
    caution: str,
    as_json: bool,
    markdown: Path | None,
    html: Path | None,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Try rules on what has happened: alerts, hits, lead, load, beside the rules in force.

    Folds the log anew under each set of rules and writes nothing; beside those on trial stand the
    rules of the settings, not those the log was folded under. An alert is right if an event
    follows within the horizon: an outcome in the log, or a line of --labels. Without either nothing
    is said of precision. Beside the rules stand plain scores with as many alerts: contacts, the
    last message, the longest wait, and chance.
    """
    in_force = settings_from(config_path, broker)
    file = file_of(config_path)
    names = ["as configured: " + ("shipped rules" if file is None else file.name)]
    tried = [in_force]
    if rules_path is not None:
        tried.insert(0, _with_rules(config_path, broker, rules_path))
        names.insert(0, f"on trial: {rules_path.name}")

    from alerts.backtest import judge
    from streams.cli.backtest_page import Trial, page
    from streams.cli.backtest_page import markdown as written
    from streams.cli.labels import events_in
    from streams.worker.trial import timelines

    given = None if labels is None else events_in(labels)
    trials: list[Trial] = []
    for name, settings in zip(names, tried, strict=True):
        with folding() as progress:
            found = timelines(
                records(in_force, log_path, progress),
                settings.config(),
                log_epoch=in_force.log_epoch,
                kinds=kinds,
                labels=given,
            )
        if not found:
            raise Stop("the log holds no customer with a score: nothing to try rules on")
        begin_ms, end_ms = stretch(found, from_ms, to_ms)
        labelled = given is not None or any(one.events for one in found)
        if given is not None and not trials:
            _say_unused(given, found, begin_ms, end_ms)
        verdict = judge(
            found,
            from_ms=begin_ms,
            to_ms=end_ms,
            horizon_ms=round(horizon_days * DAY_MS),
            labelled=labelled,
        )
        trials.append(Trial(name, verdict))
    for path, make in ((markdown, written), (html, page)):
        if path is not None:
            path.write_text(make(trials, caution), encoding="utf-8")
            click.echo(f"written to {path}", err=True)
    if as_json:
        click.echo(_as_json({one.name: one.verdict for one in trials}))
    else:
        click.echo(written(trials, caution), nl=False)


@click.command(
    "audit-sample",
    epilog=examples("nabz audit-sample --count 20", "nabz audit-sample --from 2026-11-17 --seed 7"),
)
@click.option(
    "--count", type=click.IntRange(min=1), default=20, show_default=True, help="How many to draw."
)
@click.option("--from", "from_ms", metavar="TIME", type=_Moment(), help="Begin of the stretch.")
@click.option("--to", "to_ms", metavar="TIME", type=_Moment(), help="End of the stretch.")
@click.option("--seed", default=1, show_default=True, help="Another seed draws others.")
@log_option
@with_settings
def audit_sample(
    *,
    count: int,
    from_ms: int | None,
    to_ms: int | None,
    seed: int,
    log_path: Path | None,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Draw customers nobody was told of, for a person to read: what did the rules miss?

    Drawn evenly over all levels of distress, so few of those in calm are read. How many of each
    level there are is printed beside: a miss stands for so many, and recall can be estimated.
    """
    settings = settings_from(config_path, broker)

    from alerts.backtest import unalerted
    from streams.worker.trial import DISTRESS, timelines

    with folding() as progress:
        found = timelines(
            records(settings, log_path, progress), settings.config(), log_epoch=settings.log_epoch
        )
    if not found:
        raise Stop("the log holds no customer with a score: nobody to draw")
    begin_ms, end_ms = stretch(found, from_ms, to_ms)
    drawn = unalerted(found, DISTRESS, count=count, seed=seed, from_ms=begin_ms, to_ms=end_ms)
    click.echo("customer\tpeak distress\tstands for")
    for one in drawn:
        click.echo(f"{one.customer}\t{one.peak:.0f}\t{one.stands_for:.1f}")


def records(
    settings: Settings, log_path: Path | None, progress: Callable[[int, int], None]
) -> Records:
    """The log of a file, or of the broker, the same each time it is asked for."""
    if log_path is not None:
        from streams.worker.trial import records_of

        return lambda: records_of(log_path)

    def of_broker() -> Iterator[tuple[int, list[Any]]]:
        from streams.engine.kafka_reads import ends, read
        from streams.topics import LOG

        where = settings.broker()
        total, done = sum(ends(where, LOG).values()), 0
        for some in read(where, LOG):
            done += len(some)
            if some:
                yield some[0].partition, list(some)
            progress(done, max(done, total))

    return of_broker


def _with_rules(config_path: Path | None, broker: str | None, rules: Path) -> Settings:
    from streams.settings import load

    overrides: dict[str, Any] = {"rules": str(rules.resolve())}
    if broker is not None:
        overrides["broker"] = {"bootstrap": broker}
    return load(file_of(config_path), overrides)


def stretch(found: Sequence[Timeline], from_ms: int | None, to_ms: int | None) -> tuple[int, int]:
    """What was asked for, or from the first score known to the last one."""
    first = min(one.at_ms[0] for one in found) if from_ms is None else from_ms
    last = max(one.at_ms[-1] for one in found) + 1 if to_ms is None else to_ms
    if last <= first:
        raise Stop("--from: must lie before --to, and before the end of the log", MISUSED)
    return first, last


def _say_unused(
    given: Mapping[str, Sequence[int]], found: Sequence[Timeline], begin_ms: int, end_ms: int
) -> None:
    """Labels that count for nothing are said: a wrong name or clock would pass for a bad rule."""
    known = {one.customer for one in found}
    total = sum(map(len, given.values()))
    strangers = sum(len(times) for name, times in given.items() if name not in known)
    outside = sum(
        not begin_ms <= at_ms < end_ms
        for name, times in given.items()
        if name in known
        for at_ms in times
    )
    if strangers or outside:
        click.echo(
            f"of {total} labels {total - strangers - outside} are used: {strangers} name nobody in"
            f" the log, {outside} lie outside of the stretch",
            err=True,
        )


def _as_json(verdicts: dict[str, Verdict]) -> str:
    import msgspec

    return msgspec.json.encode(verdicts).decode()
