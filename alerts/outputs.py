"""What a fold tells the world: health rows, alerts, transitions, dead letters. The public contract.

All are JSON objects with named fields; scores and points are integers in hundredths (`_e2`), so
that a reader's sum is exact too; times are milliseconds since the epoch. Each carries where in the
log it was decided (`log`) and under which configuration. Absent is null, never 0.

Next step: `streams.codec` puts them on their topics with CloudEvents headers.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from scoring.decoding import decoded

Band = Literal["unknown", "healthy", "watch", "at_risk", "critical"]
State = Literal["inactive", "pending", "firing", "recovering", "closed"]
Basis = Literal["measured", "literature", "assumed"]
Severity = Literal["warning", "critical"]


class At(msgspec.Struct, frozen=True):
    """A coordinate: where a record stands.

    Attributes:
        topic: Topic, or file name where a source is files.
        partition: Partition.
        offset: Offset, or line number.
        index: Place within the record.
        epoch: Epoch of the source or log.
    """

    topic: str
    partition: int
    offset: int
    index: int = 0
    epoch: int = 0


class Evidence(msgspec.Struct, frozen=True):
    """One cause of a contribution.

    Attributes:
        cue: Code of the cue or interaction type.
        ts_ms: Event time.
        points_e2: What it was worth when it happened.
        quote: Redacted words, at most 80 characters; empty for interactions.
        at: Where the source record stands.
    """

    cue: str
    ts_ms: int
    points_e2: int
    quote: str
    at: At


class Contribution(msgspec.Struct, frozen=True):
    """One named part of a score; the score is exactly the sum of its parts.

    Attributes:
        name: `base`, a family, `contacts`, `waiting_now`, ..., `bounds`.
        points_e2: Signed hundredths.
        basis: How the weight is known.
        evidence: Up to three causes, strongest first.
    """

    name: str
    points_e2: int
    basis: Basis = "assumed"
    evidence: tuple[Evidence, ...] = ()


class Quality(msgspec.Struct, frozen=True):
    """What the scores rest on.

    Attributes:
        timely: All sources are read up to within ten minutes of the row's time.
        read_ratio_e2: Share of messages whose language we read, in hundredths; null without any.
        degraded: A record of this customer could not be folded within the last 24 h.
        noisy: Too many records for detail; counts only.
    """

    timely: bool
    read_ratio_e2: int | None
    degraded: bool = False
    noisy: bool = False


class Waiting(msgspec.Struct, frozen=True):
    """Who waits for us: `yes` since when, `no`, or `unknown` where replies are not visible."""

    state: Literal["yes", "no", "unknown"]
    since_ms: int | None = None
    conversation: str | None = None
    link: str | None = None


class AnsweredNow(msgspec.Struct, frozen=True):
    """Both scores as they would be if the open wait ended now and nothing else changed."""

    distress_e2: int
    health_e2: int


class Promised(msgspec.Struct, frozen=True):
    """How late we are, measured by what was promised; `gap_ms` above 0 is late. Business time.

    Attributes:
        source: `promise` of the touch-point, the customer's `own_norm`, or `none`.
        watermelon: The promise is kept while distress is high.
    """

    source: Literal["promise", "own_norm", "none"]
    gap_ms: int | None
    allowed_ms: int | None
    experienced_ms: int | None
    touchpoint: str | None
    team: str | None
    watermelon: bool


class Silent(msgspec.Struct, frozen=True):
    """Whether the customer stopped writing; `due_ms` is when silence becomes or became quiet."""

    state: Literal["unknown", "no", "content", "unresolved", "left"]
    due_ms: int | None
    cadence_ms: int | None


class Usual(msgspec.Struct, frozen=True):
    """What is usual for the customer, a week; confidence 0 is all prior. See `scoring.baseline`."""

    contacts_e2: int
    points_e2: int
    days: int
    confidence_e2: int
    momentum_e2: int


class Loss(msgspec.Struct, frozen=True):
    """What is at stake with a customer, as configured; it orders, and decides nothing else.

    Attributes:
        unit: Of a value, in words: "EUR a year".
        segment: Customers who are alike; null where the profile does not say.
        value_e2: In hundredths of a unit; null while unknown.
        assumed: The value is not the customer's own.
        share_percent: Share of the value that is at risk; assumed.
        loss_e2: Value times share, in hundredths of a unit; null while the value is unknown.
        exempt: Cue for which the value does not matter; null for none.
    """

    unit: str
    segment: str | None
    value_e2: int | None
    assumed: bool
    share_percent: int
    loss_e2: int | None
    exempt: str | None


class Words(msgspec.Struct, frozen=True):
    """Why, in each language: at most three phrases, what weighs most first.

    Attributes:
        en: English.
        fa: Persian.
    """

    en: tuple[str, ...]
    fa: tuple[str, ...]


class HealthRow(msgspec.Struct, frozen=True):
    """Value of `nabz.health.v1`: the latest picture of one customer.

    Attributes:
        customer: The key.
        version: Rises by one with each emission decided for the row.
        as_of_ms: Time the scores stand for.
        event_ms: Newest event time of the customer.
        complete_to_ms: All sources had been read up to here.
        health_e2: 0 to 10000, up is good; null while unknown.
        distress_e2: 0 to 10000, up is bad; null while unknown.
        band: Band of health.
        confidence_e2: 0 to 100 hundredths: how much is known of the customer.
        trend_e2: Distress now minus 24 h ago; null in the first 24 h.
        reason: Code of the strongest contribution to distress; null at rest.
        answered_now: What an answer would be worth; null where nobody waits.
        promise: What was experienced against what was promised.
        quiet: Whether the customer stopped writing.
        usual: What is usual for the customer, and whether it gets worse.
        loss: What is at stake; null where no `value` is configured.
        reasons: Why, in words: of distress, or while it rests of health below healthy; null else.
    """

    customer: str
    version: int
    as_of_ms: int
    event_ms: int | None
    complete_to_ms: int
    health_e2: int | None
    distress_e2: int | None
    band: Band
    confidence_e2: int
    trend_e2: int | None
    reason: str | None
    health: tuple[Contribution, ...]
    distress: tuple[Contribution, ...]
    quality: Quality
    waiting: Waiting
    contacts_24h: int
    open_alerts: int
    account: str | None
    name: str | None
    tier: str | None
    language: str | None
    config_hash: str
    log: At
    answered_now: AnsweredNow | None = None
    promise: Promised | None = None
    quiet: Silent | None = None
    usual: Usual | None = None
    loss: Loss | None = None
    reasons: Words | None = None


class LinkedTo(msgspec.Struct, frozen=True):
    """Another conversation about the same issue: `same_words` or `same_touchpoint`."""

    conversation: str
    reason: str


class ConversationRow(msgspec.Struct, frozen=True):
    """Value of `nabz.conversations.v1`: the latest picture of one conversation.

    Attributes:
        conversation: The key.
        customer: Who owns it.
        version: Rises with each conversation row decided for this customer.
        as_of_ms: Time it stands for.
        state: `waiting` for us, `answered`, `closed` by the customer, or `unknown` where replies
            are not visible.
        distress_e2: Of this conversation alone, 0 to 10000.
        reason: What hurt last, or `waiting_now`; null where nothing does.
        linked: Conversations about the same issue, with how we know.
        reopens: How often it was opened again; `hops` to another channel, `handoffs` by a bot.
    """

    conversation: str
    customer: str
    version: int
    as_of_ms: int
    opened_ms: int
    last_ms: int
    state: Literal["waiting", "answered", "closed", "unknown"]
    distress_e2: int
    reason: str | None
    waiting_since_ms: int | None
    link: str | None
    channel: str | None
    touchpoint: str | None
    linked: tuple[LinkedTo, ...]
    reopens: int
    hops: int
    handoffs: int
    config_hash: str
    log: At


class ConversationGone(msgspec.Struct, frozen=True):
    """A tombstone on `nabz.conversations.v1`: the conversation is not followed any more."""

    conversation: str
    customer: str
    at_ms: int
    log: At


class Heartbeat(msgspec.Struct, frozen=True):
    """Value of `nabz.health.v1` at key `~partition`: a customer's row is as fresh as this."""

    partition: int
    at_ms: int
    complete_to_ms: int
    customers: int
    config_hash: str
    log: At


class Care(msgspec.Struct, frozen=True):
    """Who takes care of an alert, as it stands; null and false where nobody has said so.

    Attributes:
        owner: Whose it is: who it was given to, else who owns the customer; null is nobody.
        due_at_ms: When something must have been done, by the rule's promise in the owner's business
            time; null where nothing is promised, or once it is done.
        overdue: That time passed without it.
        acked_by: Who said they take care.
        acked_until_ms: How long that lasts; null for as long as the alert is open.
        snoozed_by: Who wants to hear no more of it for a while.
        snoozed_until_ms: The end of that while.
        until_worse: The snooze ends sooner if it gets worse.
        assignee: Whom it was given to.
        handled_by: Who said it is taken care of.
        verdict: The newest thing somebody said of it: `handled`, or why they disagree.
    """

    owner: str | None = None
    due_at_ms: int | None = None
    overdue: bool = False
    acked_by: str | None = None
    acked_until_ms: int | None = None
    snoozed_by: str | None = None
    snoozed_until_ms: int | None = None
    until_worse: bool = False
    assignee: str | None = None
    handled_by: str | None = None
    verdict: str | None = None

    @property
    def taken(self) -> bool:
        """Somebody takes care of it, has done so, or wants to hear no more for a while."""
        named = (self.acked_by, self.snoozed_by, self.handled_by)
        return any(one is not None for one in named)


class Answer(msgspec.Struct, frozen=True):
    """What became of a command; the transition that carries it says by whom and when.

    Attributes:
        command_id: Of the command.
        verb: What was asked.
        rejected: Why it was refused: `unknown_alert`, `never_opened`, `another_alert`, `closed`,
            `stale`, `past`, `too_long` or `nothing_to_undo`; null where it was applied.
        reason: Why somebody disagrees; null otherwise.
        text: What they wrote, redacted; null without.
        channel: Where they did; null where it is not known.
        asked_ms: When they did.
    """

    command_id: str
    verb: str
    rejected: str | None
    reason: str | None
    text: str | None
    channel: str | None
    asked_ms: int


class AlertRow(msgspec.Struct, frozen=True):
    """Value of `nabz.alerts.v1`: the newest state of one rule for one customer or conversation.

    Attributes:
        conversation: The one it is about; null for the customer.
        flapping: Open, and raised again too often: it takes longer to recover.
        care: Who takes care of it.
    """

    fingerprint: str
    alert_id: str
    seq: int
    rule: str
    customer: str
    state: State
    severity: Severity
    closed_reason: str | None
    opened_ms: int | None
    since_ms: int
    peak_e2: int
    reopen_count: int
    human: str
    historical: bool
    shadow: bool
    config_hash: str
    log: At
    conversation: str | None = None
    flapping: bool = False
    care: Care = Care()


class Transition(msgspec.Struct, frozen=True):
    """Value of `nabz.transitions.v1`: what changed with an alert, and why.

    Attributes:
        alert_id: UUIDv5 of fingerprint and opening time: one episode.
        fingerprint: Identity of the alert: rule and customer, and conversation if it is about one.
        seq: Gapless per fingerprint, from 1; about a conversation from where forgotten ones ended.
        before: State left.
        after: State reached.
        reason: `raised`, `red_flag`, `held`, `escalated`, `eased`, `clearing`, `relapsed`,
            `recovered`, `expired`, `reopened`, `rule_removed`, `manual`, `acked`, `unacked`,
            `flapping`.
        notify: Somebody should be told; a pending or recovering alert is silent.
        historical: Opened by causes older than `max_notify_age`: recorded, not sent.
        measure: `distress`, `health`, or what conditions look at first: a name that ends with its
            unit where that is not points, `waiting_minutes`.
        score_e2: The measure, in hundredths of its unit; of a state or a cue 100 where it is true.
        raise_at_e2: The threshold in force; `clear_at_e2` likewise.
        change_e2: Measure now minus 24 h before; null if unknown.
        since_ms: Time from which the condition held.
        at_ms: Time of the transition.
        why: The contributions to distress, strongest first, with evidence.
        conversation: Where to look; of an alert about a conversation, that one.
        replay: Command that derives this transition again.
        entity: What the alert is about: `customer` or `conversation`.
        flapping: It relapses or comes back too often; said once, by the reason or with a reopening.
        loss: What is at stake; null where no `value` is configured.
        playbook: Next steps, an address, as the rule says; null for none.
        quality: What is to be said against it: `flapping`, `late_data` (sources are not read up to
            it), `low_evidence` (little is known of the customer), `stale` (no event for a day).
        care: Who takes care of it, once this has happened.
        answer: What became of the command that caused it; null where none did.
    """

    alert_id: str
    fingerprint: str
    seq: int
    rule: str
    customer: str
    before: State
    after: State
    reason: str
    notify: bool
    historical: bool
    shadow: bool
    severity: Severity
    measure: str
    score_e2: int
    raise_at_e2: int
    clear_at_e2: int
    change_e2: int | None
    health_e2: int | None
    confidence_e2: int
    since_ms: int
    opened_ms: int | None
    at_ms: int
    event_ms: int | None
    complete_to_ms: int
    why: tuple[Contribution, ...]
    waiting: Waiting
    contacts_24h: int
    conversation: str | None
    link: str | None
    account: str | None
    name: str | None
    tier: str | None
    language: str | None
    labels: dict[str, str]
    runbook: str | None
    actor: str | None
    config_hash: str
    log: At
    replay: str
    entity: Literal["customer", "conversation"] = "customer"
    flapping: bool = False
    loss: Loss | None = None
    playbook: str | None = None
    quality: tuple[str, ...] = ()
    care: Care = Care()
    answer: Answer | None = None


class FoldFailed(msgspec.Struct, frozen=True):
    """A record whose fold raised: a dead letter; the row is unchanged but for fence and count.

    Attributes:
        error: Type of the exception, never its text.
        record: The record's bytes.
        at_ms: Time of the fold.
    """

    customer: str
    error: str
    record: bytes
    at_ms: int
    log: At


class Checkpoint(msgspec.Struct, frozen=True):
    """A row as it stood before the first record of a day: where replay and `nabz why` may begin.

    Attributes:
        customer: The key.
        row: Header and body, as stored.
        config_hash: Configuration the row was last folded under.
        log: The record it was taken before.
    """

    customer: str
    row: bytes
    config_hash: str
    log: At


Output = (
    HealthRow
    | ConversationRow
    | ConversationGone
    | Heartbeat
    | AlertRow
    | Transition
    | FoldFailed
    | Checkpoint
)

_transition: Final[msgspec.json.Decoder[Transition]] = msgspec.json.Decoder(Transition)


def decode_transition(data: bytes) -> Transition:
    """Decode a value of `nabz.transitions.v1`.

    Raises:
        msgspec.DecodeError: It is none.
    """
    return decoded(_transition.decode, data, "transition")
