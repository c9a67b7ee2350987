"""Which treadmill a command means, and the way to it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backstride.apps.cli.capturing import capturing, say_of
from backstride.apps.cli.terminal import say
from backstride.apps.config import RememberedMachine, remember_machine
from backstride.capture.file import read_capture
from backstride.driver.discovery import Discovery
from backstride.driver.machine import Machine
from backstride.errors import ConfigError, NotFound
from backstride.machines.facts import GENERIC, load_facts
from backstride.simulator.replayed import ReplayedTreadmill, facts_in
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from backstride.apps.cli.capturing import CaptureWish
    from backstride.apps.config import Settings
    from backstride.capture.events import Trace
    from backstride.capture.file import Captured
    from backstride.driver.discovery import Found
    from backstride.machines.facts import MachineFacts
    from backstride.simulator.faults import Fault

CAPTURES: Final = ".jsonl"
"""What the name of a capture ends with where a model could stand as well."""

_WITHOUT_ONE: Final = "Without a treadmill, try --simulated."


@dataclass(frozen=True, slots=True)
class Target:
    """The treadmill that is meant.

    Attributes:
        simulated: Its facts if it is a simulated one.
        faults: What goes wrong with the simulated one.
        captured: The capture that is replayed in place of one.
        wanted: Name or address to look for; None is the only one in reach.
        facts: The machine file that the settings name for it, if they do.
        model: How they name it: a shipped file, or a path.
    """

    simulated: MachineFacts | None = None
    wanted: str | None = None
    facts: MachineFacts | None = None
    faults: tuple[Fault, ...] = ()
    model: str | None = None
    captured: Captured | None = None

    @property
    def is_simulated(self) -> bool:
        """True for a simulated treadmill."""
        return self.simulated is not None


def choose(settings: Settings, *, device: str | None, simulated: str | None) -> Target:
    """Return the treadmill that was named, that the settings name, or the only one that was met before.

    Args:
        settings: The settings, over which `device` holds.
        device: What was typed.
        simulated: The model of a simulated treadmill, or the path of a capture, as typed.

    Raises:
        ConfigError: Both were typed, or there is no such machine file.
        CaptureError: The capture cannot be read.
    """
    if simulated is not None and device is not None:
        raise ConfigError("Name a treadmill with --device, or a simulated one with --simulated, not both.")
    if simulated is not None and simulated.endswith(CAPTURES):
        captured = read_capture(Path(simulated))
        return Target(simulated=facts_in(captured), captured=captured)
    if simulated is not None:
        return Target(simulated=load_facts(simulated))
    named = device or settings.device
    if named is None and len(settings.machines) == 1:
        named = next(iter(settings.machines))
    if named is None:
        return Target()
    known = settings.machine(named)
    if known is None:
        return Target(wanted=named)
    facts = load_facts(known.model) if known.model not in {None, GENERIC} and known.model is not None else None
    return Target(wanted=known.address, facts=facts, model=known.model if facts is not None else None)


@contextlib.asynccontextmanager
async def connected(
    target: Target, settings: Settings, trace: Trace | None = None, capture: CaptureWish | None = None
) -> AsyncIterator[Machine]:
    """Connect to the treadmill that is meant, and remember a real one.

    Args:
        target: The treadmill.
        settings: The settings.
        trace: Told of everything that crosses bleak's client.
        capture: The capture that is wanted of it.

    Raises:
        CaptureError: The capture cannot be written.
        NotFound: It is not there, or Bluetooth is not to be had.
        NotATreadmill: It is something else.
        Disconnected: The connection failed.
    """
    if target.simulated is not None:
        treadmill = _simulated(target)
        with _reporting(treadmill), capturing(capture, treadmill, trace) as told:
            async with Machine.connect(treadmill, facts=target.simulated, trace=told) as machine:
                yield machine
        return
    found = await look_for(target)
    say(f"Connecting to {found.name or found.address} …")
    with capturing(capture, found, trace) as told:
        async with Machine.connect(found, facts=target.facts, trace=told) as machine:
            _remember(settings, machine, target.model or machine.facts.id)
            yield machine


def _simulated(target: Target) -> SimulatedTreadmill | ReplayedTreadmill:
    if target.captured is not None:
        return ReplayedTreadmill(target.captured)
    return SimulatedTreadmill(target.simulated or GENERIC, faults=target.faults)


@contextlib.contextmanager
def _reporting(treadmill: SimulatedTreadmill | ReplayedTreadmill) -> Iterator[None]:
    """Tell afterwards where a replay had to leave its capture."""
    try:
        yield
    finally:
        if isinstance(treadmill, ReplayedTreadmill):
            say_of(treadmill.replay)


async def look_for(target: Target) -> Found:
    """Return the treadmill that is meant, or the only one in reach. Raises NotFound."""
    say(f"Looking for {target.wanted or 'a treadmill'} …")
    try:
        return await (Discovery().find(target.wanted) if target.wanted else Discovery().find_any())
    except NotFound as error:
        raise NotFound(f"{error} {_WITHOUT_ONE}") from error


def _remember(settings: Settings, machine: Machine, model: str) -> None:
    met = RememberedMachine(address=machine.identity.address, model=model, last_seen=datetime.now().astimezone())
    try:
        remember_machine(settings, machine.name, met)
    except ConfigError as error:
        say(f"The treadmill is not remembered: {error}")
