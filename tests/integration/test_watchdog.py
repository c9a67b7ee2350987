"""The two ends of a watchdog over their real pipe (S6); only the message bus of the system is not the real one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pytest
from bleak.backends.device import BLEDevice

from backstride.driver.discovery import Discovery, Found
from backstride.driver.machine import Machine
from backstride.driver.watchdog.bluez import BusError, Treadmill
from backstride.driver.watchdog.brief import GO, MOVING, READY, Brief
from backstride.driver.watchdog.guard import Guard, brief_of, why_none
from backstride.driver.watchdog.process import watch
from backstride.learning.bench import Choice
from backstride.learning.course import learn
from backstride.machines.facts import known_machines, load_facts
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from tests.support.bench import until
from tests.support.fake_bluez import DEVICE, FakeBlueZ

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from backstride.learning.bench import Question, Step
    from backstride.learning.course import Course
    from backstride.learning.log import Shown

BRIEF: Final = Brief(DEVICE, "Treadmill", lowest=80, lowest_written=80)
STOP: Final = b"\x08\x01"


class Pipe:
    """The session's end, and a watchdog at the other."""

    def __init__(self, bluez: FakeBlueZ) -> None:
        self.ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.bluez = bluez
        self.watching = asyncio.get_running_loop().create_task(watch(self._theirs, bluez))

    async def __aenter__(self) -> Self:
        self.ours.settimeout(0)
        self.ours.send(BRIEF.to_octets())
        assert await asyncio.get_running_loop().sock_recv(self.ours, 64) == READY
        return self

    async def __aexit__(self, *_: object) -> None:
        self.ours.close()
        async with asyncio.timeout(5):
            await self.watching
        self._theirs.close()

    async def over(self) -> None:
        async with asyncio.timeout(5):
            await asyncio.shield(self.watching)


async def test_s6_the_end_of_the_pipe_stops_a_moving_belt_and_lets_its_link_go() -> None:
    bluez = FakeBlueZ()
    async with Pipe(bluez) as pipe:
        bluez.tell(300)
        pipe.ours.send(MOVING)
        pipe.ours.close()
        await until(lambda: STOP in bluez.written, 5)
        assert bluez.calls[:3] == ["StartNotify char0011", "StartNotify char0014", "WriteValue char0011"]
        bluez.tell(0)
        bluez.tell(0)
        await pipe.over()
    assert bluez.calls[-1] == f"Disconnect {DEVICE.rpartition('/')[2]}"
    assert bluez.written == [STOP]


async def test_s6_a_session_that_says_go_is_left_with_nothing_written() -> None:
    bluez = FakeBlueZ()
    async with Pipe(bluez) as pipe:
        bluez.tell(300)
        pipe.ours.send(MOVING)
        pipe.ours.send(GO)
        await pipe.over()
    assert bluez.calls == []


async def test_s6_without_a_link_it_connects_and_stops_the_belt() -> None:
    bluez = FakeBlueZ(connected=False)
    bluez.refusals["Connect"] = BusError("Connect: busy", name="org.bluez.Error.Failed")
    async with Pipe(bluez) as pipe:
        pipe.ours.send(MOVING)
        pipe.ours.close()
        await until(lambda: STOP in bluez.written, 5)
        bluez.tell(300)
        bluez.tell(0)
        bluez.tell(0)
        await pipe.over()
    assert [call.partition(" ")[0] for call in bluez.calls[:3]] == ["Connect", "Disconnect", "Connect"]


async def test_s6_services_that_bluez_finds_after_it_has_connected_are_waited_for() -> None:
    bluez = FakeBlueZ(connected=False)
    bluez.resolves_later = True
    async with Pipe(bluez) as pipe:
        pipe.ours.send(MOVING)
        pipe.ours.close()
        await until(lambda: bluez.connected, 5)
        assert bluez.written == []
        bluez.resolve()
        await until(lambda: STOP in bluez.written, 5)
        bluez.tell(300)
        bluez.tell(0)
        bluez.tell(0)
        await pipe.over()


async def test_a_device_that_bluez_has_forgotten_is_looked_for_on_the_air() -> None:
    bluez = FakeBlueZ(connected=False)
    treadmill = Treadmill(bluez, DEVICE, lambda *_: None, lambda _: None)
    await treadmill.open()
    bluez.refusals["Connect"] = BusError("gone", name="org.freedesktop.DBus.Error.UnknownObject")
    with pytest.raises(BusError):
        await treadmill.connect()
    assert bluez.calls[-2:] == ["SetDiscoveryFilter hci0", "StartDiscovery hci0"]


async def test_a_refused_subscription_is_made_anew_before_the_next_stop() -> None:
    bluez = FakeBlueZ()
    refused = "WriteValue: org.bluez.Error.Failed: Operation failed with ATT error: 0xfd"
    bluez.refusals["WriteValue"] = BusError(refused, name="org.bluez.Error.Failed")
    async with Pipe(bluez) as pipe:
        bluez.tell(300)
        pipe.ours.send(MOVING)
        pipe.ours.close()
        await until(lambda: STOP in bluez.written, 5)
        bluez.tell(0)
        bluez.tell(0)
        await pipe.over()
    assert bluez.calls[3:7] == [
        "StopNotify char0011",
        "StartNotify char0011",
        "StopNotify char0014",
        "StartNotify char0014",
    ]


def test_the_watchdog_is_light() -> None:
    """It must be there before the belt moves, and nobody should notice that it is."""
    loaded = "import backstride.driver.watchdog.process, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-P", "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"pydantic", "rich", "typer", "bleak", "ruamel"} & {*done.stdout.split()}


def test_errors_of_bluez_are_read_as_the_att_errors_they_are() -> None:
    assert BusError("WriteValue: Operation failed with ATT error: 0xfd").att_error == 0xFD
    assert BusError("WriteValue: busy", name="org.bluez.Error.InProgress").att_error == 0xFE
    assert BusError("WriteValue was not answered: ").att_error is None


async def test_s6_a_watchdog_that_cannot_reach_the_bus_says_so_and_its_session_hears_of_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The real process, in a place without BlueZ."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    reasons: list[str] = []
    guard = Guard(lambda: BRIEF, lambda: False, overslept=lambda: None, unguarded=reasons.append)
    guard.begin()
    await until(lambda: bool(reasons), 20)
    await guard.end()
    assert "could not begin its work" in reasons[0]
    assert "keep the safety key clipped on" in reasons[0]
    assert "message bus cannot be reached" in capfd.readouterr().err


async def test_s6_a_watchdog_that_cannot_be_started_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    reasons: list[str] = []
    guard = Guard(lambda: BRIEF, lambda: False, overslept=lambda: None, unguarded=reasons.append)
    guard.begin()
    await guard.end()
    assert "cannot be started" in reasons[0]


def test_a_session_without_a_watchdog_is_never_taken_for_hung(
    monkeypatch: pytest.MonkeyPatch, virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    async def program() -> None:
        overslept: list[float] = []
        guard = Guard(lambda: BRIEF, lambda: True, overslept=lambda: overslept.append(0), unguarded=lambda _: None)
        guard.begin()
        guard.tell(moving=True)
        await asyncio.sleep(60.0)
        assert guard.is_awake()
        assert overslept == []
        await guard.end()

    virtual_time(program())


async def test_a_watchdog_that_is_sent_away_before_it_is_ready_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    reasons: list[str] = []
    guard = Guard(lambda: BRIEF, lambda: False, overslept=lambda: None, unguarded=reasons.append)
    guard.begin()
    assert guard.began
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            await guard.end()
    assert reasons == []


def found(details: object) -> Found:
    """Return what a scan with the system's own Bluetooth finds."""
    device = BLEDevice("F0:F1:F2:F3:F4:F5", "Treadmill", details)
    return Found(device, None, "Treadmill", -50, load_facts("generic"), None, is_treadmill=True)


def test_there_is_a_watchdog_for_what_bluez_reaches_and_elsewhere_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert why_none(found({"path": DEVICE})) is None
    monkeypatch.setattr("sys.platform", "darwin")
    assert "no watchdog on this system" in str(why_none(found(("peripheral", "manager"))))
    assert "simulated" in str(why_none(SimulatedTreadmill()))


@pytest.mark.parametrize("model", known_machines())
def test_a_brief_reads_telemetry_and_writes_the_lowest_target_as_the_machine_does(
    model: str, virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    async def program() -> None:
        treadmill = SimulatedTreadmill(model)
        async with Machine.connect(treadmill) as machine:
            able = machine.capabilities
            brief = brief_of(treadmill.device, machine.name, machine.facts, able)
            reported = Speed(250)
            assert brief.from_wire(reported) == able.telemetry_unit.from_wire(reported)
            assert brief.pacing == machine.facts.control.pacing
            assert brief.silent_when_stopped == able.silent_when_stopped
            if able.speed is None:
                assert brief.lowest is None
            else:
                assert brief.lowest == able.speed.minimum
                assert brief.lowest_written == able.speed.write_unit.to_wire(able.speed.minimum)
                assert not brief.is_absurd(able.speed.maximum)

    virtual_time(program())


class Child:
    """The real process of a watchdog, with nothing but its bus replaced; what it asks of that is in a file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._log = folder / "calls"
        script = folder / "python"
        root = Path(__file__).parents[2]
        lines = (
            f"#!{sys.executable}",
            "import asyncio, socket, sys",
            f"sys.path.insert(0, {str(root)!r})",
            "from backstride.driver.watchdog.process import watch",
            "from tests.support.fake_bluez import ObedientBlueZ",
            f"asyncio.run(watch(socket.socket(fileno=int(sys.argv[-1])), ObedientBlueZ({str(self._log)!r})))",
        )
        script.write_text("\n".join(lines))
        script.chmod(0o700)
        monkeypatch.setattr("sys.executable", str(script))

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    @property
    def pids(self) -> list[int]:
        """The processes that came to their posts, in order."""
        return [int(line.partition(" ")[2]) for line in self.calls if line.startswith("open ")]


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def hang_until(condition: Callable[[], bool]) -> None:
    """Block the event loop for two seconds, and on until `condition` holds."""
    began = time.monotonic()
    while time.monotonic() < began + 2.0 or not condition():
        assert time.monotonic() < began + 20.0
        time.sleep(0.05)


async def test_s6_s2_a_program_that_hangs_comes_back_to_a_stopped_belt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Child(tmp_path, monkeypatch)
    overslept: list[str] = []
    moves = [True]
    guard = Guard(
        lambda: BRIEF, lambda: moves[0], overslept=lambda: overslept.append("over"), unguarded=overslept.append
    )
    guard.begin()
    await until(lambda: len(child.pids) == 1, 20)
    guard.tell(moving=True)
    await asyncio.sleep(1.2)  # some beats, in the time of two processes
    assert guard.is_awake()
    assert child.calls[1:] == []
    hang_until(lambda: "write 0801" in child.calls)
    assert not guard.is_awake()
    await asyncio.sleep(0.7)
    assert overslept == ["over"]
    assert guard.is_awake()
    moves[0] = False
    await guard.end()
    assert not is_alive(child.pids[0])


async def test_s6_a_watchdog_that_is_killed_is_replaced_twice_and_then_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Child(tmp_path, monkeypatch)
    reasons: list[str] = []
    guard = Guard(lambda: BRIEF, lambda: False, overslept=lambda: None, unguarded=reasons.append)
    guard.begin()
    for count in (1, 2, 3):
        await until(lambda: len(child.pids) == count, 20)  # noqa: B023 - awaited within the turn
        await until(lambda: guard._is_ready, 5)  # noqa: SLF001 - its word is under way, and nobody else needs to know
        os.kill(child.pids[-1], signal.SIGKILL)
        await until(lambda: len(reasons) == count, 5)  # noqa: B023 - likewise
    assert ["another one is started" in reason for reason in reasons] == [True, True, False]
    assert "keep the safety key clipped on" in reasons[-1]
    await guard.end()


async def test_s6_a_session_that_ends_well_leaves_no_watchdog_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Child(tmp_path, monkeypatch)
    guard = Guard(lambda: BRIEF, lambda: False, overslept=lambda: None, unguarded=lambda _: None)
    guard.begin()
    await until(lambda: len(child.pids) == 1, 20)
    guard.tell(moving=True)
    assert os.getsid(child.pids[0]) != os.getsid(0)  # what a terminal sends to this program does not reach it
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        os.kill(child.pids[0], number)
    await asyncio.sleep(0.2)
    assert is_alive(child.pids[0])
    await guard.end()
    assert not is_alive(child.pids[0])
    assert child.calls[1:] == []


async def test_s6_a_session_that_has_to_leave_a_moving_belt_leaves_it_to_the_watchdog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Child(tmp_path, monkeypatch)
    guard = Guard(lambda: BRIEF, lambda: True, overslept=lambda: None, unguarded=lambda _: None)
    guard.begin()
    await until(lambda: len(child.pids) == 1, 20)
    guard.tell(moving=True)
    await guard.end()
    await until(lambda: not is_alive(child.pids[0]), 10)
    await until(lambda: threading.active_count() == 1, 5)
    assert "write 0801" in child.calls


class Watcher:
    """Somebody beside an unknown treadmill who leaves everything out, and keeps what they are told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def agrees(self, _: Step) -> Choice:
        return Choice.SKIP

    async def sees(self, _: Question) -> bool | None:
        return None

    async def reads(self, _: Question) -> Shown | None:
        return None

    def told(self, text: str) -> None:
        self.lines.append(text)


async def test_s6_the_trials_have_their_watchdog_before_anything_is_asked_and_its_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulated treadmill passes for one that BlueZ reaches; it is listened to for six seconds at first."""
    monkeypatch.setattr("backstride.driver.linked.why_none", lambda _: None)
    child, treadmill, person = Child(tmp_path, monkeypatch), SimulatedTreadmill(), Watcher()
    discovery = Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend)
    reached = await discovery.find(treadmill.address)
    reached.device.details["path"] = DEVICE
    courses: list[Course] = []
    learning = asyncio.create_task(learn(reached, person, begun=courses.append))
    await until(lambda: len(child.pids) == 1, 20)
    os.kill(child.pids[0], signal.SIGKILL)
    await until(lambda: any("watchdog" in line for line in person.lines), 20)
    courses[0].quit()
    learned = await learning
    assert learned.belt_stands
    assert b"\x07" not in [write.value for write in treadmill.writes]
    assert all(not is_alive(pid) for pid in child.pids)


async def test_s6_where_no_watchdog_can_be_the_trials_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    treadmill, person = SimulatedTreadmill(), Watcher()
    discovery = Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend)
    reached = await discovery.find(treadmill.address)
    monkeypatch.setattr(treadmill.backend, "simulated", False)

    def quits(course: Course) -> None:
        asyncio.get_running_loop().call_later(0.1, course.quit)

    await learn(reached, person, begun=quits)
    assert [line for line in person.lines if "There is no watchdog on this system." in line]
