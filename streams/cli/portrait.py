"""A customer's picture, written for people: parts that add up, causes with quotes and places.

Next step: `nabz why` prints it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from streams.cli.explanation import Compared, Picture, newest_by_alert, total_e2
from streams.cli.remainders import Facts, facts_of, remainder
from streams.cli.words import age, place, points, shown, utc

if TYPE_CHECKING:
    from rich.console import Console

    from alerts.outputs import Contribution, HealthRow, Transition
    from scoring.config import Scoring

_ALERT_LINES: Final = 6
_VERDICTS: Final = {
    "same": "same: the log gives the published row again, field by field",
    "differs": "differs",
    "not_published": "not published yet: is a worker running?",
    "older": "not compared: what is published is older than what the log still holds",
    "newer": "not compared: what is published stands for a later place of the log",
}


def transition_line(transition: Transition) -> str:
    """One transition in one line; its alert id is what `nabz why --alert` takes."""
    marks = [
        word
        for word, holds in (
            ("shadow", transition.shadow),
            ("historical", transition.historical),
            ("silent", not transition.notify),
        )
        if holds
    ]
    return (
        f"{utc(transition.at_ms)} {transition.before}→{transition.after} {transition.reason:<9}"
        f" {transition.severity:<8} {shown(transition.customer)} {shown(transition.rule)}"
        f" {transition.measure} {points(transition.score_e2)}"
        f" alert {shown(transition.alert_id)}" + (f" ({', '.join(marks)})" if marks else "")
    )


def print_picture(
    terminal: Console,
    customer: str,
    found: Picture,
    verdict: Compared,
    *,
    held_ms: int | None = None,
    log_begins: int = 0,
    started: int | None = None,
    scoring: Scoring | None = None,
) -> None:
    """Print all of it.

    Args:
        terminal: Where to.
        customer: Whose picture it is.
        found: The picture.
        verdict: How it compares with what was published.
        held_ms: When a newer row goes out that is held back, None for none.
        log_begins: First offset the customer's log partition still holds.
        started: Offset of the first record folded on top of a checkpoint, None without one.
        scoring: What it was scored with, None where that is not known any more.
    """
    row, at = found.row, found.transition
    if row is None:
        since = "yet" if started is None else "told since the checkpoint"
        terminal.print(f"{shown(customer)}: in the log, but without a score {since}")
    else:
        _print_head(terminal, row)
    if at is not None:
        terminal.print(
            f"\nat {utc(at.at_ms)} UTC alert {at.alert_id} of rule {shown(at.rule)}"
            f" went {at.before}→{at.after} ({at.reason}): {at.measure} {points(at.score_e2)},"
            f" cut at {points(at.raise_at_e2)}"
        )
        terminal.print(f"decided at {place(at.log.topic, at.log.partition, at.log.offset)}")
        facts = facts_of(at, "distress", scoring)
        _print_score(terminal, "distress", _distress_of(at), at.why, facts)
    elif row is not None:
        facts = facts_of(row, "distress", scoring)
        _print_score(terminal, "distress", row.distress_e2, row.distress, facts)
    if row is not None:
        note = "" if at is None or row.as_of_ms == at.at_ms else f", as of {utc(row.as_of_ms)}"
        facts = facts_of(row, "health", scoring)
        _print_score(terminal, f"health ({row.band}{note})", row.health_e2, row.health, facts)
        _print_waiting(terminal, row)
    _print_alerts(terminal, found)
    said = _VERDICTS[verdict.verdict]
    if verdict.fields:
        said += f" in {', '.join(verdict.fields)}"
    if verdict.ahead:
        said += f"; {verdict.ahead} newer are derived above and not published yet"
    what = "published row" if at is None else "published transition"
    colour = {"same": "green", "differs": "red"}.get(verdict.verdict, "yellow")
    terminal.print(f"\n{what}: {said}", style=colour)
    if held_ms is not None:
        terminal.print(
            f"a newer row is held back until {utc(held_ms)} UTC: at most one a second goes out",
            style="yellow",
        )
    _print_beginning(terminal, log_begins, started)


def _print_beginning(terminal: Console, log_begins: int, started: int | None) -> None:
    if started is not None:
        terminal.print(
            f"folded from a checkpoint on, which was taken before offset {started}: scores are the"
            " same, transitions from before are not listed"
        )
    elif log_begins:
        terminal.print(
            f"the log begins at offset {log_begins}, and there is no checkpoint from after that:"
            " what was before is gone, and a score derived without it may differ",
            style="yellow",
        )


def _distress_of(at: Transition) -> int:
    return at.score_e2 if at.measure == "distress" else total_e2(at.why)


def _print_head(terminal: Console, row: HealthRow) -> None:
    facts = [
        shown(one) for one in (row.name, row.account, row.tier, row.language) if one is not None
    ]
    terminal.print(f"{shown(row.customer)}" + (f"  ({', '.join(facts)})" if facts else ""))
    terminal.print(
        f"as of {utc(row.as_of_ms)} UTC, version {row.version}; sources read up to"
        f" {utc(row.complete_to_ms)}; confidence {points(row.confidence_e2)}"
    )
    terminal.print(
        f"decided at {place(row.log.topic, row.log.partition, row.log.offset)}"
        f" under configuration {row.config_hash}"
    )
    quality = row.quality
    doubts = [
        text
        for text, holds in (
            ("sources lag behind", not quality.timely),
            ("a record could not be folded", quality.degraded),
            ("too many records for detail", quality.noisy),
        )
        if holds
    ]
    if quality.read_ratio_e2 is not None and quality.read_ratio_e2 < 100:
        doubts.append(f"{quality.read_ratio_e2} % of the messages could be read")
    if doubts:
        terminal.print(f"mind: {'; '.join(doubts)}", style="yellow")


def _print_score(
    terminal: Console,
    name: str,
    score_e2: int | None,
    parts: Sequence[Contribution],
    facts: Facts,
) -> None:
    if score_e2 is None:
        terminal.print(f"\n{name}: unknown, no evidence yet", style="bold")
        return
    terminal.print(f"\n{name} {points(score_e2)}", style="bold")
    for part in parts:
        terminal.print(f"{points(part.points_e2, signed=True):>9}  {part.name} ({part.basis})")
        for one in part.evidence:
            quote = f" “{shown(one.quote)}”" if one.quote else ""
            terminal.print(
                f"{'':>11}{points(one.points_e2)} {shown(one.cue)}{quote},"
                f" {age(one.ts_ms, facts.now_ms)} before,"
                f" {place(one.at.topic, one.at.partition, one.at.offset, one.at.index)}",
                style="dim",
            )
        said = remainder(part, facts)
        if said:
            terminal.print(f"{'':>11}{said}", style="dim")
    total = total_e2(parts)
    exact = "exactly the score" if total == score_e2 else f"NOT the score {points(score_e2)}"
    terminal.print(f"{points(total):>9}  sum of {len(parts)} parts: {exact}")


def _print_waiting(terminal: Console, row: HealthRow) -> None:
    waiting = row.waiting
    if waiting.state == "unknown":
        terminal.print("\nwaiting: unknown, replies of ours are not visible")
    elif waiting.since_ms is None:
        terminal.print("\nwaiting: nobody waits for us")
    else:
        where = (
            ""
            if waiting.conversation is None
            else f" in conversation {shown(waiting.conversation)}"
        )
        link = "" if waiting.link is None else f", {shown(waiting.link, 500)}"
        terminal.print(
            f"\nwaiting since {utc(waiting.since_ms)} UTC,"
            f" {age(waiting.since_ms, row.as_of_ms)}{where}{link}"
        )
    then, distress_e2, health_e2 = row.answered_now, row.distress_e2, row.health_e2
    if then is not None and distress_e2 is not None and health_e2 is not None:
        terminal.print(
            f"answered now: distress {points(distress_e2)} -> {points(then.distress_e2)},"
            f" health {points(health_e2)} -> {points(then.health_e2)}"
        )
    _print_promise(terminal, row)
    terminal.print(f"contacts within 24 h: {row.contacts_24h}")
    _print_usual(terminal, row)


def _print_promise(terminal: Console, row: HealthRow) -> None:
    kept = row.promise
    if kept is None or kept.gap_ms is None:
        return
    by = "promised" if kept.source == "promise" else "their own norm"
    where = "" if kept.touchpoint is None else f" at {shown(kept.touchpoint)}"
    team = "" if kept.team is None else f", team {shown(kept.team)}"
    late = "later" if kept.gap_ms > 0 else "sooner"
    terminal.print(f"answer{where}: {age(0, abs(kept.gap_ms))} {late} than {by}{team}")
    if kept.watermelon:
        terminal.print("watermelon: the promise is kept, and distress is high", style="yellow")


def _print_usual(terminal: Console, row: HealthRow) -> None:
    silent, usual = row.quiet, row.usual
    if silent is not None and silent.state in {"content", "unresolved"}:
        since = "" if silent.due_ms is None else f" since {utc(silent.due_ms)} UTC"
        terminal.print(f"quiet{since}: {silent.state}", style="yellow")
    if usual is not None and usual.confidence_e2:
        terminal.print(
            f"usual: {points(usual.contacts_e2)} contacts and {points(usual.points_e2)} points a"
            f" week, of their own by {usual.confidence_e2} %;"
            f" momentum {points(usual.momentum_e2, signed=True)} points a day"
        )


def _print_alerts(terminal: Console, found: Picture) -> None:
    alerts = newest_by_alert(found.transitions)
    open_ = [
        changes for changes in alerts.values() if changes[-1].after in {"firing", "recovering"}
    ]
    terminal.print(f"\nalerts: {len(open_)} open, {len(alerts) - len(open_)} not")
    for changes in alerts.values():
        for one in changes[-_ALERT_LINES:]:
            terminal.print(f"  {transition_line(one)}")
