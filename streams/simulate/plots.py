"""What can happen between a customer and the shop: nine plots, and some on request only.

A plot is a latent process: the customer does not say which one it is, and for most of them there
is a step at which trouble begins (the onset) and one at which it comes to a head (an outcome).
Waits are seconds as people live them; `shop.events` shortens them where a demonstration wants that.

Next step: `streams.simulate.shop` gives a plot to a customer and writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Author = Literal["customer", "agent", "bot"]
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE


@dataclass(frozen=True, slots=True)
class Say:
    """A message: an act of the sentences, after a wait between two bounds in seconds.

    Attributes:
        chance_e2: How likely the step happens, in hundredths.
    """

    author: Author
    act: str
    after_s: tuple[int, int]
    chance_e2: int = 100


@dataclass(frozen=True, slots=True)
class Meet:
    """What the customer meets with: a payment that fails, a page that does not open, a solution."""

    type: str
    after_s: tuple[int, int]
    chance_e2: int = 100


@dataclass(frozen=True, slots=True)
class End:
    """An outcome, the truth a detector is compared with."""

    type: str
    after_s: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cease:
    """The customer stops coming, and nothing shows it."""

    after_s: tuple[int, int]


Step = Say | Meet | End | Cease


@dataclass(frozen=True, slots=True)
class Plot:
    """One way a contact can go.

    Attributes:
        weight: How often, beside the others.
        things: What it may be about, keys of `things` in the sentences.
        steps: What happens, in order.
        onset: Index of the step at which trouble begins; None where there is none.
        leaves: The customer is gone afterwards.
    """

    weight: int
    things: tuple[str, ...]
    steps: tuple[Step, ...]
    onset: int | None = None
    leaves: bool = False


def _c(act: str, low: int, high: int, chance_e2: int = 100) -> Say:
    return Say("customer", act, (low, high), chance_e2)


def _a(act: str, low: int, high: int, chance_e2: int = 100) -> Say:
    return Say("agent", act, (low, high), chance_e2)


def _bot(low: int = 2, high: int = 8) -> Say:
    return Say("bot", "bot_hello", (low, high))


_TECH: Final = ("internet", "app", "sim")

PLOTS: Final[Mapping[str, Plot]] = {
    "calm": Plot(
        45,
        ("parcel",),
        (_c("ask", 0, 0), Say("bot", "answer", (2, 10)), _c("thanks", 30, 200, 70)),
    ),
    "answered": Plot(
        45,
        ("parcel",),
        (
            _c("ask", 0, 0),
            _bot(),
            _a("answer", 60, 300),
            _c("thanks", 30, 240),
            _a("bye", 20, 90, 60),
        ),
    ),
    "happy": Plot(8, ("parcel",), (_c("praise", 0, 0), _a("glad", 120, 900))),
    "slow_answer": Plot(
        6,
        ("parcel",),
        (
            _c("order_late", 0, 0),
            _bot(),
            _c("any_news", 20 * _MINUTE, 50 * _MINUTE),
            _a("hold", 60, 600),
            _c("any_news", 40 * _MINUTE, 2 * _HOUR),
            _c("resigned", 30 * _MINUTE, 2 * _HOUR, 50),
            _a("takes_over", 10 * _MINUTE, 40 * _MINUTE),
            _a("delivered", 5 * _MINUTE, 30 * _MINUTE),
            Meet("case_solved", (30, 90)),
            _c("relief_parcel", 60, 600, 70),
        ),
        onset=2,
    ),
    "repeated_failure": Plot(
        4,
        _TECH,
        (
            Meet("page_error", (0, 0)),
            Meet("app_crash", (30, 90), 70),
            _c("broken", 30, 120),
            _bot(),
            _a("ask", 60, 180),
            _c("details", 30, 90),
            _a("cannot", 60, 200),
            Meet("login_failed", (20, 60)),
            _c("still_broken", 60, 150),
            _a("cannot", 60, 200),
            _c("still_broken", 60, 150),
            _c("repeat", 30, 90),
            _c("anger", 60, 200),
            _c("manager", 30, 120),
            End("escalated", (120, 300)),
            _a("takes_over", 60, 240),
            _a("fixed", 5 * _MINUTE, 15 * _MINUTE),
            _c("relief", 60, 300),
            Meet("case_solved", (10, 60)),
            _a("bye", 30, 120),
            _c("thanks", 60, 400, 60),
        ),
        onset=6,
    ),
    "billing_dispute": Plot(
        4,
        ("bill",),
        (
            Meet("payment_failed", (0, 0)),
            Meet("payment_failed", (40, 150)),
            _c("charged", 60, 240),
            _bot(),
            _a("refuse", 120, 300),
            _c("dispute", 60, 180),
            _a("refuse", 60, 240),
            _c("dispute", 60, 180),
            _c("repeat", 40, 120, 70),
            _c("anger", 60, 200),
            _c("threat", 60, 200),
            End("complaint", (60, 300)),
            _a("takes_over", 3 * _MINUTE, 10 * _MINUTE),
            _a("refund", 3 * _MINUTE, 10 * _MINUTE),
            End("refunded", (60, 120)),
            Meet("case_solved", (10, 60)),
            _c("relief_money", 60, 400, 80),
        ),
        onset=4,
    ),
    "angry_leaver": Plot(
        3,
        _TECH,
        (
            _c("broken", 0, 0),
            _bot(),
            _c("any_news", 4 * _MINUTE, 9 * _MINUTE),
            _a("hold", 60, 180),
            _c("anger", 2 * _MINUTE, 5 * _MINUTE),
            _c("repeat", 30, 120),
            _a("cannot", 60, 240),
            _c("anger", 60, 150),
            _c("leave", 40, 150),
            End("churned", (10 * _MINUTE, _HOUR)),
        ),
        onset=2,
        leaves=True,
    ),
    "quiet_leaver": Plot(
        3,
        _TECH,
        (
            _c("broken", 0, 0),
            _bot(),
            _a("cannot", 10 * _MINUTE, 40 * _MINUTE),
            _c("resigned", 5 * _MINUTE, 30 * _MINUTE),
            End("churned", (12 * _HOUR, 72 * _HOUR)),
        ),
        onset=2,
        leaves=True,
    ),
    "polite_sufferer": Plot(
        4,
        _TECH,
        (
            _c("polite_problem", 0, 0),
            _bot(),
            _a("hold", 2 * _MINUTE, 6 * _MINUTE),
            _c("polite_again", 5 * _MINUTE, 12 * _MINUTE),
            _a("cannot", 60, 300),
            _c("polite_again", 3 * _MINUTE, 8 * _MINUTE),
            Meet("login_failed", (30, 120), 60),
            _c("polite_again", 3 * _MINUTE, 8 * _MINUTE),
            _a("cannot", 60, 300),
            _c("polite_again", 2 * _MINUTE, 6 * _MINUTE),
            End("escalated", (5 * _MINUTE, 20 * _MINUTE)),
            _a("takes_over", 3 * _MINUTE, 10 * _MINUTE),
            _a("fixed", 5 * _MINUTE, 20 * _MINUTE),
            _c("relief", 60, 400),
            Meet("case_solved", (10, 60)),
        ),
        onset=4,
    ),
}
"""The plots by name. Weights and waits are assumed, not measured on any shop."""

_DAY: Final = 24 * _HOUR

STRUCK: Final = Plot(
    0,
    _TECH,
    (
        Meet("page_error", (0, 0), 80),
        _c("broken", 10, 5 * _MINUTE),
        _bot(),
        _a("known", _MINUTE, 10 * _MINUTE),
        _c("any_news", 15 * _MINUTE, 40 * _MINUTE, 60),
        _a("hold", _MINUTE, 10 * _MINUTE, 50),
        _c("still_broken", 5 * _MINUTE, 20 * _MINUTE, 40),
        _a("fixed", 10 * _MINUTE, 40 * _MINUTE),
        Meet("case_solved", (30, 5 * _MINUTE), 80),
        _c("relief", _MINUTE, 15 * _MINUTE, 50),
    ),
    onset=1,
)
"""A contact with a cause that many customers share; see `streams.simulate.extras.Incident`."""

QUIET: Final = Plot(
    0,
    ("parcel",),
    (Cease((0, 0)), End("churned", (14 * _DAY, 45 * _DAY))),
    onset=0,
    leaves=True,
)
"""A customer who wrote now and then, writes no more, and weeks later turns out to be gone."""


def mean_events(plot: Plot) -> float:
    """How many events a plot has on average, profile left out.

    >>> mean_events(PLOTS["happy"]), mean_events(QUIET)
    (2.0, 1.0)
    """
    return sum(
        1.0 if isinstance(step, End) else step.chance_e2 / 100
        for step in plot.steps
        if not isinstance(step, Cease)
    )
