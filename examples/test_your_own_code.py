"""Test your own program against a simulated treadmill, in virtual time. Run it with pytest.

The fixtures `treadmill` and `virtual_time` come with Backstride. Assert on the belt's side: on what it did, not on what
your program believes.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from backstride import Machine, Outcome, SimulatedTreadmill, Speed

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def walk_a_while(treadmill: SimulatedTreadmill) -> Outcome | None:
    """Stand for the program under test: start, speed up, walk for an hour, stop."""
    async with Machine.connect(treadmill) as machine:
        await machine.start()
        grid = machine.capabilities.speed
        outcome = None if grid is None else await machine.set_speed(grid.snap(Speed.parse("2 mph")))
        async for state in machine.states():
            if state.elapsed_s is not None and state.elapsed_s >= 3600:
                break
        await machine.stop()
        return outcome


def test_the_belt_walks_an_hour_and_stands_at_the_end(treadmill: SimulatedTreadmill, virtual_time: Run) -> None:
    """An hour passes in a fraction of a second."""
    virtual_time(walk_a_while(treadmill))
    assert treadmill.belt.standing
    assert treadmill.belt.distance > 3000


@pytest.mark.treadmill("kingsmith-z1")
def test_a_machine_with_another_floor_works_as_well(treadmill: SimulatedTreadmill, virtual_time: Run) -> None:
    """The marker names the machine file."""
    virtual_time(walk_a_while(treadmill))
    assert treadmill.belt.standing
