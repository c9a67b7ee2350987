"""Listening to the air, and reading one treadmill where a person has asked for it; nothing is written to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

from backstride.driver.doctor.snapshot import Air, Obstacle, Reading, Sighting
from backstride.driver.identity import identify
from backstride.driver.link import Link
from backstride.driver.wire import Wire
from backstride.errors import MachineError
from backstride.machines.facts import WireUnit

if TYPE_CHECKING:
    from collections.abc import Collection

    from backstride.driver.discovery import Discovery, Found
    from backstride.machines.facts import MachineFacts

_Reason = BleakBluetoothNotAvailableReason
_OBSTACLES: Final = {
    _Reason.NO_BLUETOOTH: Obstacle.NO_ADAPTER,
    _Reason.NO_BLE_CENTRAL_ROLE: Obstacle.NO_LOW_ENERGY,
    _Reason.POWERED_OFF: Obstacle.OFF,
    _Reason.DENIED_BY_USER: Obstacle.DENIED,
    _Reason.DENIED_BY_SYSTEM: Obstacle.FORBIDDEN,
    _Reason.DENIED_BY_UNKNOWN: Obstacle.DENIED,
    _Reason.UNKNOWN: Obstacle.OTHER,
}
_UNKNOWN_RSSI: Final = -127  # what bleak says where the system says nothing


async def listen(discovery: Discovery, seconds: float, known: Collection[str] = ()) -> tuple[Air, tuple[Found, ...]]:
    """Return what listening comes to, and every treadmill that was heard.

    Args:
        discovery: What hears treadmills.
        seconds: How long to listen.
        known: Addresses of treadmills met before, which are heard whatever they advertise.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    first: dict[str, float] = {}
    latest: dict[str, Found] = {}
    try:
        async for found in discovery.watch(seconds, known=known):
            first.setdefault(found.address, loop.time() - began)
            latest[found.address] = found
    except MachineError as error:
        return Air(seconds, obstacle=_obstacle(error), sentence=str(error)), ()
    heard = tuple(sorted(latest.values(), key=lambda found: found.rssi, reverse=True))
    return Air(seconds, tuple(_sighting(found, first[found.address]) for found in heard)), heard


async def read(found: Found, facts: MachineFacts | None, console: WireUnit = WireUnit.KMH) -> Reading:
    """Connect, read what the treadmill says of itself, and disconnect; ask for no control, subscribe to nothing.

    Args:
        found: The treadmill.
        facts: The machine file to use, or None to recognise it.
        console: What its console is set to.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    called = found.name or found.address
    link = Link(
        found.device,
        found.backend,
        adapter=found.adapter,
        on_value=lambda _uuid, _value: None,
        on_lost=lambda _link: None,
        wire=Wire(),
    )
    try:
        await link.open()
        _, known, able = await identify(link, found.address, found.name, facts, console)
    except MachineError as error:
        return Reading(called, loop.time() - began, failure=str(error))
    finally:
        await link.close()
    return Reading(called, loop.time() - began, known, able)


def _obstacle(error: MachineError) -> Obstacle:
    cause = error.__cause__
    return _OBSTACLES[cause.reason] if isinstance(cause, BleakBluetoothNotAvailableError) else Obstacle.OTHER


def _sighting(found: Found, after: float) -> Sighting:
    return Sighting(
        name=found.name,
        address=found.address,
        rssi=None if found.rssi <= _UNKNOWN_RSSI else found.rssi,
        after=after,
        available=found.available,
        is_treadmill=found.is_treadmill,
        facts=found.facts,
        unsupported=found.unsupported,
    )
