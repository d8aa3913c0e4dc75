"""What people read: golden texts, and nothing from outside breaks out of its place."""

from __future__ import annotations

import os
import shlex
import unicodedata
import uuid
from dataclasses import fields
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.channels.terminal import block
from alerts.deeds import DEEDS
from alerts.message import (
    FSI,
    PDI,
    Locale,
    causes,
    digest_notification,
    duration,
    kind_of,
    link_fields,
    moment,
    notification,
    plain,
)
from alerts.outputs import Care, Contribution, Transition, Waiting
from alerts.texts import TEXTS, Texts
from tests.alerts.transitions import BASE_MS, HOUR_MS, evidence, transition

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
LINKS = {"customer": "https://crm.example/c/{customer}"}
PERSIAN = {
    "name": "سارا احمدی",
    "account": "فروشگاه نمونه",
    "why": (
        Contribution(
            "waiting_now", 2400, "assumed", (evidence("no_answer", 900, "هیچ‌کس جواب نمی‌دهد"),)
        ),
        Contribution("contacts", 1800),
        Contribution(
            "intent", 1500, "literature", (evidence("legal_threat", 1500, "شکایت می‌کنم"),)
        ),
    ),
}
HOSTILE = st.text(
    st.one_of(
        st.sampled_from(
            "\u202e\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061c\x1b\x07\r\n\t\u2028\x9b<>&|*_`\"'{}%\u200b\ufeff-"
        ),
        st.characters(),
    ),
    max_size=120,
)


@pytest.mark.parametrize("locale", ["en", "fa"])
@pytest.mark.parametrize("reason", ["raised", "escalated", "recovered", "expired", "manual"])
def test_the_texts_are_as_agreed(reason: str, locale: Locale) -> None:
    """Set NABZ_GOLDEN=write to write the files anew, then read the difference."""
    made = transition(1, reason, **(PERSIAN if locale == "fa" else {}))
    shown = block(notification(made, channel="ops", locale=locale, quotes=True, links=LINKS)) + "\n"
    path = GOLDEN / f"{reason}.{locale}.txt"
    if os.environ.get("NABZ_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("locale", "title"),
    [
        ("en", "[critical] account Acme: 3 customers need attention"),
        ("fa", "[بحرانی] حساب \u2068Acme\u2069: ۳ مشتری نیاز به رسیدگی دارند"),
    ],
)
def test_several_customers_of_one_account_are_told_by_its_name(locale: Locale, title: str) -> None:
    """And by how many they are."""
    said = digest_notification(
        several("en", 3), notification_id="n", alert_id="a", channel="ops", locale=locale,
        now_ms=BASE_MS, account="Acme", seq=2,
    )  # fmt: skip
    assert (said.title, said.reason, said.seq) == (title, "group", 2)


def several(locale: Locale, count: int) -> tuple[Transition, ...]:
    """So many customers, the third of them critical."""
    mine = PERSIAN if locale == "fa" else {}
    return tuple(
        transition(
            1,
            "escalated" if n == 2 else "raised",
            fingerprint=f"d|{n}",
            customer=f"c-{n}",
            score_e2=7_000 + 100 * n,
            **mine,
        )
        for n in range(count)
    )


@pytest.mark.parametrize("locale", ["en", "fa"])
def test_a_digest_is_as_agreed(locale: Locale) -> None:
    """The worst five by name, the rest counted; the order they come in does not matter."""
    about = {"notification_id": "n", "alert_id": "digest-1", "channel": "ops", "locale": locale}
    made = digest_notification(several(locale, 8), now_ms=BASE_MS, **about)  # type: ignore[arg-type]
    turned = several(locale, 8)[::-1]
    assert digest_notification(turned, now_ms=BASE_MS, **about) == made  # type: ignore[arg-type]
    shown = block(made) + "\n"
    path = GOLDEN / f"digest.{locale}.txt"
    if os.environ.get("NABZ_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_a_digest_names_its_members_worst_first() -> None:
    """Up to a hundred of them; a critical one before all others; no quotes and no links."""
    alerts = several("en", 130)
    made = digest_notification(
        alerts, notification_id="n", alert_id="d", channel="ops", now_ms=BASE_MS
    )
    assert (len(made.members), len(made.lines)) == (100, 6)
    assert made.members[:2] == (alerts[2].alert_id, alerts[129].alert_id)
    assert (made.evidence, made.links, made.kind) == ((), (), "digest")
    few = digest_notification(
        alerts[:2], notification_id="n", alert_id="d", channel="ops", now_ms=BASE_MS
    )
    assert len(few.lines) == 2


def test_both_languages_have_the_same_rows() -> None:
    """A phrase added in one language is missing in the other until it is added there."""
    for one in fields(Texts):
        en, fa = (getattr(TEXTS[locale], one.name) for locale in ("en", "fa"))
        if isinstance(en, dict):
            assert en.keys() == fa.keys(), one.name
        if isinstance(en, tuple):
            assert len(en) == len(fa), one.name


def test_the_identity_of_a_message_is_its_content() -> None:
    """Equal arguments, equal id; another channel, seq or reminder, another."""
    first = notification(transition(), channel="ops").notification_id
    assert first == notification(transition(), channel="ops", locale="fa").notification_id
    others = {
        notification(transition(), channel="else").notification_id,
        notification(transition(2), channel="ops").notification_id,
        notification(transition(), channel="ops", repeat_no=1).notification_id,
    }
    assert first not in others and len(others) == 3
    assert uuid.UUID(first).version == 5 and "." not in first


def test_no_quote_leaves_unless_the_channel_may_see_quotes() -> None:
    """Thin by default: none of the customer's words."""
    quiet = notification(transition(), channel="ops")
    assert quiet.evidence == ()
    assert "nobody answers me" not in block(quiet)
    told = notification(transition(), channel="ops", quotes=True)
    assert "nobody answers me" in block(told)
    assert "thanks" not in block(told), "relief is not why"


@pytest.mark.parametrize(
    ("reason", "after", "kind"),
    [
        ("raised", "firing", "fired"),
        ("red_flag", "firing", "fired"),
        ("held", "firing", "fired"),
        ("relapsed", "firing", "reopened"),
        ("rule_removed", "closed", "closed"),
        ("something_new", "closed", "closed"),
        ("something_new", "firing", "updated"),
    ],
)
def test_a_reason_has_a_kind(reason: str, after: str, kind: str) -> None:
    """A close is one whatever its reason."""
    assert kind_of(transition(1, reason, after=after)) == kind


def test_codes_without_words_are_shown_as_words() -> None:
    """A cue of tomorrow."""
    why = (
        Contribution("intent", 900, "assumed", (evidence("sends_pigeons"),)),
        Contribution("ufo", 800),
    )
    assert causes(transition(why=why)) == ("sends pigeons", "ufo")


def test_without_a_day_of_history_no_change_is_invented() -> None:
    """Unknown is not 0."""
    shown = notification(transition(change_e2=None), channel="ops")
    assert shown.lines[-1] == "distress 78 (raised at 70), since 13:53 UTC"


def test_without_a_cause_none_is_invented() -> None:
    """The figures alone; no reason code."""
    bare = notification(transition(why=()), channel="ops")
    assert len(bare.lines) == 1 and bare.reason_code is None


def test_an_end_whose_beginning_is_unknown_says_no_length() -> None:
    """Absent is not 0."""
    assert len(notification(transition(2, "recovered", opened_ms=None), channel="x").lines) == 1


def test_an_id_that_looks_like_an_option_is_none() -> None:
    """The command can be pasted."""
    made = notification(transition(customer="--help"), channel="ops")
    assert made.why.endswith(" -- --help")


def test_many_contacts_are_counted_in_figures() -> None:
    """No ordinals invented."""
    why = (Contribution("contacts", 900),)
    assert causes(transition(why=why, contacts_24h=23)) == ("23 contacts within a day",)


def test_a_late_message_says_so() -> None:
    """Nobody should think it happened just now."""
    assert "Delayed 2 h" in notification(transition(), channel="ops", late_ms=2 * HOUR_MS).lines[-1]


def test_links_take_only_what_is_known() -> None:
    """A template whose value is missing gives no link."""
    templates = {"crm": "https://crm.example/{account}", "c": "https://crm.example/{customer}"}
    made = notification(transition(account=None, customer="a/b?c"), channel="x", links=templates)
    assert [link.url for link in made.links] == ["https://crm.example/a%2Fb%3Fc"]
    with pytest.raises(ValueError, match="known are"):
        link_fields("https://x.example/{password}")


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://a b",
        "http://",
        "https://x\u202e.example",
        "//x",
        "https://[x",
    ],
)
def test_a_link_from_outside_is_a_plain_web_address_or_none(link: str) -> None:
    """Events may carry anything."""
    assert notification(transition(link=link), channel="x").links == ()


def test_a_good_link_from_outside_is_kept() -> None:
    """The conversation, one click away."""
    made = notification(transition(link="https://desk.example/t/9?x=1"), channel="x")
    assert [link.url for link in made.links] == ["https://desk.example/t/9?x=1"]


@given(
    name=HOSTILE, customer=HOSTILE, quote=HOSTILE, cue=HOSTILE, locale=st.sampled_from(["en", "fa"])
)
def test_nothing_from_outside_breaks_out(
    name: str, customer: str, quote: str, cue: str, locale: Locale
) -> None:
    """No control, no override; isolates are balanced in each line; the command is one command."""
    why = (Contribution("intent", 900, "assumed", (evidence(cue, 900, quote),)),)
    made = notification(
        transition(name=name, account=name, customer=customer, conversation=quote, why=why),
        channel="ops",
        locale=locale,
        quotes=True,
        links={"c": "https://crm.example/c/{customer}/{conversation}"},
    )
    assert all("\n" not in line for line in (made.title, *made.lines, *made.evidence, made.why))
    for line in (made.title, *made.lines, *made.evidence):
        kinds = [(letter, unicodedata.category(letter)) for letter in line]
        assert all(
            letter in {FSI, PDI, "\u200c", "\u200d"} or kind[0] != "C" for letter, kind in kinds
        )
        depth = 0
        for letter in line:
            depth += (letter == FSI) - (letter == PDI)
            assert depth in {0, 1}
        assert depth == 0
    words = shlex.split(made.why)
    assert words[:2] == ["nabz", "why"] and len(words) in {5, 6}
    assert plain(customer, 200) in words
    for link in made.links:
        path = urlsplit(link.url).path
        assert path.count("/") == 3 and path.isascii()
        assert unquote(path.split("/")[2]) == customer.encode("utf-8", "replace").decode()


@given(st.text())
def test_plain_text_is_one_short_line(value: str) -> None:
    """And saying it twice changes nothing."""
    once = plain(value)
    assert len(once) <= 80 and len(once.splitlines()) <= 1
    assert plain(once) == once


@given(st.integers(-(10**15), 10**15), st.integers(-(10**18), 10**18))
def test_odd_times_do_not_stop_a_message(length_ms: int, at_ms: int) -> None:
    """A skewed clock still gives a text."""
    assert duration(length_ms)
    made = transition(at_ms=at_ms, waiting=Waiting("yes", at_ms - length_ms), since_ms=length_ms)
    assert notification(made, channel="ops").title
    assert notification(transition(1, "recovered", opened_ms=at_ms), channel="ops").lines
    assert BASE_MS > 0


@pytest.mark.parametrize("locale", ["en", "fa"])
@pytest.mark.parametrize("reason", sorted(DEEDS))
def test_what_a_person_did_is_said_with_who_did_it(reason: str, locale: Locale) -> None:
    """Also where the name is from right to left, or tries to turn the line round."""
    made = transition(2, reason, actor="بهزاد\u202e", care=Care(assignee="ann"))
    said = notification(made, channel="ops", locale=locale)
    assert said.kind == "updated" and f"{FSI}بهزاد{PDI}" in said.title
    assert ("ann" in said.title) == (reason == "assigned")
    unknown = notification(transition(2, reason), channel="ops", locale=locale)
    assert unknown.title == notification(transition(2, "else"), channel="ops", locale=locale).title


@pytest.mark.parametrize("locale", ["en", "fa"])
@pytest.mark.parametrize("reason", ["snooze_ended", "snooze_broken", "ack_ended", "overdue"])
def test_what_somebody_had_is_told_again_with_why(reason: str, locale: Locale) -> None:
    """What ended, and what was promised; that nobody owns it is not to be overlooked."""
    texts = TEXTS[locale]
    plain_ = notification(transition(reason=reason), channel="ops", locale=locale)
    assert (texts.again.get(reason) in plain_.lines) == (reason != "overdue")
    assert plain_.kind == ("escalated" if reason == "snooze_broken" else "repeat")
    care = Care(due_at_ms=BASE_MS - HOUR_MS, overdue=reason == "overdue")
    due = moment(BASE_MS - HOUR_MS, seen_from_ms=BASE_MS, locale=locale)
    said = notification(transition(reason=reason, care=care), channel="ops", locale=locale)
    said_due = (texts.past_due if care.overdue else texts.due).format(due=due)
    at = said.lines.index(said_due)
    assert said.lines[at + 1] == texts.unowned
    owned = notification(
        transition(reason=reason, care=replace(care, owner="ann")), channel="ops", locale=locale
    )
    assert said_due in owned.lines and texts.unowned not in owned.lines
