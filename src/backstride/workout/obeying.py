"""What a session makes of a machine that does not do what it is told (safety rule S10). Pure.

Each kind of command that comes to nothing is said once, with what was asked for and what is seen, until the person
tries again or the machine obeys after all. While nobody knows what became of a command, nothing increases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.driver.confirmation import Command, Unknown
from backstride.driver.obedience import Deed
from backstride.workout.events import Ask, Ending, Held, SessionState

if TYPE_CHECKING:
    from backstride.driver.confirmation import Outcome
    from backstride.driver.events import ObedienceChanged
    from backstride.workout.conduct import Conduct

SEE_THE_CONSOLE: Final = "See what the console says (safety key, lock, another app), and begin again"

WITHOUT_INCLINE: Final = "the session goes on without incline changes"


def learn(conduct: Conduct, change: ObedienceChanged) -> None:
    """Take what the machine has shown of a command."""
    command, conduct.obedience = change.command, change.obedience
    if change.obedience.of(command).deed is not Deed.OBEYED:
        if conduct.walking and command is not Command.START:
            _say(conduct, command, change.obedience.sentence(command, conduct.unit))
    elif command is Command.START:
        conduct.warn("The belt has started after all; it is being stopped.", "S10", urgent=True)
    elif command in conduct.unheeded:
        _heeded_after_all(conduct, command)


def did_not_start(conduct: Conduct, outcome: Outcome, reason: str, now: float) -> None:
    """End a session whose start was not confirmed; the belt may yet move, or does, and is stopped for that reason."""
    if conduct.belt.standing is False:
        conduct.end(Ending.ABORTED, f"the start was not confirmed: {reason}", now)
        return
    if isinstance(outcome, Unknown):
        text = "No motion is seen after Start. Stop is sent, because the belt may yet start: stay on the side rails."
        conduct.warn(text, "S10")
    conduct.end(Ending.ABORTED, f"the belt did not start: {reason}. {SEE_THE_CONSOLE}", now)


def came_to_nothing(conduct: Conduct, command: Command, reason: str) -> None:
    """Say that a target was not confirmed, and what waits for the person because of it (S9)."""
    if conduct.obedience.of(command).deed in {Deed.UNTRIED, Deed.OBEYED}:
        _say(conduct, command, f"The {command.value} command is not confirmed: {reason}.")
    else:
        _say(conduct, command, conduct.obedience.sentence(command, conduct.unit))
    if not conduct.steering.in_doubt:
        conduct.emit(Held("S10", f"the {command.value} is left as it is in this step; confirm to try again"))
    elif command is Command.INCLINE:
        conduct.ask(Ask.RESUME, f"Nothing increases until you confirm; then {WITHOUT_INCLINE}.")
    else:
        conduct.emit(Held("S10", "nothing increases until you confirm; then the speed is asked for again"))


def watch_ground(conduct: Conduct, now: float) -> None:
    """End a session on a machine whose speed cannot be true: it does other than every target says (S7)."""
    was_in_doubt = conduct.ground.in_doubt
    ratio = conduct.ground.observe(conduct.belt, conduct.steering.speed)
    if conduct.ground.in_doubt and not was_in_doubt:
        text = "The speed has dropped as if the treadmill counted in miles now"
        conduct.warn(f"{text}: nothing is set until the distance shows what it does.", "S7")
    if ratio is not None:
        text = f"The belt goes {ratio:.1f} times as far as its speed says: the treadmill may count in miles."
        conduct.warn(f"{text} The belt is being stopped.", "S7", urgent=True)
        conduct.end(Ending.ABORTED, "the treadmill's speed cannot be trusted; see which unit its console shows", now)


def trust_again(conduct: Conduct) -> None:
    """Go on: a person has looked and said so. What came to nothing is asked for again, but an incline is left out."""
    conduct.ask(None)
    left_out = conduct.steering.confirmed_by_person(conduct.belt, without_incline=Command.INCLINE in conduct.unheeded)
    conduct.unheeded &= {Command.INCLINE} if left_out else set()
    conduct.go(SessionState.RUNNING, f"you confirmed; {WITHOUT_INCLINE}" if left_out else "you confirmed")


def _say(conduct: Conduct, command: Command, text: str) -> None:
    if command not in conduct.unheeded:
        conduct.unheeded.add(command)
        conduct.warn(text, "S10")


def _heeded_after_all(conduct: Conduct, command: Command) -> None:
    conduct.unheeded.discard(command)
    if command is Command.INCLINE:
        conduct.steering.take_up_incline()
    conduct.warn(f"The treadmill follows the {command.value} after all.", "S10")
    if (
        conduct.asking is Ask.RESUME
        and conduct.walking
        and not (conduct.steering.cautious or conduct.steering.hands_off)
    ):
        conduct.ask(None)
        conduct.go(conduct.state, f"the {command.value} is followed")
