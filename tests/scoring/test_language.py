"""English and Persian are read, everything else abstains."""

from __future__ import annotations

import pytest

from scoring.language import language
from scoring.redact import redact
from scoring.text import parted, strip, tidy, words_of


def language_of(text: str) -> str:
    """The language of a text after the steps that come before."""
    masked = parted(redact(strip(tidy(text))[0])[0])
    return language(masked, words_of(masked.split()))


@pytest.mark.parametrize(
    "text",
    [
        "No.",
        "ok",
        "nice",
        "refund",
        "Where is my order?",
        "@shop u guys r the WORST 😡 https://t.example/x #fail",
        "I’ve been waiting for 3 hours…",
        "My café booking was lost",
        "The delivery of my سفارش never came and nobody helps me with it at all, this is it",
        "lost luggage",
        "<email> told me <url>",
    ],
)
def test_english_is_read(text: str) -> None:
    """One clear word is enough; names, links, hashtags and emoji do not disturb."""
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "سلام",
        "ممنون",
        "خیلی بد بود",
        "گوشی Samsung Galaxy S20 Ultra خیلی خوب است",
        "كيفيت خيلي پايين بود",
        "خىلى بد بود",
        "سبزى غير قابل استفاده بود و دور ريختم",
        "فوق‌العاده بود",
        "هـــنوز منتـظرم",
        "چرا جواب نمی‌دید؟ 😡",
    ],
)
def test_persian_is_read(text: str) -> None:
    """Whatever keyboard wrote it, Latin product names included."""
    assert language_of(text) == "fa"


@pytest.mark.parametrize(
    "text",
    [
        "Das ist nicht gut",
        "Ich habe mein Paket noch nicht bekommen",
        "Mon colis n'est jamais arrivé",
        "merci",
        "Gracias por nada, muy mal servicio",
        "Minha encomenda não chegou",
        "Il mio ordine non è arrivato",
        "Bu ürün çok kötü, kargo gelmedi",
        "Het pakket is niet aangekomen en dat is slecht",
        "Gdzie jest moja paczka? To nie jest w porządku",
        "الخدمة سيئة جدا ولم يصل الطلب",
        "أين طلبي؟",
        "متى يصل طلبي",
        "لم يصل حتى الآن على الرغم من كل شيء",
        "اريد التحدث الى مدير",
        "مستشفى كبير جدا",
        "شكرا",
        "میری چیز کہاں ہے اور کب ملے گی",
        "Где мой заказ?",
        "我的订单在哪里",
        "salam sefaresham nayomad, chera javab nemidid",
        "my order سفارش من hasn't arrived هنوز نرسیده",
        "quiero hablar con el manager please",
        "the colis est not here",
        "???",
        "👍",
        "12345",
        "<phone>",
        "xyzzy",
        "",
    ],
)
def test_everything_else_abstains(text: str) -> None:
    """Other languages, two at once, Persian in Latin letters, no words: unknown, never a score."""
    assert language_of(text) == "unknown"
