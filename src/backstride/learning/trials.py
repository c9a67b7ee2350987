"""What is tried, in order: one small motion at a time, each announced and agreed to. Pure.

A trial writes, watches, asks, and leaves deeds in the log. What they mean is worked out later, from the log.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.learning.amounts import STEEP, Tried, next_incline
from backstride.learning.bench import Skipped, Stood, Topic
from backstride.learning.commands import LOCKED, looks_locked
from backstride.learning.log import Doing, PacingTest
from backstride.learning.motions import (
    CALM,
    MOVES_WITHIN,
    STEADY_FOR,
    STROLL,
    amounts_for,
    can_set_speed,
    deed,
    reports_incline,
    require_control_point,
    require_motion,
    require_sight,
    set_speed,
    slowest,
    start_belt,
    steady,
    stop_belt,
    wait_for_phase,
    was_taken,
)
from backstride.protocol.control_point import (
    RequestControl,
    ResultCode,
    SetTargetInclination,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
)
from backstride.protocol.features import TargetSetting
from backstride.protocol.tickets import Verdict
from backstride.units import Incline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backstride.learning.bench import Bench
    from backstride.learning.log import Deed
    from backstride.protocol.control_point import Request

LISTENS_FOR: Final = 6.0
"""Seconds to listen to a machine at rest: machines report once or twice a second."""

ASKS: Final = 5
"""How often control is asked for before it is given up."""

_GAPS: Final = 15
"""Tenths of a second between two procedures up to which pacing is looked for."""

_JUST: Final = 0.01
NO_SPEED: Final = "it takes no target speed that is surely a walk, so its belt is not started from here"
LEVEL: Final = SetTargetInclination(Incline(0))
_STOP: Final = StopOrPauseRequest(StopOrPause.STOP)


async def listen_at_rest(bench: Bench) -> None:
    """Hear what a standing machine says."""
    began = bench.now
    await bench.watch(LISTENS_FOR)
    deed(Doing.LISTENING, began, bench)


async def ask_control(bench: Bench) -> None:
    """Ask for control until a harmless procedure is permitted, then see how close together procedures may lie."""
    require_control_point(bench)
    for _ in range(ASKS):
        began = bench.now
        deed(Doing.ASKING_CONTROL, began, bench, await bench.write(RequestControl()))
        await bench.watch(CALM)
        began = bench.now
        stopped = deed(Doing.STOPPING_AT_REST, began, bench, await bench.write(_STOP))
        await bench.watch(CALM)
        if stopped.result != ResultCode.CONTROL_NOT_PERMITTED:
            break
    if looks_locked(bench.log):
        raise Stood(LOCKED)
    await _see_pacing(bench)
    await bench.watch(CALM)


async def _see_pacing(bench: Bench) -> None:
    """Write harmless procedures closer and closer together, as far as they are answered when there is time."""
    request: Request | None = next(
        (
            request
            for request in (RequestControl(), _STOP)
            if any(write.response is not None for write in bench.log.answers(request.op_code))
        ),
        None,
    )
    if request is None:
        return
    if await _is_taken(bench, request, 0):
        return
    low, high = 0, _GAPS
    while high - low > 1:
        middle = (low + high) // 2
        if await _is_taken(bench, request, middle):
            high = middle
        else:
            low = middle


async def _is_taken(bench: Bench, request: Request, tenths: int) -> bool:
    """Tell whether a procedure that comes so long after another is answered, three times of three."""
    for _ in range(3):
        await bench.watch(CALM)
        began = bench.now
        if (await bench.write(request)).verdict is Verdict.UNANSWERED:
            return False
        await bench.watch(began + tenths / 10 + _JUST - bench.now)
        gap = bench.now - began
        taken = (await bench.write(request)).verdict is not Verdict.UNANSWERED
        bench.log.pacing.append(PacingTest(gap, taken))
        if not taken:
            return False
    return True


async def target_at_rest(bench: Bench) -> None:
    """See what a target speed does to a standing belt: most refuse it or keep it, some start."""
    require_control_point(bench)
    requests = slowest(bench)
    await bench.agree(
        Doing.TARGET_AT_REST,
        "A target speed for the standing belt",
        f"The slowest speed ({requests[0].speed}) is set while the belt stands. Most treadmills do not move; some "
        "start their belt. If yours does, it is stopped again.",
        *requests,
    )
    began = bench.now
    settled = await bench.write(requests[0])
    for request in requests[1:]:
        if settled.result != ResultCode.INVALID_PARAMETER:
            break
        began = bench.now
        settled = await bench.write(request)
    moved = settled.verdict is not Verdict.REFUSED and await bench.watch(MOVES_WITHIN, lambda: bool(bench.log.speed))
    if not moved:
        moved = bool(await bench.sees(Topic.BELT_MOVES, "Does the belt move?"))
    deed(Doing.TARGET_AT_REST, began, bench, settled, person=moved)
    require_sight(bench, moved=moved)
    if moved:
        await stop_belt(bench, Doing.TARGET_AT_REST)


async def start(bench: Bench) -> None:
    """Start the belt at its slowest speed, and see when it moves and what the console shows then."""
    require_control_point(bench)
    slow = can_set_speed(bench)
    if not slow:
        raise Stood(NO_SPEED)
    await bench.agree(
        Doing.STARTING,
        "Start the belt",
        "The belt starts, and runs at its slowest speed. Keep a hand near the treadmill's own stop button.",
        StartOrResume(),
        *slow,
    )
    await start_belt(bench)
    for request in slow:
        if (await set_speed(bench, request)).result != ResultCode.INVALID_PARAMETER:
            break


async def faster(bench: Bench) -> None:
    """Set a faster walk, and let the distance and the console tell what the numbers mean."""
    require_motion(bench)
    brisk = amounts_for(bench).brisk
    if not can_set_speed(bench) or brisk is None:
        raise Skipped("the machine takes no speed that is surely a walk")
    await bench.agree(
        Doing.SPEED,
        "A little faster",
        f"The belt is set to {brisk.speed}. A treadmill that takes kilometres for miles then runs at 3 km/h, a slow "
        f"walk. It goes on so for {STROLL:.0f} seconds: the distance tells what a speed means.",
        brisk,
    )
    await set_speed(bench, brisk)


async def incline(bench: Bench) -> None:
    """Raise the deck, one confirmed motion at a time, up to 3 % by the console's figure; never lower it below level."""
    require_control_point(bench)
    require_motion(bench)
    if bench.announced.inclines is None and TargetSetting.INCLINATION_TARGET not in bench.announced.targets:
        await _incline_of_none(bench)
        return
    tried: list[Tried] = []
    while (request := next_incline(bench.announced.inclines, tried)) is not None:
        done = await _raise_deck(bench, request)
        if done.succeeded is False and done.result != ResultCode.INVALID_PARAMETER:
            return
        shown = None if done.shown is None else done.shown.number
        tried.append(Tried(int(request.inclination), shown, refused=done.succeeded is False))
        if shown is not None and shown > STEEP:
            await _lay_flat(bench, f"The console shows {shown:g} %, which is more than was meant.")
            return
    if not tried:
        raise Skipped("none of its inclines is surely within 3 %")


async def _raise_deck(bench: Bench, request: SetTargetInclination) -> Deed:
    """Ask for one incline, wait until the deck is there, and ask what the console shows."""
    await bench.agree(
        Doing.INCLINE,
        "Raise the deck a little",
        f"The deck is asked to rise to what the standard calls {request.inclination}; it may take half a minute. Watch "
        "it, and read its figure on the console.",
        request,
    )
    require_motion(bench)  # it may have been stopped while the person read (S2)
    began = bench.now
    settled = await bench.write(request)
    person, shown = None, None
    if settled.verdict is not Verdict.REFUSED:
        await steady(bench, lambda: bench.log.incline)
        shown = await bench.reads(Topic.INCLINE_SHOWN, "Which incline does the console show, in per cent?")
        if not reports_incline(bench, began):
            person = await bench.sees(Topic.DECK_MOVED, "Has the deck moved?")
    return deed(Doing.INCLINE, began, bench, settled, person=person, shown=shown)


async def _incline_of_none(bench: Bench) -> None:
    """See what a machine without inclines says to one: to level, which moves nothing on such a deck."""
    level = LEVEL
    await bench.agree(
        Doing.INCLINE,
        "An incline that there is not",
        "The machine offers no incline. It is asked for 0 %, to see what it answers. Nothing should move.",
        level,
    )
    began = bench.now
    deed(Doing.INCLINE, began, bench, await bench.write(level))


async def stop(bench: Bench) -> None:
    """Stop the belt, and see how it comes to rest and what the machine forgets."""
    require_control_point(bench)
    if not bench.log.of(Doing.STARTING):
        raise Skipped("the belt was not started")
    await wait_for_phase(bench)
    await stop_belt(bench, Doing.STOPPING)


async def pause(bench: Bench) -> None:
    """Start once more, lay the deck flat, and pause."""
    require_control_point(bench)
    if not bench.log.of(Doing.STARTING):
        raise Skipped("the belt was not started")
    slow = can_set_speed(bench)
    await bench.agree(
        Doing.PAUSING,
        "Start again",
        "The belt starts at its slowest speed once more, to be paused in a moment.",
        StartOrResume(),
        *slow,
    )
    await start_belt(bench)
    if any(one.succeeded is not False for one in bench.log.of(Doing.INCLINE)) and bench.announced.inclines is not None:
        with contextlib.suppress(Skipped):  # whoever leaves this out has a belt that is to be paused
            await _lay_flat(bench)
    await bench.watch(STEADY_FOR)
    began = bench.now
    settled = await bench.pause()
    stood = await bench.watch(MOVES_WITHIN, lambda: bench.log.speed == 0) if was_taken(settled) else False
    person = None if stood or not was_taken(settled) else await bench.sees(Topic.BELT_STANDS, "Does the belt stand?")
    deed(Doing.PAUSING, began, bench, settled, person=person)
    await bench.watch(CALM)
    began = bench.now
    if stood or person:
        deed(Doing.STOP_AFTER_PAUSE, began, bench, await bench.write(_STOP))
    await stop_belt(bench, Doing.STOPPING)


async def _lay_flat(bench: Bench, why: str = "") -> None:
    text = f"{why} The deck is asked to go back to 0 %.".lstrip()
    await bench.agree(Doing.INCLINE, "Lay the deck flat", text, LEVEL)
    began = bench.now
    settled = await bench.write(LEVEL)
    await steady(bench, lambda: bench.log.incline)
    deed(Doing.INCLINE, began, bench, settled)


async def console(bench: Bench) -> None:
    """Let the person use the console, and hear what the machine tells of it."""
    if bench.log.speed:
        await stop_belt(bench, Doing.STOPPING)
    await bench.agree(
        Doing.CONSOLE,
        "The console's own buttons",
        "Press Start on the console, let the belt run for a minute at its slowest speed, press Faster once, then "
        "Stop. You start the belt yourself here. Answer when it stands again.",
    )
    began = bench.now
    done = await bench.sees(Topic.CONSOLE_DONE, "Have you pressed Start, Faster and Stop, and does the belt stand?")
    await bench.watch(STEADY_FOR)
    deed(Doing.CONSOLE, began, bench, person=done)


@dataclass(frozen=True, slots=True)
class Trial:
    """One of the trials.

    Attributes:
        doing: What is left out if the person skips it.
        title: What it is about.
        run: What is done.
    """

    doing: Doing
    title: str
    run: Callable[[Bench], Awaitable[None]]


TRIALS: Final = (
    Trial(Doing.LISTENING, "Listen to it at rest", listen_at_rest),
    Trial(Doing.ASKING_CONTROL, "Ask for control; nothing moves", ask_control),
    Trial(Doing.TARGET_AT_REST, "A target speed for the standing belt", target_at_rest),
    Trial(Doing.STARTING, "Start the belt", start),
    Trial(Doing.SPEED, "A little faster", faster),
    Trial(Doing.INCLINE, "Raise the deck", incline),
    Trial(Doing.STOPPING, "Stop the belt", stop),
    Trial(Doing.PAUSING, "Start again, then pause", pause),
    Trial(Doing.CONSOLE, "The console's own buttons", console),
)
"""All of them, in order."""
