"""A command's capture: beside its log, and in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.cli.capturing import CaptureWish, capturing, redact_in_place
from backstride.capture.events import Event, LinkLost
from backstride.capture.file import read_capture
from backstride.errors import CaptureError
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


def test_a_capture_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="Cannot read the capture"):
        redact_in_place(tmp_path / "none")
