"""The driver on a real stack: find, connect, look, command; judged from the treadmill's side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.driver.confirmation import Confirmed
from backstride.driver.discovery import Discovery
from backstride.driver.machine import Machine
from backstride.units import Incline, Speed
from tests.support.bench import written

if TYPE_CHECKING:
    from tests.e2e.bluez.air import KernelAir


async def test_every_control_reaches_the_belt(air: KernelAir) -> None:
    async with air.treadmill(name="Controls") as treadmill:
        found = await Discovery().find("Controls")
        async with Machine.connect(found) as machine:
            assert await machine.start() == Confirmed()
            assert await machine.set_speed(Speed(150)) == Confirmed()
            assert await machine.set_incline(Incline(10)) == Confirmed()
            assert await machine.pause() == Confirmed()
            assert treadmill.belt.standing
            assert await machine.start() == Confirmed()
            assert await machine.stop() == Confirmed()
            assert treadmill.belt.standing
    assert written(treadmill)[:3] == ["00", "07", "029600"]
