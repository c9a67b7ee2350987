"""What the command side of a machine needs of the machine around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from backstride.driver.events import MachineEvent
    from backstride.driver.state import MachineState
    from backstride.protocol.control_point import Request


class Owner(Protocol):
    """What `Control` needs of the machine around it."""

    @property
    def state(self) -> MachineState:
        """The latest view of the belt."""

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run `work` as long as the machine lives."""

    def tell(self, event: MachineEvent) -> None:
        """Tell whoever listens: a belt that is not seen slowing after Stop (S5), a machine that disobeys (S10)."""

    def may_write(self, request: Request) -> bool:
        """Tell whether a write is still wanted: not if the program hung, and the belt was stopped meanwhile (S2)."""

    def relink(self) -> None:
        """Make the link anew for nothing but the Stop (S4)."""

    def link_is_dead(self, reason: str) -> None:
        """Drop a link on which commands get no answer any more."""
