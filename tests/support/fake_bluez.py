"""What BlueZ shows of one treadmill on the system's bus, and what is asked of it: the seam below a watchdog."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dbus_fast.signature import Variant

from backstride.protocol import uuids
from backstride.protocol.treadmill_data import TreadmillData, encode_treadmill_data
from backstride.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backstride.driver.watchdog.bluez import BusError

DEVICE: Final = "/org/bluez/hci0/dev_F0_F1_F2_F3_F4_F5"
CONTROL: Final = f"{DEVICE}/service0010/char0011"
DATA: Final = f"{DEVICE}/service0010/char0014"


class FakeBlueZ:
    """What BlueZ shows of one connected treadmill, and what is asked of it."""

    def __init__(self, *, connected: bool = True) -> None:
        self.connected = self.resolved = connected
        self.resolves_later = False
        self.calls: list[str] = []
        self.written: list[bytes] = []
        self.refusals: dict[str, BusError] = {}
        self.is_open = False
        self._heard: Callable[[str, str, Mapping[str, Any]], None] = lambda *_: None
        self._elapsed = 0

    async def open(self, heard: Callable[[str, str, Mapping[str, Any]], None], path: str) -> None:
        assert path == DEVICE
        self._heard = heard
        self.is_open = True

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:  # noqa: ANN401
        assert interface.startswith("org.")
        assert bool(signature) == bool(body)
        if member == "GetManagedObjects":
            return self._objects()
        self.calls.append(f"{member} {path.rpartition('/')[2]}")
        if (refusal := self.refusals.pop(member, None)) is not None:
            raise refusal
        if member in {"Connect", "Disconnect"}:
            self.connected = member == "Connect"
            self.resolved = self.connected and not self.resolves_later
            self.change(DEVICE, "org.bluez.Device1", Connected=self.connected, ServicesResolved=self.resolved)
        elif member == "WriteValue":
            self.written.append(body[0])
        return None

    def change(self, path: str, interface: str, **changed: Any) -> None:  # noqa: ANN401 - as wide as the bus is
        self._heard(path, interface, changed)

    def tell(self, speed: int) -> None:
        """Send a record of telemetry."""
        self._elapsed += 1
        record = TreadmillData(flags=0x0400, instantaneous_speed=Speed(speed), elapsed_time=self._elapsed)
        self.change(DATA, "org.bluez.GattCharacteristic1", Value=encode_treadmill_data(record))

    def resolve(self) -> None:
        """Find the services of a device that was forgotten."""
        self.resolved = True
        self.change(DEVICE, "org.bluez.Device1", ServicesResolved=True)

    def _objects(self) -> dict[str, Any]:
        def characteristic(uuid: str, *flags: str) -> dict[str, Any]:
            return {"org.bluez.GattCharacteristic1": {"UUID": Variant("s", uuid), "Flags": Variant("as", list(flags))}}

        state = {"Connected": Variant("b", self.connected), "ServicesResolved": Variant("b", self.resolved)}
        if not self.resolved and self.resolves_later:
            return {DEVICE: {"org.bluez.Device1": state}}
        return {
            DEVICE: {"org.bluez.Device1": state},
            CONTROL: characteristic(uuids.CONTROL_POINT, "write", "indicate"),
            DATA: characteristic(uuids.TREADMILL_DATA, "notify"),
        }


class ObedientBlueZ(FakeBlueZ):
    """One whose treadmill walks until it is told to stop, in a process of its own; it writes to a file what it does."""

    def __init__(self, log: str) -> None:
        super().__init__()
        self._log = Path(log)

    async def open(self, heard: Callable[[str, str, Mapping[str, Any]], None], path: str) -> None:
        await super().open(heard, path)
        self._note(f"open {os.getpid()}")
        asyncio.get_running_loop().call_later(0.05, self.tell, 300)

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:  # noqa: ANN401
        answer = await super().call(path, interface, member, signature, *body)
        if member == "WriteValue":
            self._note(f"write {body[0].hex()}")
            for seconds in (0.2, 0.4):
                asyncio.get_running_loop().call_later(seconds, self.tell, 0)
        return answer

    def _note(self, line: str) -> None:
        with self._log.open("a") as file:
            file.write(f"{line}\n")
