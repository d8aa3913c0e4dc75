"""The stop button: what people told the notifier to hold, until when, and what becomes of it.

A hold is for everything, one channel or one rule (or one rule in one channel), and always has an
end. While it lasts openings are kept back with reason `held`, and a close of something that was
told waits; it is never lost. When a hold ends by itself or is released, the closes go out first
thing, and each opening that is still true is told, told in one digest, or discarded, as the one who
releases says. A storm (`alerts.storm`) is held by nabz itself: openings of one rule, and no ends.

Next step: `alerts.pipeline` asks for holds first among what people decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

After = Literal["send", "digest", "discard"]
"""What becomes of openings that were held."""
LONGEST_MS: Final = 7 * 86_400_000
"""A longer stop is a change of the configuration, not a button."""

_Text = Annotated[str, msgspec.Meta(max_length=2_000)]


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of `nabz.control.v1` at key `hold:<id>`, written by the command line or by ingest.

    Attributes:
        until_ms: It ends by itself then (wall clock).
        verb: Always `hold`; what the command that made it was called.
        channel: Name of the channel; empty for all.
        rule: Id of the rule; empty for all.
        text: Why, in the words of who holds.
        actor: Who holds.
        ts_ms: When it was given; 0 where the writer did not say.
        released_ms: When somebody ended it early; null while nobody has.
        after: What becomes of what it held.
        only_openings: An end of what was told goes out all the same; so for a storm.
    """

    until_ms: int
    verb: Literal["hold"] = "hold"
    channel: str = ""
    rule: str = ""
    text: _Text = ""
    actor: str = ""
    ts_ms: int = 0
    released_ms: int | None = None
    after: After = "send"
    only_openings: bool = False

    def lasts(self, now_ms: int) -> bool:
        """Is it in force?

        >>> Hold(until_ms=10).lasts(9), Hold(until_ms=10).lasts(10)
        (True, False)
        >>> Hold(until_ms=10, released_ms=5).lasts(6)
        False
        """
        return self.released_ms is None and now_ms < self.until_ms

    def covers(self, channel: str, rule: str) -> bool:
        """Is a message of this rule in this channel meant?

        >>> Hold(until_ms=1, channel="ops").covers("ops", "r"), Hold(until_ms=1).covers("x", "r")
        (True, True)
        >>> Hold(until_ms=1, channel="ops", rule="q").covers("ops", "r")
        False
        """
        return self.channel in {"", channel} and self.rule in {"", rule}


Named = tuple[str, Hold]
"""A hold with its id."""


def covering(
    holds: Iterable[Named], channel: str, rule: str, *, closing: bool = False
) -> Named | None:
    """The hold that keeps a message back the longest, None if none of them does.

    Args:
        holds: In force.
        channel: Of the message.
        rule: Of the message; empty for a digest, which no rule's hold covers.
        closing: The message tells of an end.
    """
    found = [
        (name, hold)
        for name, hold in holds
        if hold.covers(channel, rule) and not (closing and hold.only_openings)
    ]
    return max(found, key=lambda one: (one[1].until_ms, one[0]), default=None)
