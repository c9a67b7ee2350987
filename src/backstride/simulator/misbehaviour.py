"""What the faults at work do to a machine: to its facts, to what goes over the air, and what happens. Pure and clocked.

`Misbehaviour` stands between the peripheral and the air. It knows when a fault strikes and when it is over; the
peripheral asks it at each place where a machine may go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Final

from backstride.machines.facts import PauseEffect, WireUnit
from backstride.protocol.att import AttError
from backstride.protocol.control_point import OpCode
from backstride.simulator.faults import Effect, Fault, Moment, speed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.machines.facts import MachineFacts

_NOISE: Final = b"\xff"  # a single octet is too short for the flags of any record
_SPEED_AT: Final = slice(2, 4)  # where the first packet of a record tells the instantaneous speed (FTMS Table 4.8)
_MORE_DATA: Final = 0x01
_PAUSE: Final = bytes((OpCode.STOP_OR_PAUSE, 0x02))
_MOMENTS: Final[dict[int, Moment]] = {
    OpCode.REQUEST_CONTROL: Moment.CONTROL,
    OpCode.START_OR_RESUME: Moment.START,
    OpCode.SET_TARGET_SPEED: Moment.SPEED,
    OpCode.SET_TARGET_INCLINATION: Moment.INCLINE,
    OpCode.STOP_OR_PAUSE: Moment.STOP,
}


@dataclass(frozen=True, slots=True)
class _Active:
    """A fault that has struck, and the instant at which it is over."""

    fault: Fault
    until: float


class Misbehaviour:
    """The faults of one machine.

    Args:
        facts: How the machine is without them.

    Attributes:
        facts: How the machine is with those that are at work now.
    """

    def __init__(self, facts: MachineFacts) -> None:
        self.facts = facts
        self._without = facts
        self._waiting: list[Fault] = []
        self._due: list[tuple[float, Fault]] = []
        self._struck: list[_Active] = []
        self._active: dict[str, _Active] = {}  # of each kind the one that struck last
        self._happened: list[Fault] = []
        self._records = 0
        self._last: tuple[bytes, ...] = ()
        self._moving: tuple[bytes, ...] = ()

    # When

    def become(self, facts: MachineFacts) -> None:
        """Let the machine without its faults be another one."""
        self._without = facts
        self._alter()

    def strike(self, fault: Fault, now: float) -> None:
        """Let `fault` strike: now, or when its moment comes."""
        if fault.moment is None:
            self._due.append((now + fault.after, fault))
        else:
            self._waiting.append(fault)
        self.advance(now)

    def mend(self) -> None:
        """Let every fault be over, and none strike any more."""
        self._waiting.clear()
        self._due.clear()
        self._happened.clear()
        self._keep([])

    def note(self, moment: Moment, now: float) -> None:
        """Take note of what some faults wait for."""
        struck = [fault for fault in self._waiting if fault.moment is moment]
        if struck:
            self._waiting = [fault for fault in self._waiting if fault.moment is not moment]
            self._due.extend((now + fault.after, fault) for fault in struck)
            self.advance(now)

    def note_write(self, value: bytes, now: float) -> None:
        """Take note of a control point write, as far as faults wait for it."""
        moment = Moment.PAUSE if value == _PAUSE else _MOMENTS.get(value[0]) if value else None
        if moment is not None:
            self.note(moment, now)

    def link_ended(self) -> None:
        """Take note that a link is gone: some faults go with it."""
        self._keep([one for one in self._struck if one.fault.kind.effect is not Effect.UNTIL_LINK])

    def advance(self, now: float) -> None:
        """Go on to `now`: let what is due strike, and what is over be over."""
        if not self._due and not self._struck:
            return
        struck = list(self._struck)
        for at, fault in sorted((due for due in self._due if due[0] <= now), key=lambda due: due[0]):
            self._due.remove((at, fault))
            if fault.kind.effect is Effect.HAPPENS:
                self._happened.append(fault)
            else:
                struck.append(_Active(fault, at + fault.lasting))
        self._keep([one for one in struck if now < one.until])

    def next_deadline(self) -> float:
        """Return the instant at which a fault strikes, infinite if none is to come; an end needs no poll."""
        return min((at for at, _ in self._due), default=inf)

    @property
    def heeds_the_belt(self) -> bool:
        """Whether some fault waits for the belt to move or to stand."""
        return any(fault.moment in {Moment.MOTION, Moment.STANDING} for fault in self._waiting)

    def take_happenings(self) -> list[Fault]:
        """Return what happens now, to be carried out."""
        happened, self._happened = self._happened, []
        return happened

    # What

    def refusal(self) -> AttError | None:
        """Return the ATT error with which a control point write is refused, if it is."""
        code = self._value("write-error")
        return None if code is None else AttError(int(code))

    @property
    def drops_writes(self) -> bool:
        """Whether a control point write is acknowledged and dropped."""
        return "write-lost" in self._active

    @property
    def result(self) -> int | None:
        """Result code of every procedure instead of carrying it out, or None."""
        code = self._value("answer-result")
        return None if code is None else int(code)

    def answers(self, answer: bytes) -> tuple[bytes, ...]:
        """Return what goes out for an answer."""
        if not self._active:
            return (answer,)
        if "answer-lost" in self._active:
            return ()
        if (op_code := self._value("answer-other-op")) is not None:
            answer = answer[:1] + bytes((int(op_code),)) + answer[2:]
        return (answer, answer) if "answer-doubled" in self._active else (answer,)

    @property
    def answer_overtakes(self) -> bool:
        """Whether an answer comes before the response to its write."""
        return "answer-first" in self._active

    @property
    def response_delay(self) -> float:
        """Seconds by which responses to reads and writes are late."""
        return self._value("response-late") or 0.0

    @property
    def doubles(self) -> bool:
        """Whether every notification and indication comes twice."""
        return "doubled" in self._active

    def record(self, values: tuple[bytes, ...], *, moving: bool, paused: bool) -> tuple[bytes, ...]:
        """Return what goes out for the record `values` of a belt that is `moving`, or of one that is `paused`."""
        if moving and not paused:
            self._moving = values
        active = self._active
        if not active:
            self._last = values
            return values
        self._records += 1
        if "silent" in active:
            return ()
        if "frozen" in active:
            self._last = self._last or values
            return self._last
        if "malformed" in active:
            return (_NOISE,)
        if paused and "paused-speed" in active:
            values = self._moving or values
        if (every := self._value("zero-glitch")) and self._records % int(every) == 0:
            values = tuple(_with_speed(value, 0) for value in values)
        if (speed := self._value("absurd")) is not None:
            values = tuple(_with_speed(value, speed_of(speed)) for value in values)
        if (octets := self._value("truncated")) is not None:
            values = tuple(value[: int(octets)] for value in values)
        self._last = values
        return values

    # Inside

    def _value(self, name: str) -> float | None:
        active = self._active.get(name)
        return None if active is None else active.fault.value

    def _keep(self, struck: list[_Active]) -> None:
        """Let these be the faults at work, in the order in which they struck."""
        if struck != self._struck:
            self._struck = struck
            self._active = {one.fault.kind.name: one for one in struck}
            self._alter()

    def _alter(self) -> None:
        facts = self._without
        for name, one in self._active.items():
            if name in _ALTERATIONS:
                facts = _ALTERATIONS[name](facts, one.fault.value)
        self.facts = facts


def _with_speed(value: bytes, speed: int) -> bytes:
    """Return a notification with another instantaneous speed; one that tells none stays as it is."""
    if value[0] & _MORE_DATA or len(value) < _SPEED_AT.stop:
        return value
    return value[:2] + min(speed, 0xFFFF).to_bytes(2, "little") + value[4:]


def _with(facts: MachineFacts, section: str, **values: object) -> MachineFacts:
    changed = getattr(facts, section).model_copy(update=values)
    return facts.model_copy(update={section: changed})


def _ignoring(*op_codes: OpCode) -> Callable[[MachineFacts, float], MachineFacts]:
    def alter(facts: MachineFacts, _: float) -> MachineFacts:
        return _with(facts, "control", ignored=(*facts.control.ignored, *op_codes))

    return alter


def _setting(section: str, field: str, of: Callable[[float], Any]) -> Callable[[MachineFacts, float], MachineFacts]:
    def alter(facts: MachineFacts, value: float) -> MachineFacts:
        return _with(facts, section, **{field: of(value)})

    return alter


def _in_miles(facts: MachineFacts, _: float) -> MachineFacts:
    """Return the same belt with a machine that counts in miles: what it announces says the same in other numbers."""
    speed, mph = facts.speed, WireUnit.MPH
    facts = _with(facts, "control", write_unit=mph)
    if speed.unit is mph:
        return facts
    numbers = {name: mph.to_wire(getattr(speed, name)) for name in ("minimum", "maximum", "increment")}
    return _with(facts, "speed", unit=mph, floor=speed.slowest, ceiling=speed.fastest, **numbers)


_ALTERATIONS: Final[dict[str, Callable[[MachineFacts, float], MachineFacts]]] = {
    "answer-late": _setting("control", "answer_delay", float),
    "hang": _setting("control", "answer_delay", lambda _: inf),
    "no-motion": _ignoring(OpCode.START_OR_RESUME),
    "late-motion": _setting("belt", "dead_time", float),
    "speed-ignored": _ignoring(OpCode.SET_TARGET_SPEED),
    "incline-ignored": _ignoring(OpCode.SET_TARGET_INCLINATION),
    "stop-ignored": _ignoring(OpCode.STOP_OR_PAUSE),
    "pause-stops": _setting("control", "pause", lambda _: PauseEffect.STOPS),
    "pause-refused": _setting("control", "pause", lambda _: PauseEffect.REFUSED),
    "floor": _setting("speed", "floor", speed_of),
    "ceiling": _setting("speed", "ceiling", speed_of),
    "overshoot": _setting("belt", "overshoot", float),
    "restarts-on-target": _setting("control", "starts_on_target", lambda _: True),
    "unit-mph": _in_miles,
}
"""The kinds that make another machine of it."""
