"""S4, S5, S6, S13: whatever fails inside, the belt is stopped first, the record is closed next, the fault is told last.

The ends that come from outside are those of tests/e2e/test_ends.py; here the belt itself can be looked at.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.cli.interruption import Interruption
from backstride.apps.cli.target import Target
from backstride.apps.cli.walking import GuidedWalk, Wish
from backstride.apps.config import load_settings
from backstride.apps.service import Walk, prepare, run_session
from backstride.driver.machine import Machine
from backstride.record.recording import Recording, list_records, read_record
from backstride.workout.events import Sample
from tests.support.bench import until, written
from tests.support.workout import profile, steady

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backstride.capture.events import Event
    from backstride.driver.state import MachineState
    from backstride.simulator.treadmill import SimulatedTreadmill
    from backstride.workout.events import SessionEvent

PROFILE = profile(steady("3.0", 3600.0))
ANSWERS_WITHIN = 60.0  # seconds of virtual time: a test that waits for an end must itself end


@pytest.fixture(autouse=True)
def _nobody_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command that gives the belt up fail the test, instead of ending the whole run."""

    def leave(code: int) -> None:
        raise AssertionError(f"left with {code}, without having seen the belt stand")

    monkeypatch.setattr(os, "_exit", leave)


def recording(folder: Path) -> Recording:
    """Return the only record in `folder`, whole."""
    (info,) = list_records(folder)
    record = read_record(info.path)
    assert record.complete
    assert [entry["event"] for entry in record.entries()][-2:] == ["ended", "summary"]
    return record


def guided(machine: Machine, folder: Path) -> GuidedWalk:
    """Return a walk as the command line walks it, with nobody at the terminal."""
    settings = load_settings(folder / "none.toml", environ={}, records=folder / "records")
    wish = Wish("test", Target(simulated=machine.facts), fast=True, json=True, agreed=True)
    nobody = Interruption(first=lambda: None, again=lambda: None)
    return GuidedWalk(machine, prepare(PROFILE, machine), wish, settings, nobody)


def fails(*_: object) -> None:
    raise LookupError("not my day")


async def at_speed(treadmill: SimulatedTreadmill) -> None:
    await until(lambda: treadmill.belt.speed == 3.0, within=120)


async def stopped_by(fault: Callable[[Machine], object], treadmill: SimulatedTreadmill, folder: Path) -> None:
    """Walk as the command line does, let `fault` come about, and judge the end."""
    async with Machine.connect(treadmill) as machine:
        walking = asyncio.create_task(guided(machine, folder).run())
        await at_speed(treadmill)
        before, began = len(written(treadmill)), treadmill.now
        fault(machine)
        with pytest.raises(LookupError, match="not my day") as raised:
            await asyncio.wait_for(walking, ANSWERS_WITHIN)
        assert treadmill.belt.standing
        assert written(treadmill)[before] == "0801"  # the first thing that is written is Stop
        assert treadmill.writes[before].time - began <= 1.1  # a listener hears something once a second
        assert treadmill.now - treadmill.writes[before].time <= 5.0
        assert raised.value.__notes__ == ["The belt stands."]
    end = recording(folder / "records").summary()
    assert (end.ending, end.belt_standing) == ("aborted", True)


def _fails_at_the_next_state_of(machine: Machine) -> None:
    def listener(_: MachineState) -> None:
        forget()
        fails()

    forget = machine.on_state(listener)


# --- faults inside the command line


@pytest.mark.parametrize(
    "fault",
    [
        lambda _: asyncio.get_running_loop().call_later(0.5, fails),
        _fails_at_the_next_state_of,
        lambda _: asyncio.ensure_future(_failing()),
    ],
    ids=["a callback", "a listener of the machine", "a task that nobody awaits"],
)
def test_s6_what_fails_where_nobody_waits_for_it_stops_the_belt_and_is_told(
    virtual_time: Callable[..., Any],
    treadmill: SimulatedTreadmill,
    tmp_path: Path,
    fault: Callable[[Machine], object],
) -> None:
    virtual_time(stopped_by(fault, treadmill, tmp_path))


async def _failing() -> None:
    fails()


class BrokenScreen:
    """A standard output that fails, in no way a file fails, once `broken` is set."""

    encoding = "utf-8"
    broken = False

    def write(self, text: str) -> int:
        if self.broken:
            fails()
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def test_s6_a_display_that_fails_stops_the_belt_and_is_told(
    virtual_time: Callable[..., Any],
    treadmill: SimulatedTreadmill,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = BrokenScreen()
    monkeypatch.setattr(sys, "stdout", screen)
    virtual_time(stopped_by(lambda _: setattr(screen, "broken", True), treadmill, tmp_path))


@pytest.mark.parametrize("in_range", [True, False])
def test_s5_a_runner_that_fails_is_told_with_the_truth_about_the_belt(
    virtual_time: Callable[..., Any],
    treadmill: SimulatedTreadmill,
    tmp_path: Path,
    in_range: bool,  # noqa: FBT001 - as pytest gives it
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            command = guided(machine, tmp_path)
            walking = asyncio.create_task(command.run())
            await at_speed(treadmill)
            if not in_range:
                treadmill.leave_range()
            command._walk.session.runner._conduct = None  # type: ignore[assignment] # noqa: SLF001 - breaks it for good
            with pytest.raises(AttributeError) as raised:
                await asyncio.wait_for(walking, ANSWERS_WITHIN)
            assert treadmill.belt.standing is in_range
            (note,) = raised.value.__notes__
            assert note.startswith("The belt stands." if in_range else "NOBODY CAN SEE WHETHER THE BELT STANDS.")
        assert recording(tmp_path / "records").summary().belt_standing is (True if in_range else None)

    virtual_time(story())


def test_s6_a_cancelled_command_stops_the_belt_and_closes_the_record(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            walking = asyncio.create_task(guided(machine, tmp_path).run())
            await at_speed(treadmill)
            began = treadmill.now
            walking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(walking, ANSWERS_WITHIN)
            assert treadmill.belt.standing
            assert treadmill.now - began <= 5.0
        assert recording(tmp_path / "records").summary().belt_standing is True

    virtual_time(story())


# --- faults in programs that use the package


def test_s13_an_observer_that_fails_takes_nothing_from_the_record_nor_from_the_others(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    heard: list[SessionEvent] = []

    def broken(event: SessionEvent, at: float) -> None:
        if at > 30 and isinstance(event, Sample):
            fails()

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            walk = Walk(machine, prepare(PROFILE, machine), records=tmp_path)
            walk.observe(broken)
            walk.observe(lambda event, _: heard.append(event))
            asyncio.get_running_loop().call_later(1.0, walk.start)
            with pytest.raises(LookupError, match="not my day"):
                await asyncio.wait_for(walk.run(), 120.0)
            assert treadmill.belt.standing

    virtual_time(story())
    record = recording(tmp_path)
    entries = list(record.entries())
    assert len(entries) == len(heard) + 1  # and the summary
    assert (record.summary().ending, record.summary().belt_standing) == ("aborted", True)
    assert "not my day" in record.summary().reason


def test_s6_a_trace_that_fails_is_reported_and_holds_up_no_stop(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    """The hook of `Machine.connect(trace=…)` is a stranger's code on the way of every octet, Stop included."""
    reported: list[object] = []

    def trace(_: Event) -> None:
        if treadmill.now > 30:
            fails()

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
        async with Machine.connect(treadmill, trace=trace) as machine:
            walking = asyncio.create_task(run_session(machine, PROFILE, records=tmp_path))
            await asyncio.sleep(40)
            walking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(walking, ANSWERS_WITHIN)
            assert treadmill.belt.standing
        assert recording(tmp_path).summary().belt_standing is True
        assert list(map(str, reported)) == ["not my day"]

    virtual_time(story())


def test_s6_a_walk_that_is_cancelled_again_while_it_stops_still_leaves_a_standing_belt_and_a_closed_record(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            walking = asyncio.create_task(run_session(machine, PROFILE, records=tmp_path))
            await at_speed(treadmill)
            walking.cancel()
            await asyncio.sleep(0.5)
            assert treadmill.belt.speed > 0
            walking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(walking, ANSWERS_WITHIN)
        assert treadmill.belt.standing  # leaving the machine has waited for it
        assert "0801" in written(treadmill)

    virtual_time(story())
    (info,) = list_records(tmp_path)
    assert read_record(info.path).complete
    assert info.ending != "finished"


def test_s13_a_record_that_is_abandoned_says_what_was_last_seen_of_the_belt(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    """As the command line does before it leaves without having seen the belt stand."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            walk = Walk(machine, prepare(PROFILE, machine), records=tmp_path)
            walking = asyncio.create_task(walk.run())
            await asyncio.sleep(1.0)
            walk.start()
            await at_speed(treadmill)
            walk.abandon("left in a hurry")
            end = recording(tmp_path).summary()
            assert (end.ending, end.reason, end.belt_standing) == ("aborted", "left in a hurry", False)
            walk.stop()
            await asyncio.wait_for(walking, ANSWERS_WITHIN)

    virtual_time(story())
    assert recording(tmp_path).summary().reason == "left in a hurry"  # nothing is written behind the summary
