"""The channels of `nabz.yaml`, one model a type.

Unknown keys are refused. Secrets are references (`env:NAME`, `file:/path`), read when a channel is
built and never printed.

Next step: `streams.notifier.settings` adds routes and links.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from alerts.channels import mail, pagerduty, slack, telegram
from alerts.message import Locale
from alerts.quiet_hours import DAYS, minute_of_day

_NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,39}$"
_REFERENCE: Final = re.compile(r"^(env|file):.+$")
_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration_ms(value: Any) -> Any:  # pydantic hands over whatever was written
    """`15m` as milliseconds.

    >>> duration_ms("15m"), duration_ms("250ms")
    (900000, 250)
    """
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)\s*(ms|s|m|h|d)", value.strip())):
        return int(found[1]) * _UNITS_MS[found[2]]
    if isinstance(value, str):
        raise ValueError(f"a duration is written like 30s, 15m or 6h, found {value!r}")
    return value


def _reference(value: Any) -> str:
    if not isinstance(value, str):
        kind = "mapping" if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"found a {kind}; a secret is written as env:NAME or file:/path")
    if not _REFERENCE.match(value):
        raise ValueError("a secret is written as env:NAME or file:/path")
    return value


def many(value: Any) -> Any:
    """One word is a list of one."""
    return (value,) if isinstance(value, str) else value


DurationMs = Annotated[int, BeforeValidator(duration_ms), Field(ge=0)]
Timeout = Annotated[int, BeforeValidator(duration_ms), Field(ge=1, le=600_000)]
SecretRef = Annotated[str, BeforeValidator(_reference)]
Words = Annotated[tuple[str, ...], BeforeValidator(many)]

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Budgeted = Annotated[int, Field(ge=1, le=10_000)] | None
"""Openings in ten minutes before the rest comes in digests; none for programs, who do not tire."""


class Strict(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SpanSettings(Strict):
    """Hours of some days; `until` at or before `from` is the next day's."""

    begin: str = Field(alias="from")
    end: str = Field(alias="until")
    days: Annotated[tuple[Day, ...], BeforeValidator(many), Field(min_length=1)] = DAYS

    @field_validator("begin", "end")
    @classmethod
    def _time(cls, value: str) -> str:
        minute_of_day(value)
        return value


class QuietSettings(Strict):
    """When a channel does not want to be disturbed.

    Attributes:
        zone: Time zone the hours are in, e.g. `Asia/Tehran`.
        spans: Any of these.
        critical: Critical ones go out all the same.
    """

    zone: str
    spans: Annotated[tuple[SpanSettings, ...], Field(min_length=1)]
    critical: bool = False


class GroupSettings(Strict):
    """How customers of one account share a message.

    Attributes:
        wait: How long the first of them waits for others.
        window: Who comes within so long of the message is an update of it.
    """

    wait: Annotated[DurationMs, Field(ge=1_000, le=600_000)] = 30_000
    window: Annotated[DurationMs, Field(ge=60_000, le=86_400_000)] = 3_600_000


class _ChannelSettings(Strict):
    """What all channels have.

    Attributes:
        locale: Language of the texts.
        quotes: Short redacted quotes go along.
        budget: Openings in ten minutes before the rest comes in digests.
        quiet_hours: When nobody wants to be disturbed.
        group: Customers of one account share a message.
        fallback: Channel that is told too while this one takes nothing.
        wary: What rests on too little is left to the other channels that hear of it.
    """

    locale: Locale = "en"
    quotes: bool = False
    budget: Budgeted = None
    quiet_hours: QuietSettings | None = None
    group: GroupSettings | None = None
    fallback: str | None = None
    wary: bool = False


class CalledSettings(_ChannelSettings):
    """What all channels have that call somebody over the network.

    Attributes:
        allow: Networks outside the public internet the receiver may be in.
        allow_loopback: The receiver may be this machine, and then plain http.
        timeout: For one call.
        give_up: After this long a message is dead.
    """

    allow: Words = ()
    allow_loopback: bool = False
    timeout: Timeout = 15_000
    give_up: DurationMs = 6 * 3_600_000

    @field_validator("allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ipaddress.ip_network(one)
        return value


class TerminalSettings(_ChannelSettings):
    """Standard output of the notifier."""

    type: Literal["terminal"]


class WebhookSettings(CalledSettings):
    """A Standard Webhooks endpoint.

    Attributes:
        url: Address, or a reference to one where it is a secret.
        keys: Signing keys (`whsec_...`) as references; two while they rotate, the newest first.
    """

    type: Literal["webhook"]
    url: str
    keys: Annotated[tuple[SecretRef, ...], BeforeValidator(many), Field(min_length=1, max_length=2)]
    give_up: DurationMs = 72 * 3_600_000


class SlackSettings(CalledSettings):
    """Slack: an incoming webhook (`url`), or a bot (`token` and `channel`).

    Attributes:
        url: Reference to the address of an incoming webhook.
        token: Reference to a bot's token (`xoxb-...`, scope `chat:write`).
        channel: Id of the channel the bot posts to, like C0123456789.
        api: Where the Web API is; GovSlack has another one.
        app_token: Reference to the app's token (`xapp-...`, scope `connections:write`): messages
            get buttons, and who presses them is heard by Socket Mode.
    """

    type: Literal["slack"]
    url: SecretRef | None = None
    token: SecretRef | None = None
    channel: Annotated[str, Field(pattern=r"^[CGD][A-Z0-9]{2,30}$")] | None = None
    api: str = slack.API
    app_token: SecretRef | None = None

    @model_validator(mode="after")
    def _one_way(self) -> SlackSettings:
        hook, bot = self.url is not None, self.token is not None and self.channel is not None
        half = (self.token is None) != (self.channel is None)
        if hook == bot or half:
            raise ValueError("write url: for an incoming webhook, or token: and channel: for a bot")
        if self.app_token is not None and hook:
            raise ValueError("an incoming webhook has no buttons; write token: and channel: too")
        return self


class PagerDutySettings(CalledSettings):
    """PagerDuty, Events API v2.

    Attributes:
        key: Reference to the integration key of a service.
        url: Where events are taken; the European service region has another one.
        webhook_keys: References to secrets of webhook subscriptions: what people do there is heard.
            Several while one is changed, the newest first.
    """

    type: Literal["pagerduty"]
    key: SecretRef
    url: str = pagerduty.URL
    webhook_keys: Annotated[tuple[SecretRef, ...], BeforeValidator(many), Field(max_length=8)] = ()


class TeamsSettings(CalledSettings):
    """Microsoft Teams, by a workflow; `url` refers to the address it takes requests at."""

    type: Literal["teams"]
    url: SecretRef


class TelegramSettings(CalledSettings):
    """A Telegram bot.

    Attributes:
        token: Reference to the bot's token.
        chat: Number of the chat, or `@name` of a channel.
        topic: Number of the topic, in groups that have topics.
        api: Where the Bot API is; you may run your own.
        buttons: Messages get buttons, and who presses them is heard.
        webhook_secret: Reference to the secret with which Telegram brings presses to us; without
            it they are fetched.
    """

    type: Literal["telegram"]
    token: SecretRef
    chat: Annotated[str, BeforeValidator(str), Field(pattern=r"^(-?[0-9]{1,20}|@[A-Za-z0-9_]+)$")]
    topic: int | None = None
    api: str = telegram.API
    buttons: bool = False
    webhook_secret: SecretRef | None = None

    @model_validator(mode="after")
    def _pressed(self) -> TelegramSettings:
        if self.webhook_secret is not None and not self.buttons:
            raise ValueError("webhook_secret is for presses of buttons; write buttons: true too")
        return self


class AlertmanagerSettings(CalledSettings):
    """Prometheus Alertmanager.

    Attributes:
        urls: Address of each replica, without `/api`; never that of a load balancer.
        token: Reference to a bearer token, where a proxy asks for one.
        plain_http: Addresses may be http, as they are inside many clusters.
    """

    type: Literal["alertmanager"]
    urls: Annotated[tuple[str, ...], BeforeValidator(many), Field(min_length=1, max_length=8)]
    token: SecretRef | None = None
    plain_http: bool = False


class MailSettings(CalledSettings):
    """E-mail, handed to a server of yours.

    Attributes:
        host: The server; its certificate is checked against this name.
        port: 587 for `starttls`, 465 for `tls`, 25 for `none`, unless said otherwise.
        encryption: `none` only where the network itself is trusted, and then without a login.
        username: Reference, with `password`.
        sender: Address it comes from (`from:`).
        to: Addresses it goes to.
    """

    type: Literal["mail"]
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    username: SecretRef | None = None
    password: SecretRef | None = None
    sender: str = Field(alias="from")
    to: Annotated[
        tuple[str, ...],
        BeforeValidator(many),
        Field(min_length=1, max_length=mail.RECIPIENTS_MAX),
    ]
    timeout: Timeout = 60_000

    @field_validator("sender", "to")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for one in (value,) if isinstance(value, str) else value:
            mail.address(one)
        return value

    @model_validator(mode="after")
    def _login(self) -> MailSettings:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password come together; write both or neither")
        if self.username is not None and self.encryption == "none":
            raise ValueError("a password is not sent in the open; write encryption: starttls")
        return self


Posting = (
    WebhookSettings
    | SlackSettings
    | PagerDutySettings
    | TeamsSettings
    | TelegramSettings
    | AlertmanagerSettings
)
ChannelSettings = Annotated[TerminalSettings | Posting | MailSettings, Field(discriminator="type")]
CHANNEL_TYPES: Final[Mapping[str, type[BaseModel]]] = {
    "terminal": TerminalSettings,
    "webhook": WebhookSettings,
    "slack": SlackSettings,
    "pagerduty": PagerDutySettings,
    "teams": TeamsSettings,
    "telegram": TelegramSettings,
    "alertmanager": AlertmanagerSettings,
    "mail": MailSettings,
}
"""By what is written as `type:`."""
ChannelName = Annotated[str, Field(pattern=_NAME)]
