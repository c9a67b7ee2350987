"""The motions that trials are made of: a start, a speed, a stop, each watched until it has settled. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.learning.amounts import amounts
from backstride.learning.bench import Skipped, Stood, Topic
from backstride.learning.log import Deed, Doing
from backstride.learning.motion import settled_speed
from backstride.protocol.control_point import StartOrResume
from backstride.protocol.features import TargetSetting
from backstride.protocol.tickets import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.learning.amounts import Amounts
    from backstride.learning.bench import Bench
    from backstride.learning.log import Shown
    from backstride.protocol.control_point import SetTargetSpeed
    from backstride.protocol.tickets import Settled

MOVES_WITHIN: Final = 15.0
"""Seconds in which a started belt must begin to move: the slowest that is known takes 6."""

SETTLES_WITHIN: Final = 20.0
"""Seconds for a speed or an incline to be reached."""

STEADY_FOR: Final = 3.0
"""Seconds without a change after which something counts as reached."""

STROLL: Final = 24.0
"""Seconds at a steady speed: so long takes it to see by the distance what a speed means."""

LEVELS_WITHIN: Final = 12.0
"""Seconds after a stop in which the deck may level, and counters may be zeroed."""

BLIND: Final = (
    "its belt moves and it reports a speed of zero, so nobody can see from here whether the belt stands (S5): "
    "Backstride cannot drive it as it is"
)

CALM: Final = 1.5
"""Seconds between two procedures that no machine is known to want more of."""


def deed(
    doing: Doing,
    began: float,
    bench: Bench,
    settled: Settled | None = None,
    *,
    person: bool | None = None,
    shown: Shown | None = None,
) -> Deed:
    """Put a deed into the log, which ends now; return it."""
    done = Deed(doing, began, bench.now, person=person, shown=shown)
    if settled is not None:
        answered = settled.verdict in {Verdict.SUCCEEDED, Verdict.REFUSED}
        succeeded = settled.verdict is Verdict.SUCCEEDED if answered else None
        done = Deed(
            doing,
            began,
            bench.now,
            settled.ticket.request,
            succeeded,
            settled.result,
            settled.att_error,
            person,
            shown,
        )
    bench.log.deeds.append(done)
    return done


async def start_belt(bench: Bench) -> None:
    """Start, and watch until the belt moves. Raises Skipped if it does not."""
    began = bench.now
    settled = await bench.write(StartOrResume())
    moved: bool | None = None
    if settled.verdict is not Verdict.REFUSED:
        moved = await bench.watch(MOVES_WITHIN, lambda: bool(bench.log.speed))
        moved = moved or await bench.sees(Topic.BELT_MOVES, "Does the belt move?")
        await steady(bench, lambda: bench.log.speed)
    deed(Doing.STARTING, began, bench, settled, person=moved)
    require_sight(bench, moved=moved)
    if not moved:
        raise Skipped("the belt did not start")


async def set_speed(bench: Bench, request: SetTargetSpeed) -> Deed:
    """Set a speed, wait until it is reached, stroll, and ask what the console shows. Raises Skipped at rest (S2)."""
    require_motion(bench)
    began = bench.now
    settled = await bench.write(request)
    person, shown = None, None
    if settled.verdict is not Verdict.REFUSED:
        before = settled_speed(bench.log, bench.now)
        await steady(bench, lambda: bench.log.speed)
        await bench.watch(STROLL)
        shown = await bench.reads(Topic.SPEED_SHOWN, "Which speed does the console show, and in which unit?")
        if settled_speed(bench.log, bench.now) == before:
            person = await bench.sees(Topic.BELT_FASTER, "Has the belt changed its speed?")
    return deed(Doing.SPEED, began, bench, settled, person=person, shown=shown)


async def stop_belt(bench: Bench, doing: Doing) -> None:
    """Stop the belt, and see what becomes of deck and counters."""
    began = bench.now
    await bench.stop()
    await bench.watch(LEVELS_WITHIN)
    if doing is Doing.STOPPING:
        inclined = bench.log.of(Doing.INCLINE) and not reports_incline(bench, 0.0)
        person = await bench.sees(Topic.DECK_FLAT, "Has the deck gone flat?") if inclined else None
        deed(doing, began, bench, person=person)


async def steady(bench: Bench, value: Callable[[], int | None]) -> None:
    """Watch until what is reported has not changed for a while, or for as long as it may take."""
    last, since = value(), bench.now
    ends = bench.now + SETTLES_WITHIN

    def settled() -> bool:
        nonlocal last, since
        if value() != last:
            last, since = value(), bench.now
        return bench.now - since >= STEADY_FOR

    await bench.watch(CALM)
    await bench.watch(max(0.0, ends - bench.now), settled)


async def wait_for_phase(bench: Bench) -> None:
    """Wait until a record is about to come: then two more follow while the belt slows down."""
    records = bench.log.records
    if len(records) < 2 or not bench.log.speed:  # noqa: PLR2004 - between two lies one interval
        return
    heard = len(records)
    await bench.watch(SETTLES_WITHIN, lambda: len(records) > heard)
    await bench.watch((records[-1].at - records[-2].at) * 0.85)


def was_taken(settled: Settled) -> bool:
    """Tell whether a procedure was not refused; one without an answer may have been carried out."""
    return settled.verdict is not Verdict.REFUSED and settled.verdict is not Verdict.WRITE_REFUSED


def reports_incline(bench: Bench, since: float) -> bool:
    """Tell whether telemetry has shown another inclination than the first one since then."""
    inclines = bench.log.inclines(0.0, bench.now)
    return any(number != inclines[0][1] for at, number in inclines if at >= since)


def amounts_for(bench: Bench) -> Amounts:
    """Return what to write to this machine."""
    return amounts(bench.announced.speeds)


def slowest(bench: Bench) -> tuple[SetTargetSpeed, ...]:
    """Return candidates for the slowest speed. Raises Skipped if none is surely a walk."""
    requests = can_set_speed(bench)
    if not requests:
        raise Skipped("the machine takes no speed that is surely a walk")
    return requests


def can_set_speed(bench: Bench) -> tuple[SetTargetSpeed, ...]:
    """Return the same, or nothing if the machine takes no target speeds."""
    return amounts_for(bench).slow if TargetSetting.SPEED_TARGET in bench.announced.targets else ()


def require_control_point(bench: Bench) -> None:
    """Raise Skipped if the machine takes no commands."""
    if not bench.announced.takes_commands:
        raise Skipped("the machine has no control point")


def require_sight(bench: Bench, *, moved: bool | None) -> None:
    """Raise Stood if the belt moves and telemetry does not show it: then nobody can see from here that it stands."""
    if moved and not bench.log.speed:
        raise Stood(BLIND)


def require_motion(bench: Bench) -> None:
    """Raise Skipped unless telemetry shows that the belt moves."""
    if not bench.log.speed:
        raise Skipped("the belt is not seen to move")
