"""Captures replayed: the driver sees what it saw, and comes to what it came to."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.service import run_session
from backstride.capture import events
from backstride.capture.file import SUFFIX, Captured, read_capture
from backstride.capture.lines import Entry
from backstride.capture.redaction import redacted
from backstride.driver.confirmation import Confirmed, Rejected
from backstride.driver.machine import Machine
from backstride.errors import CaptureError, ConfigError, Disconnected
from backstride.machines.facts import load_facts
from backstride.protocol import uuids
from backstride.simulator.replayed import ReplayedTreadmill
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from tests.support.bench import WALK, altered, until, walking
from tests.support.captures import EXPECTED, FOLDER, capture_of, crossed, drive, replayed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.captures import Told

CAPTURES = sorted(FOLDER.glob(f"*{SUFFIX}"))
TOLD: dict[str, Told] = json.loads(EXPECTED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.removesuffix(SUFFIX))
def test_every_capture_replays(virtual_time: Callable[..., Any], path: Path, tmp_path: Path) -> None:
    captured = read_capture(path)
    treadmill, told = virtual_time(replayed(captured, tmp_path / "again"))
    expected = TOLD.get(path.name.removesuffix(SUFFIX))
    if expected is None:  # somebody's own: nobody wrote down what was done with it, but it connects
        assert told["capabilities"]
        return
    assert told == expected
    assert crossed(read_capture(tmp_path / "again")) == crossed(captured)
    assert (treadmill.replay.strangers, treadmill.replay.likened, treadmill.replay.unread) == ([], [], [])


@pytest.mark.parametrize("name", ["generic", "generic-link-lost", "yesoul-w2-pro"])
def test_a_redacted_capture_replays_as_the_capture_does(
    virtual_time: Callable[..., Any], name: str, tmp_path: Path
) -> None:
    captured = redacted(read_capture(FOLDER / f"{name}{SUFFIX}"))
    _, told = virtual_time(replayed(captured, tmp_path / "again"))
    assert (told["outcomes"], told["states"]) == (TOLD[name]["outcomes"], TOLD[name]["states"])


def test_a_session_on_the_replay_goes_as_on_the_machine(virtual_time: Callable[..., Any], tmp_path: Path) -> None:
    async def walk(machine: Machine) -> Told:
        summary = await run_session(machine, "first-steps")
        return {"ending": summary.ending, "distance": summary.distance, "standing": summary.belt_standing}

    async def story() -> None:
        there = await capture_of(SimulatedTreadmill(faults=["link-lost=8@motion+20"]), tmp_path / "there", None, walk)
        treadmill = ReplayedTreadmill(read_capture(tmp_path / "there"))
        assert await capture_of(treadmill, tmp_path / "here", treadmill.facts, walk) == there

    virtual_time(story())
    assert crossed(read_capture(tmp_path / "here")) == crossed(read_capture(tmp_path / "there"))


def test_s1_a_replay_is_a_simulator_whatever_it_was_captured_from(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        captured = read_capture(FOLDER / f"generic{SUFFIX}")
        async with Machine.connect(ReplayedTreadmill(captured)) as machine:
            assert machine.is_simulated

    virtual_time(story())


def generic() -> ReplayedTreadmill:
    return ReplayedTreadmill(read_capture(FOLDER / f"generic{SUFFIX}"))


def test_what_was_never_written_is_refused_and_counted(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = generic()
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            await until(lambda: machine.state.standing is True)
            outcome = await machine.reset()
            assert isinstance(outcome, Rejected)
            assert outcome.att_error == 0x0E
        assert treadmill.replay.strangers == [b"\x01"]

    virtual_time(story())


def test_another_value_is_answered_as_the_same_command_was_and_the_belt_does_what_it_did_then(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        treadmill = generic()
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            assert await machine.start() == Confirmed()
            assert not isinstance(await machine.set_speed(Speed(370)), Rejected)
            await until(lambda: machine.state.speed == WALK)  # what was asked for then was 3 km/h
            assert await machine.stop() == Confirmed()
        assert treadmill.replay.likened[0] == bytes.fromhex("027201")

    virtual_time(story())


def test_s4_a_stop_that_comes_earlier_than_then_goes_on_with_the_stop_of_the_capture(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        treadmill = generic()
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            await walking(machine)
            assert await machine.stop() == Confirmed()
            assert machine.state.standing
        assert treadmill.replay.strangers == []

    virtual_time(story())


def test_a_client_that_takes_longer_hears_the_last_record_again(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = generic()
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            await machine.start()
            await asyncio.sleep(60)  # then, a target came after four seconds
            assert machine.is_connected
            assert machine.state.standing is False
            assert await machine.stop() == Confirmed()
        assert treadmill.replay.repeated >= 50

    virtual_time(story())


def test_a_machine_can_be_started_again_on_its_replay(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = generic()
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            for _ in range(2):
                await walking(machine)
                assert await machine.stop() == Confirmed()

    virtual_time(story())


def test_pairing_on_demand_is_replayed(virtual_time: Callable[..., Any], tmp_path: Path) -> None:
    facts = altered(link={"require_encryption": True})

    async def story() -> None:
        there = await capture_of(SimulatedTreadmill(facts), tmp_path / "there", facts)
        _, here = await replayed(read_capture(tmp_path / "there"), tmp_path / "here")
        assert here == there

    virtual_time(story())
    asked = [entry.event for entry in read_capture(tmp_path / "here").entries if isinstance(entry.event, events.Asked)]
    assert events.Operation.PAIR in {event.operation for event in asked}
    assert crossed(read_capture(tmp_path / "here")) == crossed(read_capture(tmp_path / "there"))


def test_a_capture_without_a_connection_cannot_be_replayed() -> None:
    captured = read_capture(FOLDER / f"generic{SUFFIX}")
    with pytest.raises(CaptureError, match="nothing to replay"):
        ReplayedTreadmill(Captured(captured.header, captured.entries[:1]))


def test_a_machine_file_of_another_version_is_taken_from_those_that_are_shipped() -> None:
    captured = read_capture(FOLDER / f"sole-f85{SUFFIX}")
    strange = events.Recognised("sole-f85", {"id": "sole-f85", "invented": "later"})
    entries = tuple(
        Entry(t, strange if isinstance(event, events.Recognised) else event) for t, event in captured.entries
    )
    assert ReplayedTreadmill(Captured(captured.header, entries)).facts == load_facts("sole-f85")
    own = events.Recognised("mine", {"id": "mine", "invented": "later"})
    entries = tuple(Entry(t, own if isinstance(event, events.Recognised) else event) for t, event in captured.entries)
    with pytest.raises(ConfigError, match="invented"):
        ReplayedTreadmill(Captured(captured.header, entries))


def test_a_write_that_was_never_answered_is_not_answered_again(virtual_time: Callable[..., Any]) -> None:
    """A link that died with a write under way leaves its end out."""
    captured = read_capture(FOLDER / f"generic{SUFFIX}")
    writes = [entry.event for entry in captured.entries if isinstance(entry.event, events.Asked)]
    start = next(event.number for event in writes if event.value == b"\x07")
    kept = tuple(entry for entry in captured.entries if not _ends(entry, start))

    async def story() -> None:
        treadmill = ReplayedTreadmill(Captured(captured.header, kept))
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            assert machine.is_connected
            with pytest.raises((TimeoutError, Disconnected)):
                async with asyncio.timeout(3):
                    await machine._uplink.write_control(b"\x07")  # noqa: SLF001 - a write and nothing around it

    virtual_time(story())


def _ends(entry: Entry, number: int) -> bool:
    return isinstance(entry.event, events.Answered) and entry.event.number == number


def test_a_survey_reads_and_subscribes_to_all_and_commands_nothing(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    told: list[events.Event] = []

    async def story() -> None:
        async with Machine.connect(treadmill, trace=told.append) as machine:
            await machine.survey()

    virtual_time(story())
    asked = [event for event in told if isinstance(event, events.Asked)]
    subscribed = {event.uuid for event in asked if event.operation is events.Operation.SUBSCRIBE}
    assert uuids.MACHINE_STATUS in subscribed
    assert [write.value for write in treadmill.writes] == [b"\x00"]


def test_the_story_of_the_fixtures_moves_a_belt(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(load_facts("generic"))
        async with Machine.connect(treadmill) as machine:
            told = await drive(machine)
        assert told["outcomes"] == [f"{what}: confirmed" for what in ("start", "fast", "slow", "incline", "stop")]

    virtual_time(story())
