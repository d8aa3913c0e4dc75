"""Which channels hear of a transition: a list of routes, the first that matches wins.

A route with `continue` lets the next ones match too. No route at all means every channel hears
everything; routes that none matches mean nobody does, which is recorded as such. A route to the
owner (`alerts.people`) matches where there is one.

Next step: `alerts.pipeline` decides whether a routed transition may go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from alerts.ladder import Ladder


class Subject(Protocol):
    """What routes look at; a transition is one."""

    @property
    def severity(self) -> str:
        """How bad it is."""

    @property
    def rule(self) -> str:
        """Id of the rule."""

    @property
    def tier(self) -> str | None:
        """Tier of the customer, None where it is not known."""

    @property
    def account(self) -> str | None:
        """Account of the customer, None where it is not known."""

    @property
    def language(self) -> str | None:
        """Language of the customer, None where it is not known."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the rule."""


@dataclass(frozen=True, slots=True)
class Described:
    """An alert as somebody describes it, to see where it would go."""

    severity: str
    rule: str
    tier: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a route asks of a transition; an empty field asks nothing.

    Attributes:
        severity: Any of these.
        rule: Any of these rule ids.
        tier: Any of these customer tiers.
        labels: Each of these labels of the rule, with any of its values.
        account: Any of these accounts.
        language: Any of these languages of the customer.
    """

    severity: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    account: tuple[str, ...] = ()
    language: tuple[str, ...] = ()

    def __call__(self, subject: Subject) -> bool:
        """Does the transition have all that is asked?"""
        return not self.missed(subject)

    def asked(self) -> tuple[str, ...]:
        """What is asked, in words.

        >>> Match(tier=("vip", "gold"), labels={"team": ("cs",)}).asked()
        ("tier is 'vip' or 'gold'", "label team is 'cs'")
        """
        named = {
            "severity": self.severity,
            "rule": self.rule,
            "tier": self.tier,
            "account": self.account,
            "language": self.language,
            **{f"label {name}": of for name, of in self.labels.items()},
        }
        return tuple(f"{name} is {' or '.join(map(repr, of))}" for name, of in named.items() if of)

    def missed(self, subject: Subject) -> tuple[str, ...]:
        """Questions that are answered otherwise, in words; empty for a match.

        >>> Match(tier=("vip",)).missed(Described("warning", "r"))
        ("tier is None, asked is 'vip'",)
        """
        asked: list[tuple[str, str | None, tuple[str, ...]]] = [
            ("severity", subject.severity, self.severity),
            ("rule", subject.rule, self.rule),
            ("tier", subject.tier, self.tier),
            ("account", subject.account, self.account),
            ("language", subject.language, self.language),
        ]
        missed = [one for one in asked if one[2] and one[1] not in one[2]]
        missed += [
            (f"label {name}", subject.labels.get(name), of)
            for name, of in self.labels.items()
            if subject.labels.get(name) not in of
        ]
        return tuple(
            f"{name} is {found!r}, asked is {' or '.join(map(repr, of)) or 'nothing there is'}"
            for name, found, of in missed
        )


@dataclass(frozen=True, slots=True)
class Route:
    """Channels for the transitions that match.

    Attributes:
        channels: Names of channels.
        match: What is asked.
        go_on: The next routes are tried too.
        to_owner: The owner's channels instead; no match where nobody owns it.
        ladder: What is said while nobody takes the alert.
    """

    channels: tuple[str, ...]
    match: Match = Match()
    go_on: bool = False
    to_owner: bool = False
    ladder: Ladder = field(default_factory=Ladder)


@dataclass(frozen=True, slots=True)
class Look:
    """What became of one route when an alert was shown to it.

    Attributes:
        number: Place in the configuration, from 0.
        channels: Where it sends.
        missed: Why it did not match; empty if it did.
        last: No further route is looked at.
    """

    number: int
    channels: tuple[str, ...]
    missed: tuple[str, ...]
    last: bool


def looks(
    subject: Subject, routes: Sequence[Route], owner: tuple[str, ...] = ()
) -> tuple[Look, ...]:
    """Show an alert to the routes, in order, up to the one that ends the search.

    Args:
        subject: The alert.
        routes: In order.
        owner: Channels of its owner; empty where it has none.
    """
    found = []
    for number, route in enumerate(routes):
        missed = route.match.missed(subject)
        if route.to_owner and not owner:
            missed = (*missed, "nobody owns it")
        channels = owner if route.to_owner else route.channels
        found.append(Look(number, channels, missed, not missed and not route.go_on))
        if found[-1].last:
            break
    return tuple(found)


def channels_for(
    transition: Subject,
    routes: Sequence[Route],
    channels: Sequence[str],
    owner: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Names of the channels that hear of a transition, each once, in the order of the routes.

    Args:
        transition: What changed.
        routes: In order; empty for the default, every channel.
        channels: All configured channels.
        owner: Channels of the owner; empty where it has none.
    """
    if not routes:
        return tuple(channels)
    found: dict[str, None] = {}
    for look in looks(transition, routes, owner):
        if not look.missed:
            found.update(dict.fromkeys(look.channels))
    return tuple(name for name in found if name in channels)
