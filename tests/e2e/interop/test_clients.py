"""Other people's clients on our treadmill, through BlueZ: judged by what they say themselves, and by the belt."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

import pytest
from bleak import BleakScanner
from bleak.exc import BleakGATTProtocolError

from backstride.machines.facts import RecordLayout, known_machines, load_facts
from backstride.protocol.att import AttError
from backstride.protocol.treadmill_data import DataFlag
from backstride.simulator.belt import Belt
from backstride.simulator.session import MachineSession, SessionState
from backstride.simulator.telemetry import Telemetry
from backstride.units import Speed
from tests.e2e.interop.foreign import foreign
from tests.support.bench import until, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backstride.machines.facts import MachineFacts, TelemetryFacts
    from backstride.simulator.hci import HciTreadmill
    from tests.e2e.bluez.air import KernelAir

pyftms = foreign("pyftms")
serializer = foreign("pyftms.serializer")
treadmill_data = foreign("pyftms.models.realtime_data.treadmill")
walkingpad = foreign("walkingpad_controller")
mobvoi = foreign("pymvtreadmill")

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEARD_WITHIN: Final = 20.0
"""Seconds for a scan to hear a treadmill."""

SCANS: Final = 2
"""Scans within that time: one that BlueZ begins close upon another, or on a new adapter, may stay deaf to its end."""

ANSWERED_WITHIN: Final = 10.0
"""Seconds for pyftms to wait for an answer: more than its own two, on an emulated computer."""

SHOWN_WITHIN: Final = 20.0
"""Seconds until a change of the belt is in what a client shows."""

ROOM: Final = 244
"""Octets of a notification at the MTU that BlueZ and most machines agree on."""

SUCCESS: Final = pyftms.ResultCode.SUCCESS


# pyftms


@pytest.mark.parametrize("model", ["generic", "technogym-myrun", "yesoul-w2-pro"])
async def test_pyftms_reads_what_the_machine_can_do(air: KernelAir, model: str) -> None:
    async with air.treadmill(model) as treadmill, pyftms_on(treadmill) as client:
        facts = treadmill.facts
        assert client.device_info["model"] == (facts.identity.model_number or facts.model)
        assert client.supported_ranges["target_speed"] == pytest.approx(_range(facts))
        assert ("target_inclination" in client.supported_settings) is (facts.incline is not None)
        if facts.incline is not None:
            incline = (facts.incline.minimum / 10, facts.incline.maximum / 10, facts.incline.increment / 10)
            assert client.supported_ranges["target_inclination"] == pytest.approx(incline)


@pytest.mark.parametrize("model", ["generic", "technogym-myrun", "yesoul-w2-pro"])
async def test_pyftms_drives_the_belt(air: KernelAir, model: str) -> None:
    async with air.treadmill(model) as treadmill, pyftms_on(treadmill) as client:
        assert await client.start_resume() == SUCCESS
        await until(lambda: not treadmill.belt.standing, SHOWN_WITHIN)
        assert await client.set_target_speed(3.5) == SUCCESS
        await until(lambda: treadmill.belt.speed == pytest.approx(3.5), SHOWN_WITHIN)
        await until(lambda: client.speed_instant == pytest.approx(3.5), SHOWN_WITHIN)
        if treadmill.facts.incline is not None:
            assert await client.set_target_inclination(2.5) == SUCCESS
            await until(lambda: treadmill.belt.incline == pytest.approx(2.5), SHOWN_WITHIN)
            await until(lambda: client.inclination == pytest.approx(2.5), SHOWN_WITHIN)
        await until(lambda: (client.distance_total or 0) > 2, SHOWN_WITHIN)
        assert client.distance_total <= treadmill.belt.distance
        assert await client.pause() == SUCCESS
        await until(lambda: treadmill.belt.standing, SHOWN_WITHIN)
        assert _session(treadmill) is SessionState.PAUSED
        assert await client.start_resume() == SUCCESS
        await until(lambda: not treadmill.belt.standing, SHOWN_WITHIN)
        assert await client.stop() == SUCCESS
        await until(lambda: treadmill.belt.standing, SHOWN_WITHIN)
        assert _session(treadmill) is SessionState.IDLE
    incline = ["031900"] if treadmill.facts.incline is not None else []
    assert written(treadmill) == ["00", "07", "025e01", *incline, "0802", "07", "0801"]


async def test_pyftms_is_told_what_happens_at_the_console(air: KernelAir) -> None:
    async with air.treadmill() as treadmill:
        events: list[Any] = []
        async with pyftms_on(treadmill, events):
            treadmill.console.press_start()
            await until(lambda: _controls(events) == ["start"], SHOWN_WITHIN)
            treadmill.console.pull_safety_key()
            await until(lambda: _controls(events) == ["start", "stop"], SHOWN_WITHIN)
    assert [event.event_source for event in events if event.event_id == "stop"] == ["safety"]


async def test_pyftms_is_refused_in_the_words_of_the_standard(air: KernelAir) -> None:
    """It leaves it to the machine to judge a speed; and one that it cannot do is none of its settings."""
    async with air.treadmill("yesoul-w2-pro") as treadmill, pyftms_on(treadmill) as client:
        assert await client.start_resume() == SUCCESS
        assert await client.set_target_speed(12.0) == pyftms.ResultCode.INVALID_PARAMETER
        assert await client.set_target_inclination(2.0) == pyftms.ResultCode.NOT_SUPPORTED
        assert treadmill.belt.target <= 6.1
    assert written(treadmill)[:3] == ["00", "07", "02b004"]


@pytest.mark.parametrize("model", known_machines())
async def test_pyftms_reads_the_records_that_end_as_it_expects(model: str) -> None:
    """None that ends early or has octets left over; paces are of one octet to it, steps of three."""
    facts = load_facts(model)
    belt = Belt(facts.belt, floor=facts.speed.slowest, ceiling=facts.speed.fastest)
    belt.start(0.0)
    belt.advance(30.0)
    records = Telemetry(facts, belt, MachineSession(facts, belt)).notifications(ROOM)
    if _puzzles_pyftms(facts.telemetry):
        with pytest.raises((EOFError, AssertionError)):
            _read_by_pyftms(records[-1])
    else:
        told = facts.speed.unit.to_wire(belt.reported_speed)
        assert _read_by_pyftms(records[-1])["speed_instant"] == pytest.approx(told / 100)


# walkingpad-controller


@pytest.mark.parametrize("model", ["kingsmith-z1", "generic"])
async def test_walkingpad_controller_drives_the_belt(air: KernelAir, model: str) -> None:
    async with air.treadmill(model) as treadmill:
        client = walkingpad.WalkingPadController(await _device(treadmill))
        await client.connect()
        try:
            assert client.protocol.value == "ftms"
            assert (client.min_speed, client.max_speed, client.speed_increment) == pytest.approx(
                _range(treadmill.facts)
            )
            await asyncio.sleep(treadmill.facts.control.pacing)
            assert await client.start()
            assert not treadmill.belt.standing
            assert await client.set_speed(3.5)
            await until(lambda: treadmill.belt.speed == pytest.approx(3.5), SHOWN_WITHIN)
            await until(lambda: client.status.speed == pytest.approx(3.5), SHOWN_WITHIN)
            await until(lambda: client.status.distance > 2, SHOWN_WITHIN)
            assert client.status.distance <= treadmill.belt.distance
            assert await client.pause()
            await until(lambda: treadmill.belt.standing, SHOWN_WITHIN)
            assert _session(treadmill) is SessionState.PAUSED
            await until(lambda: client.status.speed == 0, SHOWN_WITHIN)
            assert await client.start()
            assert not treadmill.belt.standing
            assert await client.stop()
            await until(lambda: treadmill.belt.standing, SHOWN_WITHIN)
            await until(lambda: client.status.speed == 0, SHOWN_WITHIN)
        finally:
            await client.disconnect()
    assert written(treadmill) == ["00", "07", "025e01", "0802", "07", "0801"]


# pymvtreadmill


async def test_pymvtreadmill_reads_the_belt_but_may_not_drive_it(air: KernelAir) -> None:
    """It writes to the control point without having asked for its indications: 0xFD by the standard (FTMS 1.3)."""
    async with air.treadmill() as treadmill:
        client = mobvoi.TreadmillClient()
        await client.connect(await _device(treadmill))
        try:
            treadmill.console.press_start()
            treadmill.console.set_speed(Speed(320))
            await until(lambda: client.speed == pytest.approx(3.2), SHOWN_WITHIN)
            await until(lambda: (client.distance or 0) > 2, SHOWN_WITHIN)
            assert client.inclination == 0
            with pytest.raises(BleakGATTProtocolError) as refused:
                await client.set_speed(5.0)
            assert int(refused.value.code) == AttError.CCCD_IMPROPERLY_CONFIGURED
            assert treadmill.belt.target == pytest.approx(3.2)
        finally:
            await client.disconnect()


@contextlib.asynccontextmanager
async def pyftms_on(treadmill: HciTreadmill, events: list[Any] | None = None) -> AsyncIterator[Any]:
    """Let pyftms find the treadmill and connect to it, for the block."""
    heard: list[Any] = [] if events is None else events
    found = None
    for _ in range(SCANS):
        async with contextlib.aclosing(pyftms.discover_ftms_devices(HEARD_WITHIN / SCANS)) as discovered:
            found = await anext((one async for one in discovered if one[0].address == treadmill.address), None)
        if found is not None:
            break
    assert found is not None, "pyftms did not hear the treadmill"
    device, kind = found
    assert kind is pyftms.MachineType.TREADMILL
    client = pyftms.get_client(device, kind, timeout=ANSWERED_WITHIN, on_ftms_event=heard.append)
    async with client:
        yield client


async def _device(treadmill: HciTreadmill) -> Any:  # noqa: ANN401 - bleak's
    device = await BleakScanner.find_device_by_address(treadmill.address, HEARD_WITHIN)
    assert device is not None, "the treadmill was not heard"
    return device


def _puzzles_pyftms(telemetry: TelemetryFacts) -> bool:
    short_steps = telemetry.flags & DataFlag.STEPS and telemetry.step_octets == 2
    paces = telemetry.flags & (DataFlag.INSTANTANEOUS_PACE | DataFlag.AVERAGE_PACE)
    return bool(telemetry.layout is RecordLayout.TRUNCATED or telemetry.trailing_octets or short_steps or paces)


def _read_by_pyftms(value: bytes) -> dict[str, Any]:
    read: dict[str, Any] = serializer.get_serializer(treadmill_data.TreadmillData).deserialize(value)._asdict()
    return read


def _range(facts: MachineFacts) -> tuple[float, float, float]:
    speed = facts.speed
    return (speed.minimum / 100, speed.maximum / 100, speed.increment / 100)


def _session(treadmill: HciTreadmill) -> SessionState:
    return treadmill.peripheral.session.state


def _controls(events: list[Any]) -> list[str]:
    return [event.event_id for event in events if event.event_id in {"start", "stop", "pause"}]
