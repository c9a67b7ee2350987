"""A peripheral on the bench: clients that write hex and read hex, and a clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backstride.machines.facts import MachineFacts, load_facts
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.simulator.console import Console
from backstride.simulator.gatt import AttFault, Cccd
from backstride.simulator.peripheral import Peripheral

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backstride.simulator.sensors import Sensor
    from backstride.simulator.traffic import Connection

CONTROL = uuids.CONTROL_POINT
DATA = uuids.TREADMILL_DATA
STATUS = uuids.MACHINE_STATUS
TRAINING = uuids.TRAINING_STATUS


@dataclass
class Client:
    """One central: what it was sent, by characteristic, as hex."""

    bench: Bench
    connection: Connection
    inbox: dict[str, list[str]] = field(default_factory=dict)
    confirms: bool = True

    def subscribe(self, *wanted: str) -> Client:
        for uuid in wanted:
            value = self.bench.properties(uuid) or Cccd.NOTIFY
            self.bench.peripheral.subscribe(self.connection, uuid, value, self.bench.now)
        return self

    def write(self, value: str, uuid: str = CONTROL, *, response: bool = True) -> AttError | None:
        """Write hex; return the ATT error of the write, if any."""
        try:
            self.bench.peripheral.write(self.connection, uuid, bytes.fromhex(value), self.bench.now, response=response)
        except AttFault as fault:
            return AttError(fault.code)
        finally:
            self.bench.carry()
        return None

    def ask(self, *values: str) -> str:
        """Write each hex and return what the last one is answered; fail if a write is refused."""
        for value in values:
            self.take(CONTROL)
            assert self.write(value) is None
        answers = self.take(CONTROL)
        assert len(answers) <= 1
        return answers[0] if answers else ""

    def take(self, uuid: str) -> list[str]:
        return self.inbox.pop(uuid, [])


class Bench:
    def __init__(
        self, model: str | MachineFacts = "generic", *, locked: bool = False, sensors: Iterable[Sensor] = ()
    ) -> None:
        facts = load_facts(model) if isinstance(model, str) else model
        self.peripheral = Peripheral(facts, locked=locked, sensors=sensors)
        self.now = 0.0
        self.clients: list[Client] = []
        self.console = Console(self.peripheral, lambda: self.now, self.carry)

    def properties(self, uuid: str) -> Cccd:
        for service in self.peripheral.services:
            for one in service.characteristics:
                if one.uuid == uuid:
                    return Cccd.NOTIFY if Cccd.NOTIFY in one.subscription else one.subscription
        return Cccd(0)

    def client(self, *wanted: str, mtu: int = 247, encrypted: bool = False, control: bool = False) -> Client:
        client = Client(self, self.peripheral.connect(mtu=mtu, encrypted=encrypted))
        self.clients.append(client)
        client.subscribe(*wanted)
        if control:
            client.subscribe(CONTROL)
            client.ask("00")
        return client

    def go(self, seconds: float) -> None:
        """Let time pass, waking the peripheral whenever it asks to be woken."""
        end = self.now + seconds
        while (deadline := self.peripheral.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self.carry()
        self.now = end
        self.carry()

    def carry(self) -> None:
        for emission in self.peripheral.poll(self.now):
            for client in self.clients:
                if client.connection is emission.connection:
                    client.inbox.setdefault(emission.uuid, []).append(emission.value.hex())
                    if emission.indication and client.confirms:
                        self.peripheral.confirm(client.connection)
