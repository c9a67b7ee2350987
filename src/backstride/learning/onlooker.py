"""A person beside a simulated treadmill: agrees to every step, and tells what belt and console truly do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from backstride.learning.bench import Choice, Question, Step, Topic
from backstride.learning.log import Shown
from backstride.protocol.control_point import OpCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.simulation import Simulation

CHANGED: Final = 0.05
"""How far belt (km/h) or deck (%) must have moved for a person to see it."""

LEVEL: Final = 0.25
"""Per cent up to which a deck looks flat."""

RUNS_FOR: Final = 60.0
"""Seconds for which the person lets the belt run by the console."""


class Onlooker:
    """Who stands beside a simulated treadmill.

    Args:
        treadmill: What is looked at.
        told: Called with each thing that the person is told.

    Attributes:
        agreed: Each step that was agreed to, with the instant on the treadmill's clock.
        asked: Each question that was answered.
    """

    def __init__(self, treadmill: Simulation, told: Callable[[str], None] = lambda _: None) -> None:
        self.agreed: list[tuple[float, Step]] = []
        self.asked: list[Question] = []
        self._treadmill = treadmill
        self._told = told

    async def agrees(self, step: Step) -> Choice:
        """Agree."""
        self.agreed.append((self._treadmill.now, step))
        return Choice.GO

    async def sees(self, question: Question) -> bool | None:
        """Look at belt and deck; the console's buttons are pressed when they are asked about."""
        self.asked.append(question)
        belt = self._treadmill.belt
        match question.topic:
            case Topic.BELT_MOVES:
                return not belt.standing
            case Topic.BELT_STANDS:
                return belt.standing
            case Topic.BELT_FASTER:
                before = belt.log.speed_at(self._last_write(OpCode.SET_TARGET_SPEED))
                return abs(belt.speed - before) > CHANGED
            case Topic.DECK_MOVED:
                before = belt.log.incline_at(self._last_write(OpCode.SET_TARGET_INCLINATION))
                return abs(belt.incline - before) > CHANGED
            case Topic.DECK_FLAT:
                return abs(belt.incline) < LEVEL
            case Topic.CONSOLE_DONE:
                await self._use_console()
                return True
            case _:
                return None

    async def reads(self, question: Question) -> Shown | None:
        """Read the console, which shows what is true."""
        self.asked.append(question)
        belt = self._treadmill.belt
        if question.topic is Topic.SPEED_SHOWN:
            return Shown(round(belt.speed, 1), "km/h")
        return Shown(round(belt.incline, 1))

    def told(self, text: str) -> None:
        """Hear."""
        self._told(text)

    def _last_write(self, op_code: OpCode) -> float:
        """Return when a procedure was written last."""
        times = [write.time for write in self._treadmill.writes if write.value[:1] == bytes((op_code,))]
        return times[-1] if times else self._treadmill.now

    async def _use_console(self) -> None:
        """Start the belt, let it run at its slowest speed, press Faster, and stop it."""
        console, speed = self._treadmill.console, self._treadmill.peripheral.facts.speed
        console.press_start()
        await asyncio.sleep(RUNS_FOR)
        console.set_speed(speed.slowest + speed.unit.from_wire(speed.increment))
        await asyncio.sleep(RUNS_FOR / 3)
        console.press_stop()
        await asyncio.sleep(RUNS_FOR / 3)
