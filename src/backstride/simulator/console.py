"""The console of a simulated treadmill: what a person does with their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.protocol.control_point import StopOrPause
from backstride.protocol.machine_status import (
    StartedOrResumedByUser,
    StoppedBySafetyKey,
    StoppedOrPausedByUser,
    TargetInclineChanged,
    TargetSpeedChanged,
)
from backstride.simulator.session import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.protocol.machine_status import MachineStatus
    from backstride.simulator.peripheral import Peripheral
    from backstride.units import Incline, Speed


class Console:
    """The buttons and the safety key.

    A button that does nothing in the present state, such as Stop on an idle machine, tells nobody.

    Args:
        peripheral: The machine they belong to.
        clock: Tells the seconds of the machine's time.
        pressed: Called after each press, so that a transport can carry what the clients are told.
    """

    def __init__(self, peripheral: Peripheral, clock: Callable[[], float], pressed: Callable[[], None]) -> None:
        self._peripheral = peripheral
        self._session = peripheral.session
        self._clock = clock
        self._pressed = pressed

    @property
    def state(self) -> SessionState:
        """Idle, running or paused, as the console shows it."""
        return self._session.state

    @property
    def safety_key(self) -> bool:
        """Whether the safety key is in its place."""
        return self._session.safety_key

    def press_start(self) -> None:
        """Start, or resume after a pause."""
        now = self._clock()
        self._tell(StartedOrResumedByUser() if self._session.start(now) else None, now)

    def press_stop(self) -> None:
        """End the session."""
        now = self._clock()
        self._tell(StoppedOrPausedByUser(StopOrPause.STOP) if self._session.stop(now) else None, now)

    def press_pause(self) -> None:
        """Pause; a machine that stops instead says that it stopped."""
        now = self._clock()
        if not self._session.pause(now):
            self._tell(None, now)
            return
        paused = self._session.state is SessionState.PAUSED
        self._tell(StoppedOrPausedByUser(StopOrPause.PAUSE if paused else StopOrPause.STOP), now)

    def set_speed(self, speed: Speed) -> None:
        """Set the target speed; on an idle machine it is kept for the next start."""
        now = self._clock()
        target = self._session.set_speed(now, speed)
        self._tell(TargetSpeedChanged(self._peripheral.facts.speed.unit.to_wire(target)), now)

    def set_incline(self, incline: Incline) -> None:
        """Set the incline of the deck."""
        now = self._clock()
        incline = self._session.set_incline(now, incline)
        facts = self._peripheral.facts.incline
        self._tell(TargetInclineChanged(incline if facts is None else facts.written.to_wire(incline)), now)

    def pull_safety_key(self) -> None:
        """Pull the safety key: the belt stops, and nothing starts it until the key is back."""
        now = self._clock()
        self._session.pull_safety_key(now)
        self._tell(StoppedBySafetyKey(), now)

    def insert_safety_key(self) -> None:
        """Put the safety key back. Nothing moves by itself."""
        self._session.insert_safety_key()

    def take_control(self) -> None:
        """Take control away from the client that has it."""
        self._peripheral.revoke_control(self._clock())
        self._pressed()

    def _tell(self, status: MachineStatus | None, now: float) -> None:
        if status is not None:
            self._peripheral.announce(status, now)
        self._pressed()
