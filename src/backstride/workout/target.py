"""The last target of one quantity, speed or incline: what became of it, and who holds it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from backstride.driver.confirmation import Confirmed, Outcome, Rejected
from backstride.units import Incline, Speed

Quantity = TypeVar("Quantity", Speed, Incline)

STRAYED_SAMPLES: Final = 2
"""Telemetry records off a reached target that mean somebody changed it on the console (S11)."""


@dataclass(slots=True)
class Target(Generic[Quantity]):
    """One quantity of one belt.

    Attributes:
        value: Last target, ours or the console's; None while the belt has had none since it was started.
        held: What console or person want to the end of the step (S11), or None.
        in_flight: Commands without an outcome.
        doubtful: True if the last outcome was Unknown and the belt has not been seen at its target since (S10).
        refused: What the machine has rejected in this step, or None.
        left_out: True once a person has agreed to go on without it, because the machine does not obey (S10).
    """

    value: Quantity | None = None
    held: Quantity | None = None
    in_flight: int = 0
    doubtful: bool = False
    refused: Quantity | None = None
    left_out: bool = False
    _sent: Quantity | None = None
    _before: Quantity | None = None
    _guessed: bool = False
    _arrived: bool = False
    _strayed: int = 0

    def belt_started(self) -> None:
        """Forget the belt that was. What console or person want is still held, unless only telemetry said so."""
        if self._guessed:
            self.held = None
        self.value = self.refused = None
        self.in_flight, self.doubtful = 0, False
        self._arrived, self._strayed = False, 0

    def enter_step(self) -> None:
        """Let go of what was held and refused in the step before."""
        self.held = self.refused = None

    def hold(self, wanted: Quantity) -> None:
        """Take a person's wish, and ask the machine again for what it refused or did not obey."""
        self.held, self.refused, self._guessed = wanted, None, False
        self.left_out = False

    def adopt(self, value: Quantity, *, guessed: bool = False) -> None:
        """Take what the console has set; `guessed` where only telemetry shows it, which may still be on its way."""
        self.value = self.held = value
        self.doubtful, self._guessed = False, guessed
        self._arrived, self._strayed = guessed, 0

    def send(self, value: Quantity) -> None:
        """Take note that `value` goes to the machine."""
        if not self.in_flight:
            self._before = self.value
        elif self._before is not None and self.value is not None:
            self._before = min(self._before, self.value)
        self.value = self._sent = value
        self.in_flight += 1
        self._arrived, self._strayed = False, 0

    def settle(self, outcome: Outcome, seen: Quantity | None) -> bool:
        """Take an outcome; return True if it is that of the latest command, and not Confirmed.

        A rejected target is not the belt's target: the one before it is, or what is `seen` where there was none.
        """
        self.in_flight -= 1
        if self.in_flight < 0:  # of a command to the belt before it was stopped and started again
            self.in_flight = 0
            return False
        if self.in_flight or self.left_out:
            return False
        match outcome:
            case Confirmed():
                self.doubtful = False
                return False
            case Rejected(sent=sent):
                if sent:
                    self.refused = self._sent
                else:
                    self.doubtful = True  # an earlier command is in its way, and nobody knows what has come of that
                if self.value == self._sent:
                    self.value = seen if self._before is None else self._before
            case _:
                self.doubtful = True
        return True

    def observe(self, seen: Quantity | None, *, near: int, off: int) -> Quantity | None:
        """Take telemetry; return it, adopted, if the belt has left a target it had reached without our doing (S11).

        Args:
            seen: The reported quantity.
            near: How far a report may be from its target and still prove it.
            off: How far it may be and still belong to it.
        """
        if seen is None or self.value is None:
            return None
        distance = abs(seen - self.value)
        if distance <= near and not self.in_flight:
            self.doubtful = False  # late, but there
        if distance <= off:
            self._arrived, self._strayed = True, 0
        elif self._arrived and not self.in_flight:
            self._strayed += 1
            if self._strayed >= STRAYED_SAMPLES:
                self.adopt(seen, guessed=True)
                return seen
        return None

    def is_refused(self, wanted: Quantity) -> bool:
        """Tell whether the machine has rejected `wanted` in this step, or less than it on the way up."""
        if self.refused is None:
            return False
        return wanted == self.refused or (self.value is not None and self.value < self.refused <= wanted)

    def certain(self, value: Quantity, seen: Quantity | None, *, cautious: bool) -> Quantity:
        """Return up to where a target is no increase: the last one, `value`, or less where that is in doubt."""
        return min(value, seen) if seen is not None and (cautious or self.doubtful) else value

    def leave_out(self) -> None:
        """Set it no more: a person has agreed to go on without it (S10)."""
        self.left_out, self.held = True, None

    def take_up_again(self) -> None:
        """Set again what was left out: it is seen to move to its last target late, which is no console's doing."""
        if self.left_out and self._sent is not None:
            self.left_out, self.value = False, self._sent
            self._arrived, self._strayed = False, 0

    def believe(self, seen: Quantity | None) -> None:
        """Let a person settle the doubt: what is seen is the target now, and the machine may be asked again."""
        if self.doubtful and seen is not None and self.value == self._sent:
            self.value = seen
        self.doubtful, self.refused = False, None
