"""Settings become channels and routes: the one place where secrets are read.

Next step: `streams.notifier.loop` runs what is built here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TextIO, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yarl import URL

from alerts.allowance import Group
from alerts.budget import Budget
from alerts.channels import slack, slack_back, telegram, telegram_back
from alerts.channels.alertmanager import Alertmanager
from alerts.channels.base import Channel, Limits
from alerts.channels.mail import MailBox
from alerts.channels.pagerduty import PagerDuty
from alerts.channels.slack import SlackBot, SlackWebhook
from alerts.channels.teams import Teams
from alerts.channels.telegram import Telegram
from alerts.channels.terminal import Terminal
from alerts.channels.webhook import Webhook, signing_key
from alerts.deeds import DEEDS
from alerts.ladder import Ladder, Rung
from alerts.message import Locale
from alerts.people import Audience, Person
from alerts.playbooks import Playbooks, playbooks_from
from alerts.quiet_hours import DAYS, QuietHours, Span, minute_of_day
from alerts.routing import Route
from alerts.storm import Bounds
from alerts.weekly import Weekly
from streams.engine.brokers import BrokerConfigError, secret
from streams.http import parse_bind
from streams.notifier.channel_settings import (
    AlertmanagerSettings,
    CalledSettings,
    MailSettings,
    PagerDutySettings,
    Posting,
    SlackSettings,
    TeamsSettings,
    TelegramSettings,
    TerminalSettings,
    WebhookSettings,
)
from streams.notifier.http import (
    ForbiddenAddressError,
    Guard,
    HttpSender,
    TerminalSender,
    networks,
)
from streams.notifier.settings import (
    ChannelSettings,
    HeartbeatSettings,
    NotifierSettings,
    RouteSettings,
)
from streams.notifier.smtp import PORTS, Server, SmtpSender
from streams.notifier.telling import Sender

_KEY_MIN: Final = 16


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
    group: Group | None = None
    fallback: str | None = None
    back: Back | None = None
    wary: bool = False


@dataclass(frozen=True, slots=True)
class Back:
    """How people answer in a channel.

    Attributes:
        kind: Type of the channel.
        secrets: Token of the app, keys or secret of a webhook.
        shared: Channels with the same one have one listener.
        guard: Where it may connect.
        called: The channel calls us; else we connect.
    """

    kind: Literal["slack", "pagerduty", "telegram"]
    secrets: tuple[str, ...] = field(repr=False)
    shared: str = field(repr=False)
    guard: Guard
    called: bool


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
    playbooks: Playbooks = field(default_factory=dict)
    max_notify_age_ms: int = 900_000
    live: bool = True
    cut_off_after_ms: int = 900_000
    sources: Mapping[str, int] = field(default_factory=dict)
    heartbeat: Heartbeat | None = None
    storm: Bounds = field(default_factory=Bounds)
    audience: Audience = field(default_factory=Audience)
    weekly: Weekly | None = None
    listen: tuple[str, int] = ("127.0.0.1", 0)


def _guard(settings: CalledSettings) -> Guard:
    plain = isinstance(settings, AlertmanagerSettings) and settings.plain_http
    return Guard(networks(settings.allow), settings.allow_loopback, plain)


def _read(reference: str) -> str:
    """What a reference refers to; an address that is no secret may stand there itself."""
    return secret(reference) if reference.startswith(("env:", "file:")) else reference


def _called(settings: CalledSettings, limits: Limits) -> Limits:
    """A channel's limits, with the times that were configured."""
    return replace(limits, timeout_ms=settings.timeout, give_up_ms=settings.give_up)


_Posted = Webhook | SlackWebhook | SlackBot | PagerDuty | Teams | Telegram | Alertmanager


def _made(settings: Posting) -> tuple[_Posted, tuple[str, ...]]:
    """A channel that posts over HTTP, its secrets read, and the addresses it calls."""
    match settings:
        case WebhookSettings():
            keys = tuple(signing_key(secret(one)) for one in settings.keys)
            hook = Webhook(_read(settings.url), keys)
            return hook, (hook.url,)
        case SlackSettings():
            return _slack(settings)
        case PagerDutySettings():
            return PagerDuty(secret(settings.key), settings.url), (settings.url,)
        case TeamsSettings():
            teams = Teams(secret(settings.url))
            return teams, (teams.url,)
        case TelegramSettings():
            token = telegram.bot_token(secret(settings.token))
            limits = Limits(gap_ms=telegram.gap_ms(settings.chat), in_flight=1)
            if settings.buttons:
                limits = replace(limits, hears=DEEDS)
            bot = Telegram(
                token, settings.chat, settings.topic, settings.api, settings.buttons, limits
            )
            return bot, (bot.api,)
        case AlertmanagerSettings():
            bearer = None if settings.token is None else secret(settings.token)
            return Alertmanager(settings.urls, bearer), settings.urls
        case _:
            assert_never(settings)


def hosts(settings: Posting | MailSettings) -> tuple[str, ...]:
    """The hosts a channel calls; never an address, which may be a secret.

    Raises:
        BrokerConfigError: A secret is not there.
    """
    if isinstance(settings, MailSettings):
        return (settings.host,)
    return tuple(str(URL(one).raw_host) for one in _made(settings)[1])


def _slack(settings: SlackSettings) -> tuple[SlackWebhook | SlackBot, tuple[str, ...]]:
    if settings.token is None or settings.channel is None:
        hook = SlackWebhook(secret(settings.url or ""))
        return hook, (hook.url,)
    bot = SlackBot(slack.bot_token(secret(settings.token)), settings.channel, settings.api)
    if settings.app_token is not None:
        bot = replace(bot, buttons=True, limits=replace(bot.limits, hears=DEEDS))
    return bot, (bot.api,)


def _posting(settings: Posting) -> tuple[Channel, Sender]:
    channel, addresses = _made(settings)
    guard = _guard(settings)
    for one in addresses:
        guard.check_url(one)
    return replace(channel, limits=_called(settings, channel.limits)), HttpSender(guard)


def _mailing(settings: MailSettings) -> tuple[Channel, Sender]:
    username, password = (
        None if one is None else secret(one) for one in (settings.username, settings.password)
    )
    port = PORTS[settings.encryption] if settings.port is None else settings.port
    server = Server(settings.host, port, settings.encryption, username, password)
    box = MailBox(settings.sender, settings.to)
    limited = replace(box, limits=_called(settings, box.limits))
    return limited, SmtpSender(server, _guard(settings))


def _back(settings: ChannelSettings) -> Back | None:
    """The way back, its secrets read; None where there is none."""
    match settings:
        case SlackSettings(app_token=str() as reference):
            token = slack_back.app_token(secret(reference))
            return Back(
                "slack", (token,), f"{settings.api}|{token}", _guard(settings), called=False
            )
        case PagerDutySettings(webhook_keys=references) if references:
            keys = tuple(secret(one) for one in references)
            if short := [one for one in keys if len(one) < _KEY_MIN]:
                raise ValueError(f"webhook_keys: {len(short)} of them shorter than {_KEY_MIN}")
            return Back("pagerduty", keys, "|".join(references), _guard(settings), called=True)
        case TelegramSettings(buttons=True, webhook_secret=reference):
            bot = f"{settings.api}|{telegram.bot_token(secret(settings.token))}"
            if reference is None:
                return Back("telegram", (), bot, _guard(settings), called=False)
            shown = telegram_back.webhook_secret(secret(reference))
            return Back("telegram", (shown,), bot, _guard(settings), called=True)
        case _:
            return None


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


def _group(settings: ChannelSettings) -> Group | None:
    one = settings.group
    return None if one is None else Group(one.wait, one.window)


def _outlet(name: str, settings: ChannelSettings, stdout: TextIO | None) -> Outlet:
    channel: Channel
    sender: Sender
    try:
        match settings:
            case TerminalSettings():
                channel, sender = Terminal(), TerminalSender(stdout)
            case MailSettings():
                channel, sender = _mailing(settings)
            case _:
                channel, sender = _posting(settings)
        back = _back(settings)
    except (ValueError, ForbiddenAddressError) as error:
        raise ChannelConfigError(f"channels.{name}: {error}") from None
    return Outlet(name, channel, sender, settings.locale, settings.quotes, back=back)


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


def _ladder(route: RouteSettings, settings: NotifierSettings) -> Ladder:
    rungs = tuple(
        Rung(one.after, one.channels, None)
        if one.to is None
        else Rung(one.after, settings.people[one.to].channels, one.to)
        for one in route.escalate
    )
    return Ladder(route.repeat, route.max_repeats, rungs)


def _weekly(settings: NotifierSettings, people: tuple[Person, ...]) -> Weekly | None:
    one = settings.weekly
    if one is None:
        return None
    lead = next(person for person in people if person.name == one.to)
    return Weekly(lead, DAYS.index(one.day), one.at)


def build(settings: NotifierSettings, *, stdout: TextIO | None = None) -> Plan:
    """Read the secrets and make the channels.

    Raises:
        ChannelConfigError: Names the channel and what to change; never shows a secret.
    """
    routes = tuple(
        Route(
            route.channels,
            route.match.match(),
            route.go_on,
            route.to == "owner",
            _ladder(route, settings),
        )
        for route in settings.routes
    )
    people = tuple(
        Person(
            name,
            one.channels,
            one.owns.match(),
            one.hours.calendar(),
            one.critical,
            one.language,
            one.delegate,
            one.budget,
            one.morning,
            {str(kind): ids for kind, ids in one.users.items()},
            None if one.may is None else frozenset(one.may),
        )
        for name, one in settings.people.items()
    )
    return Plan(
        outlets={
            name: replace(
                _outlet(name, one, stdout),
                budget=_budget(one),
                quiet=_quiet(name, one),
                group=_group(one),
                fallback=one.fallback,
                wary=one.wary,
            )
            for name, one in settings.channels.items()
        },
        routes=routes,
        links=dict(settings.links),
        playbooks=playbooks_from(settings.playbooks),
        max_notify_age_ms=settings.max_notify_age,
        live=settings.clock == "live",
        cut_off_after_ms=settings.cut_off_after,
        sources=dict(settings.sources),
        heartbeat=_heartbeat(settings.heartbeat),
        audience=Audience(people, routes),
        weekly=_weekly(settings, people),
        listen=parse_bind(settings.back.listen, has_token=True),
        storm=Bounds(
            settings.storm.times, settings.storm.within, settings.storm.floor, settings.storm.hold
        ),
    )
