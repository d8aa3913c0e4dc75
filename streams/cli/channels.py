"""`nabz channels`: does a message reach people on a channel?

Next step: `alerts.trial` writes the message, `streams.notifier.telling` sends it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.errors import FAILED, MISUSED, Stop
from streams.cli.options import config_option, examples, json_option, settings_from
from streams.clock import wall_ms

if TYPE_CHECKING:
    from alerts.channels.base import Outcome
    from streams.notifier.build import Outlet

_CURES: Final[Mapping[str, str]] = {
    "address": "allow its network under `allow:`, or call another host",
    "auth": "check the key, token or password, and what its owner is allowed to do",
    "client_error": "the receiver does not like the message: check the settings of the channel",
    "gone": "the receiver is no more: make a new one there, and write its address",
    "internal": "this is a defect of nabz: please report it",
    "not_found": "check the address, and that the place is there and open to nabz",
    "rate_limited": "the receiver wants fewer messages: try again later",
    "server_error": "the receiver has a problem: try again later",
    "timeout": "the receiver does not answer: check network, proxy and `timeout:`",
    "too_large": "the receiver takes smaller messages only",
    "unreachable": "check host, port, certificate and network",
}
_BACK_CURES: Final[Mapping[str, str]] = {
    "refused": "check its token and what it is allowed to do, and that Socket Mode is on",
    "unreachable": "start the notifier, or check the network; `back: {listen: ...}` says where",
    "webhook_set": "take Telegram's webhook away, or write `webhook_secret:`",
    "webhook_not_set": "tell Telegram the address with setWebhook",
    "wrong_secret": "the notifier that runs has another secret: start it anew",
}


@click.group(epilog=examples("nabz channels test ops"))
def channels() -> None:
    """Try out a channel."""


@channels.command(
    "test",
    epilog=examples(
        "nabz channels test ops",
        "nabz channels test ops --json",
    ),
)
@click.argument("channel")
@json_option
@config_option
@click.pass_context
def try_out(ctx: click.Context, *, channel: str, as_json: bool, config_path: Path | None) -> None:
    """Send one message to CHANNEL that says it is a test.

    Where the receiver keeps things open (an incident, an alert), its end follows at once. Asks no
    broker, and neither holds nor quiet hours keep it back. Where people can answer, it says whether
    they are heard. Ends with 1 if it did not arrive, or they are not.
    """
    import asyncio

    from alerts.channels.base import Sent
    from streams.notifier.back_trial import back_trial
    from streams.notifier.build import build

    settings = settings_from(config_path).notifier()
    people = settings.people.values()
    if channel not in settings.channels:
        known = ", ".join(sorted(settings.channels)) or "none"
        raise Stop(f"channel {channel[:60]!r}: is not configured; known are {known}", MISUSED)
    kind = settings.channels[channel].type
    only = settings.model_copy(update={"channels": {channel: settings.channels[channel]}})
    begun_s = time.monotonic()
    plan = build(only)
    outcome = asyncio.run(_tried(plan.outlets[channel]))
    took_ms = round((time.monotonic() - begun_s) * 1000)
    sent = isinstance(outcome, Sent)
    reason = None if isinstance(outcome, Sent) else outcome.reason
    back = asyncio.run(back_trial(plan, plan.outlets[channel]))
    if as_json:
        facts = {"channel": channel, "type": kind, "sent": sent, "reason": reason}
        facts |= {"status": outcome.status, "took_ms": took_ms, "back": back}
        click.echo(json.dumps(facts))
    elif reason is None:
        answer = "" if outcome.status is None else f", which answered {outcome.status}"
        click.echo(f"sent to {channel} ({kind}){answer}, in {took_ms} ms")
    else:
        answer = "" if outcome.status is None else f" {outcome.status}"
        click.echo(
            f"channel {channel} ({kind}): {reason}{answer} after {took_ms} ms; {_CURES[reason]}",
            err=True,
        )
    if not as_json and back is not None:
        _say_back(channel, kind, back, known=any(kind in one.users for one in people))
    ctx.exit(0 if sent and back in {None, "works"} else FAILED)


def _say_back(channel: str, kind: str, back: str, *, known: bool) -> None:
    """Whether people who answer are heard, and whether anybody is known there."""
    if back != "works":
        click.echo(f"answers in {channel}: {back}; {_BACK_CURES[back]}", err=True)
    elif known:
        click.echo(f"answers in {channel} are heard")
    else:
        click.echo(
            f"answers in {channel} are heard, and refused: nobody in `people:` has"
            f" `users: {{{kind}: ...}}`",
            err=True,
        )


async def _tried(outlet: Outlet) -> Outcome:
    """Send a test, and its end where it would stay open; the first failure, or the last success."""
    from alerts.channels.base import Sent
    from alerts.trial import trial
    from streams.notifier.telling import tell

    mark = secrets.token_hex(6)
    try:
        outcome: Outcome = Sent()
        for ends in (False, True) if outlet.channel.limits.stays_open else (False,):
            message = trial(
                outlet.name, mark=mark, now_ms=wall_ms(), locale=outlet.locale, ends=ends
            )
            outcome = await tell(outlet.channel, outlet.sender, message, ref=None, clock=wall_ms)
            if not isinstance(outcome, Sent):
                break
        return outcome
    finally:
        await outlet.sender.close()
