"""What a message says, as things stand when it is sent.

Most are about one transition. A digest is about those it stands for, a list about all that is open
or has happened; neither is kept anywhere, so each try says what is true by then.

Next step: `streams.notifier.courier` hands it to the channel.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from alerts.agenda import agenda, morning
from alerts.delivery import Delivery
from alerts.message import Notification, digest_notification, notification, plain
from alerts.outputs import Transition
from alerts.standing import Standing
from alerts.texts import TEXTS
from alerts.weekly import weekly
from streams.notifier.build import Outlet, Plan
from streams.notifier.term import Term


def said(
    plan: Plan,
    term: Term,
    outlet: Outlet,
    delivery: Delivery,
    about: Sequence[Transition],
    *,
    now_ms: int,
    again: bool = False,
) -> Notification:
    """What a delivery says.

    Args:
        plan: Links, people and their languages.
        term: What is open.
        outlet: The channel.
        delivery: Which message; a list must be `ready`.
        about: Its transitions, at least one unless it is a list.
        now_ms: The wall clock.
        again: It is said again to a receiver that forgets.
    """
    spoken = plan.audience.language(delivery.person)
    locale = outlet.locale if spoken is None else spoken
    if delivery.kind == "list" and delivery.reason == "weekly":
        return weekly(
            term.reports[delivery.notification_id],
            day=delivery.seq,
            notification_id=delivery.notification_id,
            alert_id=delivery.alert_id,
            channel=outlet.name,
            locale=locale,
            now_ms=now_ms,
        )
    if delivery.kind == "list":
        return morning(
            listed(plan, term, delivery.person),
            day=delivery.seq,
            notification_id=delivery.notification_id,
            alert_id=delivery.alert_id,
            channel=outlet.name,
            locale=locale,
            links=plan.links,
            now_ms=now_ms,
        )
    if delivery.kind == "digest":
        return digest_notification(
            about,
            notification_id=delivery.notification_id,
            alert_id=delivery.alert_id,
            channel=outlet.name,
            locale=locale,
            now_ms=now_ms,
            account=about[0].account if delivery.reason == "group" else None,
            seq=delivery.seq,
        )
    timely = again or delivery.number > 0 or not plan.live  # said when it is meant to be
    alone = notification(
        about[0],
        channel=outlet.name,
        kind=delivery.kind,
        locale=locale,
        quotes=outlet.quotes,
        links=plan.links,
        playbooks=plan.playbooks,
        late_ms=0 if timely else now_ms - about[0].at_ms,
    )
    lines = alone.lines
    if delivery.instead is not None:
        lines = (*lines, TEXTS[locale].instead.format(channel=plain(delivery.instead)))
    return replace(
        alone, notification_id=delivery.notification_id, reason=delivery.reason, lines=lines
    )


def ready(plan: Plan, term: Term, delivery: Delivery) -> bool:
    """Has a list something to say by now?"""
    if delivery.reason == "weekly":
        return delivery.notification_id in term.reports
    return bool(listed(plan, term, delivery.person))


def listed(plan: Plan, term: Term, name: str | None) -> tuple[Standing, ...]:
    """What is open and somebody's; nothing of whom the configuration does not know."""
    people = plan.audience.people
    person = next((one for one in people if one.name == name), None)
    return () if person is None else agenda(term.register, person, people)


def members(term: Term, delivery: Delivery) -> list[Transition]:
    """What a digest says; the message of an account also says what is still open of what it was."""
    found = [one for _, one in term.outbox.members(delivery)]
    if delivery.reason == "group":
        standing = [term.register.get(one) for one in term.outbox.told_before(delivery)]
        found += [one.newest for one in standing if one is not None]
    return found
