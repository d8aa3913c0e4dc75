"""`nabz score`: what a text or a conversation means to nabz, and how well it does on your labels.

Nothing here reads texts itself: `scoring.reading` does, as it does in the worker, so what is shown
is what would be scored. Colour marks the words a cue rests on; texts are shown as they are read,
redacted, with right-to-left ones isolated so that no line turns round.

Next step: `scoring.reading.read` reads a text, as ingest does with every message.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.labels import labelled_in, turns_in
from streams.cli.measures import Measured, measured
from streams.cli.options import config_option, examples, file_of, json_option
from streams.cli.words import console, points, shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from scoring.brands import Brands
    from scoring.reading import Looked
    from scoring.records import Reading

_STDIN_MAX_CHARACTERS = 1_000_000
_SHOWN_CHARACTERS = 2_000
_LANGUAGES = {"en": "English", "fa": "Persian"}
_WORDS_SHOWN = 8

_file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(
    epilog=examples(
        'nabz score "Third time I ask. Cancel my account!"',
        'nabz score "سه روزه منتظرم و هیچ‌کس جواب نمی‌دهد"',
        "nabz score - --json < message.txt",
        "nabz score --conversation turns.jsonl",
        "nabz score --eval labelled.jsonl",
    )
)
@click.argument("text", required=False)
@click.option(
    "--role",
    type=click.Choice(["customer", "agent", "bot"]),
    default="customer",
    show_default=True,
    help="Who wrote it; of agents and bots only the turn is read.",
)
@click.option(
    "--conversation",
    type=_file,
    metavar="FILE",
    help='Score its turns in turn: {"role": .., "text": ..} a line, oldest first.',
)
@click.option(
    "--eval",
    "labels",
    type=_file,
    metavar="FILE",
    help='Measure on labelled texts: {"text": .., "label": -1} a line, -1 is bad.',
)
@json_option
@config_option
def score(
    *,
    text: str | None,
    role: str,
    conversation: Path | None,
    labels: Path | None,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Show what a text or a conversation is read as, or measure on labelled texts.

    Language, sentiment, cues with their points, and what was left out.

    TEXT may be - for standard input. Brands of the settings are names, as for a worker. A
    customer's score also depends on who waits, on repetition and on time, which one text does not
    show.
    """
    given = [one for one in (text, conversation, labels) if one is not None]
    if len(given) != 1:
        raise click.UsageError(
            f"found {len(given)} things to score, want one: TEXT, --conversation FILE or --eval"
            " FILE"
        )
    brands = _brands(config_path)
    if labels is not None:
        _evaluate(labels, brands, as_json=as_json)
    elif conversation is not None:
        _conversation(conversation, brands, as_json=as_json)
    elif text is not None:
        _text(text, role, brands, as_json=as_json)


def _brands(config_path: Path | None) -> Brands:
    """Those of the settings; without a file there are none, and nothing is loaded."""
    from scoring.brands import NO_BRANDS, Brands

    path = file_of(config_path)
    if path is None:
        return NO_BRANDS
    from streams.settings import load

    return Brands(load(path).scoring.brands)


def _text(text: str, role: str, brands: Brands, *, as_json: bool) -> None:
    from scoring.reading import look, read

    if text == "-":
        try:
            text = click.get_text_stream("stdin").read(_STDIN_MAX_CHARACTERS)
        except UnicodeDecodeError:
            raise Stop(
                "the text on standard input is not UTF-8: convert it first", MISUSED
            ) from None
    reading, looked = read(text, role, brands), look(text, brands, scored=role == "customer")
    if as_json:
        click.echo(as_object(reading, looked))
    else:
        _print(console(), reading, looked)


def as_object(reading: Reading, looked: Looked, **more: Any) -> str:
    """A reading as a JSON object with named fields (in the log it is an array).

    Args:
        reading: What ingest would keep.
        looked: The same text in its parts; gives `read` and `spans`, where in it the cues are.
        more: Further fields, put first.

    >>> from scoring.reading import look, read
    >>> as_object(read("Hi", "agent"), look("Hi"))[:38]
    '{"lang":"en","sentiment_e4":null,"cues'
    """
    import msgspec

    facts = more | msgspec.structs.asdict(reading)
    facts["cues"] = [msgspec.structs.asdict(cue) for cue in reading.cues]
    facts["turn"] = msgspec.structs.asdict(reading.turn)
    facts["read"] = " ".join(looked.cut.chunks)
    facts["spans"] = [
        {"code": code, "start": start, "end": end} for code, start, end in spans(looked)
    ]
    return msgspec.json.encode(facts).decode()


def spans(looked: Looked) -> list[tuple[str, int, int]]:
    """Where cues are in the text as read: code, first character, one after the last.

    >>> from scoring.reading import look
    >>> spans(look("Hello, nobody answers."))
    [('no_answer', 7, 22)]
    """
    from scoring.cues import FAMILY

    chunks, places = looked.cut.chunks, looked.cut.places
    starts = [0]
    for chunk in chunks:
        starts.append(starts[-1] + len(chunk) + 1)
    found = []
    for cue in looked.found:
        if cue.code in FAMILY:
            last = places[cue.end] if cue.end < len(places) else len(chunks)
            found.append((cue.code, starts[places[cue.first]], starts[last] - 1))
    return found


def _print(terminal: Console, reading: Reading, looked: Looked) -> None:
    abstained = "not read: behaviour alone carries the score"
    terminal.print(f"language   {_LANGUAGES.get(reading.lang, f'unknown, {abstained}')}")
    terminal.print("read as    ", _marked(looked), sep="")
    terminal.print(f"sentiment  {_sentiment(reading)}")
    terminal.print(
        f"words      {_valences(looked) or 'none beside the cues that say how somebody feels'}"
    )
    for line, style in _cues(reading):
        terminal.print(line, style=style)
    if not reading.cues:
        terminal.print("cues       none")
    terminal.print(f"turn       {', '.join(_turn(reading))}")
    terminal.print(f"left out   {', '.join(reading.stripped) or 'nothing'}")
    terminal.print(f"redacted   {reading.redactions or 'nothing'}")


def _sentiment(reading: Reading) -> str:
    value = reading.sentiment_e4
    return "none" if value is None else f"{value / 10_000:+.4f}"


def _cues(reading: Reading) -> list[tuple[str, str]]:
    lines = []
    for number, cue in enumerate(reading.cues):
        relief = cue.family == "relief"
        worth = points(-cue.points if relief else cue.points, signed=True)
        quote = f"  “{shown(cue.quote)}”" if cue.quote else ""
        head = "cues" if number == 0 else ""
        line = f"{head:<10} {worth:>7}  {cue.family}/{cue.code}{quote}"
        lines.append((line, "green" if relief else "red"))
    return lines


def _turn(reading: Reading) -> list[str]:
    turn = reading.turn
    does = [name for name in ("corrects", "closes", "fails") if getattr(turn, name)]
    asks = [f"{turn.questions} questions"] if turn.questions else []
    return [f"{turn.words} words", *does, *asks]


def _marked(looked: Looked) -> Text:
    """The text as read, in one line, the words of its cues coloured."""
    from rich.text import Text

    from scoring.cues import FAMILY

    whole = " ".join(looked.cut.chunks)
    safe = shown(whole, _SHOWN_CHARACTERS)
    # Colour only where nothing had to be taken out, or else it would slip beside its words.
    offset = safe.find(whole)
    marked = Text(safe)
    if offset >= 0:
        for code, start, end in spans(looked):
            style = "bold green" if FAMILY[code] == "relief" else "bold red"
            marked.stylize(style, start + offset, end + offset)
    return marked


def _valences(looked: Looked) -> str:
    """The words beside the cues that say how somebody feels, the strongest first."""
    cut = looked.cut
    claimed = {place for cue in looked.found for place in range(cue.first, cue.end)}
    felt = [
        (valence, shown(word.rstrip(".?")))
        for place, (valence, word) in enumerate(zip(cut.valences, cut.words, strict=False))
        if valence and place not in claimed
    ]
    felt.sort(key=lambda pair: -abs(pair[0]))
    rest = len(felt) - _WORDS_SHOWN
    more = [f"{rest} more"] if rest > 0 else []
    return ", ".join([f"{word} {value:+.1f}" for value, word in felt[:_WORDS_SHOWN]] + more)


def _conversation(path: Path, brands: Brands, *, as_json: bool) -> None:
    """Each turn with its reading; after a customer's, how bad things are with all before it."""
    from scoring.evaluation import dialogue
    from scoring.reading import look, read

    turns = turns_in(path)
    terminal = console()
    for number, turn in enumerate(turns, start=1):
        role = turn["role"]
        reading = read(turn["text"], role, brands)
        looked = look(turn["text"], brands, scored=role == "customer")
        badness = dialogue(turns[:number]) if role == "customer" else None
        if as_json:
            click.echo(as_object(reading, looked, number=number, role=role, badness=badness))
            continue
        so_far = "" if badness is None else f"  sentiment {_sentiment(reading)}  so far"
        rated = "" if badness is None else f" {badness:+.2f}"
        terminal.print(f"{number:>3} {role:9}{reading.lang}{so_far}{rated}", style="bold")
        terminal.print("           ", _marked(looked), sep="")
        for line, style in _cues(reading):
            terminal.print(line, style=style)
        does = _turn(reading)[1:]
        if does:
            terminal.print(f"turn       {', '.join(does)}")


def _evaluate(path: Path, brands: Brands, *, as_json: bool) -> None:
    import math

    import msgspec

    from scoring.reading import read

    rows = labelled_in(path)
    readings = [read(row.text, "customer", brands) for row in rows]
    tables: dict[str, Measured] = {}
    for lang in ("all", *sorted({reading.lang for reading in readings})):
        chosen = [
            (row.bad, _badness(reading))
            for row, reading in zip(rows, readings, strict=True)
            if lang in ("all", reading.lang)
        ]
        tables[lang] = measured([bad for bad, _ in chosen], [value for _, value in chosen])
    cues = cue_shares([row.bad for row in rows], readings)
    if as_json:
        numbers = {
            lang: {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in table._asdict().items()
            }
            for lang, table in tables.items()
        }
        named = {code: {"hits": hits, "bad": bad} for code, hits, bad in cues}
        click.echo(msgspec.json.encode({"measured": numbers, "cues": named}).decode())
        return
    whole = tables["all"]
    if not whole.bad or whole.bad == whole.n:
        raise Stop(
            f"{path}: all {whole.n} lines have one kind of label: add lines of the other,"
            " -1 for bad and 0 for not bad",
            MISUSED,
        )
    terminal = console()
    terminal.print(
        f"{'language':10}{'lines':>7}{'bad':>7}{'AUC':>8}{'+-':>7}{'AP':>8}{'silent':>9}"
    )
    for lang, table in tables.items():
        terminal.print(
            f"{lang:10}{table.n:7}{table.bad:7}{_number(table.auc):>8}{_number(table.auc_se):>7}"
            f"{_number(table.ap):>8}{table.silent:9.1%}"
        )
    terminal.print(f"\n{'cue':20}{'hits':>7}{'bad':>7}")
    for code, hits, bad in cues:
        terminal.print(f"{code:20}{hits:7}{bad / hits:7.0%}")


def cue_shares(bad: Sequence[bool], readings: Sequence[Reading]) -> list[tuple[str, int, int]]:
    """Each cue that was found: its code, how many texts have it, how many of those are bad.

    >>> from scoring.reading import read
    >>> cue_shares([True], [read("Nobody answers.", "customer")])
    [('no_answer', 1, 1)]
    """
    found: dict[str, list[bool]] = {}
    for label, reading in zip(bad, readings, strict=True):
        for code in {cue.code for cue in reading.cues}:
            found.setdefault(code, []).append(label)
    return sorted(
        ((code, len(labels), sum(labels)) for code, labels in found.items()),
        key=lambda row: (-row[1], row[0]),
    )


def _badness(reading: Reading) -> float:
    return 0.0 if reading.sentiment_e4 is None else -reading.sentiment_e4 / 10_000


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"  # noqa: PLR0124  # nan is what differs from itself
