"""One adapter for all tests, in one event loop; outside of the virtual machine every test is skipped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import pytest_asyncio

from tests.e2e.bluez.air import KernelAir

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HERE: Final = Path(__file__).parent
IN_THE_MACHINE: Final = bool(os.environ.get("BACKSTRIDE_BLUEZ"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every test here in the loop in which the treadmills live; skip where there is no stack of their own."""
    for item in items:
        if HERE in item.path.parents:
            if not IN_THE_MACHINE:
                item.add_marker(pytest.mark.skip(reason="needs a Bluetooth stack of its own: make test-bluez"))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def air() -> AsyncIterator[KernelAir]:
    """The kernel's adapter and what it can hear."""
    async with KernelAir() as air:
        yield air


@pytest.fixture(autouse=True)
def _no_thread_left_behind() -> None:
    """Do without that check here: the loop lives from test to test, and its executor's threads with it."""
