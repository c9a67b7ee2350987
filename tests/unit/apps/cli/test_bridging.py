"""Which treadmills a bridge offers, and which of them may be started over MQTT (S1)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from backstride.apps.cli.bridging import Wish, berths_of
from backstride.apps.config import RememberedMachine, Settings
from backstride.apps.mqtt.address import read_address
from backstride.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from backstride.apps.mqtt.bridge import Berth

ADDRESS = read_address("mqtt://host")


def berths(
    tmp_path: Path,
    *devices: str,
    simulated: str | None = None,
    allow_start: bool = False,
    **machines: RememberedMachine,
) -> list[Berth]:
    settings = Settings(file=tmp_path / "settings.toml", machines=machines)

    async def listed() -> list[Berth]:
        return berths_of(Wish(ADDRESS, devices, simulated, allow_start=allow_start), settings)

    return asyncio.run(listed())


def test_s1_a_real_belt_may_be_started_only_where_the_settings_say_so_of_this_machine(tmp_path: Path) -> None:
    den = RememberedMachine(address="AA", mqtt_start=True)
    hall = RememberedMachine(address="BB")
    named = berths(tmp_path, "Den", "hall", "Elsewhere", Den=den, Hall=hall)
    assert [(berth.label, berth.allow_start) for berth in named] == [
        ("Den", True),
        ("hall", False),
        ("Elsewhere", False),
    ]
    assert [berth.allow_start for berth in berths(tmp_path, Den=den)] == [True]
    assert [berth.allow_start for berth in berths(tmp_path)] == [False]


def test_s1_no_option_lets_a_real_belt_be_started(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mqtt_start = true"):
        berths(tmp_path, "Den", allow_start=True)


@pytest.mark.parametrize(
    ("typed", "count"), [("generic", 1), ("horizon-omega-z", 1), ("generic:3", 3), (":2", 2), ("horizon-7:12", 12)]
)
def test_simulated_treadmills_are_as_many_as_is_said(tmp_path: Path, typed: str, count: int) -> None:
    offered = berths(tmp_path, simulated=typed, allow_start=True)
    assert len(offered) == len({berth.label for berth in offered}) == count
    assert all(berth.allow_start for berth in offered)
    assert not any(berth.allow_start for berth in berths(tmp_path, simulated=typed))


@pytest.mark.parametrize("typed", ["generic:0", "generic:10001", "generic:999999999", "no-such-model", "no-such:2"])
def test_simulated_treadmills_that_cannot_be_are_refused(tmp_path: Path, typed: str) -> None:
    with pytest.raises(ConfigError):
        berths(tmp_path, simulated=typed)
