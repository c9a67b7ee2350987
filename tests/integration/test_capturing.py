"""A command's capture: beside its log, and in trouble."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.cli.capturing import CaptureWish, capturing, redact_in_place
from backstride.capture.events import Event, LetGo, LinkLost
from backstride.capture.file import read_capture
from backstride.driver.machine import Machine
from backstride.errors import CaptureError, Disconnected, NotFound
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.roaming import System

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

resource = pytest.importorskip("resource", reason="the limits of a process are POSIX")


def test_log_and_capture_are_told_the_same(virtual_time: Callable[..., Any], tmp_path: Path) -> None:
    logged: list[Event] = []

    async def story() -> None:
        with capturing(CaptureWish(tmp_path / "a"), SimulatedTreadmill(), logged.append) as trace:
            assert trace is not None
            trace(LinkLost())

    virtual_time(story())
    assert [entry.event for entry in read_capture(tmp_path / "a").entries] == logged == [LinkLost()]


def test_without_a_wish_there_is_the_log_alone(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        with capturing(None, SimulatedTreadmill(), None) as trace:
            assert trace is None

    virtual_time(story())


def test_what_keeps_a_capture_from_being_redacted_is_told_after_the_walk(
    virtual_time: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        (tmp_path / "a.redacted").touch()
        with capturing(CaptureWish(tmp_path / "a", redact=True), SimulatedTreadmill(), None):
            pass

    virtual_time(story())
    assert capsys.readouterr().err.endswith("name another one. It is not redacted.\n")
    assert not read_capture(tmp_path / "a").header.redacted


@pytest.mark.parametrize("redact", [True, False])
def test_of_a_capture_for_which_there_is_no_room_it_is_told_that_it_is_not_redacted(
    virtual_time: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], *, redact: bool
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def story() -> None:
        with capturing(CaptureWish(tmp_path / "a", redact=redact), SimulatedTreadmill(), None) as trace:
            assert trace is not None
            resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "a").stat().st_size + 5, hard))
            try:
                trace(LinkLost())
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    virtual_time(story())
    told = capsys.readouterr().err
    assert "Capture:" not in told
    assert told.endswith(" It is not redacted.\n") is redact


def test_a_capture_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="Cannot read the capture"):
        redact_in_place(tmp_path / "none")


def test_a_redacted_capture_does_not_tell_what_the_owner_calls_the_treadmill(
    virtual_time: Callable[..., Any], tmp_path: Path
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(faults=["returns-other=1@5"])
        with capturing(CaptureWish(tmp_path / "a", redact=True), treadmill, None) as trace:
            async with Machine.connect(treadmill, trace=trace, called="Annas Laufband") as machine:
                await asyncio.sleep(10)
                with pytest.raises(NotFound, match="in place of Annas Laufband"):
                    await machine.reconnect()

    virtual_time(story())
    captured = read_capture(tmp_path / "a")
    assert any(isinstance(entry.event, LetGo) and entry.event.reason for entry in captured.entries)
    assert "Annas" not in str(captured)


def test_a_capture_of_a_treadmill_that_sends_nothing_does_not_tell_it_either(
    virtual_time: Callable[..., Any], tmp_path: Path
) -> None:
    async def story() -> None:
        def unheard(operation: str) -> None:
            if operation == "subscribe 2acd":
                raise EOFError

        system = System()
        system.before = unheard
        treadmill = system.reaching(SimulatedTreadmill())
        with (
            capturing(CaptureWish(tmp_path / "a", redact=True), treadmill, None) as trace,
            pytest.raises(Disconnected, match="does not send what the belt does"),
        ):
            async with Machine.connect(treadmill, trace=trace, called="Annas Laufband"):
                pass

    virtual_time(story())
    assert "Annas" not in str(read_capture(tmp_path / "a"))
