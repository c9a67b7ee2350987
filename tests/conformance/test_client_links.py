"""A collector's duties while links are made, lost and made again (FTMP 4.2 to 4.7, 5.2, 6.2; fact sheet 10, 11)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest
from bleak.exc import BleakGATTProtocolError

from backstride.driver.confirmation import Confirmed, Unknown
from backstride.driver.machine import Machine
from backstride.driver.reconnect import reconnect
from backstride.errors import Disconnected
from backstride.protocol.att import AttError
from backstride.protocol.features import TargetSetting
from backstride.units import Incline, Speed
from tests.conformance.cases import duty
from tests.support.bench import Address, Heard, altered, until, walking

if TYPE_CHECKING:
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient

    from backstride.driver.connectable import Connectable
    from tests.conformance.transports import Bench

FEATURE, SPEEDS, INCLINES, TRAINING = "read 2acc", "read 2ad4", "read 2ad5", "read 2ad3"
SUBSCRIPTIONS: Final = ["subscribe 2acd", "subscribe 2ad3", "subscribe 2ada", "subscribe 2ad9"]
ASK: Final = "write 00"

RESERVED_TARGET: Final = TargetSetting(1 << 20)


def written(bench: Bench) -> list[str]:
    return [one.removeprefix("write ") for one in bench.requests if one.startswith("write")]


@duty(
    "FACTS/CL/11-1", "connects in order: Feature, ranges, Training Status, subscriptions, indications, Request Control"
)
async def test_connecting_follows_the_order_of_the_profile(bench: Bench) -> None:
    async with Machine.connect(bench.target):
        await bench.pass_time(5)
        asked = [one for one in bench.requests if not one.startswith("read 2a2")]  # those of Device Information
    assert asked == ["connect", FEATURE, SPEEDS, INCLINES, TRAINING, *SUBSCRIPTIONS, ASK]


@duty("FTMP/CL/4.4.1-1", "reads Fitness Machine Feature on every link, before any procedure")
async def test_the_feature_is_read_before_anything_is_written(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await bench.lose_link()
        await machine.reconnect()
    for link in " ".join(bench.requests).split("connect")[1:]:
        assert FEATURE in link.split("write")[0]


@duty(
    "FTMP/CL/4.4.1-2",
    "ignores reserved feature bits",
    facts=altered(control={"targets": (TargetSetting.SPEED_TARGET, TargetSetting.INCLINATION_TARGET, RESERVED_TARGET)}),
)
async def test_reserved_feature_bits_mean_nothing(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        assert machine.identity.features.target & RESERVED_TARGET
        assert machine.capabilities.speed is not None
        await walking(machine)
        assert bench.belt.speed == 3.0


@duty("FTMP/CL/4.4.9-1", "reads the Supported Speed and Inclination Ranges, and keeps to them")
async def test_the_ranges_are_read_and_are_the_machine_s_limits(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        speeds, inclines = machine.capabilities.speed, machine.capabilities.incline
        assert speeds is not None
        assert inclines is not None
        assert (speeds.minimum, speeds.maximum, speeds.increment) == (80, 2000, 10)
        assert (inclines.minimum, inclines.maximum, inclines.increment) == (0, 150, 5)
    assert bench.requests.index(SPEEDS) < bench.requests.index(ASK)
    assert bench.requests.index(INCLINES) < bench.requests.index(ASK)


@duty(
    "FTMP/CL/4.4.8-1",
    "works without Training Status, which is optional",
    facts=altered(telemetry={"training_status": False}),
)
async def test_a_machine_without_a_training_status_is_driven_all_the_same(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        assert machine.state.training_status is None
        await walking(machine)
        assert bench.belt.speed == 3.0
    assert "subscribe 2ad3" not in bench.requests


@duty("FTMS/CL/4.16.3-1", "enables the control point's indications before the first write")
async def test_indications_are_enabled_before_the_first_write(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
    assert bench.requests.index("subscribe 2ad9") < bench.requests.index(ASK)
    assert {write.att_error for write in bench.peripheral.writes} == {None}


@duty("FTMS/CL/4.16.2.1-1", "writes nothing before Request Control has succeeded")
async def test_control_is_asked_for_before_anything_else(bench: Bench) -> None:
    bench.peripheral.facts = altered(control={"answer_delay": 3.0})
    async with Machine.connect(bench.target) as machine:
        assert await machine.start() == Confirmed()
        asked, started = bench.peripheral.writes
        assert (asked.value, started.value) == (b"\x00", b"\x07")
        assert started.time - asked.time >= 3


@duty("FTMS/CL/4.16.2.1-2", "asks for control again on every new link")
async def test_control_is_asked_for_again_after_a_lost_link(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await bench.lose_link()
        await machine.reconnect()
        assert written(bench) == ["00", "00"]
        assert bench.peripheral.control.owner == 2


@duty("FTMP/CL/4.7-1", "carries no cached value to a new link: Feature, ranges and Training Status are read again")
async def test_values_are_read_again_on_a_new_link(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await bench.lose_link()
        await machine.reconnect()
    for value in (FEATURE, SPEEDS, INCLINES, TRAINING):
        assert bench.requests.count(value) == 2


@duty("FACTS/CL/11-2", "subscribes to everything again on a new link")
async def test_everything_is_subscribed_to_again_on_a_new_link(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        await bench.lose_link()
        await machine.reconnect()
        (connection,) = bench.peripheral.connections
        assert len(connection.subscriptions) == 4
        await until(lambda: machine.state.speed == 300)
    assert [one for one in bench.requests if one.startswith("subscribe")] == SUBSCRIPTIONS * 2


@duty("FACTS/CL/11-3", "takes a procedure that the link cut off for failed, and never sends it again")
async def test_a_procedure_that_the_link_cut_off_is_not_sent_again(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        bench.peripheral.facts = altered(control={"answer_delay": 10.0})
        commands = [machine.set_speed(Speed(400)), machine.set_incline(Incline(20))]  # the second waits for the first
        outcomes = asyncio.gather(*commands)
        await bench.pass_time(0.5)
        await bench.lose_link()
        assert await outcomes == [Unknown("the connection to the treadmill was lost")] * 2
        bench.peripheral.facts = altered()
        await machine.reconnect()
        await bench.pass_time(10)
        assert written(bench) == ["00", "07", "022c01", "029001", "00"]


@duty("FTMP/CL/5.2.1-1", "tries to connect again after link loss, until it succeeds")
async def test_a_lost_link_is_made_anew_as_soon_as_the_machine_answers(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        stranger = await bench.connect()
        strangers = [stranger, await bench.connect()]  # the machine takes three clients
        await bench.lose_link()
        assert heard.names == ["LinkLost"]
        for one in strangers:
            await one.client.connect()
        third = await bench.connect()
        trying = asyncio.create_task(reconnect(machine))
        await bench.pass_time(120)  # longer than one attempt takes
        assert not machine.is_connected
        await third.client.disconnect()
        await trying
        assert heard.names == ["LinkLost", "LinkRestored"]
        assert len(bench.peripheral.connections) == 3


@duty("FTMP/CL/5.2-1", "disconnects when the person ends the session")
async def test_the_link_ends_with_the_session(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        assert len(bench.peripheral.connections) == 1
    assert bench.peripheral.connections == []
    assert bench.belt.standing


@duty("FTMP/CL/6.2-1", "does not pair with a machine that does not ask for it")
async def test_nobody_is_made_to_pair(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        (connection,) = bench.peripheral.connections
        assert not connection.encrypted


@duty(
    "FTMP/CL/6.2-2",
    "pairs when the control point answers ATT 0x05, and asks for control again",
    facts=altered(link={"require_encryption": True}),
)
async def test_insufficient_authentication_is_answered_by_pairing(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        *refused, taken = bench.peripheral.writes
        assert 1 <= len(refused) <= 2  # BlueZ, which pairs by itself, is refused once more on the way
        assert {(one.value, one.att_error) for one in refused} == {(b"\x00", AttError.INSUFFICIENT_AUTHENTICATION)}
        assert (taken.value, taken.answer) == (b"\x00", b"\x80\x00\x01")
        await walking(machine)
        (connection,) = bench.peripheral.connections
        assert connection.encrypted


def refusing_once(target: Connectable, code: AttError) -> Connectable:
    """Return `target` behind a stack on which the first write fails with an ATT error."""
    assert target.backend is not None
    backend: Any = target.backend

    class Refusing(backend):  # type: ignore[misc] # whatever bleak backend the transport has
        refused = False

        async def write_gatt_char(
            self,
            characteristic: BleakGATTCharacteristic,
            data: bytes,
            response: bool,  # noqa: FBT001 - bleak's signature
        ) -> None:
            if not Refusing.refused:
                Refusing.refused = True
                raise BleakGATTProtocolError(code)
            await super().write_gatt_char(characteristic, data, response)

    refusing: type[BaseBleakClient] = Refusing
    return Address(target.device, refusing)


@duty("FTMP/CL/6.2-3", "pairs when the control point answers ATT 0x0F, and asks for control again")
async def test_insufficient_encryption_is_answered_by_pairing(bench: Bench) -> None:
    async with Machine.connect(refusing_once(bench.target, AttError.INSUFFICIENT_ENCRYPTION)):
        (connection,) = bench.peripheral.connections
        assert connection.encrypted
        assert written(bench) == ["00"]


@duty("FACTS/CL/11-4", "says so when there is no link, and sends nothing")
async def test_a_command_without_a_link_is_refused(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await bench.lose_link()
        with pytest.raises(Disconnected):
            await machine.start()
        await machine.reconnect()
        await bench.pass_time(10)
        assert written(bench) == ["00", "00"]
        assert bench.belt.standing
