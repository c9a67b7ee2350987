"""What a person is asked before a session, by every front end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.workout.events import Ask, PersonNeeded

if TYPE_CHECKING:
    from backstride.workout.plan import Plan

_READY: Final = "Safety key attached, both hands on the rails?"


class Consent:
    """What a person agrees to before a plan is walked, the start last (S1).

    Before it comes what the machine needs of them, and limits above the default ones (S7).

    Args:
        plan: The plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._open: list[str] = []
        if plan.before:
            self._open.append(f"{' '.join(plan.before)} Have you seen to it?")
        if plan.confirm_limits:
            self._open.append(f"{plan.confirm_limits} Do you agree?")

    @property
    def is_open(self) -> bool:
        """True while there is something to agree to before the question for the start."""
        return bool(self._open)

    @property
    def question(self) -> PersonNeeded:
        """What the person must agree to next; the last question is that for the start."""
        if self._open:
            return PersonNeeded(Ask.CONFIRM, self._open[0])
        return PersonNeeded(Ask.START, f"Start {self._plan.name}? {_READY}")

    def agree(self) -> None:
        """Take the person's agreement to the question that is open."""
        del self._open[:1]
