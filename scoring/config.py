"""What the scores are made of: the part of a configuration that `scoring` folds under.

Everything here is a plain value decoded from the body of a configuration (`nabz config apply`), so
that a configuration is itself a record of the log. Points are hundredths.

Next step: `alerts.config` adds the rules and gives the whole its hash.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from scoring.calendar import Calendar

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Interaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one type of interaction does to a customer's picture.

    Attributes:
        points: Hundredths of a point added to `family` each time.
        family: Family of distress points, see `scoring.records.FAMILIES`.
        contact: The customer turned to us: counts on the contact ladder.
        wait: `starts` a wait for us, `ends` one, or neither.
    """

    points: int = 0
    family: Literal["feeling", "waiting", "repetition", "effort", "intent", "relief"] = "effort"
    contact: bool = False
    wait: Literal["starts", "ends", ""] = ""


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The most that each family may add to distress, in hundredths.

    Attributes:
        waiting_now: Of the clock of an open wait.
        contacts: Of the contact ladder.
        displeasure: Of all bad turns together.
    """

    feeling: int = 4_500
    waiting: int = 2_000
    repetition: int = 2_500
    effort: int = 3_000
    intent: int = 5_000
    relief: int = 3_000
    waiting_now: int = 3_000
    contacts: int = 1_300
    displeasure: int = 4_500


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of health: so many hundredths of a sum, up to a cap in hundredths of a point."""

    percent: int
    cap: int


class Relationship(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What moves health beside its base; slow sums have a half-life of 14 days.

    Attributes:
        feeling: Of the slow sum of feeling: taken away.
        friction: Of the slow sums of waiting, repetition and effort: taken away.
        intent: Of the slow sum of intents to leave, complain or escalate: taken away.
        relief: Of the slow sum of relief: given.
        trail: Of distress as it is now: taken away.
        unresolved: Points taken away while somebody waits longer than a day.
    """

    feeling: Share = Share(30, 2_500)
    friction: Share = Share(30, 2_500)
    intent: Share = Share(35, 3_000)
    relief: Share = Share(20, 1_500)
    trail: Share = Share(30, 3_000)
    unresolved: int = 500


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cuts of health, in hundredths; a band is left for a better one `hysteresis` above its cut."""

    healthy: int = 7_000
    watch: int = 5_000
    at_risk: int = 3_000
    hysteresis: int = 300


class WaitStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `after_ms` of business time on, an open wait is worth `points` hundredths."""

    after_ms: int
    points: int


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a customer who stopped writing counts as quiet, and what that takes from health.

    Attributes:
        cadences: Silent for so many times their usual gap between contacts.
        at_least_ms: And for so long.
        content: Hundredths taken where nothing was left open.
        unresolved: Hundredths taken where something was.
    """

    cadences: int = 3
    at_least_ms: int = 7 * DAY_MS
    content: int = 300
    unresolved: int = 1_000


class Prior(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is taken to be usual for a customer of whom nothing is known yet.

    Attributes:
        days: How many days of own history weigh as much as the prior; 1 or more.
        contacts_e2: Contacts a week, in hundredths.
        points_e2: Points of distress a week, in hundredths.
    """

    days: int = 28
    contacts_e2: int = 100
    points_e2: int = 500


Level = Literal["basic", "customer_focused", "value_added"]


class Touchpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the product or service a customer meets.

    Attributes:
        parent: The touch-point it belongs to; its promise and team hold where none is said.
        level: What customers expect of it: taken for granted, asked for, or a pleasant surprise.
        promise_ms: How soon we promise an answer, in business time.
        team: Who owns it.
    """

    parent: str | None = None
    level: Level = "basic"
    promise_ms: int | None = None
    team: str | None = None


class Scoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that the two scores depend on beside the records.

    Attributes:
        interactions: The catalogue, by type.
        caps: Limits per family.
        bands: Cuts of health.
        wait_steps: Points of an open wait, by its length, ascending.
        contact_ladder: Points for 1, 2, 3, ... contacts within 24 h; the last holds for more.
        displeasure: Points of one wholly bad turn; each halves every 12 hours.
        resting: Distress in hundredths under which nobody looks again before the next record.
        base: Health of a customer about whom nothing is known to be wrong.
        health: Parts of health.
        calendars: When somebody is there to answer, by name.
        calendar: The one of customers whose profile names none of them; empty for day and night.
        touchpoints: What customers meet, by name.
        high: Distress in hundredths from which on a kept promise is a watermelon.
        silence: When a customer counts as quiet.
        prior: What is usual before a customer's own history says so.
        same_issue_ms: How long after the last turn of a conversation another may be its repeat.
    """

    interactions: dict[str, Interaction] = {}
    caps: Caps = Caps()
    bands: Bands = Bands()
    wait_steps: tuple[WaitStep, ...] = (
        WaitStep(30 * MINUTE_MS, 200),
        WaitStep(HOUR_MS, 400),
        WaitStep(4 * HOUR_MS, 900),
        WaitStep(12 * HOUR_MS, 1_400),
        WaitStep(24 * HOUR_MS, 2_000),
        WaitStep(72 * HOUR_MS, 3_000),
    )
    contact_ladder: tuple[int, ...] = (0, 250, 550, 800, 1_050, 1_300)
    displeasure: int = 1_500
    resting: int = 1_000
    base: int = 8_500
    health: Relationship = Relationship()
    calendars: dict[str, Calendar] = {}
    calendar: str = ""
    touchpoints: dict[str, Touchpoint] = {}
    high: int = 7_000
    silence: Silence = Silence()
    prior: Prior = Prior()
    same_issue_ms: int = 14 * DAY_MS

    def promised(self, touchpoint: str | None) -> tuple[int | None, str | None]:
        """Promise and team of a touch-point, or of the nearest parents that have them.

        >>> Scoring(touchpoints={"shop": Touchpoint(promise_ms=5, team="web"),
        ...     "cart": Touchpoint(parent="shop", team="cart")}).promised("cart")
        (5, 'cart')
        """
        promise_ms: int | None = None
        team: str | None = None
        for _ in self.touchpoints:
            here = self.touchpoints.get(touchpoint or "")
            if here is None:
                break
            promise_ms = here.promise_ms if promise_ms is None else promise_ms
            team = here.team if team is None else team
            touchpoint = here.parent
        return promise_ms, team

    def calendar_of(self, name: str | None) -> Calendar | None:
        """The calendar a profile names, else the default one; None for day and night.

        >>> Scoring().calendar_of("tehran") is None
        True
        """
        return self.calendars.get(name or "") or self.calendars.get(self.calendar)
