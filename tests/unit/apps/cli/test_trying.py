"""A real treadmill tried out at a terminal: where its files go, and that they are used from then on."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from backstride.apps.cli.target import choose, connected
from backstride.apps.cli.trying import Wish, guide
from backstride.apps.config import Settings, load_settings
from backstride.driver.discovery import Discovery
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import written

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    Virtual = Callable[[Coroutine[Any, Any, Any]], Any]

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Put a pseudo-terminal where the keys come from; yield its other end."""
    master, slave = pty.openpty()
    with os.fdopen(slave, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield master
    os.close(master)


@pytest.fixture
def treadmill(monkeypatch: pytest.MonkeyPatch) -> SimulatedTreadmill:
    """Put a treadmill into the air that the command line listens to."""
    there = SimulatedTreadmill("sole-f85")
    discovery = partial(Discovery, scanner=there.scanner_backend, client=there.backend)
    monkeypatch.setattr("backstride.apps.cli.target.Discovery", discovery)
    return there


async def leaving_all_out(keyboard: int, wish: Wish, settings: Settings) -> int:
    """Try it out with somebody who leaves every step out."""

    async def press() -> None:
        while True:
            os.write(keyboard, b"s")
            await asyncio.sleep(1.0)

    typing = asyncio.create_task(press())
    try:
        return await guide(wish, settings)
    finally:
        typing.cancel()


def test_the_file_of_a_real_treadmill_is_used_for_it_from_then_on(
    tmp_path: Path,
    virtual_time: Virtual,
    keyboard: int,
    treadmill: SimulatedTreadmill,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings, path = Settings(file=tmp_path / "settings.toml"), tmp_path / "mine.toml"
    target = choose(settings, device=None, simulated=None)
    assert virtual_time(leaving_all_out(keyboard, Wish(target, path, redact=True), settings)) == 0
    assert "07" not in written(treadmill)
    said = capsys.readouterr()
    assert "Backstride uses it for" in said.out
    assert "Addresses, names, serial numbers and texts are replaced." in said.err
    assert treadmill.address not in (tmp_path / "mine.capture.jsonl").read_text(encoding="ascii")

    async def connect() -> str:
        known = load_settings(settings.file)
        async with connected(choose(known, device=None, simulated=None), known) as machine:
            return machine.facts.id

    assert virtual_time(connect()) == "mine"


def test_without_a_name_the_files_are_named_after_the_treadmill_and_overwrite_nothing(
    tmp_path: Path,
    virtual_time: Virtual,
    keyboard: int,
    treadmill: SimulatedTreadmill,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(file=tmp_path / "settings.toml")
    for _ in range(2):
        wish = Wish(choose(settings, device=treadmill.address, simulated=None))
        assert virtual_time(leaving_all_out(keyboard, wish, settings)) == 0
    stem = "".join(letter if letter.isalnum() else "-" for letter in (treadmill.name or "").lower())
    assert {path.name for path in tmp_path.glob("*.toml")} == {f"{stem}.toml", f"{stem}-2.toml", "settings.toml"}
    assert len(list(tmp_path.glob("*.capture.jsonl"))) == 2
