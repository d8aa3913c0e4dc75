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
    if follow and not live:
        return
    if as_json:
        for row in _by_distress(found):
            click.echo(_as_json(row))
    elif found.rows:
        screen.print(_health_table(found, limit=None, width=screen.width))
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
    from rich.text import Text

    terminal = console()

    def refresh() -> None:
        # What does not fit would be cut off without a word: leave room for head, foot and prompt.
        table = _health_table(found, limit=max(1, terminal.height - 4), width=terminal.width)
        screen.update(table if found.rows else waiting, refresh=True)

    waiting = Text("no customer has a score yet; Ctrl-C ends it", "dim")
    # It goes away at the end, and all customers are listed: a screen is no place to look back.
    with Live(waiting, console=terminal, auto_refresh=False, transient=True) as screen:
        screen.refresh()
        yield refresh


def _by_distress(found: Health) -> list[HealthRow]:
    def rank(row: HealthRow) -> tuple[bool, int, str]:
        unknown = row.distress_e2 is None
        return unknown, -(0 if row.distress_e2 is None else row.distress_e2), row.customer

    return sorted(found.rows.values(), key=rank)


_ALL: Final[tuple[str, ...]] = (
    "customer", "name", "distress", "24 h", "health", "band", "waiting", "contacts", "alerts",
    "because", "as of (UTC)",
)  # fmt: skip
_NARROW: Final[tuple[str, ...]] = (
    "customer", "name", "distress", "health", "band", "waiting", "because",
)  # fmt: skip
_RIGHT: Final = frozenset({"distress", "24 h", "health", "alerts", "contacts"})
_AT_MOST: Final = {"customer": 12, "name": 14}
_BECAUSE_LEAST: Final = 10


def _health_table(found: Health, *, limit: int | None, width: int) -> Table:
    """Customers as a table: all there is where it fits, else what matters most.

    Long ids and names are cut first, then the reason; scores, bands and waits never.
    """
    from rich.cells import cell_len
    from rich.table import Table

    rows = _by_distress(found)
    cut = rows if limit is None else rows[:limit]
    hidden = len(rows) - len(cut)
    table = Table(
        box=None, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True,
        caption=f"and {hidden} more" if hidden else None,
    )  # fmt: skip
    cells = [_health_cells(row) for row in cut]
    widths = {
        name: max(cell_len(one) for one in (name, *(c[name] for c in cells))) for name in _ALL
    }
    columns = _ALL
    if sum(widths.values()) + len(_ALL) > width:
        columns = _NARROW
        widths = {name: min(widths[name], _AT_MOST.get(name, width)) for name in columns}
        others = sum(widths[name] + 1 for name in columns if name != "because")
        widths["because"] = max(_BECAUSE_LEAST, min(widths["because"], width - others))
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in _RIGHT else "left",
            no_wrap=True,
            width=widths[name],
        )
    for row, one in zip(cut, cells, strict=True):
        table.add_row(*(one[name] for name in columns), style=_COLOURS.get(row.band))
    return table


def _score(value_e2: int | None, *, signed: bool = False) -> str:
    return "?" if value_e2 is None else points(value_e2, signed=signed)


def _health_cells(row: HealthRow) -> dict[str, str]:
    waiting: str = row.waiting.state
    if row.waiting.since_ms is not None:
        waiting = age(row.waiting.since_ms, row.as_of_ms)
    return {
        "customer": shown(row.customer, 40),
        "name": "" if row.name is None else shown(row.name, 40),
        "distress": _score(row.distress_e2),
        "24 h": "" if row.trend_e2 is None else points(row.trend_e2, signed=True),
        "health": _score(row.health_e2),
        "band": row.band.replace("_", " "),
        "waiting": waiting,
        "contacts": str(row.contacts_24h),
        "alerts": str(row.open_alerts),
        "because": _because(row),
        "as of (UTC)": utc(row.as_of_ms),
    }


def _because(row: HealthRow) -> str:
    """What adds most to distress, in words."""
    from streams.demo.phrases import phrase

    return "" if row.reason is None else phrase(row.reason)


def _health_line(row: HealthRow) -> str:
    because = "" if row.reason is None else f" because {_because(row)}"
    return (
        f"{utc(row.as_of_ms)} {shown(row.customer)} distress {_score(row.distress_e2)}"
        f" health {_score(row.health_e2)} {row.band.replace('_', ' ')}{because}"
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
        told = transitions(settings.broker(), follow=follow)
        if not follow:  # one partition is read after the other
            told = iter(sorted(told, key=lambda one: (one.at_ms, one.fingerprint, one.seq)))
        for transition in told:
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
