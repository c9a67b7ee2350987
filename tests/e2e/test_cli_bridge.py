"""`backstride bridge` as a person starts it: a process beside a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backstride import __version__
from backstride.apps.cli.interruption import INSISTS_AFTER
from tests.support.bench import until
from tests.support.broker import HOST, RealBroker, running_broker, stranger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.command import Program

pytestmark = [pytest.mark.broker, pytest.mark.allow_hosts([HOST])]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    with running_broker(tmp_path) as running:
        yield running


@contextlib.contextmanager
def bridging(program: Program, broker: RealBroker, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = program.start("bridge", "--simulated", *options, "--broker", broker.url, "--name", "cellar")
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_s6_a_bridge_that_is_told_to_go_stops_its_belts_says_so_and_takes_leave(
    program: Program, broker: RealBroker, number: signal.Signals
) -> None:
    """The record tells what became of the belt."""

    async def story() -> None:
        with bridging(program, broker, "generic:2", "--allow-start") as process:
            async with stranger(broker) as me:
                await me.until(lambda: len(me.names()) == 2)
                den = me.names()[0]
                assert (await me.ask(den, "start"))["outcome"] == "confirmed"
                process.send_signal(number)
                await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline", 15)
                assert me.events("ended")[-1]["belt_standing"] is True
                await me.until(lambda: process.poll() is not None, 15)
            assert process.returncode == 128 + number
            assert process.stderr is not None
            said = process.stderr.read()
            assert "Connected to the broker" in said
            assert "Traceback" not in said

    asyncio.run(story())
    (record,) = program.records.glob("*.jsonl")
    ended = [json.loads(line) for line in record.read_text().splitlines()][-2]
    assert (ended["event"], ended["belt_standing"]) == ("ended", True)


def test_home_assistant_is_told_of_a_treadmill_in_the_units_of_the_settings(
    program: Program, broker: RealBroker
) -> None:
    async def story() -> None:
        with bridging(program, broker, "--home-assistant", "--units", "mph"):
            async with stranger(broker, "homeassistant/#") as me:
                await me.until(lambda: bool(me.on("/config")))
                assert me.last("/config")["origin"] == {"name": "Backstride", "sw_version": __version__}
                told = me.last("/config")["components"]
                assert told["speed"]["unit_of_measurement"] == "mph"
                assert told["stop"]["command_topic"].endswith("/stop")
                assert told["start"] == {"platform": "button"}, "not without --allow-start (S1)"

    asyncio.run(story())


def test_s6_who_insists_leaves_at_once_and_is_told_to_look_at_the_belts(program: Program, broker: RealBroker) -> None:
    async def story() -> None:
        with bridging(program, broker, "generic", "--allow-start") as process:
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("/state")))
                den = me.names()[0]
                assert (await me.ask(den, "start"))["outcome"] == "confirmed"
                await asyncio.sleep(2)
                process.send_signal(signal.SIGINT)
                await asyncio.sleep(INSISTS_AFTER + 0.1)  # a person who insists, and no wrapper that repeats it
                process.send_signal(signal.SIGINT)
                await me.until(lambda: process.poll() is not None, 10)
            assert process.stderr is not None
            said = process.stderr.read()
            assert process.returncode == 5
            assert "Look at every belt" in said

    asyncio.run(story())


def full_pipe() -> tuple[int, int]:
    """Return both ends of a pipe that takes nothing more: a terminal halted with Ctrl-S, or a stalled ssh."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    return reader, writer


def closed_pipe() -> tuple[int, int]:
    """Return a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.open(os.devnull, os.O_RDONLY), writer


@pytest.mark.parametrize("pipe", [full_pipe, closed_pipe])
def test_s4_a_bridge_that_cannot_speak_any_more_hears_stop_and_ends_no_walk(
    program: Program, broker: RealBroker, pipe: Callable[[], tuple[int, int]]
) -> None:
    """It has something to say: the broker is lost meanwhile, and its log warns of a second claim."""

    async def story(stderr: int) -> None:
        arguments = ("bridge", "--simulated", "generic", "--allow-start", "--broker", broker.url, "--name", "cellar")
        process = program.start(*arguments, stderr=stderr)
        try:
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("/state")))
                (den,) = me.names()
                assert (await me.ask(den, "start"))["outcome"] == "confirmed"
                await me.publish("bridge/attic/availability", b"online")
                late = {"schema": 1, "bridge": "attic", "since": time.time() + 1000}
                await me.publish(f"treadmill/{den}/claim", json.dumps(late))
                broker.kill()
            broker.start()
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("/session")))
                assert me.last("/session")["state"] == "running"
                assert (await me.ask(den, "stop"))["outcome"] == "confirmed"
            assert process.poll() is None
        finally:
            process.kill()
            process.communicate()

    ends = pipe()
    try:
        asyncio.run(story(ends[1]))
    finally:
        for end in ends:
            os.close(end)


def test_a_prefix_that_cannot_be_one_is_refused_before_anything_else(program: Program, broker: RealBroker) -> None:
    with bridging(program, broker, "--home-assistant", "two words") as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "--home-assistant" in said
    assert "Connected" not in said


def test_a_killed_bridge_is_declared_gone_by_the_broker(program: Program, broker: RealBroker) -> None:
    async def story() -> None:
        with bridging(program, broker, "generic") as process:
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("/capabilities")))
                assert me.last("/capabilities")["allows_start"] is False
                process.kill()
                await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline")

    asyncio.run(story())


def command_line_of(process: subprocess.Popen[str]) -> bytes:
    """Return what every user of the computer can read."""
    return Path(f"/proc/{process.pid}/cmdline").read_bytes()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux shows command lines there")
def test_the_password_is_in_no_process_list_and_in_no_output(program: Program, broker: RealBroker) -> None:
    file = program.folder / "password"
    file.write_text("correct-horse\n", encoding="utf-8")
    url = broker.url.replace("//", "//me@")

    async def story() -> None:
        process = program.start("bridge", "--simulated", "generic", "--broker", url, "--password-file", str(file))
        try:
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("/capabilities")))
                assert b"correct-horse" not in command_line_of(process)
        finally:
            process.send_signal(signal.SIGTERM)
            output = "".join(process.communicate(timeout=20))
        assert "correct-horse" not in output
        assert f"//me@{HOST}" in output

    asyncio.run(story())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--broker", "mqtt://me:secret@host", "--simulated"), "a password on the command line can be read"),
        (("--simulated",), "Which broker?"),
        (("--broker", "nonsense", "--simulated"), "this is not the address of a broker"),
        (("--broker", "mqtt://host", "--simulated", "generic:0"), "1 to 10000 can be simulated"),
        (("--broker", "mqtt://host", "--simulated", "generic:99999999"), "1 to 10000 can be simulated"),
        (("--broker", "mqtt://host", "--simulated", "none-such:2"), "none-such"),
        (("--broker", "mqtt://host", "--simulated", "--device", "Den"), "not both"),
        (("--broker", "mqtt://host", "--simulated", "--name", "No Slug"), "lower-case letters"),
        (("--broker", "mqtt://host", "--simulated", "--base", "a/#"), "cannot begin a topic"),
        (("--broker", "mqtt://host", "--allow-start"), "mqtt_start = true"),
        (("--broker", "mqtt://host", "--device", "Den"), "The notice was not acknowledged"),
        (("--broker", "mqtts://host", "--simulated", "--ca", "no-such-file"), "A certificate for the broker"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_connected(
    program: Program, options: tuple[str, ...], sentence: str
) -> None:
    done = program.run("bridge", *options)
    assert done.returncode == 2
    assert sentence in done.stderr.replace("\n", " ")
    assert "secret" not in done.stderr


def test_without_the_extra_the_command_says_which_and_the_rest_works(program: Program) -> None:
    hidden = program.folder / "hidden"
    (hidden / "aiomqtt").mkdir(parents=True)
    (hidden / "aiomqtt" / "__init__.py").write_text("raise ModuleNotFoundError('gone', name='aiomqtt')\n")
    os.environ["PYTHONPATH"] = str(hidden)
    try:
        done = program.run("bridge", "--broker", "mqtt://host", "--simulated")
        assert program.run("--help").returncode == 0
    finally:
        del os.environ["PYTHONPATH"]
    assert done.returncode == 2
    assert "pip install 'backstride[mqtt]'" in done.stderr


def test_importing_the_package_and_asking_for_help_loads_no_aiomqtt() -> None:
    program = (
        "import sys; sys.argv = ['backstride', '--help']\n"
        "import backstride, backstride.apps.cli.main as main\n"
        "try: main.run_program()\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('aiomqtt', 'paho', 'bleak', 'pydantic')))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


def test_the_dashboard_of_the_examples_shows_a_treadmill_and_that_nobody_sees_it_any_more(
    program: Program, broker: RealBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    dashboard = runpy.run_path(str(ROOT / "examples" / "mqtt_dashboard.py"))["main"]

    async def shows(*texts: str) -> None:
        shown = ""

        def are_shown() -> bool:
            nonlocal shown
            shown += capsys.readouterr().out
            return any(all(text in line for text in texts) for line in shown.splitlines())

        with contextlib.suppress(TimeoutError):
            await until(are_shown, 10.0)
        assert are_shown(), f"{texts} were never shown in one line: {shown}"

    async def story() -> None:
        with bridging(program, broker, "generic") as process:
            showing = asyncio.create_task(dashboard(HOST, broker.port))
            await shows("generic-treadmill-a1d3", " 0.0 km/h", "idle")
            process.kill()
            await shows("generic-treadmill-a1d3", " - km/h", "- -")
            broker.kill()
            await shows("Nobody sees the belts from here: ")
            broker.start()
        with bridging(program, broker, "generic"):
            await shows("generic-treadmill-a1d3", " 0.0 km/h", "idle")
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    asyncio.run(story())


def test_the_demo_runs_on_the_embedded_broker(program: Program) -> None:
    command = [sys.executable, str(ROOT / "tests" / "support" / "demo_mqtt.py"), "9"]
    done = subprocess.run(command, capture_output=True, text=True, env=program.environment, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert "running" in done.stdout or "starting" in done.stdout
    assert done.stdout.rstrip().endswith("one message on backstride/v1/all/stop.")
