"""What stands on buttons, and what whoever pressed one is told, one table a language.

The tests hold both tables to the same keys. Persian is written so that it reads well from right to
left by itself; what comes from outside is wrapped in isolates by whoever fills a template.

Next step: `alerts.channels.slack` and `alerts.channels.telegram` draw the buttons,
`streams.notifier.hearing` tells what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from alerts.message import FSI, PDI, Locale, duration, moment, plain


@dataclass(frozen=True, slots=True)
class DeedTexts:
    """All words of one language.

    Attributes:
        buttons: By verb; those of `snooze` and `disagree` open a choice.
        back: Leaves a choice.
        doubts: Why somebody disagrees.
        done: What a person is told when their answer counts, by verb; fields `until`, `assignee`.
        noted: It is written down, and nothing has answered yet.
        not_done: It does not count; field `why`.
        whys: Why an answer does not count, by reason; field `user`.
    """

    buttons: Mapping[str, str]
    back: str
    doubts: Mapping[str, str]
    done: Mapping[str, str]
    noted: str
    not_done: str
    whys: Mapping[str, str]


_EN: Final = DeedTexts(
    buttons={
        "ack": "Acknowledge",
        "resolve": "Resolve",
        "snooze": "Snooze…",
        "disagree": "Disagree…",
    },
    back="‹ Back",
    doubts={
        "not_distress": "Not in distress",
        "misread_words": "Words were misread",
        "already_handled": "Already handled",
        "too_late": "Came too late",
        "not_mine": "Not mine",
    },
    done={
        "ack": "Acknowledged: it is yours.",
        "unack": "It is nobody's again.",
        "snooze": "Snoozed until {until}.",
        "unsnooze": "It is not snoozed any more.",
        "assign": "Assigned to {assignee}.",
        "note": "Your note is kept.",
        "resolve": "Resolved.",
        "disagree": "Your verdict counts: thank you.",
        "handled": "Taken care of.",
    },
    noted="Written down; it will count in a moment.",
    not_done="That did not count: {why}.",
    whys={
        "unknown_user": "nabz does not know you; whoever runs it writes {user} to you in people",
        "not_allowed": "you may not do that here",
        "unknown_alert": "this alert is not known any more",
        "unknown_assignee": "nabz does not know the new owner",
        "too_old": "it came too late to be believed",
        "closed": "the alert is over",
        "another_alert": "a newer alert has begun since",
        "never_opened": "the alert has never been open",
        "stale": "something has changed since; look at it again",
        "nothing_to_undo": "there was nothing to take back",
    },
)

_FA: Final = DeedTexts(
    buttons={
        "ack": "پیگیری می‌کنم",
        "resolve": "بسته شود",
        "snooze": "بعداً…",
        "disagree": "موافق نیستم…",
    },
    back="بازگشت ›",
    doubts={
        "not_distress": "ناراحت نیست",
        "misread_words": "واژه‌ها بد فهمیده شده",
        "already_handled": "پیش‌تر رسیدگی شده",
        "too_late": "دیر رسید",
        "not_mine": "به من مربوط نیست",
    },
    done={
        "ack": "ثبت شد: پیگیری با شماست.",
        "unack": "دیگر کسی پیگیر آن نیست.",
        "snooze": "تا {until} یادآوری نمی‌شود.",
        "unsnooze": "دوباره یادآوری می‌شود.",
        "assign": "به {assignee} سپرده شد.",
        "note": "یادداشت شما ثبت شد.",
        "resolve": "بسته شد.",
        "disagree": "نظر شما به حساب آمد؛ سپاس.",
        "handled": "رسیدگی شد.",
    },
    noted="ثبت شد و تا لحظه‌ای دیگر به حساب می‌آید.",
    not_done="به حساب نیامد: {why}.",
    whys={
        "unknown_user": "شما برای nabz شناخته نیستید؛"
        " کسی که آن را اداره می‌کند باید {user} را در people برای شما بنویسد",
        "not_allowed": "اجازهٔ این کار را ندارید",
        "unknown_alert": "این هشدار دیگر شناخته نیست",
        "unknown_assignee": "مسئول تازه شناخته نیست",
        "too_old": "بسیار دیر رسید",
        "closed": "این هشدار پایان یافته است",
        "another_alert": "از آن پس هشدار تازه‌ای آغاز شده است",
        "never_opened": "این هشدار هرگز باز نبوده است",
        "stale": "از آن پس چیزی تغییر کرده است؛ دوباره نگاه کنید",
        "nothing_to_undo": "چیزی برای پس گرفتن نبود",
    },
)

DEED_TEXTS: Final[Mapping[Locale, DeedTexts]] = {"en": _EN, "fa": _FA}


def choice(for_ms: int, locale: Locale) -> str:
    """A length of a snooze, as a button says it.

    >>> choice(4 * 3_600_000, "en")
    '4 h'
    """
    return duration(for_ms, locale)


def done(verb: str, *, until_ms: int | None, assignee: str, now_ms: int, locale: Locale) -> str:
    """What a person is told when their answer counts.

    >>> done("snooze", until_ms=3_600_000, assignee="", now_ms=0, locale="en")
    'Snoozed until 01:00 UTC.'
    """
    until = "…" if until_ms is None else moment(until_ms, seen_from_ms=now_ms, locale=locale)
    return DEED_TEXTS[locale].done[verb].format(until=until, assignee=_isolated(assignee))


def not_done(reason: str, *, user: str, locale: Locale) -> str:
    """What a person is told when it does not; a reason without words is shown as it is.

    >>> not_done("closed", user="", locale="en")
    'That did not count: the alert is over.'
    """
    texts = DEED_TEXTS[locale]
    why = texts.whys.get(reason, _isolated(reason.replace("_", " ")))
    return texts.not_done.format(why=why.format(user=_isolated(user)))


def _isolated(text: str) -> str:
    return f"{FSI}{plain(text)}{PDI}"
