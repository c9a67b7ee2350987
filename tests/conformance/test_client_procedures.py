"""A collector's duties towards the control point (FTMP 4.4.14; FTMS 4.16; fact sheet 7)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from backstride.driver.confirmation import Confirmed, Rejected, Unknown
from backstride.driver.machine import Machine
from backstride.errors import SafetyError
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.control_point import OpCode
from backstride.units import Incline, Speed
from tests.conformance.cases import duty
from tests.support.bench import Address, Heard, altered, until, walking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient

    from backstride.driver.connectable import Connectable
    from backstride.machines.facts import MachineFacts
    from tests.conformance.transports import Bench

UPHILL: Final = Incline(20)
FASTER: Final = Speed(400)


def unanswered(op_codes: Iterable[OpCode]) -> MachineFacts:
    """Return a treadmill that carries these procedures out and never answers them."""
    return altered(control={"unanswered": tuple(op_codes)})


def written(bench: Bench) -> list[str]:
    return [write.value.hex() for write in bench.peripheral.writes]


def answer(bench: Bench, value: str) -> None:
    """Let the treadmill indicate `value`."""
    bench.send(uuids.CONTROL_POINT, value, indication=True)


def with_late_callbacks(target: Connectable, seconds: float) -> Connectable:
    """Return `target` behind a stack that tells of a Write Response so late that the indication comes first."""
    assert target.backend is not None
    backend: Any = target.backend

    class Late(backend):  # type: ignore[misc] # whatever bleak backend the transport has
        async def write_gatt_char(
            self,
            characteristic: BleakGATTCharacteristic,
            data: bytes,
            response: bool,  # noqa: FBT001 - bleak's signature
        ) -> None:
            await super().write_gatt_char(characteristic, data, response)
            await asyncio.sleep(seconds)

    late: type[BaseBleakClient] = Late
    return Address(target.device, late)


# What is written


@duty(
    "FTMS/CL/4.16.2-1", "writes speed as uint16 of 0.01 km/h, rounded and never cut, and inclination as sint16 of 0.1 %"
)
async def test_targets_are_written_in_the_units_of_the_wire(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine, Speed.parse("5.10 km/h"))
        await machine.set_incline(Incline.parse("2.5 %"))
    assert written(bench)[:4] == ["00", "07", "02fe01", "031900"]


@duty("FACTS/CL/7.6-1", "sends no target outside the range or between two steps, and no target speed of 0")
async def test_targets_that_the_machine_cannot_hold_are_never_sent(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        before = written(bench)
        for speed in (0, 70, 305, 2010):
            with pytest.raises(SafetyError):
                await machine.set_speed(Speed(speed))
        for incline in (-5, 12, 155):
            with pytest.raises(SafetyError):
                await machine.set_incline(Incline(incline))
        assert written(bench) == before


@duty("FACTS/CL/7.6-2", "sends targets to a moving belt alone: first Start, then motion, then the target")
async def test_a_target_waits_for_motion(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        with pytest.raises(SafetyError):
            await machine.set_speed(FASTER)
        await walking(machine)
        start, target = bench.peripheral.writes[1:]
        assert (start.value, target.value) == (b"\x07", b"\x02\x2c\x01")
        assert bench.belt.log.speed_at(target.time) > 0


# One at a time


@duty("FTMP/CL/4.4.14-1", "has one procedure in flight: the next is written when the one before is answered")
async def test_the_next_procedure_waits_for_the_answer(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        bench.peripheral.facts = altered(control={"answer_delay": 2.0})
        await asyncio.gather(machine.set_speed(FASTER), machine.set_incline(UPHILL))
        speed, incline = bench.peripheral.writes[-2:]
        assert (speed.value, incline.value) == (b"\x02\x90\x01", b"\x03\x14\x00")
        assert incline.time - speed.time >= 2.0
        assert (speed.att_error, incline.att_error) == (None, None)


@duty("FTMS/CL/4.16.4-1", "takes ATT 0xFE for not started: rejected at once, not repeated, the link stays")
async def test_a_procedure_of_another_client_makes_ours_fail_and_nothing_else(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        await walking(machine)
        other = await bench.connect()
        await other.expect_answers()
        bench.peripheral.facts = altered(control={"answer_delay": 40.0})
        await other.client.write_gatt_char(uuids.CONTROL_POINT, b"\x81", response=True)
        outcome = await machine.set_speed(FASTER)
        assert isinstance(outcome, Rejected)
        assert outcome.att_error == AttError.PROCEDURE_ALREADY_IN_PROGRESS
        await bench.pass_time(35)
        assert written(bench).count("029001") == 1
        assert ("LinkLost" in heard.names, machine.is_connected) == (False, True)


@duty("FTMS/CL/4.16.4-2", "takes ATT 0xFD for not started: rejected at once, not repeated, the link stays")
async def test_a_forgotten_configuration_makes_the_procedure_fail_and_nothing_else(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        await walking(machine)
        (connection,) = bench.peripheral.connections
        forgotten = connection.subscriptions.pop(uuids.CONTROL_POINT)
        outcome = await machine.set_speed(FASTER)
        assert isinstance(outcome, Rejected)
        assert outcome.att_error == AttError.CCCD_IMPROPERLY_CONFIGURED
        await bench.pass_time(35)
        assert written(bench).count("029001") == 1
        assert ("LinkLost" in heard.names, machine.is_connected) == (False, True)
        connection.subscriptions[uuids.CONTROL_POINT] = forgotten


# 30 seconds


@duty(
    "FTMP/CL/4.4.14.3-1",
    "30 s after the Write Response an unanswered procedure has failed: nothing more on this link, which is dropped",
    facts=unanswered([OpCode.SET_TARGET_INCLINATION]),
)
async def test_a_procedure_without_an_answer_ends_the_link_after_30_s(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        await walking(machine)
        uphill = asyncio.create_task(machine.set_incline(UPHILL))
        await bench.pass_time(1)
        faster = asyncio.create_task(machine.set_speed(FASTER))  # waits behind it
        await bench.pass_time(28.9)
        assert (heard.names, len(bench.peripheral.connections)) == ([], 1)
        await bench.pass_time(0.5)
        assert heard.names == ["LinkLost"]
        await bench.link_taken_down()
        assert isinstance(await uphill, Unknown)
        await faster
        assert "029001" not in written(bench)


@duty("FTMP/CL/4.4.14.3-2", "an answer within 30 s counts, however late")
async def test_an_answer_just_in_time_counts(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        await walking(machine)
        bench.peripheral.facts = altered(control={"answer_delay": 29.9})
        await machine.set_incline(UPHILL)
        await bench.pass_time(35)
        bench.peripheral.facts = altered()
        assert heard.names == []
        assert await machine.set_speed(FASTER) == Confirmed()


@duty(
    "FTMP/CL/4.4.14.3-3",
    "the 30 s run from the Write Response, not from the write",
    facts=unanswered([OpCode.SET_TARGET_INCLINATION]),
)
async def test_the_timer_starts_with_the_write_response(bench: Bench) -> None:
    async with Machine.connect(with_late_callbacks(bench.target, 5.0)) as machine:
        heard = Heard(machine)
        await machine.start()
        await machine.set_incline(UPHILL)
        asked = bench.peripheral.writes[-1].time
        await until(lambda: bool(heard.names), within=60)
        assert heard.names == ["LinkLost"]
        assert heard.times[0] - asked == pytest.approx(35, abs=0.2)


@duty(
    "FTMP/CL/4.4.14.3-4",
    "after a timeout a new link works again",
    facts=unanswered([OpCode.SET_TARGET_INCLINATION]),
)
async def test_after_a_timeout_a_new_link_takes_procedures_again(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        await walking(machine)
        await machine.set_incline(UPHILL)
        await until(lambda: bool(heard.names), within=40)
        await machine.reconnect()
        await until(lambda: machine.state.samples >= 2)
        assert await machine.set_speed(FASTER) == Confirmed()
        assert bench.belt.target == 4.0


@duty("FACTS/CL/7.4-1", "takes an indication that comes before the Write Response's callback, by its op code")
async def test_an_indication_before_the_callback_of_the_write_counts(bench: Bench) -> None:
    async with Machine.connect(with_late_callbacks(bench.target, 0.3)) as machine:
        heard = Heard(machine)
        await walking(machine)
        assert await machine.set_incline(UPHILL) == Confirmed()
        await bench.pass_time(35)
        assert heard.names == []
        assert written(bench) == ["00", "07", "022c01", "031400"]


@duty(
    "FACTS/CL/7.4-2",
    "matches an answer by its op code: one to another request, or doubled, or unasked, settles nothing",
    facts=unanswered([OpCode.SET_TARGET_SPEED]),
)
async def test_an_answer_to_another_request_settles_nothing(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await machine.start()
        answer(bench, "800701")  # doubled, and unasked by now
        faster = asyncio.create_task(machine.set_speed(FASTER))
        await bench.pass_time(0.5)
        for value in ("800704", "800301", "8002", "", "02"):
            answer(bench, value)
        await bench.pass_time(0.5)
        assert not faster.done()
        answer(bench, "800203")
        assert await faster == Rejected("the treadmill calls the value invalid", result=3)


@duty(
    "FACTS/CL/7.4-3",
    "goes on without the answer to Request Control, which some machines never give",
    facts=unanswered([OpCode.REQUEST_CONTROL]),
)
async def test_an_unanswered_request_for_control_does_not_stand_in_the_way(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        await walking(machine)
        asked, started, _ = bench.peripheral.writes
        assert started.time - asked.time < 6
        await bench.pass_time(35)
        assert heard.names == []
        assert bench.belt.speed == 3.0


# Reset


@duty(
    "FTMP/CL/4.5-1",
    "supports Reset: it reaches a standing machine, and control, which ends with it, is asked for again",
)
async def test_reset_zeroes_a_standing_machine_and_control_is_asked_for_again(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        assert await machine.set_incline(UPHILL) == Confirmed()
        assert await machine.stop() == Confirmed()
        assert machine.state.distance
        assert await machine.reset() == Confirmed()
        assert written(bench)[-2:] == ["01", "00"]
        await until(lambda: machine.state.distance == 0 and machine.state.incline == 0)
        await walking(machine)


@duty("FTMP/CL/4.5-2", "sends no Reset to a belt that is not seen to stand: it would stop it in the machine's own way")
async def test_a_moving_belt_is_not_reset(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        with pytest.raises(SafetyError, match="stand"):
            await machine.reset()
        assert "01" not in written(bench)


@duty("FTMP/CL/4.5-3", "tells a Reset that is refused, and one that is not answered", facts=unanswered([OpCode.RESET]))
async def test_a_reset_that_comes_to_nothing_is_told(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await until(lambda: machine.state.standing is True)
        refused = asyncio.create_task(machine.reset())
        await bench.pass_time(0.5)
        answer(bench, "800104")
        outcome = await refused
        assert isinstance(outcome, Rejected)
        assert outcome.result == 0x04
        assert isinstance(await machine.reset(), Unknown)


# Results


@duty(
    "FTMS/CL/4.16.2.22-1",
    "takes every result but Success for a failure, the reserved ones as well, and does not repeat the procedure",
    facts=unanswered([OpCode.SET_TARGET_SPEED]),
)
async def test_every_other_result_is_a_failure(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await machine.start()
        for result in (0x00, 0x02, 0x03, 0x04, 0x06, 0xFF):
            before = len(bench.peripheral.writes)
            faster = asyncio.create_task(machine.set_speed(FASTER))
            await bench.pass_time(0.5)
            answer(bench, f"8002{result:02x}")
            outcome = await faster
            assert isinstance(outcome, Rejected)
            assert outcome.result == result
            await bench.pass_time(2)
            assert written(bench)[before:] == ["029001"]


@duty("FTMS/CL/4.16.2.1-3", "on Control Not Permitted asks for control and tries once more")
async def test_control_not_permitted_is_answered_by_asking_once(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        (connection,) = bench.peripheral.connections
        del connection.subscriptions[uuids.MACHINE_STATUS]  # so that nobody hears of the loss
        bench.console.take_control()
        assert await machine.set_speed(FASTER) == Confirmed()
        assert written(bench)[-3:] == ["029001", "00", "029001"]


@duty(
    "FTMS/CL/4.16.2.1-4",
    "on a second Control Not Permitted gives up",
    facts=unanswered([OpCode.SET_TARGET_SPEED]),
)
async def test_control_not_permitted_twice_is_a_refusal(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await machine.start()
        faster = asyncio.create_task(machine.set_speed(FASTER))
        for _ in range(2):
            await bench.pass_time(0.5)
            answer(bench, "800205")
        outcome = await faster
        assert isinstance(outcome, Rejected)
        assert outcome.result == 0x05
        await bench.pass_time(5)
        assert written(bench)[2:] == ["029001", "00", "029001"]


@duty(
    "FTMS/CL/4.16.2.1-5",
    "takes a refusal of Request Control for one, and sends no procedure but Stop",
    facts=altered(control={"evicts": False}),
)
async def test_without_control_nothing_but_stop_is_sent(bench: Bench) -> None:
    owner = await bench.connect_stranger()
    await owner.take_control()
    async with Machine.connect(bench.target) as machine:
        outcome = await machine.start()
        assert isinstance(outcome, Rejected)
        assert outcome.result == 0x05
        assert "07" not in written(bench)
        bench.console.press_start()
        await until(lambda: machine.state.standing is False)
        stopping = machine.stop()
        await bench.pass_time(0.5)
        assert "0801" in written(bench)
        bench.console.press_stop()
        assert await stopping == Confirmed()
