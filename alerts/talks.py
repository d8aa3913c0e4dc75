"""Which views of conversations to tell: those that changed, each at most once a second.

Only conversations that have an id of their own are told. One that is not remembered any more is
taken back with a tombstone, so the topic holds what is followed and nothing else.

Next step: `alerts.fold` gives what is told its place in the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from alerts.outputs import At, ConversationRow, LinkedTo
from alerts.row import TalkShown
from scoring.config import Scoring
from scoring.customer import Customer
from scoring.talks import View, view

EMIT_MS: Final = 1_000
_encode: Final = msgspec.msgpack.Encoder(order="deterministic").encode


class Changed(NamedTuple):
    """What to tell of a customer's conversations.

    Attributes:
        views: Those that changed, least recent first.
        gone: Keys of those that are not remembered any more.
        shown: What has been told after this.
        due_ms: When one is due that was held back for the end of its second.
    """

    views: tuple[View, ...]
    gone: tuple[str, ...]
    shown: tuple[TalkShown, ...]
    due_ms: int | None


def changed(
    customer: Customer,
    shown: tuple[TalkShown, ...],
    at_ms: int,
    scoring: Scoring,
    *,
    complete_to_ms: int,
    known: Mapping[str, View] = {},
) -> Changed:
    """Compare how conversations stand with what has been told of them.

    Args:
        customer: Whose they are.
        shown: What has been told.
        at_ms: The moment.
        scoring: What they are scored with.
        complete_to_ms: All sources have been read up to here.
        known: Views of this moment that have been worked out already.

    >>> changed(Customer(), (TalkShown("t-1", 0, b""),), 5, Scoring(), complete_to_ms=5).gone
    ('t-1',)
    """
    before = {one.key: one for one in shown}
    views, after, due_ms = [], [], None
    for talk in customer.conversations:
        if not talk.named:
            continue
        told = before.pop(talk.key, None)
        now = known.get(talk.key)
        if now is None:
            now = view(customer, talk, at_ms, scoring, complete_to_ms=complete_to_ms)
        digest = _digest(now)
        if told is not None and told.digest == digest:
            after.append(told)
        elif told is None or at_ms >= told.emitted_ms + EMIT_MS:
            views.append(now)
            after.append(TalkShown(talk.key, at_ms, digest))
        else:
            after.append(told)
            held_ms = told.emitted_ms + EMIT_MS
            due_ms = held_ms if due_ms is None else min(due_ms, held_ms)
    return Changed(tuple(views), tuple(before), tuple(after), due_ms)


def _digest(now: View) -> bytes:
    """What counts as a change: whole points, and everything that is no time of a turn."""
    talk = now.talk
    facts = (
        now.state, now.distress_e2 // 100, now.reason, talk.waiting_since_ms, now.linked, talk.link,
        talk.touchpoint, talk.channel, talk.reopens, talk.hops, talk.handoffs,
    )  # fmt: skip
    return hashlib.blake2b(_encode(facts), digest_size=8).digest()


def conversation_row(
    now: View, *, customer: str, version: int, at_ms: int, config_hash: str, log: At
) -> ConversationRow:
    """One view as it is published."""
    talk = now.talk
    return ConversationRow(
        conversation=talk.key,
        customer=customer,
        version=version,
        as_of_ms=at_ms,
        opened_ms=talk.opened_ms,
        last_ms=talk.last_ms,
        state=now.state,
        distress_e2=now.distress_e2,
        reason=now.reason,
        waiting_since_ms=talk.waiting_since_ms,
        link=talk.link,
        channel=talk.channel,
        touchpoint=talk.touchpoint,
        linked=tuple(LinkedTo(one.conversation, one.reason) for one in now.linked),
        reopens=talk.reopens,
        hops=talk.hops,
        handoffs=talk.handoffs,
        config_hash=config_hash,
        log=log,
    )
