"""What is at stake with a customer: their value times the share of it that is at risk.

    value:
      unit: EUR a year
      segment: tier                    # whose median stands in where a value is not known
      assumed: {gold: 12000, basic: 300}
      risk:                            # percent of the value; the larger of the two holds
        distress: {50: 5, 70: 15, 85: 30}
        band: {watch: 2, at_risk: 10, critical: 25}
      reserved: 30                     # of a hundred places so many are for distress alone
      exempt: [vulnerable]             # cues, beside red flags, for which value does not matter

The value is that of the profile; where it has none, what is assumed of the segment, and said to be
so. The shares are assumptions until they are measured on your outcomes. Money only orders: it
raises, clears and hides nothing.

Next step: `alerts.fold` puts the loss beside what it tells, `alerts.ranking` orders by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import median_low
from typing import Any, Final, Literal, get_args

import msgspec

from alerts import written
from alerts.outputs import Loss
from alerts.ranking import RESERVED_PERCENT
from alerts.red_flags import CUES
from alerts.written import RuleError, kind, known, meant
from scoring.health import Health
from scoring.records import ProfileFacts

VALUE_MAX: Final = 10**12
"""In whole units; more is a slip of the pen, and unknown."""
Segment = Literal["tier", "region", "language", "contact_role", "account"]
_BANDS: Final = ("healthy", "watch", "at_risk", "critical", "unknown")
_FIELDS: Final = ("unit", "segment", "assumed", "risk", "reserved", "exempt")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From so many hundredths of distress on, so many percent of the value are at risk."""

    from_e2: int
    percent: int


_BY_DISTRESS: Final = (Step(5_000, 5), Step(7_000, 15), Step(8_500, 30))
_BY_BAND: Final = (("watch", 2), ("at_risk", 10), ("critical", 25))


class Worth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How what is at stake is reckoned.

    Attributes:
        unit: Of a value, in words: "EUR a year".
        segment: Field of the profile that says which customers are alike.
        assumed: Value in whole units of a customer of a segment whose own is not known.
        by_distress: Percent of the value at risk, by distress, ascending; assumed.
        by_band: The same by band of health; the larger one holds.
        reserved_percent: Places for distress alone, of a hundred.
        exempt: Cues for which the value does not matter; red flags are exempt anyway.
    """

    unit: str
    segment: Segment = "tier"
    assumed: dict[str, int] = {}
    by_distress: tuple[Step, ...] = _BY_DISTRESS
    by_band: tuple[tuple[str, int], ...] = _BY_BAND
    reserved_percent: int = RESERVED_PERCENT
    exempt: tuple[str, ...] = ("vulnerable",)


def worth_from(tree: Any) -> Worth:
    """Read what stands under `value:`.

    Raises:
        RuleError: It cannot be meant; with the field, what was found and what to write.

    >>> worth_from({"unit": "EUR", "risk": {"distress": {70: 20}, "band": {}}}).by_distress
    (Step(from_e2=7000, percent=20),)
    """
    if not isinstance(tree, Mapping):
        raise RuleError(f"value: found {kind(tree)}; write {{unit: EUR a year}}")
    known(tree, _FIELDS, "value")
    unit = tree.get("unit")
    if not isinstance(unit, str) or not 0 < len(unit) <= 40:
        raise RuleError(f"value.unit: found {kind(unit)}; say what a value is: EUR a year")
    segment = tree.get("segment", "tier")
    if segment not in get_args(Segment):
        hint = meant(segment, get_args(Segment))
        raise RuleError(f"value.segment: found {segment!r}; {hint}")
    plain = Worth(unit)
    risk = _mapping(tree.get("risk", {}), "value.risk")
    known(risk, ("distress", "band"), "value.risk")
    return Worth(
        unit,
        segment=segment,
        assumed={
            str(name): written.whole(
                value, f"value.assumed.{name}", least=0, most=VALUE_MAX, what="units"
            )
            for name, value in _mapping(tree.get("assumed", {}), "value.assumed").items()
        },
        by_distress=_steps(risk["distress"]) if "distress" in risk else plain.by_distress,
        by_band=_bands(risk["band"]) if "band" in risk else plain.by_band,
        reserved_percent=_percent(
            tree.get("reserved", plain.reserved_percent), "value.reserved", least=1
        ),
        exempt=_exempt(tree.get("exempt", plain.exempt)),
    )


def _mapping(value: Any, where: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise RuleError(f"{where}: found {kind(value)}; write name: number pairs")
    return value


def _percent(value: Any, where: str, *, least: int = 0) -> int:
    return written.whole(value, where, least=least, most=100, what="percent")


def _steps(value: Any) -> tuple[Step, ...]:
    where = "value.risk.distress"
    steps = (
        Step(written.points(cut, where), _percent(share, f"{where}.{cut}"))
        for cut, share in _mapping(value, where).items()
    )
    return tuple(sorted(steps, key=lambda one: one.from_e2))


def _bands(value: Any) -> tuple[tuple[str, int], ...]:
    where = "value.risk.band"
    known(_mapping(value, where), _BANDS, where)
    return tuple(
        (band, _percent(value[band], f"{where}.{band}")) for band in _BANDS if band in value
    )


def _exempt(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise RuleError(f"value.exempt: found {kind(value)}; write a list of cues")
    for cue in value:
        if cue not in CUES:
            raise RuleError(f"value.exempt: unknown cue {cue!r}; {meant(cue, CUES)}")
    return tuple(dict.fromkeys(value))


def at_stake(
    profile: ProfileFacts | None, found: Health, worth: Worth, red_flags: Iterable[str] = ()
) -> Loss:
    """What is at stake with a customer now.

    Args:
        profile: What the business knows of them; None for nothing.
        found: Their health, `explained`: cues exempt.
        worth: How it is reckoned.
        red_flags: Cues that fire at once; whoever has one is exempt.

    >>> from scoring.config import Scoring
    >>> from scoring.customer import Customer
    >>> from scoring.health import health
    >>> nobody = health(Customer(), 0, Scoring(), complete_to_ms=0)
    >>> worth = Worth("EUR", by_band=(("unknown", 10),))
    >>> at_stake(ProfileFacts(value=200.0), nobody, worth).loss_e2
    2000
    """
    segment = None if profile is None else getattr(profile, worth.segment)
    value_e2 = None if profile is None else _value_e2(profile.value)
    assumed = value_e2 is None
    if value_e2 is None and segment in worth.assumed:
        value_e2 = 100 * worth.assumed[segment]
    share = share_percent(found.distress_e2, found.band, worth)
    cues = {past.cue for part in found.distress for past in part.causes}
    exempt = next((cue for cue in (*worth.exempt, *red_flags) if cue in cues), None)
    return Loss(
        worth.unit,
        segment,
        value_e2,
        assumed,
        share,
        None if value_e2 is None else value_e2 * share // 100,
        exempt,
    )


def _value_e2(value: float | None) -> int | None:
    """Hundredths of a unit; None where a profile says nothing that can be a value."""
    if value is None or not math.isfinite(value) or not 0 <= value <= VALUE_MAX:
        return None
    return round(value * 100)


def share_percent(distress_e2: int | None, band: str, worth: Worth) -> int:
    """Share of a value that is at risk, in percent: the larger one of both ladders.

    >>> [share_percent(score, "watch", Worth("EUR")) for score in (None, 6_999, 8_500)]
    [2, 5, 30]
    """
    reached = (
        step.percent
        for step in worth.by_distress
        if distress_e2 is not None and distress_e2 >= step.from_e2
    )
    return max([0, *reached, *(percent for name, percent in worth.by_band if name == band)])


def with_medians(losses: Mapping[str, Loss]) -> dict[str, Loss]:
    """Give whoever has no value the median of those alike: of the segment, else of all.

    A median of an even number is the lower one of the middle two, so that it is a value there is.

    Args:
        losses: By customer.

    Returns:
        The same customers; who is known, or assumed by the configuration, is as before.

    >>> def loss(segment, value_e2):
    ...     return Loss("EUR", segment, value_e2, value_e2 is None, 50, None, None)
    >>> fleet = {"a": loss("gold", 100), "b": loss("gold", 300), "c": loss("gold", None)}
    >>> with_medians(fleet)["c"].loss_e2
    50
    """
    alike: dict[str | None, list[int]] = {}
    everybody: list[int] = []
    for one in losses.values():
        if one.value_e2 is not None and not one.assumed:
            alike.setdefault(one.segment, []).append(one.value_e2)
            everybody.append(one.value_e2)
    medians = {segment: median_low(values) for segment, values in alike.items()}
    of_all = median_low(everybody) if everybody else None

    def filled(one: Loss) -> Loss:
        value_e2 = medians.get(one.segment, of_all)
        if one.value_e2 is not None or value_e2 is None:
            return one
        loss_e2 = value_e2 * one.share_percent // 100
        return msgspec.structs.replace(one, value_e2=value_e2, assumed=True, loss_e2=loss_e2)

    return {name: filled(one) for name, one in losses.items()}
