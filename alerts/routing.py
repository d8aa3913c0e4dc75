"""Which channels hear of a transition: a list of routes, the first that matches wins.

A route with `continue` lets the next ones match too. No route at all means every channel hears
everything; routes that none matches mean nobody does, which is recorded as such.

Next step: `alerts.pipeline` decides whether a routed transition may go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.outputs import Transition


@dataclass(frozen=True, slots=True)
class Match:
    """What a route asks of a transition; an empty field asks nothing.

    Attributes:
        severity: Any of these.
        rule: Any of these rule ids.
        tier: Any of these customer tiers.
        labels: Each of these labels of the rule, with any of its values.
    """

    severity: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(self, transition: Transition) -> bool:
        """Does the transition have all that is asked?"""
        return (
            (not self.severity or transition.severity in self.severity)
            and (not self.rule or transition.rule in self.rule)
            and (not self.tier or transition.tier in self.tier)
            and all(transition.labels.get(name) in of for name, of in self.labels.items())
        )


@dataclass(frozen=True, slots=True)
class Route:
    """Channels for the transitions that match.

    Attributes:
        channels: Names of channels.
        match: What is asked.
        go_on: The next routes are tried too.
    """

    channels: tuple[str, ...]
    match: Match = Match()
    go_on: bool = False


def channels_for(
    transition: Transition, routes: Sequence[Route], channels: Sequence[str]
) -> tuple[str, ...]:
    """Names of the channels that hear of a transition, each once, in the order of the routes.

    Args:
        transition: What changed.
        routes: In order; empty for the default, every channel.
        channels: All configured channels.
    """
    if not routes:
        return tuple(channels)
    found: dict[str, None] = {}
    for route in routes:
        if route.match(transition):
            found.update(dict.fromkeys(route.channels))
            if not route.go_on:
                break
    return tuple(name for name in found if name in channels)
