"""A computer's Bluetooth as it is on the way: BlueZ forgets devices, attempts hang, adapters vanish. For tests.

Everything is done by bleak backends of the memory transport's kind, so that the driver under test is the real one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bleak.exc import BleakDeviceNotFoundError

from backstride.protocol import uuids
from backstride.simulator.gatt import Characteristic, Service
from backstride.simulator.memory import MemoryClient
from backstride.simulator.memory_scanner import MemoryScanner
from tests.support.bench import Address

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.device import BLEDevice

    from backstride.simulator.treadmill import SimulatedTreadmill

Operation = str
"""``connect``, ``scan``, ``read 2a24``, ``subscribe 2ad9``, ``write 00``: what is asked of the system."""


@dataclass
class System:
    """What goes wrong on the computer, and what was asked of it.

    Attributes:
        remembers: False once the system has forgotten the device: until it is heard again, no attempt finds it.
        fails: Raised by every attempt to connect and every scan, as long as it is there.
        hangs_in_cleanup: True if an attempt that is cancelled takes forever to clean up.
        before: Called with each operation before it is done.
        after: Called with each operation once it is done.
        copies: How often each value of Treadmill Data is delivered.
        delays: Seconds by which the system keeps a write to itself, by the octets of the write.
        connects: Instants of the attempts to connect.
        listening: Begin and end of every scan and every attempt to connect.
        heard: The callbacks that subscribed to each characteristic, the oldest first.
        records: Instants at which Treadmill Data came, each record once.
    """

    remembers: bool = True
    fails: BaseException | None = None
    hangs_in_cleanup: bool = False
    before: Callable[[Operation], None] = lambda _: None
    after: Callable[[Operation], None] = lambda _: None
    copies: int = 1
    delays: dict[str, float] = field(default_factory=dict)
    connects: list[float] = field(default_factory=list)
    listening: list[list[float]] = field(default_factory=list)
    heard: dict[str, list[Callable[[bytearray], None]]] = field(default_factory=dict)
    records: list[float] = field(default_factory=list)

    def reaching(self, treadmill: SimulatedTreadmill) -> Address:
        """Return the address at which a driver on this computer reaches `treadmill`."""
        classes = {"air": treadmill.air, "system": self}
        client = type("Client", (RoamingClient,), classes)
        return Address(treadmill.device, client, type("Scanner", (RoamingScanner,), classes))

    def listens(self, began: float) -> list[float]:
        """Take note of a scan or an attempt that begins; the second item is to be set to its end."""
        self.listening.append([began, float("inf")])
        return self.listening[-1]

    def deafness(self, since: float, until: float) -> float:
        """Return the longest time in seconds between two instants in which nothing was listened for."""
        deaf, heard_until = 0.0, since
        for began, ended in self.listening:
            deaf = max(deaf, min(began, until) - heard_until)
            heard_until = max(heard_until, ended)
        return max(deaf, until - heard_until)


class RoamingClient(MemoryClient):
    """bleak on such a computer; use `System.reaching`."""

    system: System

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ANN401, FBT001 - bleak's signature
        system, now = self.system, asyncio.get_running_loop().time
        system.connects.append(now())
        system.before("connect")
        if system.fails is not None:
            raise system.fails
        radio = self._radio
        assert radio is not None
        if not system.remembers and not getattr(self, "heard", False):
            raise BleakDeviceNotFoundError(self.address, f"Device with address {self.address} was not found.")
        if radio.address != self.address:
            raise BleakDeviceNotFoundError(self.address, f"Device with address {self.address} was not found.")
        listening = system.listens(now())
        try:
            await super().connect(pair, **kwargs)
        except asyncio.CancelledError:
            if system.hangs_in_cleanup:
                await asyncio.sleep(1000)
            raise
        finally:
            listening[1] = now()
        system.after("connect")

    def __init__(self, address_or_ble_device: BLEDevice, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - bleak's
        super().__init__(address_or_ble_device, *args, **kwargs)
        self.heard = "heard_at" in address_or_ble_device.details

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:  # noqa: ANN401
        value: bytearray = await self._do(
            f"read {characteristic.uuid[4:8]}", super().read_gatt_char(characteristic, **kwargs)
        )
        return value

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:  # noqa: ANN401, FBT001
        octets = bytes(data).hex()
        if octets in self.system.delays:
            await asyncio.sleep(self.system.delays[octets])
        await self._do(f"write {octets}", super().write_gatt_char(characteristic, data, response))

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: Callable[[bytearray], None],
        **kwargs: Any,  # noqa: ANN401 - bleak's signature
    ) -> None:
        system, is_record = self.system, characteristic.uuid == uuids.TREADMILL_DATA

        def delivered(value: bytearray) -> None:
            if is_record:
                system.records.append(asyncio.get_running_loop().time())
            for _ in range(system.copies if is_record else 1):
                callback(value)

        self.system.heard.setdefault(characteristic.uuid, []).append(callback)
        operation = f"subscribe {characteristic.uuid[4:8]}"
        await self._do(operation, super().start_notify(characteristic, delivered, **kwargs))

    async def _do(self, operation: Operation, doing: Any) -> Any:  # noqa: ANN401 - what the operation returns
        try:
            self.system.before(operation)
        except BaseException:
            doing.close()
            raise
        result = await doing
        self.system.after(operation)
        return result


class RoamingScanner(MemoryScanner):
    """The scanner on such a computer."""

    system: System
    _listening: list[float]

    async def start(self) -> None:
        if self.system.fails is not None:
            raise self.system.fails
        self.system.before("scan")
        self._listening = self.system.listens(asyncio.get_running_loop().time())
        await super().start()

    async def stop(self) -> None:
        await super().stop()
        self._listening[1] = asyncio.get_running_loop().time()

    def create_or_update_device(self, key: str, address: str, name: str | None, details: Any, adv: Any) -> BLEDevice:  # noqa: ANN401
        details = {**details, "heard_at": asyncio.get_running_loop().time()}
        return super().create_or_update_device(key, address, name, details, adv)


def give_serial_number(treadmill: SimulatedTreadmill, number: str) -> None:
    """Let a treadmill tell a serial number, which no simulated one does by itself."""
    services = list(treadmill.peripheral.services)
    information = services[-1]
    serial = Characteristic(uuids.SERIAL_NUMBER, ("read",), number.encode())
    services[-1] = Service(information.uuid, (*information.characteristics, serial))
    treadmill.peripheral.services = tuple(services)
    treadmill.peripheral._characteristics[serial.uuid] = serial  # noqa: SLF001 - its attribute table, by UUID
