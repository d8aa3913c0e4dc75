"""An alert about nabz itself, in the form of those about customers: one notifier tells both.

It stands on no log: `customer` is empty, and `log` a coordinate that does not exist.

Next step: `alerts.standstill` and `alerts.storm` fill it in, the notifier routes and tells it.
"""

from __future__ import annotations

from alerts.lifecycle import alert_id
from alerts.outputs import At, Contribution, Transition, Waiting


def about_nabz(
    *,
    rule: str,
    fingerprint: str,
    seq: int,
    reason: str,
    measure: str,
    score_e2: int,
    cut_e2: int,
    cause: str,
    begun_ms: int,
    since_ms: int,
    opened_ms: int,
    ended_ms: int | None,
    complete_to_ms: int,
    labels: dict[str, str],
    config_hash: str,
    replay: str,
) -> Transition:
    """What such an alert has changed to: firing, or closed where it has ended.

    Args:
        rule: What routes, silences and holds call it.
        fingerprint: Identity; with `begun_ms` it names the episode.
        seq: 1 for the first change of the fingerprint.
        reason: As `Transition` has it.
        measure: What is counted, in hundredths in `score_e2`.
        score_e2: How much of it there is.
        cut_e2: Where it is raised, and cleared.
        cause: Name of the one contribution.
        begun_ms: When what it is about began.
        since_ms: From when the condition held.
        opened_ms: When the alert opened.
        ended_ms: When it closed; None while it is open.
        complete_to_ms: All had been read up to here.
        labels: Beside `kind: pipeline`, which all of them have.
        config_hash: Configuration it is about; empty for none.
        replay: Command that shows more.
    """
    over = ended_ms is not None
    return Transition(
        alert_id=alert_id(fingerprint, begun_ms),
        fingerprint=fingerprint,
        seq=seq,
        rule=rule,
        customer="",
        before="firing" if over else "inactive",
        after="closed" if over else "firing",
        reason=reason,
        notify=True,
        historical=False,
        shadow=False,
        severity="critical",
        measure=measure,
        score_e2=score_e2,
        raise_at_e2=cut_e2,
        clear_at_e2=cut_e2,
        change_e2=None,
        health_e2=None,
        confidence_e2=0,
        since_ms=since_ms,
        opened_ms=opened_ms,
        at_ms=opened_ms if ended_ms is None else ended_ms,
        event_ms=None,
        complete_to_ms=complete_to_ms,
        why=(Contribution(cause, score_e2),),
        waiting=Waiting("unknown"),
        contacts_24h=0,
        conversation=None,
        link=None,
        account=None,
        name=None,
        tier=None,
        language=None,
        labels={"kind": "pipeline", **labels},
        runbook=None,
        actor=None,
        config_hash=config_hash,
        log=At("", 0, -1),
        replay=replay,
    )
