"""Which target goes to the belt next, if any: the way from what is to what is wanted, rule by rule. Pure.

Decreases go out at once; increases pass S8 (gently) and S9 (not on thin ice); what the console or the person set holds
to the end of the step (S11); relative wishes count from the last target, never from lagging telemetry (S8).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from backstride.driver.confirmation import INCLINE_TOLERANCE, SPEED_TOLERANCE, Command
from backstride.errors import SafetyError
from backstride.workout.envelope import OFF_TARGET, BeltView, Envelope, thin_ice
from backstride.workout.events import Held, Overridden, TargetSet
from backstride.workout.inputs import Effect, SetIncline, SetSpeed
from backstride.workout.plan import wanted_on
from backstride.workout.target import Quantity, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from backstride.driver.confirmation import Outcome
    from backstride.driver.state import MachineState
    from backstride.units import Incline, Speed
    from backstride.workout.plan import PlanStep
    from backstride.workout.profile import Facing

SAY_HELD_AFTER: Final = 3.0
"""Seconds an increase must be held back before the person hears of it: a confirmation takes one or two."""

INCLINE_OFF_TARGET: Final = 5
"""Tenths of a per cent by which the deck may be off its target before somebody else must have moved it (S11)."""


WAITS: Final = "an increase waits: "
"""How it is said that a wish is not refused, and has to wait (S9)."""

_NOT_OURS: Final = Held("S11", "somebody else has control of the treadmill; confirm to take it back")


class _Grid(Protocol[Quantity]):
    """What a wish needs of a machine's speeds or inclinations."""

    @property
    def increment(self) -> Quantity: ...

    def snap(self, value: Quantity, /, *, ceiling: Quantity | None = None) -> Quantity: ...

    def require(self, value: Quantity, /) -> None: ...


@dataclass(slots=True)
class Steering:
    """The targets of one session.

    Attributes:
        envelope: The gate every target passes.
        cautious: True after a reconnection: hold or lower only, until a person confirms (S12).
        hands_off: True while somebody else has control: nothing is set at all (S11).
    """

    envelope: Envelope
    cautious: bool = False
    hands_off: bool = False
    _speed: Target[Speed] = field(default_factory=Target)
    _incline: Target[Incline] = field(default_factory=Target)
    _last_rise: float = float("-inf")
    _blocked_since: float | None = None
    _blocked_said: bool = False

    @property
    def speed(self) -> Speed | None:
        """Last speed target, ours or the console's; None while the belt has had none since it was started."""
        return self._speed.value

    @property
    def incline(self) -> Incline | None:
        """Last inclination target, likewise."""
        return self._incline.value

    @property
    def disobeyed(self) -> bool:
        """True while nobody knows what became of the last command, or the machine refused it (S10)."""
        return self.in_doubt or self._speed.refused is not None or self._incline.refused is not None

    @property
    def in_doubt(self) -> bool:
        """True while nobody knows what became of the last command: nothing increases (S10)."""
        return self._speed.doubtful or self._incline.doubtful

    def belt_started(self, now: float) -> None:
        """Begin afresh on a belt that a person has just started: its start counts as a rise, no target is known."""
        self._speed.belt_started()
        self._incline.belt_started()
        self._last_rise, self.cautious = now, False
        self._unblocked()

    def enter_step(self) -> None:
        """Let go of what console and person set: it held to the end of the step."""
        self._speed.enter_step()
        self._incline.enter_step()

    def steer(self, step: PlanStep, fraction: float, state: MachineState, now: float) -> Iterator[Effect]:
        """Yield what to set now on a belt that is seen to move."""
        if self.hands_off:
            return
        speed, incline = wanted_on(self.envelope.capabilities, step, fraction)
        speed = self._wanted(self._speed, self.envelope.capabilities.speed, speed)
        incline = self._wanted(self._incline, self.envelope.capabilities.incline, incline)
        blocked = yield from self._steer_speed(speed, step.facing, state, now)
        blocked = (yield from self._steer_incline(incline, step.facing, state, now)) or blocked
        if blocked is not None:
            yield from self._blocked(blocked, now)
        else:
            self._unblocked()

    def _wanted(self, target: Target[Quantity], grid: _Grid[Quantity] | None, planned: Quantity) -> Quantity:
        """Return what is held, or what is planned; what has to be set anew lies on the machine's grid, not above."""
        held = target.held
        if held is None:
            return planned
        return held if grid is None or held == target.value else grid.snap(held, ceiling=held)

    # --- what person and console want

    def adjust_speed(self, by: Speed, facing: Facing, state: MachineState) -> Held | None:
        """Take a wish relative to the last target; return why it is refused, if it is."""
        grid, value = self.envelope.capabilities.speed, self._speed.value
        if grid is None or value is None:
            return self._no_speed_yet()
        check = partial(self.envelope.check_speed, facing=facing)
        return self._adjust(self._speed, value, grid, by, state.speed, check)

    def adjust_incline(self, by: Incline, facing: Facing, state: MachineState) -> Held | None:
        """Take a wish relative to the last target; return why it is refused, if it is."""
        grid, value = self.envelope.capabilities.incline, self._incline.value
        if grid is None or value is None:
            return self._no_incline_yet()
        check = partial(self.envelope.check_incline, facing=facing)
        return self._adjust(self._incline, value, grid, by, state.incline, check)

    def aim_speed(self, at: Speed, facing: Facing) -> Held | None:
        """Take a wish for a speed of the machine's own; return why it is refused, if it is."""
        grid = self.envelope.capabilities.speed
        if grid is None or self._speed.value is None:
            return self._no_speed_yet()
        return self._aim(self._speed, grid, at, partial(self.envelope.check_speed, facing=facing))

    def aim_incline(self, at: Incline, facing: Facing) -> Held | None:
        """Take a wish for an inclination of the machine's own; return why it is refused, if it is."""
        grid = self.envelope.capabilities.incline
        if grid is None or self._incline.value is None:
            return self._no_incline_yet()
        return self._aim(self._incline, grid, at, partial(self.envelope.check_incline, facing=facing))

    def _aim(
        self, target: Target[Quantity], grid: _Grid[Quantity], at: Quantity, check: Callable[[Quantity], None]
    ) -> Held | None:
        if self.hands_off:
            return _NOT_OURS
        try:
            grid.require(at)
            check(at)
        except SafetyError as error:
            return Held(error.rule, str(error))
        target.hold(at)
        return None

    def _no_speed_yet(self) -> Held:
        return Held("S2", "the speed can be changed once the belt moves at its first target")

    def _no_incline_yet(self) -> Held:
        return Held("S7", f"the incline cannot be set: {self.envelope.capabilities.no_incline or 'not yet'}")

    def _adjust(
        self,
        target: Target[Quantity],
        value: Quantity,
        grid: _Grid[Quantity],
        by: int,
        seen: Quantity | None,
        check: Callable[[Quantity], None],
    ) -> Held | None:
        if self.hands_off:
            return _NOT_OURS
        base = value if target.held is None else target.held
        if by < 0:  # slower is slower than what is seen, where nobody knows what became of the last target
            base = min(base, target.certain(value, seen, cautious=self.cautious))
        wanted = grid.snap(base + by)
        if wanted == base:  # a wish smaller than the machine's step means one step
            wanted = grid.snap(base + (grid.increment if by > 0 else -grid.increment))
        if wanted == base or (wanted > base) is not (by > 0):
            return Held("S7", f"{base} is as far as this machine goes")
        try:
            check(max(wanted, base + by) if by > 0 else wanted)
        except SafetyError as error:
            return Held(error.rule, str(error))
        target.hold(wanted)
        return None

    def adopt(self, *, speed: Speed | None = None, incline: Incline | None = None) -> Overridden | None:
        """Take over what the console set; it is held to the end of the step and never fought (S11).

        None if it is our own target, which some machines announce seconds later, or a speed of zero: a stop is no
        target.
        """
        if speed and speed != self._speed.value:
            self._speed.adopt(speed)
            return Overridden("speed", speed=speed)
        if incline is not None and incline != self._incline.value:
            self._incline.adopt(incline)
            return Overridden("incline", incline=incline)
        return None

    def started_by_console(self, state: MachineState) -> Overridden | None:
        """Follow the speed of a belt that was started on the console, to the end of the step (S11)."""
        if not state.speed:
            return None
        self._speed.adopt(state.speed, guessed=True)
        return Overridden("speed", speed=state.speed)

    def observe(self, state: MachineState) -> Iterator[Overridden]:
        """Take telemetry; yield an override if the belt has left a target it had reached, without our doing (S11)."""
        speed = self._speed.observe(state.speed or None, near=SPEED_TOLERANCE, off=OFF_TARGET)
        if speed is not None:
            yield Overridden("speed", speed=speed)
        grid = self.envelope.capabilities.incline
        step = 0 if grid is None else grid.increment
        incline = self._incline.observe(state.incline, near=INCLINE_TOLERANCE, off=max(INCLINE_OFF_TARGET, step))
        if incline is not None:
            yield Overridden("incline", incline=incline)

    def reconnected(self, state: MachineState) -> Overridden | None:
        """After a reconnection: hold or lower only (S12); what was changed meanwhile is the console's doing (S11)."""
        self.cautious = True
        if not state.speed or self._speed.value is None or abs(state.speed - self._speed.value) <= OFF_TARGET:
            return None
        self._speed.adopt(state.speed, guessed=True)
        return Overridden("speed", speed=state.speed)

    def settled(self, command: Command, outcome: Outcome, state: MachineState) -> bool:
        """Take the outcome of a target; return True if it is the latest of its kind and was not confirmed."""
        if command is Command.SPEED:
            return self._speed.settle(outcome, state.speed)
        return self._incline.settle(outcome, state.incline)

    def confirmed_by_person(self, state: MachineState, *, without_incline: bool = False) -> bool:
        """Allow increases again: a person has looked and said so (S10, S12). What came to nothing is asked again.

        With `without_incline` an incline that came to nothing is left out from here on; return whether it is.
        """
        self.cautious = False
        leave_out = without_incline and self._incline.doubtful
        if leave_out:
            self._incline.leave_out()
        self._speed.believe(state.speed)
        self._incline.believe(state.incline)
        return leave_out

    def take_up_incline(self) -> None:
        """Set the incline again: it was left out, and the deck is seen to move after all (S10)."""
        self._incline.take_up_again()

    # --- speed

    def _steer_speed(
        self, wanted: Speed, facing: Facing, state: MachineState, now: float
    ) -> Generator[Effect, None, Held | None]:
        grid, target = self.envelope.capabilities.speed, self._speed
        if grid is None or wanted == target.value:
            return None
        rises = False
        if target.value is None:
            wanted = grid.minimum
        elif wanted > target.certain(target.value, state.speed, cautious=self.cautious):
            if (ice := self._ice(state, now)) is not None:
                return ice
            rise = self.envelope.next_speed(target.value, wanted, facing, now - self._last_rise)
            if rise is None:
                return None
            wanted, rises = rise, True
        if target.is_refused(wanted):
            return None
        try:
            self.envelope.check_speed(wanted, facing)
        except SafetyError as error:
            return Held(error.rule, str(error))
        self._last_rise = now if rises else self._last_rise
        target.send(wanted)
        yield SetSpeed(wanted)
        yield TargetSet(speed=wanted)
        return None

    # --- incline

    def _steer_incline(
        self, wanted: Incline, facing: Facing, state: MachineState, now: float
    ) -> Generator[Effect, None, Held | None]:
        grid, target = self.envelope.capabilities.incline, self._incline
        if grid is None or not grid.reported or target.left_out:
            return None
        if target.value is None and state.incline is not None and abs(state.incline - wanted) < grid.increment:
            target.value = wanted
        if wanted == target.value or target.is_refused(wanted):
            return None
        known = state.incline if target.value is None else target.value
        rises = known is None or wanted > target.certain(known, state.incline, cautious=self.cautious)
        if rises and (ice := self._ice(state, now)) is not None:
            return ice
        try:
            self.envelope.check_incline(wanted, facing)
        except SafetyError as error:
            return Held(error.rule, str(error))
        target.send(wanted)
        yield SetIncline(wanted)
        yield TargetSet(incline=wanted)
        return None

    # --- what holds an increase back

    def _ice(self, state: MachineState, now: float) -> Held | None:
        if self.cautious:
            return Held("S12", "after the reconnection nothing increases until you confirm")
        unconfirmed = ""
        for command, target in ((Command.INCLINE, self._incline), (Command.SPEED, self._speed)):
            if target.in_flight or target.doubtful:
                unconfirmed = command.value
        view = BeltView(state.speed, state.age(now), state.samples, self._speed.value, unconfirmed)
        reason = thin_ice(view)
        return None if reason is None else Held("S9", reason)

    def _blocked(self, held: Held, now: float) -> Iterator[Effect]:
        if self._blocked_since is None:
            self._blocked_since = now
        if now - self._blocked_since >= SAY_HELD_AFTER and not self._blocked_said:
            self._blocked_said = True
            yield Held(held.rule, f"{WAITS}{held.reason}")

    def _unblocked(self) -> None:
        self._blocked_since, self._blocked_said = None, False
