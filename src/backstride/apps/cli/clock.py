"""Running a command's coroutine: in real time, or in virtual time where the treadmill is simulated."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")


def run(program: Coroutine[object, object, Result], *, virtual: bool = False) -> Result:
    """Run `program` to its end; in virtual time every wait jumps to its end."""
    with asyncio.Runner(loop_factory=_virtual_loop if virtual else None) as runner:
        return runner.run(program)


def _virtual_loop() -> asyncio.AbstractEventLoop:
    from backstride.simulator.virtual_time import virtual_loop

    return virtual_loop()
