"""The notifier's part of `nabz.yaml`: `channels:`, `routes:`, `links:`.

Unknown keys are refused. `streams.settings` embeds `NotifierSettings`.

Next step: `streams.notifier.build` makes channels and routes of them.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from alerts.holds import LONGEST_MS
from alerts.message import link_fields
from alerts.outputs import Severity
from streams.ingest.picks import suggestion
from streams.notifier.channel_settings import (
    ChannelName,
    ChannelSettings,
    DurationMs,
    SecretRef,
    Strict,
    Words,
    duration_ms,
)

__all__ = (  # units and words of the channels are those of all other settings too
    "ChannelName",
    "ChannelSettings",
    "CutOffAfter",
    "DurationMs",
    "HeartbeatSettings",
    "MatchSettings",
    "NotifierSettings",
    "RouteSettings",
    "SecretRef",
    "StormSettings",
    "duration_ms",
)

CutOffAfter = Annotated[DurationMs, Field(ge=60_000)]
"""Shorter than a minute, and the pauses of a deployment page somebody."""


class MatchSettings(Strict):
    """What a route asks; each a value or a list of values."""

    severity: Words = ()
    rule: Words = ()
    tier: Words = ()
    labels: dict[str, Words] = Field(default_factory=dict)

    @field_validator("severity")
    @classmethod
    def _severities(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = get_args(Severity)
        for one in value:
            if one not in known:  # a slip of the pen here is a route that nobody ever takes
                raise ValueError(f"found {one[:60]!r}; {suggestion(one, known)}")
        return value


class RouteSettings(Strict):
    """One route; the first that matches wins unless it says `continue: true`."""

    match: MatchSettings = MatchSettings()
    channels: Words
    go_on: bool = Field(default=False, alias="continue")


class HeartbeatSettings(Strict):
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


class StormSettings(Strict):
    """When openings after a change of configuration are a storm, and how long it is held.

    Attributes:
        times: More than so many times the usual.
        within: In so long.
        floor: Never with so few or fewer.
        hold: What nobody releases is told in one digest after so long.
    """

    times: Annotated[int, Field(ge=2, le=1_000)] = 10
    within: Annotated[DurationMs, Field(ge=60_000, le=3_600_000)] = 600_000
    floor: Annotated[int, Field(ge=1, le=100_000)] = 20
    hold: Annotated[DurationMs, Field(ge=60_000, le=LONGEST_MS)] = 4 * 3_600_000


class NotifierSettings(Strict):
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
        storm: When the openings of a rule are held after a change (live clock only).
    """

    channels: dict[ChannelName, ChannelSettings] = Field(default_factory=dict)
    routes: tuple[RouteSettings, ...] = ()
    links: dict[str, str] = Field(default_factory=dict)
    max_notify_age: DurationMs = 900_000
    clock: Literal["live", "watermark"] = "live"
    cut_off_after: CutOffAfter = 900_000
    sources: dict[str, int] = Field(default_factory=dict)
    heartbeat: HeartbeatSettings | None = None
    storm: StormSettings = StormSettings()

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
