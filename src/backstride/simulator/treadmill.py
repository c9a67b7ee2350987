"""A simulated treadmill as tests, demos and other people's programs take it into their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.machines.facts import GENERIC
from backstride.simulator.memory import Air, device_of
from backstride.simulator.peripheral import Peripheral
from backstride.simulator.radio import Radio
from backstride.simulator.simulation import Simulation, address_of, facts_of, named_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import BaseBleakScanner

    from backstride.machines.facts import MachineFacts
    from backstride.simulator.faults import Fault


class SimulatedTreadmill(Simulation):
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
        air: The space it advertises in.
        device: What bleak's client connects to.
        backend: The client backend that reaches it.
        scanner_backend: The scanner backend that hears it.
        adapter: None: there is no adapter to choose.
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
        facts = facts_of(model)
        self.air = Air() if air is None else air
        address = address or address_of(facts.id, {radio.address for radio in self.air.radios})
        peripheral = Peripheral(facts, locked=locked)
        radio = Radio(peripheral, address=address, name=named_by(facts, name))
        self.air.add(radio)
        self.device: BLEDevice = device_of(radio)
        self.backend: type[BaseBleakClient] = self.air.client_backend
        self.scanner_backend: type[BaseBleakScanner] = self.air.scanner_backend
        self.adapter: str | None = None
        super().__init__(peripheral, radio, faults)

    @property
    def latency(self) -> float:
        """Seconds that the response to a read or a write takes; can be set."""
        return self._radio.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._radio.latency = seconds

    def lose_adapter(self, seconds: float, *, said: bool = True) -> None:
        """Take the Bluetooth adapter away for so long; without `said`, the client is not told."""
        self.air.lose_adapter(said=said)
        self.later(seconds, self.air.find_adapter)
