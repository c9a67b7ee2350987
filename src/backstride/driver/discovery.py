"""Finding treadmills on the air: by service, by service data, by known name, or by the address of a remembered one.

Advertisements differ widely (facts 2, quirks point 14): some carry no name, some no service data, some have its octets
reversed. So everything that may be a treadmill is listed, with what speaks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bleak import BleakScanner
from bleak.exc import BleakError

from backstride.driver.radio import (
    RADIO_ERRORS,
    adapter_options,
    is_in_progress,
    require_choice_of_adapter,
    translated,
)
from backstride.errors import DecodeError, NotFound
from backstride.machines.facts import GENERIC, MachineFacts
from backstride.machines.recognition import recognise, unsupported_by
from backstride.protocol import uuids
from backstride.protocol.advertisement import MachineType, decode_service_data

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner

    from backstride.machines.unsupported import Unsupported

SCAN_FOR: Final = 8.0
"""Seconds a scan lasts: several times the usual advertising intervals."""

SETTLE: Final = 1.0
"""Seconds to listen on once a name is found: more may be told of it, and there may be a second such machine."""

SCANNER_WITHIN: Final = 10.0
"""Seconds for the system to begin a scan."""

SCANNER_PATIENCE: Final = 0.25
"""Seconds to wait while BlueZ still ends a scan of before."""

SCANNER_ENDS_WITHIN: Final = 2.0
"""Seconds for the system to end it: whoever leaves meanwhile has not much longer (S6)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A device that is, or may be, a treadmill.

    Attributes:
        device: The device as bleak's scanner describes it.
        backend: The bleak client backend that reaches it; None is the platform's own.
        name: Advertised name; None for an anonymous machine.
        rssi: Signal strength in dBm.
        facts: The machine file that fits the name.
        available: False if it says that it is in use; None if it says nothing.
        is_treadmill: True if the advertisement says treadmill, None if only a connection can tell.
        scanner_backend: The bleak scanner backend that heard it; None is the platform's own.
        payload: Its service data for the Fitness Machine Service as heard last, or None.
        offers_service: True if it has said that it has the FTMS service.
        unsupported: What is known of it, if it is a treadmill that speaks only its maker's protocol.
        adapter: The Bluetooth adapter that was chosen, such as ``hci1``; None leaves it to the system.
    """

    device: BLEDevice
    backend: type[BaseBleakClient] | None
    name: str | None
    rssi: int
    facts: MachineFacts
    available: bool | None
    is_treadmill: bool | None
    scanner_backend: type[BaseBleakScanner] | None = None
    payload: bytes | None = None
    offers_service: bool = False
    unsupported: Unsupported | None = None
    adapter: str | None = None

    @property
    def address(self) -> str:
        """Bluetooth address, or the identifier the system gives instead."""
        return self.device.address

    @property
    def known(self) -> bool:
        """True if a machine file describes this model."""
        return self.facts.id != GENERIC


class Discovery:
    """A scanner for treadmills.

    Args:
        scanner: bleak scanner backend; None is the platform's own.
        client: bleak client backend for what is found; None is the platform's own.
        adapter: Bluetooth adapter to listen and connect with, such as ``hci1`` (Linux); None leaves it to the system.
    """

    def __init__(
        self,
        *,
        scanner: type[BaseBleakScanner] | None = None,
        client: type[BaseBleakClient] | None = None,
        adapter: str | None = None,
    ) -> None:
        self._scanner = scanner
        self._client = client
        self._adapter = adapter

    async def scan(self, seconds: float = SCAN_FOR) -> list[Found]:
        """Return what is on the air, the strongest signal first.

        Raises:
            NotFound: Bluetooth is not to be had; the sentence says why and what to do.
        """
        found = {item.address: item async for item in self.watch(seconds)}
        return sorted(found.values(), key=lambda item: item.rssi, reverse=True)

    async def watch(self, seconds: float = SCAN_FOR, *, known: Collection[str] = ()) -> AsyncGenerator[Found]:
        """Yield treadmills as they are heard, the same one again when more is known of it.

        Args:
            seconds: How long to listen.
            known: Addresses of treadmills met before: each is one, whatever it advertises.

        Raises:
            NotFound: Bluetooth is not to be had.
        """
        heard: asyncio.Queue[Found] = asyncio.Queue()
        latest: dict[str, Found] = {}
        met = {address.upper() for address in known}

        def advertised(device: BLEDevice, advertisement: AdvertisementData) -> None:
            is_met = device.address.upper() in met
            item = self._judge(device, advertisement, latest.get(device.address), is_met=is_met)
            if item is not None and item != latest.get(device.address):
                latest[device.address] = item
                heard.put_nowait(item)

        ends = asyncio.get_running_loop().time() + seconds
        try:
            async with _scanning(_scanner(advertised, self._scanner, self._adapter)):
                while True:
                    try:
                        async with asyncio.timeout_at(ends):
                            item = await heard.get()
                    except TimeoutError:
                        return
                    yield item
        except RADIO_ERRORS as error:
            raise translated(error) from error

    async def find(self, wanted: str, seconds: float = SCAN_FOR) -> Found:
        """Return the treadmill with this address, or the only one whose name begins so.

        With an address the scan ends as soon as it is heard, with a name a second later.

        Raises:
            NotFound: It is not on the air, or several have that name, or Bluetooth is not to be had.
        """
        fits: dict[str, Found] = {}
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        async with contextlib.aclosing(self.watch(seconds, known=(wanted,))) as stream:
            while True:
                try:
                    async with asyncio.timeout_at(ends):
                        item = await anext(stream)
                except (TimeoutError, StopAsyncIteration):
                    break
                is_it = item.address.upper() == wanted.upper()
                if is_it and item.name is not None:
                    return item
                if is_it or (item.name or "").upper().startswith(wanted.upper()):
                    ends = min(ends, loop.time() + SETTLE)
                    fits[item.address] = item
        if len(fits) == 1:
            return next(iter(fits.values()))
        if fits:
            addresses = ", ".join(fits)
            raise NotFound(f"Several treadmills called {wanted!r} are in reach; name one by its address: {addresses}.")
        raise NotFound(
            f"No treadmill called {wanted!r} is in reach. Many advertise only for a minute or two after they are "
            "switched on, and not while another app is connected."
        )

    async def find_any(self, seconds: float = SCAN_FOR) -> Found:
        """Return the only treadmill in reach.

        Raises:
            NotFound: There is none, or more than one, or Bluetooth is not to be had.
        """
        heard = [item for item in await self.scan(seconds) if item.is_treadmill is not False]
        found = [item for item in heard if item.unsupported is None]
        for item in heard if not found else ():
            if item.unsupported is not None:
                raise NotFound(f"No treadmill that can be driven is in reach. {item.unsupported.sentence}")
        if not found:
            raise NotFound(
                "No treadmill is in reach. Switch it on, close other apps that use it, and stand next to it."
            )
        if len(found) > 1:
            names = ", ".join(item.name or item.address for item in found)
            raise NotFound(f"Several treadmills are in reach ({names}); name one with --device.")
        return found[0]

    def _judge(
        self, device: BLEDevice, advertisement: AdvertisementData, before: Found | None, *, is_met: bool
    ) -> Found | None:
        name = advertisement.local_name or (before.name if before else None)
        listed = uuids.FITNESS_MACHINE_SERVICE in advertisement.service_uuids
        payload = advertisement.service_data.get(uuids.FITNESS_MACHINE_SERVICE)
        is_treadmill, available = _from_service_data(payload)
        if payload is None and before is not None:
            is_treadmill, available, payload = before.is_treadmill, before.available, before.payload
        offers_service = listed or payload is not None or (before is not None and before.offers_service)
        facts = recognise(name=name, offers_service=offers_service)
        unsupported = unsupported_by(name, offers_service=offers_service)
        known = facts.id != GENERIC or unsupported is not None or is_met
        if not (offers_service or payload is not None or known or before is not None):
            return None
        if is_treadmill is False and not known:
            return None
        is_treadmill = True if known else is_treadmill
        return Found(
            device=device,
            backend=self._client,
            name=name,
            rssi=advertisement.rssi,
            facts=facts,
            available=available,
            is_treadmill=is_treadmill,
            scanner_backend=self._scanner,
            offers_service=offers_service,
            unsupported=unsupported,
            adapter=self._adapter,
            payload=payload,
        )


async def listen_for(
    address: str,
    name: str | None,
    seconds: float,
    *,
    scanner: type[BaseBleakScanner] | None,
    adapter: str | None = None,
    strangers: Collection[str] = (),
) -> BLEDevice | None:
    """Listen for a machine that was known before; return its device as soon as its address is heard.

    Args:
        address: Its address, or the identifier the system gives instead.
        name: Its whole name, if a device of that name under another address may be it: some machines change their
            address with every power-on. Such a device is returned only if the known address was not heard.
        seconds: How long to listen.
        scanner: bleak scanner backend; None is the platform's own.
        adapter: Bluetooth adapter to listen with; None leaves it to the system.
        strangers: Addresses under which another machine has that name.

    Raises:
        NotFound: Bluetooth is not to be had.
        Disconnected: It does not answer.
    """
    heard: asyncio.Future[BLEDevice] = asyncio.get_running_loop().create_future()
    namesakes: dict[str, BLEDevice] = {}

    def advertised(device: BLEDevice, advertisement: AdvertisementData) -> None:
        if device.address.upper() == address.upper():
            if not heard.done():
                heard.set_result(device)
        elif name is not None and advertisement.local_name == name and device.address not in strangers:
            namesakes[device.address] = device

    try:
        async with _scanning(_scanner(advertised, scanner, adapter)):
            await asyncio.wait({heard}, timeout=seconds)
    except RADIO_ERRORS as error:
        raise translated(error) from error
    return heard.result() if heard.done() else next(iter(namesakes.values()), None)


def _scanner(
    advertised: AdvertisementDataCallback, backend: type[BaseBleakScanner] | None, adapter: str | None
) -> BleakScanner:
    """Return bleak's scanner. Raises NotFound where an adapter is chosen and cannot be."""
    if adapter is not None and backend is None:
        require_choice_of_adapter()
    return BleakScanner(advertised, backend=backend, **adapter_options(adapter))


@contextlib.asynccontextmanager
async def _scanning(scanner: BleakScanner) -> AsyncIterator[None]:
    """Scan during the block; neither beginning nor ending may hang."""
    async with asyncio.timeout(SCANNER_WITHIN):
        await _begin(scanner)
    try:
        yield
    finally:
        async with asyncio.timeout(SCANNER_ENDS_WITHIN):
            await scanner.stop()


async def _begin(scanner: BleakScanner) -> None:
    """Begin a scan, as soon as BlueZ has ended the one before."""
    while True:
        try:
            await scanner.start()
        except BleakError as error:
            if not is_in_progress(error):
                raise
            await asyncio.sleep(SCANNER_PATIENCE)
        else:
            return


def _from_service_data(payload: bytes | None) -> tuple[bool | None, bool | None]:
    """Return whether it is a treadmill and whether it is free, as far as the service data says."""
    if payload is None:
        return None, None
    try:
        data = decode_service_data(payload)
    except DecodeError:
        return None, None
    if not data.types:
        return None, data.available
    return MachineType.TREADMILL in data.types, data.available
