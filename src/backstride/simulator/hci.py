"""The simulated treadmill on the air, for phones, watches and other programs: over HCI, or on a virtual link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from backstride.errors import ConfigError
from backstride.machines.facts import GENERIC
from backstride.simulator.faults import Fault
from backstride.simulator.hci_radio import HciRadio
from backstride.simulator.peripheral import Peripheral
from backstride.simulator.simulation import Simulation, address_of, facts_of, named_by

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractAsyncContextManager

    from backstride.machines.facts import MachineFacts
    from backstride.simulator.sensors import Sensor
    from backstride.simulator.virtual_link import VirtualLink

_OF_THE_CLIENT: Final = frozenset({"adapter-lost", "adapter-unsaid", "stalled"})
"""Faults of the computer at the other end, which a treadmill on the air cannot bring about."""


class ClientAdapter(Protocol):
    """The Bluetooth adapter of the computer at the other end, where a test has both ends in its hands."""

    def lose(self, seconds: float, *, said: bool) -> None:
        """Take it away for so long."""


class HciTreadmill(Simulation):
    """One treadmill on the air; it lives on the running loop's clock from `on_air` on.

    Args:
        model: Name of a machine file, path to one, or its facts.
        name: Advertised name; without it what the machine file says, which may be none at all.
        address: Static random address; without it one that follows from the model.
        locked: True to close the vendor's lock, where the machine file describes one.
        faults: What goes wrong with it, besides what its machine file says.
        sensors: What it is besides a fitness machine, for apps that read nothing else.
        adapter: The client's adapter, where it is at hand.

    Raises:
        ConfigError: There is no such machine file, or a fault does not read as one or cannot be brought about.
    """

    def __init__(
        self,
        model: str | MachineFacts = GENERIC,
        *,
        name: str | None = None,
        address: str | None = None,
        locked: bool = False,
        faults: Iterable[Fault | str] = (),
        sensors: Iterable[Sensor] = (),
        adapter: ClientAdapter | None = None,
    ) -> None:
        facts = facts_of(model)
        self._adapter = adapter
        peripheral = Peripheral(facts, locked=locked, sensors=sensors)
        self._hci = HciRadio(peripheral, address=address or address_of(facts.id), name=named_by(facts, name))
        super().__init__(peripheral, self._hci, faults)

    def on_air(self, transport: str | VirtualLink) -> AbstractAsyncContextManager[None]:
        """Be on the air during the block.

        Args:
            transport: A transport as bumble names it (`usb:0`, `serial:/dev/ttyACM0,1000000`, `tcp-client:host:port`,
                `vhci`, …), or a virtual link.

        Raises:
            ConfigError: There is no such transport, or it cannot be opened.
            Disconnected: The adapter does not come up.
        """
        return self._hci.on_air(transport)

    def strike(self, fault: Fault | str) -> None:
        """Let something go wrong, now or when its moment comes.

        Raises:
            ConfigError: The words do not read as a fault, or it is one of the computer at the other end.
        """
        fault = Fault.parse(fault) if isinstance(fault, str) else fault
        if fault.kind.name in _OF_THE_CLIENT and self._adapter is None:
            raise ConfigError(f"{fault.kind.name} happens to the computer at the other end, not to a treadmill.")
        super().strike(fault)

    def lose_adapter(self, seconds: float, *, said: bool = True) -> None:
        """Take the adapter of the client away, where it is at hand."""
        if self._adapter is not None:
            self._adapter.lose(seconds, said=said)
