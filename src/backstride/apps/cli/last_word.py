"""What is said of the belt when the program goes: what is known of it, and no more (S5). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.workout.events import Ended, Ending

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDS: Final = "The belt stands."
_REMEDY: Final = "Use the treadmill's own stop button, or pull the safety key, before you step off."

LAST_WORD: Final[Mapping[bool | None, str]] = {
    True: STANDS,
    False: f"THE BELT WAS MOVING WHEN IT WAS LAST SEEN. {_REMEDY}",
    None: f"NOBODY CAN SEE WHETHER THE BELT STANDS. {_REMEDY}",
}
"""By whether the belt is seen to stand; None is unknown."""


def is_unproven(ended: Ended) -> bool:
    """Return whether a belt that was moved has not been seen to stand."""
    return ended.belt_standing is False or (ended.belt_standing is None and ended.ending is Ending.ABORTED)
