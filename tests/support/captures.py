"""Captures of simulated machines as fixtures, and what the driver came to while they were made.

``python -m tests.support.captures`` makes tests/data/captures/ anew. No capture of a real machine is there yet; whoever
has one puts it beside these, and the tests take it up.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backstride.capture import events
from backstride.capture.file import SUFFIX, Capture, Captured, read_capture, write_capture
from backstride.driver.capturing import header_of
from backstride.driver.machine import Machine
from backstride.errors import BackstrideError
from backstride.simulator.replayed import ReplayedTreadmill
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.simulator.virtual_time import virtual_loop
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backstride.capture.header import Header
    from backstride.driver.connectable import Connectable
    from backstride.driver.state import MachineState
    from backstride.machines.facts import MachineFacts

FOLDER: Final = Path(__file__).parents[1] / "data" / "captures"
EXPECTED: Final = FOLDER / "expected.json"
"""What `drive` came to on each capture's machine, by the name of the file."""

MODELS: Final = (
    "generic",
    "bh-t01",
    "citysports-pad",
    "fitshow-dbt-pad",
    "horizon-omega-z",
    "horizon-t202",
    "kingsmith-z1",
    "matrix-performance",
    "ronning-x27-pro",
    "sole-f85",
    "technogym-myrun",
    "xterra-t85",
    "yesoul-w2-pro",
)
"""Between them every way to answer, to move and to tell of it that machine files describe."""

STORIES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    **{model: (model, ()) for model in MODELS},
    "generic-link-lost": ("generic", ("link-lost=6@motion+10",)),
    "generic-console-stop": ("generic", ("console-stop@motion+10",)),
    "generic-answer-lost": ("generic", ("answer-lost@motion+8",)),
}
"""Name of each fixture: the model and what goes wrong with it."""

Told = dict[str, Any]


async def drive(machine: Machine) -> Told:
    """Start, set two speeds and an incline, pause or not, stop; return everything that the driver came to."""
    states: list[str] = []
    heard: list[str] = []
    machine.on_state(lambda state: states.append(_in_short(state)))
    machine.on_event(lambda event: heard.append(str(event)))
    able = machine.capabilities
    outcomes: list[str] = []

    async def attempt(what: str, act: Callable[[], Awaitable[object]]) -> None:
        try:
            outcomes.append(f"{what}: {await act()}")
        except BackstrideError as error:
            outcomes.append(f"{what}: {error}")

    await asyncio.sleep(2.1)
    await attempt("start", machine.start)
    await asyncio.sleep(4.2)
    if able.speed is not None:
        slow, fast = able.speed.snap(Speed(200)), able.speed.snap(Speed(300))
        await attempt("fast", lambda: machine.set_speed(fast))
        await asyncio.sleep(8.3)  # an instant at which no record comes
        await attempt("slow", lambda: machine.set_speed(slow))
    if able.incline is not None:
        incline = able.incline.snap(Incline(20))
        await attempt("incline", lambda: machine.set_incline(incline))
    await asyncio.sleep(12.4)
    await attempt("stop", machine.stop)
    await asyncio.sleep(2.1)
    return {"capabilities": str(able), "outcomes": outcomes, "states": states, "events": heard}


def _in_short(state: MachineState) -> str:
    return f"{state.speed}, {state.incline}, standing {state.standing}, {state.distance}, connected {state.connected}"


async def capture_of(
    target: Connectable, path: Path, facts: MachineFacts | None, story: Callable[[Machine], Awaitable[Told]] = drive
) -> Told:
    """Let the driver do what `story` tells, captured at `path`."""
    loop = asyncio.get_running_loop()
    header = header_of(target, "A simulated machine of Backstride's own, not a real one.")
    with Capture.create(path, header, loop.time) as capture:
        async with Machine.connect(target, facts=facts, trace=capture.trace) as machine:
            return await story(machine)


async def replayed(captured: Captured, path: Path) -> tuple[ReplayedTreadmill, Told]:
    """Drive the machine of a capture as it was driven then, captured at `path`."""
    treadmill = ReplayedTreadmill(captured)
    return treadmill, await capture_of(treadmill, path, treadmill.facts)


def crossed(captured: Captured) -> list[events.Event]:
    """Return what crossed between client and machine, without what only the client said of itself."""
    kinds = events.Connected | events.Asked | events.Answered | events.Heard | events.LinkLost
    return [entry.event for entry in captured.entries if isinstance(entry.event, kinds)]


def _make(name: str) -> Told:
    model, faults = STORIES[name]
    path = FOLDER / f"{name}{SUFFIX}"
    path.unlink(missing_ok=True)
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        told = runner.run(capture_of(SimulatedTreadmill(model, faults=faults), path, None))
    made = read_capture(path)
    path.unlink()
    write_capture(path, Captured(_undated(made.header), made.entries))
    return told


def _undated(header: Header) -> Header:
    """Return a header that says nothing of the computer on which the fixture was made, nor when."""
    return replace(header, started=datetime(2026, 11, 25, tzinfo=UTC), system="any", python="any", bleak="any")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    made = {name: _make(name) for name in STORIES}
    EXPECTED.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(made)} captures in {FOLDER}\n")
