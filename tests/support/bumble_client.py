"""bleak over bumble: the client backend that reaches treadmills on a virtual link by HCI, L2CAP and ATT.

The other end of everything `backstride.simulator.hci` does, with a stack that is not the kernel's.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError
from bumble.att import ATT_Error
from bumble.core import UUID, BaseBumbleError, ProtocolError
from bumble.device import Device, Peer
from bumble.hci import Address as HciAddress

from backstride.protocol.att import AttError
from backstride.protocol.uuids import full_uuid
from tests.support.bench import Address

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bleak.args import SizedBuffer
    from bleak.assigned_numbers import CharacteristicPropertyName
    from bleak.backends.client import NotifyCallback
    from bumble.device import Connection
    from bumble.gatt_client import CharacteristicProxy, DescriptorProxy

    from backstride.simulator.hci import HciTreadmill
    from backstride.simulator.virtual_link import VirtualLink

Answer = TypeVar("Answer")

MTU = 517  # what BlueZ asks for
_NOT_PAIRED = {AttError.INSUFFICIENT_AUTHENTICATION, AttError.INSUFFICIENT_ENCRYPTION}
_numbers = itertools.count(1)


def target_on(link: VirtualLink, treadmill: HciTreadmill) -> Address:
    """Return what bleak connects to, to reach a treadmill on `link` by bumble."""
    return target_at(link, treadmill.address, treadmill.name)


def target_at(link: VirtualLink, address: str, name: str | None = None) -> Address:
    """Return what bleak connects to, to reach by bumble whoever has that address on `link`."""
    return Address(BLEDevice(address, name, {}), type("BumbleClient", (BumbleClient,), {"link": link}))


class BumbleClient(BaseBleakClient):
    """One central, with a controller of its own from the first connection on."""

    simulated: ClassVar[bool] = True
    link: ClassVar[VirtualLink]

    def __init__(
        self,
        address_or_ble_device: Any,  # noqa: ANN401 - as bleak has it
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **kwargs: Any,  # noqa: ANN401 - bleak passes the options of every platform
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout, **kwargs)
        del services
        self._connection: Connection | None = None
        self._peer: Peer | None = None
        self._gone = asyncio.Event()

    @property
    def name(self) -> str:
        return self.address

    @property
    def mtu_size(self) -> int:
        return int(self._up().att_mtu)

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ANN401, FBT001 - bleak's signature
        number = next(_numbers)
        controller = self.link.controller(f"central {number}")
        device = Device.with_hci(
            "central", HciAddress(f"C0:00:00:00:{number // 256:02X}:{number % 256:02X}"), *2 * [controller]
        )
        try:
            async with asyncio.timeout(kwargs.get("timeout", self._timeout)):
                await device.power_on()
                self._connection = connection = await device.connect(HciAddress(self.address), timeout=None)
                connection.on(connection.EVENT_DISCONNECTION, lambda _: self._lost(controller))
                self._peer = peer = Peer(connection)
                if pair:
                    await connection.pair()
                await peer.request_mtu(MTU)
                await self._discover(peer)
        except BaseException:
            self.link.remove_controller(controller)
            self._connection = None
            raise

    async def disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.disconnect()
            await self._gone.wait()

    async def pair(self, *_args: Any, **_kwargs: Any) -> None:  # noqa: ANN401 - bleak's signature
        await self._up().pair()

    async def unpair(self) -> None:
        await self.disconnect()

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_kwargs: Any) -> bytearray:  # noqa: ANN401
        return bytearray(await self._ask(self._there().gatt_client.read_value(characteristic.obj.handle)))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_kwargs: Any) -> bytearray:  # noqa: ANN401
        return bytearray(await self._ask(self._there().gatt_client.read_value(descriptor.obj.handle)))

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001 - bleak's signature
    ) -> None:
        write = self._there().gatt_client.write_value(characteristic.obj.handle, bytes(data), with_response=response)
        await self._ask(write)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        await self._ask(self._there().gatt_client.write_value(descriptor.obj.handle, bytes(data), with_response=True))

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: NotifyCallback,
        **_kwargs: Any,  # noqa: ANN401 - bleak's signature
    ) -> None:
        def heard(value: bytes) -> None:
            if self.is_connected:
                callback(bytearray(value))

        await self._ask(self._there().gatt_client.subscribe(characteristic.obj, heard))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._ask(self._there().gatt_client.unsubscribe(characteristic.obj, force=True))

    # Inside

    def _up(self) -> Connection:
        if self._connection is None:
            raise BleakError("Not connected")
        return self._connection

    def _there(self) -> Peer:
        self._up()
        assert self._peer is not None
        return self._peer

    async def _ask(self, request: Awaitable[Answer]) -> Answer:
        """Await a request, or the end of the link."""
        ended = asyncio.ensure_future(self._gone.wait())
        asked = asyncio.ensure_future(request)
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise BleakGATTProtocolError(AttError.UNLIKELY_ERROR)
            return asked.result()
        except ATT_Error as error:
            if error.error_code in _NOT_PAIRED:
                raise BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]) from None
            raise BleakGATTProtocolError(error.error_code) from None
        except (BaseBumbleError, ProtocolError) as error:
            raise BleakError(str(error)) from error
        finally:
            for one in (asked, ended):
                one.cancel()
            await asyncio.gather(asked, ended, return_exceptions=True)

    def _lost(self, controller: Any) -> None:  # noqa: ANN401 - bumble's
        self._connection = None
        with contextlib.suppress(KeyError):
            self.link.remove_controller(controller)
        self._gone.set()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def _discover(self, peer: Peer) -> None:
        collection = BleakGATTServiceCollection()
        for service in await peer.discover_services():
            group = BleakGATTService(service, service.handle, _uuid(service.uuid))
            collection.add_service(group)
            for one in await service.discover_characteristics():
                properties = cast("list[CharacteristicPropertyName]", _properties(one))
                characteristic = BleakGATTCharacteristic(
                    one, one.handle, _uuid(one.uuid), properties, lambda: self.mtu_size - 3, group
                )
                collection.add_characteristic(characteristic)
                for descriptor in await one.discover_descriptors():
                    collection.add_descriptor(_descriptor(descriptor, characteristic))
        self.services = collection


def _descriptor(descriptor: DescriptorProxy, characteristic: BleakGATTCharacteristic) -> BleakGATTDescriptor:
    return BleakGATTDescriptor(descriptor, descriptor.handle, _uuid(descriptor.type), characteristic)


def _properties(characteristic: CharacteristicProxy[bytes]) -> list[str]:
    names = [flag.name.lower().replace("_", "-") for flag in type(characteristic.properties) if flag.name]
    flags = [flag for flag in type(characteristic.properties) if flag.name]
    return [name for name, flag in zip(names, flags, strict=True) if characteristic.properties & flag]


def _uuid(uuid: UUID) -> str:
    digits = uuid.to_hex_str("-").lower()
    return full_uuid(int(digits, 16)) if len(digits) == len("1826") else str(digits)
