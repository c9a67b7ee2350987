"""The person on a simulated treadmill, where nobody plays one: agrees to what is asked, and gives up in the end.

A session waits for a person as long as it takes: for a lost link, or for a belt that is not seen to stop. A simulated
walk has to end by itself, so this person does what a patient one does at last: presses q, and then Ctrl-C. Pure.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from backstride.workout.events import LinkChanged, Sample, SessionState, StepStarted

if TYPE_CHECKING:
    from backstride.workout.events import Ask, SessionEvent

PATIENCE: Final = 120.0
"""Seconds of the session's time in which nothing gets on, until the person stops it."""

LEAVES_AFTER: Final = 30.0
"""Seconds from that stop until the person leaves, if the session is not over."""

GAVE_UP: Final = "nothing got on for two minutes"
"""Why the person stopped it."""


class Act(Enum):
    """What the person does."""

    AGREE = auto()
    STOP = auto()
    LEAVE = auto()


class SimulatedWalker:
    """Hears what a session tells, and acts at most once a second."""

    def __init__(self) -> None:
        self._since: float | None = None  # when it last got on
        self._stopped = False
        self._in_stand = False
        self._link_lost = False

    def hear(self, event: SessionEvent, at: float, asking: Ask | None) -> Act | None:
        """Return what the person does about `event`.

        Args:
            event: What the session tells.
            at: Seconds since the session was made.
            asking: What the session waits for.
        """
        match event:
            case StepStarted():
                self._in_stand = event.kind == "stand"
            case LinkChanged(connected=False):
                self._link_lost = True
            case Sample():
                return self._look(event, at, asking)
            case _:
                pass
        return None

    def _look(self, sample: Sample, at: float, asking: Ask | None) -> Act | None:
        if not sample.stale and sample.speed is not None:
            self._link_lost = False
        if self._since is None or self._gets_on(sample):
            self._since = at
        waited = at - self._since
        if waited >= PATIENCE + LEAVES_AFTER:
            return Act.LEAVE
        if waited >= PATIENCE and not self._stopped:
            self._stopped = True
            return Act.STOP
        if sample.state is SessionState.READY:
            return Act.AGREE if waited else None  # the first start is the front end's
        return Act.AGREE if self._agrees(sample, asking) else None

    def _gets_on(self, sample: Sample) -> bool:
        """Tell whether somebody walks, or stands where the plan says so; a belt out of sight gets nobody on."""
        if sample.state is not SessionState.RUNNING or self._link_lost:
            return False
        return not self._in_stand or sample.speed == 0

    def _agrees(self, sample: Sample, asking: Ask | None) -> bool:
        """Tell whether the person says yes; to a belt that is still coming to rest nobody does."""
        coming_to_rest = sample.state is SessionState.PAUSED and not sample.stale and bool(sample.speed)
        return asking is not None and not coming_to_rest
