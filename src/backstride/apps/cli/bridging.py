"""The bridge as the command line runs it: which treadmills, which sessions, signals, and what is said on the way."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import os
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from backstride import __version__
from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.interruption import Interruption
from backstride.apps.cli.notice import acknowledged
from backstride.apps.cli.offers import own_profiles
from backstride.apps.cli.outlet import Outlet
from backstride.apps.cli.settings import personal_limits
from backstride.apps.cli.target import choose, connected
from backstride.apps.mqtt.bridge import Berth, Bridge
from backstride.apps.mqtt.discovery import HomeAssistant
from backstride.apps.mqtt.repertoire import Repertoire, shipped
from backstride.apps.mqtt.topics import Topics, is_slug, slug
from backstride.driver.machine import Machine
from backstride.errors import ConfigError, ProfileError
from backstride.machines.facts import load_facts
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.workout.profile import load_profile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import TextIO

    from backstride.apps.cli.target import Target
    from backstride.apps.config import Settings
    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.workout.profile import Profile

_OLD_GARBAGE: Final = 1000  # searches of the younger objects to one of all
MOST_SIMULATED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed.

    Attributes:
        devices: The treadmills as they were named.
        simulated: ``MODEL`` or ``MODEL:COUNT``, or None.
        home_assistant: The discovery prefix of the Home Assistant that is to find them, or None.
    """

    address: BrokerAddress
    devices: tuple[str, ...] = ()
    simulated: str | None = None
    name: str | None = None
    base: str = "backstride"
    home_assistant: str | None = None
    allow_start: bool = False


async def serve(wish: Wish, settings: Settings) -> int:
    """Offer the treadmills until the program is told to go; return the exit code.

    Raises:
        ConfigError: Something that was typed, or a setting, cannot be used.
        BridgeError: The broker refuses us. The belts stand.
    """
    topics = Topics(wish.base)
    prefix = wish.home_assistant
    home = None if prefix is None else HomeAssistant(topics, settings.units, prefix, __version__)
    name = slug(socket.gethostname(), "bridge") if wish.name is None else wish.name
    if not is_slug(name):
        raise ConfigError(f"--name: {name!r} is to be lower-case letters, digits and single dashes, such as 'attic'.")
    if wish.simulated is None and not wish.allow_start:
        settings = acknowledged(settings)
    berths = berths_of(wish, settings)
    interruption = Interruption.of_task(asyncio.current_task())
    interruption.again = _leave_at_once
    with _speaking_beside_the_loop(), interruption.listening(asyncio.get_running_loop()):
        if wish.address.shows_password:
            _tell(f"The password goes to {wish.address} for all to read on the way. Write mqtts:// to encrypt it.")
        offer = Repertoire(
            _profiles(settings), personal_limits(settings), settings.records, settings.body_mass_kg, settings.units
        )
        try:
            await Bridge(wish.address, name, topics, offer, tell=_tell, home=home, complete=calm_memory).run(berths)
        except asyncio.CancelledError:
            if interruption.number is None:
                raise
    return interruption.exit_code


@contextlib.contextmanager
def _speaking_beside_the_loop() -> Iterator[None]:
    """Let whatever goes to standard error meanwhile be written by a thread: a terminal may take no more of it (S4).

    A reader that has gone is no reason to end a walk; nobody is told anything then.
    """
    errors = Outlet(sys.stderr, lambda _: None)
    with contextlib.redirect_stderr(cast("TextIO", errors)):
        logging.basicConfig(level=logging.WARNING, format="backstride: %(message)s", stream=errors, force=True)
        try:
            yield
        finally:
            errors.finish()


def berths_of(wish: Wish, settings: Settings) -> list[Berth]:
    """Return the treadmills that are meant; nothing is connected yet. Raises ConfigError."""
    if wish.simulated is not None and wish.devices:
        raise ConfigError("Name treadmills with --device, or simulated ones with --simulated, not both.")
    if wish.simulated is not None:
        return list(_simulated(wish.simulated, allow_start=wish.allow_start))
    if wish.allow_start:
        raise ConfigError(
            "--allow-start is for simulated treadmills. For a real one write mqtt_start = true under its name in the "
            "settings: then a program may start its belt (S1)."
        )
    return list(_real(wish, settings))


def _real(wish: Wish, settings: Settings) -> Iterator[Berth]:
    """Yield the real treadmills that were named, or the one that is meant without a name."""
    one_at_a_time = asyncio.Lock()
    for device in wish.devices or (None,):
        target = choose(settings, device=device, simulated=None)
        known = None if target.wanted is None else settings.machine(target.wanted)
        connect = functools.partial(_connected, target, settings, one_at_a_time)
        label = device or target.wanted or "a treadmill"
        yield Berth(label, connect, allow_start=known is not None and known.mqtt_start)


@contextlib.asynccontextmanager
async def _connected(target: Target, settings: Settings, one_at_a_time: asyncio.Lock) -> AsyncIterator[Machine]:
    """Connect as `run` does, but to one treadmill after the other: an adapter looks for one at a time."""
    async with contextlib.AsyncExitStack() as stack:
        async with one_at_a_time:
            machine = await stack.enter_async_context(connected(target, settings))
        yield machine


def _simulated(typed: str, *, allow_start: bool) -> Iterator[Berth]:
    """Yield the simulated treadmills of ``MODEL`` or ``MODEL:COUNT``. Raises ConfigError."""
    model, _, many = typed.rpartition(":") if typed.rpartition(":")[2].isdecimal() else (typed, "", "1")
    count = int(many) if len(many) <= len(str(MOST_SIMULATED)) else 0
    if not 1 <= count <= MOST_SIMULATED:
        raise ConfigError(f"--simulated: {typed!r} means {many} treadmills; 1 to {MOST_SIMULATED} can be simulated.")
    facts, air = load_facts(model or "generic"), Air()
    for number in range(1, count + 1):
        treadmill = SimulatedTreadmill(facts, air=air)
        connect = functools.partial(Machine.connect, treadmill, facts=facts)
        yield Berth(f"simulated treadmill {number}", connect, allow_start=allow_start)


def _profiles(settings: Settings) -> dict[str, Profile]:
    """Return the sessions on offer: the shipped ones, and the walker's own, by the names within them."""
    own: dict[str, Profile] = {}
    for reference in own_profiles(settings):
        try:
            profile = load_profile(reference)
        except ProfileError as error:
            _tell(f"A profile of yours is left out: {error}")
        else:
            own[profile.name] = profile
    return {**shipped(), **own}


def _leave_at_once() -> None:
    """Go, whatever hangs: every belt has been told to stop, and nobody has seen yet that it did (S6)."""
    _tell("Left at once. Look at every belt, and use the treadmill's own stop button or the safety key if it moves.")
    if isinstance(sys.stderr, Outlet):
        sys.stderr.finish()
    os._exit(ExitCode.FAULT)


def calm_memory() -> None:
    """Let the search for garbage pass over what stays, and go through all the rest a hundred times less often.

    Among a thousand treadmills it takes from 0.1 s to a second, in which no Stop is heard (S4).
    """
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _OLD_GARBAGE)


def _tell(text: str) -> None:
    sys.stderr.write(f"backstride: {text}\n")
    sys.stderr.flush()
