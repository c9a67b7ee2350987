"""A session on a simulated treadmill, with the events it tells kept for the test to look at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar

from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import Ask, Ended, SessionEvent, SessionState, Warned
from backstride.workout.inputs import Begin
from backstride.workout.session import Session
from tests.support.bench import until
from tests.support.workout import profile

if TYPE_CHECKING:
    from backstride.driver.machine import Machine
    from backstride.workout.profile import Step

Kind = TypeVar("Kind", bound=SessionEvent)


class Outing:
    """One session, run in the background; use it as a context manager."""

    def __init__(self, machine: Machine, *steps: Step) -> None:
        plan = compile_plan(profile(*steps), machine.capabilities)
        self.machine = machine
        self.session = Session(machine, plan, Envelope(machine.capabilities))
        self.events: list[SessionEvent] = []
        self.session.listen(lambda event, _: self.events.append(event))
        self.running: asyncio.Task[Ended]

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self.session.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.running.done():
            self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    @property
    def state(self) -> SessionState:
        return self.session.runner.state

    @property
    def asking(self) -> Ask | None:
        return self.session.runner.asking

    def told(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def warnings(self) -> list[str]:
        """The rules that warnings were given for, in order."""
        return [event.rule for event in self.told(Warned)]

    async def start(self) -> None:
        """Start as a person does, and wait until the belt moves."""
        self.session.act(Begin())
        await self.until_state(SessionState.RUNNING)

    async def until_state(self, state: SessionState, within: float = 60.0) -> float:
        return await until(lambda: self.state is state, within)

    async def until_speed(self, kmh: float, within: float = 60.0) -> float:
        return await until(lambda: self.machine.state.speed == round(kmh * 100), within)

    async def ended(self, within: float = 600.0) -> Ended:
        return await asyncio.wait_for(asyncio.shield(self.running), within)
