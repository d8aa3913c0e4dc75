"""`nabz tune`: the cut at which a rule's load fits what its owners can read, as a proposal.

Next step: a person puts the lines into their rules, or does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from streams.cli.backtest import DAY_MS, USUAL, log_option, records, stretch
from streams.cli.errors import MISUSED, Stop
from streams.cli.options import examples, settings_from, with_settings
from streams.cli.progress import folding
from streams.cli.words import shown

if TYPE_CHECKING:
    from alerts.backtest import Timeline, Verdict
    from alerts.config import Config
    from alerts.rules import Rule
    from streams.settings import Settings

_BUDGET: Final = re.compile(r"(\d+(?:\.\d+)?)/owner/day")
_CUTS_E2: Final = range(5_000, 10_000, 500)
"""Cuts that are tried; below, an alert would hardly ever close."""
_EXAMPLES: Final = 5


class _Tried(NamedTuple):
    """A cut, what it would have come to, and who would have been alerted."""

    raise_at_e2: int
    verdict: Verdict
    alerted: frozenset[str]


@click.command(
    epilog=examples(
        "nabz tune --budget 5/owner/day", "nabz tune --budget 2/owner/day --rule customer-distress"
    )
)
@click.option(
    "--budget",
    metavar="N/owner/day",
    required=True,
    help="How many alerts an owner can act on each day, on average.",
)
@click.option("--rule", "rule_id", metavar="ID", help="Which rule; the first on distress if none.")
@log_option
@click.option(
    "--labels",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help='What happened, from outside the log: {"customer": .., "ts": ..} a line.',
)
@with_settings
def tune(
    *,
    budget: str,
    rule_id: str | None,
    log_path: Path | None,
    labels: Path | None,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Propose the cut of a rule whose load fits a budget, with hits and examples; changes nothing.

    Folds the log once for each cut from 50 to 95; of those that keep the budget the lowest is
    proposed, as it tells of most. The clearing cut and the critical ones move along. Load is the
    busiest owner's, on average; it need not fall as the cut rises, for a low cut makes one long
    alert of several short ones.
    """
    found = _BUDGET.fullmatch(budget)
    if found is None:
        raise Stop(f"--budget: found {budget!r}; write it like 5/owner/day", MISUSED)
    settings = settings_from(config_path, broker)
    rule = _rule(settings.config(), rule_id)

    from alerts.backtest import judge
    from streams.cli.labels import events_in
    from streams.worker.trial import timelines

    given = None if labels is None else events_in(labels)

    def tried(raise_at_e2: int, progress: Callable[[int, int], None]) -> _Tried:
        lines = timelines(
            records(settings, log_path, progress),
            _with(settings, moved(rule, raise_at_e2)),
            log_epoch=settings.log_epoch,
            kinds=USUAL,
            labels=given,
        )
        if not lines:
            raise Stop("the log holds no customer with a score: nothing to tune on")
        own = [_only(line, rule.id) for line in lines]
        begin_ms, end_ms = stretch(own, None, None)
        labelled = given is not None or any(line.events for line in own)
        verdict = judge(
            own, from_ms=begin_ms, to_ms=end_ms, horizon_ms=7 * DAY_MS, labelled=labelled
        )
        return _Tried(raise_at_e2, verdict, frozenset(one.customer for one in own if one.fired))

    with folding("trying cuts") as progress:
        cuts = sorted({rule.warning.raise_at_e2, *_CUTS_E2})
        found_at = {cut: tried(cut, progress) for cut in cuts}
    now = found_at[rule.warning.raise_at_e2]
    fit = [one for one in found_at.values() if _load(one.verdict) <= float(found[1])]
    click.echo(_table(found_at.values(), now), nl=False)
    if not fit:
        least = min(found_at.values(), key=lambda one: _load(one.verdict))
        raise Stop(
            f"no cut keeps {found[1]} alerts a day; {least.raise_at_e2 / 100:g} has the fewest:"
            " give a larger budget, or more owners"
        )
    click.echo(_proposal(rule, now, fit[0]), nl=False)


def moved(rule: Rule, raise_at_e2: int) -> Rule:
    """The rule with its raising cut there, and all others as far from it as they were.

    >>> from alerts.rules import Rule
    >>> moved(Rule("r"), 6_000).critical
    Cuts(raise_at_e2=7500, clear_at_e2=6500)
    """
    import msgspec

    by_e2 = raise_at_e2 - rule.warning.raise_at_e2

    def shifted(cuts: Any) -> Any:
        high = min(10_000, cuts.raise_at_e2 + by_e2)
        low = max(0, min(high - 1, cuts.clear_at_e2 + by_e2))
        return msgspec.structs.replace(cuts, raise_at_e2=high, clear_at_e2=low)

    critical = None if rule.critical is None else shifted(rule.critical)
    return msgspec.structs.replace(rule, warning=shifted(rule.warning), critical=critical)


def _rule(config: Config, rule_id: str | None) -> Rule:
    plain = [one for one in config.rules if one.measure == "distress" and one.when is None]
    for one in plain:
        if rule_id in (None, one.id):
            return one
    names = ", ".join(one.id for one in plain) or "none is"
    raise Stop(f"--rule: no rule {rule_id!r} with a cut of distress; known: {names}", MISUSED)


def _with(settings: Settings, rule: Rule) -> Config:
    import msgspec

    config = settings.config()
    rules = tuple(rule if one.id == rule.id else one for one in config.rules)
    return msgspec.structs.replace(config, rules=rules)


def _only(line: Timeline, rule_id: str) -> Timeline:
    import msgspec

    fired = tuple(
        msgspec.structs.replace(one, shadow=False) for one in line.fired if one.rule == rule_id
    )
    return msgspec.structs.replace(line, fired=fired)


def _load(verdict: Verdict) -> float:
    return max((one.mean for one in verdict.loads), default=0.0)


def _table(tried: Iterable[_Tried], now: _Tried) -> str:
    head = f"{'raise_at':>8} {'alerts/owner/day':>17} {'customers':>10} {'right':>7} {'found':>7}"
    lines = [head]
    for one in tried:
        worth = one.verdict.worth
        mark = "  now" if one is now else ""
        lines.append(
            f"{one.raise_at_e2 / 100:>8g} {_load(one.verdict):>17.1f} {len(one.alerted):>10}"
            f" {_share(worth.precision):>7} {_share(worth.recall):>7}{mark}"
        )
    return "\n".join(lines) + "\n\n"


def _proposal(rule: Rule, now: _Tried, best: _Tried) -> str:
    after = moved(rule, best.raise_at_e2)
    lines = [f"rule {rule.id}"]
    for name, old, new in (
        ("raise_at", rule.warning.raise_at_e2, after.warning.raise_at_e2),
        ("clear_at", rule.warning.clear_at_e2, after.warning.clear_at_e2),
        *(
            ()
            if rule.critical is None or after.critical is None
            else (
                ("critical.raise_at", rule.critical.raise_at_e2, after.critical.raise_at_e2),
                ("critical.clear_at", rule.critical.clear_at_e2, after.critical.clear_at_e2),
            )
        ),
    ):
        if old != new:
            lines += [f"- {name}: {old / 100:g}", f"+ {name}: {new / 100:g}"]
    if len(lines) == 1:
        lines.append("  as it is")
    for word, names in (
        ("told of then, not now", best.alerted - now.alerted),
        ("told of now, not then", now.alerted - best.alerted),
    ):
        if names:
            lines.append(f"{word}: {_some(sorted(names))}")
    return "\n".join(lines) + "\n"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _EXAMPLES
    return ", ".join(map(shown, names[:_EXAMPLES])) + (f" and {more} more" if more > 0 else "")
