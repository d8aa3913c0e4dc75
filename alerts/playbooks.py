"""What to do next, by what hurts: a few steps in each language, and where to read on.

    playbooks:
      legal_threat:
        en: [Promise nothing in writing., Call legal.]
        fa: [...]
        link: https://wiki.example/legal
      contacts: null                  # no advice on these

The cause that adds most to distress is looked up first, by its cue, then by the part of distress it
counts to; then the next one. `playbooks.yaml` beside this module holds what ships: common sense,
assumed and not measured. `nabz playbooks outcomes` counts what followed alerts of each cause.

Next step: `alerts.message` puts the steps below what an alert says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

import msgspec
import yaml

from alerts import written
from alerts.grammar import KNOWN_CUES
from alerts.outputs import Transition
from alerts.written import RuleError, kind, known, meant
from scoring.records import FAMILIES

STEPS_MAX: Final = 4
STEP_MAX: Final = 200
LOCALES: Final = ("en", "fa")
_PARTS: Final = (
    *(one for one in FAMILIES if one != "relief"),
    "contacts",
    "displeasure",
    "waiting_now",
)
CAUSES: Final = tuple(dict.fromkeys((*KNOWN_CUES, *_PARTS)))
"""What there may be a playbook for: every cue, and the parts of distress."""


class Playbook(msgspec.Struct, frozen=True):
    """What to do about one cause: steps by language, and an address where to read on."""

    steps: Mapping[str, tuple[str, ...]]
    link: str | None = None


Playbooks = Mapping[str, Playbook]


def playbooks_from(tree: Any) -> dict[str, Playbook]:
    """Read playbooks by cause; `true` takes those that ship, and a mapping stands over them.

    Raises:
        RuleError: Names the cause, what was found and what to write.

    >>> sorted(playbooks_from(True)) == sorted(SHIPPED), playbooks_from(False)
    (True, {})
    >>> playbooks_from({"anger": {"en": ["Call."]}})["anger"].steps["en"]
    ('Call.',)
    """
    if isinstance(tree, bool):
        return dict(SHIPPED) if tree else {}
    return {cause: one for cause, one in {**SHIPPED, **_by_cause(tree)}.items() if one is not None}


def _by_cause(tree: Any) -> dict[str, Playbook | None]:
    if not isinstance(tree, Mapping):
        raise RuleError(f"playbooks: found {kind(tree)}; write true, or cause: {{en: [..]}}")
    for cause in tree:
        if cause not in CAUSES:
            raise RuleError(f"playbooks: unknown cause {cause!r}; {meant(cause, CAUSES)}")
    return {cause: None if one is None else _playbook(cause, one) for cause, one in tree.items()}


def _playbook(cause: str, one: Any) -> Playbook:
    where = f"playbooks.{cause}"
    if not isinstance(one, Mapping):
        raise RuleError(f"{where}: found {kind(one)}; write {{en: [..], fa: [..], link: ..}}")
    known(one, (*LOCALES, "link"), where)
    steps = {
        locale: _steps(one[locale], f"{where}.{locale}") for locale in LOCALES if locale in one
    }
    if not steps:
        raise RuleError(f"{where}: has no steps; write {{en: [..]}}, {{fa: [..]}} or both")
    return Playbook(steps, written.text(one.get("link"), f"{where}.link"))


def _steps(value: Any, where: str) -> tuple[str, ...]:
    fits = isinstance(value, list | tuple) and 0 < len(value) <= STEPS_MAX
    if not fits or not all(isinstance(step, str) and 0 < len(step) <= STEP_MAX for step in value):
        raise RuleError(
            f"{where}: found {kind(value)}; write a list of 1 to {STEPS_MAX} sentences of at most"
            f" {STEP_MAX} characters"
        )
    return tuple(value)


SHIPPED: Final[Playbooks] = {
    cause: _playbook(cause, one)
    for cause, one in yaml.safe_load(
        resources.files("alerts").joinpath("playbooks.yaml").read_text("utf-8")
    ).items()
}
"""What ships, by cause."""


def causes_of(transition: Transition) -> Iterator[str]:
    """What hurts, by name, the most telling first: cues of a part, then the part itself."""
    rising = [part for part in transition.why if part.points_e2 > 0]
    for part in sorted(rising, key=lambda one: (-one.points_e2, one.name)):
        strongest = sorted(part.evidence, key=lambda one: (-one.points_e2, one.cue))
        yield from (one.cue for one in strongest if one.points_e2 > 0)
        yield part.name


def playbook_for(transition: Transition, playbooks: Playbooks) -> Playbook | None:
    """The playbook of the cause that hurts most and has one; None where none has."""
    return next((playbooks[one] for one in causes_of(transition) if one in playbooks), None)
