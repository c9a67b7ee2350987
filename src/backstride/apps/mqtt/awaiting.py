"""What has come of a command, from what the session tells afterwards: Confirmed, Rejected or Unknown (S10). Pure.

A command that is let through is answered once: at once where the session refuses it, and else when the belt has shown
what it has come to, or when nothing more is to be expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.payloads import Answer, Outcome, Verb
from backstride.workout.events import (
    CommandSettled,
    Ended,
    Overridden,
    SessionState,
    StateChanged,
    StepStarted,
    TargetSet,
)

if TYPE_CHECKING:
    from backstride.apps.mqtt.payloads import Command
    from backstride.units import Incline, Speed
    from backstride.workout.events import SessionEvent

STOPS_AWAITED: Final = 32
"""Stops that are answered when the belt stands; whoever sends more is not answered for each."""

_WITHIN: Final = {Verb.SET_SPEED: 120.0, Verb.SET_INCLINE: 120.0}
"""Seconds after which a target is not waited for any longer: it rises gently (S8), or not at all (S9)."""

_AT_MOST: Final = 30.0
"""Seconds likewise for everything else."""

_SUPERSEDED: Final = "a newer command took its place"
_TOO_LATE: Final = "nothing has come of it within {:.0f} s; look at the belt"
_OUTCOMES: Final = {"confirmed": Outcome.CONFIRMED, "rejected": Outcome.REJECTED}
_HALTED: Final = ("pause", "stop")


class Wait(Enum):
    """What is waited for."""

    START = "start"
    HALT = "halt"
    SPEED = "speed"
    INCLINE = "incline"
    CONTROL = "control"


_WAITS: Final = {
    Verb.START: Wait.START,
    Verb.RESUME: Wait.START,
    Verb.PAUSE: Wait.HALT,
    Verb.SET_SPEED: Wait.SPEED,
    Verb.SET_INCLINE: Wait.INCLINE,
    Verb.CONFIRM: Wait.CONTROL,
}


@dataclass(slots=True)
class _Waiting:
    command: Command
    gives_up_at: float


@dataclass(slots=True)
class _Course:
    """One quantity on its way: its last target, and how many commands for it have no outcome yet."""

    target: Speed | Incline | None = None
    flying: int = 0


class Awaiting:
    """The commands to one treadmill that have no answer yet."""

    def __init__(self) -> None:
        self._waiting: dict[Wait, _Waiting] = {}
        self._stops: list[str] = []
        self._courses = {Wait.SPEED: _Course(), Wait.INCLINE: _Course()}

    # --- what is expected

    def expect(self, command: Command, now: float, *, starts: bool = False) -> list[Answer]:
        """Wait for what comes of `command`; return the answers that this gives at once.

        Args:
            command: A command that the session has not refused.
            now: Seconds on the loop's clock.
            starts: True for a confirmation that starts the belt.
        """
        wait = Wait.START if starts else _WAITS[command.verb]
        course = self._courses.get(wait)
        answers = self._settle(wait, Outcome.UNKNOWN, _SUPERSEDED)
        if course is not None and course.target == command.argument and not course.flying:
            return [*answers, Answer(command.id, command.verb, Outcome.CONFIRMED, "that is its target already")]
        self._waiting[wait] = _Waiting(command, now + _WITHIN.get(command.verb, _AT_MOST))
        return answers

    def expect_stop(self, caller: str) -> bool:
        """Wait for the belt to stand; return whether the one who wants it will be answered."""
        if not caller or len(self._stops) >= STOPS_AWAITED:
            return False
        if caller not in self._stops:
            self._stops.append(caller)
        return True

    # --- what comes

    def hear(self, event: SessionEvent) -> list[Answer]:
        """Take what the session tells; return the answers that follow from it."""
        match event:
            case TargetSet(speed=speed, incline=incline):
                self._aimed(Wait.SPEED, speed)
                self._aimed(Wait.INCLINE, incline)
            case CommandSettled(command, word, reason):
                return self._settled(command, _OUTCOMES.get(word, Outcome.UNKNOWN), reason)
            case StateChanged(state, reason):
                return self._changed(state, reason)
            case StepStarted():
                return self._leave_targets("the next step has begun, with its own targets")
            case Overridden(change, speed, incline):
                wait = Wait(change)
                self._courses[wait] = _Course(speed if wait is Wait.SPEED else incline, self._courses[wait].flying)
                return self._settle(
                    wait, Outcome.REJECTED, f"the {change} was changed on the console, which holds (S11)"
                )
            case Ended(reason=reason, belt_standing=standing):
                return self.end(reason, standing=standing)
            case _:
                pass
        return []

    def expire(self, now: float) -> list[Answer]:
        """Return the answers to what has been waited for too long."""
        late = [(wait, one) for wait, one in self._waiting.items() if now >= one.gives_up_at]
        return [
            answer
            for wait, one in late
            for answer in self._settle(wait, Outcome.UNKNOWN, _TOO_LATE.format(_WITHIN.get(one.command.verb, _AT_MOST)))
        ]

    def end(self, reason: str, *, standing: bool | None) -> list[Answer]:
        """Return the answers to everything, now that the session is over: nothing more will come."""
        answers = self.stopped(standing=standing, reason=reason)
        halted = Outcome.CONFIRMED if standing is True else Outcome.UNKNOWN
        for wait in tuple(self._waiting):
            outcome = halted if wait is Wait.HALT else Outcome.REJECTED
            answers += self._settle(wait, outcome, f"the session is over: {reason}")
        self._courses = {wait: _Course() for wait in self._courses}
        return answers

    def paused(self) -> list[Answer]:
        """Return the answer to a pause, now that the session is paused and the belt is seen to stand (S5)."""
        return self._settle(Wait.HALT, Outcome.CONFIRMED, "the belt stands")

    def stopped(self, *, standing: bool | None, reason: str = "") -> list[Answer]:
        """Return the answers to every Stop, now that the belt is seen to stand, or not (S5)."""
        stops, self._stops = self._stops, []
        if standing is True:
            return [Answer(caller, Verb.STOP, Outcome.CONFIRMED, "the belt stands") for caller in stops]
        unseen = f"the belt is not seen to stand: use the console or the safety key ({reason or 'no reason is known'})"
        return [Answer(caller, Verb.STOP, Outcome.UNKNOWN, unseen) for caller in stops]

    # --- inside

    def _aimed(self, wait: Wait, target: Speed | Incline | None) -> None:
        if target is not None:
            course = self._courses[wait]
            course.target, course.flying = target, course.flying + 1

    def _settled(self, command: str, outcome: Outcome, reason: str) -> list[Answer]:
        if command in _HALTED:
            return self._settle(Wait.HALT, outcome, reason or "the belt stands")
        if command == Wait.CONTROL.value:
            said = reason or "control is back; nothing was started or set"
            return [*self._settle(Wait.CONTROL, outcome, said), *self._settle(Wait.START, outcome, said)]
        wait = Wait(command)
        course = self._courses.get(wait)
        if course is not None:
            course.flying = max(0, course.flying - 1)
            if outcome is not Outcome.CONFIRMED and not course.flying:
                course.target = None  # nobody has seen the belt come to it
            if course.flying or (outcome is Outcome.CONFIRMED and course.target != self._wanted(wait)):
                return []  # on its way there, step by step
        return self._settle(wait, outcome, reason)

    def _changed(self, state: SessionState, reason: str) -> list[Answer]:
        if state in {SessionState.RUNNING, SessionState.STARTING}:
            answers = self._settle(Wait.CONTROL, Outcome.CONFIRMED, reason)
            if state is SessionState.RUNNING:
                answers += self._settle(Wait.START, Outcome.CONFIRMED, reason)
            return answers
        why = f"the session is {state}: {reason}" if reason else f"the session is {state}"
        self._courses = {wait: _Course() for wait in self._courses}
        return [*self._settle(Wait.START, Outcome.REJECTED, why), *self._leave_targets(why)]

    def _leave_targets(self, why: str) -> list[Answer]:
        return [
            *self._settle(Wait.SPEED, Outcome.REJECTED, why),
            *self._settle(Wait.INCLINE, Outcome.REJECTED, why),
        ]

    def _wanted(self, wait: Wait) -> Speed | Incline | str | None:
        return self._waiting[wait].command.argument if wait in self._waiting else None

    def _settle(self, wait: Wait, outcome: Outcome, reason: str) -> list[Answer]:
        one = self._waiting.pop(wait, None)
        return [] if one is None else [Answer(one.command.id, one.command.verb, outcome, reason)]
