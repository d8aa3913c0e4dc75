"""The words of notifications, one table a language.

Templates are filled by `alerts.message`; the tests hold both tables to the same keys. Codes
without a row are shown as they are, so a new cue needs no change here.

Next step: `alerts.message.notification` fills the templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Texts:
    """All templates of one language.

    Attributes:
        titles: By kind; fields `severity`, `who` (of a digest, how many).
        deeds: Titles of what a person did, by transition reason; fields also `actor`, `assignee`.
        endings: By closing kind; fields `measure`, `score`.
        causes: Phrases by cue code or contribution name.
        reasons: Why an alert was closed otherwise, by transition reason.
        ordinals: First, second, ...; index 0 is never used.
        again: Why an alert that somebody had is told again, by transition reason.
    """

    titles: Mapping[str, str]
    deeds: Mapping[str, str]
    endings: Mapping[str, str]
    causes: Mapping[str, str]
    reasons: Mapping[str, str]
    severities: Mapping[str, str]
    measures: Mapping[str, str]
    of_account: str
    source: str
    rule: str
    because: str
    next_step: str
    qualities: Mapping[str, str]
    at_stake: str
    at_stake_assumed: str
    comma: str
    waiting_for: str
    nth_contact: str
    ordinals: tuple[str, ...]
    many_contacts: str
    change: str
    level: str
    was_open: str
    closed_because: str
    late: str
    again: Mapping[str, str]
    due: str
    past_due: str
    unowned: str
    member: str
    group: str
    instead: str
    morning: str
    morning_line: str
    overdue: str
    untaken: str
    weekly: str
    weekly_line: str
    weekly_verdicts: str
    weekly_rising: str
    weekly_nothing: str
    more: str
    quote: str
    day: str
    hour: str
    minute: str
    second: str
    join_units: str


_EN: Final = Texts(
    titles={
        "fired": "[{severity}] {who} needs attention",
        "escalated": "[{severity}] {who}: got worse",
        "reopened": "[{severity}] {who} needs attention again",
        "repeat": "[{severity}] {who} still needs attention",
        "recovered": "[recovered] {who}",
        "expired": "[expired] {who}: no recent contact",
        "closed": "[closed] {who}",
        "fired_and_recovered": "[recovered] {who}: fired and recovered before this was sent",
        "updated": "[{severity}] {who}: alert updated",
        "digest": "[{severity}] {who} alerts that were held back",
        "unanswered": "[{severity}] {who} needs attention and nobody has taken it",
        "list": "{who}",
    },
    deeds={
        "acked": "[{severity}] {who}: {actor} is on it",
        "unacked": "[{severity}] {who}: nobody is on it any more ({actor})",
        "snoozed": "[{severity}] {who}: snoozed by {actor}",
        "unsnoozed": "[{severity}] {who}: not snoozed any more ({actor})",
        "assigned": "[{severity}] {who}: {actor} gave it to {assignee}",
        "noted": "[{severity}] {who}: {actor} left a note",
        "disagreed": "[{severity}] {who}: {actor} disagrees",
        "handled": "[{severity}] {who}: {actor} has taken care of it",
    },
    endings={
        "recovered": "{measure} is down to {score}",
        "expired": "{measure} is {score}; closed for lack of contact, recovery not confirmed",
        "closed": "{measure} is {score}",
        "fired_and_recovered": "{measure} is {score}; nothing is open any more",
    },
    causes={
        "waiting": "complains about waiting",
        "waiting_now": "is waiting for an answer",
        "no_answer": "says nobody answers",
        "repetition": "has to repeat the same thing",
        "contacts": "contacts us often",
        "displeasure": "has been displeased",
        "effort": "has to put in too much effort",
        "cannot": "cannot get something done",
        "feeling": "sounds unhappy",
        "intent": "announces consequences",
        "anger": "is angry",
        "profanity": "swears",
        "mock_praise": "mocks with praise",
        "escalation_request": "asks for a manager",
        "leave_threat": "says they will leave",
        "competitor": "looks at a competitor",
        "legal_threat": "mentions legal steps",
        "public_threat": "mentions going public",
        "money_lost": "reports lost money",
        "lost_trust": "says trust is lost",
        "staff_conduct": "complains about how they were treated",
        "answer_failed": "got an answer that did not help",
        "corrected": "has to correct us",
        "followed_up": "asks again before an answer",
        "same_issue": "has written about the same issue before",
        "hopped": "had to try another channel",
        "reopened": "has to ask again after it was over",
        "handed_off": "was handed on to somebody else",
        "rephrased": "says it again in other words",
        "confusion": "is confused",
        "urgent": "is in a hurry",
        "vulnerable": "is in a difficult situation",
        "wish": "wishes for something that is not there",
        "negative_words": "writes in negative words",
        "thanks": "says thanks",
        "solved": "says it is solved",
        "positive_words": "writes in positive words",
        "trail": "was in distress lately",
        "friction": "met obstacles lately",
        "unresolved": "has waited for more than a day",
        "quiet": "has stopped writing",
        "cut_off": "nothing newer is read from it, so nobody is told of waiting or silence",
        "opening_storm": "it opens far more often than usual since a change of configuration;"
        " its openings are held until they are released",
    },
    reasons={
        "rule_removed": "the rule was removed",
        "manual": "somebody closed it",
        "merged": "it was merged into another alert",
        "source_removed": "the source is not configured any more",
        "hold_ended": "the hold has ended",
    },
    severities={"warning": "warning", "critical": "critical"},
    measures={
        "distress": "distress",
        "health": "health",
        "waiting": "waiting",
        "lag": "lag in minutes",
        "openings": "number of openings",
        "waiting_minutes": "minutes of waiting",
        "promise_gap_minutes": "minutes past what was promised",
        "contacts_24h": "contacts within 24 h",
        "health_fall": "fall of health",
        "distress_rise": "rise of distress",
        "conversation_distress": "distress of the conversation",
        "conversation_waiting_minutes": "minutes of waiting in the conversation",
    },
    of_account=", account {account}",
    source="source {source}",
    rule="rule {rule}",
    because="Why: {causes}",
    qualities={
        "late_data": "Not all sources are read up to now; it may be over already",
        "low_evidence": "Little is known of this customer yet",
        "stale": "Nothing was heard of the customer for more than a day",
    },
    next_step="Next: {step}",
    at_stake="At stake: {loss} {unit} ({share} % of {value})",
    at_stake_assumed="At stake: about {loss} {unit} ({share} % of {value}, a value assumed)",
    comma=", ",
    waiting_for="waiting {duration} for an answer",
    nth_contact="{nth} contact within a day",
    ordinals=("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"),
    many_contacts="{n} contacts within a day",
    change="{measure} {before} -> {score} within 24 h (raised at {raise_at}), since {since}",
    level="{measure} {score} (raised at {raise_at}), since {since}",
    was_open="Was open for {duration}, since {since}",
    closed_because="Closed because {reason}",
    late="Delayed {duration} on its way to you",
    again={
        "snooze_ended": "The snooze has ended, and it is still so",
        "snooze_broken": "It got worse than when it was snoozed",
        "ack_ended": "Who took it has not finished, and the time for it has passed",
    },
    due="To be dealt with by {due}",
    past_due="Overdue since {due}: nothing has been done",
    unowned="NOBODY OWNS IT",
    member="[{severity}] {who}: {measure} {score}, since {since}",
    instead="Meant for channel {channel}, which does not take it",
    group="[{severity}] account {account}: {n} customers need attention",
    morning="Open on {date}: {n} alerts, who first",
    morning_line="{n}. [{severity}] {who}: {causes}; {measure} {score}, open for {duration}",
    overdue="overdue for {duration}",
    untaken="nobody has taken it",
    weekly="The week of {since} to {until}: {opened} alerts opened",
    weekly_line="{rule}: {opened} opened, {acted} acted on, {ignored} ignored, {late} late",
    weekly_verdicts="{rule}: {right} of {said} verdicts say it was right",
    weekly_rising="Rising: {reason}, {now} after {before} the week before",
    weekly_nothing="Nothing opened",
    more="and {n} more",
    quote='"{words}" ({when})',
    day="d",
    hour="h",
    minute="min",
    second="s",
    join_units=" ",
)

_FA: Final = Texts(
    titles={
        "fired": "[{severity}] {who} نیاز به رسیدگی دارد",
        "escalated": "[{severity}] وضعیت {who} بدتر شد",
        "reopened": "[{severity}] {who} دوباره نیاز به رسیدگی دارد",
        "repeat": "[{severity}] {who} هنوز نیاز به رسیدگی دارد",
        "recovered": "[برطرف شد] {who}",
        "expired": "[منقضی شد] {who}: تماس تازه‌ای نیست",
        "closed": "[بسته شد] {who}",
        "fired_and_recovered": "[برطرف شد] {who}: پیش از ارسال این پیام رخ داد و برطرف شد",
        "updated": "[{severity}] هشدار {who} به‌روز شد",
        "digest": "[{severity}] {who} هشدار نگه‌داشته‌شده",
        "unanswered": "[{severity}] {who} نیاز به رسیدگی دارد و کسی آن را به عهده نگرفته است",
        "list": "{who}",
    },
    deeds={
        "acked": "[{severity}] {who}: {actor} پیگیر است",
        "unacked": "[{severity}] {who}: دیگر کسی پیگیر نیست ({actor})",
        "snoozed": "[{severity}] {who}: {actor} آن را به بعد انداخت",
        "unsnoozed": "[{severity}] {who}: دیگر به بعد نمی‌افتد ({actor})",
        "assigned": "[{severity}] {who}: {actor} آن را به {assignee} سپرد",
        "noted": "[{severity}] {who}: {actor} یادداشتی گذاشت",
        "disagreed": "[{severity}] {who}: {actor} موافق نیست",
        "handled": "[{severity}] {who}: {actor} به آن رسیدگی کرد",
    },
    endings={
        "recovered": "{measure} به {score} رسید",
        "expired": "{measure} {score} است؛ به‌دلیل نبود تماس تازه بسته شد و بهبود تأیید نشده است",
        "closed": "{measure} {score} است",
        "fired_and_recovered": "{measure} {score} است؛ دیگر چیزی باز نیست",
    },
    causes={
        "waiting": "از معطلی گلایه دارد",
        "waiting_now": "منتظر پاسخ است",
        "no_answer": "می‌گوید کسی پاسخ نمی‌دهد",
        "repetition": "ناچار است حرفش را تکرار کند",
        "contacts": "پی‌درپی تماس می‌گیرد",
        "displeasure": "ناراضی بوده است",
        "effort": "زحمت زیادی می‌کشد",
        "cannot": "کارش پیش نمی‌رود",
        "feeling": "ناراضی به نظر می‌رسد",
        "intent": "از پیامدها خبر می‌دهد",
        "anger": "عصبانی است",
        "profanity": "ناسزا می‌گوید",
        "mock_praise": "با کنایه تعریف می‌کند",
        "escalation_request": "مدیر را می‌خواهد",
        "leave_threat": "می‌گوید ما را ترک می‌کند",
        "competitor": "به سراغ رقیب می‌رود",
        "legal_threat": "از اقدام قانونی می‌گوید",
        "public_threat": "از رسانه‌ای کردن می‌گوید",
        "money_lost": "از پول ازدست‌رفته می‌گوید",
        "lost_trust": "می‌گوید اعتمادش از دست رفته",
        "staff_conduct": "از رفتاری که با او شده گلایه دارد",
        "answer_failed": "پاسخی گرفته که کمکی نکرده",
        "corrected": "ناچار است حرف ما را اصلاح کند",
        "followed_up": "پیش از گرفتن پاسخ دوباره می‌پرسد",
        "same_issue": "پیش‌تر هم دربارهٔ همین موضوع نوشته است",
        "hopped": "ناچار شده از راه دیگری پیگیری کند",
        "reopened": "پس از بسته شدن موضوع دوباره می‌پرسد",
        "handed_off": "به فرد دیگری سپرده شده است",
        "rephrased": "همان را با واژه‌های دیگر می‌گوید",
        "confusion": "سردرگم است",
        "urgent": "عجله دارد",
        "vulnerable": "در شرایط دشواری است",
        "wish": "چیزی می‌خواهد که هنوز نیست",
        "negative_words": "با واژه‌های منفی می‌نویسد",
        "thanks": "تشکر می‌کند",
        "solved": "می‌گوید حل شد",
        "positive_words": "با واژه‌های مثبت می‌نویسد",
        "trail": "به‌تازگی ناراحت بوده است",
        "friction": "به‌تازگی با دشواری روبه‌رو شده است",
        "unresolved": "بیش از یک روز منتظر مانده است",
        "quiet": "دیگر پیام نمی‌دهد",
        "cut_off": "چیز تازه‌ای از آن خوانده نمی‌شود، پس از انتظار و سکوت هم خبری داده نمی‌شود",
        "opening_storm": "از هنگام تغییر پیکربندی بسیار بیش از معمول هشدار می‌دهد؛"
        " هشدارهای آن تا آزاد شدن نگه داشته می‌شوند",
    },
    reasons={
        "rule_removed": "قاعده حذف شد",
        "manual": "کسی آن را بست",
        "merged": "با هشدار دیگری یکی شد",
        "source_removed": "این منبع دیگر در پیکربندی نیست",
        "hold_ended": "نگه‌داشتن پایان یافت",
    },
    severities={"warning": "هشدار", "critical": "بحرانی"},
    measures={
        "distress": "ناراحتی",
        "health": "سلامت",
        "waiting": "انتظار",
        "lag": "تأخیر به دقیقه",
        "openings": "شمار هشدارهای تازه",
        "waiting_minutes": "دقیقه‌های انتظار",
        "promise_gap_minutes": "دقیقه‌های گذشته از قول",
        "contacts_24h": "تماس‌ها در ۲۴ ساعت",
        "health_fall": "افت سلامت",
        "distress_rise": "افزایش ناراحتی",
        "conversation_distress": "ناراحتی در این گفتگو",
        "conversation_waiting_minutes": "دقیقه‌های انتظار در این گفتگو",
    },
    of_account="، حساب {account}",
    source="منبع {source}",
    rule="قاعدهٔ {rule}",
    because="چرا: {causes}",
    qualities={
        "late_data": "همهٔ منابع تا این لحظه خوانده نشده‌اند؛ شاید برطرف شده باشد",
        "low_evidence": "هنوز چیز زیادی از این مشتری نمی‌دانیم",
        "stale": "بیش از یک روز است که از مشتری خبری نیست",
    },
    next_step="گام بعدی: {step}",
    at_stake="در خطر: {loss} {unit} ({share}٪ از {value})",
    at_stake_assumed="در خطر: حدود {loss} {unit} ({share}٪ از {value}، ارزش فرضی)",
    comma="، ",
    waiting_for="{duration} منتظر پاسخ است",
    nth_contact="{nth} تماس در یک روز",
    ordinals=("", "نخستین", "دومین", "سومین", "چهارمین", "پنجمین", "ششمین", "هفتمین", "هشتمین"),
    many_contacts="{n} تماس در یک روز",
    change="{measure} در ۲۴ ساعت از {before} به {score} رسید (آستانه {raise_at})، از {since}",
    level="{measure} {score} (آستانه {raise_at})، از {since}",
    was_open="{duration} باز بود، از {since}",
    closed_because="بسته شد چون {reason}",
    late="این پیام {duration} در راه مانده است",
    again={
        "snooze_ended": "زمان تعویق تمام شده و وضعیت همچنان برقرار است",
        "snooze_broken": "وضعیت از زمان تعویق بدتر شده است",
        "ack_ended": "کسی که آن را به عهده گرفته بود کار را تمام نکرده و مهلت گذشته است",
    },
    due="باید تا {due} رسیدگی شود",
    past_due="از {due} مهلت گذشته و کاری انجام نشده است",
    unowned="هیچ‌کس مسئول آن نیست",
    member="[{severity}] {who}: {measure} {score}، از {since}",
    instead="برای کانال {channel} بود که آن را نمی‌پذیرد",
    group="[{severity}] حساب {account}: {n} مشتری نیاز به رسیدگی دارند",
    morning="هشدارهای باز در {date}: {n}، به ترتیب رسیدگی",
    morning_line="{n}. [{severity}] {who}: {causes}؛ {measure} {score}، باز از {duration} پیش",
    overdue="{duration} از مهلت گذشته است",
    untaken="کسی آن را به عهده نگرفته است",
    weekly="هفتهٔ {since} تا {until}: {opened} هشدار باز شد",
    weekly_line="{rule}: {opened} باز شد، {acted} رسیدگی شد، {ignored} بی‌پاسخ ماند، {late} دیر شد",
    weekly_verdicts="{rule}: {right} از {said} نظر آن را درست دانسته‌اند",
    weekly_rising="رو به افزایش: {reason}، {now} پس از {before} در هفتهٔ پیش",
    weekly_nothing="هشداری باز نشد",
    more="و {n} هشدار دیگر",
    quote="«{words}» ({when})",
    day="روز",
    hour="ساعت",
    minute="دقیقه",
    second="ثانیه",
    join_units=" و ",
)

TEXTS: Final[Mapping[str, Texts]] = {"en": _EN, "fa": _FA}
