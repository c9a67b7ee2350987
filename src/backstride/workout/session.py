"""The asyncio shell around the runner: feed inputs, carry effects to the machine, arm one timer. It decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from backstride.driver import events as machine_events
from backstride.driver.confirmation import Command, Confirmed, Outcome, Rejected
from backstride.driver.linked import LEAVE_WITHIN
from backstride.driver.reconnect import reconnect
from backstride.driver.tasks import Tasks
from backstride.errors import BackstrideError
from backstride.units import SpeedUnit
from backstride.workout.conduct import USE_THE_CONSOLE
from backstride.workout.events import Ended, Ending, SessionEvent, Warned
from backstride.workout.inputs import (
    Effect,
    Happened,
    Input,
    Observed,
    PauseBelt,
    SetIncline,
    SetSpeed,
    Settled,
    StartBelt,
    Stop,
    StopBelt,
    TakeControl,
    Tick,
)
from backstride.workout.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from backstride.driver.events import MachineEvent
    from backstride.driver.machine import Machine
    from backstride.driver.state import MachineState
    from backstride.workout.envelope import Envelope
    from backstride.workout.inputs import PersonInput
    from backstride.workout.plan import Plan

    Listener = Callable[[SessionEvent, float], None]


class Session:
    """One walk of one plan on one connected machine.

    Attributes:
        machine: The treadmill.
        runner: The state machine; read it, and act only through `act`.
    """

    def __init__(self, machine: Machine, plan: Plan, envelope: Envelope, unit: SpeedUnit = SpeedUnit.KMH) -> None:
        """Prepare a session; nothing moves before a person's `Begin` (S1).

        Raises:
            PlanError: The plan cannot run on this machine.
        """
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self.machine = machine
        self.runner = Runner(plan, envelope, self._began, unit)
        self._listeners: list[Listener] = []
        self._tasks = Tasks()
        self._timer: asyncio.TimerHandle | None = None
        self._reconnecting: asyncio.Task[None] | None = None
        self._fault: Exception | None = None
        self._broken = False  # True once the runner is not asked any more
        self._over: asyncio.Future[Ended] = self._loop.create_future()

    @property
    def plan(self) -> Plan:
        """The plan that is walked."""
        return self.runner.plan

    @property
    def elapsed(self) -> float:
        """Seconds since the session was made."""
        return self._loop.time() - self._began

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event and the seconds since the session was made."""
        self._listeners.append(listener)

    def warn(self, text: str, rule: str = "") -> None:
        """Tell every listener of something that goes wrong beside the session."""
        faultless = self._fault is None
        self._tell(Warned(text, rule))
        self._stop_after_fault(faultless=faultless)

    def act(self, person: PersonInput) -> None:
        """Take what a person does; it has reached the machine's queue when this returns."""
        self._feed(person)

    async def run(self) -> Ended:
        """Run to the end; the belt stands then, or the last event says that nobody can see it.

        A cancelled session stops the belt first (S6), and so does one in which a listener fails; its exception is
        raised when the belt stands.
        """
        forget_states = self.machine.on_state(self._observed)
        forget_events = self.machine.on_event(self._happened)
        try:
            self._watched_over()
            self._feed(Observed(self.machine.state))
            if not self.machine.is_connected:
                self._reconnect()
            ended = await asyncio.shield(self._over)
        except asyncio.CancelledError:
            await self._leave()
            raise
        finally:
            forget_states()
            forget_events()
            await self._clear_up()
        if self._fault is not None:
            raise self._fault
        return ended

    async def _leave(self) -> None:
        """Stop the belt; whoever cannot see it stand in time says so (S5, S6)."""
        self.machine.leave_by(self._loop.time() + LEAVE_WITHIN)
        self._feed(Stop("the program was told to go", fault=True))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_WITHIN):
                await asyncio.shield(self._over)
        if not self._over.done():
            self._broken = True  # the runner would wait longer than the program may
            self._end_unseen("the program was told to go")

    def _end_unseen(self, reason: str) -> None:
        self._tell(Warned(f"Unknown whether the belt stands. {USE_THE_CONSOLE}", "S5", urgent=True))
        self._tell(Ended(Ending.ABORTED, reason, belt_standing=None))

    async def _clear_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.end()

    # --- in

    def _observed(self, state: MachineState) -> None:
        self._feed(Observed(state))

    def _happened(self, event: MachineEvent) -> None:
        match event:
            case machine_events.LinkLost():
                self._reconnect()
            case machine_events.WatchdogActed():
                self.act(Stop("this program hung, and the belt was stopped", fault=True))
            case machine_events.Unguarded(reason):
                self.warn(reason, "S6")
            case _:
                pass
        self._feed(Happened(event))

    def _watched_over(self) -> None:
        """Begin with a watchdog, or say that there is none (S6); that of a simulated belt goes without saying."""
        self.machine.guard()
        if self.machine.why_unguarded is not None and not self.machine.is_simulated:
            self.warn(self.machine.why_unguarded, "S6")

    def _reconnect(self) -> None:
        if self._reconnecting is None:
            self._reconnecting = self._spawn(reconnect(self.machine, lambda trouble: self.warn(trouble, "S12")))
            self._reconnecting.add_done_callback(self._reconnected)

    def _reconnected(self, task: asyncio.Task[None]) -> None:
        self._reconnecting = None
        if not task.cancelled() and not self.machine.is_connected and not self._over.done():
            self._reconnect()  # lost again before this was heard of

    def _timer_fired(self) -> None:
        self._timer = None
        self._feed(Tick())

    def _feed(self, given: Input) -> None:
        """Let the runner act; whatever fails in it, or in a listener, ends with a stopped belt (S6)."""
        if self._broken:
            return
        faultless = self._fault is None
        try:
            for effect in self.runner.handle(given, self._loop.time()):
                self._apply(effect)
            self._arm()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the belt comes first; `run` raises it
            self._break(fault)
        self._stop_after_fault(faultless=faultless)

    def _stop_after_fault(self, *, faultless: bool) -> None:
        """Stop the belt if something has failed that was `faultless` before (S6)."""
        if faultless and self._fault is not None:
            self._feed(Stop(f"the program failed: {self._fault}", fault=True))

    def _break(self, fault: Exception) -> None:
        """Go on without the runner, which has failed: to nothing but a standing belt."""
        if not self._broken:
            self._broken = True
            self._fault = self._fault or fault
            self._spawn(self._end_broken())

    async def _end_broken(self) -> None:
        outcome: Outcome | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_WITHIN):
                outcome = await self.machine.stop()
        reason = f"the program failed: {self._fault}"
        if isinstance(outcome, Confirmed):
            self._tell(Ended(Ending.ABORTED, reason, belt_standing=True))
        else:
            self._end_unseen(reason)

    def _arm(self) -> None:
        deadline = self.runner.next_deadline()
        if self._timer is not None:
            if self._timer.when() == deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._timer_fired)

    # --- out

    def _apply(self, effect: Effect) -> None:
        match effect:
            case SessionEvent():
                self._tell(effect)
            case StopBelt():
                self._report(Command.STOP, self.machine.stop())
            case PauseBelt():
                self._report(Command.PAUSE, self.machine.pause())
            case StartBelt():
                self._report(Command.START, self.machine.start())
            case SetSpeed(speed):
                self._report(Command.SPEED, self.machine.set_speed(speed))
            case SetIncline(incline):
                self._report(Command.INCLINE, self.machine.set_incline(incline))
            case TakeControl():
                self._report(Command.CONTROL, self.machine.take_control())

    def _report(self, command: Command, pending: Awaitable[Outcome]) -> None:
        self._spawn(self._settle(command, pending))

    async def _settle(self, command: Command, pending: Awaitable[Outcome]) -> None:
        try:
            outcome = await pending
        except BackstrideError as error:
            outcome = Rejected(str(error))
        self._feed(Settled(command, outcome))

    def _tell(self, event: SessionEvent) -> None:
        at = self.elapsed
        for listener in tuple(self._listeners):
            try:
                listener(event, at)
            except Exception as fault:  # noqa: BLE001 - a stranger's code; `run` raises it when the belt stands
                self._fault = self._fault or fault
                self._listeners.remove(listener)
        if isinstance(event, Ended) and not self._over.done():
            self._over.set_result(event)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = self._tasks.spawn(work)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(fault := task.exception(), Exception):
            self._break(fault)
