"""The link faults of the matrix on a real stack, in real time, judged from the belt's side as everywhere else.

Several runs go on at once, as far as they do not disturb each other: what happens to the adapter happens to all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from backstride.driver.discovery import Discovery
from tests.matrix.judge import judge
from tests.matrix.scenes import MACHINES, Phase, Scene
from tests.matrix.story import play_on

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.e2e.bluez.air import KernelAir

LAG: Final = 0.5
"""Seconds that a value may take through D-Bus, bluetoothd and the kernel of an emulated computer."""


async def test_a_link_that_is_lost_for_a_while_breaks_no_rule(air: KernelAir, tmp_path: Path) -> None:
    phases = (Phase.RAMP_UP, Phase.STOPPING)
    await play_all(air, tmp_path, [Scene(model, "link-lost=5", phase) for model in MACHINES for phase in phases])


async def test_a_treadmill_out_of_range_or_without_mains_breaks_no_rule(air: KernelAir, tmp_path: Path) -> None:
    faults = (("out-of-range=5", Phase.RAMP_UP), ("power-cut=5", Phase.STEADY))
    await play_all(air, tmp_path, [Scene(model, fault, phase) for model in MACHINES for fault, phase in faults])


async def test_an_adapter_that_is_lost_for_a_while_breaks_no_rule(air: KernelAir, tmp_path: Path) -> None:
    await play_all(air, tmp_path, [Scene(model, "adapter-lost=3", Phase.STOPPING) for model in MACHINES])


async def play_all(air: KernelAir, folder: Path, scenes: Iterable[Scene]) -> None:
    finding = asyncio.Lock()
    violations = await asyncio.gather(
        *(_violations(air, folder / str(number), scene, finding) for number, scene in enumerate(scenes))
    )
    assert "\n".join(violation for found in violations for violation in found) == ""


async def _violations(air: KernelAir, folder: Path, scene: Scene, finding: asyncio.Lock) -> list[str]:
    """Play one run, and return the rules that it broke, or that nothing struck."""
    async with air.treadmill(scene.model) as treadmill:
        async with finding:
            found = await Discovery().find(treadmill.address)
        evidence = await play_on(scene, folder, treadmill, found, lag=LAG)
        broken = [f"{one.rule}  {scene}: {one.text}" for one in judge(evidence)]
        if evidence.struck is None or evidence.struck < 0:
            broken.append(f"{scene}: nothing struck; {evidence.refused}")
        return broken
