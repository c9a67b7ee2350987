"""What a radio needs of the machine behind it, be that a simulated treadmill or a capture of a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from backstride.protocol import uuids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backstride.machines.facts import MachineFacts, ServiceDataForm
    from backstride.simulator.belt import Belt
    from backstride.simulator.faults import Fault
    from backstride.simulator.gatt import Service
    from backstride.simulator.misbehaviour import Misbehaviour
    from backstride.simulator.sensors import Sensors
    from backstride.simulator.session import MachineSession
    from backstride.simulator.traffic import Connection, Emission


class Server(Protocol):
    """A GATT server on somebody else's clock: every method takes `now` in seconds of the machine's time."""

    @property
    def services(self) -> Sequence[Service]:
        """The attribute table."""

    @property
    def advertised(self) -> Sequence[str]:
        """UUIDs of the services that it advertises, the fitness machine's first."""

    @property
    def now(self) -> float:
        """The instant up to which it has gone on."""

    @property
    def mtu(self) -> int:
        """The largest ATT_MTU it agrees to."""

    @property
    def service_data(self) -> ServiceDataForm:
        """The form of the service data it advertises."""

    @property
    def connectable(self) -> bool:
        """Whether another central is accepted."""

    @property
    def response_delay(self) -> float | None:
        """Seconds that the response to the last request takes besides the radio's own; None if it never comes."""

    def connect(self, *, mtu: int, encrypted: bool = False) -> Connection:
        """Accept a central. Raises AttFault if it takes no more."""

    def recognise(self, connection: Connection, client: str, now: float) -> None:
        """Take an encrypted link for one of the client at this address, which has paired."""

    def disconnect(self, connection: Connection) -> None:
        """Forget a link."""

    def read(self, uuid: str, now: float) -> bytes:
        """Return the value of a characteristic. Raises AttFault."""

    def subscribe(self, connection: Connection, uuid: str, value: int, now: float) -> None:
        """Write the CCCD of a characteristic. Raises AttFault."""

    def subscription(self, connection: Connection, uuid: str) -> bytes:
        """Return the two octets of a CCCD. Raises AttFault."""

    def write(self, connection: Connection, uuid: str, value: bytes, now: float, *, response: bool = True) -> None:
        """Take a Write Request, or without `response` a Write Command. Raises AttFault for a request."""

    def confirm(self, connection: Connection) -> None:
        """Take the confirmation of an indication."""

    def poll(self, now: float) -> list[Emission]:
        """Go on to `now` and return what is to be sent, oldest first."""

    def next_deadline(self) -> float | None:
        """Return the instant at which `poll` has something to do even if nothing happens, or None."""

    def take_happenings(self) -> Iterable[Fault]:
        """Return what has happened to the machine or its link since this was asked last."""

    def switch(self, now: float, *, powered: bool) -> None:
        """Take the mains away, or give them back."""


class Simulated:
    """What a simulated treadmill tells a radio of itself; a base of `Peripheral`.

    Attributes:
        belt: Its belt.
        faults: What goes wrong with it.
        sensors: What it is besides a fitness machine.
        session: Its session.
    """

    belt: Belt
    faults: Misbehaviour
    sensors: Sensors
    session: MachineSession
    _facts: MachineFacts

    @property
    def advertised(self) -> Sequence[str]:
        """UUIDs of the services that it advertises."""
        return (uuids.FITNESS_MACHINE_SERVICE, *(sensor.service.uuid for sensor in self.sensors.kinds))

    @property
    def now(self) -> float:
        """The instant up to which it has gone on."""
        return self.belt.now

    @property
    def mtu(self) -> int:
        """The largest ATT_MTU it agrees to."""
        return self._facts.link.mtu

    @property
    def service_data(self) -> ServiceDataForm:
        """The form of the service data it advertises."""
        return self._facts.identity.service_data

    @property
    def response_delay(self) -> float:
        """Seconds that a response takes besides the radio's own."""
        return self.faults.response_delay

    def take_happenings(self) -> Iterable[Fault]:
        """Return the faults that have happened since this was asked last."""
        return self.faults.take_happenings()

    def switch(self, now: float, *, powered: bool) -> None:
        """Take the mains away, or give them back."""
        self.session.switch(now, powered=powered)
