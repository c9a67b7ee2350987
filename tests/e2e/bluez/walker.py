"""A session in a process of its own, to be killed, stopped and hung.

Writes a line for each thing that a test waits for. SIGUSR1 blocks its event loop for five seconds. The process is
forked from one that has everything loaded: an emulated computer takes half a minute for it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from backstride.apps.service import Unattended, run_session
from backstride.driver.discovery import Discovery
from backstride.driver.machine import Machine
from backstride.workout.events import Ended, Warned
from tests.support.workout import profile, steady

if TYPE_CHECKING:
    from backstride.workout.events import SessionEvent

BLOCKED_FOR = 5.0


def heard(event: SessionEvent, _: float) -> None:
    if isinstance(event, Warned):
        say(f"warned {event.rule}: {event.text}")
    elif isinstance(event, Ended):
        say(f"ended {event.ending.value}: {event.reason}; standing: {event.belt_standing}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def alone(name: str, speed: str, output: str) -> None:
    """Walk on the treadmill called `name` at `speed` km/h, in a session of its own; what is said goes to a file."""
    os.setsid()
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    asyncio.run(main(name, speed))


async def main(name: str, speed: str) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, time.sleep, BLOCKED_FOR)
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    async with Machine.connect(await Discovery().find(name)) as machine:
        await run_session(machine, profile(steady(speed, 300.0)), person=Unattended(), on_event=heard)
    say("left")
