"""Cues: every row finds its example and leaves alone what only looks like it."""

from __future__ import annotations

import re

import pytest

from scoring import cues_en, cues_fa, persian
from scoring.cues import FAMILY, MUTE, Row, Table
from scoring.reading import read
from scoring.records import FAMILIES
from scoring.text import normalise, parted, tidy, words_of

TABLES = {"en": Table(cues_en.ROWS), "fa": Table(cues_fa.ROWS, verb_last=True)}
ROWS = [("en", row) for row in cues_en.ROWS] + [("fa", row) for row in cues_fa.ROWS]
CONDUCT = [(lang, row) for lang, row in ROWS if row.code == "staff_conduct"]
IDS = [f"{lang}-{row.code}-{row.hit}" for lang, row in ROWS]


def words(text: str, lang: str) -> list[str]:
    """The words of a text as its table reads them."""
    found = words_of(parted(tidy(text)).split())
    return persian.join(found)[0] if lang == "fa" else found


def codes(text: str, lang: str) -> list[str]:
    """The codes found in a text, in order."""
    return [cue.code for cue in TABLES[lang].find(words(text, lang))]


@pytest.mark.parametrize(("lang", "row"), ROWS, ids=IDS)
def test_a_row_finds_its_example_and_not_its_look_alike(lang: str, row: Row) -> None:
    """Each row alone: what it is for, and what it must leave alone."""
    alone = Table([row], verb_last=lang == "fa")
    assert [cue.code for cue in alone.find(words(row.hit, lang))] == [row.code]
    assert alone.find(words(row.miss, lang)) == []


@pytest.mark.parametrize(("lang", "row"), ROWS, ids=IDS)
def test_a_row_is_well_made(lang: str, row: Row) -> None:
    """Its code has a family, its points stay below an alert, it matches nothing in nothing."""
    if row.code == MUTE:
        assert row.points == 0
    else:
        assert FAMILY[row.code] in FAMILIES
        assert 0 < row.points <= 2_500
    assert re.compile(normalise(row.pattern)).search("") is None
    assert lang in TABLES


def test_both_languages_have_the_same_codes() -> None:
    """What an English customer can say, a Persian one can too."""
    assert {row.code for row in cues_en.ROWS} == {row.code for row in cues_fa.ROWS}
    assert {row.code for row in cues_en.ROWS} == {*FAMILY, MUTE}


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "I am not waiting any more, all is well"),
        ("en", "I am not angry"),
        ("en", "I would appreciate it if someone has time"),
        ("en", "Can you get this fixed?"),
        ("fa", "عصبانی نیستم"),
        ("fa", "منتظر نیستم"),
        ("fa", "وکیل ندارم"),
    ],
)
def test_what_is_denied_does_not_count(lang: str, text: str) -> None:
    """No before it in English, a verb after it in Persian."""
    assert codes(text, lang) == []


def scored(text: str, lang: str) -> set[str]:
    """The codes found in a text, without what is mute."""
    return {code for code in codes(text, lang) if code != MUTE}


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Nobody else can see my photos"),
        ("fa", "کسی جز من آن را نمی‌بیند"),
        ("en", "I have had the newest version for about two months"),
        ("en", "I came back to you after 7 years"),
        ("en", "Is there a 30 day wait time?"),
        ("en", "I worked 3 days last week"),
        ("fa", "بعد از هفت سال برگشتم"),
        ("fa", "در سه روز گذشته از سایت خرید کردم"),
        ("en", "I did a dumb thing"),
        ("en", "That was my own stupid mistake"),
        ("fa", "خودم احمقم، اشتباه زدم"),
        ("en", "I am a loyal customer"),
        ("en", "Who lifts the fraud alert on my card"),
        ("fa", "جسارت نباشه، مزاحم شدم"),
        ("fa", "شاید اشتباه از خودمه"),
        ("fa", "قصد جسارت ندارم"),
        ("fa", "خوشم نیومد از رنگش"),
        ("fa", "دو ماه شده که این گوشی را دارم"),
        ("fa", "به هیچ وجه برنگشت"),
        ("fa", "تخفیف عدم خسارت دارم"),
        ("fa", "خدا وکیلی جواب بدید"),
        ("fa", "این کیف درست شده از چرم است"),
        ("fa", "برنامه هنگ نمی‌کنه"),
        ("fa", "گول نخورید"),
        ("fa", "گلد پلاس می‌خواهم"),
        ("fa", "آفرین به دقتتون"),
        ("en", "A one star hotel was all we found"),
        ("en", "I read bad reviews about that film"),
        ("en", "Can I switch my seat?"),
        ("en", "I am done with the form"),
        ("en", "We are leaving for a week"),
        ("en", "I am leaving you a message"),
        ("en", "I need four tickets"),
        ("en", "Not right now"),
        ("en", "I don't care about the price range"),
        ("en", "He says his lawyers told him to sue"),
        ("en", "Your colleague is telling people to queue here"),
        ("en", "I must tell my family that I come later"),
        ("en", "Could I get my money back if I cancel?"),
        ("en", "Please put the room on hold for me"),
        ("en", "The plot was ridiculous"),
        ("en", "This is the last train of the day"),
        ("en", "Can I retrieve my pictures elsewhere on the disk?"),
        ("en", "I wish you a good day"),
        ("en", "Please add the concert to my calendar"),
        ("en", "I did not want to be rude"),
        ("en", "Is there another flight?"),
    ],
)
def test_what_only_sounds_like_distress_does_not_count(lang: str, text: str) -> None:
    """Lengths of time that are no waits, one's own mistakes, ritual politeness."""
    assert scored(text, lang) == set()


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("en", "The window is not responding", {"cannot"}),
        ("en", "Your team is not responding", {"no_answer"}),
        ("fa", "صفحه پاسخ نمی‌دهد", {"cannot"}),
        ("en", "My line has been disconnected", {"no_answer"}),
        ("en", "My internet has been disconnected", {"cannot"}),
        ("en", "We have no internet for three days", {"waiting"}),
        ("en", "I filed a complaint with the ombudsman", {"legal_threat"}),
        ("fa", "به اتحادیه شکایت می‌کنم", {"legal_threat"}),
        ("fa", "شکایت می‌کنم", {"escalation_request"}),
        ("fa", "وگرنه شکایت می‌کنم", {"legal_threat"}),
        ("fa", "از دست شما شکایت می‌کنم", {"legal_threat"}),
        ("fa", "نفهمیدم چه گفتید", {"confusion"}),
        ("fa", "نفهم‌ها", {"profanity"}),
        ("fa", "پولم را پس دادید", {"solved"}),
        ("fa", "پولم را پس ندادید", {"money_lost"}),
        ("fa", "پولم را پس بدید", {"money_lost"}),
        ("fa", "مبلغ به حسابم برگشت", {"solved"}),
        ("fa", "پولم برگشت نخورد", {"money_lost"}),
        ("fa", "گولم زدید", {"lost_trust"}),
        ("fa", "دست مریزاد به این خدمات، سه روزه جواب نمیدید", {"mock_praise", "no_answer"}),
        ("fa", "آفرین به دقتتون، دوباره اشتباه فرستادید", {"mock_praise", "repetition"}),
        ("en", "I will leave a one star review", {"public_threat"}),
        ("en", "I am switching my provider", {"leave_threat"}),
        ("en", "I am done with you", {"leave_threat"}),
        ("en", "I am leaving for a competitor", {"leave_threat"}),
        ("en", "You are a fraudulent company", {"money_lost"}),
        ("en", "This is nothing but daylight robbery", {"money_lost"}),
        ("en", "You charged me 3 times", {"money_lost"}),
        ("fa", "سه بار از حسابم پول کم شد", {"money_lost"}),
        ("en", "You lied to me", {"lost_trust"}),
        ("en", "Your service is a laugh", {"anger"}),
        ("fa", "خدماتتان جوک است", {"anger"}),
        ("en", "Your app is stupid", {"profanity"}),
        ("en", "I will sue you", {"legal_threat"}),
        ("en", "I am reporting this to the ombudsman", {"legal_threat"}),
        ("en", "I will tell everyone how you work", {"public_threat"}),
        ("en", "I wish you had smaller sizes", {"wish"}),
        ("en", "Why is there no vegan menu?", {"wish"}),
        ("en", "It would be great if you offered a student plan", {"wish"}),
        ("en", "Your agent hung up on me", {"staff_conduct"}),
        ("en", "I got hung up on", {"no_answer"}),
        ("en", "The cashier was so rude to my mother", {"staff_conduct"}),
        ("en", "Another bank offers this for free", {"competitor"}),
        ("en", "I am switching to another provider", {"leave_threat"}),
    ],
)
def test_what_is_meant_has_one_cue(lang: str, text: str, expected: set[str]) -> None:
    """Each span says one thing, and the one that it means."""
    assert scored(text, lang) == expected


@pytest.mark.parametrize(
    ("lang", "calm", "angry"),
    [
        ("en", "Please close my account", "Close my account now"),
        ("fa", "لطفا اشتراکم را لغو کنید", "اشتراکم را لغو می‌کنم"),
        ("fa", "منتظر تماستون هستم", "هنوز منتظر تماستون هستم"),
    ],
)
def test_what_is_said_calmly_is_a_smaller_sign(lang: str, calm: str, angry: str) -> None:
    """Both say that somebody leaves, or waits; one of them aloud."""
    (low,) = TABLES[lang].find(words(calm, lang))
    (high,) = TABLES[lang].find(words(angry, lang))
    assert low.code == high.code
    assert 3 * low.points < high.points


def test_a_denial_does_not_reach_over_a_full_stop() -> None:
    """What was denied in the last sentence is not denied in this one."""
    assert codes("It is not. Furious I am", "en") == ["anger"]


def test_a_denial_does_not_reach_over_a_comma() -> None:
    """Who is not happy, still waiting, waits."""
    told = words("I am not happy, still waiting", "en")
    assert [cue.code for cue in TABLES["en"].find(told, commas=lambda: {3})] == ["anger", "waiting"]
    assert [cue.code for cue in TABLES["en"].find(told, commas=lambda: {1})] == ["anger"]
    assert [cue.code for cue in TABLES["en"].find(told)] == ["anger"]
    assert TABLES["en"].find(words("No, not still waiting", "en"), commas=lambda: {0}) == []


def test_a_span_counts_once_and_the_strongest_cue_has_it() -> None:
    """Thanks for nothing is mockery and no thanks."""
    assert codes("Thanks for nothing", "en") == ["mock_praise"]


def test_a_code_counts_once_and_cues_come_in_order_of_appearance() -> None:
    """Saying it three times is not three complaints."""
    text = "I am furious, furious, furious, nobody answers, I am still waiting"
    assert codes(text, "en") == ["anger", "no_answer", "waiting"]


def test_a_phrase_does_not_cross_the_end_of_a_sentence() -> None:
    """Words of two sentences are no phrase."""
    assert codes("I am still here. Waiting room is nice", "en") == []


def test_what_others_said_does_not_count() -> None:
    """A span marked as quoted belongs to somebody else."""
    told = words("He said I will sue you and left", "en")
    assert [cue.code for cue in TABLES["en"].find(told)] == ["legal_threat"]
    assert TABLES["en"].find(told, quoted=[(2, 6)]) == []


@pytest.mark.parametrize(
    ("lang", "row"), CONDUCT, ids=[f"{lang}-{row.hit}" for lang, row in CONDUCT]
)
def test_a_quote_about_conduct_carries_no_name(lang: str, row: Row) -> None:
    """Whoever is named in a text that complains of staff: no evidence of it names them."""
    name, tail = {"en": ("Zebedee", "I am furious"), "fa": ("زبیده", "خیلی عصبانی‌ام")}[lang]
    said, found = row.hit.split(), 0
    for place in range(len(said) + 1):
        cues = read(
            " ".join([*said[:place], name, *said[place:], name, tail, name]), "customer"
        ).cues
        if "staff_conduct" in {cue.code for cue in cues}:
            found += 1
            assert not [cue.quote for cue in cues if name in cue.quote]
    assert found


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_points_of_a_row_are_hundredths_and_not_points(lang: str) -> None:
    """Whoever writes 12 means twelve points, which is 1200; mute rows have none."""
    rows = TABLES[lang].rows
    assert all(row.points >= 100 or row.code == MUTE for row in rows)
    assert all(row.points == 0 for row in rows if row.code == MUTE)
