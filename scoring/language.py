"""Which language is a text written in: `en`, `fa`, or `unknown`?

By script, then letters that only one language uses, then words that are everywhere in it. A text
of another language, of two at once, or Persian in Latin letters is `unknown`: nothing is scored,
and behaviour carries the score. One clear word is enough ("No.", "ممنون"); no word is not ("???").
Names (`@..`), links, masks and numbers say nothing. The lists were written for this module;
`_FINGLISH` is Persian in Latin letters.

Next step: `scoring.reading` reads the text with the tables of its language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from scoring.memo import Memo
from scoring.text import MARKS, listed, normalise
from scoring.vader import VALENCES

_ENGLISH: Final = listed(
    """the and you your yours to of for it its is are was were be been being have has had i im
    ive id ill my me we our us they them their he she his her this that these those with
    without from at by an not dont doesnt didnt cant cannot couldnt wont wouldnt isnt arent
    wasnt havent hasnt shouldnt do does did doing done will would can could should what when
    where why who how which than then there here if but or because about after before again
    still just only also too very really much many more most some any no yes yeah yep nope ok
    okay please thanks thank thx sorry hello hi hey bye up out off over into get got getting
    go going went come came make made take took need want know think see look help work
    working works good bad great back now today tomorrow yesterday day days week hour hours
    time times flight flights order service customer phone call called waiting wait money
    refund as on so all one never always every nothing something anyone someone nobody other
    another same new last next first let lets keep tell told said say says ask try trying
    tried give gave use using used find found problem issue account broken fix delivery
    package number email sent send received right wrong nice love worst best since until while
    through like been u ur r thru pls plz gonna wanna"""
)
_GERMANIC: Final = listed(
    """der das und ist nicht ich sie wir ihr mein meine meinen ein eine einen einem einer mit auf
    für fur auch noch nur schon warum wann wie aber oder wenn dass weil bei nach von zum zur
    sehr kein keine haben habe hat wird wurde sind bitte danke schlecht gut heute seit immer
    wieder het een niet van voor dat zijn maar ook naar geen waar wat mijn jullie bedankt goed
    slecht och att det inte jag på är för som med har till jeg ikke og en af tak meget"""
)
_FRENCH: Final = listed(
    """le la les des est et pas je vous nous une un mon ma mes votre vos avec pour dans sur que
    qui mais ou où très tres jamais toujours encore depuis merci bonjour c'est n'est j'ai d'un
    être etre aucun aucune commande colis ça ca cela cette ce ces sont suis avez était mauvais"""
)
_ROMANCE: Final = listed(
    """el los las una unos que por para con pero muy mi mis es esta está este esto como cuando
    donde porque nunca siempre gracias hola pedido llegado nada todo todos bien mal peor
    servicio qué cómo más ya se su sus yo tengo quiero puedo hay fue ser o uma um não nao
    muito obrigado obrigada meu minha você voce mas isso foi com em do da dos il lo gli uno di
    che per sono è ho hai non molto grazie ciao mio mia questo questa anche ma perché sempre
    mai più ancora niente buono pessimo del della nel"""
)
_TURKISH_INDONESIAN_POLISH: Final = listed(
    """bir ve bu çok cok için icin değil degil ama neden nasıl teşekkürler tesekkurler merhaba
    siparişim kargo hala hiç yok var ben sen biz siz olarak gibi kadar daha mi mı yang dan
    tidak saya ini itu untuk dengan sudah belum terima kasih tolong banget gak nie jest się i
    w z na że proszę dziękuję bardzo czy dlaczego"""
)
_FINGLISH: Final = listed(
    """salam chera nist ast hast mikham mikhastam nemishe nemikham khob khoob kheyli kheili
    baraye shoma mersi mamnoon lotfan dige hanooz poolam pool javab nadad nadadin bood nabood
    aslan vaghean vagheaan mishe mikonam mikonid sefaresh nemidid mondam moshkel dorost nashod
    khyli khube khobe khobi faghat heyf vali nayomad nayoomad gheymat ghaza inke hichi aali
    bad chand bar ro az be ke ba"""
)
_AMBIGUOUS: Final = listed(
    """bad bar do da in on so me no we was an as he is at one will mine die war go i a be us also
    men said some son pool em o en la los san las el del com mi ma com es ya chat van w z sin
    hat dan"""
)
"""Also English, or nobody's."""

_OTHERS: Final = (
    _GERMANIC | _FRENCH | _ROMANCE | _TURKISH_INDONESIAN_POLISH | _FINGLISH
) - _AMBIGUOUS
_PERSIAN: Final = listed(
    """از به که را این با است بود نیست هست می من ما شما برای تا هم یا اما ولی اگر چون رو تو یه یک
    خیلی شد شده شدم نشد کرد کردم کردن دارم دارد داره نداره بودم بودن بودند باشه باشد کنید کنم
    کنه چرا چی کی کجا چه هیچ همه هر دیگه دیگر بعد قبل الان امروز دیروز فردا روز ساعت هفته سلام
    ممنون مرسی لطفا خوب بد عالی افتضاح سفارش پول پاسخ جواب پشتیبانی هنوز اصلا واقعا بسیار خوبه
    بده میشه نمیشه نمی میخوام خواهش درود بله نه آره اون آن ایشون خودم شون های ها کار چیز مشکل
    تشکر متاسفانه متاسفم باید نباید فقط نمیده میده داد دادم گفتم گفت"""
)
_ARABIC: Final = (
    listed(
        """في على الى إلى هذا هذه ذلك التي الذي الذين لا ما لم لن قد كان كانت هو هي انا أنا نحن انت
    أنت عن مع كل بعد قبل عند أن ان إن ليس لكن لماذا متى كيف أين شكرا شكراً مرحبا نعم جدا جداً
    يوم اليوم طلب الطلب لي لك منذ حتى هل سيئ سيئة ممتاز جيد جيدة خدمة الخدمة عليكم السلام أريد
    اريد وصل يصل لدي مش ليش وين شو"""
    )
    - _PERSIAN
)
_ARABIC_LETTERS: Final = re.compile("[\u0621-\u063a\u0640-\u064a\u066e-\u06d3\u06d5\u06fa-\u06fc]+")
_LATIN_LETTERS: Final = re.compile("[A-Za-z\u00c0-\u024f]+")
_FOREIGN_LETTERS: Final = re.compile("[äöüßñçğşıøåæœąęłśżźćčšžřůãõàâêîôûèùòìáíóúý¿¡]")
_NEVER_PERSIAN: Final = re.compile("[ٹڈڑےںھڕۆێڵښځۍېټډړڼ]")
_ONLY_ARABIC: Final = re.compile(
    r"ة|^[أإ]|^[وبلف]?ال(?!بته|عاد|کتر|كتر|گو|بوم|زام|تماس|حمد|له)[^\W\d_]{3}"
)
_NOT_WORDS: Final = re.compile(r"[@#]\w+|<\w+>")
_EDGES: Final = ".,!?؟،؛:;\"'()«»…-_"


def _persian_weight(chunk: str) -> int:
    """How much a chunk speaks for Persian: its letters, its keyboard, its word."""
    word = normalise(chunk).strip(_EDGES)
    weight = 2 * sum(map(chunk.count, "پچژگ")) + ("ک" in chunk or "ی" in chunk)
    # A dotless yeh within a word: a keyboard's, never Arabic's.
    weight += "ى" in chunk.translate(MARKS).strip(_EDGES)[:-1]
    weight += word.startswith(("می", "نمی")) and len(word) > 4
    return weight + (word in _PERSIAN)


def _arabic_weight(chunk: str) -> int:
    """How much a chunk speaks for Arabic: its letters, its article, its word."""
    bare = chunk.translate(MARKS).strip(_EDGES)
    return 2 * len(_ONLY_ARABIC.findall(bare)) + bare.endswith("ى") + (normalise(bare) in _ARABIC)


_ours: Final = Memo(lambda word: int(word.rstrip(".?") in _ENGLISH))
_theirs: Final = Memo(lambda word: int(word.rstrip(".?") in _OTHERS))
_for_persian: Final = Memo(_persian_weight)
_for_arabic: Final = Memo(_arabic_weight)


def language(text: str, words: Sequence[str]) -> str:
    """Find the language of one text.

    Args:
        text: The text, tidied and redacted.
        words: Its words, as `scoring.text.words_of` gives them.

    >>> from scoring.text import words_of
    >>> [language(t, words_of(t.split())) for t in ("No.", "ممنون", "???", "Das ist nicht gut")]
    ['en', 'fa', 'unknown', 'unknown']
    """
    if text.isascii():
        return _latin(text, words)
    text = _NOT_WORDS.sub(" ", text)
    letters = sum(map(str.isalpha, text))
    arabic = sum(map(len, _ARABIC_LETTERS.findall(text)))
    latin = sum(map(len, _LATIN_LETTERS.findall(text)))
    if not letters or arabic + latin < 0.8 * letters:
        return "unknown"
    if arabic >= latin or (arabic > 0.25 * letters and not _english(words)):
        return _persian(text)
    return _latin(text, words) if latin >= 4 * arabic else "unknown"


def _english(words: Sequence[str]) -> int:
    return sum(map(_ours.__getitem__, words))


def _latin(text: str, words: Sequence[str]) -> str:
    ours = _english(words)
    theirs = sum(map(_theirs.__getitem__, words))
    if not text.isascii():
        theirs += len(_FOREIGN_LETTERS.findall(text.lower()))
    if ours:
        return "en" if ours >= 2 * theirs else "unknown"
    if theirs:
        return "unknown"
    return "en" if any(word.rstrip(".?") in VALENCES for word in words) else "unknown"


def _persian(text: str) -> str:
    if 12 * len(_NEVER_PERSIAN.findall(text)) > len(text):
        return "unknown"
    chunks = text.split()
    persian = sum(map(_for_persian.__getitem__, chunks))
    return "fa" if persian >= sum(map(_for_arabic.__getitem__, chunks)) else "unknown"
