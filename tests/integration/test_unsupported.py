"""Treadmills that speak only their maker's protocol, and such as their maker has locked: what their owner is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from backstride.apps.cli import main, target
from backstride.apps.cli.exits import ExitCode, exit_code, sentence
from backstride.apps.cli.options import Common
from backstride.apps.cli.target import choose, connected
from backstride.apps.config import load_settings
from backstride.apps.service import Walk, prepare
from backstride.driver.confirmation import Confirmed, Unknown
from backstride.driver.machine import Machine
from backstride.errors import Disconnected, NotATreadmill, NotFound
from backstride.machines.facts import GENERIC, load_facts
from backstride.machines.unsupported import unsupported_machines
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from backstride.workout.events import CommandSettled, Ended, Ending
from backstride.workout.profile import Profile, Steady
from tests.support.bench import starts, walking, written
from tests.support.mute import mute, over

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backstride.apps.config import Settings
    from backstride.driver.discovery import Discovery
    from backstride.workout.events import SessionEvent

UNSUPPORTED = {one.id: one for one in unsupported_machines()}
NAMED = [one for one in unsupported_machines() if one.names and not one.offers_service]
LOCKED = ("kingsmith-z1", "merach-w50", "ypoo-mini-pro")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "settings.toml", environ={})


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> Air:
    """An air that the command line hears instead of the computer's own."""
    air = Air()

    def discovery(*, adapter: str | None = None) -> Discovery:
        assert adapter is None
        return over(air)

    monkeypatch.setattr(target, "Discovery", discovery)
    return air


# --- a maker's protocol


@pytest.mark.parametrize("name", [name for one in NAMED for name in one.names])
def test_a_scan_names_it_and_an_attempt_to_connect_says_why_not(virtual_time: Callable[..., Any], name: str) -> None:
    async def story() -> None:
        treadmill = mute(f"{name}5EED", air := Air())
        (found,) = await over(air).scan()
        assert found.unsupported is not None
        assert found.is_treadmill is True
        assert any(name.startswith(prefix) for prefix in found.unsupported.names)
        with pytest.raises(NotATreadmill) as refusal:
            async with Machine.connect(found):
                pass
        assert found.unsupported.sentence in str(refusal.value)
        assert treadmill.writes == []
        assert treadmill.peripheral.connections == []

    virtual_time(story())


def test_it_is_not_taken_for_the_only_treadmill_in_reach(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        mute("PitPat-T01", air := Air())
        with pytest.raises(NotFound, match=r"No treadmill that can be driven is in reach\. A PitPat-T01 or Superun is"):
            await over(air).find_any()
        other = SimulatedTreadmill("generic", air=air)
        assert (await over(air).find_any()).address == other.address

    virtual_time(story())


def test_a_domyos_tc_is_not_driven_although_it_offers_the_service(virtual_time: Callable[..., Any]) -> None:
    """It takes commands there to no avail, so a session would wait for a belt that never moves."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(name="DOMYOS-TC-1234")
        with pytest.raises(
            NotATreadmill, match="A Domyos TC treadmill is not supported: it speaks the Domyos protocol"
        ):
            async with Machine.connect(treadmill):
                pass
        assert treadmill.writes == []
        async with Machine.connect(treadmill, facts=load_facts(GENERIC)) as machine:  # who knows better names a file
            await walking(machine)

    virtual_time(story())


def test_one_that_offers_the_service_once_connected_is_driven_as_the_standard_has_it(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(name="KS-NGCH", air=(air := Air()))
        async with Machine.connect(await over(air).find("KS-")) as machine:
            assert machine.facts.id == GENERIC
            await walking(machine)
        assert treadmill.belt.standing

    virtual_time(story())


@pytest.mark.parametrize("asked", ["I_TL", "address", None])
def test_the_command_line_says_so_by_whatever_it_is_asked_for(
    virtual_time: Callable[..., Any], settings: Settings, air: Air, asked: str | None
) -> None:
    async def story() -> None:
        treadmill = mute("I_TL4711", air)
        device = treadmill.address if asked == "address" else asked
        with pytest.raises((NotATreadmill, NotFound)) as refusal:
            async with connected(choose(settings, device=device, simulated=None), settings):
                pass
        assert UNSUPPORTED["ifit"].sentence in sentence(refusal.value)
        assert exit_code(refusal.value) is ExitCode.NO_MACHINE
        assert not settings.file.exists()
        assert treadmill.writes == []

    virtual_time(story())


def test_one_that_is_not_in_reach_is_known_by_the_name_it_is_asked_for(
    virtual_time: Callable[..., Any], settings: Settings, air: Air
) -> None:
    async def story() -> None:
        SimulatedTreadmill("generic", air=air)
        for device, why in (("ks-x21", UNSUPPORTED["kingsmith-x21"].sentence), ("Sole", "")):
            with pytest.raises(NotFound, match="is in reach") as refusal:
                async with connected(choose(settings, device=device, simulated=None), settings):
                    pass
            assert why in str(refusal.value)
            assert ("not supported" in str(refusal.value)) == bool(why)

    virtual_time(story())


def test_one_that_does_not_even_let_us_connect_is_explained_as_well(
    virtual_time: Callable[..., Any], settings: Settings, air: Air
) -> None:
    class Refusing(air.client_backend):  # type: ignore[name-defined, misc] # the air makes the class
        async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ANN401, ARG002, FBT001 - bleak's signature
            raise TimeoutError

    async def story() -> None:
        air.client_backend = Refusing
        treadmill = mute("PitPat-T01", air)
        with pytest.raises((Disconnected, NotFound)) as refusal:
            async with connected(choose(settings, device=treadmill.address, simulated=None), settings):
                pass
        assert sentence(refusal.value).endswith(UNSUPPORTED["pitpat"].sentence)

    virtual_time(story())


def test_a_scan_at_the_command_line_lists_it_as_not_supported_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    air = Air()
    mute("WalkingPad 0042", air)
    SimulatedTreadmill("sole-f89", air=air)
    monkeypatch.setattr("backstride.apps.cli.ears.simulated_radio", lambda _models, _console: over(air))
    common = Common(config=tmp_path / "settings.toml")
    told = CliRunner().invoke(main.app, ["scan", "--simulated"], obj=common, env={"COLUMNS": "200"})
    assert told.exit_code == 0
    (line,) = (line for line in told.stdout.splitlines() if line.startswith("WalkingPad 0042"))
    assert "KingSmith WalkingPad A1 or R1 Pro" in line
    assert line.rstrip().endswith("not supported")
    assert told.stdout.count(UNSUPPORTED["kingsmith-wilink"].sentence) == 1
    assert told.stdout.count("not supported") == 2


# --- a maker's lock


@pytest.mark.parametrize("model", LOCKED)
def test_a_locked_treadmill_says_before_a_session_what_is_to_be_done(
    virtual_time: Callable[..., Any], model: str
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(model)
        async with Machine.connect(treadmill) as machine:
            assert machine.capabilities.before[0] == treadmill.facts.control.locked

    virtual_time(story())


@pytest.mark.parametrize("model", LOCKED)
def test_s10_a_lock_acknowledges_and_drops_and_a_start_that_comes_to_nothing_is_said_to_be_the_lock(
    virtual_time: Callable[..., Any], model: str
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(model, locked=True)
        async with Machine.connect(treadmill) as machine:
            outcome = await machine.start()
            assert isinstance(outcome, Unknown)
            assert treadmill.facts.control.locked is not None
            assert outcome.reason.endswith(treadmill.facts.control.locked)
            assert machine.state.speed is None
        assert starts(treadmill) == 1
        assert all(write.att_error is None for write in treadmill.writes)
        assert treadmill.belt.log.speed_at(treadmill.now) == 0

    virtual_time(story())


def test_s2_s5_a_session_on_a_locked_treadmill_says_so_starts_nothing_twice_and_claims_no_standing_belt(
    virtual_time: Callable[..., Any],
) -> None:
    profile = Profile(name="Walk", steps=(Steady(duration=60, speed=Speed(200), incline=Incline(0)),))
    heard: list[SessionEvent] = []

    async def story() -> None:
        treadmill = SimulatedTreadmill("kingsmith-z1", locked=True)
        async with Machine.connect(treadmill) as machine:
            walk = Walk(machine, prepare(profile, machine))
            walk.observe(lambda event, _: heard.append(event))
            walk.start()
            walking = asyncio.create_task(walk.run())
            await asyncio.sleep(60)
            walk.stop()
            await walking
        assert starts(treadmill) == 1
        assert not [value for value in written(treadmill) if value[:2] in {"02", "03"}]
        (settled,) = (event for event in heard if isinstance(event, CommandSettled) and event.command == "start")
        assert settled.outcome == "unknown"
        assert settled.reason.endswith(str(treadmill.facts.control.locked))
        ended = heard[-1]
        assert isinstance(ended, Ended)
        assert (ended.ending, ended.belt_standing) == (Ending.ABORTED, None)

    virtual_time(story())


def test_unlocked_it_walks(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        for model in LOCKED:
            async with Machine.connect(SimulatedTreadmill(model)) as machine:
                assert await machine.start() == Confirmed()

    virtual_time(story())
