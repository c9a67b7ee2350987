"""Which session the cursor offers first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from backstride.apps.cli.offers import last_walked
from backstride.apps.config import Settings
from backstride.apps.service import run_session
from backstride.driver.machine import Machine
from backstride.record.header import SIMULATED, Header
from backstride.record.journal import Journal
from backstride.record.recording import read_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backstride.record.summary import Summary
    from backstride.simulator.treadmill import SimulatedTreadmill


def test_a_walk_on_a_simulated_treadmill_says_nothing_of_walks_on_a_real_one(
    tmp_path: Path, virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def walk() -> Summary:
        async with Machine.connect(treadmill) as machine:
            return await run_session(machine, "cool-down", records=tmp_path)

    summary = virtual_time(walk())
    settings = Settings(file=tmp_path / "settings.toml", records=tmp_path)
    assert last_walked(settings, simulated=True) == "cool-down"
    assert last_walked(settings, simulated=False) is None
    (record,) = tmp_path.iterdir()
    header = read_record(record).header
    Journal.create(tmp_path, _on_a_real_one(header)).close(summary.to_payload())
    assert last_walked(settings, simulated=False) == "cool-down"


def _on_a_real_one(header: Header) -> Header:
    return replace(header, machine=replace(header.machine, name=header.machine.name.removesuffix(SIMULATED)))
