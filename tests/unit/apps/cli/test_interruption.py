from __future__ import annotations

import asyncio
import signal

import pytest

from backstride.apps.cli.interruption import CLOSED_PIPE, CLOSED_TERMINAL, INSISTS_AFTER, Interruption


async def _interrupted(*numbers: int, pause: float) -> list[str]:
    """Return what signals `pause` real seconds apart bring about."""
    done: list[str] = []
    interruption = Interruption(first=lambda: done.append("first"), again=lambda: done.append("again"))
    for number in numbers:
        interruption.interrupt(number)
        await asyncio.sleep(pause)
    return done


def _run(*numbers: int, pause: float) -> list[str]:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(_interrupted(*numbers, pause=pause))


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGINT, signal.SIGTERM),
        (CLOSED_TERMINAL, signal.SIGTERM),
        (signal.SIGTERM, CLOSED_PIPE),
    ],
)
def test_s6_signals_that_come_together_are_one_wish_to_stop(numbers: tuple[int, ...]) -> None:
    assert _run(*numbers, pause=0.0) == ["first"]


def test_s6_only_the_same_signal_again_after_a_while_is_a_person_who_insists() -> None:
    assert _run(signal.SIGINT, signal.SIGINT, pause=INSISTS_AFTER) == ["first", "again"]
    assert _run(CLOSED_TERMINAL, CLOSED_TERMINAL, pause=INSISTS_AFTER) == ["first"]
