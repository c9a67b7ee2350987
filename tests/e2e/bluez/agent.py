"""Whoever says yes when a machine is to be paired with: on a desktop its owner, in the virtual machine this agent.

Without any agent BlueZ turns every pairing down, be it asked for or begun by itself after an ATT error that wants one.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PATH: Final = "/backstride/agent"
_AGENT: Final = "org.bluez.Agent1"


@contextlib.asynccontextmanager
async def agreeing_to_pair() -> AsyncIterator[None]:
    """Agree to every pairing during the block, in which no adapter may be pulled out: bluetoothd 5.66 crashes then."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        bus.add_message_handler(_agree)
        await _ask(bus, "RegisterAgent", "os", _PATH, "NoInputNoOutput")
        await _ask(bus, "RequestDefaultAgent", "o", _PATH)
        yield
    finally:
        bus.disconnect()


def _agree(message: Message) -> Message | None:
    if message.message_type is not MessageType.METHOD_CALL or message.interface != _AGENT:
        return None
    return Message.new_method_return(message)


async def _ask(bus: MessageBus, member: str, signature: str, *arguments: str) -> None:
    call = Message(
        destination="org.bluez",
        path="/org/bluez",
        interface="org.bluez.AgentManager1",
        member=member,
        signature=signature,
        body=list(arguments),
    )
    reply = await bus.call(call)
    assert reply is not None
    assert reply.message_type is MessageType.METHOD_RETURN, reply.body
