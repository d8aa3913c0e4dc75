"""The `scoring:` part of `nabz.yaml`: what the two scores are made of, in points.

People write points (`4.5`) and durations (`30m`); inside, both are integers. What is not written is
as `scoring.config.Scoring` has it.

Next step: `streams.settings` embeds it, `scoring.config.Scoring` is what it becomes.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from scoring.config import (
    DAY_MS,
    Bands,
    Caps,
    Interaction,
    Prior,
    Scoring,
    Silence,
    Touchpoint,
    WaitStep,
)
from streams.calendar_settings import CalendarSettings
from streams.ingest.picks import Strict, suggestion
from streams.notifier.settings import DurationMs


def _points_e2(value: Any) -> Any:
    """Points as hundredths.

    >>> _points_e2(2.5), _points_e2(70)
    (250, 7000)
    """
    try:
        points = Decimal(str(value)) * 100
    except InvalidOperation as error:
        raise ValueError("write a number of points, like 5 or 2.5") from error
    if isinstance(value, bool) or not points.is_finite() or points != int(points):
        raise ValueError("write a number of points with at most two decimals, like 5 or 2.5")
    return int(points)


PointsE2 = Annotated[int, BeforeValidator(_points_e2), Field(ge=0, le=1_000_000)]

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]

Family = Literal["feeling", "waiting", "repetition", "effort", "intent", "relief"]


class InteractionSettings(Strict):
    """What one type of interaction does; see `scoring.config.Interaction`."""

    points: PointsE2 = 0
    family: Family = "effort"
    contact: bool = False
    wait: Literal["starts", "ends", ""] = ""


class WaitStepSettings(Strict):
    """From this long of waiting on, an open wait is worth so many points."""

    after: DurationMs
    points: PointsE2


class TouchpointSettings(Strict):
    """What customers meet; see `scoring.config.Touchpoint`."""

    parent: str | None = None
    level: Literal["basic", "customer_focused", "value_added"] = "basic"
    promise: DurationMs | None = None
    team: str | None = None


class SilenceSettings(Strict):
    """When a customer counts as quiet; see `scoring.config.Silence`."""

    cadences: Annotated[int, Field(ge=1, le=100)] = 3
    at_least: DurationMs = 7 * DAY_MS
    content: PointsE2 = 300
    unresolved: PointsE2 = 1_000


class PriorSettings(Strict):
    """What is usual before a customer's own history says so; see `scoring.config.Prior`.

    Attributes:
        days: Days of own history that weigh as much.
        contacts: A week.
        points: Of distress, a week.
    """

    days: Annotated[int, Field(ge=1, le=3_650)] = 28
    contacts: PointsE2 = 100
    points: PointsE2 = 500


class ScoringSettings(Strict):
    """What the scores are made of, in points; see `scoring.config.Scoring` for the defaults.

    Attributes:
        interactions: The catalogue: interactions of other types are filtered.
        caps: The most that each family may add to distress.
        bands: Cuts of health.
        wait_steps: Points of an open wait, by its length.
        contact_ladder: Points for 1, 2, 3, ... contacts within 24 h.
        displeasure: Points of one wholly bad turn.
        resting: Distress under which nobody looks again before the next record.
        base: Health of a customer about whom nothing is known to be wrong.
        calendars: When somebody is there to answer, by name.
        calendar: The one of customers whose profile names none of them; day and night without.
        touchpoints: What customers meet, by name: parent, level, promise, team.
        high: Distress from which on a promise that is kept is a watermelon.
        silence: When a customer counts as quiet.
        prior: What is usual before a customer's own history says so.
        same_issue: How long after the last turn of a conversation another may be its repeat.
        brands: Names that say nothing of how somebody feels ("Red Devil"); read by ingest, so they
            count for texts that come after.
    """

    interactions: dict[str, InteractionSettings] = Field(default_factory=dict)
    caps: dict[str, PointsE2] = Field(default_factory=dict)
    bands: dict[str, PointsE2] = Field(default_factory=dict)
    wait_steps: tuple[WaitStepSettings, ...] | None = None
    contact_ladder: Annotated[tuple[PointsE2, ...], Field(min_length=1)] | None = None
    displeasure: PointsE2 | None = None
    resting: PointsE2 | None = None
    base: PointsE2 | None = None
    calendars: dict[Name, CalendarSettings] = Field(default_factory=dict)
    calendar: str = ""
    touchpoints: dict[str, TouchpointSettings] = Field(default_factory=dict)
    high: PointsE2 | None = None
    silence: SilenceSettings = SilenceSettings()
    prior: PriorSettings = PriorSettings()
    same_issue: DurationMs | None = None
    brands: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    @field_validator("caps", "bands")
    @classmethod
    def _known(cls, value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        known = [
            one.name for one in msgspec.structs.fields(Caps if info.field_name == "caps" else Bands)
        ]
        for name in value:
            if name not in known:
                raise ValueError(f"unknown key {name!r}; {suggestion(name, known)}")
        return value

    @field_validator("wait_steps")
    @classmethod
    def _ascending(
        cls, value: tuple[WaitStepSettings, ...] | None
    ) -> tuple[WaitStepSettings, ...] | None:
        after = [] if value is None else [one.after for one in value]
        if after != sorted(set(after)):
            raise ValueError("steps must ascend by `after`, each once")
        return value

    @model_validator(mode="after")
    def _named(self) -> ScoringSettings:
        if self.calendar and self.calendar not in self.calendars:
            hint = suggestion(self.calendar, self.calendars or ["none"])
            raise ValueError(f"calendar: found {self.calendar!r}, no such calendar; {hint}")
        return self

    @field_validator("touchpoints")
    @classmethod
    def _rooted(cls, value: dict[str, TouchpointSettings]) -> dict[str, TouchpointSettings]:
        for name, one in value.items():
            above, seen = one.parent, {name}
            while above is not None:
                if above not in value:
                    raise ValueError(
                        f"{name}: found parent {above!r}, no such touch-point;"
                        f" {suggestion(above, value)}"
                    )
                if above in seen:
                    raise ValueError(f"{name}: is among its own parents; take one of them out")
                seen.add(above)
                above = value[above].parent
        return value

    def scoring(self) -> Scoring:
        """As the fold takes it."""
        given: dict[str, Any] = {
            "interactions": {
                name: Interaction(**one.model_dump()) for name, one in self.interactions.items()
            },
            "caps": Caps(**self.caps),
            "bands": Bands(**self.bands),
            "calendars": {name: one.calendar() for name, one in self.calendars.items()},
            "calendar": self.calendar,
            "touchpoints": {
                name: Touchpoint(one.parent, one.level, one.promise, one.team)
                for name, one in self.touchpoints.items()
            },
            "silence": Silence(
                self.silence.cadences,
                self.silence.at_least,
                self.silence.content,
                self.silence.unresolved,
            ),
            "prior": Prior(self.prior.days, self.prior.contacts, self.prior.points),
        }
        if self.wait_steps is not None:
            given["wait_steps"] = tuple(WaitStep(one.after, one.points) for one in self.wait_steps)
        for name in ("contact_ladder", "displeasure", "resting", "base", "high"):
            if getattr(self, name) is not None:
                given[name] = getattr(self, name)
        if self.same_issue is not None:
            given["same_issue_ms"] = self.same_issue
        return Scoring(**given)
