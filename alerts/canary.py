"""A customer who does not exist: what is written of them shows that everything still works.

A worker writes of the canary at regular times. That goes the way of all events: it is mapped, read
and appended to the log, folded into a row and stored. Here the row's outputs are left out, so that
the canary is in nobody's list and raises no alert, and one transition is told instead, which asks
nobody to be told: whoever reads it knows how long the way took.

Next step: `streams.worker.track` puts the echo in place, `streams.notifier.desk` hears it.
"""

from __future__ import annotations

from typing import Final

from alerts import lifecycle
from alerts.fold import LOG_TOPIC, Entry, Folded
from alerts.outputs import At, Checkpoint, FoldFailed, Output, Transition, Waiting
from scoring.records import Signal

CANARY: Final = "~canary"
"""Its id; no customer's begins with `~`."""
RULE: Final = "canary"


def unseen(folded: Folded, entry: Entry, config_hash: str) -> tuple[Output, ...]:
    """What is published of the canary in place of the fold's outputs.

    Args:
        folded: What `fold` made of the entry.
        entry: A record of the canary.
        config_hash: Configuration it was folded under.

    Returns:
        Checkpoints and failures as they are, and the echo of an event that was folded.
    """
    kept = tuple(one for one in folded.outputs if isinstance(one, Checkpoint | FoldFailed))
    record = entry.record
    if folded.result != "folded" or not isinstance(record, Signal):
        return kept
    row = folded.row
    echo = Transition(
        alert_id=CANARY,
        fingerprint=lifecycle.fingerprint(RULE, CANARY, ""),
        seq=row.folded,
        rule=RULE,
        customer=CANARY,
        before="inactive",
        after="inactive",
        reason=RULE,
        notify=False,
        historical=False,
        shadow=True,
        severity="warning",
        measure="distress",
        score_e2=0,
        raise_at_e2=0,
        clear_at_e2=0,
        change_e2=None,
        health_e2=None,
        confidence_e2=0,
        since_ms=record.ts_ms,
        opened_ms=None,
        at_ms=row.now_ms,
        event_ms=record.ts_ms,
        complete_to_ms=row.complete_ms,
        why=(),
        waiting=Waiting("no"),
        contacts_24h=0,
        conversation=None,
        link=None,
        account=None,
        name=None,
        tier=None,
        language=None,
        labels={},
        runbook=None,
        actor=None,
        config_hash=config_hash,
        log=At(LOG_TOPIC, entry.partition, entry.offset, len(kept), entry.epoch),
        replay="",
    )
    return (*kept, echo)
