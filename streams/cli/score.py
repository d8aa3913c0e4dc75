"""`nabz score`: what one text means to nabz, without context and without Kafka.

Next step: `scoring.reading.read` reads it, as ingest does with every message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from streams.cli.options import examples, json_option
from streams.cli.words import console, points, shown

if TYPE_CHECKING:
    from scoring.records import Reading

_STDIN_MAX_CHARACTERS = 1_000_000


@click.command(
    epilog=examples(
        'nabz score "Third time I ask. Cancel my account!"',
        'nabz score "سه روزه منتظرم و هیچ‌کس جواب نمی‌دهد"',
        "nabz score - --json < message.txt",
    )
)
@click.argument("text")
@click.option(
    "--role",
    type=click.Choice(["customer", "agent", "bot"]),
    default="customer",
    show_default=True,
    help="Who wrote it; of agents and bots only the turn is read.",
)
@json_option
def score(*, text: str, role: str, as_json: bool) -> None:
    """Show what one text is read as.

    Language, sentiment, cues with their points, and what was left out.

    TEXT may be - for standard input. A customer's score also depends on who waits, on repetition
    and on time, which one text does not show.
    """
    from scoring.reading import read

    if text == "-":
        text = click.get_text_stream("stdin").read(_STDIN_MAX_CHARACTERS)
    reading = read(text, role)
    if as_json:
        click.echo(as_object(reading))
    else:
        _print(reading)


def as_object(reading: Reading) -> str:
    """A reading as a JSON object with named fields (in the log it is an array).

    >>> from scoring.records import Reading
    >>> as_object(Reading("en", 0))[:36]
    '{"lang":"en","sentiment_e4":0,"cues"'
    """
    import msgspec

    facts = msgspec.structs.asdict(reading)
    facts["cues"] = [msgspec.structs.asdict(cue) for cue in reading.cues]
    facts["turn"] = msgspec.structs.asdict(reading.turn)
    return msgspec.json.encode(facts).decode()


def _print(reading: Reading) -> None:
    terminal = console()
    languages = {"en": "English", "fa": "Persian"}
    abstained = "not read: behaviour alone carries the score"
    terminal.print(f"language   {languages.get(reading.lang, f'unknown, {abstained}')}")
    sentiment = reading.sentiment_e4
    terminal.print(f"sentiment  {'none' if sentiment is None else f'{sentiment / 10_000:+.4f}'}")
    for number, cue in enumerate(reading.cues):
        relief = cue.family == "relief"
        worth = points(-cue.points if relief else cue.points, signed=True)
        quote = f"  “{shown(cue.quote)}”" if cue.quote else ""
        terminal.print(
            f"{'cues' if number == 0 else '':<10} {worth:>7}  {cue.family}/{cue.code}{quote}",
            style="green" if relief else "red",
        )
    if not reading.cues:
        terminal.print("cues       none")
    turn = reading.turn
    does = [name for name in ("corrects", "closes", "fails") if getattr(turn, name)] + (
        [f"{turn.questions} questions"] if turn.questions else []
    )
    terminal.print(f"turn       {', '.join([f'{turn.words} words', *does])}")
    terminal.print(f"left out   {', '.join(reading.stripped) or 'nothing'}")
    terminal.print(f"redacted   {reading.redactions or 'nothing'}")
