"""What a treadmill sends again and again: Treadmill Data and the values of its sensors, at one interval. Pure."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from backstride.protocol import uuids
from backstride.simulator.session import SessionState
from backstride.simulator.telemetry import Telemetry
from backstride.simulator.traffic import ATT_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backstride.machines.facts import MachineFacts
    from backstride.simulator.belt import Belt
    from backstride.simulator.misbehaviour import Misbehaviour
    from backstride.simulator.sensors import Sensors
    from backstride.simulator.session import MachineSession
    from backstride.simulator.traffic import Connection


class Records:
    """The records of one treadmill.

    Args:
        facts: How the machine is.
        belt: Its belt.
        session: Its session.
        faults: What goes wrong with Treadmill Data.
        sensors: What it measures besides.

    Attributes:
        due: Seconds at which the next ones are sent, infinite if nobody wants any.
    """

    def __init__(
        self, facts: MachineFacts, belt: Belt, session: MachineSession, faults: Misbehaviour, sensors: Sensors
    ) -> None:
        self.due = inf
        self._belt = belt
        self._session = session
        self._faults = faults
        self._sensors = sensors
        self._sources = (uuids.TREADMILL_DATA, *sensors.characteristics)
        self.become(facts)

    def become(self, facts: MachineFacts) -> None:
        """Be those of a machine that is like this now."""
        self._facts = facts
        self._telemetry = Telemetry(facts, self._belt, self._session)

    def schedule(self, connections: Iterable[Connection], now: float) -> None:
        """Begin with the first client that wants a record of any kind, and end with the last one."""
        if not any(one.subscriptions.get(uuid) for one in connections for uuid in self._sources):
            self.due = inf
        elif self.due == inf:
            self.due = now + self._facts.telemetry.interval

    def take(self, connections: Iterable[Connection], now: float) -> list[tuple[Connection, str, bytes]]:
        """Return what is to be sent to whom at `now`, if it is time."""
        if self.due > now:
            return []
        records = [(one, uuid, value) for one in connections for uuid, value in self._records_for(one)]
        interval = self._facts.telemetry.interval
        self.due = self.due + interval if self.due + interval > now else now + interval
        return records

    def _records_for(self, connection: Connection) -> Iterator[tuple[str, bytes]]:
        wanted = connection.subscriptions
        if wanted.get(uuids.TREADMILL_DATA):
            yield from ((uuids.TREADMILL_DATA, value) for value in self._treadmill_data(connection.mtu - ATT_HEADER))
        for uuid in self._sensors.characteristics:
            if wanted.get(uuid):
                yield uuid, self._sensors.measurement(uuid)

    def _treadmill_data(self, size: int) -> tuple[bytes, ...]:
        state, standing = self._session.state, self._belt.standing
        if state is SessionState.IDLE and standing and not self._facts.telemetry.when_stopped:
            return ()
        values = self._telemetry.notifications(size)
        return self._faults.record(values, moving=not standing, paused=state is SessionState.PAUSED)
