"""bleak without a radio: the attribute table of a machine in the same process, as bleak has discovered it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection

from backstride.protocol import uuids

if TYPE_CHECKING:
    from bleak.assigned_numbers import CharacteristicPropertyName

    from backstride.simulator.gatt import Characteristic
    from backstride.simulator.link import Link
    from backstride.simulator.server import Server

_ATT_HEADER: Final = 3


def services_of(server: Server, link: Link, requested: set[str] | None) -> BleakGATTServiceCollection:
    """Build bleak's picture of the attribute table, with handles as a server numbers them."""

    def longest_command() -> int:
        return link.connection.mtu - _ATT_HEADER

    collection = BleakGATTServiceCollection()
    handle = 0
    for service in server.services:
        handle = handle + 1 if service.handle is None else service.handle
        group = BleakGATTService(service, handle, service.uuid)
        wanted = requested is None or service.uuid in requested
        if wanted:
            collection.add_service(group)
        for one in service.characteristics:
            declared = handle + 1 if one.handle is None else one.handle  # bleak's handle is the declaration's
            handle = declared + 1  # the value's
            properties = cast("list[CharacteristicPropertyName]", list(one.properties))
            characteristic = BleakGATTCharacteristic(one, declared, one.uuid, properties, longest_command, group)
            if wanted:
                collection.add_characteristic(characteristic)
            for uuid, number in _descriptors(one, handle):
                handle = number
                if wanted:
                    collection.add_descriptor(BleakGATTDescriptor(one, handle, uuid, characteristic))
    return collection


def _descriptors(one: Characteristic, value_handle: int) -> tuple[tuple[str, int], ...]:
    if one.descriptors is not None:
        return one.descriptors
    return ((uuids.CCCD, value_handle + 1),) if one.subscription else ()
