"""`backstride fleet` as a person starts it, on a real broker, beside bridges in processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from typing import IO, TYPE_CHECKING

import pytest

from backstride.apps.cli.overseeing import DRAWN_EVERY
from tests.e2e.command import events
from tests.support.broker import HOST, RealBroker, running_broker, stranger

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.command import Program
    from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.broker, pytest.mark.allow_hosts([HOST])]
DEN = "generic-treadmill-a1d3"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    with running_broker(tmp_path) as running:
        yield running


@contextlib.contextmanager
def started(program: Program, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = program.start(*arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def bridge(
    program: Program, broker: RealBroker, models: str = "generic:2", name: str = "cellar"
) -> Iterator[subprocess.Popen[str]]:
    arguments = ("bridge", "--simulated", models, "--allow-start", "--broker", broker.url, "--name", name)
    with started(program, *arguments) as process:
        yield process


@contextlib.contextmanager
def table(program: Program, broker: RealBroker) -> Iterator[Terminal]:
    from tests.e2e.terminal import on_a_terminal  # noqa: PLC0415 - skips the test without pseudo-terminals

    with on_a_terminal(program, "fleet", "--broker", broker.url) as terminal:
        yield terminal


async def finished(program: Program, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end while the loop goes on."""
    return await asyncio.to_thread(program.run, *arguments)


def said_on(stream: IO[str] | None, text: str) -> str:
    """Read what a process says, up to a line with `text`."""
    assert stream is not None
    lines = ""
    for line in stream:
        lines += line
        if text in line:
            return lines
    raise AssertionError(f"{text!r} was never said: {lines}")


def test_s5_stop_all_stops_the_belts_and_says_of_each_that_it_stands(program: Program, broker: RealBroker) -> None:
    async def story() -> None:
        with bridge(program, broker):
            async with stranger(broker) as me:
                await me.until(lambda: len(me.names()) == 2)
                names = me.names()
                for name in names:
                    assert (await me.ask(name, "start"))["outcome"] == "confirmed"
                seen = await finished(program, "fleet", "--once", "--json", "--broker", broker.url)
                assert [(row["treadmill"], row["condition"]) for row in events(seen.stdout)] == [
                    (name, "moving") for name in names
                ]
                table = await finished(program, "fleet", "--once", "--broker", broker.url)
                assert "2 treadmills: 2 in a session, 2 moving" in table.stdout
                done = await finished(program, "fleet", "stop", "--all", "--broker", broker.url)
                assert done.returncode == 0, done.stderr
                assert done.stdout.splitlines()[-1] == "2 of 2 stand."
                assert done.stdout.count("the belt stands") == 2
                for name in names:
                    assert me.last(f"{name}/state")["standing"] is True

    asyncio.run(story())


def test_one_treadmill_is_stopped_by_its_name_and_the_other_walks_on(program: Program, broker: RealBroker) -> None:
    async def story() -> None:
        with bridge(program, broker):
            async with stranger(broker) as me:
                await me.until(lambda: len(me.names()) == 2)
                (other,) = set(me.names()) - {DEN}
                for name in (DEN, other):
                    assert (await me.ask(name, "start"))["outcome"] == "confirmed"
                done = await finished(program, "fleet", "--broker", broker.url, "stop", DEN, "--json")
                assert done.returncode == 0, done.stderr
                assert [(row["treadmill"], row["stands"]) for row in events(done.stdout)] == [(DEN, True)]
                assert me.last(f"{other}/state")["standing"] is False

    asyncio.run(story())


def test_a_treadmill_whose_bridge_was_killed_is_not_said_to_stand(program: Program, broker: RealBroker) -> None:
    async def story() -> None:
        with bridge(program, broker, "generic") as process:
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("/state")))
                process.kill()
                await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline")
                done = await finished(program, "fleet", "stop", "--all", "--broker", broker.url)
        assert done.returncode == 5
        assert f"({DEN}): NOT SEEN TO STAND: its bridge cellar is gone" in done.stdout
        assert "LOOK AT THE OTHERS" in done.stdout

    asyncio.run(story())


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process is halted so on POSIX only")
def test_a_bridge_that_does_not_answer_is_not_waited_for_without_end(program: Program, broker: RealBroker) -> None:
    """And when the broker is lost meanwhile, what is known is said, and that nobody knows the rest."""

    async def story() -> None:
        with bridge(program, broker, "generic") as process:
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("/state")))
                process.send_signal(signal.SIGSTOP)
                done = await finished(program, "fleet", "stop", DEN, "--within", "3", "--broker", broker.url)
                assert done.returncode == 5
                assert "NOT SEEN TO STAND: its bridge cellar has not answered" in done.stdout
                with started(program, "fleet", "stop", "--all", "--within", "8", "--broker", broker.url) as stopping:
                    await me.until(lambda: any(str(m.topic).endswith("all/stop") for m in me.heard))
                    await asyncio.sleep(2)
                    broker.kill()
                    await me.until(lambda: stopping.poll() is not None, 20)
                    assert stopping.returncode == 5
                    assert stopping.stdout is not None
                    assert "NOT SEEN TO STAND" in stopping.stdout.read()
                    said_on(stopping.stderr, "Nobody knows what has come of the Stop")
            process.send_signal(signal.SIGCONT)

    asyncio.run(story())


def test_a_broker_without_treadmills_has_nobody_to_stop(program: Program, broker: RealBroker) -> None:
    done = program.run("fleet", "stop", "--all", "--broker", broker.url)
    assert done.returncode == 3
    assert "No treadmill is on this broker" in done.stderr
    done = program.run("fleet", "stop", "den", "--broker", broker.url)
    assert done.returncode == 3
    assert "No treadmill called den is on this broker" in done.stderr
    assert "No treadmill is on this broker" in program.run("fleet", "--once", "--broker", broker.url).stdout


def test_a_broker_that_is_not_there_is_said_to_have_stopped_nothing(program: Program) -> None:
    done = program.run("fleet", "stop", "--all", "--within", "3", "--broker", f"mqtt://{HOST}:1")
    assert done.returncode == 2
    assert done.stderr.count("is not to be had") == 1
    assert "It is tried again" in done.stderr
    assert "could not be brought to the broker within 3 s. No Stop has gone out" in done.stderr
    assert "use the consoles or the safety keys" in done.stderr
    done = program.run("fleet", "--once", "--broker", f"mqtt://{HOST}:1")
    assert done.returncode == 3
    assert "is not to be had" in done.stderr
    assert not done.stdout


def test_lines_tell_what_happens_until_the_program_is_told_to_go(program: Program, broker: RealBroker) -> None:
    with started(program, "fleet", "--broker", broker.url) as watching, bridge(program, broker, "generic") as process:
        said_on(watching.stdout, f"({DEN}): standing")
        process.kill()
        said_on(watching.stdout, f"({DEN}): offline; its bridge cellar is gone: nobody sees the belt")
        watching.terminate()
        watching.wait(10)
        assert watching.returncode == 128 + 15


def test_the_table_is_drawn_on_a_terminal_and_leaves_it_as_it_was(program: Program, broker: RealBroker) -> None:
    with bridge(program, broker, "generic"), table(program, broker) as terminal:
        terminal.read_until("1 treadmill: 1 standing")
        terminal.press("\x03")
        assert terminal.process.wait(10) == 130


def test_s4_the_space_bar_before_the_table_stops_every_belt(program: Program, broker: RealBroker) -> None:
    async def start() -> None:
        async with stranger(broker) as me:
            await me.until(lambda: len(me.names()) == 2)
            for name in me.names():
                assert (await me.ask(name, "start"))["outcome"] == "confirmed"

    async def assert_standing() -> None:
        async with stranger(broker) as me:
            await me.until(lambda: len(me.names()) == 2)
            assert [me.last(f"{name}/state")["standing"] for name in me.names()] == [True, True]

    with bridge(program, broker), table(program, broker) as terminal:
        terminal.read_until("Space stops all belts at once.")
        asyncio.run(start())
        terminal.read_until("2 moving")
        terminal.press("n \x1b[A  ")
        terminal.read_until("Stop: 2 of 2 stand.")
        asyncio.run(assert_standing())
        terminal.press("\x03")
        assert terminal.process.wait(10) == 130


def test_s4_the_space_bar_stops_every_belt_before_a_terminal_that_is_halted(
    program: Program, broker: RealBroker
) -> None:
    async def story(terminal: Terminal) -> None:
        async with stranger(broker) as me:
            await me.until(lambda: len(me.names()) == 2)
            for name in me.names():
                assert (await me.ask(name, "start"))["outcome"] == "confirmed"
            terminal.press("\x13")  # Ctrl-S
            await asyncio.sleep(3 * DRAWN_EVERY)
            terminal.press(" ")
            await me.until(lambda: all(me.last(f"{name}/state")["standing"] for name in me.names()), 20)
            terminal.press("\x11")  # Ctrl-Q
            terminal.read_until("Stop: 2 of 2 stand.")

    with bridge(program, broker), table(program, broker) as terminal:
        terminal.read_until("Space stops all belts at once.")
        asyncio.run(story(terminal))
        terminal.press("\x03")
        assert terminal.process.wait(10) == 130


def test_s5_the_space_bar_promises_nothing_where_the_broker_is_gone(program: Program, broker: RealBroker) -> None:
    with bridge(program, broker, "generic"), table(program, broker) as terminal:
        terminal.read_until("1 treadmill: 1 standing")
        broker.kill()
        terminal.press(" ")
        terminal.read_until("NO STOP WENT OUT: use the consoles")
        broker.start()
        terminal.press(" ")
        terminal.read_until("Stop: 1 of 1 stand.")
        terminal.press(" \x03")
        assert terminal.process.wait(10) == 130


def test_of_two_bridges_in_two_processes_the_second_says_so_and_stands_back(
    program: Program, broker: RealBroker
) -> None:
    """Until the first is gone; the table shows one treadmill all the time, and who drives it."""

    def driver() -> str:
        done = program.run("fleet", "--once", "--json", "--broker", broker.url)
        (row,) = events(done.stdout)
        assert row["troubles"] == []
        return str(row["bridge"])

    with bridge(program, broker, "generic", "first") as first:
        said_on(first.stderr, f"is on the broker as {DEN}")
        with bridge(program, broker, "generic", "second") as second:
            said_on(second.stderr, f"{DEN} is driven by the bridge first; this one stands back.")
            assert driver() == "first"
            first.terminate()
            first.wait(20)
            said_on(second.stderr, f"is on the broker as {DEN}")
            ends = time.monotonic() + 10
            while driver() != "second":
                assert time.monotonic() < ends


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("stop", "--broker", "mqtt://host"), "Which one?"),
        (("stop", "den", "--all", "--broker", "mqtt://host"), "Which one?"),
        (("stop", "--all"), "Which broker?"),
        ((), "Which broker?"),
        (("--broker", "nonsense"), "this is not the address of a broker"),
        (("--broker", "mqtt://host", "--base", "a/#"), "cannot begin a topic"),
    ],
)
def test_what_cannot_be_is_refused(program: Program, arguments: tuple[str, ...], sentence: str) -> None:
    done = program.run("fleet", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
