"""Each fault of the link in the phases that matter, in real time, judged from the belt's side as everywhere else.

One run after the other: bluetoothd does not survive scans beside connections, and what happens to the adapter happens
to all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from backstride.driver.discovery import Discovery
from tests.matrix.judge import judge
from tests.matrix.scenes import MACHINES, Phase, Scene
from tests.matrix.story import play_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.bluez.air import KernelAir
    from tests.e2e.bluez.faults.report import Results

LAG: Final = 0.5
"""Seconds that a value may take through D-Bus, bluetoothd and the kernel of an emulated computer."""

PATIENCE: Final = 60.0
"""Seconds after which the walker stops: what a fault leads to is over by then."""

FAULTS: Final = (
    "link-lost=0.5",
    "link-lost=5",
    "out-of-range=5",
    "returns-moving=12",
    "returns-standing=5",
    "returns-other=5",
    "power-cut=5",
    "adapter-lost=3",
)
PHASES: Final = (Phase.COUNTDOWN, Phase.RAMP_UP, Phase.STOPPING)
SCENES: Final = [Scene(model, fault, phase) for fault in FAULTS for model in MACHINES for phase in PHASES]


@pytest.mark.parametrize("scene", SCENES, ids=str)
async def test_a_fault_of_the_link_breaks_no_rule(
    air: KernelAir, tmp_path: Path, results: Results, scene: Scene
) -> None:
    async with air.treadmill(scene.model) as treadmill:
        found = await Discovery().find(treadmill.address)
        evidence = await play_on(scene, tmp_path, treadmill, found, lag=LAG, patience=PATIENCE)
    violations = judge(evidence)
    results[scene] = evidence, violations
    assert "\n".join(f"{one.rule}: {one.text}" for one in violations) == ""
    assert evidence.struck is not None, evidence.refused
    assert evidence.struck >= 0
