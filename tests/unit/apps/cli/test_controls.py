"""Keys on a walk: what reaches the belt is what counts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.cli.controls import Controls
from backstride.apps.cli.keys import Key
from backstride.apps.service import Walk, prepare
from backstride.driver.machine import Machine
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed, SpeedUnit
from backstride.workout.events import Ask, PersonNeeded, SessionState
from backstride.workout.profile import Limits, Profile, Steady

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    VirtualTime = Callable[[Coroutine[Any, Any, Any]], Any]

WALK = Profile(name="Walk", steps=tuple(Steady(duration=120, speed=Speed(160), incline=Incline(0)) for _ in range(2)))
HARD = WALK.model_copy(update={"limits": Limits(speed=Speed(700))})


async def _pressed(profile: Profile, *keys: tuple[float, Key]) -> tuple[SimulatedTreadmill, Walk, list[object]]:
    """Walk, pressing each key after so many seconds, then q; return what was pressed's answers as well."""
    treadmill = SimulatedTreadmill()
    answers: list[object] = []
    async with Machine.connect(treadmill) as machine:
        walk = Walk(machine, prepare(profile, machine))
        controls = Controls(walk, SpeedUnit.MPH)
        answers.append(controls.question())
        running = asyncio.create_task(walk.run())
        for seconds, key in keys:
            await asyncio.sleep(seconds)
            answers.append(controls.press(key))
        await asyncio.sleep(20)
        controls.press(Key.QUIT)
        await running
    return treadmill, walk, answers


def test_s1_enter_starts_the_belt_and_q_stops_it(virtual_time: VirtualTime) -> None:
    treadmill, walk, answers = virtual_time(_pressed(WALK, (1, Key.ENTER)))
    assert isinstance(answers[0], PersonNeeded)
    assert answers[0].ask is Ask.START
    assert [write.value.hex() for write in treadmill.writes if write.value[0] in {0x07, 0x08}][:2] == ["07", "0801"]
    assert walk.session.runner.state is SessionState.FINISHED
    assert Controls(walk, SpeedUnit.KMH).question() is None


@pytest.mark.parametrize("key", [key for key in Key if key not in {Key.ENTER, Key.QUIT}])
def test_s1_no_other_key_starts_the_belt(virtual_time: VirtualTime, key: Key) -> None:
    treadmill, _, _ = virtual_time(_pressed(WALK, (1, key)))
    assert 0x07 not in {write.value[0] for write in treadmill.writes}


def test_s7_limits_above_the_default_take_an_enter_of_their_own(virtual_time: VirtualTime) -> None:
    treadmill, _, answers = virtual_time(_pressed(HARD, (1, Key.ENTER)))
    assert [answer.ask for answer in answers if isinstance(answer, PersonNeeded)] == [Ask.CONFIRM, Ask.START]
    assert 0x07 not in {write.value[0] for write in treadmill.writes}
    treadmill, _, _ = virtual_time(_pressed(HARD, (1, Key.ENTER), (1, Key.ENTER)))
    assert 0x07 in {write.value[0] for write in treadmill.writes}


def test_arrows_change_speed_and_incline_by_a_tenth_and_a_half(virtual_time: VirtualTime) -> None:
    treadmill, _, answers = virtual_time(_pressed(WALK, (1, Key.ENTER), (30, Key.UP), (1, Key.RIGHT)))
    targets = [write.value.hex() for write in treadmill.writes if write.value[0] in {0x02, 0x03}]
    assert targets[-2:] == ["02b400", "030500"]
    assert answers[-2:] == ["Faster by 0.1 mph, as gently as the rules demand", "Steeper by 0.5 %"]


def test_arrows_lower_speed_and_incline(virtual_time: VirtualTime) -> None:
    keys = ((1, Key.ENTER), (30, Key.RIGHT), (10, Key.LEFT), (1, Key.DOWN))
    treadmill, _, answers = virtual_time(_pressed(WALK, *keys))
    targets = [write.value.hex() for write in treadmill.writes if write.value[0] in {0x02, 0x03}]
    assert targets[-2:] == ["030000", "028c00"]
    assert answers[-2:] == ["Flatter by 0.5 %", "Slower by 0.1 mph"]


def test_s1_space_pauses_and_never_starts(virtual_time: VirtualTime) -> None:
    keys = ((1, Key.ENTER), (30, Key.SPACE), (15, Key.SPACE))
    treadmill, _, answers = virtual_time(_pressed(WALK, *keys))
    moves = [write.value.hex() for write in treadmill.writes if write.value[0] in {0x07, 0x08}]
    assert moves[:3] == ["07", "0802", "0801"]
    assert answers[-1] == "Enter starts again"


def test_enter_goes_on_after_a_pause(virtual_time: VirtualTime) -> None:
    keys = ((1, Key.ENTER), (30, Key.SPACE), (15, Key.ENTER))
    treadmill, _, _ = virtual_time(_pressed(WALK, *keys))
    moves = [write.value.hex() for write in treadmill.writes if write.value[0] in {0x07, 0x08}]
    assert moves[:3] == ["07", "0802", "07"]


def test_n_and_b_go_to_the_next_step_and_back(virtual_time: VirtualTime) -> None:
    _, walk, _ = virtual_time(_pressed(WALK, (1, Key.ENTER), (30, Key.NEXT), (1, Key.BACK)))
    steps = walk.summary().steps
    assert (steps[0].how, steps[0].visits, steps[1].visits) == ("cut", 2, 1)
