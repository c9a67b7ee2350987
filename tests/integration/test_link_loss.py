"""Links that go, fall silent, come back as another machine, or want pairing (safety rules S9, S12; facts 10, 11)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver.confirmation import Confirmed, Rejected, Unknown
from backstride.driver.events import LinkLost
from backstride.driver.machine import Machine
from backstride.errors import Disconnected, NotFound, SafetyError
from backstride.machines.facts import RecordLayout
from backstride.protocol import uuids
from backstride.protocol.control_point import OpCode
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import Address, Heard, altered, hang, starts, until, walking, written

if TYPE_CHECKING:
    from collections.abc import Callable


def fall_silent(treadmill: SimulatedTreadmill) -> None:
    """Let the machine keep its links and send no telemetry any more."""
    for connection in treadmill.peripheral.connections:
        connection.subscriptions.pop(uuids.TREADMILL_DATA)


# S9


def test_ten_seconds_of_silence_are_a_lost_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S9, S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            last = machine.state.at
            assert last is not None
            fall_silent(treadmill)
            await until(lambda: bool(heard.names))
            assert heard.events == [LinkLost("the treadmill has sent nothing for 10 s")]
            assert heard.times[0] - last == pytest.approx(10.0, abs=0.01)
            assert not machine.is_connected
            assert machine.state.standing is None
            assert machine.state.speed is not None

    virtual_time(story())


def test_a_machine_that_never_sends_a_record_is_lost_after_ten_seconds(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S9."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            fall_silent(treadmill)
            await asyncio.sleep(9.9)
            assert heard.names == []
            await asyncio.sleep(0.2)
            assert heard.names == ["LinkLost"]

    virtual_time(story())


def test_garbage_is_silence(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S9: only a record that can be read counts."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            fall_silent(treadmill)
            (link,) = treadmill._radio.links  # noqa: SLF001 - puts broken records on the air
            for _ in range(11):
                link.emit(uuids.TREADMILL_DATA, b"\x00", indication=False)
                link.arm()
                await asyncio.sleep(1)
            assert heard.events == [LinkLost("the treadmill has sent nothing that can be read for 10 s")]

    virtual_time(story())


def test_records_that_never_end_are_no_telemetry_and_the_loss_says_so(virtual_time: Callable[..., Any]) -> None:
    """S9, S10: ifit's relay says "more data" in every record; what follows is not guessed at."""
    facts = altered(telemetry={"layout": RecordLayout.SPLIT, "packets": (0x0019,)})

    async def story() -> None:
        async with Machine.connect(SimulatedTreadmill(facts)) as machine:
            heard = Heard(machine)
            await until(lambda: bool(heard.names))
            assert heard.events == [LinkLost("the treadmill has sent nothing that can be read for 10 s")]
            assert machine.state.speed is None
            assert machine.state.standing is None

    virtual_time(story())


def test_a_machine_that_is_silent_while_it_stands_is_not_lost(virtual_time: Callable[..., Any]) -> None:
    """S9: where the machine file says so."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(telemetry={"when_stopped": False}))
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            heard = Heard(machine)
            await asyncio.sleep(60)
            assert heard.names == []
            assert await machine.start() == Confirmed()
            fall_silent(treadmill)
            await asyncio.sleep(11)
            assert heard.names == ["LinkLost"]

    virtual_time(story())


# Loss


@pytest.mark.parametrize("how", ["drop_link", "leave_range", "power_off"])
def test_a_lost_link_is_said_once_and_settles_everything(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, how: str
) -> None:
    """S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            commands = [
                asyncio.create_task(machine.set_speed(Speed(1500))),
                asyncio.create_task(machine.set_incline(Incline(100))),
            ]
            await asyncio.sleep(0.5)
            getattr(treadmill, how)()
            outcomes = await asyncio.gather(*commands)
            assert outcomes == [Unknown("the connection to the treadmill was lost")] * 2
            await asyncio.sleep(30)
            assert heard.names == ["LinkLost"]

    virtual_time(story())


def test_a_link_lost_while_stopping_is_no_proof(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5, S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            stopping = machine.stop()
            await asyncio.sleep(0.5)
            treadmill.drop_link()
            assert isinstance(await stopping, Unknown)

    virtual_time(story())


def test_a_procedure_that_is_never_answered_makes_the_link_suspect(virtual_time: Callable[..., Any]) -> None:
    """FTMP 4.4.14.3: no further procedure on this link; disconnect."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"unanswered": (OpCode.SET_TARGET_INCLINATION,)}))
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            began = treadmill.now
            await until(lambda: bool(heard.names), within=40)
            assert treadmill.now - began == pytest.approx(30, abs=0.2)
            assert heard.names == ["LinkLost"]
            assert isinstance(await uphill, Unknown)

    virtual_time(story())


def test_a_write_that_is_never_answered_ends_the_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            treadmill.latency = 1000.0
            assert isinstance(await machine.set_speed(Speed(350)), Unknown)
            await until(lambda: bool(heard.names), within=40)
            treadmill.latency = 0.015
            assert heard.names == ["LinkLost"]

    virtual_time(story())


# S12: on return


def test_a_machine_that_moves_on_return_is_looked_at_first(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: nothing is written but the request for control, and nothing is known before it is seen."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            before = len(treadmill.writes)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            await machine.reconnect()
            assert (machine.state.standing, machine.state.speed, machine.state.samples) == (None, None, 0)
            await until(lambda: machine.state.samples == 2)
            assert machine.state.standing is False
            assert heard.names == ["LinkLost", "LinkRestored"]
            assert written(treadmill)[before:] == ["00"]
            assert await machine.set_speed(Speed(200)) == Confirmed()

    virtual_time(story())


def test_another_machine_under_the_address_is_not_driven(virtual_time: Callable[..., Any]) -> None:
    """S12."""

    async def story() -> None:
        air = Air()
        ours, other = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("sole-f85", air=air)
        address = Address(ours.device, ours.backend)
        async with Machine.connect(address) as machine:
            heard = Heard(machine)
            await walking(machine)
            address.device = other.device
            ours.drop_link()
            await until(lambda: not machine.is_connected)
            for _ in range(2):
                with pytest.raises(NotFound, match="Another machine"):
                    await machine.reconnect()
                assert not machine.is_connected
                assert not machine.state.connected
            await asyncio.sleep(1)
            assert written(other) == []
            assert other.peripheral.connections == []
            address.device = ours.device
            await machine.reconnect()
            assert heard.names == ["LinkLost", "LinkRestored"]
        assert ours.belt.standing

    virtual_time(story())


def test_a_link_lost_again_while_it_is_made_is_not_said_to_be_restored(virtual_time: Callable[..., Any]) -> None:
    """S12: at any instant."""

    async def story(after: float) -> None:
        treadmill = SimulatedTreadmill()
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            asyncio.get_running_loop().call_later(after, treadmill.drop_link)
            try:
                await machine.reconnect()
            except Disconnected:
                assert heard.names == ["LinkLost"]
                assert not machine.is_connected
            else:
                assert heard.names == ["LinkLost", "LinkRestored"]
                assert machine.is_connected
            await asyncio.sleep(1)
            assert machine.is_connected == (heard.names[-1] == "LinkRestored")
            assert machine.state.connected == machine.is_connected

    for milliseconds in range(0, 300, 7):
        virtual_time(story(milliseconds / 1000))


def test_a_machine_that_takes_one_client_is_free_again_before_it_is_asked(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("yesoul-w2-pro")
        async with Machine.connect(treadmill) as machine:
            await walking(machine, Speed(200))
            began = treadmill.now
            await machine.reconnect()
            assert treadmill.now - began < 1
            assert machine.is_connected

    virtual_time(story())


def test_connecting_again_while_the_stop_makes_its_own_link_makes_one_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            release = hang(treadmill)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            release()
            stopping = machine.stop()
            await until(lambda: not machine.is_connected)
            await machine.reconnect()
            assert await stopping == Confirmed()
            await asyncio.sleep(1)
            assert len(treadmill.peripheral.connections) == 1
            await uphill
        assert treadmill.belt.standing

    virtual_time(story())


# Pairing


def secured(**control: object) -> SimulatedTreadmill:
    return SimulatedTreadmill(altered(link={"require_encryption": True}, control=control))


def test_a_machine_that_demands_pairing_gets_it_once(virtual_time: Callable[..., Any]) -> None:
    """Facts 10: not before it asks, and then the refused request goes out again."""

    async def story() -> None:
        treadmill = secured()
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
        assert written(treadmill) == ["00", "00", "07", "022c01", "0801"]
        assert [write.att_error for write in treadmill.writes][:2] == [0x05, None]

    virtual_time(story())


def test_a_start_that_was_refused_for_want_of_pairing_is_not_sent_again(virtual_time: Callable[..., Any]) -> None:
    """S1: pairing may take a person half a minute; a start is for now."""

    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(3)
            treadmill.peripheral.facts = altered(link={"require_encryption": True})
            outcome = await machine.start()
            assert isinstance(outcome, Rejected)
            assert outcome.att_error == 0x05
            await asyncio.sleep(5)
            assert starts(treadmill) == 1
            assert treadmill.belt.standing
            assert await machine.start() == Confirmed()
        assert starts(treadmill) == 2

    virtual_time(story())


def test_a_stop_that_was_refused_for_want_of_pairing_goes_out_again(virtual_time: Callable[..., Any]) -> None:
    """S4: a refused write never started, and Stop is repeated anyway."""

    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.peripheral.facts = altered(link={"require_encryption": True})
            began = treadmill.now
            stopping = machine.stop()
            await asyncio.sleep(0.5)
            taken = [write for write in treadmill.writes if write.value == b"\x08\x01" and write.att_error is None]
            assert taken[0].time - began < 0.1
            assert await stopping == Confirmed()

    virtual_time(story())


@pytest.mark.parametrize("after", [0.02, 0.1, 0.3])
def test_s4_a_stop_while_the_link_is_being_made_anew_goes_out_on_it(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, after: float
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.latency = 0.1
            treadmill.drop_link()
            await asyncio.sleep(1)
            again = asyncio.ensure_future(machine.reconnect())
            await asyncio.sleep(after)
            assert not machine.is_connected
            machine.stop()
            await again
            await asyncio.sleep(6)
            assert "0801" in written(treadmill)
            assert treadmill.belt.standing

    virtual_time(story())


def test_s2_one_record_of_no_speed_is_enough_to_refuse_a_target(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.peripheral.session.stop(treadmill.now)  # without a word
            await until(lambda: machine.state.speed == 0)
            assert machine.state.standing is not True
            before = written(treadmill)
            with pytest.raises(SafetyError):
                await machine.set_speed(Speed(300))
            assert written(treadmill) == before

    virtual_time(story())
