"""One Bluetooth link: every wait on it is raced against its loss and a deadline.

`Link` knows bleak and GATT, and nothing of treadmills; what it hears goes to one callback.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bleak import BleakClient
from bleak_retry_connector import establish_connection

from backstride.capture.events import Closed, Connected, Connecting, Heard, LetGo, LinkLost, NotConnected, Operation
from backstride.driver.radio import RADIO_ERRORS, adapter_options, translated
from backstride.driver.wire import failure_of, mtu_of, table_of
from backstride.errors import Disconnected, MachineError, NotFound, ProcedureRefused, ProcedureTimeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice

    from backstride.driver.wire import Wire

Answer = TypeVar("Answer")

CONNECT_WITHIN: Final = 45.0
"""Seconds for a first connection with its retries and service discovery."""

GATT_WITHIN: Final = 30.0
"""Seconds for one read, write or subscription: the ATT transaction timeout."""

CLOSE_WITHIN: Final = 5.0
"""Seconds for a disconnection: nothing depends on its outcome, so nobody waits longer."""

GIVEN_UP_WITHIN: Final = 0.5
"""Seconds for an attempt that is given up to clean up; a Bluetooth service that hangs is left hanging (S6)."""

CONNECT_ATTEMPTS: Final = 3

_AFRESH: Final = {"winrt": {"use_cached_services": False}}
"""Windows keeps the table of a treadmill whose firmware was changed since; a command must not go by an old one."""


class Link:
    """A connection to one device, from `open` to `close` or loss; never reused.

    Args:
        device: What to connect to.
        backend: The bleak client backend that reaches it; None is the platform's own.
        adapter: The Bluetooth adapter that was chosen to reach it; None leaves it to the system.
        on_value: Called with UUID and value of each notification and indication.
        on_lost: Called once if the link ends without our doing.
        wire: Told of everything that crosses bleak's client.
    """

    def __init__(
        self,
        device: BLEDevice,
        backend: type[BaseBleakClient] | None,
        *,
        adapter: str | None = None,
        on_value: Callable[[str, bytes], None],
        on_lost: Callable[[Link], None],
        wire: Wire,
    ) -> None:
        self._device = device
        self._options: dict[str, Any] = {**_AFRESH, **adapter_options(adapter)}
        if backend is not None:
            self._options["backend"] = backend
        self._on_value = on_value
        self._on_lost = on_lost
        self._wire = wire
        self._client: BleakClient | None = None
        self._characteristics: dict[str, BleakGATTCharacteristic] = {}
        self._subscribed: set[str] = set()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closing = False
        self._tried_to_pair = False

    @property
    def is_open(self) -> bool:
        """True while the link is up."""
        return self._client is not None and not self._lost.done()

    def require_open(self) -> None:
        """Raise Disconnected unless the link is up."""
        self._up()

    async def open(self, once_within: float | None = None) -> None:
        """Connect and discover the services.

        Args:
            once_within: Seconds for a single attempt that says at once why it failed; without it several are made.

        Raises:
            NotFound: The device is not there, or Bluetooth is not to be had.
            Disconnected: The connection could not be made, or not in time.
        """
        self._wire.tell(Connecting(self._device.address, self._device.name))
        try:
            client = await self._opened(once_within)
        except BaseException as error:
            self._wire.tell(NotConnected(failure_of(error)))
            raise
        if self._wire.is_watched:
            self._wire.tell(Connected(mtu_of(client), table_of(client)))
        if not client.is_connected:  # lost between bleak's success and here
            self._wire.tell(LinkLost())
            self._mark_lost()

    async def _opened(self, once_within: float | None) -> BleakClient:
        connecting = self._connected() if once_within is None else self._connected_once(once_within)
        attempt = asyncio.ensure_future(connecting)
        attempt.add_done_callback(self._take_client)
        try:
            async with asyncio.timeout(once_within or CONNECT_WITHIN):
                await asyncio.wait({attempt})
            client = attempt.result()
            for characteristic in client.services.characteristics.values():
                self._characteristics.setdefault(characteristic.uuid, characteristic)
        except (*RADIO_ERRORS, KeyError) as error:  # KeyError: services that change while bleak reads them
            raise _not_connected(self._device, error) from error
        finally:
            if not attempt.done():
                attempt.cancel()
                try:
                    await asyncio.wait({attempt}, timeout=GIVEN_UP_WITHIN)
                finally:
                    attempt.cancel()  # for good, if it hangs in cleaning up
        return client

    def retire(self, reason: str = "") -> None:
        """Hear and say nothing any more, for this reason if there is one; `close` is still to come."""
        if self.is_open:
            self._wire.tell(LetGo(reason))
        self._closing = True
        self._mark_lost()

    async def close(self) -> None:
        """Disconnect. Never raises: a link that cannot be closed within 5 s is left to the system."""
        self.retire()
        if self._client is None:
            return
        failure = None
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._client.disconnect()
        except RADIO_ERRORS as error:
            failure = failure_of(error)
        self._wire.tell(Closed(failure))

    def properties(self, uuid: str) -> frozenset[str]:
        """Return the properties of a characteristic, empty if the device does not have it."""
        characteristic = self._characteristics.get(uuid)
        return frozenset() if characteristic is None else frozenset(characteristic.properties)

    async def read(self, uuid: str) -> bytes | None:
        """Return a characteristic's value, or None if it is not there or cannot be read.

        Raises:
            Disconnected: The link was lost meanwhile.
            ProcedureTimeout: No answer within 30 s.
        """
        if "read" not in self.properties(uuid):
            return None
        try:
            reading = self._up().read_gatt_char(self._characteristics[uuid])
            return bytes(await self._ask(Operation.READ, uuid, reading))
        except (Disconnected, ProcedureTimeout):
            raise
        except MachineError:
            return None

    async def subscribe(self, uuid: str) -> bool:
        """Enable notifications or indications; return False if that cannot be done here.

        Raises:
            Disconnected: The link was lost meanwhile.
            ProcedureTimeout: No answer within 30 s.
        """
        if uuid in self._subscribed:
            return True
        if not self.properties(uuid) & {"notify", "indicate"}:
            return False
        indicates = "notify" not in self.properties(uuid)  # bleak asks for notifications where there are both

        def heard(_: BleakGATTCharacteristic, value: bytearray) -> None:
            if not self._lost.done():
                octets = bytes(value)
                self._wire.tell(Heard(uuid, octets, indicates))
                self._on_value(uuid, octets)

        try:
            subscribing = self._up().start_notify(self._characteristics[uuid], heard)
            await self._ask(Operation.SUBSCRIBE, uuid, subscribing)
        except (Disconnected, ProcedureTimeout):
            raise
        except MachineError:
            return False
        self._subscribed.add(uuid)
        return True

    async def survey(self) -> None:
        """Read all that can be read, subscribe to all that is sent, pass over refusals. Raises as `read` does."""
        for uuid in self._characteristics:
            await self.read(uuid)
            await self.subscribe(uuid)

    async def write(self, uuid: str, value: bytes) -> None:
        """Write a value, with response where the characteristic has that property.

        Raises:
            ProcedureRefused: The device answered with an ATT error, or has no such characteristic.
            Disconnected: The link was lost meanwhile.
            ProcedureTimeout: No write response within 30 s.
            MachineError: Bluetooth failed in another way; nobody knows whether the value was written.
        """
        client, characteristic = self._up(), self._characteristics.get(uuid)
        if characteristic is None:
            raise ProcedureRefused("The treadmill takes no commands: it has no control point.", op_code=0)
        response = "write" in characteristic.properties
        writing = client.write_gatt_char(characteristic, value, response=response)
        await self._ask(Operation.WRITE if response else Operation.COMMAND, uuid, writing, value)

    async def pair(self) -> bool:
        """Pair, at most once on this link; return whether that went well (facts 10).

        Raises:
            Disconnected: The link was lost meanwhile.
        """
        if self._tried_to_pair:
            return False
        self._tried_to_pair = True
        try:
            await self._ask(Operation.PAIR, "", self._up().pair())
        except Disconnected:
            raise
        except (MachineError, NotImplementedError):  # macOS pairs by itself, and bleak cannot ask it to
            return False
        return True

    async def _connected(self) -> BleakClient:
        """Connect as patiently as a first connection deserves."""
        return await establish_connection(
            BleakClient,
            self._device,
            self._device.name or self._device.address,
            disconnected_callback=self._disconnected,
            max_attempts=CONNECT_ATTEMPTS,
            **self._options,
        )

    async def _connected_once(self, within: float) -> BleakClient:
        client = BleakClient(self._device, disconnected_callback=self._disconnected, timeout=within, **self._options)
        await client.connect()
        return client

    def _take_client(self, attempt: asyncio.Task[BleakClient]) -> None:
        """Keep what was connected, even if nobody waits for it any more: `close` has to disconnect it."""
        if not attempt.cancelled() and attempt.exception() is None:
            self._client = attempt.result()

    def _up(self) -> BleakClient:
        if self._client is None or self._lost.done():
            raise Disconnected("The connection to the treadmill is gone.")
        return self._client

    async def _ask(
        self, operation: Operation, uuid: str, asking: Awaitable[Answer], value: bytes | None = None
    ) -> Answer:
        """Await the answer to a request, no longer than the link lives and the deadline allows, and tell of both."""
        asked = self._wire.asked(operation, uuid, value)
        try:
            answer = await self._race(asking, f"{operation} {uuid}".rstrip())
        except BaseException as error:
            self._wire.failed(asked, error)
            raise
        self._wire.answered(asked, bytes(answer) if isinstance(answer, (bytes, bytearray)) else None)
        return answer

    async def _race(self, operation: Awaitable[Answer], what: str) -> Answer:
        """Await `operation` in this very task, but no longer than the link lives and the deadline allows."""
        waiting = True

        def lost(_: asyncio.Future[None]) -> None:
            if waiting and not deadline.expired():
                deadline.reschedule(asyncio.get_running_loop().time())

        deadline = asyncio.timeout(GATT_WITHIN)
        try:
            async with deadline:
                self._lost.add_done_callback(lost)
                return await operation
        except RADIO_ERRORS as error:
            if self._lost.done():
                raise Disconnected("The connection to the treadmill was lost.") from error
            if deadline.expired():
                raise ProcedureTimeout(f"The treadmill did not answer within {GATT_WITHIN:.0f} s ({what}).") from error
            raise _failed(error) from error
        finally:
            waiting = False
            self._lost.remove_done_callback(lost)

    def _disconnected(self, _: BleakClient) -> None:
        """Hear of the loss; before `open` has a client, what was lost is an attempt that will be repeated."""
        if self._client is not None and not self._lost.done():
            self._mark_lost()
            if not self._closing:
                self._wire.tell(LinkLost())
                self._on_lost(self)

    def _mark_lost(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)


def _failed(error: BaseException) -> MachineError:
    """Return what an error on a link that is still up means: a refusal, or that nobody knows what became of it."""
    known = translated(error)
    return known if isinstance(known, ProcedureRefused) else MachineError(str(known))


def _not_connected(device: BLEDevice, error: BaseException) -> MachineError:
    known = translated(error)
    if isinstance(known, NotFound):
        return known
    name = device.name or device.address
    return Disconnected(
        f"No connection to {name}: {known} Most treadmills take one app at a time: close the others, then try again."
    )
