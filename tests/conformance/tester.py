"""The test suite's own client: plain bleak, which keeps what it is sent and when."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from bleak import BleakClient

from backstride.protocol import uuids
from tests.support.bench import until

if TYPE_CHECKING:
    from backstride.driver.connectable import Connectable

_ANSWER_WITHIN: Final = 30.0  # seconds: the ATT transaction timeout


class Inbox:
    """What came by one characteristic, as hex, with the instant of each arrival."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self.times: list[float] = []

    def __call__(self, _sender: object, value: bytearray) -> None:
        self.values.append(value.hex())
        self.times.append(asyncio.get_running_loop().time())


class Tester:
    """One client of the server under test."""

    def __init__(self, target: Connectable) -> None:
        options: dict[str, Any] = {} if target.backend is None else {"backend": target.backend}
        self.client = BleakClient(target.device, **options)
        self.answers = Inbox()

    async def read(self, uuid: str) -> str:
        return (await self.client.read_gatt_char(uuid)).hex()

    async def subscribe(self, uuid: str) -> Inbox:
        inbox = Inbox()
        await self.client.start_notify(uuid, inbox)
        return inbox

    async def unsubscribe(self, uuid: str) -> None:
        await self.client.stop_notify(uuid)

    async def configuration(self, uuid: str) -> str:
        """Return the CCCD of a characteristic."""
        characteristic = self.client.services.get_characteristic(uuid)
        assert characteristic is not None
        descriptor = characteristic.get_descriptor(uuids.CCCD)
        assert descriptor is not None
        return (await self.client.read_gatt_descriptor(descriptor)).hex()

    async def expect_answers(self) -> None:
        """Enable the indications of the control point."""
        await self.client.start_notify(uuids.CONTROL_POINT, self.answers)

    async def take_control(self) -> None:
        """Enable the indications and get control: where most procedures begin."""
        await self.expect_answers()
        assert await self.procedure("00") == "800001"

    async def procedure(self, request: str) -> str:
        """Write to the control point and return the answer, of which there is exactly one."""
        before = len(self.answers.values)
        await self.client.write_gatt_char(uuids.CONTROL_POINT, bytes.fromhex(request), response=True)
        await until(lambda: len(self.answers.values) > before, within=_ANSWER_WITHIN)
        (answer,) = self.answers.values[before:]
        return answer
