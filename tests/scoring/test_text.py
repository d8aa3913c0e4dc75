"""A text as it is read: tidied, stripped, cut into words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.text import MAX_CHARS, normalise, parted, strip, tidy, words_of

ODD = st.text(
    st.one_of(
        st.sampled_from(
            "يكةأإآؤئىء\u200c\u0640\u064b\u0651\u200f\u202e\u200b\ufeff\ufdfa۱٢ ,.!?'\"<>@#\n"
        ),
        st.characters(),
    ),
    max_size=60,
)


@given(ODD)
def test_tidying_twice_changes_nothing(text: str) -> None:
    """What has been tidied is tidy."""
    assert tidy(tidy(text)) == tidy(text)


@given(ODD)
def test_normalising_twice_changes_nothing(text: str) -> None:
    """What has one spelling keeps it."""
    assert normalise(normalise(text)) == normalise(text)


@given(ODD)
def test_every_chunk_has_one_word_without_spaces(text: str) -> None:
    """Words and chunks stand side by side, so a word can be quoted as it was written."""
    chunks = parted(tidy(text)).split()
    words = words_of(chunks)
    assert len(words) == len(chunks)
    assert all(word and not any(map(str.isspace, word)) for word in words)


def test_no_more_is_read_than_the_cap() -> None:
    """A text of a megabyte costs as much as one at the cap."""
    assert len(tidy("a" * (MAX_CHARS + 1))) == MAX_CHARS
    assert len(tidy("\ufdfa" * MAX_CHARS)) == MAX_CHARS


@pytest.mark.parametrize(
    "spelling", ["نمی‌شود", "نمي‌شود", "نمـی‌شود", "نَمی‌شود", "نمی‌شوووود", "\u202bنمی‌شود\u202c"]
)
def test_spellings_of_a_persian_word_are_one_word(spelling: str) -> None:
    """Keyboards, vowel marks, half-spaces and stretched letters make no difference."""
    assert words_of(tidy(spelling).split()) == ["نمیشود"]


@pytest.mark.parametrize(
    ("chunk", "word"),
    [
        ("CAN’T", "cant"),
        ("wait!!", "wait."),
        ("why?!", "why?"),
        ("@shop", "@"),
        ("<phone>.", "@"),
        ("https://example.org", "@"),
        ("#Fail", "fail"),
        ("...", "."),
        ("-", "-"),
        ("(ok),", "ok"),
        ("\u0640", "_"),
    ],
)
def test_a_chunk_is_read_as_its_word(chunk: str, word: str) -> None:
    """Small letters, no apostrophes, one mark at the end of a sentence, names and masks mute."""
    assert words_of([chunk]) == [word]


MAIL = """Still broken.

{quoted}"""


@pytest.mark.parametrize(
    "quoted",
    [
        "On Monday, May 4, 2026 at 9:00, Support wrote:\nWe are sorry.",
        "-----Original Message-----\nFrom: Support\nWe are sorry.",
        "________________________________\nFrom: Support\nWe are sorry.",
        "From: Support <help@example.org>\nSent: Monday\nWe are sorry.",
        "> We are sorry.\n> Really.",
        "در تاریخ ۴ مه پشتیبانی نوشت:\nمتاسفیم.",
        "On Mon, 4 May 2026 at 10:00, The Support Team\n<help@example.org> wrote:\n\nWe are sorry.",
        "On Mon, 4 May 2026, Support wrote:\r\nWe are sorry.",
        "*From:* Support\n*Sent:* Monday\nWe are sorry.",
        "From: Support\nCc: Sales\nWe are sorry.",
        "Begin forwarded message:\n\nWe are sorry.",
        "##- Please type your reply above this line -##\nWe are sorry.",
        "--- Reply above this line ---\nWe are sorry.",
        "در دوشنبه ۴ مه ۲۰۲۶ ساعت ۱۰:۰۰ پشتیبانی\n(help) نوشت:\nمتاسفیم.",
        "در تاریخ ۴ مه پشتیبانی نوشته\u200cاست:\nمتاسفیم.",
        "در تاريخ ۴ مه پشتيباني نوشته:\nمتاسفيم.",
        "-----پيام اصلي-----\nمتاسفيم.",
        "---------- پیام هدایت\u200cشده ----------\nمتاسفیم.",
    ],
)
def test_quoted_mail_is_left_out_and_named(quoted: str) -> None:
    """What somebody else wrote is not the customer's."""
    assert strip(tidy(MAIL.format(quoted=quoted))) == ("Still broken.", ("quoted",))


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nJane Roe\nHead of Nothing",
        "Sent from my phone",
        "Best regards,\nJane Roe",
        "با احترام\nسارا احمدی",
        "ارسال شده از گوشی من",
        "-- \r\nJane Roe\r\nHead of Nothing",
        "-- \rJane Roe",
        "--\u2028Jane Roe",
    ],
)
def test_a_signature_is_left_out_and_named(signature: str) -> None:
    """A name and a title say nothing about how the customer is."""
    assert strip(tidy(f"It is broken.\n{signature}")) == ("It is broken.", ("signature",))


@pytest.mark.parametrize(
    "log",
    [
        'Traceback (most recent call last):\n  File "a.py", line 3, in run\nValueError: bad thing',
        "2026-05-04 10:00:01 ERROR worker died",
        "[ERROR] main.c: fatal(7)",
        "Exception in thread main\n  at com.example.App(App.java:12)\nCaused by: java.io.Oops",
        "```\nkill all\n```",
        'Traceback (most recent call last):\n  File "a.py", line 3, in run\n    raise Bad("awful")',
        "TypeError: bad\n    at Object.<anonymous> (/a/b.js:1:2)\n    at async fail (/a/b.js:1:2)",
        "panic: runtime error: bad\ngoroutine 1 [running]:",
        "Unhandled exception. System.Exception: awful",
        "May  4 10:00:00 host app[1]: error, awful",
        '{"error": "awful"}',
        '{\n"status": "error",\n}',
    ],
)
def test_logs_are_left_out_and_named(log: str) -> None:
    """What a program wrote is no feeling, be it "fatal" or "kill", for nobody feels it."""
    assert strip(f"It stopped:\n{log}") == ("It stopped:", ("log",))


def test_markup_is_left_out_and_masks_stay() -> None:
    """Tags and hidden parts go, entities become letters, `<email>` is ours."""
    page = "<html><head><style>b {}</style></head><p>Bad &amp; late, mail <email></p></html>"
    found, kinds = strip(page)
    assert found.split() == ["Bad", "&", "late,", "mail", "<email>"]
    assert kinds == ("html",)


def test_what_html_hides_is_left_out() -> None:
    """Comments are for programs; a page that a source escaped is a page."""
    assert strip("<p>No</p><!-- we > fixed it --><!-- or so") == ("No", ("html",))
    assert strip("&lt;p&gt;No&lt;/p&gt;&lt;style&gt;bad&lt;/style&gt;") == ("No", ("html",))


@pytest.mark.parametrize(
    "text",
    [
        "در تاریخ ۴ مه پشتیبانی نوشت: فردا.\nولی نیامد.",
        "Panic: it is lost.\nHelp.",
        "On the phone you were nice.\nThen somebody wrote: no.",
        "Mayday 4 10:00:00\nHelp.",
    ],
)
def test_what_a_customer_tells_stays(text: str) -> None:
    """It looks a little like a mail or a log."""
    assert strip(text) == (text, ())


def test_a_cited_block_of_html_counts_as_quoted_once() -> None:
    """The reply above stays, the citation goes, in HTML and in plain lines alike."""
    found, kinds = strip("<div>No</div><blockquote>We fixed it</blockquote>\n> it works")
    assert found == "No"
    assert kinds == ("html", "quoted")


def test_entities_without_tags_are_letters() -> None:
    """Some sources escape a plain text."""
    assert strip("a &amp; b &lt;3") == ("a & b <3", ())


def test_a_text_that_is_only_a_signature_stays() -> None:
    """Nothing is left out that leaves nothing."""
    assert strip("Sent from my phone\n")[1] == ()


@pytest.mark.parametrize("after", ["x " * 600, "a" * 60 + "\nb\nc\nd\ne\nf\ng\nh", "no\n" * 7])
def test_a_long_text_after_regards_is_no_signature(after: str) -> None:
    """It stays, and nobody tries each way of cutting it up: that took for ever."""
    began = time.process_time()
    assert strip(f"It is broken.\nRegards,\n{after}")[1] == ()
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("unit", ["regards\n", "با احترام\n", "Best,\n", "-- \n", "Sincerely\na"])
def test_many_signatures_take_no_time(unit: str) -> None:
    """Each line might begin one."""
    began = time.process_time()
    strip(unit * 2_000)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "last", ["Jane Roe", "Jane Roe\n", "Jane\n\n\n\n\nRoe", "a" * 160, "\n\n\n\n\n\n"]
)
def test_a_signature_has_at_most_six_lines(last: str) -> None:
    """Longer ones are the text itself."""
    assert strip(f"It is broken.\nRegards,\n{last}") == ("It is broken.", ("signature",))
    assert strip(f"It is broken.\nRegards,\n{last}\na\nb\nc\nd\ne\nf")[1] == ()


@pytest.mark.parametrize("word", ["بد بود.خیلی", "بد بود.خَیلی", "بد بود.خـیلی", "بد بود،اٰصلا"])
def test_a_mark_is_parted_from_a_word_with_vowel_marks(word: str) -> None:
    """Vowel marks and stretched letters do not glue a word to the sentence before."""
    assert len(parted(word).split()) == 3


def test_small_forms_of_marks_are_these_marks() -> None:
    """An address may not hide behind another spelling of @."""
    assert tidy("me\ufe6bexample\ufe52org") == "me@example.org"
