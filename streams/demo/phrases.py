"""The words of the demo's screen: reasons, bars, times, and the command that explains an alert.

What a customer chose (ids, names, quotes) passes `streams.cli.words.shown`, so that it can neither
move the cursor nor turn a line of Persian round.

Next step: `streams.demo.lines` and `streams.demo.board` are written with these.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from alerts.message import duration, plain
from alerts.outputs import Contribution, Evidence, HealthRow, Transition
from alerts.texts import TEXTS
from streams.cli.words import shown

USUAL_BROKER: Final = "127.0.0.1:9092"
"""Where `nabz` looks if it is told nothing else."""

_SILENT: Final = frozenset({"base", "bounds", "relief"})
_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60_000
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"

WORDS: Final = {
    "payment_failed": "had a payment fail",
    "page_error": "met a page that did not open",
    "login_failed": "could not log in",
    "app_crash": "saw the app crash",
}
"""What interactions of the demo's catalogue say of a customer; other codes are phrased as in
notifications."""


def phrase(code: str) -> str:
    """A cue, interaction or contribution in words; a code nobody put into words stays as it is.

    >>> phrase("payment_failed"), phrase("anger"), phrase("some_new_cue")
    ('had a payment fail', 'is angry', 'some new cue')
    """
    known = WORDS.get(code) or TEXTS["en"].causes.get(code)
    return shown(code.replace("_", " "), 40) if known is None else known


def reasons(parts: Sequence[Contribution], most: int = 2) -> list[str]:
    """What adds most to a score, in words, strongest first, none twice."""
    rising = sorted(
        (part for part in parts if part.points_e2 > 0 and part.name not in _SILENT),
        key=lambda part: -part.points_e2,
    )
    found = dict.fromkeys(
        phrase(part.evidence[0].cue if part.evidence else part.name) for part in rising
    )
    return list(found)[:most]


def quotes(parts: Sequence[Contribution], most: int = 2) -> list[Evidence]:
    """The words that weigh most, strongest part first, none twice."""
    found: dict[str, Evidence] = {}
    for part in sorted(parts, key=lambda part: -part.points_e2):
        if part.points_e2 > 0:
            for one in part.evidence:
                if one.quote:
                    found.setdefault(one.quote, one)
    return list(found.values())[:most]


def whole(value_e2: int | None) -> str:
    """Hundredths as whole points, rounded as notifications do.

    >>> whole(7450), whole(None), whole(0)
    ('75', '?', '0')
    """
    return "?" if value_e2 is None else str((value_e2 + 50) // 100)


def bar(value_e2: int, width: int) -> str:
    """A score as a bar of that many cells.

    >>> bar(5_000, 4), bar(0, 2), len(bar(3_333, 10))
    ('██  ', '  ', 10)
    """
    eighths = min(max(value_e2, 0), 10_000) * width * 8 // 10_000
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def arrow(change_e2: int) -> str:
    """Which way a score goes.

    >>> [arrow(one) for one in (3_000, 500, 0, -500, -3_000)]
    ['↑', '↗', '→', '↘', '↓']
    """
    for least, sign in ((1_500, "↑"), (200, "↗"), (-199, "→"), (-1_499, "↘")):
        if change_e2 >= least:
            return sign
    return "↓"


def waited(row: HealthRow, now_ms: int) -> str:
    """How long a customer has waited for us; empty where nobody waits or nobody can tell."""
    if row.waiting.since_ms is None:
        return ""
    length_ms = max(0, now_ms - row.waiting.since_ms)
    if length_ms < _MINUTE_MS:
        return f"{length_ms // _SECOND_MS} s"
    return duration(length_ms)


def clock(at_ms: int) -> str:
    """Time of day in UTC.

    >>> clock(3_661_000)
    '01:01:01'
    """
    try:
        return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return "??:??:??"


def who(customer: str, name: str | None) -> str:
    """A customer with their name, if it is known."""
    said = shown(customer, 40)
    return said if name is None else f"{said} {shown(name, 40)}"


def program() -> str:
    """How this program was called, as one would type it here again."""
    called = Path(sys.argv[0])
    if called.name != "nabz":
        return "nabz"
    here = Path.cwd()
    if called.is_absolute() and called.is_relative_to(here):
        return str(called.relative_to(here))
    return str(called)


def why_customer(customer: str, broker: str) -> str:
    """The command that explains a customer's scores."""
    options = [] if broker == USUAL_BROKER else ["--broker", broker]
    name = shlex.quote(plain(customer, 200))
    if customer.startswith("-"):
        return " ".join([program(), "why", *options, "--", name])
    return " ".join([program(), "why", name, *options])


def why(one: Transition, broker: str) -> str:
    """The command that explains an alert, to be typed in a second terminal."""
    alert, customer = shlex.quote(plain(one.alert_id, 200)), shlex.quote(plain(one.customer, 200))
    options = [] if broker == USUAL_BROKER else ["--broker", broker]
    if one.customer.startswith("-"):
        return " ".join([program(), "why", "--alert", alert, *options, "--", customer])
    return " ".join([program(), "why", customer, "--alert", alert, *options])
