"""From Treadmill Data to what is known of the belt (safety rules S5, S9, S10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.driver.events import ConsoleSpeed, ConsoleStopped, MachineEvent, SafetyKeyPulled
from backstride.driver.state import MachineState, TelemetryWatch
from backstride.machines.facts import InclineFacts
from backstride.protocol.treadmill_data import TreadmillData, encode_treadmill_data
from backstride.units import Incline, Speed
from tests.unit.driver.machines import GENERIC, SPEAKS_MPH

STOPPED = ConsoleStopped(pause=None)


def record(speed: int, *, incline: int | None = None) -> bytes:
    if incline is None:
        return encode_treadmill_data(TreadmillData(0, instantaneous_speed=Speed(speed)))
    data = TreadmillData(0x08, instantaneous_speed=Speed(speed), inclination=Incline(incline), ramp_angle=0)
    return encode_treadmill_data(data)


def linked(incline: InclineFacts | None = None) -> TelemetryWatch:
    watch = TelemetryWatch(GENERIC, incline)
    watch.link_made()
    return watch


def fed(*speeds: int) -> MachineState:
    watch = linked()
    for second, speed in enumerate(speeds):
        watch.feed(record(speed), float(second))
    return watch.state


def test_nothing_is_known_before_the_first_record() -> None:
    state = linked().state
    assert (state.speed, state.incline, state.standing, state.at) == (None, None, None, None)
    assert state.age(5.0) == float("inf")
    assert state.connected


def test_a_missing_value_is_unknown_and_never_zero() -> None:
    """S10."""
    state = fed(300)
    assert (state.speed, state.at, state.samples) == (Speed(300), 0.0, 1)
    assert (state.incline, state.distance, state.heart_rate_bpm, state.steps) == (None, None, None, None)


def test_one_zero_is_a_glitch_and_two_are_a_standing_belt() -> None:
    """S5; Merach sends single frames of zero while it runs."""
    assert fed(0).standing is None
    assert fed(0, 0).standing is True
    assert fed(300, 0).standing is False
    assert fed(300, 0, 300, 0).standing is False
    assert fed(300, 0, 0).standing is True
    assert fed(0, 0, 10).standing is False


def test_a_belt_is_slowing_while_it_loses_speed_from_record_to_record() -> None:
    assert fed(300, 250).slowing
    assert not fed(300, 296).slowing
    assert not fed(300, 250, 250).slowing
    assert not fed(300).slowing


def test_a_record_delivered_twice_counts_once() -> None:
    """S9."""
    watch = linked()
    watch.feed(record(0), 0.0)
    assert watch.feed(record(0), 0.05) is None
    assert (watch.state.samples, watch.state.standing) == (1, None)
    watch.feed(record(0), 0.5)
    assert (watch.state.samples, watch.state.standing) == (2, True)


def test_a_split_record_delivered_twice_counts_once() -> None:
    """S9: part, part, part again, part again within one instant."""
    watch = linked()
    averages = encode_treadmill_data(TreadmillData(0x03, average_speed=Speed(300)))
    for value in (averages, record(0), averages, record(0)):
        watch.feed(value, 1.0)
    assert (watch.state.samples, watch.state.standing) == (1, None)


@pytest.mark.parametrize("value", ["", "00", "0000", "000064"])
def test_a_value_cut_off_before_the_speed_is_dropped(value: str) -> None:
    watch = linked()
    assert watch.feed(bytes.fromhex(value), 1.0) is None
    assert watch.dropped == 1
    assert watch.state.at is None


def test_an_absurd_speed_is_a_broken_frame() -> None:
    watch = linked()
    watch.feed(record(300), 0.0)
    assert watch.feed(record(6000), 1.0) is None
    assert watch.dropped == 1
    assert (watch.state.speed, watch.state.at) == (Speed(300), 0.0)


def test_a_part_of_a_record_waits_for_the_rest() -> None:
    watch = linked()
    assert watch.feed(encode_treadmill_data(TreadmillData(0x03, average_speed=Speed(300))), 1.0) is None
    assert watch.dropped == 0
    state = watch.feed(record(310), 1.1)
    assert state is not None
    assert state.speed == Speed(310)


def test_a_field_that_comes_only_sometimes_is_kept_five_seconds() -> None:
    watch = linked()
    watch.feed(record(300, incline=20), 0.0)
    watch.feed(record(310), 5.0)
    assert watch.state.incline == Incline(20)
    watch.feed(record(320), 5.1)
    assert watch.state.incline is None


def test_speeds_are_read_in_the_machine_s_unit() -> None:
    watch = TelemetryWatch(SPEAKS_MPH)
    watch.link_made()
    watch.feed(record(300), 0.0)
    assert watch.state.speed == Speed(483)


def test_inclines_are_read_on_the_machine_s_scale() -> None:
    """BH i.Concept: 62.5 for each per cent."""
    watch = linked(InclineFacts(telemetry_scale=62.5))
    watch.feed(record(300, incline=125), 0.0)
    assert watch.state.incline == Incline(20)


def test_an_incline_that_the_machine_never_tells_is_unknown() -> None:
    """S10."""
    watch = linked(InclineFacts(reported=False))
    watch.feed(record(300, incline=0), 0.0)
    assert watch.state.incline is None


def test_without_a_link_nothing_is_known_of_the_belt_but_its_last_values() -> None:
    watch = linked()
    watch.feed(record(300), 0.0)
    watch.training_status(0x0D)
    state = watch.link_lost()
    assert (state.connected, state.standing, state.slowing) == (False, None, False)
    assert (state.speed, state.training_status) == (Speed(300), 0x0D)


def test_a_new_link_starts_afresh() -> None:
    """S9, S12."""
    watch = linked()
    watch.feed(record(0), 0.0)
    state = watch.link_made()
    assert (state.connected, state.samples, state.speed, state.at) == (True, 0, None, None)
    watch.feed(record(0), 0.05)
    assert (watch.state.samples, watch.state.standing) == (1, None)


# After a stop on the console (S2)


def stopped(*speeds: int, event: MachineEvent = STOPPED) -> list[bool | None]:
    """Stop a belt at 3 km/h on the console; return what is known of its standing with each record after that."""
    watch = linked()
    watch.feed(record(300), 0.0)
    watch.console_acted(event, 0.5)
    known = [watch.state.standing]
    for second, speed in enumerate(speeds, start=1):
        watch.feed(record(speed), float(second))
        known.append(watch.state.standing)
    return known


@pytest.mark.parametrize("event", [STOPPED, SafetyKeyPulled()])
def test_after_a_stop_on_the_console_nobody_knows_until_the_belt_is_seen_to_stand(event: MachineEvent) -> None:
    assert stopped(300, 180, 60, 0, 0, event=event) == [None, None, None, None, None, True]


def test_a_speed_set_on_the_console_leaves_no_doubt_about_the_motion() -> None:
    assert stopped(300, event=ConsoleSpeed(Speed(200))) == [False, False]


def test_a_belt_that_gains_speed_after_a_stop_moves_again() -> None:
    assert stopped(300, 180, 200, 190) == [None, None, None, False, False]


def test_a_belt_that_was_seen_to_stand_and_moves_has_begun_anew() -> None:
    assert stopped(0, 0, 20, 10) == [None, None, True, False, False]


def test_a_belt_that_keeps_its_speed_after_a_stop_moves_on_after_three_seconds() -> None:
    assert stopped(300, 300, 300, 300) == [None, None, None, None, False]


def test_a_belt_that_is_heard_again_after_a_silence_moves_again() -> None:
    watch = linked()
    watch.feed(record(300), 0.0)
    watch.console_acted(STOPPED, 0.5)
    watch.feed(record(60), 60.0)
    assert watch.state.standing is False


def test_a_belt_that_stands_is_not_doubted_for_a_stop() -> None:
    watch = linked()
    watch.feed(record(0), 0.0)
    watch.feed(record(0), 1.0)
    assert watch.console_acted(STOPPED, 1.5) is None
    assert watch.state.standing is True


def test_a_new_link_knows_nothing_of_an_earlier_stop() -> None:
    watch = linked()
    watch.console_acted(STOPPED, 0.5)
    watch.link_made()
    watch.feed(record(300), 1.0)
    assert watch.state.standing is False


def test_s2_a_target_may_go_to_a_belt_that_is_seen_to_move() -> None:
    watch = linked()
    watch.feed(record(300), 0.0)
    assert watch.is_moving(60.0), "old telemetry alone delays no decrease"
    quiet = TelemetryWatch(replace(GENERIC, silent_when_stopped=True))
    quiet.link_made()
    quiet.feed(record(300), 0.0)
    assert quiet.is_moving(3.0)
    assert not quiet.is_moving(3.1), "this one speaks only while it moves"
    watch.feed(record(0), 1.0)
    assert not watch.is_moving(1.0)
