"""S4, S5, S6, S13: however a walk ends, its belt is stopped, its record is whole, and the program says how it went.

Each end is brought about from outside, to the command as a process of its own, in real time, while its belt moves. All
of them happen at once, before the first test, which makes them one countdown long; the tests judge what came of each.
What a belt was told is read from the log of the air.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tests.e2e.afoot import PATIENCE, Afoot, End, last_line, small_pipe
from tests.e2e.command import events, without_escapes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.command import Program

resource = pytest.importorskip("resource", reason="signals, pipes and limits as POSIX has them")

from tests.e2e.terminal import Terminal  # noqa: E402 - it skips by itself where there are no terminals

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP")
SHORT = "name: Short\nsteps:\n  - steady: {for: 10 s, speed: 1 mph}\n"
FULL = Path("/dev/full")

needs_limits = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process: Linux")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this platform has no /dev/full")


@dataclass(frozen=True)
class Told:
    """A walk that is over, its end as it was seen, and what the commands said of it meanwhile."""

    walk: Afoot
    end: End
    output: str = ""
    meanwhile: list[str] = field(default_factory=list)


STORIES: dict[str, Callable[[Path], Told]] = {}


def story(tell: Callable[[Path], Told]) -> Callable[[Path], Told]:
    """Have `tell` done with the others; a test asks for what came of it by its name."""
    STORIES[tell.__name__] = tell
    return tell


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Told]:
    folder = tmp_path_factory.mktemp("ends")
    with ThreadPoolExecutor(len(STORIES)) as pool:
        ends: dict[str, Future[Told]] = {name: pool.submit(tell, folder / name) for name, tell in STORIES.items()}
    return lambda name: ends[name].result()


class OnATerminal(Afoot):
    """A walk on a terminal that is read only when the test says so."""

    def start(self, arguments: list[str], output: int | IO[str], line: str) -> None:
        del output, line
        self.terminal = Terminal(self.program, tuple(arguments))
        self.process = self.terminal.process  # type: ignore[assignment] # its streams are the terminal's

    def __exit__(self, *_: object) -> None:
        self.terminal.close()


def assert_stopped_in_order(end: End, walk: Afoot, *, noticed: float = 0.0) -> None:
    """Stop at once, then the last line of the record, then the exit, all within the time that S6 gives."""
    assert end.stop_after < 1.0 + noticed
    assert end.stop_after <= end.record_after <= end.exit_after < 5.0 + noticed
    state, ended, summary = walk.lines[-3:]
    assert (state["event"], ended["event"], summary["event"]) == ("state", "ended", "summary")
    assert ended["belt_standing"] is summary["belt_standing"] is True


# --- signals and terminals


def _signalled(name: str) -> None:
    def tell(folder: Path) -> Told:
        with Afoot(folder, "--json") as walk:
            walk.until_moving()
            end = walk.end(lambda: walk.signal(getattr(signal, name)))
            return Told(walk, end, walk.output())

    STORIES[name] = tell


for _name in SIGNALS:
    _signalled(_name)


@pytest.mark.parametrize("name", SIGNALS)
def test_s6_a_signal_stops_the_belt_then_closes_the_record_then_ends_the_program(
    told: Callable[[str], Told], name: str
) -> None:
    """Ctrl-Z too: a program that is halted guards no belt."""
    it = told(name)
    assert_stopped_in_order(it.end, it.walk)
    assert it.end.code == 128 + getattr(signal, name)
    assert it.end.said == "backstride: Interrupted. The belt stands.\n"
    assert last_line(it.output) == it.walk.lines[-1]


@story
def insisted(folder: Path) -> Told:
    with Afoot(folder, "--json") as walk:
        walk.until_instant(9)
        walk.signal(signal.SIGINT)
        walk.until(lambda: walk.is_told_to_stop, every=0.005)
        time.sleep(0.6)  # a person who insists, and no wrapper that forwards the same signal
        return Told(walk, walk.end(lambda: walk.signal(signal.SIGINT)))


def test_s6_a_second_ctrl_c_leaves_at_once_says_that_nobody_knows_and_keeps_the_record(
    told: Callable[[str], Told],
) -> None:
    it = told("insisted")
    assert it.end.exit_after < 1.0
    assert it.end.code == 5
    assert "THE BELT WAS MOVING WHEN IT WAS LAST SEEN" in it.end.said
    summary = it.walk.lines[-1]
    assert (summary["event"], summary["ending"]) == ("summary", "aborted")
    assert summary["belt_standing"] is not True
    assert summary["reason"] == "the program left before the belt was seen to stand"


@story
def hung_up(folder: Path) -> Told:
    with OnATerminal(folder) as walk:
        walk.until_moving()
        return Told(walk, walk.end(walk.terminal.cut))


def test_s6_a_terminal_that_dies_stops_the_belt(told: Callable[[str], Told]) -> None:
    it = told("hung_up")
    assert_stopped_in_order(it.end, it.walk)
    assert it.end.code == 128 + signal.SIGHUP


@story
def typed(folder: Path) -> Told:
    with OnATerminal(folder) as walk:
        walk.until_moving()
        walk.terminal.press("\x03")
        code = walk.terminal.end()
        return Told(walk, End(code, "", 0.0, 0.0, 0.0), without_escapes(walk.terminal.raw))


def test_s6_ctrl_c_typed_while_the_belt_moves_is_answered_with_a_sentence(told: Callable[[str], Told]) -> None:
    it = told("typed")
    assert it.end.code == 130
    assert "Stopped: you interrupted it." in it.output
    assert "backstride: Interrupted. The belt stands." in it.output
    assert it.walk.lines[-1]["belt_standing"] is True


@story
def unread_terminal(folder: Path) -> Told:
    with OnATerminal(folder) as walk:
        walk.until_instant(16)  # long since more than a terminal holds
        return Told(walk, walk.end(lambda: walk.signal(signal.SIGINT)))


@story
def unread_pipe(folder: Path) -> Told:
    reading, writing = small_pipe()
    try:
        with Afoot(folder, "--json", output=writing) as walk:
            os.close(writing)
            walk.until_instant(16)  # three times what the pipe holds
            return Told(walk, walk.end(lambda: walk.signal(signal.SIGINT)))
    finally:
        os.close(reading)


@pytest.mark.parametrize("name", ["unread_terminal", "unread_pipe"])
def test_s4_output_that_nobody_takes_does_not_hold_up_the_stop(told: Callable[[str], Told], name: str) -> None:
    """A pager nobody scrolls, a terminal halted with Ctrl-S, a remote shell without a network: writing would wait."""
    it = told(name)
    assert_stopped_in_order(it.end, it.walk)
    assert it.end.code == 130


# --- streams


def _reader_gone(folder: Path, *options: str) -> Told:
    with Afoot(folder, *options) as walk:
        walk.until_moving()
        assert walk.process.stdout is not None
        return Told(walk, walk.end(walk.process.stdout.close))


@story
def closed_pipe(folder: Path) -> Told:
    return _reader_gone(folder, "--json")


@story
def closed_pipe_of_lines(folder: Path) -> Told:
    return _reader_gone(folder)


@pytest.mark.parametrize("name", ["closed_pipe", "closed_pipe_of_lines"])
def test_s6_a_reader_who_goes_away_stops_the_belt_without_a_word(told: Callable[[str], Told], name: str) -> None:
    """`backstride run … | head`; lines for people are rare, and it must not take one of them to notice."""
    it = told(name)
    assert_stopped_in_order(it.end, it.walk, noticed=1.0)
    assert (it.end.code, it.end.said) == (128 + signal.SIGPIPE, "")


@story
def closed_streams(folder: Path) -> Told:
    with Afoot(folder, "--json", line='exec "$@" <&- 2>&-') as walk:
        walk.until_moving()
        opened = [Path(f"/proc/{walk.process.pid}/fd/{number}") for number in (0, 2)]
        meanwhile = [str(path.readlink()) for path in opened if path.parent.exists()]
        end = walk.end(lambda: walk.signal(signal.SIGINT))
        return Told(walk, end, walk.output(), meanwhile)


def test_s6_without_standard_input_and_error_a_walk_is_stopped_and_recorded_all_the_same(
    told: Callable[[str], Told],
) -> None:
    """No file of the walk stands where whoever writes to standard error, the interpreter itself too, would hit it."""
    it = told("closed_streams")
    assert_stopped_in_order(it.end, it.walk)
    assert it.end.code == 130
    assert last_line(it.output) == it.walk.lines[-1]
    assert set(it.meanwhile) <= {os.devnull}


# --- full disks


def test_s13_a_disk_that_fills_up_is_told_at_once_and_again_at_the_end(program: Program) -> None:
    """The walk goes on, since a stop out of the blue helps nobody who walks backward; what was written stays."""
    # Whoever measures the coverage of this process would find no room either.
    environment = {name: value for name, value in program.environment.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-m", "backstride", "run", str(program.profile()), "--simulated", "--fast", "--json"]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
    told = events(done.stdout)
    (warning,) = [line for line in told if line["event"] == "warning"]
    assert "The session goes on without a record." in str(warning["text"])
    assert (told[-1]["ending"], told[-1]["belt_standing"]) == ("finished", True)
    (record,) = program.records.iterdir()
    why = "the file would grow too large. Choose another folder with --record or the setting `records`."
    assert done.stderr == f"backstride: Cannot write the record in {record}: {why}\n"
    assert done.returncode == 2
    assert " interrupted" in program.run("records").stdout
    assert program.run("show", "last").returncode == 0


@story
def full_disk_under_the_output(folder: Path) -> Told:
    path = folder.with_suffix(".out")
    path.write_text("\n" * 100_000, encoding="utf-8")  # more than the record will hold: the limit is for every file
    with path.open("a", encoding="utf-8") as output, Afoot(folder, "--json", output=output) as walk:
        walk.until_moving()
        limits = resource.prlimit(walk.process.pid, resource.RLIMIT_FSIZE)

        def fill() -> None:
            resource.prlimit(walk.process.pid, resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
            walk.until(lambda: walk.is_told_to_stop, every=0.005)
            resource.prlimit(walk.process.pid, resource.RLIMIT_FSIZE, limits)

        return Told(walk, walk.end(fill))


@needs_limits
def test_s6_output_that_finds_no_room_stops_the_belt_and_is_told(told: Callable[[str], Told]) -> None:
    it = told("full_disk_under_the_output")
    assert_stopped_in_order(it.end, it.walk, noticed=1.0)
    assert it.end.said == "backstride: Cannot write the output: file too large. The belt stands.\n"
    assert it.end.code == 2
    summary = it.walk.lines[-1]
    assert (summary["ending"], summary["reason"]) == ("aborted", "the display failed")


@story
def full_disk_under_the_log(folder: Path) -> Told:
    with Afoot(folder, "--json", "--log", FULL, profile=SHORT) as walk:
        output, said = walk.process.communicate(timeout=PATIENCE)
        return Told(walk, End(walk.process.returncode, said, 0.0, 0.0, 0.0), output)


@needs_full
def test_a_log_that_finds_no_room_ends_and_the_walk_does_not(told: Callable[[str], Told]) -> None:
    it = told("full_disk_under_the_log")
    assert (it.end.code, it.end.said) == (0, "")
    assert last_line(it.output) == it.walk.lines[-1]
    assert it.walk.lines[-1]["ending"] == "finished"


# --- a walk that runs, and one that is killed


@story
def listed(folder: Path) -> Told:
    with Afoot(folder, "--json") as walk:
        walk.until_moving()
        meanwhile = [walk.program.run("records").stdout, walk.program.run("show", "last").stdout]
        return Told(walk, walk.end(lambda: walk.signal(signal.SIGINT)), meanwhile=meanwhile)


def test_s13_a_walk_under_way_is_listed_as_running_and_later_as_stopped(told: Callable[[str], Told]) -> None:
    it = told("listed")
    listed, shown = it.meanwhile
    assert " running" in listed
    assert "Under way: the record has no end yet." in shown
    assert " stopped" in it.walk.program.run("records").stdout


def _killed(folder: Path, seconds: float) -> Told:
    with Afoot(folder, "--json") as walk:
        walk.until_instant(seconds)
        walk.process.kill()
        output, said = walk.process.communicate()
        return Told(walk, End(walk.process.returncode, said, 0.0, 0.0, 0.0), output)


@story
def killed_early(folder: Path) -> Told:
    return _killed(folder, 7.3)


@story
def killed_late(folder: Path) -> Told:
    return _killed(folder, 15.7)


@pytest.mark.parametrize("name", ["killed_early", "killed_late"])
def test_s13_a_killed_walk_is_listed_as_interrupted_and_shown_to_its_last_second(
    told: Callable[[str], Told], name: str
) -> None:
    it = told(name)
    lines = [line for line in it.output.splitlines(keepends=True) if line.endswith("\n")]
    assert len(lines) > 10
    assert events("".join(lines)) == it.walk.lines[1 : len(lines) + 1]  # whatever was told is in the record
    assert " interrupted" in it.walk.program.run("records").stdout
    shown = it.walk.program.run("show", "last")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Interrupted: the record has no end." in shown.stdout


# --- the longest that an end may take, in virtual time


@pytest.mark.parametrize(("braking", "seconds"), [(0.001, 5.0), (0.06, 20.0)])
def test_s6_a_belt_that_does_not_come_to_rest_in_time_is_left_and_said_so(
    tmp_path: Path, braking: float, seconds: float
) -> None:
    """Five seconds, and twenty while it is seen to slow down."""
    model = tmp_path / "slow.toml"
    facts = (files("backstride.machines") / "generic.toml").read_text(encoding="utf-8")
    model.write_text(f"{facts}\n[belt]\nbraking = {braking}\n", encoding="utf-8")
    with Afoot(tmp_path / "walk", "--fast", "--json", model=model) as walk:
        walk.until_instant(60)
        walk.signal(signal.SIGINT)
        output, said = walk.process.communicate(timeout=PATIENCE)
    assert walk.process.returncode == 5
    assert "THE BELT WAS MOVING WHEN IT WAS LAST SEEN" in said
    stop = next(line["t"] for line in events(output) if line.get("state") == "stopping")
    summary = walk.lines[-1]
    assert (summary["event"], summary["ending"], summary["belt_standing"]) == ("summary", "aborted", False)
    assert float(str(summary["t"])) - float(str(stop)) == pytest.approx(seconds, abs=0.5)


def test_an_end_before_the_beginning_says_that_nothing_has_moved(tmp_path: Path) -> None:
    with Afoot(tmp_path / "walk", "--json") as walk:
        walk.until(walk.log.exists)
        walk.signal(signal.SIGINT)
        _, said = walk.process.communicate(timeout=PATIENCE)
    assert (walk.process.returncode, said) == (130, "backstride: Interrupted. Nothing has moved.\n")
