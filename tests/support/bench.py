"""A simulated treadmill and the driver on it, in the words of a test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backstride.driver.confirmation import Confirmed
from backstride.machines.facts import MachineFacts, load_facts
from backstride.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import BaseBleakScanner

    from backstride.driver.events import MachineEvent
    from backstride.driver.machine import Machine
    from backstride.simulator.simulation import Simulation
    from backstride.simulator.treadmill import SimulatedTreadmill

WALK = Speed(300)  # 3.00 km/h


def altered(model: str = "generic", **sections: dict[str, Any]) -> MachineFacts:
    """Return the facts of a model with other values in some sections: ``altered(control={"pacing": 0.4})``."""
    facts = load_facts(model)
    changes = {name: getattr(facts, name).model_copy(update=values) for name, values in sections.items()}
    return facts.model_copy(update=changes)


def written(treadmill: Simulation, *, taken: bool = False) -> list[str]:
    """Return what was written to the control point as hex; with `taken` only what the machine did not refuse."""
    return [write.value.hex() for write in treadmill.writes if not taken or write.att_error is None]


def starts(treadmill: Simulation) -> int:
    """Return how many Starts were written."""
    return written(treadmill).count("07")


def targets(treadmill: SimulatedTreadmill) -> list[str]:
    """Return the targets that were written."""
    return [value for value in written(treadmill) if value[:2] in {"02", "03"}]


def hang(treadmill: SimulatedTreadmill, seconds: float = 1000.0) -> Callable[[], None]:
    """Let answers to procedures take `seconds` from now on; return what ends that for the procedures to come.

    A procedure that hangs makes the machine answer every other with ATT 0xFE until the link is gone.
    """
    treadmill.strike(f"answer-late={seconds:g}")
    return treadmill.mend


def altered_facts(facts: MachineFacts, **control: object) -> MachineFacts:
    """Return `facts` with other values in their control section."""
    return facts.model_copy(update={"control": facts.control.model_copy(update=control)})


async def until(condition: Callable[[], bool], within: float = 30.0) -> float:
    """Wait until `condition` holds; return how long that took. Raises TimeoutError after `within` seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not condition():
        if loop.time() - began > within:
            raise TimeoutError(f"not within {within} s")
        await asyncio.sleep(0.05)
    return loop.time() - began


async def walking(machine: Machine, speed: Speed = WALK) -> None:
    """Start the belt, as a person would, and bring it to `speed`."""
    assert await machine.start() == Confirmed()
    assert await machine.set_speed(speed) == Confirmed()
    await until(lambda: machine.state.speed == speed)


class Heard:
    """The events of a machine in order, by the names of their classes, with their instants."""

    def __init__(self, machine: Machine) -> None:
        self.events: list[MachineEvent] = []
        self.times: list[float] = []
        self._loop = asyncio.get_running_loop()
        machine.on_event(self._heard)

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def _heard(self, event: MachineEvent) -> None:
        self.events.append(event)
        self.times.append(self._loop.time())


@dataclass
class Address:
    """An address at which one machine or another answers."""

    device: BLEDevice
    backend: type[BaseBleakClient] | None
    scanner_backend: type[BaseBleakScanner] | None = None
    adapter: str | None = None
