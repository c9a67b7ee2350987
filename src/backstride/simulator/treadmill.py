"""A simulated treadmill as tests, demos and other people's programs take it into their hands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from zlib import crc32

from backstride.errors import ConfigError
from backstride.machines.facts import GENERIC, MachineFacts, load_facts
from backstride.simulator.console import Console
from backstride.simulator.faults import Fault
from backstride.simulator.memory import Air, device_of
from backstride.simulator.mishaps import carry_out
from backstride.simulator.peripheral import Peripheral
from backstride.simulator.radio import Radio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import BaseBleakScanner

    from backstride.simulator.belt import Belt
    from backstride.simulator.traffic import ControlWrite


class SimulatedTreadmill:
    """One treadmill in the same process, behind bleak's own client.

    It can be made without an event loop; it lives on the clock of the loop that first connects to it or scans for it,
    virtual or real. Nothing about it is random.

    Args:
        model: Name of a machine file, path to one, or its facts.
        name: Advertised name; without it what the machine file says, which may be none at all.
        address: Bluetooth address; without it one that follows from the model and from what else is in the air.
        air: The space it advertises in, shared with others; without it a space of its own.
        locked: True to close the vendor's lock, where the machine file describes one.
        faults: What goes wrong with it, besides what its machine file says.

    Raises:
        ConfigError: There is no such machine file, or a fault does not read as one.

    Attributes:
        facts: What the machine file says.
        air: The space it advertises in.
        peripheral: Its FTMS server.
        console: Its buttons and safety key.
    """

    def __init__(
        self,
        model: str | MachineFacts = GENERIC,
        *,
        name: str | None = None,
        address: str | None = None,
        air: Air | None = None,
        locked: bool = False,
        faults: Iterable[Fault | str] = (),
    ) -> None:
        self.facts = load_facts(model) if isinstance(model, str) else model
        self.air = Air() if air is None else air
        self.peripheral = Peripheral(self.facts, locked=locked)
        identity = self.facts.identity
        if name is None and not identity.anonymous:
            name = identity.example or next(iter(identity.names), self.facts.model)
        self._radio = Radio(self.peripheral, address=address or _address(self.facts.id, self.air), name=name)
        self._radio.on_happening = partial(carry_out, self)
        self.air.add(self._radio)
        self.console: Console = Console(self.peripheral, lambda: self._radio.now, self._radio.pump)
        self.device: BLEDevice = device_of(self._radio)
        self.backend: type[BaseBleakClient] = self.air.client_backend
        self.scanner_backend: type[BaseBleakScanner] = self.air.scanner_backend
        for fault in (*_faults_of(self.facts), *faults):
            self.strike(fault)

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

    @property
    def latency(self) -> float:
        """Seconds that the response to a read or a write takes; can be set."""
        return self._radio.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._radio.latency = seconds

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

    def show(self) -> None:
        """Advertise again."""
        self._radio.available = True

    def replace(self, peripheral: Peripheral) -> None:
        """Let another machine answer under this address from now on; this one's belt goes on unseen."""
        self._radio.replace(peripheral)

    def stall(self, seconds: float) -> None:
        """Let the program's event loop stand still for so long; the treadmill goes on."""
        self._radio.stall(seconds)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` after so many seconds, if the machine lives on an event loop by then."""
        self._radio.later(seconds, action)

    def disturb(self) -> None:
        """Carry what the peripheral has to send, after something was done to it directly."""
        self._radio.pump()


def _faults_of(facts: MachineFacts) -> Iterator[Fault]:
    """Yield the faults of a machine file. Raises ConfigError, which names the file, for one that is none."""
    for words in facts.faults:
        try:
            yield Fault.parse(words)
        except ConfigError as error:
            raise ConfigError(f"The machine file {facts.id!r} cannot be simulated: {error}") from error


def _address(model: str, air: Air) -> str:
    """Return a random static address that follows from the model, and the next free one if it is taken."""
    taken = {radio.address for radio in air.radios}
    number = crc32(model.encode())
    while True:
        octets = b"\xd0\x5e" + number.to_bytes(4, "big")
        address = ":".join(f"{octet:02X}" for octet in octets)
        if address not in taken:
            return address
        number = (number + 1) % (1 << 32)
