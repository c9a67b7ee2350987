"""The attribute table of a simulated treadmill as bumble serves it over ATT; every decision is the peripheral's."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from bumble import att, gatt
from bumble.core import UUID
from bumble.gatt_server import Server

from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.uuids import short_uuid
from backstride.simulator.gatt import AttFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from bumble.device import Connection as Bearing
    from bumble.device import Device

    from backstride.simulator.gatt import Characteristic
    from backstride.simulator.server import Server as Machine
    from backstride.simulator.traffic import Connection

Answer = TypeVar("Answer")

_PROPERTIES: Final = {
    "read": gatt.Characteristic.Properties.READ,
    "write": gatt.Characteristic.Properties.WRITE,
    "write-without-response": gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": gatt.Characteristic.Properties.NOTIFY,
    "indicate": gatt.Characteristic.Properties.INDICATE,
}
_ANY: Final = gatt.Characteristic.Permissions.READABLE | gatt.Characteristic.Permissions.WRITEABLE
"""bumble lets everything through: the peripheral refuses what the properties do not allow."""

_CCCD_OCTETS: Final = 2


class Host(Protocol):
    """Who owns the links of a server."""

    @property
    def peripheral(self) -> Machine:
        """The treadmill behind them."""

    @property
    def now(self) -> float:
        """Seconds of the machine's time."""

    def client(self, bearing: Bearing) -> Connection:
        """Return the peripheral's view of a link. Raises AttFault if the machine has ended it."""

    def pump(self) -> None:
        """Send what the peripheral has to send."""

    def confirmed(self, bearing: Bearing) -> None:
        """Take the confirmation of an indication."""


class AttServer(Server):
    """bumble's server, with what bumble leaves open: Write Commands, confirmations, the client configuration.

    Args:
        device: bumble's device.
        host: Who owns the links.
    """

    def __init__(self, device: Device, host: Host) -> None:
        super().__init__(device)
        self._host = host
        self.max_mtu = host.peripheral.mtu
        self._values: dict[str, gatt.Characteristic[bytes]] = {}

    def serve(self) -> None:
        """Put the peripheral's services into the table."""
        for service in self._host.peripheral.services:
            characteristics = [self._served(one) for one in service.characteristics]
            self.add_service(gatt.Service(_as_bumble_has_it(service.uuid), characteristics))

    def send_value(self, bearing: Bearing, uuid: str, value: bytes, *, indication: bool) -> None:
        """Send a notification or an indication at once; who wants it the peripheral knows."""
        pdu = att.ATT_Handle_Value_Indication if indication else att.ATT_Handle_Value_Notification
        handle = self._values[uuid].handle
        self.send_gatt_pdu(bearing, bytes(pdu(attribute_handle=handle, attribute_value=value)))

    # What bumble hands over

    def on_att_write_command(self, bearer: att.Bearer, request: att.ATT_Write_Command) -> None:
        """Take a write without response; one that cannot be carried out is dropped (Core Vol 3 F 3.4.5.3)."""
        for uuid, characteristic in self._values.items():
            if characteristic.handle == request.attribute_handle:
                self._command(uuid, _bearing(bearer), request.attribute_value)

    def on_att_handle_value_confirmation(
        self, bearer: att.Bearer, confirmation: att.ATT_Handle_Value_Confirmation
    ) -> None:
        """Take the confirmation of an indication."""
        del confirmation  # it says nothing but that
        self._host.confirmed(_bearing(bearer))

    # The table

    def _served(self, one: Characteristic) -> gatt.Characteristic[bytes]:
        properties = gatt.Characteristic.Properties(0)
        for name in one.properties:
            properties |= _PROPERTIES[name]
        value = att.AttributeValue(partial(self._read, one.uuid), partial(self._write, one.uuid))
        descriptors = [self._configuration(one.uuid)] if one.subscription else []
        served = gatt.Characteristic[bytes](_as_bumble_has_it(one.uuid), properties, _ANY, value, descriptors)
        self._values[one.uuid] = served
        return served

    def _configuration(self, uuid: str) -> gatt.Descriptor:
        value = att.AttributeValue(partial(self._read_configuration, uuid), partial(self._configure, uuid))
        return gatt.Descriptor(_as_bumble_has_it(uuids.CCCD), _ANY, value)

    def _read(self, uuid: str, _: Bearing) -> bytes:
        return self._attempt(lambda: self._host.peripheral.read(uuid, self._host.now))

    def _write(self, uuid: str, bearing: Bearing, value: bytes) -> None:
        peripheral = self._host.peripheral
        self._attempt(lambda: peripheral.write(self._host.client(bearing), uuid, value, self._host.now))

    def _command(self, uuid: str, bearing: Bearing, value: bytes) -> None:
        with contextlib.suppress(AttFault):  # of a link that the machine has ended
            client = self._host.client(bearing)
            self._host.peripheral.write(client, uuid, value, self._host.now, response=False)
            self._host.pump()

    def _read_configuration(self, uuid: str, bearing: Bearing) -> bytes:
        return self._attempt(lambda: self._host.peripheral.subscription(self._host.client(bearing), uuid))

    def _configure(self, uuid: str, bearing: Bearing, value: bytes) -> None:
        if len(value) != _CCCD_OCTETS:
            raise att.ATT_Error(AttError.INVALID_ATTRIBUTE_VALUE_LENGTH)
        peripheral, wanted = self._host.peripheral, int.from_bytes(value, "little")
        self._attempt(lambda: peripheral.subscribe(self._host.client(bearing), uuid, wanted, self._host.now))

    def _attempt(self, request: Callable[[], Answer]) -> Answer:
        """Carry out a request; what it brings about goes out after its response, or as the peripheral has it."""
        try:
            return request()
        except AttFault as fault:
            raise att.ATT_Error(fault.code) from fault
        finally:
            self._host.pump()


def _bearing(bearer: att.Bearer) -> Bearing:
    """Return the connection of a bearer: all bearers of one share a configuration (Core Vol 3 G 3.3.3.3)."""
    return bearer.connection if att.is_enhanced_bearer(bearer) else bearer


def _as_bumble_has_it(uuid: str) -> UUID:
    short = short_uuid(uuid)
    return UUID(uuid) if short is None else UUID.from_16_bits(short)
