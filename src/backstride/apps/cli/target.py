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
from backstride.errors import ConfigError, Disconnected, NotFound
from backstride.machines.facts import GENERIC, known_machines, load_facts
from backstride.machines.recognition import unsupported_by
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

_MODELS: Final = ".toml"
_CAPTURES: Final = ".jsonl"

_WITHOUT_ONE: Final = "Without a treadmill, try --simulated."


@dataclass(frozen=True, slots=True)
class Target:
    """The treadmill that is meant.

    Attributes:
        simulated: Its facts if it is a simulated one, its console set to what the settings say.
        faults: What goes wrong with the simulated one.
        captured: The capture that is replayed in place of one.
        wanted: Name or address to look for; None is the only one in reach.
        facts: The machine file that the settings name for it, if they do.
    """

    simulated: MachineFacts | None = None
    wanted: str | None = None
    facts: MachineFacts | None = None
    faults: tuple[Fault, ...] = ()
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
    if simulated is not None and _is_capture(simulated):
        captured = read_capture(Path(simulated))
        return Target(simulated=facts_in(captured), captured=captured)
    if simulated is not None:
        return Target(simulated=load_facts(simulated).with_console(settings.console))
    real = [name for name, machine in settings.machines.items() if not machine.simulated]
    named = device or settings.device
    if named is None and len(real) == 1:
        named = real[0]
    if named is None:
        return Target()
    known = settings.machine(named)
    if known is None:
        return Target(wanted=named)
    if known.simulated:
        raise ConfigError(f"{named!r} is a simulated treadmill: name its model with --simulated instead.")
    return Target(wanted=known.address, facts=facts_at(settings, known.address))


def _is_capture(named: str) -> bool:
    """Tell a capture from a model: by its ending, or as a file that is none of a machine."""
    if named.endswith(_CAPTURES):
        return True
    return named not in known_machines() and not named.endswith(_MODELS) and Path(named).is_file()


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
    found = await look_for(target, settings.adapter)
    called = settings.name_at(found.address)
    say(f"Connecting to {called or found.name or found.address} …")
    console = settings.console_of(found.address)
    facts = target.facts or facts_at(settings, found.address)
    with capturing(capture, found, trace) as told:
        async with contextlib.AsyncExitStack() as stack:
            way = Machine.connect(found, facts=facts, console=console, trace=told, called=called)
            with _explained(found):
                machine = await stack.enter_async_context(way)
            _remember(settings, machine)
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


@contextlib.contextmanager
def _explained(found: Found) -> Iterator[None]:
    """Say of a treadmill that is known to speak only its maker's protocol why it cannot be connected to."""
    try:
        yield
    except (Disconnected, NotFound) as error:
        if found.unsupported is not None:
            error.add_note(found.unsupported.sentence)
        raise


def facts_at(settings: Settings, address: str) -> MachineFacts | None:
    """Return the machine file that the settings name for the treadmill at `address`; None to recognise it.

    Raises:
        ConfigError: That file is not there, or cannot be read.
    """
    known = settings.machine(address)
    return None if known is None or known.model in {None, GENERIC} else load_facts(str(known.model))


def remembered_facts(settings: Settings) -> dict[str, MachineFacts]:
    """Return the machine files that the settings name, by address in capitals; one that is gone is left out.

    Whoever connects to its treadmill is told.
    """
    remembered: dict[str, MachineFacts] = {}
    for machine in settings.machines.values():
        with contextlib.suppress(ConfigError):
            if (facts := facts_at(settings, machine.address)) is not None:
                remembered[machine.address.upper()] = facts
    return remembered


def favourites(settings: Settings, *, simulated: bool) -> tuple[str, ...]:
    """Return the addresses of the treadmills met before, the one used last first; the settings' own is the only one."""
    met = [machine for machine in settings.machines.values() if machine.simulated is simulated]
    chosen = None if settings.device is None else settings.machine(settings.device)
    if chosen is not None and chosen.simulated is simulated:
        return (chosen.address,)
    met.sort(key=lambda machine: 0.0 if machine.last_seen is None else -machine.last_seen.timestamp())
    return tuple(machine.address for machine in met)


def met(settings: Settings, machine: Machine) -> RememberedMachine:
    """Return what is to be remembered of a connected treadmill, beside what is known of it and still holds."""
    identity = machine.identity
    before = settings.machine(identity.address)
    return RememberedMachine(
        address=identity.address,
        id=None if before is None else before.id,
        model=machine.facts.id if before is None or before.model in {None, GENERIC} else before.model,
        advertised=identity.name or (None if before is None else before.advertised),
        simulated=machine.is_simulated,
        mqtt_start=before is not None and before.mqtt_start,
        console=None if before is None else before.console,
        last_seen=datetime.now().astimezone(),
    )


async def look_for(target: Target, adapter: str | None) -> Found:
    """Return the treadmill that is meant, or the only one in reach. Raises NotFound."""
    say(f"Looking for {target.wanted or 'a treadmill'} …")
    try:
        discovery = Discovery(adapter=adapter)
        return await (discovery.find(target.wanted) if target.wanted else discovery.find_any())
    except NotFound as error:
        unsupported = unsupported_by(target.wanted, offers_service=False)
        why = "" if unsupported is None else f"{unsupported.sentence} "
        raise NotFound(f"{error} {why}{_WITHOUT_ONE}") from error


def _remember(settings: Settings, machine: Machine) -> None:
    try:
        remember_machine(settings, machine.name, met(settings, machine))
    except ConfigError as error:
        say(f"The treadmill is not remembered: {error}")
