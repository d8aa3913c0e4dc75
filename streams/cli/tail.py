"""`nabz tail`: the newest picture of every customer, and what changed with alerts.

Next step: `streams.cli.public` reads the topics, `alerts.outputs` says what they hold.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.portrait import transition_line
from streams.cli.public import Health, changes, transitions
from streams.cli.words import age, console, points, shown, utc

if TYPE_CHECKING:
    from rich.table import Table

    from alerts.outputs import HealthRow, Transition

_COLOURS: Final = {"critical": "red", "at_risk": "yellow", "watch": "cyan", "healthy": "green"}

_follow = click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
_customer = click.option("--customer", metavar="C", help="Only this customer.")


@click.group(
    epilog=examples(
        "nabz tail health --follow",
        "nabz tail alerts --customer c-102",
    )
)
def tail() -> None:
    """Show health or alerts, and go on showing them with --follow."""


@tail.command(
    epilog=examples(
        "nabz tail health",
        "nabz tail health --follow --json | jq .distress_e2",
    )
)
@_follow
@_customer
@json_option
@with_settings
def health(
    *,
    follow: bool,
    customer: str | None,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """The newest scores of every customer, the most distressed first.

    With --follow a terminal shows a live table; a pipe gets a line for each change.
    """
    settings = settings_from(config_path, broker)
    found = Health(customer)
    screen = console()
    live = follow and not as_json and screen.is_terminal
    with _until_interrupt(), _live_table(found, shown_live=live) as refresh:
        for batch in changes(settings.broker(), found, follow=follow):
            if live:
                refresh()
            elif follow:
                for row in batch:
                    click.echo(_as_json(row) if as_json else _health_line(row))
    if follow:
        return
    if as_json:
        for row in _by_distress(found):
            click.echo(_as_json(row))
    elif found.rows:
        screen.print(_health_table(found, limit=None))
    else:
        click.echo("no customer has a score yet", err=True)


@contextlib.contextmanager
def _until_interrupt() -> Iterator[None]:
    """Ctrl-C is how one stops looking: no error."""
    with contextlib.suppress(KeyboardInterrupt):
        yield


@contextlib.contextmanager
def _live_table(found: Health, *, shown_live: bool) -> Iterator[Callable[[], None]]:
    if not shown_live:
        yield lambda: None
        return
    from rich.live import Live

    terminal = console()

    def refresh() -> None:
        # What does not fit would be cut off without a word: leave room for head, foot and prompt.
        screen.update(_health_table(found, limit=max(1, terminal.height - 4)), refresh=True)

    with Live(console=terminal, auto_refresh=False) as screen:
        yield refresh


def _by_distress(found: Health) -> list[HealthRow]:
    def rank(row: HealthRow) -> tuple[bool, int, str]:
        unknown = row.distress_e2 is None
        return unknown, -(0 if row.distress_e2 is None else row.distress_e2), row.customer

    return sorted(found.rows.values(), key=rank)


def _health_table(found: Health, *, limit: int | None) -> Table:
    from rich.table import Table

    rows = _by_distress(found)
    cut = rows if limit is None else rows[:limit]
    hidden = len(rows) - len(cut)
    table = Table(box=None, pad_edge=False, caption=f"and {hidden} more" if hidden else None)
    rights = {"distress", "24 h", "health", "alerts", "contacts"}
    for name in (
        "customer", "distress", "24 h", "health", "band", "waiting", "contacts", "alerts",
        "because", "as of (UTC)",
    ):  # fmt: skip
        table.add_column(name, justify="right" if name in rights else "left", no_wrap=True)
    for row in cut:
        table.add_row(*_health_cells(row), style=_COLOURS.get(row.band))
    return table


def _score(value_e2: int | None, *, signed: bool = False) -> str:
    return "?" if value_e2 is None else points(value_e2, signed=signed)


def _health_cells(row: HealthRow) -> list[str]:
    waiting: str = row.waiting.state
    if row.waiting.since_ms is not None:
        waiting = age(row.waiting.since_ms, row.as_of_ms)
    return [
        shown(row.customer, 40),
        _score(row.distress_e2),
        "" if row.trend_e2 is None else points(row.trend_e2, signed=True),
        _score(row.health_e2),
        row.band,
        waiting,
        str(row.contacts_24h),
        str(row.open_alerts),
        "" if row.reason is None else shown(row.reason, 40),
        utc(row.as_of_ms),
    ]


def _health_line(row: HealthRow) -> str:
    because = "" if row.reason is None else f" because {shown(row.reason, 40)}"
    return (
        f"{utc(row.as_of_ms)} {shown(row.customer)} distress {_score(row.distress_e2)}"
        f" health {_score(row.health_e2)} {row.band}{because}"
    )


def _as_json(row: Any) -> str:
    import msgspec

    return msgspec.json.encode(row).decode()


@tail.command(
    epilog=examples(
        "nabz tail alerts --customer c-102",
        "nabz tail alerts --follow --json",
    )
)
@_follow
@_customer
@json_option
@with_settings
def alerts(
    *,
    follow: bool,
    customer: str | None,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """What changed with alerts, oldest first, a line each."""
    settings = settings_from(config_path, broker)
    terminal = console()
    seen = 0
    with _until_interrupt():
        for transition in transitions(settings.broker(), follow=follow):
            if customer not in {None, transition.customer}:
                continue
            seen += 1
            if as_json:
                click.echo(_as_json(transition))
            else:
                terminal.print(transition_line(transition), style=_style(transition))
    if not seen and not as_json and not follow:
        click.echo("no alert has changed yet", err=True)


def _style(transition: Transition) -> str | None:
    if transition.after == "firing":
        return "red" if transition.severity == "critical" else "yellow"
    return "green" if transition.after == "closed" else "dim"
