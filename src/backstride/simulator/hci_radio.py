"""A treadmill's antenna on bumble: advertises, accepts centrals, and carries what the peripheral sends them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Final

from bumble.core import AdvertisingData, BaseBumbleError
from bumble.device import Device
from bumble.hci import Address, HCI_ErrorCode
from bumble.transport import open_transport

from backstride.errors import ConfigError, Disconnected
from backstride.protocol.att import AttError
from backstride.protocol.uuids import short_uuid
from backstride.simulator.att_server import AttServer
from backstride.simulator.gatt import AttFault
from backstride.simulator.radio import Radio
from backstride.simulator.traffic import DEFAULT_MTU
from backstride.simulator.virtual_link import VirtualLink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from bumble.controller import Controller
    from bumble.device import Connection as Bearing
    from bumble.transport.common import Transport

    from backstride.simulator.server import Server
    from backstride.simulator.traffic import Connection

ADVERTISING_INTERVAL: Final = 100.0
"""Milliseconds between two advertisements: as a machine does that was just switched on (FTMP 5.1.1)."""

_LONGEST: Final = 31  # octets of advertising data that every adapter can send (Core Vol 6 B 2.3.1.1)
_HEADER: Final = 2  # octets of length and type before each part of it
_FLAGS: Final = b"\x06"  # general discoverable, no BR/EDR
_UP: Final = 10.0  # seconds for an adapter to come up
_SEE: Final = "A dongle must be plugged in and let go of by the system; docs/simulate.md has the transports, and how."


class HciLink:
    """One central's link.

    Attributes:
        connection: The peripheral's view of it.
        bearing: bumble's.
    """

    def __init__(self, radio: HciRadio, connection: Connection, bearing: Bearing) -> None:
        self.connection = connection
        self.bearing = bearing
        self.alive = True
        self._radio = radio
        self._indications: deque[tuple[str, bytes]] = deque()  # the first is on its way

    def emit(self, uuid: str, value: bytes, *, indication: bool, overtakes: bool = False) -> None:
        """Send a value after the response that is being made, or before it if it overtakes."""
        if overtakes:
            self._send(uuid, value, indication=indication)
        else:
            asyncio.get_running_loop().call_soon(lambda: self._send(uuid, value, indication=indication))

    def confirmed(self) -> None:
        """Take a confirmation: the next indication may go (Core Vol 3 F 3.3.2)."""
        if self._indications:
            self._indications.popleft()
            self._radio.peripheral.confirm(self.connection)
        if self._indications:
            self._radio.server.send_value(self.bearing, *self._indications[0], indication=True)

    def arm(self) -> None:
        """Nothing arrives here but through bumble."""

    def hand_over(self, due: float) -> None:
        """Nothing waits here for its time."""

    def close(self) -> None:
        """End the link from the machine's side; nothing more is sent from this instant on."""
        self._radio.end(self)

    strand = close  # what a central is told of its own adapter is not the machine's affair

    def mute(self) -> None:
        """The radio takes the whole machine out of range."""

    unmute = mute

    def _send(self, uuid: str, value: bytes, *, indication: bool) -> None:
        if not self.alive:
            return
        if indication:
            self._indications.append((uuid, value))
            if len(self._indications) > 1:
                return
        self._radio.server.send_value(self.bearing, uuid, value, indication=indication)


class HciRadio(Radio):
    """The antenna of one machine.

    Args:
        peripheral: The server behind it.
        address: Its static random address.
        name: Advertised name, or None.

    Attributes:
        server: What serves the peripheral's table while it is on the air.
    """

    server: AttServer

    def __init__(self, peripheral: Server, *, address: str, name: str | None) -> None:
        super().__init__(peripheral, address=address, name=name)
        self._device: Device | None = None
        self._ether: tuple[VirtualLink, Controller] | None = None
        self._by_bearing: dict[Bearing, HciLink] = {}
        self._paired: set[str] = set()  # addresses of clients whose keys are kept
        self._tasks: set[asyncio.Task[None]] = set()
        self._advertises = False
        self._changing = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def on_air(self, transport: str | VirtualLink) -> AsyncIterator[None]:
        """Be on the air during the block.

        Args:
            transport: A transport as bumble names it, or the virtual link to be on.

        Raises:
            ConfigError: There is no such transport, or it cannot be opened.
            Disconnected: The adapter does not come up.
        """
        async with contextlib.AsyncExitStack() as stack:
            if isinstance(transport, VirtualLink):
                controller = transport.controller(self.name or self.address)
                stack.callback(transport.remove_controller, controller)
                self._ether = (transport, controller)
                device = Device.with_hci(self.name or "", Address(self.address), controller, controller)
            else:
                hci = await _opened(transport)
                stack.push_async_callback(hci.close)
                device = Device.with_hci(self.name or "", Address(self.address), hci.source, hci.sink)
            self._device = device
            device.on(device.EVENT_CONNECTION, self._connected)
            self._serve()
            try:
                async with asyncio.timeout(_UP):
                    await device.power_on()
            except (TimeoutError, BaseBumbleError) as error:
                raise Disconnected(f"The Bluetooth adapter at {transport} does not come up: {error}") from error
            self.bind()
            try:
                yield
            finally:
                await self._leave_air(device)

    # --- what the server needs

    def client(self, bearing: Bearing) -> Connection:
        """Return the peripheral's view of a link. Raises AttFault if the machine has ended it."""
        link = self._by_bearing.get(bearing)
        if link is None:
            raise AttFault(AttError.UNLIKELY_ERROR)
        return link.connection

    def confirmed(self, bearing: Bearing) -> None:
        """Take the confirmation of an indication."""
        link = self._by_bearing.get(bearing)
        if link is not None:
            link.confirmed()
            self.pump()

    # --- what a radio does

    def pump(self) -> None:
        """Send what the peripheral has to send, and advertise or not, as it is now."""
        super().pump()
        if self._device is not None and self.advertising != self._advertises:
            self._spawn(self._advertise_or_not())

    def drop_links(self, *, said: bool = True) -> None:
        """End every link; the belt goes on. A central always hears of it."""
        del said
        for link in list(self._by_bearing.values()):
            link.close()

    def set_in_range(self, in_range: bool) -> None:  # noqa: FBT001 - as the base has it
        """Walk out of range, or back. On a real adapter the links are ended, since nobody can mute it."""
        self.in_range = in_range
        self._carry()

    def set_powered(self, powered: bool) -> None:  # noqa: FBT001 - same
        """Switch the mains."""
        self.powered = powered
        self.peripheral.switch(self.now, powered=powered)
        self._carry()

    def replace(self, peripheral: Server) -> None:
        """Let another machine answer under this address."""
        self.drop_links()
        self.peripheral = peripheral
        self._serve()

    def stall(self, seconds: float) -> None:
        """Do nothing: the client's event loop is not in this program."""

    def end(self, link: HciLink) -> None:
        """End a link from this side."""
        self._lost(link)
        self._spawn(self._disconnect(link.bearing))

    # --- inside

    def _serve(self) -> None:
        device = self._device
        if device is not None:
            device.gatt_server = self.server = AttServer(device, self)
            device.add_default_services()
            self.server.serve()

    def _carry(self) -> None:
        audible = self.in_range and self.powered
        if self._ether is None:
            if not audible:
                self.drop_links()
        else:
            link, controller = self._ether
            (link.bring_into_range if audible else link.take_out_of_range)(controller)
        self.pump()

    def _connected(self, bearing: Bearing) -> None:
        self._advertises = False  # a connection ends advertising (Core Vol 6 B 4.4.2)
        if not self.peripheral.connectable:
            self._spawn(self._disconnect(bearing))
            return
        self.pump()  # a fault may count from this very instant
        connection = self.peripheral.connect(mtu=DEFAULT_MTU, encrypted=bool(bearing.encryption))
        link = HciLink(self, connection, bearing)
        self._by_bearing[bearing] = link
        self.links.append(link)
        bearing.on(bearing.EVENT_DISCONNECTION, lambda _reason: self._lost(link))
        bearing.on(bearing.EVENT_CONNECTION_ATT_MTU_UPDATE, lambda: self._take_mtu(link))
        bearing.on(bearing.EVENT_CONNECTION_ENCRYPTION_CHANGE, lambda: self._take_encryption(link))
        bearing.on(bearing.EVENT_PAIRING, lambda _keys: self._take_pairing(link))
        self.pump()

    def _lost(self, link: HciLink) -> None:
        if link.alive:
            link.alive = False
            del self._by_bearing[link.bearing]
            self.forget(link)
            self.pump()

    def _take_mtu(self, link: HciLink) -> None:
        link.connection.mtu = min(link.bearing.att_mtu, self.peripheral.mtu)

    def _take_encryption(self, link: HciLink) -> None:
        link.connection.encrypted = bool(link.bearing.encryption)
        if link.connection.encrypted and str(link.bearing.peer_address) in self._paired:
            self._recognise(link)

    def _take_pairing(self, link: HciLink) -> None:
        self._paired.add(str(link.bearing.peer_address))
        self._recognise(link)

    def _recognise(self, link: HciLink) -> None:
        if link.alive:
            self.peripheral.recognise(link.connection, str(link.bearing.peer_address), self.now)
            self.pump()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _disconnect(self, bearing: Bearing) -> None:
        with contextlib.suppress(BaseBumbleError, asyncio.CancelledError):
            await bearing.disconnect(HCI_ErrorCode.REMOTE_DEVICE_TERMINATED_CONNECTION_DUE_TO_POWER_OFF_ERROR)

    async def _advertise_or_not(self) -> None:
        device = self._device
        async with self._changing:
            if device is None or self.advertising == self._advertises:
                return
            self._advertises = self.advertising
            if self._advertises:
                await device.start_advertising(
                    advertising_data=self._advertisement(),
                    scan_response_data=self._scan_response(),
                    advertising_interval_min=ADVERTISING_INTERVAL,
                    advertising_interval_max=ADVERTISING_INTERVAL,
                )
            else:
                await device.stop_advertising()

    def _advertisement(self) -> bytes:
        """Return what is advertised: services, service data, and as much of the name as there is room for."""
        kind, services = AdvertisingData.Type, [_octets_of(uuid) for uuid in self.peripheral.advertised]
        parts = [(kind.FLAGS, _FLAGS), (kind.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, b"".join(services))]
        if self.service_data is not None:
            parts.append((kind.SERVICE_DATA_16_BIT_UUID, services[0] + self.service_data))
        room = _LONGEST - sum(_HEADER + len(content) for _, content in parts) - _HEADER
        name = (self.name or "").encode()
        if 0 < len(name) <= room:
            parts.append((kind.COMPLETE_LOCAL_NAME, name))
        elif name:
            parts.append((kind.SHORTENED_LOCAL_NAME, _cut(name, room)))
        return bytes(AdvertisingData(parts))

    def _scan_response(self) -> bytes:
        """Return what a scanner is told that asks: the whole name."""
        if not self.name:
            return b""
        name = _cut(self.name.encode(), _LONGEST - _HEADER)
        return bytes(AdvertisingData([(AdvertisingData.Type.COMPLETE_LOCAL_NAME, name)]))

    async def _leave_air(self, device: Device) -> None:
        self._device = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for bearing in list(self._by_bearing):
            await self._disconnect(bearing)
        with contextlib.suppress(BaseBumbleError):
            await device.stop_advertising()
            await device.power_off()


async def _opened(transport: str) -> Transport:
    """Open a transport by its name. Raises ConfigError, which says why not."""
    try:
        return await open_transport(transport)
    except PermissionError as error:
        raise ConfigError(f"{transport} cannot be opened: this user may not ({error}). {_SEE}") from error
    except Exception as error:
        raise ConfigError(f"{transport} cannot be opened: {str(error) or type(error).__name__}. {_SEE}") from error


def _octets_of(service: str) -> bytes:
    """Return the 16-bit UUID of a service as it is advertised."""
    return (short_uuid(service) or 0).to_bytes(2, "little")


def _cut(name: bytes, octets: int) -> bytes:
    """Return as much of a name as fits, without half a character."""
    return name[:octets].decode(errors="ignore").encode()
