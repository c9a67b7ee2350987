"""A machine made of a capture: it answers as the machine did then, and says again what it said. Pure and clocked.

It goes from step to step of its script (script.py) as its client does what was done then. What the machine sent after a
request is sent as long after the same request. A client that asks for something else is told what the machine answered
to the nearest thing: the same octets wherever they were written, else the same op code while the belt did the same.
What was never written is refused with an ATT error and counted. A client that takes longer is sent the last record
again and again, so that the machine does not fall silent.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Final

from backstride.capture.events import Operation, Trouble
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.simulator.faults import Fault
from backstride.simulator.gatt import AttFault, Cccd, Characteristic, Service, StackFault
from backstride.simulator.script import ONE_RECORD, Motion, Script, Step, Told, motion_of
from backstride.simulator.traffic import DEFAULT_MTU, Connection, Emission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from backstride.capture import events
    from backstride.machines.facts import MachineFacts, ServiceDataForm

CATCHES_UP: Final = 1.0
"""Seconds that a client may be ahead of the capture without missing a record of telemetry."""

_TALKS: Final = 3.0  # intervals without telemetry after which a machine counts as silent
_SAME_INSTANT: Final = 1e-6
_NOT_PAIRED: Final = "org.bluez.Error.NotPermitted"


class Replay:
    """The GATT server of a captured machine.

    Args:
        script: What happened.
        facts: The machine file that was used then.

    Attributes:
        strangers: What clients wrote that is not in the capture.
        likened: What they wrote in place of another value with the same op code.
        unread: UUIDs of what they read that is not in the capture.
        repeated: How many records of telemetry were sent again for want of others.
        skipped: How many records were left out because a client was ahead of the capture.
    """

    def __init__(self, script: Script, facts: MachineFacts) -> None:
        self.strangers: list[bytes] = []
        self.likened: list[bytes] = []
        self.unread: list[str] = []
        self.repeated = 0
        self.skipped = 0
        self._script = script
        self._facts = facts
        self._now = 0.0
        self._delay: float | None = 0.0
        self._count = 0
        self._client: Connection | None = None
        self._link = 0
        self._at = 0  # the step under way
        self._began = 0.0  # when it began
        self._motion = Motion.UNKNOWN
        self._late: list[Told] = []  # what the client did not wait for
        self._waiting: list[Told] = []
        self._lost_at = inf
        self._repeat_at = inf
        self._record: list[Told] = []
        self._record_at = -inf
        self._losses: list[Fault] = []
        self._tables = [_table(link.services) for link in script.links]

    # What it is

    @property
    def services(self) -> tuple[Service, ...]:
        """The attribute table of the link under way, or of the next one."""
        return self._tables[self._link]

    @property
    def advertised(self) -> Sequence[str]:
        """UUIDs of the services that it advertises."""
        return (uuids.FITNESS_MACHINE_SERVICE,)

    @property
    def now(self) -> float:
        """The instant up to which it has gone on."""
        return self._now

    @property
    def mtu(self) -> int:
        """The ATT_MTU of the link that is made next."""
        return self._script.links[self._next_link].mtu or DEFAULT_MTU

    @property
    def service_data(self) -> ServiceDataForm:
        """The form of the service data: a capture does not tell, so it is the machine file's."""
        return self._facts.identity.service_data

    @property
    def connectable(self) -> bool:
        """Whether it takes a central: one at a time, since a capture is one client's."""
        return self._client is None

    @property
    def response_delay(self) -> float | None:
        """Seconds until the response to the last request, as it took then; None if it never came."""
        return self._delay

    # Links

    def connect(self, *, mtu: int, encrypted: bool = False) -> Connection:
        """Begin the next link of the capture, or the last one again. Raises AttFault if there is a client already."""
        if not self.connectable:
            raise AttFault(AttError.INSUFFICIENT_RESOURCES)
        del mtu  # it is what both sides agreed on then
        agreed, link = self.mtu, self._next_link
        self._count += 1
        self._client = Connection(self._count, agreed, encrypted)
        self._go_to(self._script.beginning(link))
        return self._client

    def disconnect(self, connection: Connection) -> None:
        """Forget the client."""
        if connection is self._client:
            self._client = None
            self._fall_silent()

    # Requests

    def read(self, uuid: str, now: float) -> bytes:
        """Return what was read then: next, later or before. Raises AttFault as it was then, or if it never was read."""
        self._now = now
        found = self._follow(Operation.READ, uuid, None)
        if found is None:
            number = self._nearest(lambda step: step.asks(Operation.READ, uuid, None))
            found = None if number is None else self._script.steps[number]
        if found is None:
            self.unread.append(uuid)
            self._delay = 0.0
            raise AttFault(AttError.UNLIKELY_ERROR)
        return self._answer(found)

    def subscribe(self, connection: Connection, uuid: str, value: int, now: float) -> None:
        """Take note of what the client wants to be sent. Raises AttFault as it was raised then."""
        self._now = now
        self._delay = 0.0
        allowed = next((one.subscription for one in self._characteristics() if one.uuid == uuid), Cccd(0))
        if not allowed:
            raise AttFault(AttError.ATTRIBUTE_NOT_FOUND)
        if value & ~allowed:
            raise AttFault(AttError.VALUE_NOT_ALLOWED)
        found = (self._follow(Operation.SUBSCRIBE, uuid, None) or self._skip_to(uuid)) if value else None
        if found is not None:
            self._answer(found)
        connection.subscriptions[uuid] = Cccd(value)

    def subscription(self, connection: Connection, uuid: str) -> bytes:
        """Return the two octets of a CCCD as they were written. Raises AttFault if there is none."""
        self._delay = 0.0
        if not any(one.uuid == uuid and one.subscription for one in self._characteristics()):
            raise AttFault(AttError.ATTRIBUTE_NOT_FOUND)
        return int(connection.subscriptions.get(uuid, 0)).to_bytes(2, "little")

    def write(self, connection: Connection, uuid: str, value: bytes, now: float, *, response: bool = True) -> None:
        """Answer a write as it was answered then. Raises AttFault likewise, and for what was never written."""
        del connection
        self._now = now
        operation = Operation.WRITE if response else Operation.COMMAND
        found = self._follow(operation, uuid, value) or self._written_elsewhere(operation, uuid, value)
        if found is None:
            self.strangers.append(value)
            self._delay = 0.0
        if response:
            if found is None:
                raise AttFault(AttError.UNLIKELY_ERROR)
            self._answer(found)

    def recognise(self, connection: Connection, client: str, now: float) -> None:
        """Take a link for one of a paired client: a capture has kept no configuration of any."""

    def confirm(self, connection: Connection) -> None:
        """Take a confirmation: nothing waits for it."""

    # Time

    def poll(self, now: float) -> list[Emission]:
        """Go on to `now` and return what is to be sent, oldest first."""
        self._now = max(self._now, now)
        due, self._late = self._late, []
        while self._waiting and self._began + self._waiting[0].after <= self._now + _SAME_INSTANT:
            due.append(self._waiting.pop(0))
        if self._repeat_at <= self._now + _SAME_INSTANT:
            self._repeat_at = self._now + self._script.interval
            self.repeated += bool(self._record)
            due.extend(self._record)
        emissions = [emission for told in due for emission in self._emissions(told)]
        if self._lost_at <= self._now + _SAME_INSTANT:
            self._losses.append(Fault.parse(f"link-lost={self._script.steps[self._at].hidden_for:.3f}"))
            self._fall_silent()
        return emissions

    def next_deadline(self) -> float | None:
        """Return the instant at which `poll` has something to do even if nothing happens, or None."""
        if self._client is None:
            return None
        told = self._began + self._waiting[0].after if self._waiting else inf
        deadline = self._now if self._late else min(told, self._repeat_at, self._lost_at)
        return None if deadline == inf else deadline

    def take_happenings(self) -> Iterable[Fault]:
        """Return the losses of the link that have come since this was asked last."""
        losses, self._losses = self._losses, []
        return losses

    def switch(self, now: float, *, powered: bool) -> None:
        """Nothing: nobody switches off what has happened."""

    # Inside: from step to step

    @property
    def _next_link(self) -> int:
        return min(self._link + bool(self._count), len(self._script.links) - 1)

    def _characteristics(self) -> Iterator[Characteristic]:
        return (one for service in self.services for one in service.characteristics)

    def _follow(self, operation: Operation, uuid: str, value: bytes | None) -> Step | None:
        """Go on to the next step if it is this request, and return it."""
        following = self._at + 1
        if following == len(self._script.steps):
            return None
        step = self._script.steps[following]
        if step.link != self._link or not step.asks(operation, uuid, value):
            return None
        return self._go_to(following)

    def _skip_to(self, uuid: str) -> Step | None:
        """Go on to where the characteristic was subscribed to, if that is to come on this link, and return the step."""
        steps = self._script.steps
        for number in range(self._at + 1, len(steps)):
            if steps[number].link == self._link and steps[number].asks(Operation.SUBSCRIBE, uuid, None):
                return self._go_to(number)
        return None

    def _written_elsewhere(self, operation: Operation, uuid: str, value: bytes) -> Step | None:
        """Go to where the same was written, or the same op code while the belt did the same, and return the step."""
        number = self._nearest(lambda step: step.asks(operation, uuid, value))
        if number is None:
            number = self._nearest(lambda step: self._is_like(step, uuid, value))
            if number is None:
                return None
            self.likened.append(value)
        return self._go_to(number)

    def _is_like(self, step: Step, uuid: str, value: bytes) -> bool:
        same_op_code = step.is_write and step.uuid == uuid and (step.value or b"")[:1] == value[:1]
        return same_op_code and step.motion is self._motion

    def _nearest(self, fits: Callable[[Step], bool]) -> int | None:
        """Return the step that fits: rather with the belt as it is now, rather later than earlier, rather near."""
        fitting = [number for number, step in enumerate(self._script.steps) if fits(step)]

        def distance(number: int) -> tuple[bool, bool, int]:
            same_motion = self._script.steps[number].motion is self._motion
            return (not same_motion, number <= self._at, abs(number - self._at))

        return min(fitting, key=distance, default=None)

    def _go_to(self, number: int) -> Step:
        """Begin a step, after what is left of the one before."""
        self._catch_up()
        step = self._script.steps[number]
        self._at, self._link, self._began = number, step.link, self._now
        self._motion = step.motion
        self._waiting = list(step.told)
        self._lost_at = inf if step.lost_after is None else self._now + step.lost_after
        goes_on = step.lost_after is None and step.quiet_for < _TALKS * self._script.interval
        self._repeat_at = self._now + step.lasts + self._script.interval if goes_on else inf
        return step

    def _catch_up(self) -> None:
        """Send at once what the client did not quite wait for, and all that is no telemetry; leave out the rest."""
        by = self._now - self._began + CATCHES_UP
        for told in self._waiting:
            if told.after <= by or told.uuid != uuids.TREADMILL_DATA:
                self._late.append(replace(told, overtakes=True))
            else:
                self.skipped += 1

    def _fall_silent(self) -> None:
        self._waiting.clear()
        self._late.clear()
        self._record.clear()
        self._lost_at = self._repeat_at = inf

    def _emissions(self, told: Told) -> Iterator[Emission]:
        """Yield what goes out, if the client wants it."""
        if told.uuid == uuids.TREADMILL_DATA:
            if self._now - self._record_at > ONE_RECORD:
                self._record = []
            self._record.append(replace(told, overtakes=False))
            self._record_at = self._now
            self._motion = motion_of(told.value) or self._motion
        if self._client is not None and self._client.subscriptions.get(told.uuid):
            yield Emission(self._client, told.uuid, told.value, told.indication, told.overtakes)

    def _answer(self, step: Step) -> bytes:
        """Return what was read, or nothing, or raise what was refused, all as long after the request as then."""
        self._delay = None if step.answer is None else step.answered_after
        failure = None if step.answer is None else step.answer.failure
        if failure is None:
            return (step.answer and step.answer.value) or b""
        match failure.trouble:
            case Trouble.ATT:
                raise AttFault(failure.att_error or AttError.UNLIKELY_ERROR)
            case Trouble.BLUEZ if failure.name == _NOT_PAIRED:
                raise AttFault(AttError.INSUFFICIENT_AUTHENTICATION)
            case Trouble.BLUEZ | Trouble.OTHER:
                raise StackFault(failure.name or "", failure.text)
            case _:
                self._delay = None
                return b""


def _table(services: Iterable[events.Service]) -> tuple[Service, ...]:
    return tuple(
        Service(
            service.uuid,
            tuple(
                Characteristic(
                    one.uuid,
                    one.properties,
                    handle=one.handle,
                    descriptors=tuple((descriptor.uuid, descriptor.handle) for descriptor in one.descriptors),
                )
                for one in service.characteristics
            ),
            service.handle,
        )
        for service in services
    )
