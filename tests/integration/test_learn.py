"""`learn` against simulated treadmills: what they are is found out, and nothing moves that nobody agreed to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.learning.log import Log
from backstride.learning.report import analyse, verdict
from backstride.machines.facts import MachineFacts, PauseEffect, WireUnit, known_machines, load_facts
from backstride.protocol.control_point import OpCode
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import altered, written
from tests.support.learning import Trial, differences, try_out, violations

if TYPE_CHECKING:
    from collections.abc import Callable

    Virtual = Callable[[Any], Any]


def learned(virtual_time: Virtual, facts: MachineFacts | str, **options: Any) -> Trial:  # noqa: ANN401
    """Try out a treadmill with an onlooker beside it."""
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(facts), **options))
    return trial


@pytest.mark.parametrize("model", known_machines())
def test_what_a_machine_file_says_is_found_out_field_by_field_and_nothing_moves_unasked(
    virtual_time: Virtual, model: str
) -> None:
    trial = learned(virtual_time, model)
    assert differences(trial) == []
    assert violations(trial) == []
    assert trial.result.belt_stands


UNMEASURED = ("ramp_angle", "force_on_belt", "power_output")
STOPS, REFUSED = PauseEffect.STOPS, PauseEffect.REFUSED
VARIANTS: dict[str, MachineFacts] = {
    "starts on a target": altered(control={"starts_on_target": True}),
    "needs motion": altered(control={"needs_motion": True}),
    "pause stops": altered(control={"pause": STOPS}),
    "pause is refused": altered(control={"pause": REFUSED}),
    "slow answers": altered(control={"answer_delay": 0.4}),
    "echoes status": altered(control={"echoes_status": True}),
    "pacing": altered(control={"pacing": 0.7}),
    "start is not answered": altered(control={"unanswered": (OpCode.START_OR_RESUME,)}),
    "speed is not answered": altered(control={"unanswered": (OpCode.SET_TARGET_SPEED,)}),
    "incline is not answered": altered(control={"unanswered": (OpCode.SET_TARGET_INCLINATION,)}),
    "control is not answered": altered(control={"unanswered": (OpCode.REQUEST_CONTROL,), "pacing": 0.4}),
    "incline is ignored": altered(control={"ignored": (OpCode.SET_TARGET_INCLINATION,)}),
    "incline is refused": altered(control={"refused": (OpCode.SET_TARGET_INCLINATION,)}),
    "takes miles": altered(control={"write_unit": WireUnit.MPH}),
    "tells miles": altered(speed={"unit": WireUnit.MPH, "minimum": Speed(50), "maximum": Speed(1200)}),
    "tells and takes miles": altered(
        control={"write_unit": WireUnit.MPH},
        speed={"unit": WireUnit.MPH, "minimum": Speed(50), "maximum": Speed(1200)},
    ),
    "has a floor": altered(speed={"floor": Speed(130)}),
    "has a floor and takes miles": altered(speed={"floor": Speed(160)}, control={"write_unit": WireUnit.MPH}),
    "says nothing at rest": altered(telemetry={"when_stopped": False}),
    "forgets at a stop": altered(telemetry={"zeroed_by_stop": True}),
    "levels at a stop": altered(incline={"levels_on_stop": True}),
    "never tells the incline": altered(incline={"reported": False}),
    "never tells the incline and levels": altered(incline={"reported": False, "levels_on_stop": True}),
    "scales its incline": altered(incline={"telemetry_scale": 100.0}),
    "means more by an incline": altered(incline={"write_scale": 2.5}),
    "means less by an incline": altered(incline={"write_scale": 20.0, "maximum": Incline(300)}),
    "counts inclines from another zero": altered(incline={"write_offset": 16, "increment": Incline(10)}),
    "goes downhill": altered(incline={"minimum": Incline(-50)}),
    "small records": altered(link={"mtu": 23}, telemetry={"flags": 0x1F9E, "unavailable": UNMEASURED}),
    "two records a second": altered(telemetry={"interval": 0.5}),
    "wants encryption": altered(link={"require_encryption": True}),
    "starts late": altered(belt={"dead_time": 5.0}, control={"motion_within": 7.0}),
    "overshoots": altered(belt={"overshoot": 0.2}),
    "is gentle": altered(belt={"acceleration": 0.2, "braking": 0.4}),
    "is quick": altered(belt={"acceleration": 1.5, "braking": 3.0}),
}


@pytest.mark.parametrize("facts", VARIANTS.values(), ids=VARIANTS)
def test_a_deviation_is_found_out_and_nothing_moves_unasked(virtual_time: Virtual, facts: MachineFacts) -> None:
    trial = learned(virtual_time, facts)
    assert differences(trial) == []
    assert violations(trial) == []
    assert trial.result.belt_stands


@pytest.mark.parametrize("facts", ["jtx-sprint-7", altered(incline={"minimum": Incline(-50)})])
def test_s7_a_learned_file_keeps_backstride_from_declines_that_nobody_tried(
    virtual_time: Virtual, facts: MachineFacts | str
) -> None:
    deck = learned(virtual_time, facts).facts.incline
    assert deck is not None
    assert deck.minimum == Incline(-50)
    assert deck.floor == Incline(0)


def test_s7_a_learned_file_withholds_inclines_whose_numbers_make_no_sense(virtual_time: Virtual) -> None:
    codes = tuple((Incline(tenths), number) for tenths, number in ((1, 1), (2, 2), (3, 10), (20, 20)))
    trial = learned(virtual_time, altered(incline={"increment": Incline(1), "write_codes": codes}))
    assert violations(trial) == []
    reason = trial.facts.control.withheld[OpCode.SET_TARGET_INCLINATION]
    assert "lie on no line" in reason
    assert any(reason in quirk.text for quirk in trial.facts.quirks)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("npe-runn", "It takes no commands over Bluetooth"),
        ("urevo-spacewalk-e3", "nobody can see from here whether the belt stands (S5)"),
        ("horizon-paragon-x", "It does not obey a Start over Bluetooth"),
        ("jtx-sprint-5", "It does not obey target speeds over Bluetooth"),
        ("sole-f85", "It does not obey target speeds over Bluetooth"),
    ],
)
def test_a_machine_that_cannot_be_driven_is_told_to_be_so_in_a_sentence(
    virtual_time: Virtual, model: str, sentence: str
) -> None:
    trial = learned(virtual_time, model)
    got = trial.result
    assert sentence in (verdict(got.read, got.log, got.findings) or "")
    assert any(sentence in quirk.text for quirk in trial.facts.quirks)
    assert trial.treadmill.belt.standing


def test_a_machine_that_takes_no_walking_speed_is_not_started(virtual_time: Virtual) -> None:
    trial = learned(virtual_time, altered(speed={"minimum": Speed(500)}))
    assert "surely a walk" in (trial.result.ended_early or "")
    assert "07" not in written(trial.treadmill)


@pytest.mark.parametrize("model", [name for name in known_machines() if load_facts(name).miles_console])
def test_a_console_that_is_set_to_miles_is_found_to_mean_them(virtual_time: Virtual, model: str) -> None:
    trial = learned(virtual_time, load_facts(model).with_console(WireUnit.MPH))
    assert differences(trial) == []
    assert violations(trial) == []


def test_a_deck_that_nobody_laid_flat_before_is_still_told_from_another_zero(virtual_time: Virtual) -> None:
    async def raised() -> Trial:
        treadmill = SimulatedTreadmill()
        treadmill.console.set_incline(Incline(30))
        await asyncio.sleep(10.0)
        return await try_out(treadmill)

    trial: Trial = virtual_time(raised())
    assert differences(trial) == []
    assert violations(trial) == []


@pytest.mark.parametrize("model", ["generic", "wellfit-tm", "matrix-touchxl"])
def test_what_was_found_follows_from_the_events_that_a_capture_holds(virtual_time: Virtual, model: str) -> None:
    again = Log()

    async def captured() -> Trial:
        loop = asyncio.get_running_loop()
        return await try_out(SimulatedTreadmill(model), trace=lambda event: again.take(event, loop.time()))

    got = virtual_time(captured()).result
    again.deeds, again.pacing, again.skipped = got.log.deeds, got.log.pacing, got.log.skipped
    assert (again.notifications, again.writes, again.announced) == (
        got.log.notifications,
        got.log.writes,
        got.log.announced,
    )
    assert analyse(got.read, again) == got.findings
