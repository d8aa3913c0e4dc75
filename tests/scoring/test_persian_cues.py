"""Persian cues in sentences: what each is told from, and whose name no quote carries."""

from __future__ import annotations

import pytest

from scoring.cues import FAMILY
from scoring.reading import read


def codes(text: str) -> set[str]:
    """The cues of a Persian text, apart from what its words say."""
    reading = read(text, "customer")
    assert reading.lang == "fa", text
    return {cue.code for cue in reading.cues} & FAMILY.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("می‌رویم سراغ یک شرکت دیگر.", {"competitor"}),
        ("از این به بعد از جای دیگه‌ای می‌خرم.", {"competitor"}),
        ("کد ترابرد را بدهید.", {"competitor"}),
        ("از رقیبتون بهتر جواب می‌گیرم.", {"competitor"}),
        ("سایت‌های دیگر همین کالا را ارزان‌تر می‌فروشند.", {"competitor"}),
        ("خیلی بهتر از اپ‌های دیگر بود.", set()),
        ("نسبت به فروشگاه‌های دیگر ارزان‌تر بود.", set()),
        ("این برنامه دیگر باز می‌شود.", set()),
        ("کاش حالت شب هم داشتید.", {"wish"}),
        ("اگر ارسال رایگان داشت عالی می‌شد.", {"wish"}),
        ("لطفا گزینه پرداخت اقساطی را اضافه کنید.", {"wish"}),
        ("چرا پشتیبانی تلفنی ندارید؟", {"wish"}),
        ("حداقل یک یادداشت می‌گذاشتید.", {"wish"}),
        ("کاش همه فروشگاه‌ها مثل شما بودند.", set()),
        ("ای کاش این را نمی‌خریدم.", set()),
        ("جای شما خالی بود.", set()),
    ],
)
def test_other_suppliers_and_wishes_are_told_from_praise_and_regret(
    text: str, expected: set[str]
) -> None:
    """Who says that others are worse, or what they should not have bought, wants nothing of us."""
    assert codes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "پیک شما خیلی بداخلاق بود.",
        "برخورد کارشناستان اصلا مناسب نبود.",
        "با لحن تند جواب من را داد.",
        "وسط حرفم گوشی را قطع کردند.",
        "سر من داد زد.",
        "به من توهین کردند.",
        "فروشنده طلبکارانه حرف می‌زد.",
    ],
)
def test_conduct_of_staff_is_found(text: str) -> None:
    """Rude words, a rude tone, a call hung up."""
    assert "staff_conduct" in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "برخورد کارشناس شما خوب و محترمانه بود.",
        "اگر بی‌ادبی نباشد یک سؤال داشتم.",
        "تماس را خودم قطع کردم.",
        "این بسته‌بندی بی‌احترامی به مشتری است.",
        "پیک اصلا بداخلاق نبود.",
    ],
)
def test_courtesy_and_things_are_no_conduct(text: str) -> None:
    """Praise of staff, ritual politeness, what the customer did, and parcels."""
    assert "staff_conduct" not in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "خانم پرهام‌نژاد خیلی بی‌ادب بود.",
        "برخورد آقای پرهام‌نژاد با من زشت بود.",
        "آقای پرهام‌نژاد گوشی را روی من قطع کرد.",
        "کارشناستان پرهام‌نژاد سر من داد کشید.",
    ],
)
def test_no_quote_of_conduct_names_who_it_was(text: str) -> None:
    """It is a fact about the touch-point, not about a person."""
    quotes = [cue.quote for cue in read(text, "customer").cues if cue.code == "staff_conduct"]
    assert len(quotes) == 1
    assert "پرهام" not in quotes[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("سه روزه منتظرم.", "waiting"),
        ("دو هفته است که پیگیرم.", "waiting"),
        ("از دیروز اینترنت وصل نمی‌شود.", "waiting"),
        ("قرار بود دیروز تحویل بدهید.", "waiting"),
        ("برای بار سوم پیام می‌دهم.", "repetition"),
        ("هفته پیش هم همین اشتباه را کردید.", "repetition"),
        ("کت سرمه‌ای سفارش دادم ولی خاکستری فرستادید.", "effort"),
        ("به جای شیر کم‌چرب، پرچرب آورده بودند.", "effort"),
        ("اصلا به توضیحاتم توجه نکردند.", "effort"),
        ("تخم‌مرغ‌ها خراب بودند.", "effort"),
        ("دکمه پرداخت فعال نمی‌شود.", "cannot"),
        ("از کارتم پول کم شد.", "money_lost"),
        ("پول را بدون اجازه برنگرداندید، پس بدید.", "money_lost"),
        ("قول دیروز را داده بودید.", "lost_trust"),
        ("فردا مهمان دارم.", "urgent"),
        ("دیگر محال است از شما بخرم.", "leave_threat"),
        ("این را همه‌جا می‌نویسم.", "public_threat"),
        ("اظهارنامه می‌فرستم.", "legal_threat"),
        ("الان درسته، مرسی.", "solved"),
        ("خدا خیرتون بده.", "thanks"),
    ],
)
def test_what_is_said_in_chats_is_heard(text: str, code: str) -> None:
    """Spoken verbs, lengths of time and threats, in words of everyday."""
    assert code in codes(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("بدون تاخیر رسید.", "waiting"),
        ("یک هفته است که این گوشی را دارم.", "waiting"),
        ("بی‌صبرانه منتظر خرید بعدی‌ام.", "waiting"),
        ("کیفیتش پایین نیومده.", "waiting"),
        ("با توجه به فاصله نزدیک خوب بود.", "no_answer"),
        ("خودم پیگیری نکردم.", "no_answer"),
        ("به توضیحاتم توجه نکردند.", "no_answer"),
        ("بار دوم که خریدم هم راضی بودم.", "repetition"),
        ("پنج بار از اینجا نان خریدم و عالی بود.", "repetition"),
        ("هر بار عالی بود.", "repetition"),
        ("گفتند ما نمی‌توانیم زودتر بیاییم.", "cannot"),
        ("گوشی اصلا هنگ نمی‌کند.", "cannot"),
        ("غذا خراب بود.", "cannot"),
        ("پولم را برگرداندند.", "money_lost"),
        ("وجه به حسابم عودت داده شد.", "money_lost"),
        ("راضی‌ام، چرا که خوب رسید.", "confusion"),
        ("قهوه فوری سفارش دادم.", "urgent"),
        ("مزه غذای بیمارستان می‌داد.", "vulnerable"),
        ("از خریدش پشیمان نمی‌شوید.", "anger"),
        ("دیگر نگران شارژ نخواهید بود.", "leave_threat"),
        ("این کیک با کره درست شده.", "solved"),
        ("وقتی تلفنی پیگیری کردم گفتند فردا.", "effort"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str, code: str) -> None:
    """Faults that were found by reading hits of real reviews, in words of our own."""
    assert code not in codes(text)
