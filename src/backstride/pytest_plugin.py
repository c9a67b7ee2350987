"""Fixtures for testing programs that drive treadmills: a simulated treadmill, and virtual time.

Installed with Backstride, so a test just names them::

    def test_my_program(treadmill, virtual_time): ...

``virtual_time`` makes an hour pass in a fraction of a second; `treadmill` is the generic machine, or the one that
``@pytest.mark.treadmill("horizon-omega-z")`` names.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.simulator.virtual_time import virtual_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from backstride.simulator.treadmill import SimulatedTreadmill


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "treadmill(model): the machine file of the simulated treadmill")


@pytest.fixture
def virtual_time() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Return a function that runs a coroutine in virtual time and gives back its result."""

    def run(program: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the program returns
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            return runner.run(program)

    return run


@pytest.fixture
def treadmill(request: pytest.FixtureRequest) -> SimulatedTreadmill:
    """A simulated treadmill: generic, or the model of the ``treadmill`` marker."""
    from backstride.simulator.treadmill import SimulatedTreadmill  # noqa: PLC0415 - only tests that use it load bleak

    marker = request.node.get_closest_marker("treadmill")
    return SimulatedTreadmill(*(marker.args if marker is not None else ()))
