"""One quantity of one belt as an onlooker knows it, from what was sent, settled, seen and set on the console."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backstride.driver.confirmation import Rejected, Unknown

if TYPE_CHECKING:
    from backstride.driver.confirmation import Outcome


@dataclass
class Aim:
    """What an onlooker knows of one quantity, speed or inclination.

    Attributes:
        target: The last target, ours or the console's; None while the belt has had none since it was started.
        flying: Our targets without an outcome, oldest first.
        before: The target before the first of them.
        doubt: True if nobody knows what became of the last one, or whether it was ever sent (S10).
        held: What the console has set, to be held to the end of the step (S11).
        guessed: True if only telemetry says so.
        restarted: True if the belt was started anew since.
        ours: True if `target` was sent by us.
    """

    near: int
    target: int | None = None
    flying: list[int] = field(default_factory=list)
    before: int | None = None
    doubt: bool = False
    held: int | None = None
    guessed: bool = False
    restarted: bool = False
    ours: bool = False

    def belt_started(self) -> None:
        self.target, self.flying, self.before, self.doubt = None, [], None, False
        self.held, self.restarted = None if self.guessed else self.held, True

    def sent(self, value: int) -> None:
        if not self.flying:
            self.before = self.target
        elif self.before is not None and self.target is not None:
            self.before = min(self.before, self.target)
        self.flying.append(value)
        self.target, self.ours = value, True

    def settled(self, outcome: Outcome, seen: int | None) -> None:
        """Take an outcome; one that comes for nothing belongs to a belt that was stopped since."""
        if not self.flying:
            return
        latest = self.flying.pop(0)
        if self.flying:
            return
        self.doubt = isinstance(outcome, Unknown) or (
            isinstance(outcome, Rejected) and (not outcome.sent or self.doubt)
        )
        if isinstance(outcome, Rejected) and self.target == latest:
            self.target = seen if self.before is None else self.before

    def overridden(self, value: int, *, guessed: bool) -> None:
        self.target = self.held = value
        self.guessed, self.doubt, self.restarted, self.ours = guessed, False, False, False

    def seen(self, value: int | None) -> None:
        """A belt that is seen at its target ends the doubt about it."""
        if value is not None and self.target is not None and abs(value - self.target) <= self.near and not self.flying:
            self.doubt = False

    def believed(self, seen: int | None) -> None:
        """A person has looked: what is seen is the target, unless the console has set another one."""
        self.target = seen if self.doubt and self.ours and seen is not None else self.target
        self.doubt = False
