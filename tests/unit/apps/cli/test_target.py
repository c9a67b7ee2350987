"""Which treadmill is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backstride.apps.cli.target import choose, connected, facts_at, met
from backstride.apps.config import RememberedMachine, Settings
from backstride.driver.machine import Machine
from backstride.errors import ConfigError
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

SOLE = RememberedMachine(address="AA:BB:CC:DD:EE:FF", model="sole-f85")
OTHER = RememberedMachine(address="11:22:33:44:55:66")


def _settings(tmp_path: Path, device: str | None = None, **machines: RememberedMachine) -> Settings:
    return Settings(file=tmp_path / "settings.toml", device=device, machines=machines)


def test_what_was_typed_comes_before_the_settings(tmp_path: Path) -> None:
    assert choose(_settings(tmp_path, "Sole", Sole=SOLE), device="Merach", simulated=None).wanted == "Merach"


def test_a_remembered_name_means_its_address_and_its_machine_file(tmp_path: Path) -> None:
    target = choose(_settings(tmp_path, Sole=SOLE, Other=OTHER), device="sole", simulated=None)
    assert target.wanted == SOLE.address
    assert target.facts is not None
    assert target.facts.id == "sole-f85"


def test_the_treadmill_of_the_settings_comes_before_the_only_one_met(tmp_path: Path) -> None:
    assert choose(_settings(tmp_path, "Merach", Sole=SOLE), device=None, simulated=None).wanted == "Merach"
    assert choose(_settings(tmp_path, Sole=SOLE), device=None, simulated=None).wanted == SOLE.address


def test_of_several_none_is_guessed(tmp_path: Path) -> None:
    assert choose(_settings(tmp_path, Sole=SOLE, Other=OTHER), device=None, simulated=None).wanted is None


def test_a_simulated_treadmill_comes_before_the_settings_but_not_beside_a_device(tmp_path: Path) -> None:
    target = choose(_settings(tmp_path, "Sole", Sole=SOLE), device=None, simulated="generic")
    assert target.is_simulated
    with pytest.raises(ConfigError, match="not both"):
        choose(_settings(tmp_path), device="Sole", simulated="generic")


def test_a_simulated_treadmill_is_never_remembered(
    tmp_path: Path, virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    settings = _settings(tmp_path)

    async def connect() -> str:
        async with connected(choose(settings, device=None, simulated="horizon-omega-z"), settings) as machine:
            return machine.facts.id

    assert virtual_time(connect()) == "horizon-omega-z"
    assert not settings.file.exists()


def test_a_simulated_treadmill_that_has_a_name_is_never_taken_for_a_real_one(tmp_path: Path) -> None:
    toy = RememberedMachine(address="D0:5E:00:00:00:00", simulated=True)
    assert choose(_settings(tmp_path, Toy=toy), device=None, simulated=None).wanted is None
    assert choose(_settings(tmp_path, Toy=toy, Sole=SOLE), device=None, simulated=None).wanted == SOLE.address
    with pytest.raises(ConfigError, match="'toy' is a simulated treadmill"):
        choose(_settings(tmp_path, Toy=toy), device="toy", simulated=None)


def test_a_treadmill_is_also_meant_by_the_name_that_it_advertises(tmp_path: Path) -> None:
    known = SOLE.model_copy(update={"advertised": "F85"})
    target = choose(_settings(tmp_path, Cellar=known, Other=OTHER), device="f85", simulated=None)
    assert (target.wanted, target.facts) == (SOLE.address, facts_at(_settings(tmp_path, Sole=SOLE), SOLE.address))


def test_what_is_remembered_keeps_what_the_owner_wrote_and_learns_what_is_new(
    tmp_path: Path, virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    treadmill = SimulatedTreadmill("horizon-omega-z")
    before = RememberedMachine(address=treadmill.address, id="7", model="mine.toml", advertised="JFTM", mqtt_start=True)

    async def remembered(settings: Settings) -> RememberedMachine:
        async with Machine.connect(treadmill, called="Cellar") as machine:
            assert machine.name == "Cellar"
            return met(settings, machine)

    again = virtual_time(remembered(_settings(tmp_path, Cellar=before)))
    assert (again.id, again.model, again.advertised, again.simulated) == ("7", "mine.toml", "JFTM", True)
    assert again.mqtt_start, "S1: what the owner allowed"
    new = virtual_time(remembered(_settings(tmp_path)))
    assert (new.id, new.model, new.advertised) == (None, "horizon-omega-z", None)
    assert not new.mqtt_start, "S1: nobody has allowed it"
