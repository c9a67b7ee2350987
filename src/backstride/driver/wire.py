"""What a link does, told to whoever watches: the one seam behind `run --log`, captures and tests."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Final

from bleak.exc import BleakDBusError, BleakGATTProtocolError

from backstride.capture.events import (
    Answered,
    Asked,
    Characteristic,
    Descriptor,
    Failure,
    Operation,
    Service,
    Trouble,
)
from backstride.errors import Disconnected, ProcedureTimeout

if TYPE_CHECKING:
    from bleak import BleakClient

    from backstride.capture.events import Event, Trace

_ATT_HEADER: Final = 3  # octets before the value in a notification or a write (Core Vol 3 F 3.4.7.1)


class Wire:
    """Tells a trace what crosses bleak's client, over one link after another.

    A trace is a stranger's code on the way of every octet: one that fails is reported to the event loop, told nothing
    more, and holds up nothing, not a Stop (S4, S6).

    Args:
        trace: Whom to tell; None is nobody.
    """

    def __init__(self, trace: Trace | None = None) -> None:
        self._trace = trace
        self._numbers = count(1)

    @property
    def is_watched(self) -> bool:
        """True if anybody is told, so that it is worth finding out what to tell."""
        return self._trace is not None

    def tell(self, event: Event) -> None:
        """Tell of an event that happens now."""
        if self._trace is None:
            return
        try:
            self._trace(event)
        except Exception as error:  # noqa: BLE001 - a stranger's code; the loop's handler reports it
            self._trace = None
            context = {"message": "the trace of a link failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def asked(self, operation: Operation, uuid: str, value: bytes | None) -> Asked:
        """Tell of a request that goes out; return what was told."""
        asked = Asked(next(self._numbers), operation, uuid, value)
        self.tell(asked)
        return asked

    def answered(self, asked: Asked, value: bytes | None = None) -> None:
        """Tell of a request that succeeded."""
        self.tell(Answered(asked.number, asked.uuid, value))

    def failed(self, asked: Asked, error: BaseException) -> None:
        """Tell of a request that came to nothing with what the driver makes of it, a `MachineError`."""
        match error:
            case Disconnected():
                failure = Failure(Trouble.LINK_LOST)
            case ProcedureTimeout():
                failure = Failure(Trouble.TIMEOUT)
            case _:
                failure = failure_of(error)
        self.tell(Answered(asked.number, asked.uuid, failure=failure))


def failure_of(error: BaseException) -> Failure:
    """Return what bleak said in an error, or in the cause of one of ours."""
    said = error.__cause__ or error
    match said:
        case BleakGATTProtocolError():
            return Failure(Trouble.ATT, att_error=int(said.code))
        case BleakDBusError():
            return Failure(Trouble.BLUEZ, said.dbus_error_details or "", name=said.dbus_error)
        case TimeoutError():
            return Failure(Trouble.TIMEOUT, str(said))
        case asyncio.CancelledError():
            return Failure(Trouble.GIVEN_UP)
        case _:
            return Failure(Trouble.OTHER, f"{type(said).__name__}: {said}")


def table_of(client: BleakClient) -> tuple[Service, ...]:
    """Return the attribute table as bleak has discovered it."""
    return tuple(
        Service(
            service.uuid,
            service.handle,
            tuple(
                Characteristic(
                    one.uuid,
                    one.handle,
                    tuple(one.properties),
                    tuple(Descriptor(descriptor.uuid, descriptor.handle) for descriptor in one.descriptors),
                )
                for one in service.characteristics
            ),
        )
        for service in client.services
    )


def mtu_of(client: BleakClient) -> int | None:
    """Return the ATT_MTU, or None for a machine without characteristics.

    A characteristic knows it without the warning that bleak gives on BlueZ for `mtu_size`.
    """
    room = max((one.max_write_without_response_size for one in client.services.characteristics.values()), default=None)
    return None if room is None else room + _ATT_HEADER
