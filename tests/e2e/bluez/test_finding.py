"""Scans of a real stack: what is heard, by which name, and what is said where it is not plain which one is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backstride.driver.discovery import Discovery
from backstride.errors import NotFound

if TYPE_CHECKING:
    from tests.e2e.bluez.air import KernelAir


async def test_treadmills_with_and_without_a_name_are_heard(air: KernelAir) -> None:
    async with air.treadmill("kingsmith-z1") as named, air.treadmill("horizon-omega-z") as anonymous:
        found = {item.address: item for item in await Discovery().scan(3)}
    assert anonymous.name is None
    assert found[named.address].name == named.name
    assert found[named.address].facts.id == "kingsmith-z1"
    assert found[anonymous.address].name in {None, anonymous.address.replace(":", "-")}
    assert found[anonymous.address].is_treadmill


async def test_one_is_found_by_its_name_or_by_its_address(air: KernelAir) -> None:
    async with air.treadmill(name="Left") as left, air.treadmill(name="Right") as right:
        assert (await Discovery().find("left")).address == left.address
        assert (await Discovery().find(right.address.lower())).name == "Right"


async def test_two_of_one_name_are_not_guessed_between(air: KernelAir) -> None:
    async with air.treadmill(name="Twin"), air.treadmill(name="Twin"):
        with pytest.raises(NotFound, match="Several treadmills called 'Twin'"):
            await Discovery().find("Twin")
