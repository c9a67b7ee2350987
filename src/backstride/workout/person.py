"""What a person may do in which state of a session, as one table, and what comes of it. Pure.

Whatever is not in the table is refused where the session stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from backstride.driver.confirmation import Command
from backstride.workout.conduct import Conduct
from backstride.workout.events import Ending, Held, SessionState
from backstride.workout.inputs import (
    AdjustIncline,
    AdjustSpeed,
    AimIncline,
    AimSpeed,
    Back,
    Begin,
    Confirm,
    Pause,
    PersonInput,
    Resume,
    Skip,
    Stop,
    TakeControl,
)
from backstride.workout.obeying import trust_again
from backstride.workout.starting import Starting

JUST_BEGUN: Final = 5.0
"""Seconds into a step within which going back means the step before."""

State = SessionState


def act(conduct: Conduct, given: PersonInput, now: float) -> None:
    """Let a person act on the session at `now`."""
    allowed = _TABLE.get((conduct.state, type(given)))
    if allowed is None:
        conduct.emit(Held("S2", f"that is not possible while the session is {conduct.state}"))
    elif not conduct.belt.connected and not isinstance(given, Stop | Pause):
        conduct.emit(Held("S12", "there is no connection to the treadmill"))
    elif conduct.steering.hands_off and isinstance(given, Begin | Resume | Confirm):
        conduct.emit(TakeControl())
    else:
        allowed(conduct, given, now)


def _begin(conduct: Conduct, _: PersonInput, now: float) -> None:
    if conduct.belt.standing is False:
        conduct.emit(Held("S1", "the belt is moving already; stop it on the console first"))
    elif conduct.plan.steps[0].is_stand:
        conduct.go(State.RUNNING, "started")
        conduct.enter(0)
    else:
        conduct.start(0, Starting.counted_down(now))


def _pause(conduct: Conduct, _: PersonInput, __: float) -> None:
    if conduct.in_stand:
        _pause_again(conduct, _, __)
        return
    if conduct.state is State.RUNNING or conduct.starting.is_used:
        conduct.halt_belt()
    conduct.pause("you paused it")


def _pause_again(conduct: Conduct, _: PersonInput, __: float) -> None:
    """Halt a belt that is to stand and is not seen to: a person's wish to stop is never held back (S4)."""
    if conduct.belt.standing is True:
        conduct.emit(Held("S2", "the belt stands already"))
    else:
        conduct.halt_belt()


def _resume(conduct: Conduct, _: PersonInput, now: float) -> None:
    if not conduct.may_start(now):
        conduct.emit(Held("S2", "the belt is not seen to stand yet"))
    else:
        conduct.start(conduct.progress.index or 0, Starting.counted_down(now))


def _stop(conduct: Conduct, given: Stop, now: float) -> None:
    ending = Ending.ABORTED if given.fault else Ending.STOPPED
    if conduct.state is State.READY and conduct.belt.standing is not False:
        conduct.dismiss(ending, given.reason, now)
    else:
        conduct.end(ending, given.reason, now)


def _stop_again(conduct: Conduct, _: PersonInput, __: float) -> None:
    conduct.stop_belt()


def _confirm(conduct: Conduct, _: PersonInput, now: float) -> None:
    if conduct.in_stand and conduct.belt.standing is not True:
        conduct.emit(Held("S3", "the belt is not seen to stand yet"))
    elif conduct.in_stand:
        conduct.leave_stand(Starting.counted_down(now), now)
    elif conduct.looking:
        conduct.emit(Held("S12", "the belt has not been seen again yet"))
    elif conduct.steering.cautious or conduct.steering.disobeyed:
        trust_again(conduct)
    else:
        conduct.emit(Held("S3", "there is nothing to confirm"))


def _skip(conduct: Conduct, _: PersonInput, now: float) -> None:
    if conduct.in_stand:
        conduct.emit(Held("S3", "confirm to go on from a standing belt"))
    else:
        conduct.next_step("skipped", now)


def _back(conduct: Conduct, _: PersonInput, __: float) -> None:
    index = conduct.progress.index or 0
    if conduct.in_stand:
        conduct.next_index = max(0, index - 1)
        conduct.ask(None)
        if conduct.belt.standing is True:
            conduct.ask_after_stand()
    else:
        conduct.repeat_from(max(0, index - 1) if conduct.progress.walked_s <= JUST_BEGUN else index)


def _adjust(conduct: Conduct, given: AdjustSpeed | AdjustIncline, _: float) -> None:
    facing = conduct.plan.steps[conduct.progress.index or 0].facing
    if conduct.in_stand:
        conduct.emit(Held("S2", "no target is set on a standing belt"))
    elif isinstance(given, AdjustSpeed):
        conduct.unheeded.discard(Command.SPEED)
        conduct.emit(conduct.steering.adjust_speed(given.by, facing, conduct.belt))
    else:
        conduct.unheeded.discard(Command.INCLINE)
        conduct.emit(conduct.steering.adjust_incline(given.by, facing, conduct.belt))


def _aim(conduct: Conduct, given: AimSpeed | AimIncline, _: float) -> None:
    facing = conduct.plan.steps[conduct.progress.index or 0].facing
    if conduct.in_stand:
        conduct.emit(Held("S2", "no target is set on a standing belt"))
    elif isinstance(given, AimSpeed):
        conduct.unheeded.discard(Command.SPEED)
        conduct.emit(conduct.steering.aim_speed(given.at, facing))
    else:
        conduct.unheeded.discard(Command.INCLINE)
        conduct.emit(conduct.steering.aim_incline(given.at, facing))


_Act: TypeAlias = Callable[[Conduct, Any, float], None]  # each takes the input it stands beside in the table

_TABLE: Final[dict[tuple[State, type], _Act]] = {
    (State.READY, Begin): _begin,
    (State.READY, Confirm): _begin,
    (State.READY, Resume): _begin,
    (State.READY, Stop): _stop,
    (State.STARTING, Pause): _pause,
    (State.STARTING, Stop): _stop,
    (State.RUNNING, Pause): _pause,
    (State.RUNNING, Stop): _stop,
    (State.RUNNING, Skip): _skip,
    (State.RUNNING, Back): _back,
    (State.RUNNING, Confirm): _confirm,
    (State.RUNNING, Resume): _confirm,
    (State.RUNNING, AdjustSpeed): _adjust,
    (State.RUNNING, AdjustIncline): _adjust,
    (State.RUNNING, AimSpeed): _aim,
    (State.RUNNING, AimIncline): _aim,
    (State.PAUSED, Pause): _pause_again,
    (State.STOPPING, Pause): _stop_again,
    (State.PAUSED, Resume): _resume,
    (State.PAUSED, Confirm): _resume,
    (State.PAUSED, Stop): _stop,
    (State.STOPPING, Stop): _stop_again,
}
