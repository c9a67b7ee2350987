"""A real treadmill tried out at a terminal: where its files go, and that they are used from then on."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.target import choose, connected
from backstride.apps.cli.trying import Wish, guide
from backstride.apps.config import Settings, load_settings
from backstride.driver.discovery import Discovery
from backstride.machines.facts import GENERIC, known_machines, load_facts
from backstride.machines.recognition import recognise
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import written

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from io import FileIO
    from pathlib import Path
    from typing import Any

    Virtual = Callable[[Coroutine[Any, Any, Any]], Any]

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
termios = pytest.importorskip("termios", reason="pseudo-terminals are POSIX")


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
    return await pressing(b"s", keyboard, wish, settings)


async def pressing(
    key: bytes, keyboard: int, wish: Wish, settings: Settings, *, then: Callable[[], bool] = lambda: False
) -> int:
    """Try it out with somebody who presses one key every two seconds, until `then` says that something else is done."""

    async def press() -> None:
        while not then():
            os.write(keyboard, key)
            await asyncio.sleep(2.0)

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


def test_s7_a_trial_that_was_broken_off_replaces_nothing_that_is_known(
    tmp_path: Path,
    virtual_time: Virtual,
    keyboard: int,
    treadmill: SimulatedTreadmill,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings, path = Settings(file=tmp_path / "settings.toml"), tmp_path / "mine.toml"
    wish = Wish(choose(settings, device=treadmill.address, simulated=None), path)
    assert virtual_time(pressing(b"q", keyboard, wish, settings)) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Backstride has a machine file for this model already" in said
    assert "It is not in use: the trial was not finished. Name it in the settings" in said
    assert path.is_file()
    assert not (tmp_path / "settings.toml").exists()


def test_s7_what_a_trial_cannot_find_out_is_kept_from_the_shipped_file(
    tmp_path: Path, virtual_time: Virtual, keyboard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in known_machines():
        shipped = load_facts(model)
        there = SimulatedTreadmill(model)
        discovery = partial(Discovery, scanner=there.scanner_backend, client=there.backend)
        monkeypatch.setattr("backstride.apps.cli.target.Discovery", discovery)
        settings, path = Settings(file=tmp_path / f"{model}-settings.toml"), tmp_path / f"{model}.toml"
        if recognise(name=there.name, offers_service=True) != shipped or shipped.id == GENERIC:
            continue
        wish = Wish(choose(settings, device=there.address, simulated=None), path)
        assert virtual_time(leaving_all_out(keyboard, wish, settings)) in {0, 4}
        learned = load_facts(str(path))
        assert set(shipped.control.withheld.items()) <= set(learned.control.withheld.items())
        assert learned.advice == shipped.advice
        assert learned.control.locked == shipped.control.locked or learned.control.locked is not None
        assert learned.speed.floor == shipped.speed.floor
        assert learned.miles_console == shipped.miles_console
        if learned.incline is not None and shipped.incline is not None and shipped.incline.floor is not None:
            assert learned.incline.floor == shipped.incline.floor


@contextlib.contextmanager
def output_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileIO]:
    """Put a full pipe where the output goes, in the test itself as pytest has its own way with it; yield its end."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    reader = io.FileIO(reading)
    stdout = io.TextIOWrapper(os.fdopen(writing, "wb", buffering=0), write_through=True)
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", stdout)
        yield reader
    reader.close()
    for thread in threading.enumerate():
        if thread.name == "backstride-output":  # it waits for the reader who has gone
            thread.join(5.0)
    with contextlib.suppress(OSError):
        stdout.close()


def test_s4_output_that_nobody_takes_holds_up_no_stop(
    tmp_path: Path,
    virtual_time: Virtual,
    keyboard: int,
    treadmill: SimulatedTreadmill,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(file=tmp_path / "settings.toml")
    wish = Wish(choose(settings, device=treadmill.address, simulated=None), tmp_path / "mine.toml")
    rescued: list[FileIO] = []

    def quits() -> bool:
        if treadmill.belt.speed:
            os.write(keyboard, b"q")
        return bool(treadmill.belt.speed)

    with output_that_nobody_takes(monkeypatch) as reader:

        def rescue() -> None:
            """Let a program that waits for its reader go on after all: it is to fail, not to hang."""
            rescued.append(reader)
            reader.close()

        timer = threading.Timer(10.0, rescue)
        timer.start()
        code = virtual_time(pressing(b"\r", keyboard, wish, settings, then=quits))
        timer.cancel()
        timer.join()
    assert rescued == []
    assert code == 0
    assert treadmill.belt.standing
    assert "0801" in written(treadmill)[-3:]


def test_s6_a_reader_who_goes_away_ends_the_trials(
    tmp_path: Path,
    virtual_time: Virtual,
    keyboard: int,
    treadmill: SimulatedTreadmill,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(file=tmp_path / "settings.toml")
    wish = Wish(choose(settings, device=treadmill.address, simulated=None), tmp_path / "mine.toml")

    def goes() -> bool:
        if treadmill.belt.speed:
            reader.close()
        return bool(treadmill.belt.speed)

    async def waits_for_the_thread() -> int:
        """Virtual time runs away from the thread that finds out, unless somebody waits for it."""
        trying = asyncio.create_task(pressing(b"\r", keyboard, wish, settings, then=goes))
        while not trying.done():
            await asyncio.sleep(1.0)
            if treadmill.belt.speed:
                time.sleep(0.05)  # noqa: ASYNC251 - it is to hold up virtual time
        return await trying

    with output_that_nobody_takes(monkeypatch) as reader:
        assert virtual_time(waits_for_the_thread()) == ExitCode.SIGNALLED + signal.SIGPIPE
    assert (tmp_path / "mine.toml").is_file()
    assert treadmill.belt.standing


def test_s6_whoever_insists_on_leaving_is_told_that_nobody_saw_the_belt_stand(
    tmp_path: Path,
    virtual_time: Virtual,
    keyboard: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = SimulatedTreadmill(faults=["stop-ignored@motion+1"])
    discovery = partial(Discovery, scanner=there.scanner_backend, client=there.backend)
    monkeypatch.setattr("backstride.apps.cli.target.Discovery", discovery)
    monkeypatch.setattr("backstride.apps.cli.interruption.INSISTS_AFTER", 0.0)
    before = termios.tcgetattr(sys.stdin.fileno())
    terminal: list[object] = []

    def leave(code: int) -> None:
        terminal.append(termios.tcgetattr(sys.stdin.fileno()))
        raise SystemExit(code)

    monkeypatch.setattr("os._exit", leave)

    def insists() -> bool:
        if not there.belt.speed:
            return False
        for after in (3.0, 5.0):
            asyncio.get_running_loop().call_later(after, os.kill, os.getpid(), signal.SIGINT)
        return True

    settings = Settings(file=tmp_path / "settings.toml")
    wish = Wish(choose(settings, device=there.address, simulated=None), tmp_path / "mine.toml", redact=True)
    with pytest.raises(SystemExit) as left:
        virtual_time(pressing(b"\r", keyboard, wish, settings, then=insists))
    assert left.value.code == ExitCode.FAULT
    assert terminal == [before]
    said = capsys.readouterr().err
    assert "The belt was not seen to stand. Look, and use the treadmill's own stop button" in said
    assert "The capture is not redacted." in said
