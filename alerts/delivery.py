"""The life of one message to one channel, and what a lane of them does next.

A lane holds the deliveries of one alert to one channel, in order. Nothing is sent past an
unanswered one; what a newer one makes pointless is superseded; a close goes out exactly where an
opening did or may have. What was held back may be told in one digest: its members share the fate of
that message, and their closes go out each by itself. Everything here is a function of records, so a
restart that reads `nabz.deliveries.v1` goes on where the last process stopped.

Next step: `streams.notifier.outbox` keeps the lanes, `streams.notifier.courier` sends.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, assert_never

import msgspec
from msgspec.structs import replace

from alerts import standstill, storm
from alerts.channels.base import FailureReason, Limits, Outcome, Refused, Retry, Sent
from alerts.ladder import Saying
from alerts.message import NAMESPACE, Kind, kind_of, notification_id
from alerts.outputs import At, Transition
from alerts.pipeline import Kept
from alerts.standstill import Standstill
from alerts.storm import Storm
from scoring.decoding import decoded

State = Literal[
    "pending",
    "sending",
    "sent",
    "failed_temp",
    "failed_perm",
    "dead",
    "superseded",
    "suppressed",
    "bundled",
]
OPEN: Final[frozenset[State]] = frozenset({"pending", "sending", "failed_temp"})
CLOSING: Final[frozenset[Kind]] = frozenset(
    {"recovered", "expired", "closed", "fired_and_recovered"}
)
BACKOFF_MIN_MS: Final = 1_000
BACKOFF_MAX_MS: Final = 300_000
_NOWHERE: Final = At("", 0, -1)
HELD: Final = frozenset({"auth", "gone", "not_found", "address"})
"""Refusals a person can cure without touching the message: it stays in the queue."""


class Delivery(msgspec.Struct, frozen=True):
    """Value of `nabz.deliveries.v1`: the newest state of one message to one channel.

    Attributes:
        notification_id: The key.
        kind: What the message says; a close that caught up with its opening says both.
        reason: Why the transition happened.
        state: How far it is. `sending` found after a restart is ambiguous: sent again, same id.
            `bundled` is part of a digest that is still to be sent.
        attempt: Calls begun.
        next_retry_ms: Not before then; null when nothing is planned.
        failure: Why it was kept back, failed or was superseded; a closed set.
        http_status: The receiver's last answer.
        provider_ref: The receiver's own name of the message.
        ambiguous: Some call ended without an answer: the receiver may have it.
        offset: Where the transition stands in `nabz.transitions.v1`; -1 with `about` or `storm`,
            and for a list.
        log: Where in the customer log it was decided; nowhere with either.
        created_ms: When it was planned, or planned anew after it was kept back.
        version: Rises with every record of the key.
        by: Id of the hold that keeps it back, or of the digest that tells it.
        about: The source that stands still, where the message is about none of the customers.
        storm: The storm of openings, where it is about that.
        number: Which reminder or rung of the ladder it is, from 1; 0 for what is neither.
        person: Whom it reaches as themselves, null where a route names the channel.
        instead: Channel that takes nothing and that this one stands in for, null for none.
    """

    notification_id: str
    channel: str
    alert_id: str
    fingerprint: str
    seq: int
    kind: Kind
    reason: str
    state: State
    attempt: int
    next_retry_ms: int | None
    failure: str | None
    http_status: int | None
    provider_ref: str | None
    ambiguous: bool
    offset: int
    log: At
    created_ms: int
    updated_ms: int
    version: int = 1
    by: str | None = None
    about: Standstill | None = None
    storm: Storm | None = None
    number: int = 0
    person: str | None = None
    instead: str | None = None

    @property
    def open(self) -> bool:
        """Something remains to be done."""
        return self.state in OPEN

    @property
    def of_nabz(self) -> Standstill | Storm | None:
        """What of nabz itself it tells; None where it is about customers."""
        return self.storm if self.about is None else self.about

    @property
    def closing(self) -> bool:
        """It tells of an end."""
        return self.kind in CLOSING


_decoder: Final[msgspec.json.Decoder[Delivery]] = msgspec.json.Decoder(Delivery)


def decode_delivery(data: bytes) -> Delivery:
    """Decode a value of `nabz.deliveries.v1`.

    Raises:
        msgspec.DecodeError: It is none.
    """
    return decoded(_decoder.decode, data, "delivery")


def said_of(one: Standstill | Storm) -> Transition:
    """What there is to say of nabz itself, in the form of what is said of customers."""
    return standstill.transition(one) if isinstance(one, Standstill) else storm.transition(one)


def _changed(delivery: Delivery, now_ms: int, **changes: Any) -> Delivery:
    return replace(delivery, updated_ms=now_ms, version=delivery.version + 1, **changes)


def _first(
    *,
    name: str,
    channel: str,
    alert_id: str,
    fingerprint: str,
    seq: int,
    kind: Kind,
    reason: str,
    now_ms: int,
    offset: int = -1,
    log: At = _NOWHERE,
    person: str | None = None,
) -> Delivery:
    """The first record of a message that may be sent at once."""
    return Delivery(
        notification_id=name,
        channel=channel,
        alert_id=alert_id,
        fingerprint=fingerprint,
        seq=seq,
        kind=kind,
        reason=reason,
        state="pending",
        attempt=0,
        next_retry_ms=now_ms,
        failure=None,
        http_status=None,
        provider_ref=None,
        ambiguous=False,
        offset=offset,
        log=log,
        created_ms=now_ms,
        updated_ms=now_ms,
        person=person,
    )


def planned(
    transition: Transition,
    *,
    channel: str,
    offset: int,
    now_ms: int,
    kept: Kept | None = None,
    about: Standstill | Storm | None = None,
    person: str | None = None,
) -> Delivery:
    """The first record of a message: pending, or suppressed with the reason."""
    first = _first(
        name=notification_id(
            transition.alert_id, channel, seq=transition.seq, reason=transition.reason
        ),
        channel=channel,
        alert_id=transition.alert_id,
        fingerprint=transition.fingerprint,
        seq=transition.seq,
        kind=kind_of(transition),
        reason=transition.reason,
        now_ms=now_ms,
        offset=offset,
        log=transition.log,
        person=person,
    )
    match about:
        case Standstill():
            first = replace(first, about=about)
        case Storm():
            first = replace(first, storm=about)
        case None:
            pass
    if kept is None:
        return first
    return replace(first, state="suppressed", next_retry_ms=None, failure=kept.reason, by=kept.by)


def untaken(opening: Delivery, saying: Saying) -> Delivery:
    """The same as a reminder of what it tells, or as a rung of the ladder."""
    return replace(
        opening,
        notification_id=notification_id(
            opening.alert_id,
            opening.channel,
            seq=opening.seq,
            reason=saying.reason,
            repeat_no=saying.number,
        ),
        kind="repeat" if saying.reason == "repeat" else "unanswered",
        reason=saying.reason,
        number=saying.number,
        person=saying.person if opening.person is None else opening.person,
    )


def stand_in(opening: Delivery, instead: str) -> Delivery:
    """The same as a message that stands in for one to another channel."""
    return replace(
        opening,
        notification_id=notification_id(
            opening.alert_id, opening.channel, seq=opening.seq, reason="fallback"
        ),
        reason="fallback",
        instead=instead,
    )


def digest(
    members: Sequence[Delivery],
    *,
    cause: str,
    now_ms: int,
    account: str | None = None,
    after: Delivery | None = None,
) -> Delivery:
    """The first record of one message that stands for several openings to one channel.

    Args:
        members: At least one, all to the same channel.
        cause: What held them, part of the identity.
        now_ms: When it is planned; part of the identity too, so that it never meets an older one.
        account: The account whose customers they are, where that is what they share.
        after: The message of that account it is an update of.
    """
    first = min(members, key=lambda one: one.notification_id)
    mark = f"digest|{first.channel}|{cause}|{now_ms}|{first.notification_id}"
    alert_id = f"digest-{uuid.uuid5(NAMESPACE, f'{mark}|alert')}"
    people = {one.person for one in members}
    made = _first(
        name=str(uuid.uuid5(NAMESPACE, mark)),
        channel=first.channel,
        alert_id=alert_id if after is None else after.alert_id,
        fingerprint=group_of(first.channel, account),
        seq=1 if after is None else after.seq + 1,
        kind="digest",
        reason="digest" if account is None else "group",
        now_ms=now_ms,
        offset=first.offset,
        log=first.log,
        person=people.pop() if len(people) == 1 else None,
    )
    return replace(made, instead=first.instead)


def listed(reason: str, *, channel: str, person: str, day: int, now_ms: int) -> Delivery:
    """The first record of a list for a person: one a day, reason, person and channel.

    Args:
        reason: `morning` or `weekly`.
        channel: Where it goes.
        person: Whose it is.
        day: Their local day, as days since 1970-01-01.
        now_ms: When it is planned.
    """
    mark = f"{reason}|{person}|{day}"
    return _first(
        name=notification_id(mark, channel, seq=day, reason=reason),
        channel=channel,
        alert_id=f"{reason}-{uuid.uuid5(NAMESPACE, mark)}",
        fingerprint=f"~{reason}|{person}",
        seq=day,
        kind="list",
        reason=reason,
        now_ms=now_ms,
        person=person,
    )


def group_of(channel: str, account: str | None) -> str:
    """What the messages about one account in one channel have in common, and those about several.

    >>> group_of("ops", "Acme"), group_of("ops", None)
    ('~group|ops|Acme', '~digest|ops')
    """
    return f"~digest|{channel}" if account is None else f"~group|{channel}|{account}"


def carried(member: Delivery, by: Delivery, now_ms: int) -> Delivery:
    """What the present state of a digest makes of one of its members."""
    state: State
    match by.state:
        case "sending" | "sent" | "dead" | "failed_perm" | "superseded":
            state = by.state
        case _:
            state = "bundled"
    return _changed(
        member,
        now_ms,
        state=state,
        failure=by.failure,
        http_status=by.http_status,
        ambiguous=member.ambiguous or by.ambiguous,
        next_retry_ms=None,
        by=by.notification_id,
    )


def kept(delivery: Delivery, why: Kept, now_ms: int) -> Delivery:
    """An opening that was on its way, or waits for another reason, and is kept back now."""
    return _changed(
        delivery, now_ms, state="suppressed", failure=why.reason, by=why.by, next_retry_ms=None
    )


def postponed(delivery: Delivery, why: Kept, now_ms: int) -> Delivery:
    """A close or a digest that waits until what keeps it back has ended; it stays pending."""
    return _changed(delivery, now_ms, failure=why.reason, by=why.by)


def sending(delivery: Delivery, now_ms: int) -> Delivery:
    """The record written before the call."""
    return _changed(
        delivery, now_ms, state="sending", attempt=delivery.attempt + 1, next_retry_ms=None
    )


def interrupted(delivery: Delivery, now_ms: int) -> Delivery:
    """A `sending` that nobody waits for any more: ambiguous, due at once under the same id."""
    return _changed(delivery, now_ms, state="failed_temp", ambiguous=True, next_retry_ms=now_ms)


def released(delivery: Delivery, now_ms: int) -> Delivery:
    """An opening that was kept back, and is still true now that the reason has gone."""
    return _changed(
        delivery,
        now_ms,
        state="pending",
        failure=None,
        by=None,
        next_retry_ms=now_ms,
        created_ms=now_ms,  # giving up is counted from here, and so is the channel's budget
    )


def lost(delivery: Delivery, now_ms: int) -> Delivery:
    """Its transition is no longer in the topic: nothing can be said any more."""
    return _changed(delivery, now_ms, state="dead", failure="internal", next_retry_ms=None)


def backoff_ms(attempt: int, jitter: float) -> int:
    """Full jitter: anything up to a bound that doubles from 1 s to 5 min.

    >>> [backoff_ms(attempt, 1.0) for attempt in (1, 2, 9, 10, 1000)]
    [1000, 2000, 256000, 300000, 300000]
    >>> backoff_ms(5, 0.0)
    0
    """
    bound = (
        BACKOFF_MAX_MS
        if attempt > 9
        else min(BACKOFF_MAX_MS, BACKOFF_MIN_MS << max(0, attempt - 1))
    )
    return int(bound * jitter)


def after(
    outcome: Outcome, delivery: Delivery, now_ms: int, jitter: float, limits: Limits
) -> Delivery:
    """The record written after the call.

    Args:
        outcome: What the channel made of the answer.
        delivery: In state `sending`.
        now_ms: When the answer came.
        jitter: In [0, 1].
        limits: The channel's; they say when to give up.
    """
    match outcome:
        case Sent(ref, status):
            return _changed(
                delivery,
                now_ms,
                state="sent",
                failure=None,
                by=None,
                http_status=status,
                provider_ref=ref,
                next_retry_ms=None,
            )
        case Retry(after_ms, reason, status, ambiguous):
            wait = backoff_ms(delivery.attempt, jitter) if after_ms is None else after_ms
            return _failed(delivery, now_ms, wait, reason, status, ambiguous=ambiguous, of=limits)
        case Refused(reason, status) if reason in HELD:
            return _failed(delivery, now_ms, BACKOFF_MAX_MS, reason, status, of=limits)
        case Refused(reason, status):
            return _changed(
                delivery,
                now_ms,
                state="failed_perm",
                failure=reason,
                http_status=status,
                next_retry_ms=None,
            )
        case _:
            assert_never(outcome)


def _failed(
    delivery: Delivery,
    now_ms: int,
    wait: int,
    reason: FailureReason,
    status: int | None,
    *,
    of: Limits,
    ambiguous: bool = False,
) -> Delivery:
    next_ms = now_ms + wait
    gives_up = next_ms - delivery.created_ms > of.give_up_ms
    return _changed(
        delivery,
        now_ms,
        state="dead" if gives_up else "failed_temp",
        failure=reason,
        http_status=status,
        ambiguous=delivery.ambiguous or ambiguous,
        next_retry_ms=None if gives_up else next_ms,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What a lane does next.

    Attributes:
        changed: Records to write first; none of them is sent.
        send: The delivery to send, None where there is none yet.
        due_ms: When to ask again if nothing is to be sent; None if only a new record changes it.
    """

    changed: tuple[Delivery, ...] = ()
    send: Delivery | None = None
    due_ms: int | None = None


def superseded(delivery: Delivery, now_ms: int) -> Delivery:
    """Something newer makes it pointless."""
    return _changed(delivery, now_ms, state="superseded", failure="superseded", next_retry_ms=None)


def _nothing_to_close(delivery: Delivery, now_ms: int) -> Delivery:
    return _changed(
        delivery, now_ms, state="suppressed", failure="nothing_to_close", next_retry_ms=None
    )


def _known(lane: Sequence[Delivery]) -> tuple[bool, bool]:
    """Since the last close that was sent: was an opening sent, and was one at least on its way?"""
    told = tried = False
    for one in lane:
        if one.closing:
            if one.state == "sent":
                told = tried = False
        else:
            told = told or one.state == "sent"
            tried = tried or one.open or one.ambiguous
    return told, tried


def step(lane: Sequence[Delivery], now_ms: int) -> Step:
    """Decide what a lane does next.

    The newest open delivery is the one worth sending: what stands before it is out of date. A close
    goes out if an opening was sent or may have been; it says both if the receiver has seen nothing
    for certain; if no opening was ever on its way it is recorded as `nothing_to_close`.

    Args:
        lane: All deliveries of one alert to one channel, oldest first.
        now_ms: The wall clock.
    """
    if any(one.state == "sending" for one in lane):
        return Step()
    waiting = [one for one in lane if one.open]
    if not waiting:
        return Step()
    newest = waiting[-1]
    before = lane[: lane.index(newest)]
    stale = tuple(superseded(one, now_ms) for one in before if one.open or one.state == "bundled")
    # A receiver that asked for time is given it by the newer message too.
    not_before = max(now_ms if one.next_retry_ms is None else one.next_retry_ms for one in waiting)
    if not_before > max(now_ms, newest.next_retry_ms or 0):
        newest = _changed(newest, now_ms, next_retry_ms=not_before)
    if newest.closing:
        told, tried = _known(before)
        if not told and not tried and newest.kind != "fired_and_recovered":
            return Step((_nothing_to_close(newest, now_ms), *stale))
        if not told:
            newest = _changed(newest, now_ms, kind="fired_and_recovered")
    # The one that lives on goes first: a crash between the two must not lose that it says both.
    changed = stale if newest is waiting[-1] else (newest, *stale)
    due_ms = now_ms if newest.next_retry_ms is None else newest.next_retry_ms
    if due_ms > now_ms:
        return Step(changed, due_ms=due_ms)
    return Step(changed, send=newest)
