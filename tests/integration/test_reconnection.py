"""The way back: looking first, nothing sent twice, another machine left alone (safety rules S1, S2, S4, S9, S12)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver.confirmation import Confirmed, Unknown
from backstride.driver.machine import Machine
from backstride.driver.reconnect import reconnect
from backstride.errors import Disconnected, MachineError, NotFound
from backstride.protocol import uuids
from backstride.protocol.features import TargetSetting
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import Address, Heard, altered, hang, starts, targets, until, walking, written
from tests.support.roaming import System, give_serial_number

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTING = (
    "connect",
    "read 2acc",
    "read 2a29",
    "read 2a24",
    "read 2a26",
    "read 2ad4",
    "read 2ad5",
    "read 2ad3",
    "subscribe 2acd",
    "subscribe 2ad3",
    "subscribe 2ada",
    "subscribe 2ad9",
    "write 00",
)
"""What is done to make a link, in this order (facts 11)."""


def on_links_after(treadmill: SimulatedTreadmill, number: int) -> list[str]:
    """Return what was written on the links made after the first `number`, as hex."""
    return [write.value.hex() for write in treadmill.writes if write.connection > number]


async def back(machine: Machine) -> None:
    """Make the link anew; a machine that is not back within two minutes fails the test."""
    await asyncio.wait_for(reconnect(machine), 120)


# Loss while the link is made


def test_every_instant_of_connecting_is_in_the_list(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        system, done = System(), list[str]()
        system.after = done.append
        async with Machine.connect(system.reaching(treadmill)):
            assert tuple(done) == CONNECTING

    virtual_time(story())


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", CONNECTING)
def test_a_link_lost_at_any_instant_of_connecting_is_made_anew(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, operation: str, moment: str
) -> None:
    """S12: the loss was said, the restoration is said once, and nothing but the request for control was written."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            heard = Heard(machine)
            await walking(machine)
            before = len(treadmill.writes)
            left = 1 if (operation, moment) == ("connect", "before") else 3  # there is nothing to lose then

            def drop(doing: str) -> None:
                nonlocal left
                if doing == operation and left:
                    left -= 1
                    treadmill.drop_link()

            setattr(system, moment, drop)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            while left or not machine.is_connected:
                await back(machine)
                await asyncio.sleep(1)
            assert heard.names == ["LinkLost", "LinkRestored"] * heard.names.count("LinkLost")
            assert set(written(treadmill)[before:]) <= {"00"}
            assert len(treadmill.peripheral.connections) == 1
            assert treadmill.belt.target == 3.0

    virtual_time(story())


# Nothing survives the link


def test_a_start_that_was_pending_is_never_sent_again(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1: written once, and the belt has not moved yet when the link goes."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await until(lambda: machine.state.standing is True)
            starting = asyncio.create_task(machine.start())
            await until(lambda: starts(treadmill) == 1)
            treadmill.drop_link()
            treadmill.console.press_stop()
            assert await starting == Unknown("the connection to the treadmill was lost")
            await back(machine)
            await asyncio.sleep(60)
            assert starts(treadmill) == 1
            assert on_links_after(treadmill, 1) == ["00"]
            assert treadmill.belt.standing

    virtual_time(story())


def test_a_start_that_the_system_still_holds_back_dies_with_the_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1: its write hangs in the computer, and never comes to the machine."""

    async def story() -> None:
        system = System(delays={"07": 4.0})
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await until(lambda: machine.state.standing is True)
            starting = asyncio.create_task(machine.start())
            await asyncio.sleep(1)
            treadmill.drop_link()
            assert isinstance(await starting, Unknown)
            await back(machine)
            await asyncio.sleep(60)
            assert starts(treadmill) == 0
            assert treadmill.belt.standing

    virtual_time(story())


def test_targets_that_waited_are_gone(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S12: no target is written on the new link that nobody asked for there."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            release = hang(treadmill)
            uphill = asyncio.create_task(machine.set_incline(Incline(50)))
            await asyncio.sleep(0.1)
            release()
            faster = asyncio.create_task(machine.set_speed(Speed(500)))
            await asyncio.sleep(0.1)
            treadmill.drop_link()
            assert isinstance(await uphill, Unknown)
            assert isinstance(await faster, Unknown)
            await back(machine)
            await asyncio.sleep(60)
            assert on_links_after(treadmill, 1) == ["00"]
            assert treadmill.belt.target == 3.0

    virtual_time(story())


def test_what_comes_on_the_old_link_is_not_heard(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S10, S12: an answer or a record that was under way when the link went proves nothing on the new one."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await walking(machine)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            await back(machine)
            await until(lambda: machine.state.samples == 2)
            hang(treadmill)
            slower = asyncio.create_task(machine.set_speed(Speed(250)))
            await until(lambda: machine.state.speed == Speed(250))
            (answers, _), (records, _) = system.heard[uuids.CONTROL_POINT], system.heard[uuids.TREADMILL_DATA]
            answers(bytearray.fromhex("800201"))
            await asyncio.sleep(0.1)
            assert not slower.done()
            before = machine.state
            records(bytearray.fromhex("00000000"))
            records(bytearray.fromhex("00000100"))
            assert machine.state is before
            assert isinstance(await slower, Unknown)

    virtual_time(story())


def test_records_that_come_twice_after_a_reconnection_count_once(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S9."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await walking(machine)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            system.copies = 2
            await back(machine)
            counts: list[int] = []
            machine.on_state(lambda state: counts.append(state.samples))
            await asyncio.sleep(5.5)
            assert counts == list(range(1, len(counts) + 1))
            assert len(counts) <= 6

    virtual_time(story())


# The same machine


def test_an_attempt_that_is_given_up_as_it_succeeds_is_disconnected(virtual_time: Callable[..., Any]) -> None:
    """A machine that takes one client must be free for the next attempt."""

    async def story(instant: float) -> None:
        treadmill = SimulatedTreadmill("yesoul-w2-pro")
        async with Machine.connect(treadmill) as machine:
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            attempt = asyncio.create_task(machine.reconnect())
            await asyncio.sleep(instant)
            attempt.cancel()
            await asyncio.gather(attempt, return_exceptions=True)
            if not machine.is_connected:
                await machine.reconnect()
            assert len(treadmill.peripheral.connections) == 1

    for milliseconds in (0, 14, 15, 16, 29, 30, 31, 45, 90):
        virtual_time(story(milliseconds / 1000))


def test_a_device_on_another_adapter_is_reached_there_from_then_on(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """What BlueZ has forgotten is connected to as it was heard last, also when the link is made anew for a Stop."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            system.remembers = False
            for _ in range(2):
                treadmill.drop_link()
                await until(lambda: not machine.is_connected)
                system.connects.clear()
                await back(machine)
            assert len(system.connects) == 1

    virtual_time(story())


def namesakes(number: str | None, other_number: str | None) -> tuple[SimulatedTreadmill, SimulatedTreadmill]:
    """Return two machines of one model and one name in the same air, with their serial numbers."""
    air = Air()
    ours, other = SimulatedTreadmill(air=air), SimulatedTreadmill(air=air)
    for treadmill, serial in ((ours, number), (other, other_number)):
        if serial is not None:
            give_serial_number(treadmill, serial)
    return ours, other


def test_a_machine_with_a_new_address_is_known_by_its_serial_number(virtual_time: Callable[..., Any]) -> None:
    """S12: some machines, and some systems, change the address with every power-on."""

    async def story() -> None:
        ours, _ = namesakes("A-17", "B-18")
        system = System()
        async with Machine.connect(system.reaching(ours)) as machine:
            await walking(machine)
            ours._radio.address = "D0:5E:12:34:56:78"  # noqa: SLF001 - as its next power-on would have it
            ours.drop_link()
            await until(lambda: not machine.is_connected)
            await back(machine)
            assert machine.is_connected
            assert len(ours.peripheral.connections) == 1
            assert await machine.stop() == Confirmed()
        assert ours.belt.standing

    virtual_time(story())


@pytest.mark.parametrize(("number", "other_number"), [("A-17", "B-18"), ("A-17", None), (None, None), (None, "B-18")])
def test_a_machine_of_the_same_name_is_left_alone(
    virtual_time: Callable[..., Any], number: str | None, other_number: str | None
) -> None:
    """S12: gyms have rows of one model; it is asked who it is at most once, and never if nothing could prove it."""

    async def story() -> None:
        ours, other = namesakes(number, other_number)
        system, told = System(), list[str]()
        async with Machine.connect(system.reaching(ours)) as machine:
            await walking(machine)
            system.remembers = False
            ours.leave_range()
            await until(lambda: not machine.is_connected)
            visits = 0
            connect = other._radio.connect  # noqa: SLF001 - counts who comes

            def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a link
                nonlocal visits
                visits += 1
                return connect(*args, **kwargs)

            other._radio.connect = counted  # type: ignore[method-assign] # noqa: SLF001
            again = asyncio.create_task(reconnect(machine, told.append))
            await asyncio.sleep(300)
            assert not again.done()
            assert visits == (number is not None)
            assert written(other) == []
            assert other.peripheral.connections == []
            assert any("Another machine" in sentence for sentence in told) == (number is not None)
            ours.enter_range()
            assert await until(again.done, within=60) < 40
            assert len(ours.peripheral.connections) == 1

    virtual_time(story())


# Another machine


OTHERS: dict[str, tuple[dict[str, dict[str, Any]], dict[str, Any], str]] = {
    "another name": ({}, {"name": "Cellar"}, "it is called 'Cellar', not 'Generic treadmill'"),
    "another model": ({"identity": {"model_number": "X-9"}}, {}, "its model number is 'X-9', not "),
    "another maker": ({"identity": {"manufacturer": "Sole"}}, {}, "its manufacturer is 'Sole', not "),
    "another firmware": ({"identity": {"firmware": "9.9"}}, {}, "its firmware is '9.9', not "),
    "other features": ({"control": {"targets": (TargetSetting.SPEED_TARGET,)}}, {}, "its set of features is another"),
    "another range of speed": ({"speed": {"maximum": 1200}}, {}, "its range of speed is another one"),
    "another range of incline": ({"incline": {"maximum": 100}}, {}, "its range of incline is another one"),
    "another serial number": ({}, {}, "its serial number is 'B-18', not 'A-17'"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_machine_under_the_same_address_is_refused(virtual_time: Callable[..., Any], kind: str) -> None:
    """S12: it is read from and nothing more; the attempts go on, and find ours when it is back."""

    async def story() -> None:
        sections, more, words = OTHERS[kind]
        ours = SimulatedTreadmill()
        other = SimulatedTreadmill(altered("generic", **sections), address=ours.device.address, **more)
        give_serial_number(ours, "A-17")
        give_serial_number(other, "B-18" if kind == "another serial number" else "A-17")
        address = Address(ours.device, ours.backend)
        async with Machine.connect(address) as machine:
            heard, told = Heard(machine), list[str]()
            await walking(machine)
            address.device, address.backend = other.device, other.backend
            ours.drop_link()
            await until(lambda: not machine.is_connected)
            with pytest.raises(NotFound) as refused:
                await machine.reconnect()
            assert words in str(refused.value)
            again = asyncio.create_task(reconnect(machine, told.append))
            await asyncio.sleep(120)
            assert told == [str(refused.value)]
            assert not machine.is_connected
            assert machine.state.standing is None
            assert written(other) == []
            assert other.belt.log.target_at(other.now) == 0
            address.device, address.backend = ours.device, ours.backend
            assert await until(again.done) < 7
            assert heard.names == ["LinkLost", "LinkRestored"]
            assert on_links_after(ours, 1) == ["00"]

    virtual_time(story())


def test_what_a_machine_does_not_say_this_time_makes_it_no_other(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """A missing value is unknown: a read that fails once must not keep the link away for ever."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:

            def unreadable(operation: str) -> None:
                if operation in {"read 2a24", "read 2acc", "read 2ad4"}:
                    raise EOFError

            system.before = unreadable
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            await machine.reconnect()

    virtual_time(story())


def test_a_machine_that_says_nothing_at_all_is_not_taken_for_ours(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: it did say something before."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:

            def unreadable(operation: str) -> None:
                if operation.startswith("read"):
                    raise EOFError

            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            system.before = unreadable
            with pytest.raises(Disconnected, match="does not say who it is"):
                await machine.reconnect()
            assert written(treadmill) == ["00"]
            system.before = lambda _: None
            await machine.reconnect()

    virtual_time(story())


def test_something_else_under_the_address_is_refused_too(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        address = Address(treadmill.device, treadmill.backend)
        bike = SimulatedTreadmill(address=treadmill.device.address)
        async with Machine.connect(address) as machine:
            services = [
                type(service)(
                    service.uuid, tuple(one for one in service.characteristics if one.uuid != uuids.TREADMILL_DATA)
                )
                for service in bike.peripheral.services
            ]
            bike.peripheral.services = tuple(services)
            address.device, address.backend = bike.device, bike.backend
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            told: list[str] = []
            again = asyncio.create_task(reconnect(machine, told.append))
            await asyncio.sleep(30)
            assert not again.done()
            assert len(told) == 1
            assert "another kind of machine" in told[0]
            again.cancel()

    virtual_time(story())


# A Stop that is owed


def test_a_stop_asked_for_without_a_link_goes_out_first_on_the_next(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4: before control is asked for, and before anybody asks again."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            outcome = await machine.stop()
            assert isinstance(outcome, Unknown)
            await machine.reconnect()
            assert on_links_after(treadmill, 1)[0] == "0801"
            await until(lambda: treadmill.belt.standing, within=5)

    virtual_time(story())


def test_a_stop_is_with_the_system_before_anything_is_read_on_a_new_link(
    virtual_time: Callable[..., Any],
) -> None:
    """S4: a link has room for one request; so it is whether Stop waited for a link, or the link was made for Stop."""

    async def story(*, busy: bool) -> None:
        treadmill, system, done = SimulatedTreadmill(), System(), list[str]()
        system.before = done.append
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await walking(machine)
            if busy:
                hang(treadmill)
                uphill = asyncio.create_task(machine.set_incline(Incline(10)))
                await asyncio.sleep(0.1)
                machine.stop()
                await uphill
                await until(lambda: not machine.is_connected)
                await until(lambda: machine.is_connected)
            else:
                treadmill.drop_link()
                await until(lambda: not machine.is_connected)
                machine.stop()
                await machine.reconnect()
            last = len(done) - done[::-1].index("connect")
            assert done[last:][:2] == (["subscribe 2ad9", "write 0801"] if busy else ["write 0801", "subscribe 2ad9"])

    virtual_time(story(busy=False))
    virtual_time(story(busy=True))


def test_a_stop_that_the_loss_broke_off_goes_out_first_on_the_next_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4, S5: it was never proven."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.leave_range()
            stopping = asyncio.ensure_future(machine.stop())  # it does not reach the machine any more
            assert isinstance(await stopping, Unknown)
            assert not treadmill.belt.standing
            treadmill.enter_range()
            await machine.reconnect()
            assert on_links_after(treadmill, 1)[0] == "0801"
            await until(lambda: treadmill.belt.standing, within=5)
            await until(lambda: machine.state.standing is True)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            await machine.reconnect()
            await asyncio.sleep(1)
            assert on_links_after(treadmill, 2) == ["00"]  # proven, and not owed any more

    virtual_time(story())


@pytest.mark.parametrize("operation", CONNECTING[1:6])
def test_a_stop_whose_new_link_is_lost_as_well_goes_out_on_the_one_after_it(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, operation: str
) -> None:
    """S4."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await walking(machine)
            treadmill.peripheral.control.facts = treadmill.facts.model_copy(  # Stop does nothing now
                update={"control": treadmill.facts.control.model_copy(update={"ignored": (8, 2)})}
            )
            losses = 1

            def lose(doing: str) -> None:
                nonlocal losses
                if doing == operation and losses:
                    losses -= 1
                    treadmill.drop_link()

            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            machine.stop()
            system.before = lose
            with pytest.raises(MachineError):
                await machine.reconnect()
            treadmill.peripheral.control.facts = treadmill.facts  # and does something again
            await machine.reconnect()
            assert on_links_after(treadmill, 2)[0] == "0801"
            await until(lambda: treadmill.belt.standing, within=5)

    virtual_time(story())


def test_a_stop_that_was_sent_is_not_owed_any_more(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """After a person's new start it must not stop the belt on some later link."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await until(lambda: machine.state.standing is True)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            machine.stop()
            await machine.reconnect()
            await until(lambda: machine.state.standing is True)
            await walking(machine)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            await machine.reconnect()
            await asyncio.sleep(5)
            assert on_links_after(treadmill, 2) == ["00"]
            assert treadmill.belt.target == 3.0

    virtual_time(story())


def test_an_attempt_that_fails_at_the_last_moment_leaves_no_half_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4, S12: the belt is out of sight, and the Stop that was written on it is owed again."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await walking(machine)

            def unheard(operation: str) -> None:
                if operation == "subscribe 2acd":
                    raise EOFError

            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            machine.stop()
            system.before = unheard
            with pytest.raises(Disconnected, match="does not send what the belt does"):
                await machine.reconnect()
            assert not machine.state.connected
            assert machine.owes_a_stop
            system.before = lambda _: None
            await machine.reconnect()
            assert on_links_after(treadmill, 2)[0] == "0801"

    virtual_time(story())


def test_a_stop_to_a_device_under_a_new_address_waits_until_it_has_proven_who_it_is(
    virtual_time: Callable[..., Any],
) -> None:
    """S12: the neighbour's belt is not stopped for ours."""

    async def story() -> None:
        ours, other = namesakes("A-17", "B-18")
        system = System()
        async with Machine.connect(system.reaching(ours)) as machine:
            await walking(machine)
            system.remembers = False
            ours.leave_range()
            await until(lambda: not machine.is_connected)
            machine.stop()
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(60)
            assert written(other) == []
            ours._radio.address = "D0:5E:12:34:56:78"  # noqa: SLF001 - as its next power-on would have it
            ours.enter_range()
            await until(again.done, within=60)
            assert on_links_after(ours, 1)[0] == "0801"
            await until(lambda: ours.belt.standing, within=5)

    virtual_time(story())


def test_a_standing_belt_proves_no_stop_while_a_start_s_write_hangs(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5: the Stop overtook it and was answered; the Start arrives twelve seconds later, and moves the belt."""

    async def story() -> None:
        system = System(delays={"07": 12.0})
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await until(lambda: machine.state.standing is True)
            starting = asyncio.create_task(machine.start())
            await asyncio.sleep(0.5)
            stopping = asyncio.ensure_future(machine.stop())
            assert isinstance(await starting, Unknown)
            began = treadmill.now
            await until(lambda: starts(treadmill) == 1, within=15)
            assert treadmill.now - began > 11
            assert not stopping.done()
            assert await stopping == Confirmed()
            proven = treadmill.now
            await asyncio.sleep(30)
            assert treadmill.belt.standing
            assert treadmill.belt.log.speed_at(proven) == 0
            assert targets(treadmill) == []

    virtual_time(story())
