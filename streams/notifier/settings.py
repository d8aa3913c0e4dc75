"""The notifier's part of `nabz.yaml`: `channels:`, `routes:`, `links:`.

Unknown keys are refused. `streams.settings` embeds `NotifierSettings`.

Next step: `streams.notifier.build` makes channels and routes of them.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from alerts.holds import LONGEST_MS
from alerts.message import Locale, link_fields
from alerts.outputs import Severity
from alerts.playbooks import playbooks_from
from alerts.quiet_hours import minute_of_day
from alerts.routing import Match
from alerts.written import RuleError
from scoring.records import VERBS
from streams.calendar_settings import CalendarSettings, Day
from streams.http import parse_bind
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


def _several(value: object) -> object:
    """One id is a list of one; a number is a word."""
    return value if isinstance(value, list | tuple) else (value,)


__all__ = (  # units and words of the channels are those of all other settings too
    "BackSettings",
    "ChannelName",
    "ChannelSettings",
    "CutOffAfter",
    "DurationMs",
    "HeartbeatSettings",
    "MatchSettings",
    "NotifierSettings",
    "PersonSettings",
    "PlaybookSettings",
    "PublicUrl",
    "RouteSettings",
    "RungSettings",
    "SecretRef",
    "StormSettings",
    "WeeklySettings",
    "duration_ms",
)


def _minute(value: Any) -> Any:
    return minute_of_day(value) if isinstance(value, str) else value


def _public(value: str) -> str:
    """An address people can follow, without the slash at its end."""
    address = urlsplit(value)
    if address.scheme not in {"http", "https"} or not address.hostname or "{" in value:
        raise ValueError(f"found {value[:60]!r}; write an address like https://nabz.example")
    if address.query or address.fragment or address.username:
        raise ValueError("write the address alone, without a query, a fragment or a name")
    return value.rstrip("/")


PublicUrl = Annotated[str, AfterValidator(_public)]
TimeOfDay = Annotated[int, BeforeValidator(_minute)]
Answering = Literal["slack", "pagerduty", "telegram"]
"""Types of channels that have a way back."""
Users = Annotated[
    tuple[Annotated[str, BeforeValidator(str), Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")], ...],
    BeforeValidator(_several),
    Field(min_length=1, max_length=20),
]
CutOffAfter = Annotated[DurationMs, Field(ge=60_000)]
"""Shorter than a minute, and the pauses of a deployment page somebody."""


class MatchSettings(Strict):
    """What a route asks; each a value or a list of values."""

    severity: Words = ()
    rule: Words = ()
    tier: Words = ()
    account: Words = ()
    language: Words = ()
    labels: dict[str, Words] = Field(default_factory=dict)

    @field_validator("severity")
    @classmethod
    def _severities(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = get_args(Severity)
        for one in value:
            if one not in known:  # a slip of the pen here is a route that nobody ever takes
                raise ValueError(f"found {one[:60]!r}; {suggestion(one, known)}")
        return value

    def match(self) -> Match:
        """What is asked, as `alerts` asks it."""
        return Match(
            self.severity, self.rule, self.tier, dict(self.labels), self.account, self.language
        )


class RungSettings(Strict):
    """Who else is told of what nobody has taken.

    Attributes:
        after: Business time of the owner since somebody was first told.
        channels: Who hears of it; left out with `to`.
        to: One of `people`.
    """

    after: Annotated[DurationMs, Field(ge=1_000)]
    channels: Words = ()
    to: str | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> RungSettings:
        if (self.to is None) != bool(self.channels):
            raise ValueError("write `channels:` or `to:` one of `people`, one of the two")
        return self


class RouteSettings(Strict):
    """One route; the first that matches wins unless it says `continue: true`.

    Attributes:
        match: What is asked.
        channels: Who hears of it; left out with `to`.
        to: `owner`, the first of `people` that owns it; no match where nobody does.
        go_on: The next routes are tried too.
        repeat: Business time of the owner between two reminders while nobody takes it.
        max_repeats: Reminders of one opening.
        escalate: Who else is told while nobody takes it.
    """

    match: MatchSettings = MatchSettings()
    channels: Words = ()
    to: Literal["owner"] | None = None
    go_on: bool = Field(default=False, alias="continue")
    repeat: Annotated[DurationMs, Field(ge=1_000)] | None = None
    max_repeats: Annotated[int, Field(ge=1, le=100)] = 6
    escalate: tuple[RungSettings, ...] = ()

    @model_validator(mode="after")
    def _somewhere(self) -> RouteSettings:
        if (self.to is None) != bool(self.channels):
            raise ValueError("write `channels:` or `to: owner`, one of the two")
        return self


class PersonSettings(Strict):
    """Somebody who owns customers.

    Attributes:
        owns: What is asked of an alert, as a route asks; nothing is all of them.
        channels: How they are reached.
        hours: When they are there, as a calendar; by default 08:00 to 20:00 UTC of every day.
        critical: Critical ones reach them at any hour.
        language: Of the texts; the channel's by default.
        delegate: Who stands in outside these hours.
        budget: Alerts a day they are told of one by one; more come in a digest the next day.
        morning: Local time of a list of what is open, to the first of their channels.
        users: Their ids in channels, by type of channel; what these do there is theirs.
        may: What they may do from a channel; anything if it is left out.
    """

    channels: Annotated[Words, Field(min_length=1)]
    owns: MatchSettings = MatchSettings()
    hours: CalendarSettings = Field(
        default_factory=lambda: CalendarSettings.model_validate({"hours": "08:00-20:00"})
    )
    critical: bool = False
    language: Locale | None = None
    delegate: str | None = None
    budget: Annotated[int, Field(ge=1, le=10_000)] | None = None
    morning: TimeOfDay | None = None
    users: dict[Answering, Users] = Field(default_factory=dict)
    may: Words | None = None

    @field_validator("may")
    @classmethod
    def _verbs(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for one in value or ():
            if one not in VERBS:
                raise ValueError(f"found {one[:60]!r}; {suggestion(one, VERBS)}")
        return value


class WeeklySettings(Strict):
    """The report of the week.

    Attributes:
        to: One of `people`: in their language and time zone, to the first of their channels.
        day: Local day it is made on.
        at: Local time.
    """

    to: str
    day: Day = "mon"
    at: TimeOfDay = 540


class BackSettings(Strict):
    """The way back from channels that call us.

    Attributes:
        listen: `host:port` of the address PagerDuty and Telegram call, by a proxy of yours; opened
            only where a channel needs it.
    """

    listen: str = "127.0.0.1:9572"

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        parse_bind(value, has_token=True)  # each channel there has a secret
        return value


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


def _playbooks(value: Any) -> Any:
    try:
        playbooks_from(value)
    except RuleError as error:
        raise ValueError(str(error).removeprefix("playbooks: ")) from error
    return value


PlaybookSettings = Annotated[bool | dict[str, Any], BeforeValidator(_playbooks)]
"""Next steps by cause, as `alerts.playbooks` reads them."""


class NotifierSettings(Strict):
    """All the notifier is told.

    Attributes:
        channels: Receivers by name.
        routes: In order; none sends everything to every channel.
        people: Owners by name, in order; the first that owns an alert does.
        links: Address templates by name, e.g. `https://crm.example/c/{customer}`.
        playbooks: Next steps by cause; `true` for those that ship, false for none.
        max_notify_age: Older openings wait until the notifier has caught up (live clock only).
        clock: The installation's clock.
        cut_off_after: A source that stands still for longer is told of (live clock only).
        sources: Lateness of each source in ms; told by the other settings, not written here.
        heartbeat: Pinged while the auditor finds nothing undelivered.
        storm: When the openings of a rule are held after a change (live clock only).
        weekly: The report of the week (live clock only).
        back: Where channels call us.
    """

    channels: dict[ChannelName, ChannelSettings] = Field(default_factory=dict)
    routes: tuple[RouteSettings, ...] = ()
    people: dict[ChannelName, PersonSettings] = Field(default_factory=dict)
    links: dict[str, str] = Field(default_factory=dict)
    playbooks: PlaybookSettings = False
    max_notify_age: DurationMs = 900_000
    clock: Literal["live", "watermark"] = "live"
    cut_off_after: CutOffAfter = 900_000
    sources: dict[str, int] = Field(default_factory=dict)
    heartbeat: HeartbeatSettings | None = None
    storm: StormSettings = StormSettings()
    weekly: WeeklySettings | None = None
    back: BackSettings = BackSettings()

    @field_validator("links")
    @classmethod
    def _templates(cls, value: dict[str, str]) -> dict[str, str]:
        for template in value.values():
            link_fields(template)
        return value

    @model_validator(mode="after")
    def _known_fallbacks(self) -> NotifierSettings:
        for name, channel in self.channels.items():
            passed, to = [name], channel.fallback
            while to is not None:
                if to not in self.channels or to in passed:
                    known = sorted({*self.channels} - {*passed})
                    raise ValueError(
                        f"channels.{passed[-1]}.fallback: found {to[:60]!r};"
                        f" another is one of {known}"
                    )
                passed.append(to)
                to = self.channels[to].fallback
        return self

    @model_validator(mode="after")
    def _known_rungs(self) -> NotifierSettings:
        for number, route in enumerate(self.routes):
            for place, rung in enumerate(route.escalate):
                at = f"routes[{number}].escalate[{place}]"
                if unknown := [name for name in rung.channels if name not in self.channels]:
                    known = sorted(self.channels)
                    raise ValueError(f"{at} names {unknown}, configured are {known}")
                if rung.to is not None and rung.to not in self.people:
                    others = sorted(self.people)
                    raise ValueError(f"{at}.to: found {rung.to[:60]!r}; people are {others}")
        if self.weekly is not None and self.weekly.to not in self.people:
            others = sorted(self.people)
            raise ValueError(f"weekly.to: found {self.weekly.to[:60]!r}; people are {others}")
        return self

    @model_validator(mode="after")
    def _known_channels(self) -> NotifierSettings:
        for number, route in enumerate(self.routes):
            if unknown := [name for name in route.channels if name not in self.channels]:
                known = sorted(self.channels)
                raise ValueError(f"routes[{number}] names {unknown}, configured are {known}")
            if route.to == "owner" and not self.people:
                raise ValueError(f"routes[{number}] is to the owner; write `people:` first")
        for name, person in self.people.items():
            if unknown := [one for one in person.channels if one not in self.channels]:
                known = sorted(self.channels)
                raise ValueError(f"people.{name} names {unknown}, configured are {known}")
            if person.delegate is not None and person.delegate not in self.people:
                others = sorted(self.people)
                raise ValueError(
                    f"people.{name}.delegate: found {person.delegate[:60]!r}; people are {others}"
                )
        return self
