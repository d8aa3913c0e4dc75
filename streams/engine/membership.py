"""A member of a group that keeps its place while its process restarts: static membership.

Such a member has a name (`group.instance.id`). It does not tell the group that it leaves, and who
comes with the same name within the session takes over its partitions, in the same generation and
without a rebalance of the others. So a name belongs to one process at a time. aiokafka would rejoin
under a name that another process has taken, and the two would take it from each other for ever;
here whom the group no longer knows by its name ends its process.

Next step: `streams.engine.transport` and `streams.ingest.loop` watch their members.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.group import HeartbeatRequest

_UNKNOWN_MEMBER = 25


class MembershipError(Exception):
    """The group no longer knows us by our name. Operator action: give each worker its own."""


def watch(consumer: AIOKafkaConsumer, name: str | None, expelled: Callable[[str], None]) -> None:
    """Call `expelled` with a reason once the group does not know a named member any more.

    Args:
        consumer: Started, and a member of its group.
        name: As given to it as `group_instance_id`; None for a member without a name, which may
            rejoin and is not watched.
        expelled: Ends the process, or has it ended; called in the consumer's event loop.
    """
    if name is None:
        return
    coordinator = consumer._coordinator
    send: Callable[[Any], Awaitable[Any]] = coordinator._send_req

    async def send_and_look(request: Any) -> Any:
        answer = await send(request)
        if isinstance(request, HeartbeatRequest) and answer.error_code == _UNKNOWN_MEMBER:
            expelled(
                f"the group {consumer._group_id} does not know {name} any more: it was silent for a"
                " session, or another process has the same worker.member; each needs its own"
            )
        return answer

    coordinator._send_req = send_and_look
