"""Home Assistant at a simulated treadmill, without a broker: what it is told, and what its buttons do to the belt."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.mqtt.discovery import HomeAssistant
from backstride.apps.mqtt.messages import read, read_command
from backstride.apps.mqtt.payloads import Abilities, Command, Outcome
from backstride.apps.mqtt.portrait import abilities
from backstride.apps.mqtt.topics import Channel, Topics
from backstride.driver.machine import Machine
from backstride.machines.facts import known_machines
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed, SpeedUnit
from tests.support.bench import starts, until
from tests.support.home_assistant import UNKNOWN, Shown
from tests.support.mqtt import Counter, counter, repertoire

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from backstride.apps.mqtt.payloads import Answer
    from backstride.machines.capabilities import Capabilities

    VirtualTime = Callable[[Coroutine[Any, Any, Any]], Any]

AT = 1_700_000_000.123457


class Home:
    """Home Assistant as it has learnt of one treadmill, and whoever presses its buttons."""

    def __init__(self, den: Counter) -> None:
        self.den = den
        self.shown = Shown.of(HomeAssistant(Topics()).discovery(read(Abilities, den.on("capabilities")[-1]), "den"))
        assert self.shown.faults == []

    def send(self, key: str, value: object = "PRESS") -> str:
        """Press a button, or choose a value; return the id of the command."""
        octets = self.shown.command(key, value, at=self.den.now())
        if self.shown.entities[key]["command_topic"] == Topics().of(Channel.STOP, "den"):
            self.den.station.stop(octets)
        else:
            self.den.station.command(octets)
        command = read_command(octets)
        assert isinstance(command, Command)
        return command.id

    async def asked(self, key: str, value: object = "PRESS") -> Answer:
        answer = await self.den.answered(self.send(key, value))
        await asyncio.sleep(0.01)  # nobody presses twice in one instant
        return answer

    def state(self, key: str) -> str:
        topic = self.shown.entities[key]["state_topic"]
        return self.shown.state(key, self.den.on(topic.rsplit("/", 1)[1])[-1])

    async def shows(self, **states: str) -> None:
        """Wait until entities have these states."""
        await until(lambda: {key: self.state(key) for key in states} == states, within=10)


def test_a_session_is_chosen_started_steered_and_stopped_from_home_assistant(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            home = Home(den)
            await home.shows(session="idle", profile="first-steps", moving="OFF")
            assert (await home.asked("profile", "long")).outcome is Outcome.CONFIRMED
            await home.shows(profile="long")
            assert (await home.asked("start")).outcome is Outcome.CONFIRMED
            await until(lambda: home.state("speed") == "2.0", within=90)
            await home.shows(session="running", step="1", moving="ON", target_speed="2.0")
            await asyncio.sleep(6.0)
            assert (await home.asked("target_speed", 2.6)).outcome is Outcome.CONFIRMED
            assert (await home.asked("target_incline", 1.5)).outcome is Outcome.CONFIRMED
            assert treadmill.belt.speed == pytest.approx(2.6, abs=0.02)
            await home.shows(target_speed="2.6", target_incline="1.5")
            assert (await home.asked("pause")).outcome is Outcome.CONFIRMED
            await until(lambda: home.state("question") != UNKNOWN)
            assert (await home.asked("resume")).outcome is Outcome.CONFIRMED
            assert (await home.asked("skip")).outcome is Outcome.CONFIRMED
            await home.shows(step="2")
            assert (await home.asked("stop")).outcome is Outcome.CONFIRMED
            assert home.state("answer").startswith("stop confirmed")
            await home.shows(session="idle", moving="OFF")
            assert treadmill.belt.speed == 0
            assert starts(treadmill) == 2

    virtual_time(story())


def test_s7_what_a_rule_forbids_is_refused_and_the_reason_is_shown(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            home = Home(den)
            assert (await home.asked("target_speed", 3.0)).outcome is Outcome.REJECTED
            assert "no session" in home.state("answer")
            await home.asked("profile", "long")
            await home.asked("start")
            await until(lambda: home.state("speed") == "2.0", within=90)
            assert (await home.asked("target_speed", 12.0)).outcome is Outcome.REJECTED
            assert "S7" in home.state("answer")
            assert treadmill.belt.speed == pytest.approx(2.0, abs=0.02)

    virtual_time(story())


def test_s1_no_button_and_no_number_starts_a_belt_that_may_not_be_started_over_mqtt(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill, allow_start=False) as den:
            home = Home(den)
            for key in home.shown.on("button"):
                await home.asked(key)
            for key in home.shown.on("number"):
                await home.asked(key, 2.0)
            for name in home.shown.entities["profile"]["options"]:
                await home.asked("profile", name)
                await asyncio.sleep(1.0)
            await asyncio.sleep(30.0)
            assert starts(treadmill) == 0
            assert treadmill.belt.speed == 0

    virtual_time(story())


def test_s12_a_link_that_is_lost_leaves_nothing_as_it_was_and_stop_can_be_pressed_all_the_same(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            home = Home(den)
            await home.asked("profile", "long")
            await home.asked("start")
            await until(lambda: home.state("speed") == "2.0", within=90)
            treadmill.drop_link()
            await until(lambda: home.state("link") == "offline", within=10)
            await until(lambda: home.state("moving") == UNKNOWN, within=10)
            assert home.state("speed") == UNKNOWN
            pressed = home.send("stop")
            await until(lambda: treadmill.belt.speed == 0, within=60)
            assert (await den.answered(pressed)).outcome is not Outcome.REJECTED

    virtual_time(story())


def test_s4_stop_is_pressed_while_the_link_is_down_and_no_session_runs_and_reaches_a_belt_that_moves(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            home = Home(den)
            treadmill.console.press_start()
            await asyncio.sleep(5.0)
            treadmill.console.set_speed(Speed(300))
            await until(lambda: home.state("speed") == "3.0", within=10)
            treadmill.drop_link()
            await until(lambda: home.state("link") == "offline", within=10)
            home.send("stop")
            await until(lambda: treadmill.belt.speed == 0, within=30)

    virtual_time(story())


def chosen(number: dict[str, Any]) -> Iterator[float]:
    """Yield every value that can be chosen."""
    low, high, step = (Decimal(str(number[key])) for key in ("min", "max", "step"))
    while low <= high:
        yield float(low)
        low += step


@pytest.mark.parametrize("model", known_machines())
def test_every_machine_file_makes_a_payload_as_documented_whose_numbers_are_the_machines_own(
    virtual_time: VirtualTime, model: str
) -> None:
    """S7: nothing that Home Assistant lets a person choose lies between the machine's steps or outside its range."""
    treadmill = SimulatedTreadmill(model)
    asked: set[int] = set()

    async def connected() -> tuple[Capabilities, Abilities]:
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            names = repertoire().fitting(machine.capabilities)
            return machine.capabilities, abilities(machine, "cellar", names, allows_start=True)

    capabilities, able = virtual_time(connected())
    speed, incline = capabilities.speed, capabilities.incline
    for unit in SpeedUnit:
        shown = Shown.of(HomeAssistant(Topics(), unit).discovery(able, "den"))
        assert shown.faults == []
        assert ("target_speed" in shown.entities) == (speed is not None and speed.minimum < speed.maximum)
        assert ("target_incline" in shown.entities) == (incline is not None and incline.minimum < incline.maximum)
        assert ("pause" in shown.entities) == bool(able.profiles)
        assert "stop" in shown.entities
        for key in shown.on("number"):
            number = shown.entities[key]
            for value in chosen(number):
                command = read_command(shown.command(key, value, at=AT))
                assert isinstance(command, Command)
                match command.argument:
                    case Speed() as wanted if speed is not None:
                        speed.require(wanted)
                    case Incline() as wanted if incline is not None:
                        incline.require(wanted)
                    case other:
                        pytest.fail(f"{other!r} for {key}")
                asked.add(int(wanted))
    if speed is not None:
        assert {int(speed.minimum)} <= asked
    if incline is not None:
        assert {int(incline.minimum)} <= asked or incline.minimum == incline.maximum
