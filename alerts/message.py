"""What a person reads when an alert changes: who, why in a sentence, what changed and since when.

A transition becomes a `Notification`: short texts in the channel's language plus the facts they
were made of. Nothing here knows a channel's markup. What came from outside (names, quotes, ids)
loses control and bidirectional override characters, so it can neither move a cursor nor turn a
line round; in Persian, and around right-to-left values in English, it is wrapped in isolates
(U+2068, U+2069).

Next step: `alerts.channels` renders a notification as a request.
"""

from __future__ import annotations

import re
import shlex
import string
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote, urlsplit

import msgspec

from alerts.outputs import Contribution, Evidence, Transition, Waiting
from alerts.playbooks import STEP_MAX, Playbooks, playbook_for
from alerts.ranking import Standing, ranked
from alerts.standstill import LAG
from alerts.storm import OPENINGS
from alerts.texts import TEXTS
from scoring.jalali import jalali

Kind = Literal[
    "fired",
    "escalated",
    "reopened",
    "repeat",
    "recovered",
    "expired",
    "closed",
    "fired_and_recovered",
    "updated",
    "digest",
    "unanswered",
    "list",
]
Locale = Literal["en", "fa"]
SEVERAL: Final[frozenset[Kind]] = frozenset({"digest", "list"})
"""About several alerts, rules and customers, so about no single one."""

NAMESPACE: Final = uuid.UUID("6ba2f6a5-5c0c-5d65-9d5b-3c1d5a2f0e11")
_OPENING: Final[Mapping[str, Kind]] = {
    "raised": "fired",
    "red_flag": "fired",
    "held": "fired",
    "escalated": "escalated",
    "reopened": "reopened",
    "relapsed": "reopened",
    "repeat": "repeat",
    "snooze_ended": "repeat",
    "snooze_broken": "escalated",
    "ack_ended": "repeat",
    "overdue": "repeat",
}
_CLOSING: Final[Mapping[str, Kind]] = {"recovered": "recovered", "expired": "expired"}

_VALUE_MAX: Final = 80
_ID_MAX: Final = 500
_CAUSES_MAX: Final = 3
_QUOTES_MAX: Final = 3
_LISTED_MAX: Final = 5
_MEMBERS_MAX: Final = 100
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
LATE_MS: Final = 5 * _MINUTE_MS
FSI: Final = "\u2068"
PDI: Final = "\u2069"
_JOINERS: Final = frozenset("\u200c\u200d")  # Persian spelling and emoji need them
_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_WORDLESS: Final = frozenset({"base", "bounds", "relief"})


class Link(msgspec.Struct, frozen=True):
    """Somewhere to look further: a name and an address."""

    name: str
    url: str


class Notification(msgspec.Struct, frozen=True):
    """One message to one channel, before the channel's own markup.

    Attributes:
        notification_id: Same for the same message, however often it is sent.
        kind: What happened, in words a receiver can switch on.
        reason: The transition's reason.
        reason_code: Code of the strongest contribution, null where none is known.
        title: One line.
        lines: What a person should know, a line each.
        evidence: Redacted quotes with their time; empty unless the channel is configured for them.
        links: Where to look further.
        why: Command that explains the alert.
        members: Alert ids a digest stands for, worst first, at most 100; else empty. A digest is
            about no single customer: the other facts are those of its worst member.
    """

    notification_id: str
    alert_id: str
    fingerprint: str
    seq: int
    kind: Kind
    reason: str
    reason_code: str | None
    severity: str
    locale: Locale
    title: str
    lines: tuple[str, ...]
    evidence: tuple[str, ...]
    links: tuple[Link, ...]
    why: str
    rule: str
    customer: str
    account: str | None
    tier: str | None
    measure: str
    score_e2: int
    change_e2: int | None
    health_e2: int | None
    confidence_e2: int
    since_ms: int
    opened_ms: int | None
    at_ms: int
    runbook: str | None
    members: tuple[str, ...] = ()


def kind_of(transition: Transition) -> Kind:
    """What a transition is to the person told.

    A close is one whatever its reason; a reason we do not know is an update.
    """
    if transition.after == "closed":
        return _CLOSING.get(transition.reason, "closed")
    return _OPENING.get(transition.reason, "updated")


def notification_id(
    alert_id: str, channel: str, *, seq: int, reason: str, repeat_no: int = 0
) -> str:
    """Identity of one message to one channel; holds no dot, as Standard Webhooks wants it.

    >>> notification_id("a", "ops", seq=1, reason="raised")
    '6e6e668f-b8f4-5c53-9078-0ae7f75b5226'
    """
    return str(uuid.uuid5(NAMESPACE, f"{alert_id}|{channel}|{seq}|{reason}|{repeat_no}"))


def plain(value: str, limit: int = _VALUE_MAX) -> str:
    r"""Make a text from outside safe to stand inside a line: one line, no control, no overrides.

    >>> plain("a\x1b[31m\u202eb\n c")
    'a[31mb c'
    >>> plain("x" * 5, 4)
    'xxx…'
    """
    kept = []
    for letter in value[: limit * 8]:
        if letter.isspace():
            kept.append(" ")
        elif letter in _JOINERS or unicodedata.category(letter)[0] != "C":
            kept.append(letter)
    text = " ".join("".join(kept).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _or_none(value: str | None) -> str | None:
    return None if value is None else plain(value, _ID_MAX)


def isolated(text: str, locale: Locale) -> str:
    """A value from outside, kept from turning the line around it."""
    foreign = any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)
    return f"{FSI}{text}{PDI}" if locale == "fa" or foreign else text


def digits(text: str, locale: Locale) -> str:
    """Figures of a language."""
    return text.translate(_PERSIAN_DIGITS) if locale == "fa" else text


def points(value_e2: int) -> int:
    """Whole points of hundredths, half up."""
    return (value_e2 + 50) // 100


def duration(length_ms: int, locale: Locale = "en") -> str:
    """A length of time in at most two units.

    >>> duration(3 * _HOUR_MS + 20 * _MINUTE_MS), duration(48_000), duration(50 * _HOUR_MS)
    ('3 h 20 min', '48 s', '2 d 2 h')
    """
    days, rest = divmod(max(0, length_ms), _DAY_MS)
    hours, rest = divmod(rest, _HOUR_MS)
    minutes, rest = divmod(rest, _MINUTE_MS)
    texts = TEXTS[locale]
    if days:
        parts = [(days, texts.day), (hours, texts.hour)]
    elif hours:
        parts = [(hours, texts.hour), (minutes, texts.minute)]
    elif minutes:
        parts = [(minutes, texts.minute)]
    else:
        parts = [(rest // 1_000, texts.second)]
    shown = [part for part in parts if part[0]] or parts[-1:]
    return digits(texts.join_units.join(f"{count} {unit}" for count, unit in shown), locale)


def moment(at_ms: int, *, seen_from_ms: int, locale: Locale = "en") -> str:
    """A time of day in UTC, with its date where that is another day; a Persian date is solar Hijri.

    >>> moment(14 * _HOUR_MS, seen_from_ms=15 * _HOUR_MS)
    '14:00 UTC'
    >>> moment(0, seen_from_ms=_DAY_MS)
    '1970-01-01 00:00 UTC'
    >>> moment(0, seen_from_ms=_DAY_MS, locale="fa")[1:-1]
    '۱۳۴۸/۱۰/۱۱ ۰۰:۰۰ UTC'
    """
    try:
        when = datetime.fromtimestamp(at_ms // 1000, UTC)
        today = datetime.fromtimestamp(seen_from_ms // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"
    text = f"{when:%H:%M}"
    if when.date() != today.date():
        year, month, day = jalali(at_ms // _DAY_MS)
        persian = f"{year}/{month:02}/{day:02}"
        text = f"{persian if locale == 'fa' else f'{when:%Y-%m-%d}'} {text}"
    text = digits(text, locale)
    return f"{FSI}{text} UTC{PDI}" if locale == "fa" else f"{text} UTC"


def named(transition: Transition, locale: Locale) -> str:
    """Whom it is about: name, id and account of a customer; a source, a rule."""
    texts = TEXTS[locale]
    if transition.measure == LAG:  # about no customer
        source = isolated(plain(transition.labels["source"]), locale)
        return texts.source.format(source=source)
    if transition.measure == OPENINGS:
        rule = isolated(plain(transition.labels["rule"]), locale)
        return texts.rule.format(rule=rule)
    customer = isolated(plain(transition.customer), locale)
    name = plain(transition.name) if transition.name is not None else ""
    who = f"{isolated(name, locale)} ({customer})" if name else customer
    account = plain(transition.account) if transition.account is not None else ""
    if account and account != plain(transition.customer):
        who += texts.of_account.format(account=isolated(account, locale))
    return who


def _contacts(count: int, locale: Locale) -> str:
    texts = TEXTS[locale]
    if count < len(texts.ordinals):
        return texts.nth_contact.format(nth=texts.ordinals[count])
    return texts.many_contacts.format(n=digits(str(count), locale))


def _cause(
    part: Contribution, locale: Locale, *, waiting: Waiting, contacts_24h: int, at_ms: int
) -> tuple[str, ...]:
    """The phrases of one contribution, the more telling one first."""
    texts = TEXTS[locale]
    if part.name in {"waiting", "waiting_now"} and waiting.since_ms is not None:
        length = duration(at_ms - waiting.since_ms, locale)
        return (texts.waiting_for.format(duration=length),)
    if part.name in {"contacts", "repetition"} and contacts_24h > 1:
        return (_contacts(contacts_24h, locale),)
    cues = dict.fromkeys(one.cue for one in part.evidence if one.points_e2 > 0)
    spoken = tuple(
        texts.causes.get(cue, isolated(plain(cue.replace("_", " ")), locale))
        for cue in list(cues)[:2]
        if cue
    )
    return spoken or (texts.causes.get(part.name, isolated(plain(part.name), locale)),)


def phrases(
    why: Sequence[Contribution],
    locale: Locale = "en",
    *,
    waiting: Waiting,
    contacts_24h: int,
    at_ms: int,
) -> tuple[str, ...]:
    """Contributions in words: at most three phrases, the strongest contribution first, none twice.

    Args:
        why: Contributions to a score; those above 0 are said.
        locale: Language of the phrases.
        waiting: Who waits for us.
        contacts_24h: Contacts within a day.
        at_ms: The moment they are seen from.

    >>> parts = [Contribution("feeling", 2_000), Contribution("waiting_now", 500)]
    >>> phrases(parts, waiting=Waiting("yes", 0), contacts_24h=1, at_ms=20 * _MINUTE_MS)
    ('sounds unhappy', 'waiting 20 min for an answer')
    """
    rising = [part for part in why if part.points_e2 > 0 and part.name not in _WORDLESS]
    said: dict[str, None] = {}
    for part in sorted(rising, key=lambda part: -part.points_e2):
        found = _cause(part, locale, waiting=waiting, contacts_24h=contacts_24h, at_ms=at_ms)
        said.update(dict.fromkeys(found))
    return tuple(said)[:_CAUSES_MAX]


def causes(transition: Transition, locale: Locale = "en") -> tuple[str, ...]:
    """Why a transition came, in words."""
    return phrases(
        transition.why,
        locale,
        waiting=transition.waiting,
        contacts_24h=transition.contacts_24h,
        at_ms=transition.at_ms,
    )


def reason_code(transition: Transition) -> str | None:
    """Code of what adds most; None where nothing does."""
    rising = [part for part in transition.why if part.points_e2 > 0 and part.name not in _WORDLESS]
    if not rising:
        return None
    top = max(rising, key=lambda part: part.points_e2)
    return plain(top.evidence[0].cue if top.evidence else top.name)


def spoken_measure(transition: Transition, locale: Locale) -> str:
    """What a measure is called."""
    texts = TEXTS[locale]
    spoken = plain(transition.measure.replace("_", " "))
    return texts.measures.get(transition.measure, isolated(spoken, locale))


def _change(transition: Transition, locale: Locale) -> str:
    texts = TEXTS[locale]
    score = transition.score_e2
    since = moment(transition.since_ms, seen_from_ms=transition.at_ms, locale=locale)
    facts = {
        "measure": spoken_measure(transition, locale),
        "score": digits(str(points(score)), locale),
        "raise_at": digits(str(points(transition.raise_at_e2)), locale),
        "since": since,
    }
    if transition.change_e2 is None:
        return texts.level.format(**facts)
    before = digits(str(points(score - transition.change_e2)), locale)
    return texts.change.format(before=before, **facts)


def _at_stake(transition: Transition, locale: Locale) -> tuple[str, ...]:
    loss = transition.loss
    if loss is None or loss.value_e2 is None or not loss.loss_e2:
        return ()
    texts = TEXTS[locale]
    template = texts.at_stake_assumed if loss.assumed else texts.at_stake
    said = template.format(
        loss=digits(f"{points(loss.loss_e2):,}", locale),
        unit=isolated(plain(loss.unit), locale),
        share=digits(str(loss.share_percent), locale),
        value=digits(f"{points(loss.value_e2):,}", locale),
    )
    return (said,)


def _ending(transition: Transition, kind: Kind, locale: Locale) -> tuple[str, ...]:
    texts = TEXTS[locale]
    facts = {
        "measure": spoken_measure(transition, locale),
        "score": digits(str(points(transition.score_e2)), locale),
    }
    lines = [texts.endings[kind].format(**facts)]
    if transition.opened_ms is not None:
        opened = moment(transition.opened_ms, seen_from_ms=transition.at_ms, locale=locale)
        length = duration(transition.at_ms - transition.opened_ms, locale)
        lines.append(texts.was_open.format(duration=length, since=opened))
    if kind == "closed":
        reason = texts.reasons.get(transition.reason, isolated(plain(transition.reason), locale))
        lines.append(texts.closed_because.format(reason=reason))
    return tuple(lines)


def _care(transition: Transition, locale: Locale) -> list[str]:
    """What has become of a promise, of who took it, and of who wanted to wait."""
    texts, care = TEXTS[locale], transition.care
    lines = []
    if (said := texts.again.get(transition.reason)) is not None:
        lines.append(said)
    if care.due_at_ms is not None:
        due = moment(care.due_at_ms, seen_from_ms=transition.at_ms, locale=locale)
        lines.append((texts.past_due if care.overdue else texts.due).format(due=due))
        if care.owner is None:
            lines.append(texts.unowned)
    return lines


def _quotes(transition: Transition, locale: Locale) -> tuple[str, ...]:
    found: dict[str, Evidence] = {}
    for part in transition.why:
        for one in part.evidence:
            words = plain(one.quote)
            if words and part.points_e2 > 0:
                found.setdefault(words, one)
    texts = TEXTS[locale]
    return tuple(
        texts.quote.format(
            words=f"{FSI}{words}{PDI}" if locale == "fa" else isolated(words, locale),
            when=moment(one.ts_ms, seen_from_ms=transition.at_ms, locale=locale),
        )
        for words, one in list(found.items())[:_QUOTES_MAX]
    )


def _web_address(url: str) -> str | None:
    """An address from outside, None unless it is plain http(s) without surprises."""
    if (
        len(url) > 2_000
        or re.search(r"[\s\x00-\x1f\x7f<>\"'`|\\]", url)
        or plain(url, 2_000) != url
    ):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def link_fields(template: str) -> frozenset[str]:
    """The names a link template asks for.

    Raises:
        ValueError: A name no transition has, or a template that cannot be read.

    >>> sorted(link_fields("https://crm.example/c/{customer}"))
    ['customer']
    """
    asked = frozenset(
        name for _, name, _, _ in string.Formatter().parse(template) if name is not None
    )
    known = frozenset({"customer", "account", "conversation", "alert_id", "rule", "fingerprint"})
    if not asked <= known:
        raise ValueError(f"link asks for {sorted(asked - known)}; known are {sorted(known)}")
    return asked


def links_for(
    transition: Transition, templates: Mapping[str, str], playbook: str | None = None
) -> tuple[Link, ...]:
    """Where to look further: what was configured, the playbook, then the conversation."""
    facts = {
        "customer": transition.customer,
        "account": transition.account,
        "conversation": transition.conversation,
        "alert_id": transition.alert_id,
        "rule": transition.rule,
        "fingerprint": transition.fingerprint,
    }
    encoded = {
        name: quote(value.encode("utf-8", "replace"), safe="")
        for name, value in facts.items()
        if value
    }
    links = [
        Link(name, template.format(**encoded))
        for name, template in templates.items()
        if link_fields(template) <= encoded.keys()
    ]
    if transition.link is not None and (address := _web_address(transition.link)) is not None:
        links.append(Link("conversation", address))
    if playbook is not None and (address := _web_address(playbook)) is not None:
        links.append(Link("playbook", address))
    return tuple({link.name: link for link in reversed(links)}.values())[::-1]


def why_command(customer: str, alert_id: str) -> str:
    """The command line that explains an alert, safe to paste into a shell.

    >>> why_command("c 1; ls", "a-1")
    "nabz why 'c 1; ls' --alert a-1"
    """
    who = shlex.quote(plain(customer, 200))
    alert = shlex.quote(plain(alert_id, 200))
    if who.lstrip("'").startswith("-"):
        return f"nabz why --alert {alert} -- {who}"
    return f"nabz why {who} --alert {alert}"


def _why(transition: Transition) -> str:
    """What to type next: nobody's scores explain a source that stands still, or a storm."""
    if transition.measure in {LAG, OPENINGS}:
        return transition.replay
    return why_command(transition.customer, transition.alert_id)


def _deed(transition: Transition, kind: Kind, locale: Locale) -> str:
    """The title of what a person did; empty where nobody did, or nobody knows who."""
    known = kind == "updated" and bool(transition.actor)
    return TEXTS[locale].deeds.get(transition.reason, "") if known else ""


def _doers(transition: Transition, locale: Locale) -> dict[str, str]:
    """Who did it, and to whom it was given; names come from outside."""
    named = {"actor": transition.actor, "assignee": transition.care.assignee}
    return {
        field: "?" if name is None else isolated(plain(name), locale)
        for field, name in named.items()
    }


def notification(
    transition: Transition,
    *,
    channel: str,
    kind: Kind | None = None,
    locale: Locale = "en",
    quotes: bool = False,
    links: Mapping[str, str] | None = None,
    playbooks: Playbooks | None = None,
    repeat_no: int = 0,
    late_ms: int = 0,
) -> Notification:
    """Say one transition to one channel.

    Args:
        transition: What changed.
        channel: Name of the channel in the configuration; part of the identity.
        kind: What it is to this channel, where that differs (`fired_and_recovered`).
        locale: Language of the texts.
        quotes: The channel may see redacted quotes.
        links: Address templates by name.
        playbooks: Next steps by cause.
        repeat_no: Counts the reminders of one transition.
        late_ms: How long the message has waited; said from five minutes on.

    Returns:
        The same notification for the same arguments.
    """
    kind = kind_of(transition) if kind is None else kind
    texts = TEXTS[locale]
    who = named(transition, locale)
    severity = texts.severities.get(transition.severity, plain(transition.severity))
    title = _deed(transition, kind, locale) or texts.titles[kind]
    title = title.format(severity=severity, who=who, **_doers(transition, locale))
    lines: list[str] = []
    address: str | None = None
    if kind in texts.endings:
        lines.extend(_ending(transition, kind, locale))
    else:
        said = causes(transition, locale)
        if said:
            lines.append(texts.because.format(causes=texts.comma.join(said)))
        lines.append(_change(transition, locale))
        lines.extend(_care(transition, locale))
        lines.extend(texts.qualities[one] for one in transition.quality if one in texts.qualities)
        lines.extend(_at_stake(transition, locale))
        book = playbook_for(transition, playbooks or {})
        steps = () if book is None else book.steps.get(locale, ())
        lines.extend(texts.next_step.format(step=plain(step, STEP_MAX)) for step in steps)
        address = transition.playbook
        if address is None and book is not None:
            address = book.link
    if late_ms >= LATE_MS:
        lines.append(texts.late.format(duration=duration(late_ms, locale)))
    return Notification(
        notification_id=notification_id(
            transition.alert_id,
            channel,
            seq=transition.seq,
            reason=transition.reason,
            repeat_no=repeat_no,
        ),
        alert_id=plain(transition.alert_id, _ID_MAX),
        fingerprint=plain(transition.fingerprint, _ID_MAX),
        seq=transition.seq,
        kind=kind,
        reason=plain(transition.reason, _ID_MAX),
        reason_code=reason_code(transition),
        severity=plain(transition.severity, _ID_MAX),
        locale=locale,
        title=title,
        lines=tuple(lines),
        evidence=_quotes(transition, locale) if quotes and kind not in texts.endings else (),
        links=links_for(transition, links or {}, address),
        why=_why(transition),
        rule=plain(transition.rule, _ID_MAX),
        customer=plain(transition.customer, _ID_MAX),
        account=_or_none(transition.account),
        tier=_or_none(transition.tier),
        measure=plain(transition.measure, _ID_MAX),
        score_e2=transition.score_e2,
        change_e2=transition.change_e2,
        health_e2=transition.health_e2,
        confidence_e2=transition.confidence_e2,
        since_ms=transition.since_ms,
        opened_ms=transition.opened_ms,
        at_ms=transition.at_ms,
        runbook=_or_none(transition.runbook),
    )


def standing_of(one: Transition) -> Standing:
    """What a digest orders by; a critical alert has its place whatever the customer is worth."""
    loss = one.loss
    exempt = one.severity == "critical" or one.reason == "red_flag"
    if loss is None:
        return Standing(one.alert_id, one.score_e2, None, exempt)
    return Standing(one.alert_id, one.score_e2, loss.loss_e2, exempt or loss.exempt is not None)


def digest_notification(
    members: Sequence[Transition],
    *,
    notification_id: str,
    alert_id: str,
    channel: str,
    locale: Locale = "en",
    now_ms: int,
    account: str | None = None,
    seq: int = 1,
) -> Notification:
    """Say several openings at once: how many, the five worst by name, and where to see the rest.

    Args:
        members: What it stands for, at least one; the order does not matter.
        notification_id: The digest's own; the same however often it is sent.
        alert_id: The digest's own.
        channel: Name of the channel.
        locale: Language of the texts.
        now_ms: The wall clock, from which times of day are seen.
        account: The account whose customers they are; None for those that were held back.
        seq: Which message about the account it is.
    """
    texts = TEXTS[locale]
    by_id = {one.alert_id: one for one in members}
    worst = [by_id[place.key] for place in ranked(map(standing_of, members))]
    first = worst[0]
    severity = texts.severities.get(first.severity, plain(first.severity))
    lines = [
        texts.member.format(
            severity=texts.severities.get(one.severity, plain(one.severity)),
            who=named(one, locale),
            measure=spoken_measure(one, locale),
            score=digits(str(points(one.score_e2)), locale),
            since=moment(one.since_ms, seen_from_ms=now_ms, locale=locale),
        )
        for one in worst[:_LISTED_MAX]
    ]
    if len(worst) > _LISTED_MAX:
        lines.append(texts.more.format(n=digits(str(len(worst) - _LISTED_MAX), locale)))
    count = digits(str(len(worst)), locale)
    title = (
        texts.titles["digest"].format(severity=severity, who=count)
        if account is None
        else texts.group.format(
            severity=severity, n=count, account=isolated(plain(account), locale)
        )
    )
    alone = notification(first, channel=channel, locale=locale)
    return msgspec.structs.replace(
        alone,
        notification_id=notification_id,
        alert_id=alert_id,
        fingerprint=f"~digest|{plain(channel, _ID_MAX)}",
        seq=seq,
        kind="digest",
        reason="digest" if account is None else "group",
        title=title,
        lines=tuple(lines),
        links=(),
        why="nabz tail alerts",
        at_ms=now_ms,
        members=tuple(plain(one.alert_id, _ID_MAX) for one in worst[:_MEMBERS_MAX]),
    )
