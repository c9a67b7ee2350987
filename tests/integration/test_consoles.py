"""A console that is set to miles: from the settings on the disk to the octets on the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.cli import target
from backstride.apps.cli.controls import Controls
from backstride.apps.cli.ears import simulated_radio
from backstride.apps.cli.keys import Key
from backstride.apps.cli.target import choose, connected
from backstride.apps.config import load_settings
from backstride.apps.service import Walk, prepare, run_session
from backstride.driver.confirmation import Confirmed
from backstride.driver.machine import Machine
from backstride.machines.facts import WireUnit, known_machines, load_facts
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed, SpeedUnit
from backstride.workout.events import Ask, PersonNeeded
from backstride.workout.profile import Limits, Profile, Steady
from tests.integration.test_pairing import at_the_terminal, over
from tests.support.bench import starts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backstride.apps.config import Settings
    from backstride.driver.discovery import Discovery

MILES = [name for name in known_machines() if "targets" in load_facts(name).miles_console]
TWO_MPH = "02c800"
TWO_MPH_IN_KMH = "024201"  # 3.22 km/h
WALK = Profile(name="Walk", steps=(Steady(duration=60, speed=Speed.from_mph(1), incline=Incline(0)),))


def speeds_written(treadmill: SimulatedTreadmill) -> list[str]:
    return [write.value.hex() for write in treadmill.writes if write.value[0] == 0x02]


def in_settings(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ={}, records=tmp_path / "records")


async def two_mph(settings: Settings, treadmill: SimulatedTreadmill, device: str | None = None) -> None:
    """Walk at 2 mph on the treadmill that the settings mean."""
    async with connected(choose(settings, device=device, simulated=None), settings) as machine:
        assert machine.facts.id == treadmill.facts.id
        assert machine.capabilities.speed is not None
        assert await machine.start() == Confirmed()
        assert await machine.set_speed(machine.capabilities.speed.snap(Speed.from_mph(2))) == Confirmed()
        await asyncio.sleep(10)
        assert machine.state.speed == pytest.approx(322, abs=5)
        assert treadmill.belt.log.speed_at(treadmill.now) == pytest.approx(3.22, abs=0.05)


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> Air:
    """An air that the command line hears instead of the computer's own."""
    air = Air()

    def discovery(*, adapter: str | None = None) -> Discovery:
        assert adapter is None
        return over(air)

    monkeypatch.setattr(target, "Discovery", discovery)
    return air


@pytest.mark.parametrize("model", MILES)
def test_a_treadmill_s_own_console_is_driven_in_miles_and_stays_in_the_file(
    virtual_time: Callable[..., Any], tmp_path: Path, air: Air, model: str
) -> None:
    """S7: a target in hundredths of a mile, where one of 3.22 would run 5.2 km/h."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(load_facts(model).with_console(WireUnit.MPH), air=air)
        mine = f'[machines.Mine]   # in the cellar\naddress = "{treadmill.address}"\nconsole = "mph"   # since May\n'
        settings = in_settings(tmp_path, mine)
        await two_mph(settings, treadmill)
        assert speeds_written(treadmill)[0] in {TWO_MPH, "02c700", "02c900"}  # the grid's nearest may be 0.01 off
        assert 'console = "mph"   # since May' in settings.file.read_text("utf-8")
        again = load_settings(settings.file, environ={})
        assert (again.machines["Mine"].console, again.machines["Mine"].model) == (WireUnit.MPH, model)
        await two_mph(again, treadmill, "mine")

    virtual_time(story())


def test_a_console_in_kilometres_gets_kilometres_whatever_all_others_are_set_to(
    virtual_time: Callable[..., Any], tmp_path: Path, air: Air
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("therun-t15", air=air)
        mine = f'console = "mph"\n[machines.Mine]\naddress = "{treadmill.address}"\nconsole = "km/h"\n'
        await two_mph(in_settings(tmp_path, mine), treadmill)
        assert speeds_written(treadmill)[0] in {TWO_MPH_IN_KMH, "024001"}

    virtual_time(story())


def test_a_treadmill_never_met_before_is_taken_as_all_are(
    virtual_time: Callable[..., Any], tmp_path: Path, air: Air
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(load_facts("therun-t15").with_console(WireUnit.MPH), air=air)
        await two_mph(in_settings(tmp_path, 'console = "mph"\n'), treadmill, "THERUN")
        assert speeds_written(treadmill)[0] == TWO_MPH

    virtual_time(story())


def test_the_setting_changes_nothing_on_a_treadmill_that_means_the_same_in_miles(
    virtual_time: Callable[..., Any], tmp_path: Path, air: Air
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("sole-f89", air=air)
        await two_mph(in_settings(tmp_path, 'console = "mph"\n'), treadmill, "F89")
        assert speeds_written(treadmill)[0] == "024001"  # 3.20 km/h, its nearest step

    virtual_time(story())


def test_a_simulated_treadmill_has_the_console_of_the_settings(
    virtual_time: Callable[..., Any], tmp_path: Path
) -> None:
    async def story() -> None:
        settings = in_settings(tmp_path, 'console = "mph"\n')
        async with connected(choose(settings, device=None, simulated="therun-t15"), settings) as machine:
            assert machine.facts == load_facts("therun-t15").with_console(WireUnit.MPH)
            assert await machine.start() == Confirmed()
            assert machine.state.speed is not None
            assert machine.state.speed < Speed.from_mph("0.6")
        (found,) = await simulated_radio(("therun-t15",), settings.console).scan()
        assert found.device.details["radio"].peripheral.facts.control.write_unit is WireUnit.MPH

    virtual_time(story())


def test_from_the_list_a_treadmill_is_driven_by_its_console_too(
    virtual_time: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        air = Air()
        treadmill = SimulatedTreadmill(load_facts("therun-t15").with_console(WireUnit.MPH), air=air)
        settings = in_settings(tmp_path, f'[machines.Mine]\naddress = "{treadmill.address}"\nconsole = "mph"\n')
        profiles = tmp_path / "profiles"
        profiles.mkdir()
        (profiles / "mine.yaml").write_text(
            "name: Mine\nfacing: backward\nsteps:\n  - steady: {for: 60 s, speed: 1 mph}\n"
        )
        async with at_the_terminal(settings, over(air, real=False)) as person:
            await person.sees("Which session?")
            await person.type("1", "\r", "\r")
            assert await person.running == 0
        assert "026400" in speeds_written(treadmill)
        assert all(int.from_bytes(bytes.fromhex(value[2:]), "little") <= 100 for value in speeds_written(treadmill))

    virtual_time(story())
    assert "Finished" in capsys.readouterr().out


@pytest.mark.parametrize("model", MILES)
@pytest.mark.parametrize("real", list(WireUnit))
def test_s7_a_console_that_is_set_otherwise_than_the_settings_say_never_takes_the_belt_beyond_the_plan(
    virtual_time: Callable[..., Any], model: str, real: WireUnit
) -> None:
    """It holds at what it sees, or the distance gives the unit away; either way nobody walks 1.6 times as fast."""
    told = WireUnit.KMH if real is WireUnit.MPH else WireUnit.MPH
    fastest = Speed(320)
    profile = Profile(name="Walk", steps=(Steady(duration=120, speed=fastest, incline=Incline(0)),))
    speeds: list[float] = []

    async def story() -> None:
        treadmill = SimulatedTreadmill(load_facts(model).with_console(real))
        async with Machine.connect(treadmill, console=told) as machine:
            walk = Walk(machine, prepare(profile, machine))
            machine.on_state(lambda _: speeds.append(treadmill.belt.speed))
            running = asyncio.create_task(walk.run())
            walk.start()
            await asyncio.sleep(100)
            walk.stop()
            await running
        assert treadmill.belt.standing

    virtual_time(story())
    assert 0 < max(speeds) <= fastest.kmh


# --- what is to be seen to is shown before the belt starts


def test_s1_enter_agrees_to_what_is_to_be_seen_to_before_another_enter_starts(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("merach-w50")
        async with Machine.connect(treadmill) as machine:
            hard = WALK.model_copy(update={"limits": Limits(speed=Speed(700))})
            walk = Walk(machine, prepare(hard, machine))
            controls = Controls(walk, SpeedUnit.MPH)
            running = asyncio.create_task(walk.run())
            questions = [controls.question()]
            for _ in range(2):
                questions.append(controls.press(Key.ENTER))  # type: ignore[arg-type] # a question follows each
                await asyncio.sleep(15)
                assert starts(treadmill) == 0
            asked = [question for question in questions if isinstance(question, PersonNeeded)]
            assert [question.ask for question in asked] == [Ask.CONFIRM, Ask.CONFIRM, Ask.START]
            assert all(sentence in asked[0].text for sentence in machine.capabilities.before)
            assert "goes beyond the default limits" in asked[1].text
            controls.press(Key.ENTER)
            await asyncio.sleep(15)
            assert starts(treadmill) == 1
            controls.press(Key.QUIT)
            await running

    virtual_time(story())


def test_a_program_s_person_is_told_with_the_question(virtual_time: Callable[..., Any]) -> None:
    questions: list[str] = []

    class Careful:
        async def ready(self, question: PersonNeeded) -> bool:
            questions.append(question.text)
            return False

    async def story() -> None:
        treadmill = SimulatedTreadmill("kingsmith-z1")
        profile = WALK.model_copy(update={"steps": (Steady(duration=60, speed=Speed(200), incline=Incline(0)),)})
        async with Machine.connect(treadmill) as machine:
            await run_session(machine, profile, person=Careful())
        assert starts(treadmill) == 0
        assert questions == [f"{treadmill.facts.control.locked} Start Walk?"]

    virtual_time(story())
