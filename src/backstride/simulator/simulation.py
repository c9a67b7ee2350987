"""A simulated treadmill in somebody's hands, whatever carries it: its server, its console, and what goes wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Final
from zlib import crc32

from backstride.errors import ConfigError
from backstride.machines.facts import MachineFacts, load_facts
from backstride.simulator.console import Console
from backstride.simulator.faults import Fault
from backstride.simulator.mishaps import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from backstride.simulator.belt import Belt
    from backstride.simulator.peripheral import Peripheral
    from backstride.simulator.radio import Radio
    from backstride.simulator.traffic import ControlWrite

_STATIC_RANDOM: Final = b"\xd0\x5e"
"""Begins every address: its two highest bits say "static random" (Core Vol 6 B 1.3.2.1)."""


class Simulation(ABC):
    """One treadmill over one radio: a base of the transports' own classes.

    It lives on the clock of the loop that its radio lives on, virtual or real. Nothing about it is random.

    Attributes:
        facts: What the machine file says.
        peripheral: Its FTMS server.
        console: Its buttons and safety key.
    """

    def __init__(self, peripheral: Peripheral, radio: Radio, faults: Iterable[Fault | str]) -> None:
        """Join the parts, and let go wrong what the machine file and `faults` say.

        Raises:
            ConfigError: A fault does not read as one.
        """
        self.facts = facts = peripheral.facts
        self.peripheral = peripheral
        self._radio = radio
        radio.on_happening = partial(carry_out, self)
        self.console: Console = Console(self.peripheral, lambda: self._radio.now, self._radio.pump)
        for fault in (*_faults_of(facts), *faults):
            self.strike(fault)

    @property
    def address(self) -> str:
        """Bluetooth address."""
        return self._radio.address

    @property
    def name(self) -> str | None:
        """Advertised name; None for an anonymous machine."""
        return self._radio.name

    @property
    def now(self) -> float:
        """Seconds of the machine's time: the loop's time once it lives on one."""
        return self._radio.now

    @property
    def belt(self) -> Belt:
        """The belt as it is now, with the log of its whole truth."""
        belt = self.peripheral.belt
        belt.advance(self._radio.now)
        return belt

    @property
    def writes(self) -> Sequence[ControlWrite]:
        """Every write to the control point so far, with its time, connection, octets, ATT error and answer."""
        return self.peripheral.writes

    # What goes wrong

    def strike(self, fault: Fault | str) -> None:
        """Let something go wrong, now or when its moment comes: a fault, or one in words (faults.py).

        Raises:
            ConfigError: The words do not read as a fault.
        """
        self.peripheral.strike(Fault.parse(fault) if isinstance(fault, str) else fault, self._radio.now)
        self._radio.pump()

    def mend(self) -> None:
        """Let every fault that lasts be over, and none strike any more."""
        self.peripheral.mend()

    def drop_link(self, *, out_of_reach_for: float = 0.0) -> None:
        """End every link from the machine's side; it can be reached again after so many seconds.

        The belt goes on as it was.
        """
        self._radio.drop_links()
        if out_of_reach_for:
            self._radio.in_range = False
            self._radio.pump()
            self.later(out_of_reach_for, self.enter_range)

    def leave_range(self) -> None:
        """Let the air carry nothing; after two seconds the links are lost. The belt goes on as it was."""
        self._radio.set_in_range(False)

    def enter_range(self) -> None:
        """Let the air carry again."""
        self._radio.set_in_range(True)

    def power_off(self) -> None:
        """Take the mains away: the belt comes to rest, and clients hear nothing more."""
        self._radio.set_powered(False)

    def power_on(self) -> None:
        """Give the mains back: the machine is idle and advertises."""
        self._radio.set_powered(True)

    def hide(self) -> None:
        """Stop advertising, as a machine does a minute after it was switched on; a known device can still connect."""
        self._radio.available = False
        self._radio.pump()

    def show(self) -> None:
        """Advertise again."""
        self._radio.available = True
        self._radio.pump()

    def replace(self, peripheral: Peripheral) -> None:
        """Let another machine answer under this address from now on; this one's belt goes on unseen."""
        self._radio.replace(peripheral)

    def stall(self, seconds: float) -> None:
        """Let the program's event loop stand still for so long; the treadmill goes on."""
        self._radio.stall(seconds)

    @abstractmethod
    def lose_adapter(self, seconds: float, *, said: bool = True) -> None:
        """Take the Bluetooth adapter of the client's computer away for so long; without `said`, unnoticed."""

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` after so many seconds, if the machine lives on an event loop by then."""
        self._radio.later(seconds, action)

    def disturb(self) -> None:
        """Carry what the peripheral has to send, after something was done to it directly."""
        self._radio.pump()


def named_by(facts: MachineFacts, name: str | None) -> str | None:
    """Return the name to advertise: the one that was asked for, or what the machine file says, which may be none."""
    if name is not None or facts.identity.anonymous:
        return name
    return facts.identity.example or next(iter(facts.identity.names), facts.model)


def address_of(model: str, taken: Collection[str] = ()) -> str:
    """Return a static random address that follows from the model, and the next free one if it is taken."""
    number = crc32(model.encode())
    while True:
        octets = _STATIC_RANDOM + number.to_bytes(4, "big")
        address = ":".join(f"{octet:02X}" for octet in octets)
        if address not in taken:
            return address
        number = (number + 1) % (1 << 32)


def facts_of(model: str | MachineFacts) -> MachineFacts:
    """Return the facts of a machine file by its name or path, or the facts themselves. Raises ConfigError."""
    return load_facts(model) if isinstance(model, str) else model


def _faults_of(facts: MachineFacts) -> Iterator[Fault]:
    """Yield the faults of a machine file. Raises ConfigError, which names the file, for one that is none."""
    for words in facts.faults:
        try:
            yield Fault.parse(words)
        except ConfigError as error:
            raise ConfigError(f"The machine file {facts.id!r} cannot be simulated: {error}") from error
