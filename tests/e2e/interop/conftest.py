"""The same air as that of `make test-bluez`; with a second adapter for our driver where strangers have the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest_asyncio
from bleak.backends.bluezdbus.scanner import BleakScannerBlueZDBus

from backstride.driver.discovery import Discovery
from tests.e2e.bluez.air import KernelAir
from tests.e2e.bluez.conftest import _no_thread_left_behind, air

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["_no_thread_left_behind", "air"]

SECOND: Final = "hci1"
THIRD: Final = "hci2"


class OnSecondAdapter(BleakScannerBlueZDBus):
    """bleak's scanner on the second adapter; left alone, it takes any that is up."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - bleak's own
        super().__init__(*arguments, **{**options, "bluez": {"adapter": SECOND}})


@pytest_asyncio.fixture(loop_scope="session")
async def discovery(air: KernelAir) -> AsyncIterator[Discovery]:
    """Our driver's ears on an adapter of its own, in the range of the first."""
    async with KernelAir(air.link, SECOND):
        yield Discovery(scanner=OnSecondAdapter)


@pytest_asyncio.fixture(loop_scope="session")
async def third_adapter(air: KernelAir, discovery: Discovery) -> AsyncIterator[str]:
    """One more for a stranger: BlueZ takes what is under a known address for what was there before."""
    del discovery  # it has the second
    async with KernelAir(air.link, THIRD):
        yield THIRD
