"""What faults do on the air: bleak's own client sees them, and the belt's log says what truly happened.

The kinds that only change octets are shown in tests/unit/simulator/test_misbehaviour.py.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from backstride.driver.machine import Machine
from backstride.errors import ConfigError, NotFound
from backstride.machines.facts import load_facts
from backstride.protocol import uuids
from backstride.simulator.belt_log import Cause
from backstride.simulator.faults import CATALOGUE
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.simulator.virtual_time import stall
from backstride.units import Incline, Speed
from tests.support.bench import altered
from tests.unit.simulator import test_misbehaviour

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    VirtualTime = Callable[[Coroutine[Any, Any, Any]], Any]

CONTROL, DATA, STATUS = uuids.CONTROL_POINT, uuids.TREADMILL_DATA, uuids.MACHINE_STATUS
DOCS = Path(__file__).parents[2] / "docs" / "faults.md"
LOST = pytest.approx(0.015, abs=0.002)


class App:
    """bleak's client on a treadmill, with control of it; remembers what came, and when the link went.

    Attributes:
        came: Instant, characteristic and octets (hex) of everything that was sent.
        lost: Instants at which the system said that the link is gone.
    """

    def __init__(self, treadmill: SimulatedTreadmill) -> None:
        self.treadmill = treadmill
        self.came: list[tuple[float, str, str]] = []
        self.lost: list[float] = []
        self.client = BleakClient(treadmill.device, self._on_lost, backend=treadmill.backend, timeout=30)

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def connect(self) -> None:
        await self.client.connect()
        for uuid in (DATA, STATUS, CONTROL):
            await self.client.start_notify(uuid, lambda one, value: self._on_value(one.uuid, value))
        await self.ask("00")

    async def ask(self, *requests: str) -> str:
        """Write each, and return the answer to the last, which may be none."""
        for request in requests:
            self.forget()
            await self.client.write_gatt_char(CONTROL, bytes.fromhex(request), response=True)
            await asyncio.sleep(0.01)
        return "".join(self.values(CONTROL))

    async def walk(self) -> None:
        """Bring the belt to 3 km/h."""
        await self.ask("07", "022c01")
        await asyncio.sleep(14)
        assert self.treadmill.belt.speed == 3.0
        self.forget()

    def values(self, uuid: str) -> list[str]:
        return [value for _, one, value in self.came if one == uuid]

    def forget(self) -> None:
        self.came.clear()

    def _on_value(self, uuid: str, value: bytearray) -> None:
        self.came.append((asyncio.get_running_loop().time(), uuid, value.hex()))

    def _on_lost(self, _: BleakClient) -> None:
        self.lost.append(asyncio.get_running_loop().time())


async def heard(treadmill: SimulatedTreadmill, seconds: float = 1.2) -> list[str]:
    """Return the addresses that a scan hears."""
    async with BleakScanner(backend=treadmill.scanner_backend) as scanner:
        await asyncio.sleep(seconds)
        return [device.address for device in scanner.discovered_devices]


def test_every_kind_of_fault_is_shown_by_a_test_of_its_name() -> None:
    names = [*vars(test_misbehaviour), *globals()]
    shown = {kind for kind in CATALOGUE if any(name.startswith(f"test_{kind.replace('-', '_')}_") for name in names)}
    assert shown == {*CATALOGUE}


# The console


async def pressed(fault: str) -> tuple[list[str], Cause, float]:
    """Let something be done at the console of a walking machine; return what is told of it, and what the belt does."""
    treadmill = SimulatedTreadmill()
    async with App(treadmill) as app:
        await app.walk()
        struck = treadmill.now
        treadmill.strike(fault)
        await asyncio.sleep(0.1)
        last = treadmill.belt.log.breakpoints[-1]
        assert (last.by, last.time) == ("console", struck)
        return app.values(STATUS), last.cause, last.target


def test_console_stop_brings_the_belt_to_rest(virtual_time: VirtualTime) -> None:
    assert virtual_time(pressed("console-stop")) == (["0201"], Cause.STOP, 0.0)


def test_console_pause_brings_the_belt_to_rest(virtual_time: VirtualTime) -> None:
    assert virtual_time(pressed("console-pause")) == (["0202"], Cause.PAUSE, 0.0)


@pytest.mark.parametrize(
    ("value", "status", "target"),
    [
        ("=1.8", "05b400", 1.8),
        ("", "057800", 1.2),
        ("=90", "05d007", 20.0),  # the fastest that the console offers
        ("=0", "055000", 0.8),
    ],
)
def test_console_speed_sets_the_speed(virtual_time: VirtualTime, value: str, status: str, target: float) -> None:
    assert virtual_time(pressed(f"console-speed{value}")) == ([status], Cause.TARGET, target)


def test_console_start_moves_the_belt(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            treadmill.strike("console-start")
            await asyncio.sleep(5)
            assert app.values(STATUS) == ["04"]
            assert treadmill.belt.speed > 0
            assert treadmill.belt.log.breakpoints[1].by == "console"

    virtual_time(story())


@pytest.mark.parametrize(("fault", "status", "incline"), [("=1.5", "060f00", 1.5), ("=99", "069600", 15.0)])
def test_console_incline_moves_the_deck(virtual_time: VirtualTime, fault: str, status: str, incline: float) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            treadmill.strike(f"console-incline{fault}")
            await asyncio.sleep(40)
            assert app.values(STATUS) == [status]
            assert treadmill.belt.incline == incline

    virtual_time(story())


def test_console_incline_does_nothing_where_there_is_no_deck(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("yesoul-w2-pro")
        async with App(treadmill) as app:
            treadmill.strike("console-incline")
            await asyncio.sleep(5)
            assert app.values(STATUS) == []
            assert treadmill.belt.incline == 0.0

    virtual_time(story())


def test_safety_key_keeps_the_belt_from_starting_until_it_is_back(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            treadmill.strike("safety-key=8")
            await asyncio.sleep(7.9)
            assert app.values(STATUS) == ["03"]
            assert treadmill.belt.standing
            assert await app.ask("07") == "800704"
            await asyncio.sleep(0.1)
            assert await app.ask("07") == "800701"

    virtual_time(story())


# Other clients


def test_control_taken_is_told_and_commands_are_refused(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            treadmill.strike("control-taken")
            await asyncio.sleep(0.1)
            assert app.values(STATUS) == ["ff"]
            assert await app.ask("02c800") == "800205"
            assert treadmill.belt.target == 3.0
            assert await app.ask("00", "02c800") == "800201"

    virtual_time(story())


def test_other_client_takes_control_and_sets_a_speed(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            treadmill.strike("other-client=1.8")
            await asyncio.sleep(0.1)
            assert app.values(STATUS) == ["ff", "05b400"]
            last = treadmill.belt.log.breakpoints[-1]
            assert (last.by, last.target) == ("client 2", 1.8)
            assert await app.ask("08 01") == "800805"

    virtual_time(story())


def test_other_client_waits_for_a_procedure_that_is_under_way(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            treadmill.strike("answer-late=2.5")
            treadmill.strike("other-client=1.8")
            await app.ask("02c800")
            await asyncio.sleep(2.4)
            assert treadmill.belt.target == 2.0
            await asyncio.sleep(5)
            assert treadmill.belt.target == 1.8
            await asyncio.sleep(2)
            assert await app.ask("00") == ""
            await asyncio.sleep(2.5)
            assert app.values(CONTROL) == ["800001"]

    virtual_time(story())


def test_other_client_means_the_speed_in_the_unit_of_the_machine(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            treadmill.strike("unit-mph")
            treadmill.strike("other-client=1.61")
            await asyncio.sleep(0.1)
            assert treadmill.belt.target == pytest.approx(1.61, abs=0.05)

    virtual_time(story())


def test_other_client_that_is_refused_for_good_gives_up(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            treadmill.strike("write-error")
            treadmill.strike("other-client")
            await asyncio.sleep(60)
            assert len([write for write in treadmill.writes if write.connection == 2]) == 11
            assert treadmill.belt.speed == 3.0

    virtual_time(story())


def test_other_client_that_finds_no_room_takes_control_all_the_same(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(link={"centrals": 1}))
        async with App(treadmill) as app:
            await app.walk()
            treadmill.strike("other-client")
            await asyncio.sleep(0.1)
            assert app.values(STATUS) == ["ff"]
            assert treadmill.belt.speed == 3.0

    virtual_time(story())


# Requests and answers, as the client meets them


def test_answer_first_comes_before_the_write_is_acknowledged(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            treadmill.strike("silent")
            treadmill.latency = 0.5
            for fault, answered_after in (("silent", 0.5), ("answer-first", 0.0)):
                treadmill.strike(fault)
                app.forget()
                began = treadmill.now
                await app.client.write_gatt_char(CONTROL, b"\x00", response=True)
                assert treadmill.now - began == pytest.approx(0.5)
                assert [at - began for at, _, _ in app.came] == [pytest.approx(answered_after, abs=0.01)]
                assert app.values(CONTROL) == ["800001"]
            treadmill.latency = 0.015

    virtual_time(story())


def test_response_late_holds_back_reads_and_writes(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            treadmill.strike("response-late=3")
            began = treadmill.now
            await app.client.write_gatt_char(CONTROL, b"\x07", response=True)
            assert treadmill.now - began == pytest.approx(3.015, abs=0.001)
            assert treadmill.belt.running
            await app.client.read_gatt_char(uuids.FITNESS_MACHINE_FEATURE)
            assert treadmill.now - began == pytest.approx(6.03, abs=0.001)

    virtual_time(story())


@pytest.mark.parametrize("code", [0x0E, 0xFD, 0xFE])
def test_write_error_is_what_bleak_raises(virtual_time: VirtualTime, code: int) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=[f"write-error={code:#x}@start"])
        async with App(treadmill) as app:
            with pytest.raises(BleakGATTProtocolError) as error:
                await app.ask("07")
            assert error.value.code == code

    virtual_time(story())


@pytest.mark.parametrize("code", [0x05, 0x0F])
def test_write_error_that_pairing_would_mend_is_what_bluez_makes_of_it(virtual_time: VirtualTime, code: int) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=[f"write-error={code:#x}@start"])
        async with App(treadmill) as app:
            with pytest.raises(BleakDBusError, match="Not paired"):
                await app.ask("07")

    virtual_time(story())


def test_hang_ends_with_the_link_and_with_nothing_else(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=["hang@start"])
        async with App(treadmill) as app:
            assert await app.ask("07") == ""
            await asyncio.sleep(600)
            with pytest.raises(BleakGATTProtocolError) as error:
                await app.ask("0801")
            assert error.value.code is BleakGATTProtocolErrorCode.PROCEDURE_ALREADY_IN_PROGRESS
            await app.client.disconnect()
            assert treadmill.belt.running
            await app.connect()
            assert await app.ask("0801") == "800801"

    virtual_time(story())


def test_doubled_after_a_reconnection(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=["doubled@reconnect"])
        async with App(treadmill) as app:
            assert await app.ask("00") == "800001"
            treadmill.drop_link()
            await asyncio.sleep(1)
            await app.connect()
            assert await app.ask("00") == "800001" * 2
            app.forget()
            await asyncio.sleep(1.1)
            (first, second) = app.values(DATA)
            assert first == second

    virtual_time(story())


# The link


def test_link_lost_is_told_at_once_and_the_belt_goes_on_unseen(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        app = App(treadmill)
        async with app:
            await app.walk()
            struck = treadmill.now
            treadmill.strike("link-lost=8")
            await asyncio.sleep(5)
            assert app.lost[0] - struck == LOST
            assert not app.client.is_connected
            assert await heard(treadmill) == []
            assert treadmill.belt.speed == 3.0
            await asyncio.sleep(1.9)
            assert await heard(treadmill) == [treadmill.device.address]
            await app.connect()
            assert treadmill.belt.speed == 3.0
            assert await app.ask("0801") == "800801"

    virtual_time(story())


def test_link_lost_lets_an_attempt_to_connect_hang(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            treadmill.strike("link-lost=8")
            await asyncio.sleep(0.1)
            began = treadmill.now
            with pytest.raises(TimeoutError):
                await app.client.connect()
            assert treadmill.now - began == pytest.approx(30.0)

    virtual_time(story())


def test_out_of_range_for_less_than_the_supervision_timeout_holds_everything_back(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            struck = treadmill.now
            treadmill.strike("out-of-range=1.9")
            writing = asyncio.create_task(app.client.write_gatt_char(CONTROL, b"\x08\x01", response=True))
            await asyncio.sleep(1.8)
            assert app.came == []
            assert not writing.done()
            await writing
            assert treadmill.now - struck == pytest.approx(1.915, abs=0.01)
            assert len(app.values(DATA)) == 2
            assert app.lost == []

    virtual_time(story())


def test_out_of_range_for_longer_is_a_lost_link(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            struck = treadmill.now
            treadmill.strike("out-of-range=6")
            await asyncio.sleep(4)
            assert app.lost == [pytest.approx(struck + 2.0, abs=0.01)]
            assert app.came == []
            assert await heard(treadmill) == []
            await asyncio.sleep(1)
            await app.connect()
            assert treadmill.belt.speed == 3.0

    virtual_time(story())


@pytest.mark.parametrize("walked_before", [False, True])
def test_returns_moving_comes_back_with_a_belt_that_somebody_set_in_motion(
    virtual_time: VirtualTime, *, walked_before: bool
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            if walked_before:
                await app.walk()
            struck = treadmill.now
            treadmill.strike("returns-moving=12")
            await asyncio.sleep(12.1)
            assert app.lost[0] - struck == LOST
            await app.connect()
            assert treadmill.belt.speed == 1.0
            done = [point for point in treadmill.belt.log.breakpoints if point.by == "console"]
            assert done[0].time == pytest.approx(struck + 6.0, abs=0.01)

    virtual_time(story())


def test_returns_standing_comes_back_with_a_belt_that_somebody_stopped(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            struck = treadmill.now
            treadmill.strike("returns-standing=8")
            await asyncio.sleep(8.1)
            await app.connect()
            assert treadmill.belt.standing
            (stopped,) = [point for point in treadmill.belt.log.breakpoints if point.by == "console"]
            assert stopped.cause is Cause.STOP
            assert stopped.time == pytest.approx(struck + 4.0, abs=0.01)
            assert await app.ask("07") == "800701"

    virtual_time(story())


@pytest.mark.parametrize(("model", "stranger"), [("generic", b"Sole F85 (2023)"), ("sole-f85", b"Generic treadmill")])
def test_returns_other_is_another_machine_while_the_first_goes_on_unseen(
    virtual_time: VirtualTime, model: str, stranger: bytes
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(model)
        async with App(treadmill) as app:
            known = bytes(await app.client.read_gatt_char(uuids.MODEL_NUMBER))
            treadmill.console.press_start()
            await asyncio.sleep(10)
            writes = len(treadmill.writes)
            treadmill.strike("returns-other=5")
            await asyncio.sleep(5.1)
            await app.connect()
            assert bytes(await app.client.read_gatt_char(uuids.MODEL_NUMBER)) == stranger != known
            app.forget()
            await app.ask("08 01")
            assert treadmill.belt.speed == 0.8
            assert len(treadmill.writes) == writes
            await asyncio.sleep(1.5)
            assert all(value[4:8] == "0000" for value in app.values(DATA))

    virtual_time(story())


def test_returns_other_is_not_taken_for_the_machine_that_was_lost(virtual_time: VirtualTime) -> None:
    """S12: the same machine, by identity."""

    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with Machine.connect(treadmill) as machine:
            treadmill.strike("returns-other=1")
            await asyncio.sleep(2)
            with pytest.raises(NotFound):
                await machine.reconnect()

    virtual_time(story())


def test_power_cut_brings_the_belt_to_rest_and_the_machine_is_gone_for_a_while(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            struck = treadmill.now
            treadmill.strike("power-cut=6")
            await asyncio.sleep(4)
            assert app.lost == [pytest.approx(struck + 2.0, abs=0.01)]
            assert app.came == []
            assert treadmill.belt.standing
            assert [point.cause for point in treadmill.belt.log.breakpoints][-2:] == [Cause.POWER, Cause.REACHED]
            assert await heard(treadmill) == []
            with pytest.raises(BleakDeviceNotFoundError):
                await app.client.connect()
            await asyncio.sleep(1)
            await app.connect()
            assert treadmill.belt.standing
            assert await app.ask("07") == "800701"

    virtual_time(story())


# The computer


def test_adapter_lost_ends_the_links_and_is_said_as_bleak_says_it(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            struck = treadmill.now
            treadmill.strike("adapter-lost=6")
            await asyncio.sleep(3)
            assert app.lost[0] - struck == LOST
            assert treadmill.belt.speed == 3.0
            with pytest.raises(BleakBluetoothNotAvailableError, match="No Bluetooth adapters found"):
                await heard(treadmill)
            name = treadmill.device.address.replace(":", "_")
            with pytest.raises(BleakError, match=f"^device 'dev_{name}' not found$"):
                await app.client.connect()
            await asyncio.sleep(3.1)
            assert await heard(treadmill) == [treadmill.device.address]
            await app.connect()
            assert await app.ask("0801") == "800801"

    virtual_time(story())


def test_adapter_lost_takes_the_links_of_every_machine_in_the_air(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        neighbour = SimulatedTreadmill(air=treadmill.air)
        async with App(treadmill), App(neighbour) as app:
            treadmill.strike("adapter-lost")
            await asyncio.sleep(0.1)
            assert not app.client.is_connected

    virtual_time(story())


def test_adapter_unsaid_leaves_a_link_that_looks_alive(virtual_time: VirtualTime) -> None:
    """bleak on BlueZ hears of a removed device and tells no client (manager.py, InterfacesRemoved)."""

    async def story() -> None:
        treadmill = SimulatedTreadmill()
        app = App(treadmill)
        await app.connect()
        await app.walk()
        writes = len(treadmill.writes)
        treadmill.strike("adapter-unsaid=600")
        await asyncio.sleep(60)
        looks_alive = app.client.is_connected
        assert looks_alive
        assert (app.lost, app.came) == ([], [])
        for operation in (app.client.read_gatt_char(uuids.MODEL_NUMBER), app.ask("0801")):
            with pytest.raises(BleakDBusError, match="UnknownObject"):
                await operation
        assert len(treadmill.writes) == writes
        assert treadmill.belt.speed == 3.0
        with pytest.raises(BleakDBusError, match="UnknownObject"):
            await app.client.disconnect()
        assert not app.client.is_connected
        assert len(app.lost) == 1
        await asyncio.sleep(600)
        await app.connect()
        assert await app.ask("0801") == "800801"
        await app.client.disconnect()

    virtual_time(story())


def test_adapter_unsaid_fails_what_is_under_way(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=["response-late=30"])
        app = App(treadmill)
        await app.client.connect()
        reading = asyncio.create_task(app.client.read_gatt_char(uuids.MODEL_NUMBER))
        await asyncio.sleep(1)
        treadmill.strike("adapter-unsaid")
        await asyncio.sleep(0.1)
        with pytest.raises(BleakError):
            await reading
        with pytest.raises(BleakDBusError):
            await app.client.disconnect()

    virtual_time(story())


def test_stalled_lets_the_treadmill_go_on_and_everything_arrives_at_once(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        treadmill = SimulatedTreadmill()
        async with App(treadmill) as app:
            await app.walk()
            await app.ask("025802")
            app.forget()
            struck = treadmill.now
            treadmill.strike("stalled=4.5")
            ticks: list[float] = []
            for _ in range(3):
                await asyncio.sleep(0.5)
                ticks.append(loop.time() - struck)
            assert ticks == [pytest.approx(4.5), pytest.approx(5.0), pytest.approx(5.5)]
            instants = [at - struck for at, uuid, _ in app.came if uuid == DATA]
            assert instants[:4] == [pytest.approx(4.5, abs=0.01)] * 4
            assert instants[4:] == [pytest.approx(5.0, abs=0.6)]
            told = [int.from_bytes(bytes.fromhex(value)[2:4], "little") for value in app.values(DATA)]
            assert [speed - told[0] for speed in told] == [0, 30, 60, 90, 120]  # 0.3 km/h a second all the while
            assert app.lost == []

    virtual_time(story())


def test_stalled_stands_still_in_real_time_as_well() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        began = time.monotonic()
        stall(loop, 0.05)
        return time.monotonic() - began

    assert asyncio.run(story()) >= 0.05


# Before anything lives


def test_what_happens_before_any_event_loop_happens_on_the_first_one(virtual_time: VirtualTime) -> None:
    async def story(treadmill: SimulatedTreadmill) -> None:
        async with App(treadmill):
            await asyncio.sleep(20)
            assert treadmill.belt.speed == 2.0
            assert {point.by for point in treadmill.belt.log.breakpoints[1:]} == {"console", "belt"}

    treadmill = SimulatedTreadmill()
    treadmill.strike("console-start")
    treadmill.strike("console-speed=2")
    assert treadmill.belt.standing
    virtual_time(story(treadmill))


def test_what_is_mended_before_any_event_loop_does_not_happen(virtual_time: VirtualTime) -> None:
    async def story(treadmill: SimulatedTreadmill) -> None:
        async with App(treadmill):
            await asyncio.sleep(5)
            assert treadmill.belt.standing

    treadmill = SimulatedTreadmill(faults=["console-start"])
    treadmill.mend()
    virtual_time(story(treadmill))


def test_a_machine_without_power_or_adapter_from_the_beginning_is_not_found(virtual_time: VirtualTime) -> None:
    async def story(fault: str, error: type[Exception]) -> None:
        treadmill = SimulatedTreadmill(faults=[fault])
        with pytest.raises(error):
            await App(treadmill).client.connect()
        await asyncio.sleep(5.1)
        async with App(treadmill) as app:
            assert await app.ask("07") == "800701"

    async def unheard() -> None:
        treadmill = SimulatedTreadmill(faults=["power-cut=8"])
        assert await heard(treadmill, 7.9) == []
        assert await heard(treadmill) == [treadmill.device.address]

    virtual_time(story("power-cut", BleakDeviceNotFoundError))
    virtual_time(story("adapter-lost", BleakError))
    virtual_time(unheard())


def test_a_lasting_fault_before_any_event_loop_is_at_work_from_the_first_connection(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        async with App(SimulatedTreadmill(faults=["answer-lost"])) as app:
            assert await app.ask("00") == ""

    virtual_time(story())


@pytest.mark.parametrize("late", [0.0, 45.0])
def test_seconds_count_from_the_first_connection_however_late_it_comes(virtual_time: VirtualTime, late: float) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=["silent@20"])
        await asyncio.sleep(late)
        async with App(treadmill) as app:
            connected = treadmill.now
            await asyncio.sleep(40)
            assert app.came[-1][0] - connected == pytest.approx(19.5, abs=0.6)

    virtual_time(story())


def test_seconds_count_from_the_first_connection_in_real_time() -> None:
    """A real loop's clock is days ahead when a machine is first connected to."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(telemetry={"interval": 0.05}), faults=["silent@0.3"])
        async with App(treadmill) as app:
            await asyncio.sleep(0.2)
            assert app.values(DATA)
            await asyncio.sleep(0.2)
            app.forget()
            await asyncio.sleep(0.15)
            assert app.values(DATA) == []

    asyncio.run(story())


# Together, and in machine files


def test_faults_of_link_belt_and_telemetry_are_at_work_together(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        faults = [
            "late-motion=5",
            "floor=2",
            "absurd=99@motion+10",
            "link-lost=4@motion+20",
            "console-stop@reconnect+3",
        ]
        treadmill = SimulatedTreadmill(faults=faults)
        async with App(treadmill) as app:
            began = treadmill.now
            await app.ask("07")
            await asyncio.sleep(17)
            assert treadmill.belt.log.speed_at(began + 4.9) == 0
            assert treadmill.belt.speed == 2.0
            assert app.values(DATA)[-1][4:8] == "ac26"
            await asyncio.sleep(8.5)
            assert not app.client.is_connected
            await asyncio.sleep(4)
            await app.connect()
            assert treadmill.belt.running
            await asyncio.sleep(3.1)
            assert not treadmill.belt.running

    virtual_time(story())


def test_mend_makes_it_whole(virtual_time: VirtualTime) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=["silent", "speed-ignored", "link-lost@+5"])
        async with App(treadmill) as app:
            treadmill.mend()
            await app.walk()
            assert app.lost == []
            await asyncio.sleep(2)
            assert len(app.values(DATA)) == 2

    virtual_time(story())


MACHINE_FILE = """\
model = "Mine"
summary = "A treadmill."
faults = {faults}
"""


def machine_file(folder: Path, faults: str) -> str:
    path = folder / "mine.toml"
    path.write_text(MACHINE_FILE.format(faults=faults), encoding="utf-8")
    return str(path)


def test_a_machine_file_says_what_goes_wrong_and_more_can_be_added(virtual_time: VirtualTime, tmp_path: Path) -> None:
    async def story() -> None:
        model = machine_file(tmp_path, '["incline-ignored", "console-speed=2@motion+5"]')
        treadmill = SimulatedTreadmill(model, faults=["late-motion=3"])
        async with App(treadmill) as app:
            began = treadmill.now
            assert await app.ask("07", "031400") == "800301"
            await asyncio.sleep(30)
            assert treadmill.belt.incline == 0.0
            assert treadmill.belt.log.speed_at(began + 2.9) == 0.0
            assert treadmill.belt.speed == 2.0

    virtual_time(story())


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (
            '["silnt"]',
            "The machine file 'mine' cannot be simulated: There is no fault 'silnt'; did you mean silent?",
        ),
        (
            '["silent", "floor=900"]',
            "The machine file 'mine' cannot be simulated: The fault floor takes 0 to 655.35 (km/h), not 900.",
        ),
    ],
)
def test_a_wrong_fault_in_a_machine_file_is_said_with_the_file(tmp_path: Path, faults: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        SimulatedTreadmill(machine_file(tmp_path, faults))
    assert str(error.value).startswith(sentence)


def test_faults_that_are_no_list_are_said_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"The machine file 'mine' cannot be read: (?s:.*)faults"):
        load_facts(machine_file(tmp_path, '"silent"'))


def test_faults_of_a_machine_file_do_not_concern_the_driver(virtual_time: VirtualTime, tmp_path: Path) -> None:
    async def story() -> None:
        facts = load_facts(machine_file(tmp_path, '["silnt"]'))
        async with Machine.connect(SimulatedTreadmill(), facts=facts) as machine:
            assert machine.facts.faults == ("silnt",)

    virtual_time(story())


def test_a_wrong_fault_that_is_typed_names_no_file() -> None:
    with pytest.raises(ConfigError, match=r"^There is no fault 'silnt'"):
        SimulatedTreadmill(faults=["silnt"])
    with pytest.raises(ConfigError, match=r"^There is no fault 'silnt'"):
        SimulatedTreadmill().strike("silnt")


def test_the_units_of_console_and_deck_are_those_of_the_belt() -> None:
    assert (Speed.parse("1.2 km/h"), Incline.parse("1 %")) == (
        Speed(round(CATALOGUE["console-speed"].usual * 100)),
        Incline(round(CATALOGUE["console-incline"].usual * 10)),
    )


def test_the_example_of_the_docs_runs(virtual_time: VirtualTime, treadmill: SimulatedTreadmill) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own page
    names["test_the_walk_goes_on_after_a_lost_link"](treadmill, virtual_time)
    assert len({write.connection for write in treadmill.writes}) == 2


def test_the_machine_file_of_the_docs_loads(tmp_path: Path) -> None:
    (faults,) = re.findall(r"```toml\nfaults = (.*?)\n```", DOCS.read_text(encoding="utf-8"))
    assert len(SimulatedTreadmill(machine_file(tmp_path, faults)).facts.faults) == 2
