"""Our driver on treadmills that are not ours, through BlueZ on both sides."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from backstride.driver.confirmation import Confirmed, Rejected
from backstride.driver.events import LinkLost
from backstride.driver.machine import Machine
from backstride.errors import NotFound, SafetyError
from backstride.protocol.control_point import ResultCode
from backstride.units import Incline, Speed
from tests.e2e.interop.treadmills import CodecTreadmill, ifit_treadmill
from tests.support.bench import Heard, until

if TYPE_CHECKING:
    from backstride.driver.discovery import Discovery, Found

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_strangers_machine_is_known_by_what_it_announces_and_walked_on(
    discovery: Discovery, third_adapter: str
) -> None:
    treadmill = CodecTreadmill("Codec", third_adapter)
    async with treadmill.on_air(), Machine.connect(await _only_one_heard(discovery)) as machine:
        speed = machine.capabilities.speed
        assert speed is not None
        assert (speed.minimum, speed.maximum, speed.increment) == (Speed(100), Speed(600), Speed(10))
        assert machine.capabilities.no_incline == "the machine does not offer incline as a target"
        assert await machine.start() == Confirmed()
        assert await machine.set_speed(Speed(350)) == Confirmed()
        assert treadmill.kph == 3.5
        await until(lambda: (machine.state.distance or 0) > 2, 20)
        assert machine.state.distance is not None
        assert machine.state.distance <= treadmill.metres
        refused = await machine.set_speed(Speed(450))
        assert str(refused) == "rejected: the treadmill says that this does not work in its present state"
        assert isinstance(refused, Rejected)
        assert refused.result == ResultCode.OPERATION_FAILED
        assert treadmill.kph == 3.5
        assert await machine.stop() == Confirmed()
        assert treadmill.kph == 0
    assert treadmill.requests[:4] == [0, 7, 2, 2]


async def test_ifits_relay_is_believed_where_it_can_be_read_and_never_guessed_at(discovery: Discovery) -> None:
    """S2, S9, S10: it refuses a Start, and every record of its says that more follows, which never does."""
    async with ifit_treadmill("iFit FTMS") as equipment:
        async with Machine.connect(await _only_one_heard(discovery)) as machine:
            heard = Heard(machine)
            speed, incline = machine.capabilities.speed, machine.capabilities.incline
            assert speed is not None
            assert incline is not None
            assert (speed.minimum, speed.maximum, speed.increment) == (Speed(100), Speed(1900), Speed(10))
            assert (incline.minimum, incline.maximum, incline.increment) == (Incline(-30), Incline(150), Incline(5))
            refused = await machine.start()
            assert str(refused) == "rejected: the treadmill does not support this"
            assert isinstance(refused, Rejected)
            assert refused.result == ResultCode.OP_CODE_NOT_SUPPORTED
            equipment.kph = 3.0  # by its own console
            await until(lambda: "ConsoleStarted" in heard.names, 20)
            assert (machine.state.speed, machine.state.incline, machine.state.standing) == (None, None, None)
            with pytest.raises(SafetyError, match="not seen to move"):
                await machine.set_speed(Speed(200))
            await until(lambda: "LinkLost" in heard.names, 20)
            assert heard.events[-1] == LinkLost("the treadmill has sent nothing that can be read for 10 s")
        assert equipment.told == []


async def _only_one_heard(discovery: Discovery) -> Found:
    """Scan, and once more if need be: on an adapter that is new to BlueZ, a scan may stay deaf to its end."""
    with contextlib.suppress(NotFound):
        return await discovery.find_any()
    return await discovery.find_any()
