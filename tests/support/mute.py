"""Treadmills that speak only their maker's protocol, on the air: a name, and no Fitness Machine Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.driver.discovery import Discovery
from backstride.simulator.memory_scanner import MemoryScanner
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

    from backstride.simulator.memory import Air


class NameOnly(MemoryScanner):
    """Hears of each treadmill without the service its name and nothing else."""

    def call_detection_callbacks(self, device: BLEDevice, advertisement_data: AdvertisementData) -> None:
        mute = not device.details["radio"].peripheral.services
        bare = advertisement_data._replace(service_uuids=[], service_data={})
        super().call_detection_callbacks(device, bare if mute else advertisement_data)


def mute(name: str, air: Air) -> SimulatedTreadmill:
    """Return a treadmill of this name that offers no service of the standard."""
    treadmill = SimulatedTreadmill(name=name, air=air)
    treadmill.peripheral.services = ()
    return treadmill


def over(air: Air) -> Discovery:
    """Return a scanner of `air` that hears such treadmills as they are."""
    scanner: type[NameOnly] = type("Scanner", (NameOnly,), {"air": air})
    return Discovery(scanner=scanner, client=air.client_backend)
