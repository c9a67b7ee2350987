"""What a machine tells, as callbacks and as async iterators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.driver.streams import Broadcast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from backstride.driver.events import MachineEvent
    from backstride.driver.state import MachineState


class Feeds:
    """The two streams of a machine: states of the belt, and events of console, control and link."""

    def __init__(self) -> None:
        self._states: Broadcast[MachineState] = Broadcast()
        self._events: Broadcast[MachineEvent] = Broadcast()

    def states(self) -> AsyncIterator[MachineState]:
        """Iterate over states from now on; a reader that lags more than 256 behind misses the oldest."""
        return self._states.items()

    def events(self) -> AsyncIterator[MachineEvent]:
        """Iterate over what console, control and link do from now on."""
        return self._events.items()

    def on_state(self, listener: Callable[[MachineState], None]) -> Callable[[], None]:
        """Call `listener` with every new state; return how to end that."""
        return self._states.listen(listener)

    def on_event(self, listener: Callable[[MachineEvent], None]) -> Callable[[], None]:
        """Call `listener` with every event; return how to end that."""
        return self._events.listen(listener)

    def _end_feeds(self) -> None:
        """End every iteration."""
        self._states.close()
        self._events.close()
