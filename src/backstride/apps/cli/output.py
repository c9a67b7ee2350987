"""Where a walk is shown, whatever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from backstride.workout.events import SessionEvent


class Output(Protocol):
    """Where a walk is shown."""

    def show(self, event: SessionEvent, at: float) -> None:
        """Show an event that happened `at` seconds after the session was made."""

    def note(self, text: str) -> None:
        """Show a remark that is no event of the session."""

    def close(self) -> None:
        """Give back what is held open."""


class Nowhere:
    """The output once nobody can read it."""

    def show(self, event: SessionEvent, at: float) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Hold nothing open."""
