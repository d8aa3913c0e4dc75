"""When somebody should be told: rules, as code.

A rule looks at one measure of a customer's health, or at conditions over anything that is known of
a customer or of one of their conversations, has a band per severity with separate raising and
clearing cuts, and says how long a condition must hold. A rule is identified by its id alone:
whatever else of it changes, its open alerts stay the same alerts. `rules.yaml` beside this module
holds where nothing else is configured; its cuts are assumptions until measured on your data.

Next step: `alerts.lifecycle.step` moves an episode of a rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from alerts import written
from alerts.conditions import Condition, Level, State, leaves
from alerts.fields import NUMBERS, STATES, Entity
from alerts.grammar import condition_from
from alerts.hits import Hits, hits_from
from alerts.red_flags import red_flags_from
from alerts.written import RuleError, duration, flag, kind, known, labels, points, text

Measure = Literal["distress", "health"]

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class Cuts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a severity begins and ends, in hundredths; the gap keeps alerts from flapping."""

    raise_at_e2: int
    clear_at_e2: int


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One reason to tell somebody about a customer, or about a conversation.

    Attributes:
        id: Identity; with the customer (and conversation) it makes the fingerprint of an alert.
        measure: `distress` raises upwards, `health` downwards.
        warning: Cuts of the lower severity; without meaning where there is `when`.
        critical: Cuts of the higher one, None for none.
        for_ms: How long the condition must hold before it fires.
        clear_for_ms: How long it must be over before the alert is closed as recovered.
        expire_after_ms: No event for this long closes it as expired, unless somebody waits for us.
        reopen_ms: Raised again this soon after a close, it is the same alert.
        red_flags: Cue codes that fire at once, whatever the score.
        labels: For routing.
        runbook: What to do, an address.
        shadow: Recorded, told to nobody.
        entity: What it is about; a conversation's rule has an episode for each that is remembered.
        when: Conditions in place of measure and cuts.
        critical_when: Conditions of the higher severity.
        warmup_ms: For so long after a customer's first event nothing fires but red flags.
        min_events: Nothing fires but red flags before so many events of the customer.
        playbook: Next steps by cause, an address.
        min_precision_e2: Share of alerts that should be right, in hundredths; None for no wish.
        hits: How often it must be raised before it fires, in place of `for_ms`; None for that.
        due_ms: Something must be done within so much business time of the owner; None for no wish.
    """

    id: str
    measure: Measure = "distress"
    warning: Cuts = Cuts(7_000, 5_500)
    critical: Cuts | None = Cuts(8_500, 7_500)
    for_ms: int = 0
    clear_for_ms: int = 10 * _MINUTE_MS
    expire_after_ms: int = 24 * _HOUR_MS
    reopen_ms: int = 30 * _MINUTE_MS
    red_flags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    runbook: str | None = None
    shadow: bool = False
    entity: Entity = "customer"
    when: Condition | None = None
    critical_when: Condition | None = None
    warmup_ms: int = 0
    min_events: int = 1
    playbook: str | None = None
    min_precision_e2: int | None = None
    hits: Hits | None = None
    due_ms: int | None = None

    def __post_init__(self) -> None:
        """Refuse fields this release does not know: a newer one may have put them in force."""
        for condition in (self.when, self.critical_when):
            for leaf in () if condition is None else leaves(condition):
                fields = NUMBERS if isinstance(leaf, Level) else STATES
                if isinstance(leaf, Level | State) and leaf.field not in fields[self.entity]:
                    raise ValueError(f"rule {self.id}: field {leaf.field} is unknown")


def rules_from(tree: Any) -> tuple[Rule, ...]:
    """Read rules as written in YAML: a list, or a mapping with `rules`, a `preset`, or both.

    Args:
        tree: What a YAML reader made of the file; `tests` in it are for `nabz rules test`. A rule
            of its own replaces the one of the preset with the same id.

    Raises:
        RuleError: Names the rule, the field, what was found and what is meant.

    >>> rules_from([{"id": "angry", "raise_at": 60, "clear_at": 40, "critical": None}])[0].warning
    Cuts(raise_at_e2=6000, clear_at_e2=4000)
    """
    preset: tuple[Rule, ...] = ()
    if isinstance(tree, Mapping):
        known(tree, ("rules", "preset", "tests"), "the file of rules")
        if "preset" in tree:
            preset = _preset(tree["preset"])
            tree = tree.get("rules", ())
        else:
            tree = tree.get("rules")
    if not isinstance(tree, list | tuple):
        raise RuleError(
            f"rules are a list, found {kind(tree)}; start with `rules:` and `- id: ...`"
        )
    rules = tuple(_rule(one, number) for number, one in enumerate(tree))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise RuleError(f"rule {rule.id}: the id is given twice; an id names one rule")
        seen.add(rule.id)
    return (*(rule for rule in preset if rule.id not in seen), *rules)


def _preset(name: Any) -> tuple[Rule, ...]:
    from alerts.presets import PRESETS  # reads three files, and few ask

    if name not in PRESETS:
        raise RuleError(f"preset: found {name!r}; {written.meant(name, PRESETS)}")
    return rules_from(PRESETS[name])


FIELDS: Final = (
    "id", "entity", "measure", "raise_at", "clear_at", "when", "critical", "for", "clear_for",
    "expire_after", "reopen_within", "warmup", "min_events", "red_flags", "labels", "runbook",
    "playbook", "min_precision", "shadow", "due",
)  # fmt: skip
"""Fields of a rule as written."""


def _rule(one: Any, number: int) -> Rule:
    where = f"rules[{number}]"
    if not isinstance(one, Mapping):
        raise RuleError(f"{where}: a rule is a mapping with an id, found {kind(one)}")
    name = one.get("id")
    if not isinstance(name, str) or _ID.fullmatch(name) is None:
        raise RuleError(f"{where}.id: found {name!r}; write small letters, digits, - and _")
    where = f"rule {name}"
    known(one, FIELDS, where)
    entity = one.get("entity", "customer")
    if entity not in ("customer", "conversation"):
        raise RuleError(f"{where}.entity: found {entity!r}; write customer or conversation")
    plain = Rule(name)
    least = one.get("min_precision")
    held = one.get("for")
    return Rule(
        id=name,
        **(
            {"hits": hits_from(held, f"{where}.for")}
            if isinstance(held, Mapping)
            else {"for_ms": _length(one, "for", plain.for_ms, where)}
        ),
        clear_for_ms=_length(one, "clear_for", plain.clear_for_ms, where),
        expire_after_ms=_length(one, "expire_after", plain.expire_after_ms, where),
        reopen_ms=_length(one, "reopen_within", plain.reopen_ms, where),
        warmup_ms=_length(one, "warmup", plain.warmup_ms, where),
        min_events=written.whole(
            one.get("min_events", plain.min_events),
            f"{where}.min_events",
            least=1,
            most=1_000,
            what="events",
        ),
        red_flags=red_flags_from(one.get("red_flags", ()), f"{where}.red_flags"),
        labels=labels(one.get("labels", {}), f"{where}.labels"),
        runbook=text(one.get("runbook"), f"{where}.runbook"),
        playbook=text(one.get("playbook"), f"{where}.playbook"),
        min_precision_e2=None
        if least is None
        else written.number(least, f"{where}.min_precision", least=0, most=1, what="a share"),
        shadow=flag(one.get("shadow", False), f"{where}.shadow"),
        due_ms=_due(one.get("due"), f"{where}.due"),
        entity=entity,
        **(_conditions(one, entity, where) if "when" in one else _measured(one, entity, where)),
    )


def _due(value: Any, where: str) -> int | None:
    if value is None:
        return None
    length = duration(value, where)
    if not length:
        raise RuleError(f"{where}: found {value!r}; nobody acts in no time, write 4h, or null")
    return length


def _conditions(one: Mapping[Any, Any], entity: Entity, where: str) -> dict[str, Any]:
    """The fields of a rule that has conditions."""
    for field in ("measure", "raise_at", "clear_at"):
        if field in one:
            raise RuleError(f"{where}.{field}: stands beside `when`; write one or the other")
    when = condition_from(one["when"], f"{where}.when", entity)
    critical = one.get("critical")
    if critical is None:
        return {"when": when, "critical": None}
    if not isinstance(critical, Mapping):
        raise RuleError(f"{where}.critical: found {kind(critical)}; write {{when: ..}}")
    known(critical, ("when",), f"{where}.critical")
    if "when" not in critical:
        raise RuleError(f"{where}.critical.when: is missing; write a condition")
    worse = condition_from(critical["when"], f"{where}.critical.when", entity)
    return {"when": when, "critical": None, "critical_when": worse}


def _measured(one: Mapping[Any, Any], entity: Entity, where: str) -> dict[str, Any]:
    """The fields of a rule that has a measure and cuts."""
    measure = one.get("measure", "distress")
    known_measures = ("distress", "health") if entity == "customer" else ("distress",)
    if measure not in known_measures:
        raise RuleError(f"{where}.measure: found {measure!r}; write {' or '.join(known_measures)}")
    plain = Rule("")
    upwards = measure == "distress"
    default = plain.warning if upwards else Cuts(3_000, 4_000)
    warning = _cuts(one, default, where, upwards=upwards)
    critical = _critical(one, plain.critical if upwards else None, where, upwards=upwards)
    if critical is not None and not _below(
        warning.raise_at_e2, critical.raise_at_e2, upwards=upwards
    ):
        raise RuleError(
            f"{where}.critical.raise_at: must lie beyond raise_at, or it is never reached"
        )
    return {"measure": measure, "warning": warning, "critical": critical}


def _cuts(one: Mapping[Any, Any], default: Cuts, where: str, *, upwards: bool) -> Cuts:
    raise_at = one.get("raise_at", default.raise_at_e2 / 100)
    clear_at = one.get("clear_at", default.clear_at_e2 / 100)
    cuts = Cuts(points(raise_at, f"{where}.raise_at"), points(clear_at, f"{where}.clear_at"))
    if not _below(cuts.clear_at_e2, cuts.raise_at_e2, upwards=upwards):
        side = "below" if upwards else "above"
        raise RuleError(
            f"{where}.clear_at: found {clear_at}, must lie {side} raise_at ({raise_at})"
        )
    return cuts


def _below(milder: int, worse: int, *, upwards: bool) -> bool:
    return milder < worse if upwards else milder > worse


def _critical(
    one: Mapping[Any, Any], default: Cuts | None, where: str, *, upwards: bool
) -> Cuts | None:
    if "critical" not in one:
        return default
    given = one["critical"]
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise RuleError(f"{where}.critical: found {kind(given)}; write raise_at and clear_at")
    known(given, ("raise_at", "clear_at"), f"{where}.critical")
    for field in ("raise_at", "clear_at"):
        if field not in given:
            raise RuleError(f"{where}.critical.{field}: is missing; write a number of points")
    return _cuts(given, Cuts(0, 0), f"{where}.critical", upwards=upwards)


def _length(one: Mapping[Any, Any], field: str, default_ms: int, where: str) -> int:
    value = one.get(field)
    return default_ms if value is None else duration(value, f"{where}.{field}")
