"""The person beside the belt: which key counts when, and what a figure is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from backstride.apps.cli.beside import Beside, read_shown
from backstride.learning.bench import Choice, Question, Step, Topic
from backstride.learning.log import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    Virtual = Callable[[Coroutine[Any, Any, Any]], Any]

STEP = Step(4, 9, "Start the belt", "The belt starts.", moves=True)
SPEED = Question(Topic.SPEED_SHOWN, "Which speed?")
INCLINE = Question(Topic.INCLINE_SHOWN, "Which incline?")


class Desk:
    """A person whose keys are pressed at set instants."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.echoed = ""
        self.stops: list[float] = []
        self.person = Beside(self.lines.append, self._echo)
        self.person.stop = lambda: self.stops.append(asyncio.get_running_loop().time())

    def _echo(self, text: str) -> None:
        self.echoed += text

    def press(self, at: float, keys: str) -> None:
        for place, key in enumerate(keys):
            asyncio.get_running_loop().call_later(at + place / 1000, self.person.pressed, key)


def test_s1_a_key_that_comes_with_the_question_is_no_answer_to_it(virtual_time: Virtual) -> None:
    async def asked() -> tuple[Choice, float]:
        desk, loop = Desk(), asyncio.get_running_loop()
        desk.press(0.0, "\r")
        desk.press(0.3, "\r")
        desk.press(2.0, "\r")
        began = loop.time()
        return await desk.person.agrees(STEP), loop.time() - began

    choice, after = virtual_time(asked())
    assert choice is Choice.GO
    assert after == pytest.approx(2.0)


@pytest.mark.parametrize("every", [0.03, 0.25, 0.9])  # a key that is held down, one that is hammered
def test_s1_an_enter_that_is_held_down_through_a_question_agrees_to_no_motion(
    virtual_time: Virtual, every: float
) -> None:
    async def asked() -> tuple[Choice, float]:
        desk, loop = Desk(), asyncio.get_running_loop()
        for press in range(int(10 / every)):
            desk.press(press * every, "\r")
        desk.press(14.0, "\r")
        began = loop.time()
        await desk.person.sees(Question(Topic.BELT_MOVES, "Does the belt move?"))
        return await desk.person.agrees(STEP), loop.time() - began

    choice, after = virtual_time(asked())
    assert choice is Choice.GO
    assert after == pytest.approx(14.0)


def test_s_leaves_a_step_out_and_other_keys_do_nothing(virtual_time: Virtual) -> None:
    async def asked() -> Choice:
        desk = Desk()
        desk.press(1.5, "xy1s")
        return await desk.person.agrees(STEP)

    assert virtual_time(asked()) is Choice.SKIP


def test_s4_space_and_q_stop_at_once_whatever_is_asked_or_nothing(virtual_time: Virtual) -> None:
    async def asked() -> list[float]:
        desk = Desk()
        desk.person.pressed(" ")
        desk.press(0.1, "q")  # while a step is too new to be agreed to
        desk.press(1.0, "s")
        await desk.person.agrees(STEP)
        desk.press(0.5, "1 ")
        desk.press(1.0, "\r")
        await desk.person.reads(INCLINE)
        return desk.stops

    assert len(virtual_time(asked())) == 3


@pytest.mark.parametrize(("key", "said"), [("y", True), ("N", False), ("\r", None)])
def test_yes_no_or_cannot_tell(virtual_time: Virtual, key: str, said: bool | None) -> None:  # noqa: FBT001 - an answer
    async def asked() -> bool | None:
        desk = Desk()
        desk.press(0.1, key)
        return await desk.person.sees(Question(Topic.BELT_MOVES, "Does the belt move?"))

    assert virtual_time(asked()) is said


def test_a_figure_is_shown_as_it_is_typed_and_asked_for_until_it_is_one(virtual_time: Virtual) -> None:
    async def asked() -> tuple[Shown | None, Desk]:
        desk = Desk()
        desk.press(0.1, "1.9\x7f6\r")
        desk.press(0.2, "1.6m\r")
        return await desk.person.reads(SPEED), desk

    shown, desk = virtual_time(asked())
    assert shown == Shown(1.6, "mph")
    assert desk.echoed == "1.9\b \b6\n1.6m\n"
    assert "'1.6' is not understood." in desk.lines[1]


@pytest.mark.parametrize(
    ("typed", "wants_unit", "shown"),
    [
        ("1.6k", True, Shown(1.6, "km/h")),
        ("1,6K", True, Shown(1.6, "km/h")),
        ("1m", True, Shown(1.0, "mph")),
        ("1.6", True, None),
        ("-0.5", False, Shown(-0.5)),
        ("2k", False, None),
        ("two", False, None),
        ("300", False, None),
        ("1.", False, None),
    ],
)
def test_a_speed_needs_its_unit_and_an_incline_has_none(typed: str, *, wants_unit: bool, shown: Shown | None) -> None:
    assert read_shown(typed, wants_unit=wants_unit) == shown
