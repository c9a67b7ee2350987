"""bleak without a radio: the air, and the client backend that reaches simulated treadmills in the same process.

It stands in for bleak on BlueZ and refuses what it refuses, with the same exceptions. Where BlueZ's own behaviour is
imitated, the comment names it (bluetoothd's gatt-client.c, bleak's bluezdbus backend).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, TypeVar

from bleak import BleakScanner
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError

from backstride.protocol.att import AttError
from backstride.simulator.gatt import AttFault, Cccd, StackFault
from backstride.simulator.link import Link, LinkLost
from backstride.simulator.memory_scanner import MemoryScanner
from backstride.simulator.memory_table import services_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.args import SizedBuffer
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import NotifyCallback
    from bleak.backends.descriptor import BleakGATTDescriptor

    from backstride.simulator.radio import Radio

T = TypeVar("T")

_LONGEST_VALUE: Final = 512  # octets of an attribute value (Core Vol 3 F 3.2.9)
_ATT_HEADER: Final = 3
_NOT_PAIRED: Final = frozenset(
    {
        AttError.INSUFFICIENT_AUTHENTICATION,
        AttError.INSUFFICIENT_ENCRYPTION,
        AttError.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
    }
)


class Air:
    """A space in which radios hear one another.

    Attributes:
        client_backend: Class to pass to ``bleak.BleakClient`` as its backend.
        scanner_backend: Class to pass to ``bleak.BleakScanner`` as its backend.
        has_adapter: Whether the computer has a Bluetooth adapter at the moment.
    """

    def __init__(self) -> None:
        self.has_adapter = True
        self._radios: dict[str, Radio] = {}
        self.client_backend: type[MemoryClient] = type("MemoryClient", (MemoryClient,), {"air": self})
        self.scanner_backend: type[MemoryScanner] = type("MemoryScanner", (MemoryScanner,), {"air": self})

    @property
    def radios(self) -> tuple[Radio, ...]:
        """Every treadmill's radio, in the order in which they were added."""
        return tuple(self._radios.values())

    def add(self, radio: Radio) -> None:
        """Bring a treadmill into the air. Raises ValueError if its address is taken."""
        if radio.address in self._radios:
            raise ValueError(f"there is a treadmill with the address {radio.address} already")
        self._radios[radio.address] = radio

    def lose_adapter(self, *, said: bool = True) -> None:
        """Let the computer's Bluetooth adapter vanish, and every link with it; without `said` no client is told.

        BlueZ may remove a device without saying that it is not connected any more: bleak then holds the link for alive.
        """
        self.has_adapter = False
        for radio in self.radios:
            radio.drop_links(said=said)

    def find_adapter(self) -> None:
        """Let it be there again."""
        self.has_adapter = True


def device_of(radio: Radio) -> BLEDevice:
    """Return the device by which bleak's client reaches the treadmill behind `radio`."""
    return BLEDevice(radio.address, radio.name, {"radio": radio})


class MemoryClient(BaseBleakClient):
    """The client backend; use the subclass that an `Air` offers.

    Attributes:
        simulated: True: what is reached through this backend is no real treadmill (S1).
    """

    simulated: ClassVar[bool] = True
    air: ClassVar[Air]

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **kwargs: Any,  # noqa: ANN401 - bleak passes the options of every platform
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout, **kwargs)
        self._radio: Radio | None = None
        if isinstance(address_or_ble_device, BLEDevice):
            self._radio = address_or_ble_device.details["radio"]
        self._requested = services
        self._paired = False
        self._link: Link | None = None
        self._gone: asyncio.Event | None = None
        self._callbacks: dict[str, NotifyCallback] = {}

    @property
    def name(self) -> str:
        """The advertised name, or, as BlueZ has it, the address with dashes."""
        if self._radio is None:
            raise BleakError("Not connected")
        return self._radio.name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        """The ATT_MTU of the link; bleak on BlueZ says 23 and warns, unless it was acquired."""
        return self._connected().connection.mtu

    @property
    def is_connected(self) -> bool:
        """Whether the client believes that it is connected."""
        return self._link is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ANN401, FBT001 - bleak's signature
        """Connect and discover the services.

        Raises:
            BleakDeviceNotFoundError: Nothing with this address advertises, or the machine has no power.
            TimeoutError: The machine is out of range, or other clients hold every link it accepts.
            BleakError: Already connected, or there is no adapter, and so no device that BlueZ knows.
        """
        if self.is_connected:
            raise BleakError("Client is already connected")
        timeout = kwargs.get("timeout", self._timeout)
        radio = self._radio or await self._find(timeout)
        radio.bind()
        await asyncio.sleep(0)  # what goes wrong at once has gone wrong before
        if not self.air.has_adapter:  # bleak's BlueZManager.add_device_watcher
            raise BleakError(f"device 'dev_{self.address.replace(':', '_')}' not found")
        if not radio.powered:
            raise BleakDeviceNotFoundError(self.address, f"Device with address {self.address} was not found.")
        async with asyncio.timeout(timeout):
            await asyncio.sleep(radio.latency)
            if not radio.answers:
                await asyncio.Event().wait()  # nobody answers the connection request
            self._paired = self._paired or pair
            self._link = link = radio.connect(self._on_value, self._on_lost, encrypted=self._paired)
            self._radio = radio
            try:
                await asyncio.sleep(radio.latency)
            except BaseException:  # given up half-way: bleak on BlueZ disconnects then too
                link.close()
                raise
        if not link.alive:
            raise BleakError("failed to discover services, device disconnected")
        self.services = services_of(radio.peripheral, link, self._requested)

    async def disconnect(self) -> None:
        """End the link; the disconnected callback runs before this returns, as on BlueZ."""
        if self._link is not None and self._link.stranded:  # bluetoothd refuses, and bleak has let go all the same
            self._on_lost()
            raise _gone_from_the_bus()
        if self._link is not None:
            self._gone = self._gone or asyncio.Event()
            self._link.close()
            await self._gone.wait()

    async def pair(self, *_args: Any, **_kwargs: Any) -> None:  # noqa: ANN401 - bleak's signature
        """Pair without a person's help ("just works"); the link is encrypted from then on."""
        link = self._connected()
        self._paired = True
        link.connection.encrypted = True

    async def unpair(self) -> None:
        """Forget the pairing; BlueZ removes the device and with it the link."""
        self._paired = False
        await self.disconnect()

    async def read_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        *,
        use_cached: bool = False,  # noqa: ARG002 - nothing is cached here
        **_kwargs: Any,  # noqa: ANN401 - bleak's signature
    ) -> bytearray:
        """Read a characteristic."""
        peripheral = self._connected().radio.peripheral
        return bytearray(await self._request(lambda now: peripheral.read(characteristic.uuid, now)))

    async def read_gatt_descriptor(
        self,
        descriptor: BleakGATTDescriptor,
        *,
        use_cached: bool = False,  # noqa: ARG002 - nothing is cached here
        **_kwargs: Any,  # noqa: ANN401 - bleak's signature
    ) -> bytearray:
        """Read a CCCD; there are no other descriptors."""
        link, uuid = self._connected(), descriptor.characteristic_uuid
        return bytearray(await self._request(lambda _now: link.radio.peripheral.subscription(link.connection, uuid)))

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001 - same
    ) -> None:
        """Write a characteristic.

        BlueZ sends what it is told to send, whatever the properties say: the server then refuses a request with ATT
        0x03 and drops a command without a word.
        """
        link = self._connected()
        value, uuid, peripheral = bytes(data), characteristic.uuid, link.radio.peripheral
        if response:
            if len(value) > _LONGEST_VALUE:
                raise BleakGATTProtocolError(AttError.INVALID_ATTRIBUTE_VALUE_LENGTH)
            await self._request(lambda now: peripheral.write(link.connection, uuid, value, now))
            return
        if len(value) > link.connection.mtu - _ATT_HEADER:  # bluetoothd: characteristic_write_value, label fail
            raise BleakGATTProtocolError(AttError.REQUEST_NOT_SUPPORTED)
        link.command(lambda now: peripheral.write(link.connection, uuid, value, now, response=False))
        await asyncio.sleep(0)

    async def write_gatt_descriptor(self, _descriptor: BleakGATTDescriptor, _data: SizedBuffer) -> NoReturn:
        """Refuse: the only descriptors are CCCDs, which bleak itself does not let a caller write."""
        self._connected()
        raise BleakGATTProtocolError(AttError.WRITE_NOT_PERMITTED)

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: NotifyCallback,
        **_kwargs: Any,  # noqa: ANN401 - bleak's signature
    ) -> None:
        """Subscribe: to notifications where the characteristic has them, else to indications, as BlueZ does."""
        link = self._connected()
        uuid, peripheral = characteristic.uuid, link.radio.peripheral
        wanted = Cccd.NOTIFY if "notify" in characteristic.properties else Cccd.INDICATE
        if not {"notify", "indicate"} & set(characteristic.properties):
            raise BleakDBusError("org.bluez.Error.NotSupported", ["Operation is not supported"])
        twice = uuid in self._callbacks
        self._callbacks[uuid] = callback  # bleak replaces the callback before it asks bluetoothd
        if twice:  # bluetoothd: characteristic_start_notify
            raise BleakDBusError("org.bluez.Error.Failed", ["Already notifying"])
        await self._request(lambda now: peripheral.subscribe(link.connection, uuid, wanted, now))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        link = self._connected()
        uuid, peripheral = characteristic.uuid, link.radio.peripheral
        if uuid not in self._callbacks:  # bluetoothd: characteristic_stop_notify
            raise BleakDBusError("org.bluez.Error.Failed", ["No notify session started"])
        await self._request(lambda now: peripheral.subscribe(link.connection, uuid, 0, now))
        self._callbacks.pop(uuid, None)

    # Inside

    async def _find(self, timeout: float) -> Radio:  # noqa: ASYNC109 - bleak's own time limit, passed on
        device = await BleakScanner.find_device_by_address(self.address, timeout, backend=self.air.scanner_backend)
        if device is None:
            raise BleakDeviceNotFoundError(self.address, f"Device with address {self.address} was not found.")
        radio: Radio = device.details["radio"]
        return radio

    def _connected(self) -> Link:
        if self._link is None:
            raise BleakError("Not connected")
        if self._link.stranded:
            raise _gone_from_the_bus()
        return self._link

    async def _request(self, action: Callable[[float], T]) -> T:
        try:
            return await self._connected().request(action)
        except StackFault as fault:
            raise BleakDBusError(fault.name, [fault.words]) if fault.name else BleakError(fault.words) from None
        except AttFault as fault:
            raise _as_bleak_says(fault.code) from None
        except LinkLost:  # bluetoothd fails what was under way when the link went
            raise BleakGATTProtocolError(AttError.UNLIKELY_ERROR) from None

    def _on_value(self, uuid: str, value: bytes) -> None:
        callback = self._callbacks.get(uuid)
        if callback is not None:
            callback(bytearray(value))

    def _on_lost(self) -> None:
        self._link = None
        self.services = None
        self._callbacks.clear()
        gone, self._gone = self._gone, None
        try:
            if self._disconnected_callback is not None:
                self._disconnected_callback()
        finally:
            if gone is not None:
                gone.set()


def _gone_from_the_bus() -> BleakDBusError:
    """Return what bleak on BlueZ raises for an object that was removed with its adapter."""
    return BleakDBusError("org.freedesktop.DBus.Error.UnknownObject", ["Method doesn't exist"])


def _as_bleak_says(code: int) -> BleakError:
    """Return the exception that bleak on BlueZ raises for an ATT error (bluetoothd: create_gatt_dbus_error)."""
    if code in _NOT_PAIRED:
        return BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"])
    return BleakGATTProtocolError(code)
