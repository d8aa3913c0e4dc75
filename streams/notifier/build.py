"""Settings become channels and routes: the one place where secrets are read.

Next step: `streams.notifier.loop` runs what is built here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TextIO, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.budget import Budget
from alerts.channels.base import Channel, Limits
from alerts.channels.terminal import Terminal
from alerts.channels.webhook import BadKeyError, Webhook, signing_key
from alerts.message import Locale
from alerts.quiet_hours import DAYS, QuietHours, Span, minute_of_day
from alerts.routing import Match, Route
from streams.engine.brokers import BrokerConfigError, secret
from streams.notifier.http import (
    ForbiddenAddressError,
    Guard,
    HttpSender,
    Sender,
    TerminalSender,
    networks,
)
from streams.notifier.settings import (
    ChannelSettings,
    HeartbeatSettings,
    NotifierSettings,
    WebhookSettings,
)


class ChannelConfigError(ValueError):
    """A channel is described in a way that cannot work; start-up stops."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel with its name, its language and its wire."""

    name: str
    channel: Channel
    sender: Sender
    locale: Locale = "en"
    quotes: bool = False
    budget: Budget | None = None
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """An address outside that is pinged while all is well, and its wire."""

    url: str = field(repr=False)
    sender: Sender


@dataclass(frozen=True, slots=True)
class Plan:
    """All the loop needs of the settings."""

    outlets: Mapping[str, Outlet]
    routes: tuple[Route, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    max_notify_age_ms: int = 900_000
    live: bool = True
    cut_off_after_ms: int = 900_000
    sources: Mapping[str, int] = field(default_factory=dict)
    heartbeat: Heartbeat | None = None


def _webhook(name: str, settings: WebhookSettings) -> Outlet:
    guard = Guard(networks(settings.allow), settings.allow_loopback)
    try:
        is_reference = settings.url.startswith(("env:", "file:"))
        url = secret(settings.url) if is_reference else settings.url
        guard.check_url(url)
        keys = tuple(signing_key(secret(one)) for one in settings.keys)
    except (BrokerConfigError, BadKeyError, ForbiddenAddressError) as error:
        raise ChannelConfigError(f"channels.{name}: {error}") from None
    limits = Limits(timeout_ms=settings.timeout, give_up_ms=settings.give_up)
    return Outlet(
        name, Webhook(url, keys, limits), HttpSender(guard), settings.locale, settings.quotes
    )


def _heartbeat(settings: HeartbeatSettings | None) -> Heartbeat | None:
    if settings is None:
        return None
    guard = Guard(networks(settings.allow), settings.allow_loopback)
    try:
        is_reference = settings.url.startswith(("env:", "file:"))
        url = secret(settings.url) if is_reference else settings.url
        guard.check_url(url)
    except (BrokerConfigError, ForbiddenAddressError) as error:
        raise ChannelConfigError(f"heartbeat: {error}") from None
    return Heartbeat(url, HttpSender(guard))


def _budget(settings: ChannelSettings) -> Budget | None:
    return None if settings.budget is None else Budget(settings.budget)


def _outlet(name: str, settings: ChannelSettings, stdout: TextIO | None) -> Outlet:
    match settings.type:
        case "terminal":
            return Outlet(
                name, Terminal(), TerminalSender(stdout), settings.locale, settings.quotes
            )
        case "webhook":
            return _webhook(name, settings)
        case _:
            assert_never(settings)


def _quiet(name: str, settings: ChannelSettings) -> QuietHours | None:
    if settings.quiet_hours is None:
        return None
    try:
        zone = ZoneInfo(settings.quiet_hours.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ChannelConfigError(
            f"channels.{name}.quiet_hours.zone: found {settings.quiet_hours.zone[:60]!r};"
            " write a time zone like Asia/Tehran (Debian's package tzdata has them)"
        ) from None
    spans = tuple(
        Span(
            minute_of_day(one.begin),
            minute_of_day(one.end),
            frozenset(DAYS.index(day) for day in one.days),
        )
        for one in settings.quiet_hours.spans
    )
    return QuietHours(zone, spans, settings.quiet_hours.critical)


def build(settings: NotifierSettings, *, stdout: TextIO | None = None) -> Plan:
    """Read the secrets and make the channels.

    Raises:
        ChannelConfigError: Names the channel and what to change; never shows a secret.
    """
    routes = tuple(
        Route(
            route.channels,
            Match(
                route.match.severity, route.match.rule, route.match.tier, dict(route.match.labels)
            ),
            route.go_on,
        )
        for route in settings.routes
    )
    return Plan(
        outlets={
            name: replace(_outlet(name, one, stdout), budget=_budget(one), quiet=_quiet(name, one))
            for name, one in settings.channels.items()
        },
        routes=routes,
        links=dict(settings.links),
        max_notify_age_ms=settings.max_notify_age,
        live=settings.clock == "live",
        cut_off_after_ms=settings.cut_off_after,
        sources=dict(settings.sources),
        heartbeat=_heartbeat(settings.heartbeat),
    )
