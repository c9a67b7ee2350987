"""What holds for every test: virtual time that forgives no leak, and no thread left behind."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from backstride.simulator.virtual_time import virtual_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

settings.register_profile("backstride", deadline=None)  # other work on the same computer is no fault of an example's
settings.load_profile("backstride")

LONGEST = 48 * 3600.0
"""Seconds of virtual time after which a program hangs: a test fails then, and does not hang with it."""

OUR_CALLBACKS = ("backstride.driver", "backstride.workout", "backstride.apps")


@pytest.fixture
def virtual_time() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine in virtual time, as the plugin's fixture does, and fail if it leaves tasks or timers behind."""

    async def leaving_nothing(program: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the program returns
        complaints: list[str] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(f"{context['message']}: {context}"))
        async with asyncio.timeout(LONGEST):
            result = await program
        await asyncio.sleep(0)  # what was cancelled at the very end may still end
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert not tasks, f"tasks left behind: {tasks}"
        assert not (timers := _our_timers(loop)), f"timers left behind: {timers}"
        assert not complaints, complaints
        return result

    def run(program: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the program returns
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            return runner.run(leaving_nothing(program))

    return run


@pytest.fixture(autouse=True)
def _no_thread_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    left = {thread for thread in threading.enumerate() if thread.is_alive()} - before
    assert not left, f"threads left behind: {left}"


def _our_timers(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """Return the timers of the program's own that are still armed; the simulated machines live on."""
    scheduled: list[asyncio.TimerHandle] = loop._scheduled  # type: ignore[attr-defined] # noqa: SLF001 - no public way
    return [timer for timer in scheduled if not timer.cancelled() and _module_of(timer).startswith(OUR_CALLBACKS)]


def _module_of(timer: asyncio.TimerHandle) -> str:
    callback = timer._callback  # type: ignore[attr-defined] # noqa: SLF001 - no public way
    return getattr(callback, "__module__", "") or ""
