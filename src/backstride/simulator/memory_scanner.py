"""bleak without a radio: the scanner backend that hears the simulated treadmills in an air."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakError

from backstride.protocol import uuids
from backstride.simulator.radio import ADVERTISING_TICK

if TYPE_CHECKING:
    from backstride.simulator.memory import Air
    from backstride.simulator.radio import Radio


class MemoryScanner(BaseBleakScanner):
    """The scanner backend; use the subclass that an `Air` offers."""

    air: ClassVar[Air]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **kwargs: Any,  # noqa: ANN401, ARG002 - bleak passes the options of every platform
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        if scanning_mode == "passive":  # bleak on BlueZ says so too
            raise BleakError("passive scanning mode requires bluez or_patterns")
        self._timer: asyncio.TimerHandle | None = None
        self._tick = 0

    async def start(self) -> None:
        """Begin to listen. Raises BleakBluetoothNotAvailableError without an adapter."""
        for radio in self.air.radios:
            radio.bind()
        await asyncio.sleep(0)  # what goes wrong at once has gone wrong before
        if not self.air.has_adapter:
            raise BleakBluetoothNotAvailableError(
                "No Bluetooth adapters found.", BleakBluetoothNotAvailableReason.NO_BLUETOOTH
            )
        self.seen_devices = {}
        self._listen()

    async def stop(self) -> None:
        """Stop listening; what was seen stays seen."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _listen(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(ADVERTISING_TICK, self._hear)

    def _hear(self) -> None:
        self._tick += 1
        self._listen()
        for radio in self.air.radios:
            if self.air.has_adapter and radio.advertises_at(self._tick):
                self._report(radio)

    def _report(self, radio: Radio) -> None:
        service = uuids.FITNESS_MACHINE_SERVICE
        if not self.is_allowed_uuid([service]):
            return
        octets = radio.service_data
        advertisement = AdvertisementData(
            local_name=radio.name,
            manufacturer_data={},
            service_data={} if octets is None else {service: octets},
            service_uuids=[service],
            tx_power=None,
            rssi=radio.rssi,
            platform_data=(),
        )
        device = self.create_or_update_device(radio.address, radio.address, radio.name, {"radio": radio}, advertisement)
        self.call_detection_callbacks(device, advertisement)
