"""The notifier's part of `nabz.yaml`: `channels:`, `routes:`, `links:`.

Unknown keys are refused. Secrets are references (`env:NAME`, `file:/path`), read when a channel is
built and never printed. `streams.settings` embeds `NotifierSettings`.

Next step: `streams.notifier.build` makes channels and routes of them.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from alerts.message import Locale, link_fields
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


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


DurationMs = Annotated[int, BeforeValidator(duration_ms), Field(ge=0)]
SecretRef = Annotated[str, BeforeValidator(_reference)]
Words = Annotated[tuple[str, ...], BeforeValidator(_many)]


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Budgeted = Annotated[int, Field(ge=1, le=10_000)] | None
"""Openings in ten minutes before the rest comes in digests; none for programs, who do not tire."""


CutOffAfter = Annotated[DurationMs, Field(ge=60_000)]
"""Shorter than a minute, and the pauses of a deployment page somebody."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SpanSettings(_Strict):
    """Hours of some days; `until` at or before `from` is the next day's."""

    begin: str = Field(alias="from")
    end: str = Field(alias="until")
    days: Annotated[tuple[Day, ...], BeforeValidator(_many), Field(min_length=1)] = DAYS

    @field_validator("begin", "end")
    @classmethod
    def _time(cls, value: str) -> str:
        minute_of_day(value)
        return value


class QuietSettings(_Strict):
    """When a channel does not want to be disturbed.

    Attributes:
        zone: Time zone the hours are in, e.g. `Asia/Tehran`.
        spans: Any of these.
        critical: Critical ones go out all the same.
    """

    zone: str
    spans: Annotated[tuple[SpanSettings, ...], Field(min_length=1)]
    critical: bool = False


class TerminalSettings(_Strict):
    """Standard output of the notifier."""

    type: Literal["terminal"]
    locale: Locale = "en"
    quotes: bool = False
    budget: Budgeted = None
    quiet_hours: QuietSettings | None = None


class WebhookSettings(_Strict):
    """A Standard Webhooks endpoint.

    Attributes:
        url: Address, or a reference to one where it is a secret.
        keys: Signing keys (`whsec_...`) as references; two while they rotate, the newest first.
        allow: Networks outside the public internet the endpoint may be in.
        allow_loopback: The endpoint may be this machine, and then plain http.
    """

    type: Literal["webhook"]
    url: str
    keys: Annotated[
        tuple[SecretRef, ...], BeforeValidator(_many), Field(min_length=1, max_length=2)
    ]
    locale: Locale = "en"
    quotes: bool = False
    budget: Budgeted = None
    quiet_hours: QuietSettings | None = None
    allow: Words = ()
    allow_loopback: bool = False
    timeout: DurationMs = 15_000
    give_up: DurationMs = 72 * 3_600_000

    @field_validator("allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ipaddress.ip_network(one)
        return value


ChannelSettings = Annotated[TerminalSettings | WebhookSettings, Field(discriminator="type")]
ChannelName = Annotated[str, Field(pattern=_NAME)]


class MatchSettings(_Strict):
    """What a route asks; each a value or a list of values."""

    severity: Words = ()
    rule: Words = ()
    tier: Words = ()
    labels: dict[str, Words] = {}


class RouteSettings(_Strict):
    """One route; the first that matches wins unless it says `continue: true`."""

    match: MatchSettings = MatchSettings()
    channels: Words
    go_on: bool = Field(default=False, alias="continue")


class HeartbeatSettings(_Strict):
    """An address outside that notices when nabz is gone.

    Attributes:
        url: Pinged with GET every minute while nothing is undelivered; a reference where secret.
        allow: Networks outside the public internet it may be in.
        allow_loopback: It may be this machine, and then plain http.
    """

    url: str
    allow: Words = ()
    allow_loopback: bool = False

    @field_validator("allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ipaddress.ip_network(one)
        return value


class NotifierSettings(_Strict):
    """All the notifier is told.

    Attributes:
        channels: Receivers by name.
        routes: In order; none sends everything to every channel.
        links: Address templates by name, e.g. `https://crm.example/c/{customer}`.
        max_notify_age: Older openings wait until the notifier has caught up (live clock only).
        clock: The installation's clock.
        cut_off_after: A source that stands still for longer is told of (live clock only).
        sources: Lateness of each source in ms; told by the other settings, not written here.
        heartbeat: Pinged while the auditor finds nothing undelivered.
    """

    channels: dict[ChannelName, ChannelSettings] = {}
    routes: tuple[RouteSettings, ...] = ()
    links: dict[str, str] = {}
    max_notify_age: DurationMs = 900_000
    clock: Literal["live", "watermark"] = "live"
    cut_off_after: CutOffAfter = 900_000
    sources: dict[str, int] = {}
    heartbeat: HeartbeatSettings | None = None

    @field_validator("links")
    @classmethod
    def _templates(cls, value: dict[str, str]) -> dict[str, str]:
        for template in value.values():
            link_fields(template)
        return value

    @model_validator(mode="after")
    def _known_channels(self) -> NotifierSettings:
        for number, route in enumerate(self.routes):
            if unknown := [name for name in route.channels if name not in self.channels]:
                known = sorted(self.channels)
                raise ValueError(f"routes[{number}] names {unknown}, configured are {known}")
        return self
