"""Bringing the belt to a standstill, proven by telemetry (safety rules S4 and S5). Pure and clocked.

`Halt` says what to send and when: Stop, again after 1 s, then Pause, then the lowest target speed, and round again; a
step is left out while the belt is seen slowing. A machine that answers "procedure already in progress" gets Stop every
0.5 s, and after 2 s the link is to be made anew for nothing but the Stop. So it is if no Stop was answered by then: the
write may hang, and one without response cannot tell of a busy machine.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from backstride.protocol.att import AttError
from backstride.protocol.tickets import Verdict

if TYPE_CHECKING:
    from backstride.driver.state import MachineState
    from backstride.protocol.tickets import Settled

STEP_EVERY: Final = 1.0
"""Seconds between two steps of the escalation (S5)."""

PAUSE_PATIENCE: Final = 1.5
"""Seconds between a first Pause and the Stop after it: at 1 Hz the belt's answer to Pause must have been seen."""

BUSY_REPEAT: Final = 0.5
"""Seconds between two Stops at a machine that says it is busy (S4)."""

TELL_AFTER: Final = 2.0
"""Seconds after which the person is told to use the console, and a busy link is made anew (S4, S5)."""

FRESH_WITHIN: Final = 2.5
"""Age in seconds up to which telemetry proves what the belt does."""

_NEVER: Final = float("inf")


class HaltStep(Enum):
    """What to do next to stop the belt."""

    STOP = "stop"
    PAUSE = "pause"
    LOWEST_SPEED = "lowest speed"
    TELL_PERSON = "tell the person"
    RELINK = "make the link anew"


_ESCALATION: Final = (HaltStep.STOP, HaltStep.STOP, HaltStep.PAUSE, HaltStep.LOWEST_SPEED)


class Halt:
    """One attempt to stop the belt, from the first Stop until it is seen to stand.

    Args:
        now: The instant at which stopping is asked for.
        pause_first: True to begin with Pause.

    Attributes:
        since: The instant at which stopping was asked for.
        done: True once the belt has been seen to stand after the first step.
        told: True once the person has been told to use the console.
        verdict: How Stop or Pause ended, the best of all so far, or None before the first has.
    """

    def __init__(self, now: float, *, pause_first: bool = False) -> None:
        self.since = now
        self.done = False
        self.told = False
        self.verdict: Verdict | None = None
        self._relink_after = TELL_AFTER
        self._relink_at = now + TELL_AFTER
        self._tell_at = now + TELL_AFTER
        self._next_at = now
        self._escalation = (HaltStep.PAUSE, *_ESCALATION) if pause_first else _ESCALATION
        self._step = 0
        self._must_send = True
        self._busy = False
        self._answered = False

    def next_deadline(self) -> float:
        """Return the instant at which `due` has something to say."""
        return self._next_at if self.told else min(self._next_at, self._tell_at)

    def due(self, state: MachineState, now: float) -> list[HaltStep]:
        """Return what to do at `now`, in order."""
        fresh = state.age(now) <= FRESH_WITHIN
        obeyed = state.standing is True and self._answered and not self._busy
        calm = fresh and (state.slowing or obeyed)
        steps: list[HaltStep] = []
        if not self.told and now >= self._tell_at:
            self.told = not calm
            self._tell_at = now + STEP_EVERY
            steps.extend([HaltStep.TELL_PERSON] if self.told else [])
        if now < self._next_at:
            return steps
        if (self._busy or not self._answered) and now >= self._relink_at and not calm:
            self._relink_at = _NEVER
            steps.append(HaltStep.RELINK)
        first = self._step == 0 and self._escalation[0] is HaltStep.PAUSE
        self._next_at = now + (BUSY_REPEAT if self._busy else PAUSE_PATIENCE if first else STEP_EVERY)
        if self._must_send or self._busy or not (fresh and state.slowing):
            self._must_send = False
            steps.append(self._escalate(state, may_slow=fresh and not calm))
        return steps

    def press(self, now: float, *, pause_first: bool = False) -> None:
        """Take another wish to stop: it goes out at once (S4), and no clock that runs for the person starts anew."""
        if not pause_first:
            self._escalation = _ESCALATION
            self._step = 0
        self._next_at = now
        self._must_send = True

    def observe(self, state: MachineState) -> bool:
        """Take a telemetry state; return True once the belt is seen to stand after the first step (S5).

        A belt that a Start may yet move is not to be shown here: it was not stopped, it has not begun.
        """
        self.done = self.done or (state.standing is True and not self._must_send)
        return self.done

    def settled(self, settled: Settled, now: float) -> None:
        """Take the end of a Stop or Pause: a busy machine is asked again sooner (S4)."""
        if settled.verdict is Verdict.SUPERSEDED:
            return
        if self.verdict is not Verdict.SUCCEEDED:  # what follows may be refused for a belt that was stopped already
            self.verdict = settled.verdict
        self._answered = self._answered or settled.verdict in {Verdict.SUCCEEDED, Verdict.REFUSED}
        self._busy = settled.att_error == AttError.PROCEDURE_ALREADY_IN_PROGRESS
        if self._busy:
            self._next_at = min(self._next_at, now + BUSY_REPEAT)

    def link_made(self, now: float) -> None:
        """Take note of a new link: Stop goes out on it at once, and it gets twice the time that the last one had."""
        self._relink_after *= 2
        self._relink_at = now + self._relink_after
        self._next_at = now
        self._escalation = _ESCALATION
        self._step = 0
        self._must_send = True
        self._busy = False
        self._answered = False

    def _escalate(self, state: MachineState, *, may_slow: bool) -> HaltStep:
        """Return the next step; the lowest speed is for a belt that is seen to move and not slowing (S2, S5)."""
        if self._busy or state.standing is True:
            return HaltStep.STOP
        step = self._escalation[self._step % len(self._escalation)]
        self._step += 1
        if step is HaltStep.LOWEST_SPEED and not (may_slow and state.standing is False):
            return HaltStep.STOP
        return step
