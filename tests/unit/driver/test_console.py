"""What the console did and what was our own echo (facts 8, safety rule S11)."""

from __future__ import annotations

import pytest

from backstride.driver import events
from backstride.driver.console import ConsoleWatch
from backstride.machines.capabilities import Capabilities, InclineGrid
from backstride.machines.incline_facts import InclineMap
from backstride.protocol.control_point import (
    Request,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
)
from backstride.units import Incline, Speed
from tests.unit.driver.machines import GENERIC, REPORTS_ONLY, SPEAKS_MPH, TAKES_MPH

START, STOP = StartOrResume(), StopOrPauseRequest(StopOrPause.STOP)


def heard(value: str, *written: Request, at: float = 1.0) -> events.MachineEvent | None:
    """Return what a generic machine's status `value` means `at` seconds after the writes."""
    watch = ConsoleWatch(GENERIC)
    for request in written:
        watch.wrote(request, 0.0)
    return watch.feed(bytes.fromhex(value), at)


@pytest.mark.parametrize(
    ("value", "event"),
    [
        ("0201", events.ConsoleStopped(pause=False)),
        ("0202", events.ConsoleStopped(pause=True)),
        ("02", events.ConsoleStopped(pause=None)),
        ("01", events.ConsoleStopped(pause=None)),
        ("03", events.SafetyKeyPulled()),
        ("04", events.ConsoleStarted()),
        ("05a401", events.ConsoleSpeed(Speed(420))),
        ("061900", events.ConsoleIncline(Incline(25))),
        ("ff", events.ControlTaken()),
        ("0864ff", None),
        ("42", None),
        ("", None),
        ("05a4", None),
    ],
)
def test_what_a_status_means(value: str, event: events.MachineEvent | None) -> None:
    assert heard(value) == event


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (STOP, "0201"),
        (STOP, "0202"),
        (STOP, "01"),
        (START, "04"),
        (SetTargetSpeed(Speed(420)), "05a401"),
        (SetTargetInclination(Incline(25)), "061900"),
    ],
)
def test_an_echo_of_our_own_command_is_no_console_act(written: Request, value: str) -> None:
    assert heard(value, written) is None
    assert heard(value, written, at=10.0) is not None


def test_a_change_that_differs_from_our_command_is_the_console_s() -> None:
    assert heard("05a401", SetTargetSpeed(Speed(300))) == events.ConsoleSpeed(Speed(420))
    assert heard("061900", SetTargetInclination(Incline(0))) == events.ConsoleIncline(Incline(25))


def test_a_safety_key_is_never_an_echo() -> None:
    assert heard("03", STOP) == events.SafetyKeyPulled()


def test_an_older_target_may_echo_after_a_newer_was_written() -> None:
    assert heard("052c01", SetTargetSpeed(Speed(300)), SetTargetSpeed(Speed(280))) is None
    assert heard("051801", SetTargetSpeed(Speed(300)), SetTargetSpeed(Speed(280))) is None


def test_a_start_may_echo_with_the_first_motion() -> None:
    """Omega Z: the belt moves 4 to 6 s after an answered Start."""
    assert heard("04", START, at=6.9) is None
    assert heard("04", START, at=7.1) == events.ConsoleStarted()


def test_a_console_speed_is_read_in_the_unit_of_the_machine_s_reports() -> None:
    assert ConsoleWatch(SPEAKS_MPH).feed(bytes.fromhex("052c01"), 0.0) == events.ConsoleSpeed(Speed(483))
    assert ConsoleWatch(TAKES_MPH).feed(bytes.fromhex("052c01"), 0.0) == events.ConsoleSpeed(Speed(300))


def test_a_machine_that_takes_mph_may_echo_either_way() -> None:
    for value in ("052a01", "05e001"):  # 2.98, as it was written, and 4.80 km/h, as it is reported
        watch = ConsoleWatch(TAKES_MPH)
        watch.wrote(SetTargetSpeed(Speed(298)), 0.0)
        assert watch.feed(bytes.fromhex(value), 1.0) is None


def test_a_machine_without_targets_is_heard_all_the_same() -> None:
    watch = ConsoleWatch(REPORTS_ONLY)
    watch.wrote(SetTargetSpeed(Speed(300)), 0.0)
    assert watch.feed(bytes.fromhex("052c01"), 1.0) == events.ConsoleSpeed(Speed(300))


def test_an_incline_is_compared_by_what_the_machine_means_by_its_numbers() -> None:
    """S11: where 1 on the wire is 1 %, a console that is turned from 5 % to 7 % has been turned."""
    whole_percents = InclineGrid(Incline(0), Incline(150), Incline(10), written=InclineMap(scale=1.0))
    watch = ConsoleWatch(Capabilities("Coarse", None, whole_percents))
    watch.wrote(SetTargetInclination(Incline(5)), 0.0)
    assert watch.feed(bytes.fromhex("060500"), 1.0) is None
    assert watch.feed(bytes.fromhex("060700"), 1.0) == events.ConsoleIncline(Incline(70))
