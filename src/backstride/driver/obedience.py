"""What a machine has shown to obey, and what it only acknowledges (safety rule S10). Pure.

An answer proves nothing (quirks, point 2), so `ObedienceWatch` follows belt and deck on their way to each target, and
says within eight seconds of the command what became of it. An effect that comes later mends what was said.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from backstride.driver.confirmation import INCLINE_TOLERANCE, SPEED_TOLERANCE, Command, patience_for
from backstride.driver.events import ObedienceChanged
from backstride.units import Incline, Speed, SpeedUnit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.driver.state import MachineState
    from backstride.machines.capabilities import Capabilities

STILL_AFTER: Final = 4.0
"""Seconds without progress after which belt or deck has gone as far as it goes: four records at the usual 1 Hz."""

THERE_FOR: Final = 1.0
"""Seconds at a target that prove it: a belt on its way to somewhere else passes by more quickly."""

SEEN_WITHIN: Final = 3.0
"""Age of telemetry in seconds up to which it shows what belt and deck do."""

_NEVER: Final = float("inf")


class Deed(StrEnum):
    """What has come of one kind of command."""

    UNTRIED = "not tried"
    OBEYED = "obeyed"
    SHORT = "obeyed only so far"
    IGNORED = "acknowledged without effect"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


FOLLOWED: Final = frozenset({Deed.OBEYED, Deed.SHORT})


@dataclass(frozen=True, slots=True)
class Shown:
    """What the machine has shown of one kind of command.

    Attributes:
        deed: What came of it.
        asked: The target that showed it, where there was one.
        seen: What telemetry showed instead; None is unknown.
        reason: Why it was refused, as a person reads it.
    """

    deed: Deed = Deed.UNTRIED
    asked: Speed | Incline | None = None
    seen: Speed | Incline | None = None
    reason: str = ""

    @property
    def upward(self) -> bool:
        """True if more was asked for than was seen."""
        return self.asked is not None and self.seen is not None and self.asked > self.seen


@dataclass(frozen=True, slots=True)
class Obedience:
    """What one machine obeys, as far as it has shown; ``str`` of it is a sentence without its subject."""

    start: Shown = Shown()
    stop: Shown = Shown()
    speed: Shown = Shown()
    incline: Shown = Shown()

    def of(self, command: Command) -> Shown:
        """Return what is known of one kind of command; Pause counts with Stop."""
        return self.stop if command is Command.PAUSE else getattr(self, command.value, _UNTRIED)

    def __str__(self) -> str:
        return self.text()

    def text(self, unit: SpeedUnit = SpeedUnit.KMH) -> str:
        """Return all that is known, such as ``follows the speed; acknowledges the incline but does not …``."""
        kinds = (Command.START, Command.SPEED, Command.INCLINE, Command.STOP)
        phrases = [self._phrase(kind, unit) for kind in kinds if self.of(kind).deed is not Deed.UNTRIED]
        return "; ".join(phrases) or "has not been asked for anything yet"

    def sentence(self, command: Command, unit: SpeedUnit = SpeedUnit.KMH) -> str:
        """Return what became of a speed or incline in whole sentences, with what was asked for and what is seen."""
        shown, other = self.of(command), Command.SPEED if command is Command.INCLINE else Command.INCLINE
        said = f"The treadmill {self._phrase(command, unit)}"
        if shown.asked is not None and shown.deed is not Deed.OBEYED:
            said += f": asked for {_value(shown.asked, unit)}"
            said += "" if shown.seen is None else f", it stays at {_value(shown.seen, unit)}"
        return f"{said}. The {other.value} is followed." if self.of(other).deed in FOLLOWED else f"{said}."

    def _phrase(self, command: Command, unit: SpeedUnit) -> str:
        shown = self.of(command)
        if shown.deed is Deed.SHORT and shown.seen is not None:
            return f"follows the {command.value}, but not {_side(shown)} {_value(shown.seen, unit)}"
        because = f" ({shown.reason})" if shown.reason else ""
        return f"{_PHRASES[command][shown.deed]}{because}"


_UNTRIED: Final = Shown()

_PHRASES: Final = {
    Command.START: {
        Deed.OBEYED: "starts",
        Deed.IGNORED: "acknowledges Start but does not move the belt",
        Deed.REFUSED: "refuses Start",
        Deed.UNANSWERED: "does not answer Start",
    },
    Command.STOP: {
        Deed.OBEYED: "stops",
        Deed.IGNORED: "acknowledges Stop but is not seen to slow down",
        Deed.REFUSED: "refuses Stop",
        Deed.UNANSWERED: "does not answer Stop",
    },
    Command.SPEED: {
        Deed.OBEYED: "follows the speed",
        Deed.IGNORED: "acknowledges the speed but does not follow it",
        Deed.REFUSED: "refuses the speed",
        Deed.UNANSWERED: "does not answer to the speed",
    },
    Command.INCLINE: {
        Deed.OBEYED: "follows the incline",
        Deed.IGNORED: "acknowledges the incline but does not move the deck",
        Deed.REFUSED: "refuses the incline",
        Deed.UNANSWERED: "does not answer to the incline",
    },
}


def _side(shown: Shown) -> str:
    return "above" if shown.upward else "below"


def _value(value: Speed | Incline, unit: SpeedUnit) -> str:
    return value.text(unit) if isinstance(value, Speed) else value.text()


@dataclass(slots=True)
class _Course:
    """The way of belt or deck to one target, in hundredths of km/h or tenths of a per cent.

    Attributes:
        asked: The target.
        origin: What was seen when it was asked for; None until telemetry tells it.
        deadline: The instant at which it is judged; it moves on while the target comes nearer.
        proves: False for a belt that is still coming up from its start, and so moves by itself.
    """

    asked: Speed | Incline
    origin: Speed | Incline | None
    deadline: float
    proves: bool = True
    written: bool = False
    acknowledged: bool = False
    moved: bool = False
    judged: bool = False
    seen: Speed | Incline | None = None
    _nearest: int | None = None
    _there_since: float | None = None

    @property
    def distance(self) -> int:
        """How far the last sight of it is from the target."""
        return 0 if self.seen is None else _distance(self.asked, self.seen)

    @property
    def has_gone(self) -> bool:
        """True if it has left the place where it was asked, and not by a trembling of the reports."""
        return self.seen is not None and self.origin is not None and _distance(self.origin, self.seen) > 0

    def goes_on_from(self, older: _Course) -> bool:
        """Tell whether `older` has asked for motion in the same direction, and seen none."""
        if older.judged or older.moved or older.origin is None or self.origin is None:
            return False
        return (older.asked > older.origin) is (self.asked > self.origin)

    def observe(self, seen: Speed | Incline, now: float) -> bool:
        """Take a report; return True once it has stayed at the target for long enough."""
        self.seen = seen
        self.origin = seen if self.origin is None else self.origin
        distance, sign = self.distance, _SIGN[type(seen)]
        if self._nearest is None:
            self._nearest = _distance(self.asked, self.origin)
        if self._nearest - distance >= sign or (distance == 0 < self._nearest):
            self._nearest, self.moved = distance, True
            self.deadline = max(self.deadline, now + STILL_AFTER)
        if distance > 0:
            self._there_since = None
        elif self._there_since is None:
            self._there_since = now
        return self._there_since is not None and now - self._there_since >= THERE_FOR


_SIGN: Final = {Speed: SPEED_TOLERANCE, Incline: 1}  # the least gain on the way to a target that is progress


def _distance(asked: Speed | Incline, seen: Speed | Incline) -> int:
    return max(0, abs(seen - asked) - (SPEED_TOLERANCE if isinstance(asked, Speed) else INCLINE_TOLERANCE))


@dataclass(slots=True)
class ObedienceWatch:
    """Concludes from answers and telemetry what a machine obeys.

    Attributes:
        capabilities: What the machine says of itself.
        known: What it has shown so far.
    """

    capabilities: Capabilities
    known: Obedience = Obedience()
    _courses: dict[Command, _Course] = field(default_factory=dict)
    _start_awaited: bool = False
    _stop_proves: bool = False
    _changes: list[ObedienceChanged] = field(default_factory=list)

    def take_changes(self) -> Iterator[ObedienceChanged]:
        """Yield what is to be told since the last call: a command that came to nothing, or to something after all."""
        while self._changes:
            yield self._changes.pop(0)

    def next_deadline(self) -> float:
        """Return the instant at which `judge` has something to say."""
        return min((course.deadline for course in self._courses.values()), default=_NEVER)

    # --- commands

    def asked(self, command: Command, target: int, state: MachineState, now: float) -> None:
        """A speed or an incline is asked for."""
        if command not in _TARGETS:
            return
        older, origin = self._courses.pop(command, None), _seen(command, state)
        asked = Speed(target) if command is Command.SPEED else Incline(target)
        if origin is not None and _distance(asked, origin) == 0:
            return
        course = _Course(asked, origin, now + patience_for(self.capabilities.motion_within), seen=origin)
        grid = self.capabilities.speed
        if command is Command.SPEED and grid is not None and origin is not None:
            course.proves = origin >= grid.minimum - SPEED_TOLERANCE
        if older is not None and course.goes_on_from(older):  # asked anew before the patience was over, it never ends
            course.deadline, course.written = older.deadline, older.written
            course.acknowledged, course.origin = older.acknowledged, older.origin
        self._courses[command] = course

    def written(self, command: Command) -> None:
        """Take note that the command goes to the machine."""
        if (course := self._courses.get(command)) is not None:
            course.written = True

    def acknowledged(self, command: Command) -> None:
        """The machine has answered Success."""
        if (course := self._courses.get(command)) is not None:
            course.acknowledged = True

    def refused(self, command: Command, reason: str) -> None:
        """The machine has refused the command."""
        course = self._courses.pop(command, None)
        asked = None if course is None else course.asked
        self._show(command, Shown(Deed.REFUSED, asked, reason=reason))

    def started(self, deed: Deed) -> None:
        """A Start has been obeyed, or has come to nothing so far."""
        self._start_awaited = deed is not Deed.OBEYED
        self._show(Command.START, Shown(deed))

    def stopping(self, state: MachineState) -> None:
        """The belt is to be stopped: no target is followed any more, and a belt that stands already proves nothing."""
        self.forget()
        self._stop_proves = state.standing is False

    def not_stopped(self, deed: Deed) -> None:
        """The belt is not seen to slow down after Stop; `StopUnproven` tells it."""
        self.known = replace(self.known, stop=Shown(deed))

    def stopped(self) -> None:
        """The belt was stopped, and is seen to stand."""
        if self._stop_proves:
            self.known = replace(self.known, stop=Shown(Deed.OBEYED))

    def forget(self, *commands: Command) -> None:
        """Follow these targets no more, or none at all: somebody else moves the belt, or it is out of sight."""
        for command in commands or _TARGETS:
            self._courses.pop(command, None)

    def forget_start(self) -> None:
        """Whatever moves the belt from here on, it is not our Start."""
        self._start_awaited = False

    # --- what is seen

    def observe(self, state: MachineState, now: float) -> None:
        """Take telemetry."""
        if self._start_awaited and state.standing is False:
            self.started(Deed.OBEYED)
        if not self._courses:
            return
        for command, course in tuple(self._courses.items()):
            seen = _seen(command, state)
            if seen is None:
                continue
            there = course.observe(seen, now)
            after_all = course.judged and course.moved
            if course.proves and (there or after_all):
                self._obeyed(command, course)
            if there:
                del self._courses[command]
            elif after_all:
                course.judged, course.deadline = False, now + STILL_AFTER

    def judge(self, state: MachineState, now: float) -> None:
        """Say what became of every target whose time is over."""
        for command, course in tuple(self._courses.items()):
            if now < course.deadline:
                continue
            if not course.written:
                del self._courses[command]
            elif state.age(now) > SEEN_WITHIN or course.seen is None:
                course.deadline = now + STILL_AFTER  # nobody knows what belt and deck do
            else:
                self._judge(command, course)

    def _judge(self, command: Command, course: _Course) -> None:
        course.deadline, course.judged = _NEVER, True
        grid = self.capabilities.speed if command is Command.SPEED else self.capabilities.incline
        if course.moved and course.distance <= (0 if grid is None else grid.increment):
            if course.proves:
                self._obeyed(command, course)
            return
        before = self.known.of(command).deed in FOLLOWED
        if course.has_gone or (before and course.acknowledged):
            deed = Deed.SHORT
        else:
            deed = Deed.IGNORED if course.acknowledged else Deed.UNANSWERED
        course.moved, course.origin = False, course.seen
        self._show(command, Shown(deed, course.asked, course.seen))

    def _obeyed(self, command: Command, course: _Course) -> None:
        """Take note of a target that was followed; it does not speak against a limit that it lies within."""
        shown = self.known.of(command)
        if shown.deed is Deed.SHORT and shown.seen is not None:
            beyond = course.asked > shown.seen if shown.upward else course.asked < shown.seen
            if not beyond:
                return
        self._show(command, Shown(Deed.OBEYED))

    def _show(self, command: Command, shown: Shown) -> None:
        before = self.known.of(command)
        if shown == before:
            return
        self.known = replace(self.known, **{command.value: shown})
        if shown.deed is not Deed.OBEYED or before.deed is not Deed.UNTRIED:
            self._changes.append(ObedienceChanged(command, self.known))


_TARGETS: Final = (Command.SPEED, Command.INCLINE)


def _seen(command: Command, state: MachineState) -> Speed | Incline | None:
    return state.speed if command is Command.SPEED else state.incline
