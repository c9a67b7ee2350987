"""What a session is asked to do by a command, and whether that has done already what it was for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.payloads import Command, Verb
from backstride.apps.service import Walk
from backstride.units import Incline, Speed
from backstride.workout.events import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

OVER: Final = frozenset({SessionState.FINISHED, SessionState.ABORTED})
"""The states of a session that is over."""

_PERSONAL: Final = frozenset({Verb.START, Verb.RESUME, Verb.CONFIRM})  # a person's word (S1, S2, S3)
_ENDING: Final = OVER | {SessionState.STOPPING}

_ACTS: Final[dict[Verb, Callable[[Walk], None]]] = {
    Verb.START: Walk.start,
    Verb.PAUSE: Walk.pause,
    Verb.RESUME: Walk.resume,
    Verb.CONFIRM: Walk.confirm,
    Verb.SKIP: Walk.skip,
    Verb.BACK: Walk.back,
}
"""The commands that the session takes as they are."""


def starts(verb: Verb, walk: Walk) -> bool:
    """Tell whether a command would start the belt of a session, as things stand."""
    return verb in _PERSONAL and walk.confirm_starts


def carry_out(command: Command, walk: Walk) -> bool:
    """Hand a command to the session, whose rules decide.

    Returns:
        True if nothing of the belt is to be waited for, unless the session has refused it: a step was skipped, or a
        person's word has let the session go on, or leave a stand for another one, or for its end.
    """
    runner = walk.session.runner
    step = runner.progress.index
    match command:
        case Command(verb=Verb.SET_SPEED, argument=Speed() as speed):
            walk.set_speed(speed)
        case Command(verb=Verb.SET_INCLINE, argument=Incline() as incline):
            walk.set_incline(incline)
        case _:
            _ACTS[command.verb](walk)
    if command.verb not in _PERSONAL:
        return command.verb in {Verb.SKIP, Verb.BACK}
    goes_on = runner.state is SessionState.RUNNING and (runner.asking is None or runner.progress.index != step)
    return goes_on or runner.state in _ENDING
