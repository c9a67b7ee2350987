"""The judge can fail: each rule, on a run that kept it, with one thing tampered with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backstride.protocol import uuids
from backstride.simulator.belt_log import Breakpoint, Cause
from backstride.simulator.traffic import ControlWrite
from backstride.workout.events import Ended, LinkChanged, SessionState, StateChanged, StepStarted
from tests.matrix.judge import judge
from tests.matrix.report import Result, document, scenes_named
from tests.matrix.scenes import STAND, Phase, Scene
from tests.matrix.story import Evidence, play

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """A run whose fault does nothing, stopped by the walker on the way up; for a test to tamper with."""
    return play(Scene("generic", "pause-stops", Phase.STOPPING), tmp_path)


def rules(evidence: Evidence) -> set[str]:
    return {violation.rule for violation in judge(evidence)}


def happened(evidence: Evidence, cause: Cause, at: float, **changes: object) -> None:
    """Write into the belt's log what did not happen."""
    log = evidence.treadmill.peripheral.belt.log
    index = next(i for i, one in enumerate(log.breakpoints) if one.time > at)
    invented = replace(log.breakpoints[index - 1], time=at, cause=cause, by="client 1", **changes)  # type: ignore[arg-type]
    log.breakpoints.insert(index, invented)


def wrote(evidence: Evidence, value: str, at: float) -> None:
    writes = evidence.treadmill.peripheral.writes
    index = next((i for i, one in enumerate(writes) if one.time > at), len(writes))
    writes.insert(index, ControlWrite(at, 1, bytes.fromhex(value), None, None))


def first(evidence: Evidence, cause: Cause) -> Breakpoint:
    return next(one for one in evidence.treadmill.belt.log.breakpoints if one.cause is cause)


def stopped_at(evidence: Evidence) -> float:
    return next(at for at, act in evidence.acts if act == "stop")


def test_a_run_that_kept_every_rule_is_not_complained_of(evidence: Evidence) -> None:
    assert judge(evidence) == []
    assert evidence.told[-1][1] == Ended("stopped", "you stopped it", belt_standing=True)  # type: ignore[arg-type]


def test_s1_a_start_that_nobody_asked_for(evidence: Evidence) -> None:
    happened(evidence, Cause.START, 20.0)
    assert "S1" in rules(evidence)


def test_s1_a_start_after_the_walker_had_stopped_it(evidence: Evidence) -> None:
    start = first(evidence, Cause.START).time
    evidence.acts.insert(1, (start - 1, "pause"))
    assert "S1" in rules(evidence)


def test_s2_a_target_to_a_belt_that_was_told_to_stand(evidence: Evidence) -> None:
    wrote(evidence, "025000", 1.0)
    assert "S2" in rules(evidence)


def test_s2_a_target_after_a_stop_on_the_console(evidence: Evidence) -> None:
    at = next(write.time for write in evidence.treadmill.writes if write.value[0] == 2)
    evidence.heard = sorted([*evidence.heard, (at - 0.01, uuids.MACHINE_STATUS, b"\x02\x01")], key=lambda one: one[0])
    assert "S2" in rules(evidence)


def test_s3_going_on_without_a_standstill(evidence: Evidence) -> None:
    step = next(event for _, event in evidence.told if isinstance(event, StepStarted))
    evidence.told += [(20.0, replace(step, step=STAND)), (22.0, replace(step, step=STAND + 1))]
    assert "S3" in rules(evidence)


def test_s4_a_stop_that_came_late(evidence: Evidence) -> None:
    peripheral, at = evidence.treadmill.peripheral, stopped_at(evidence)
    peripheral.writes = [replace(one, time=one.time + 0.1) if one.time >= at else one for one in peripheral.writes]
    assert "S4" in rules(evidence)


def test_s5_a_stop_that_was_not_repeated(evidence: Evidence) -> None:
    """The belt runs on for six seconds, and nothing more is written."""
    at, log = stopped_at(evidence), evidence.treadmill.belt.log
    later = [replace(one, time=one.time + 6) if one.time >= at else one for one in log.breakpoints]
    log.breakpoints[:], log._times[:] = later, [one.time for one in later]  # noqa: SLF001 - tampering
    evidence.told[-1] = (evidence.told[-1][0] + 8, evidence.told[-1][1])
    evidence.heard += [(at + second, uuids.TREADMILL_DATA, bytes.fromhex("0000f000")) for second in range(1, 8)]
    assert "S5" in rules(evidence)


def test_s5_a_word_that_is_not_true(evidence: Evidence) -> None:
    evidence.told[-1] = (stopped_at(evidence), evidence.told[-1][1])
    assert "S5" in rules(evidence)


def test_s5_nobody_was_sent_to_the_console(evidence: Evidence) -> None:
    at, ended = evidence.told[-1]
    assert isinstance(ended, Ended)
    evidence.told[-1] = (at, replace(ended, belt_standing=None))
    assert "S5" in rules(evidence)


def test_s6_an_exception_and_an_end_that_is_missing(evidence: Evidence) -> None:
    evidence.failure = ValueError("whatever")
    assert rules(evidence) == {"S6"}
    evidence.failure = None
    evidence.told.pop()
    assert "S6" in rules(evidence)


def test_s6_leaving_that_takes_too_long(evidence: Evidence) -> None:
    assert evidence.left is not None
    evidence.left += 7
    assert rules(evidence) == {"S6"}


def test_s7_a_target_above_the_plan(evidence: Evidence) -> None:
    happened(evidence, Cause.TARGET, 20.0, target=2.6)
    assert "S7" in rules(evidence)


def test_s8_a_rise_that_is_too_large_and_one_that_comes_too_soon(evidence: Evidence) -> None:
    writes = [one for one in evidence.treadmill.writes if one.value[0] == 2]
    wrote(evidence, "02f000", writes[1].time - 0.5)
    assert "S8" in rules(evidence)


def test_s9_a_rise_on_old_telemetry(evidence: Evidence) -> None:
    rise = [one for one in evidence.treadmill.belt.log.breakpoints if one.cause is Cause.TARGET][2]
    evidence.heard = [one for one in evidence.heard if not rise.time - 3.5 <= one[0] <= rise.time]
    assert "S9" in rules(evidence)


def test_s11_a_console_that_was_fought(evidence: Evidence) -> None:
    rise = [one for one in evidence.treadmill.belt.log.breakpoints if one.cause is Cause.TARGET][3]
    happened(evidence, Cause.TARGET, rise.time - 1, target=1.0)
    log = evidence.treadmill.belt.log
    log.breakpoints[:] = [
        replace(one, by="console") if one.time == rise.time - 1 else one for one in log.breakpoints
    ]  # fmt: skip
    assert "S11" in rules(evidence)


def test_s12_a_loss_that_was_not_said(evidence: Evidence) -> None:
    evidence.heard = [one for one in evidence.heard if not 15 < one[0] < 30]
    assert "S12" in rules(evidence)


def test_s12_a_rise_after_a_reconnection_that_nobody_confirmed(evidence: Evidence) -> None:
    rise = [one for one in evidence.treadmill.belt.log.breakpoints if one.cause is Cause.TARGET][2]
    evidence.told.append((rise.time - 1, LinkChanged(connected=True)))
    evidence.told.sort(key=lambda one: one[0])
    assert "S12" in rules(evidence)


def test_s13_a_record_without_end_and_one_with_a_hole(evidence: Evidence, tmp_path: Path) -> None:
    assert evidence.record is not None
    lines = evidence.record.read_text(encoding="ascii").splitlines(keepends=True)
    evidence.record = tmp_path / "torn.jsonl"
    evidence.record.write_text("".join(lines[:-1]), encoding="ascii")
    assert "S13" in rules(evidence)
    samples = [line for line in lines if '"sample"' in line]
    evidence.record.write_text("".join(line for line in lines if line not in samples[10:13]), encoding="ascii")
    assert "S13" in rules(evidence)


def test_every_phase_comes_and_every_fault_strikes_in_it() -> None:
    chosen = scenes_named("safety-key")
    assert {scene.phase for scene in chosen} == {*Phase}


def test_the_page_counts_what_was_found() -> None:
    scene = Scene("generic", "silent", Phase.STEADY)
    page = document([Result(scene, "aborted, unknown", ())])
    assert "**1 runs**" in page
    assert "**0 violations.**" in page
    assert "| `silent` | no telemetry comes | 1 | 0 | 0 | 1 | 0 | 0 |" in page


def test_a_state_change_is_what_the_session_says(evidence: Evidence) -> None:
    states = [event.state for _, event in evidence.told if isinstance(event, StateChanged)]
    assert states == [SessionState.STARTING, SessionState.RUNNING, SessionState.STOPPING, SessionState.FINISHED]
