"""The FTMS server over one belt: connections, reads, writes, subscriptions, and who is sent what when.

Pure and clocked. Every method takes `now` in seconds; what is to be sent piles up and `poll` hands it over;
`next_deadline` tells when to poll next although nothing happened. A transport does nothing but carry both ways.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.control_point import OpCode, Response, encode_response
from backstride.protocol.machine_status import ControlPermissionLost, MachineStatus, encode_machine_status
from backstride.protocol.training_status import TrainingStatus, encode_training_status
from backstride.simulator.belt import Belt
from backstride.simulator.control import ControlPoint, Outcome
from backstride.simulator.faults import Fault, Moment
from backstride.simulator.gatt import AttFault, Cccd, Characteristic, services_of
from backstride.simulator.misbehaviour import Misbehaviour
from backstride.simulator.records import Records
from backstride.simulator.sensors import Sensors
from backstride.simulator.server import Simulated
from backstride.simulator.session import MachineSession
from backstride.simulator.traffic import ATT_HEADER, DEFAULT_MTU, Connection, ControlWrite, Emission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backstride.machines.facts import MachineFacts
    from backstride.simulator.sensors import Sensor


class Peripheral(Simulated):
    """One simulated treadmill's FTMS server.

    Args:
        facts: How the machine is, and how it deviates.
        now: Seconds at which it is powered.
        locked: True to close the vendor's lock that ``facts.control.locked`` describes: control point writes are then
            acknowledged and dropped, and nothing is notified. A simulated machine is by default one that its owner
            has unlocked with the maker's app; the lock is then a fact about strangers' machines.
        sensors: What it measures and serves besides FTMS.

    Attributes:
        faults: What goes wrong with it.
        sensors: What its sensors measure.
    """

    def __init__(
        self, facts: MachineFacts, now: float = 0.0, *, locked: bool = False, sensors: Iterable[Sensor] = ()
    ) -> None:
        self.faults = Misbehaviour(facts)
        self.locked = locked
        self._facts = facts
        self.belt = Belt(facts.belt, floor=facts.speed.slowest, ceiling=facts.speed.fastest, deck=facts.deck, now=now)
        self.session = MachineSession(facts, self.belt)
        self.control = ControlPoint(facts, self.session, self.belt)
        self.sensors = Sensors(self.belt, sensors)
        self.services = (*services_of(facts), *(sensor.service for sensor in self.sensors.kinds))
        self.connections: list[Connection] = []
        self.writes: list[ControlWrite] = []
        self._records = Records(facts, self.belt, self.session, self.faults, self.sensors)
        self._characteristics = {one.uuid: one for service in self.services for one in service.characteristics}
        self._configurations: dict[str, dict[str, Cccd]] = {}  # of each client that has paired
        self._emissions: list[Emission] = []
        self._answer: tuple[float, Connection, tuple[bytes, ...]] | None = None  # due, to whom, what
        self._unconfirmed: Connection | None = None
        self._last_taken = -inf
        self._training_status = self.session.training_status
        self._count = 0
        self._moved = False

    # What it is

    @property
    def facts(self) -> MachineFacts:
        """How the machine is now, its faults included; set it to let it be another one."""
        return self._facts

    @facts.setter
    def facts(self, facts: MachineFacts) -> None:
        self.faults.become(facts)
        self._become()

    def strike(self, fault: Fault, now: float) -> None:
        """Let something go wrong: now, or when its moment comes."""
        self.faults.strike(fault, now)
        self._become()

    def mend(self) -> None:
        """Let every fault be over."""
        self.faults.mend()
        self._become()

    def _become(self) -> None:
        """Be what the faults at work make of the machine."""
        facts = self.faults.facts
        if facts is self._facts:
            return
        self._facts = self.session.facts = self.control.facts = facts
        self.belt.behave(facts.belt, floor=facts.speed.slowest, ceiling=facts.speed.fastest)
        self._records.become(facts)

    # Links

    @property
    def connectable(self) -> bool:
        """Whether another central is accepted; a machine that has all it takes does not advertise either."""
        return len(self.connections) < self.facts.link.centrals

    def connect(self, *, mtu: int = DEFAULT_MTU, encrypted: bool = False) -> Connection:
        """Accept a central; the ATT_MTU is the smaller of both sides'.

        Raises:
            AttFault: All links the machine accepts are taken.
        """
        if not self.connectable:
            raise AttFault(AttError.INSUFFICIENT_RESOURCES)
        self.faults.note(Moment.CONNECT, self.belt.now)
        if self._count and not self.connections:
            self.faults.note(Moment.RECONNECT, self.belt.now)
        self._become()
        self._count += 1
        connection = Connection(self._count, min(mtu, self.facts.link.mtu), encrypted)
        self.connections.append(connection)
        return connection

    def recognise(self, connection: Connection, client: str, now: float) -> None:
        """Take a link for one of a paired client, whose configuration outlives its links (Core Vol 3 G 3.3.3.3).

        Args:
            connection: The link, encrypted.
            client: The address it is known by.
            now: Seconds.
        """
        kept = self._configurations.setdefault(client, {})
        kept.update(connection.subscriptions)
        connection.subscriptions = kept
        self._records.schedule(self.connections, now)

    def disconnect(self, connection: Connection) -> None:
        """Forget a link. The belt goes on as it is (fact sheet 9: the session outlives the link)."""
        if connection not in self.connections:
            return
        self.connections.remove(connection)
        if self.control.owner == connection.number:
            self.control.owner = None
        if self._answer is not None and self._answer[1] is connection:
            self._answer = None
        if self._unconfirmed is connection:
            self._unconfirmed = None
        self._emissions = [emission for emission in self._emissions if emission.connection is not connection]
        self.faults.link_ended()
        self._become()
        self._records.schedule(self.connections, self.belt.now)

    # Requests of clients

    def read(self, uuid: str, now: float) -> bytes:
        """Return the value of a characteristic. Raises AttFault if there is none, or it cannot be read."""
        characteristic = self._find(uuid)
        if "read" not in characteristic.properties:
            raise AttFault(AttError.READ_NOT_PERMITTED)
        if characteristic.value is not None:
            return characteristic.value
        self.belt.advance(now)
        return b"" if self.facts.telemetry.empty_status else self._training_value()

    def subscribe(self, connection: Connection, uuid: str, value: int, now: float) -> None:
        """Write the CCCD of a characteristic: 0 nothing, 1 notifications, 2 indications.

        Raises:
            AttFault: The characteristic has no CCCD, or cannot send what is asked for.
        """
        allowed = self._find(uuid).subscription
        if not allowed:
            raise AttFault(AttError.ATTRIBUTE_NOT_FOUND)
        if value & ~int(allowed):  # a flag inverted would forget the reserved bits
            raise AttFault(AttError.VALUE_NOT_ALLOWED)
        connection.subscriptions[uuid] = Cccd(value)
        self._records.schedule(self.connections, now)

    def subscription(self, connection: Connection, uuid: str) -> bytes:
        """Return the two octets of a CCCD as they were written (FTMS.TS CON). Raises AttFault if there is none."""
        if not self._find(uuid).subscription:
            raise AttFault(AttError.ATTRIBUTE_NOT_FOUND)
        return int(connection.subscriptions.get(uuid, 0)).to_bytes(2, "little")

    def write(self, connection: Connection, uuid: str, value: bytes, now: float, *, response: bool = True) -> None:
        """Take a Write Request, or with `response` False a Write Command, which is dropped where a request fails.

        Raises:
            AttFault: The request is refused before any procedure begins (fact sheet 7.3, steps 1 to 3).
        """
        characteristic = self._find(uuid)
        permitted = ("write" if response else "write-without-response") in characteristic.properties
        fault = None if permitted else AttError.WRITE_NOT_PERMITTED
        if uuid == uuids.CONTROL_POINT:
            self._advance(now)
            self.faults.note_write(value, now)
            self._become()
            fault = fault or self.faults.refusal() or self._obstacle(connection, value)
            answer = None if fault else self._procedure(connection, value, now)
            self.writes.append(ControlWrite(now, connection.number, value, fault, answer))
        if fault and response:
            raise AttFault(fault)

    def confirm(self, connection: Connection) -> None:
        """Take the Handle Value Confirmation that ends a procedure (FTMP 4.4.14)."""
        if self._unconfirmed is connection:
            self._unconfirmed = None

    # Time

    def poll(self, now: float) -> list[Emission]:
        """Go on to `now` and return what is to be sent, oldest first."""
        self._advance(now)
        self._note_training_status()
        if self._answer is not None and self._answer[0] <= now:
            self._send_answer(*self._answer[1:])
        for record in self._records.take(self.connections, now):
            self._send(*record)
        emissions, self._emissions = self._emissions, []
        return emissions

    def next_deadline(self) -> float | None:
        """Return the instant at which `poll` has something to do even if nothing happens, or None."""
        if self._emissions:
            return self.belt.now
        deadline = min(self._records.due, self.faults.next_deadline())
        if self._answer is not None:
            deadline = min(deadline, self._answer[0])
        turning = self.belt.starting or not (self.belt.standing or self.belt.running)
        if turning and (self.connections or self.faults.heeds_the_belt):
            deadline = min(deadline, self.belt.next_change())
        return None if deadline == inf else deadline

    def announce(self, status: MachineStatus, now: float) -> None:
        """Tell every client what happened at the console (FTMS 4.17.1)."""
        self.belt.advance(now)
        value = encode_machine_status(status)
        for connection in self.connections:
            self._send(connection, uuids.MACHINE_STATUS, value)
        self._note_training_status()

    def revoke_control(self, now: float) -> None:
        """Let the console take control away from the client that has it (FTMS 4.17.1, FTMS.TS FMSN/BV-23)."""
        self.belt.advance(now)
        self._dispossess(self.control.owner)
        self.control.owner = None

    # Inside

    def _advance(self, now: float) -> None:
        self.belt.advance(now)
        if self._moved is self.belt.standing:
            self._moved = not self._moved
            self.faults.note(Moment.MOTION if self._moved else Moment.STANDING, now)
        self.faults.advance(now)
        self._become()

    def _find(self, uuid: str) -> Characteristic:
        characteristic = self._characteristics.get(uuid)
        if characteristic is None:
            raise AttFault(AttError.INVALID_HANDLE)
        return characteristic

    def _obstacle(self, connection: Connection, value: bytes) -> AttError | None:
        """Return why a write to the control point is refused before a procedure begins."""
        if self.facts.link.require_encryption and not connection.encrypted:
            return AttError.INSUFFICIENT_AUTHENTICATION
        if not connection.subscriptions.get(uuids.CONTROL_POINT):
            return AttError.CCCD_IMPROPERLY_CONFIGURED
        if self._answer is not None or self._unconfirmed is not None:
            return AttError.PROCEDURE_ALREADY_IN_PROGRESS
        return None if value else AttError.INVALID_ATTRIBUTE_VALUE_LENGTH

    def _procedure(self, connection: Connection, value: bytes, now: float) -> bytes | None:
        """Carry out an accepted write; return the answer that will be sent, or None."""
        control = self.facts.control
        too_soon = now - self._last_taken < control.pacing
        if self.locked or too_soon or self.faults.drops_writes:
            return None
        self._last_taken = now
        if (result := self.faults.result) is not None:
            return self._answers(connection, bytes((OpCode.RESPONSE_CODE, value[0], result)), now)
        outcome = self.control.carry_out(value, connection.number, now)
        answer = None
        if value[0] not in control.unanswered:
            answer = self._answers(connection, encode_response(Response(value[0], outcome.result)), now)
        self._tell_others(connection, outcome)
        self._note_training_status()
        return answer

    def _answers(self, connection: Connection, answer: bytes, now: float) -> bytes | None:
        """Answer a procedure at its time; return the answer that will be sent, or None."""
        answers = self.faults.answers(answer)
        if self._facts.control.answer_delay == 0:
            self._send_answer(connection, answers)
        else:
            self._answer = (now + self._facts.control.answer_delay, connection, answers)
        return answers[0] if answers else None

    def _send_answer(self, connection: Connection, answers: tuple[bytes, ...]) -> None:
        self._answer = None
        overtakes = self.faults.answer_overtakes
        for answer in answers:
            if self._send(connection, uuids.CONTROL_POINT, answer, overtakes=overtakes):
                self._unconfirmed = connection

    def _tell_others(self, originator: Connection, outcome: Outcome) -> None:
        """Route what a client's procedure changed (FTMS 4.17.1)."""
        self._dispossess(outcome.dispossessed)
        if outcome.status is None:
            return
        value = encode_machine_status(outcome.status)
        for connection in self.connections:
            if connection is not originator or self.facts.control.echoes_status:
                self._send(connection, uuids.MACHINE_STATUS, value)

    def _dispossess(self, number: int | None) -> None:
        for connection in self.connections:
            if connection.number == number:
                self._send(connection, uuids.MACHINE_STATUS, encode_machine_status(ControlPermissionLost()))

    def _note_training_status(self) -> None:
        status = self.session.training_status
        if status != self._training_status:
            self._training_status = status
            for connection in self.connections:
                self._send(connection, uuids.TRAINING_STATUS, self._training_value())

    def _training_value(self) -> bytes:
        text = "" if self.facts.telemetry.empty_status_text else None
        return encode_training_status(TrainingStatus(self.session.training_status, text))

    def _send(self, connection: Connection, uuid: str, value: bytes, *, overtakes: bool = False) -> bool:
        """Queue `value` if the client wants it; return whether it must be confirmed."""
        wanted = connection.subscriptions.get(uuid)
        if not wanted or self.locked:
            return False
        indication = wanted is Cccd.INDICATE
        emission = Emission(connection, uuid, value[: connection.mtu - ATT_HEADER], indication, overtakes)
        self._emissions.extend((emission, emission) if self.faults.doubles else (emission,))
        return indication
