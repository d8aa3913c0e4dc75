"""The one fold: a row and a record of its log give the next row and what the world is told.

First the timers that are due fire at their own due times, oldest first; then the record is
remembered (unless it is known already), the scores are worked out, and every rule takes a look. So
a customer left alone for a week and one woken every ten seconds end in the same row.
Pure: the same row, entry and configuration give the same bytes, here, in `nabz why` and in tests.

Next step: `alerts.partition` does the same for a log partition; `streams.worker.track` runs both.
"""

from __future__ import annotations

import zlib
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from alerts import commands, lifecycle, outputs, talks
from alerts.config import Config
from alerts.due import subject_due_ms
from alerts.fields import Entity, Seen
from alerts.lifecycle import OPEN, Change, Episode, Look
from alerts.message import why_command
from alerts.outputs import (
    AlertRow,
    Answer,
    At,
    Care,
    Checkpoint,
    FoldFailed,
    HealthRow,
    Output,
    Transition,
)
from alerts.owners import Owned, owner_of
from alerts.quality import quality_of
from alerts.row import (
    Row,
    Shown,
    encode_row,
    event_hash,
    moved,
    passed,
    remember,
    remembers,
)
from alerts.rules import Rule
from alerts.subjects import (
    Signs,
    is_plain,
    kept,
    measured,
    raised,
    seen_by,
    signs,
    subjects,
    views_of,
)
from alerts.told import (
    answered,
    contributions,
    conversation_of,
    in_words,
    promise_shown,
    promised,
    reason,
    silent,
    strongest,
    usual,
    waiting,
    waiting_in,
)
from alerts.value import at_stake
from scoring.calendar import Calendar
from scoring.config import DAY_MS, HOUR_MS
from scoring.customer import Customer, advance, calendar_of
from scoring.health import Health, distress_before, explained, health, monitored
from scoring.records import Command, LogRecord, Outcome, Profile, Signal, Wake, encode_record

LOG_TOPIC: Final = "nabz.customer-log.v1"
SKEW_MS: Final = 5 * 60_000
"""How far an appender's clock may run ahead of the broker's before it is not believed."""
EMIT_MS: Final = 1_000
TIMELY_MS: Final = 10 * 60_000
DEGRADED_MS: Final = DAY_MS
CHECKPOINT_RECORDS: Final = 20
CHECKPOINT_MS: Final = 7 * DAY_MS
_TIMERS_MAX: Final = 100_000

Result = Literal["folded", "duplicate", "failed", "woken"]


class Entry(NamedTuple):
    """A record with its place in the log.

    Attributes:
        customer: Key of the record.
        record: What it says.
        partition: Partition of the customer log.
        offset: Offset there.
        timestamp_ms: When the broker took it: no appender's clock is believed far beyond.
        epoch: Epoch of the log.
    """

    customer: str
    record: LogRecord
    partition: int
    offset: int
    timestamp_ms: int
    epoch: int = 1


class Folded(NamedTuple):
    """What folding one entry came to."""

    row: Row
    outputs: tuple[Output, ...]
    result: Result


def fold(row: Row | None, entry: Entry, config: Config, config_hash: str) -> Folded:
    """Fold one entry into its customer's row.

    Args:
        row: The row so far, None for a customer not seen before.
        entry: A record of this customer that the row's fence has not seen.
        config: Configuration in force.
        config_hash: Its name.

    Returns:
        The new row, what to publish in order, and what became of the record. An entry whose fold
        raises leaves the row as it was, but for the time and a mark; it comes out as `FoldFailed`.

    Raises:
        MemoryError, RecursionError: Not values; the process ends.
    """
    before = Row() if row is None else row
    try:
        work = _Work(before, entry, config, config_hash, new=row is None)
        result = work.run()
        return Folded(work.row(), tuple(work.outputs), result)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001  # law 5: no record takes the fleet down
        return _failed(before, entry, type(error).__name__)


def _now_ms(row: Row, entry: Entry) -> int:
    return max(row.now_ms, min(entry.record.at_ms, entry.timestamp_ms + SKEW_MS))


def _failed(row: Row, entry: Entry, error: str) -> Folded:
    now_ms = _now_ms(row, entry)
    at = At(LOG_TOPIC, entry.partition, entry.offset, 0, entry.epoch)
    # Without timers: one that always fails must not wake the customer for ever.
    marked = replace(
        row,
        now_ms=now_ms,
        failed=row.failed + 1,
        failed_ms=now_ms,
        due_ms=None,
        absence_due_ms=None,
    )
    letter = FoldFailed(entry.customer, error, encode_record(entry.record), now_ms, at)
    return Folded(marked, (letter,), "failed")


class _Work:
    """One fold under way: the row's parts, open to change until `row` freezes them again."""

    def __init__(
        self, row: Row, entry: Entry, config: Config, config_hash: str, *, new: bool
    ) -> None:
        self.before = row
        self.entry = entry
        self.config = config
        self.config_hash = config_hash
        self.rules = {rule.id: rule for rule in config.rules}
        self.now_ms = _now_ms(row, entry)
        self.complete_ms = max(row.complete_ms, entry.record.complete_to_ms)
        self.reconfigured = not new and row.config_hash != config_hash
        self.customer: Customer = row.customer
        self.episodes = {(one.rule, one.conversation): one for one in row.episodes}
        self.facts: dict[str, object] = {}
        self.looked_ms, self.look_ms = row.looked_ms, row.look_ms
        self.due_ms, self.absence_due_ms = row.due_ms, row.absence_due_ms
        self.version, self.emitted_ms = row.version, row.emitted_ms
        self.shown, self.emit_ms = row.shown, row.emit_ms
        self.talks, self.talks_version = row.talks, row.talks_version
        self.talks_emit_ms = row.talks_emit_ms
        self.conditions_due_ms: int | None = None
        self.seen: Seen | None = None
        self.outputs: list[Output] = []
        self.spread_ms = zlib.crc32(entry.customer.encode("utf-8", "surrogatepass")) % HOUR_MS
        live = config.clock == "live"
        self.news_ms = self.now_ms - config.max_notify_age_ms if live else None

    # ------------------------------------------------------------------ the order of things

    def run(self) -> Result:
        if self.reconfigured:
            self._close_removed_rules()
        self._fire_timers()
        record = self.entry.record
        result: Result = "woken"
        match record:
            case Signal() | Profile() | Outcome() | Command():
                result = self._remember(record)
            case Wake():
                pass
            case _:
                raise TypeError("a record of the partition reached a customer")
        if self.reconfigured and result in {"woken", "duplicate"}:
            self._look(self.now_ms, cause_ms=self.now_ms)
        return result

    def row(self) -> Row:
        return msgspec.structs.replace(
            self.before,
            now_ms=self.now_ms,
            complete_ms=self.complete_ms,
            looked_ms=self.looked_ms,
            config_hash=self.config_hash,
            customer=self.customer,
            episodes=tuple(self.episodes.values()),
            version=self.version,
            emitted_ms=self.emitted_ms,
            shown=self.shown,
            emit_ms=self.emit_ms,
            look_ms=self.look_ms,
            due_ms=self.due_ms,
            absence_due_ms=self.absence_due_ms,
            talks=self.talks,
            talks_version=self.talks_version,
            talks_emit_ms=self.talks_emit_ms,
            **self.facts,
        )

    # ------------------------------------------------------------------ timers

    def _fire_timers(self) -> None:
        for _ in range(_TIMERS_MAX):
            due = self._next_due()
            if due is None:
                return
            at_ms = max(due, self.looked_ms)
            hourly = self.look_ms is not None and self.look_ms <= due
            self._look(at_ms, cause_ms=due, hourly=hourly)
        raise RuntimeError(f"more than {_TIMERS_MAX} timers due at once")

    def _next_due(self) -> int | None:
        """The earliest timer that may fire: time up to now, absence up to where all is read."""
        due, absence = self.due_ms, self.absence_due_ms
        found = None
        if due is not None and due <= self.now_ms:
            found = due
        gate = min(self.now_ms, self.complete_ms)
        if absence is not None and absence <= gate and (found is None or absence < found):
            found = absence
        return found

    def _set_timers(self) -> None:
        time = _earlier(self.emit_ms, self.talks_emit_ms)
        absence = _earlier(self.look_ms, self.conditions_due_ms)
        if self.episodes:
            customer = self.customer
            of_customer = self._signs()
            for episode in self.episodes.values():
                rule = self.rules.get(episode.rule)
                if rule is None:
                    continue
                seen = of_customer
                if rule.entity == "conversation":
                    seen = signs(customer, rule, episode.conversation)
                due = lifecycle.due_of(
                    episode,
                    rule,
                    event_ms=seen.event_ms,
                    calm_ms=seen.calm_ms,
                    waits=seen.waits,
                    first_ms=customer.first_ms,
                    events=_events(customer),
                )
                time = _earlier(time, due.time_ms)
                absence = _earlier(absence, due.absence_ms)
        self.due_ms, self.absence_due_ms = time, absence

    def _signs(self) -> Signs:
        customer = self.customer
        waits = any(talk.waiting_since_ms is not None for talk in customer.conversations)
        return Signs(customer.event_ms, customer.calm_ms, waits)

    # ------------------------------------------------------------------ the record

    def _remember(self, record: Signal | Profile | Outcome | Command) -> Result:
        row = self.before
        known_as = record.command_id if isinstance(record, Command) else record.event_id
        name = event_hash(known_as)
        if (record.ordered and passed(row.places, record.origin)) or remembers(row.ids, name):
            self.facts["duplicates"] = row.duplicates + 1
            return "duplicate"
        self._checkpoint()
        self.facts["folded"] = row.folded + 1
        self.facts["ids"] = remember(row.ids, name)
        if record.ordered:
            self.facts["places"] = moved(row.places, record.origin)
        if isinstance(record, Command):
            self._obey(record)
            self._look(self.now_ms, cause_ms=self.now_ms)
            return "folded"
        self.customer = advance(self.customer, record, self.config.scoring)
        by_event, cues = False, frozenset[str]()
        if isinstance(record, Signal) and record.author == "customer":
            by_event = _is_news(record)
            if record.reading is not None and monitored(self.customer):
                cues = frozenset(cue.code for cue in record.reading.cues)
        talk = record.conversation if isinstance(record, Signal) else None
        self._look(self.now_ms, cause_ms=record.ts_ms, by_event=by_event, cues=cues, talk=talk)
        return "folded"

    def _checkpoint(self) -> None:
        """Once a day at most, the row as it was before the first record of the day."""
        row = self.before
        day = self.now_ms // DAY_MS
        if day == row.day:
            self.facts["since_checkpoint"] = row.since_checkpoint + 1
            return
        self.facts["day"] = day
        if not row.folded:  # nothing stood before it
            self.facts["checkpoint_ms"], self.facts["since_checkpoint"] = self.now_ms, 1
            return
        old = self.now_ms - row.checkpoint_ms >= CHECKPOINT_MS
        if old or row.since_checkpoint >= CHECKPOINT_RECORDS:
            body = encode_row(row, log_epoch=self.entry.epoch, offset=self.entry.offset - 1)
            self._tell(Checkpoint(self.entry.customer, body, row.config_hash, self._at()))
            self.facts["checkpoint_ms"] = self.now_ms
            self.facts["since_checkpoint"] = 1
        else:
            self.facts["since_checkpoint"] = row.since_checkpoint + 1

    def _obey(self, command: Command) -> None:
        """What a person decided, for the one alert meant or for all open ones of the customer."""
        found = self._health_at(self.now_ms)
        meant = {
            key: one
            for key, one in self.episodes.items()
            if (self._fingerprint(one) == command.fingerprint)
            or (not command.fingerprint and one.state in OPEN)
        }
        for key, episode in meant.items():
            why = commands.refusal(episode, command, self.now_ms)
            if why is None:
                sight = self._sight(episode, found)
                change = commands.changed(episode, command, self.now_ms, sight)
            else:
                change = commands.refused(episode, self.now_ms)
            self.episodes[key] = change.episode
            self._changed(change, found, actor=command.actor, answer=_answer(command, why))
        if not meant:
            nothing = Change(Episode(""), "inactive", "rejected", notify=False)
            answer = _answer(command, "unknown_alert")
            self._changed(nothing, found, actor=command.actor, answer=answer)

    def _sight(self, episode: Episode, found: Health) -> commands.Sight:
        """What a command needs to know of the alert it is about."""
        rule = self._rule_of(episode)
        sight = measured(rule, self._seen_of(rule, episode, found), episode.severity)
        upwards = lifecycle.upwards(rule, sight.judged)
        calendar = self._owned(rule, episode, found).calendar
        return commands.Sight(sight.value_e2, upwards, calendar)

    def _owned(self, rule: Rule, episode: Episode, found: Health) -> Owned:
        """Whose an alert is."""
        return owner_of(
            self.config.owners,
            rule,
            episode.severity,
            self.customer.profile,
            assignee=episode.people.assignee,
            team=found.promise.team,
            calendar=calendar_of(self.customer, self.config.scoring),
        )

    def _calendar(self, rule: Rule, episode: Episode, found: Health) -> Calendar | None:
        """In whose time is counted what is due, should the alert open now."""
        if rule.due_ms is None or episode.state in OPEN:
            return None
        return self._owned(rule, episode, found).calendar

    def _fingerprint(self, episode: Episode) -> str:
        return lifecycle.fingerprint(episode.rule, self.entry.customer, episode.conversation)

    def _close_removed_rules(self) -> None:
        for key, episode in list(self.episodes.items()):
            rule = self.rules.get(episode.rule)
            about = "conversation" if episode.conversation else "customer"
            if rule is not None and rule.entity == about:
                continue
            change = lifecycle.close(episode, "rule_removed", self.now_ms)
            if change is not None:
                self.episodes[key] = change.episode
                self._changed(change, self._health_at(self.now_ms))

    # ------------------------------------------------------------------ looking

    def _health_at(self, at_ms: int) -> Health:
        return health(
            self.customer,
            at_ms,
            self.config.scoring,
            complete_to_ms=self.complete_ms,
            spread_ms=self.spread_ms,
        )

    def _look(
        self,
        at_ms: int,
        *,
        cause_ms: int,
        by_event: bool = False,
        cues: frozenset[str] = frozenset(),
        talk: str | None = None,
        hourly: bool = False,
    ) -> None:
        """Work out the scores at a moment, let every rule see them, and publish what changed."""
        found = self._health_at(at_ms)
        self.looked_ms = at_ms
        self.look_ms = found.next_ms
        if found.band != self.customer.band:
            self.customer = replace(self.customer, band=found.band)
        event_ms, calm_ms, waits = self._signs()
        first_ms, events = self.customer.first_ms, _events(self.customer)
        self.conditions_due_ms = None
        for rule_id, rule in self.rules.items():
            if not is_plain(rule):
                self._look_at_subjects(
                    rule, found, cause_ms=cause_ms, by_event=by_event, cues=cues, talk=talk
                )
                continue
            episode = self.episodes.get((rule_id, ""))
            measure = found.distress_e2 if rule.measure == "distress" else found.health_e2
            if episode is None and measure is None:
                continue
            episode = Episode(rule_id) if episode is None else episode
            look = Look(
                at_ms, measure, event_ms, calm_ms, waits, by_event, cause_ms, cues,
                self.complete_ms, self.news_ms, None, first_ms, events,
                self._calendar(rule, episode, found),
            )  # fmt: skip
            self._step(rule, episode, look, found)
        self._publish(found, at_ms, hourly=hourly)
        self._publish_talks(found)
        self._set_timers()

    def _step(self, rule: Rule, episode: Episode, look: Look, found: Health) -> Episode:
        key = (episode.rule, episode.conversation)
        after, changes = lifecycle.step(episode, rule, look, customer=self.entry.customer)
        if changes or key in self.episodes:
            self.episodes[key] = after
        for change in changes:
            self._changed(change, found)
        return after

    def _look_at_subjects(
        self,
        rule: Rule,
        found: Health,
        *,
        cause_ms: int,
        by_event: bool,
        cues: frozenset[str],
        talk: str | None,
    ) -> None:
        """A rule with conditions, or about conversations: each subject, and when to look again."""
        customer = self.customer
        base = self._seen(found)
        about_customer = rule.entity == "customer"
        mine, floor = [], 0
        if not about_customer:
            self._forget(rule, found)
            mine = [one for one in self.episodes.values() if one.rule == rule.id]
            floor = next((one.seq for one in mine if not one.conversation), 0)
        for conversation in subjects(rule, customer, mine):
            episode = self.episodes.get((rule.id, conversation))
            if episode is None:
                # A conversation's own numbers go on where those that are forgotten ended.
                episode = Episode(rule.id, seq=floor, conversation=conversation)
            seen = seen_by(rule, conversation, base)
            meant = about_customer or talk == conversation
            flags = cues if meant else frozenset()
            news = by_event and meant
            if lifecycle.rests(episode, rule, by_event=news, cues=flags) and not raised(rule, seen):
                due = subject_due_ms(rule, seen, watched=False)
                self.conditions_due_ms = _earlier(self.conditions_due_ms, due)
                continue
            sight = measured(rule, seen, episode.severity)
            about = signs(customer, rule, conversation)
            look = Look(
                found.now_ms,
                sight.value_e2,
                about.event_ms,
                about.calm_ms,
                about.waits,
                news,
                cause_ms,
                flags,
                self.complete_ms,
                self.news_ms,
                sight.judged,
                customer.first_ms,
                _events(customer),
                self._calendar(rule, episode, found),
            )
            after = self._step(rule, episode, look, found)
            due = subject_due_ms(rule, seen, watched=after.state in {"pending", *OPEN})
            self.conditions_due_ms = _earlier(self.conditions_due_ms, due)

    def _seen(self, found: Health) -> Seen:
        """What rules see at a look; one for all rules of it, so that nothing is asked twice."""
        held = self.seen
        if held is None or held.found is not found or held.customer is not self.customer:
            held = self.seen = Seen(
                self.customer,
                found,
                self.config.scoring,
                self.complete_ms,
                spread_ms=self.spread_ms,
                memo={},
            )
        return held

    def _seen_of(self, rule: Rule, episode: Episode, found: Health) -> Seen:
        """The same as the rule of one alert sees it."""
        seen = self._seen(found)
        return seen if is_plain(rule) else seen_by(rule, episode.conversation, seen)

    def _forget(self, rule: Rule, found: Health) -> None:
        """Alerts of conversations that are not remembered any more."""
        mine = [one for one in self.episodes.values() if one.rule == rule.id]
        if not mine:
            return
        left = kept(rule, self.customer, mine)
        closed = (lifecycle.close(one, "expired", found.now_ms) for one in left.overdue)
        for change in filter(None, closed):
            self._changed(change, found)
            self.episodes[rule.id, change.episode.conversation] = change.episode
        stay = {(one.rule, one.conversation): one for one in left.episodes}
        overdue = {(one.rule, one.conversation) for one in left.overdue}
        self.episodes = {
            **{key: one for key, one in self.episodes.items() if one.rule != rule.id},
            **{key: self.episodes[key] if key in overdue else one for key, one in stay.items()},
        }

    def _publish(self, found: Health, at_ms: int, *, hourly: bool) -> None:
        """At most once a second, and only what changed; hourly all the same above resting."""
        shown = self._shown(found)
        if shown == self.shown and (not hourly or self._rests(found)):
            self.emit_ms = None
        elif at_ms >= self.emitted_ms + EMIT_MS:
            self._emit(found, shown, at_ms)
        else:
            self.emit_ms = self.emitted_ms + EMIT_MS

    def _publish_talks(self, at: Health) -> None:
        """Every conversation whose picture changed, and those that are forgotten."""
        at_ms = at.now_ms
        found = talks.changed(
            self.customer,
            self.talks,
            at_ms,
            self.config.scoring,
            complete_to_ms=self.complete_ms,
            known=views_of(self._seen(at)),
        )
        self.talks, self.talks_emit_ms = found.shown, found.due_ms
        for key in found.gone:
            self._tell(outputs.ConversationGone(key, self.entry.customer, at_ms, self._at()))
        for one in found.views:
            self.talks_version += 1
            self._tell(
                talks.conversation_row(
                    one,
                    customer=self.entry.customer,
                    version=self.talks_version,
                    at_ms=at_ms,
                    config_hash=self.config_hash,
                    log=self._at(),
                )
            )

    def _rests(self, found: Health) -> bool:
        return found.distress_e2 is None or found.distress_e2 < self.config.scoring.resting

    def _open_alerts(self) -> int:
        return sum(episode.state in OPEN for episode in self.episodes.values())

    def _shown(self, found: Health) -> Shown:
        return Shown(
            None if found.distress_e2 is None else found.distress_e2 // 100,
            None if found.health_e2 is None else found.health_e2 // 100,
            found.band,
            f"{found.wait.state}:{found.wait.since_ms}",
            self._open_alerts(),
            found.contacts_24h,
            promise_shown(found),
            found.quiet.state,
        )

    # ------------------------------------------------------------------ telling

    def _at(self) -> At:
        entry = self.entry
        return At(LOG_TOPIC, entry.partition, entry.offset, len(self.outputs), entry.epoch)

    def _tell(self, output: Output) -> None:
        self.outputs.append(output)

    def _loss(self, found: Health) -> outputs.Loss | None:
        worth = self.config.value
        if worth is None:
            return None
        flags = [flag for rule in self.config.rules for flag in rule.red_flags]
        return at_stake(self.customer.profile, found, worth, flags)

    def _trend(self, at_ms: int) -> int | None:
        first = self.customer.first_ms
        if first is None or first > at_ms - DAY_MS:
            return None
        scoring = self.config.scoring
        now = distress_before(self.customer, at_ms, scoring)
        return now - distress_before(self.customer, at_ms - DAY_MS, scoring)

    def _emit(self, found: Health, shown: Shown, at_ms: int) -> None:
        self.version += 1
        self.emitted_ms, self.shown, self.emit_ms = at_ms, shown, None
        customer, row = self.customer, self.before
        profile = customer.profile
        failed_ms = row.failed_ms
        found = explained(customer, found)
        self._tell(
            HealthRow(
                customer=self.entry.customer,
                version=self.version,
                as_of_ms=at_ms,
                event_ms=customer.event_ms,
                complete_to_ms=self.complete_ms,
                health_e2=found.health_e2,
                distress_e2=found.distress_e2,
                band=found.band,
                confidence_e2=found.confidence_e2,
                trend_e2=self._trend(at_ms),
                reason=None if self._rests(found) else reason(found),
                health=contributions(found.health),
                distress=contributions(found.distress),
                quality=outputs.Quality(
                    timely=self.complete_ms >= at_ms - TIMELY_MS,
                    read_ratio_e2=100 * customer.read // customer.messages
                    if customer.messages
                    else None,
                    degraded=failed_ms is not None and at_ms - failed_ms < DEGRADED_MS,
                ),
                waiting=waiting(found),
                contacts_24h=found.contacts_24h,
                open_alerts=self._open_alerts(),
                account=None if profile is None else profile.account,
                name=None if profile is None else profile.name,
                tier=None if profile is None else profile.tier,
                language=None if profile is None else profile.language,
                config_hash=self.config_hash,
                log=self._at(),
                answered_now=answered(customer, found, self.config.scoring),
                promise=promised(found),
                quiet=silent(found),
                usual=usual(customer, at_ms, self.config.scoring),
                loss=self._loss(found),
                reasons=in_words(found, rests=self._rests(found)),
            )
        )

    def _changed(
        self, change: Change, found: Health, *, actor: str = "", answer: Answer | None = None
    ) -> None:
        """Tell a transition, and the alert as it is now."""
        episode = change.episode
        rule = self._rule_of(episode)
        of = self._fingerprint(episode)
        care = self._care(rule, episode, found)
        customer = self.customer
        profile = customer.profile
        at_ms = found.now_ms
        seen = self._seen_of(rule, episode, found)
        found = explained(customer, found)
        sight = measured(rule, seen, episode.severity)
        talk = None if seen.talk is None else seen.talk.talk
        conversation, link = conversation_of(customer, found)
        waits = waiting(found)
        if rule.entity == "conversation":
            conversation, link = episode.conversation, None if talk is None else talk.link
            waits = waiting_in(episode.conversation, talk)
        self._tell(
            Transition(
                alert_id=episode.alert_id,
                fingerprint=of,
                seq=episode.seq,
                rule=episode.rule,
                customer=self.entry.customer,
                before=change.before,
                after=episode.state,
                reason=change.reason,
                notify=change.notify,
                historical=episode.late_until_ms is not None,
                shadow=rule.shadow,
                severity=episode.severity,
                measure=sight.measure,
                score_e2=0 if sight.value_e2 is None else sight.value_e2,
                raise_at_e2=sight.raise_at_e2,
                clear_at_e2=sight.clear_at_e2,
                change_e2=self._trend(at_ms) if sight.measure == "distress" else None,
                health_e2=found.health_e2,
                confidence_e2=found.confidence_e2,
                since_ms=episode.held_ms,
                opened_ms=episode.opened_ms,
                at_ms=at_ms,
                event_ms=customer.event_ms,
                complete_to_ms=self.complete_ms,
                why=tuple(sorted(contributions(found.distress), key=strongest)),
                waiting=waits,
                contacts_24h=found.contacts_24h,
                conversation=conversation,
                link=link,
                account=None if profile is None else profile.account,
                name=None if profile is None else profile.name,
                tier=None if profile is None else profile.tier,
                language=None if profile is None else profile.language,
                labels=rule.labels,
                runbook=rule.runbook,
                actor=actor or None,
                config_hash=self.config_hash,
                log=self._at(),
                replay=why_command(self.entry.customer, episode.alert_id),
                entity=rule.entity,
                flapping=episode.flapping,
                loss=self._loss(found),
                playbook=rule.playbook,
                quality=quality_of(
                    at_ms=at_ms,
                    complete_to_ms=self.complete_ms,
                    event_ms=customer.event_ms,
                    confidence_e2=found.confidence_e2,
                    flapping=episode.flapping,
                ),
                care=care,
                answer=answer,
            )
        )
        if not episode.rule:
            return
        self._tell(
            AlertRow(
                fingerprint=of,
                alert_id=episode.alert_id,
                seq=episode.seq,
                rule=episode.rule,
                customer=self.entry.customer,
                state=episode.state,
                severity=episode.severity,
                closed_reason=episode.closed or None,
                opened_ms=episode.opened_ms,
                since_ms=episode.since_ms,
                peak_e2=episode.peak_e2,
                reopen_count=episode.reopened,
                human=f"acked:{episode.acked_by}" if episode.acked_by else "unacked",
                historical=episode.late_until_ms is not None,
                shadow=rule.shadow,
                config_hash=self.config_hash,
                log=self._at(),
                conversation=episode.conversation or None,
                flapping=episode.flapping and episode.state in OPEN,
                care=care,
            )
        )

    def _care(self, rule: Rule, episode: Episode, found: Health) -> Care:
        human = episode.people
        is_open = episode.state in OPEN
        return Care(
            owner=self._owned(rule, episode, found).name,
            due_at_ms=human.due_at_ms if is_open and not human.handled_by else None,
            overdue=is_open and human.overdue and not human.handled_by,
            acked_by=episode.acked_by or None,
            acked_until_ms=human.acked_until_ms if is_open else None,
            snoozed_by=human.snoozed_by or None if is_open else None,
            snoozed_until_ms=human.snoozed_until_ms if is_open else None,
            until_worse=is_open and bool(human.breaks_from),
            assignee=human.assignee or None,
            handled_by=human.handled_by or None,
            verdict=human.verdict or None,
        )

    def _rule_of(self, episode: Episode) -> Rule:
        """The rule in force, or, of one that was removed, what is left of it: its id."""
        entity: Entity = "conversation" if episode.conversation else "customer"
        rule = self.rules.get(episode.rule)
        return (
            rule
            if rule is not None and rule.entity == entity
            else Rule(episode.rule, entity=entity)
        )


def _answer(command: Command, why: commands.Refusal | None) -> Answer:
    return Answer(
        command_id=command.command_id,
        verb=command.verb,
        rejected=why,
        reason=command.reason or None,
        text=command.text or None,
        channel=command.channel or None,
        asked_ms=command.ts_ms,
    )


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _events(customer: Customer) -> int:
    """What counts for a rule that asks for some events: messages, and interactions we know."""
    return customer.messages + customer.behaviours


def _is_news(signal: Signal) -> bool:
    """Is it new evidence? A goodbye is none, unless it says something bad."""
    reading = signal.reading
    if reading is None or not reading.turn.closes:
        return True
    return any(cue.family != "relief" for cue in reading.cues)
