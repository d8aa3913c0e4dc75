"""Values of the public topics, as a worker might publish them."""

from __future__ import annotations

from msgspec.structs import replace

from alerts.outputs import (
    At,
    Contribution,
    Evidence,
    HealthRow,
    Quality,
    Transition,
    Waiting,
)

LOG = At("nabz.customer-log.v1", 1, 40)
SAID = Evidence("anger", 50_000, 1_500, "worst service ever", At("nabz.events.v1", 2, 17))
SAID_IN_PERSIAN = Evidence("no_answer", 55_000, 900, "کسی جواب نمیده", At("nabz.events.v1", 2, 18))
WHY = (
    Contribution("feeling", 4_500, "assumed", (SAID,)),
    Contribution("waiting", 2_000, "assumed", (SAID_IN_PERSIAN,)),
    Contribution("relief", -500),
)

ROW = HealthRow(
    customer="c-102",
    version=3,
    as_of_ms=60_000,
    event_ms=59_000,
    complete_to_ms=50_000,
    health_e2=4_100,
    distress_e2=7_450,
    band="at_risk",
    confidence_e2=60,
    trend_e2=None,
    reason="feeling",
    health=(),
    distress=WHY,
    quality=Quality(timely=True, read_ratio_e2=100),
    waiting=Waiting("yes", 18_000, "t-1"),
    contacts_24h=2,
    open_alerts=1,
    account=None,
    name="مینا سرمدی",
    tier=None,
    language="fa",
    config_hash="abc",
    log=LOG,
)

FIRING = Transition(
    alert_id="4b8c1d4e-0a0b-5b1c-9d55-0b4f6f2f6a11",
    fingerprint="customer-distress:c-102",
    seq=1,
    rule="customer-distress",
    customer="c-102",
    before="inactive",
    after="firing",
    reason="raised",
    notify=True,
    historical=False,
    shadow=False,
    severity="warning",
    measure="distress",
    score_e2=7_450,
    raise_at_e2=6_000,
    clear_at_e2=4_500,
    change_e2=None,
    health_e2=4_100,
    confidence_e2=60,
    since_ms=60_000,
    opened_ms=60_000,
    at_ms=60_000,
    event_ms=59_000,
    complete_to_ms=50_000,
    why=WHY,
    waiting=Waiting("yes", 18_000, "t-1"),
    contacts_24h=2,
    conversation="t-1",
    link=None,
    account=None,
    name="مینا سرمدی",
    tier=None,
    language="fa",
    labels={},
    runbook=None,
    actor=None,
    config_hash="abc",
    log=LOG,
    replay="nabz why c-102 --alert 4b8c1d4e-0a0b-5b1c-9d55-0b4f6f2f6a11",
)


def later(row: HealthRow, **changes: object) -> HealthRow:
    """A newer row of the same customer."""
    at = replace(row.log, offset=row.log.offset + 1)
    return replace(row, version=row.version + 1, log=at, **changes)


def closed(one: Transition, *, at_ms: int) -> Transition:
    """The end of an alert."""
    return replace(
        one, seq=one.seq + 1, before="recovering", after="closed", reason="recovered",
        at_ms=at_ms, score_e2=3_000,
    )  # fmt: skip
