"""What was kept back, looked at again: when it goes out, and in which message.

An opening that is still the last word on its alert is told once its reason has gone: by itself, in
one digest with others, in the message about its account, or never, as the reason and whoever ended
it say. It does no I/O.

Next step: `streams.notifier.desk` writes the records, `streams.notifier.courier` sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from alerts.delivery import Delivery, carried, digest, kept, released
from alerts.holds import Hold
from alerts.outputs import Transition
from alerts.pipeline import WAITING, Kept, Now, kept_back
from streams.notifier.outbox import Outbox

Verdict = Kept | Literal["send", "digest", "group"] | None
_DIGESTS = frozenset({"budget", "owner_budget"})


def freed(outbox: Outbox, now: Now, holds: Mapping[str, Hold], wall_ms: int) -> list[Delivery]:
    """What becomes of openings that were kept back and are still the last word.

    Args:
        outbox: Where they are.
        now: What is in force; with `caught_up`, what was too old when read goes out too.
        holds: All that are known by id, those that have ended too: they say what is to become
            of what they held.
        wall_ms: The wall clock.

    Returns:
        Newer records, a digest before its members; empty while the reasons last.
    """
    changed: list[Delivery] = []
    bundles: dict[tuple[str, str], list[Delivery]] = {}
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for key in outbox.waiting:
        one = outbox.lanes[key][-1]
        transition = outbox.transitions.get(one.notification_id)
        if transition is None:
            continue
        match _verdict(outbox, one, transition, now, holds, wall_ms):
            case "send":
                changed.append(released(one, wall_ms))
            case "digest":
                bundles.setdefault((one.channel, one.by or "budget"), []).append(one)
            case "group":
                groups.setdefault((one.channel, one.by or ""), []).append(one)
            case Kept() as why:
                changed.append(kept(one, why, wall_ms))
    for (_, cause), members in bundles.items():
        if len(members) == 1:  # a list of one says less than the message itself
            alone = released(members[0], wall_ms)
            outbox.allowance.recorded(alone)
            changed.append(alone)
        else:
            changed += _told_in(outbox, digest(members, cause=cause, now_ms=wall_ms), members)
    for (channel, account), members in groups.items():
        changed += _of_account(outbox, channel, account, members, now, wall_ms)
    return changed


def _told_in(outbox: Outbox, made: Delivery, members: list[Delivery]) -> list[Delivery]:
    outbox.allowance.recorded(made)
    return [made, *(carried(one, made, made.created_ms) for one in members)]


def _of_account(
    outbox: Outbox,
    channel: str,
    account: str,
    members: list[Delivery],
    now: Now,
    wall_ms: int,
) -> list[Delivery]:
    """Customers of one account who have waited for each other: one message, or an update of it."""
    lane = outbox.group(channel, account, wall_ms)
    if any(one.open for one in lane):
        return []  # what is on its way is answered first
    wait_ms = outbox.allowance.groups[channel].wait_ms
    if wall_ms - min(one.created_ms for one in members) < wait_ms:
        return []
    if not lane and len(members) == 1:
        (one,) = members
        transition = outbox.transitions[one.notification_id]
        about = replace(now, channel=channel)
        why = outbox.allowance.why_kept(transition, about, wall_ms, waited=True)
        return [released(one, wall_ms) if why is None else kept(one, why, wall_ms)]
    after = lane[-1] if lane else None
    made = digest(members, cause=account, now_ms=wall_ms, account=account, after=after)
    return _told_in(outbox, made, members)


def _verdict(
    outbox: Outbox,
    one: Delivery,
    transition: Transition,
    now: Now,
    holds: Mapping[str, Hold],
    wall_ms: int,
) -> Verdict:
    """What becomes of one opening that was kept back; None to leave it as it is."""
    hold = holds.get(one.by or "") if one.failure == "held" else None
    after = "send" if hold is None or hold.lasts(wall_ms) else hold.after
    if after == "discard":
        return Kept("discarded", one.by)
    grouped = one.failure == "group" and one.channel in outbox.allowance.groups
    bundle = one.failure in _DIGESTS or after == "digest"
    about = replace(now, channel=one.channel)
    if bundle or grouped:
        why = kept_back(transition, about)
    else:
        why = outbox.allowance.why_kept(transition, about, wall_ms)
    if why is not None:
        same = (why.reason, why.by) == (one.failure, one.by) or why.reason == "too_old"
        # Whose day was full is told in one message after the night, too.
        stays = one.failure == "owner_budget" and why.reason in WAITING
        return None if same or stays else why
    # An end before it, still on its way, goes out first.
    before = any(other.open for other in outbox.lanes[one.channel, one.alert_id])
    if grouped:
        return None if before else "group"
    if not bundle:
        return "send"
    if one.failure == "owner_budget":
        begun = outbox.allowance.begins(one.by or "", one.created_ms, wall_ms)
        return "digest" if begun and not before else None
    meter = outbox.allowance.meters.get(one.channel) if one.failure == "budget" else None
    if meter is not None and not meter.digest_due(wall_ms):
        return None
    return None if before else "digest"
