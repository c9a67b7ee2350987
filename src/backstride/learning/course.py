"""The shell of the trials: carries them out on a probe, puts them before the person, and stops the belt (S4, S6)."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.driver import events
from backstride.driver.probe import Probe, stands
from backstride.errors import MachineError, SafetyError
from backstride.learning.bench import Announced, Choice, Question, Skipped, Step, Stood, Topic
from backstride.learning.log import Log
from backstride.learning.motions import CALM
from backstride.learning.reading import Read
from backstride.learning.report import analyse
from backstride.learning.trials import TRIALS
from backstride.protocol.control_point import RequestControl, StopOrPauseRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.capture.events import Event, Trace
    from backstride.driver.discovery import Found
    from backstride.driver.events import MachineEvent
    from backstride.learning.bench import Person
    from backstride.learning.findings import Findings
    from backstride.learning.log import Doing, Shown
    from backstride.learning.trials import Trial
    from backstride.protocol.control_point import Request
    from backstride.protocol.tickets import Settled

STANDS_WITHIN: Final = 10.0
"""Seconds after a Stop in which telemetry must show a standing belt; else the person is asked."""

ASKS_WHETHER_IT_STANDS: Final = 20
"""How often the person is asked whether the belt stands before the trials are given up."""

_USE_THE_CONSOLE: Final = (
    "The belt is not seen to slow down. Press the treadmill's own stop button, or pull the safety key."
)
_LINK_LOST: Final = (
    "The connection is lost: {reason}. The belt may still be moving: press the treadmill's own stop button."
)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a course came to.

    Attributes:
        read: What the machine said of itself.
        log: What was seen.
        findings: What follows from both.
        ended_early: Why it ended before its last step, or None.
        belt_stands: False if nobody saw the belt stand at the end.
    """

    read: Read
    log: Log
    findings: Findings
    ended_early: str | None
    belt_stands: bool


class Course:
    """All trials on one machine, from the first to the last, or until somebody has had enough.

    Args:
        probe: The connected machine.
        person: Who stands beside it.
        log: Told of what crosses bleak's client, through the probe's trace.
        payload: The service data that the machine advertises.
    """

    def __init__(self, probe: Probe, person: Person, log: Log, payload: bytes | None = None) -> None:
        self.log = log
        self._probe = probe
        self._person = person
        self._number = 0
        self._ended_early: str | None = None
        self._belt_stands = True
        self._trials: asyncio.Task[None] | None = None
        self._asked: asyncio.Future[bool | None] | None = None
        self._asks = True
        self._by_hand = False  # True from when the person is sent to the console's own Start
        identity = probe.identity
        self.read = Read(
            name=identity.name,
            manufacturer=identity.manufacturer,
            model_number=identity.model_number,
            firmware=identity.firmware,
            features=identity.features,
            speeds=identity.speed_range,
            inclines=identity.inclination_range,
            payload=payload,
            properties=probe.properties,
            has_training_status=probe.has_training_status,
            training_value=probe.training_value,
        )

    async def run(self) -> Learned:
        """Try everything; return what was learned, however it ended. The belt is stopped first (S6)."""
        unsubscribe = self._probe.on_event(self._happened)
        self._watched_over()
        self._trials = asyncio.create_task(self._try_all())
        try:
            await self._until_over(self._trials)
            await self._come_to_rest()
        finally:
            unsubscribe()  # until the belt stands, the person is told what to do about it (S5, S12)
        findings = analyse(self.read, self.log)
        return Learned(self.read, self.log, findings, self._ended_early, self._belt_stands)

    def _watched_over(self) -> None:
        """Have a watchdog at its post before anything moves, or say that there is none (S6)."""
        self._probe.guard()
        if self._probe.why_unguarded is not None and not self._probe.is_simulated:
            self._person.told(self._probe.why_unguarded)

    async def _until_over(self, trials: asyncio.Task[None]) -> None:
        try:
            await asyncio.wait({trials})
        finally:
            if not trials.done():
                self._probe.halt()
                trials.cancel()
                await asyncio.wait({trials})
        if not trials.cancelled() and (fault := trials.exception()) is not None:
            raise fault

    def quit(self, reason: str = "you stopped it", *, asks: bool = True) -> None:
        """Stop the belt now (S4), and try nothing more.

        Args:
            reason: Why, as a sentence that has no beginning.
            asks: False if nobody is there any more who could be asked whether the belt stands.
        """
        self._ended_early = self._ended_early or reason
        self._asks = self._asks and asks
        if self._by_hand:
            self._probe.expect_motion()
        if self._probe.is_connected:
            self._probe.halt()
        if self._trials is not None:
            self._trials.cancel()
        if self._asked is not None:
            self._asked.cancel()

    async def _try_all(self) -> None:
        for number, trial in enumerate(TRIALS, start=1):
            self._number = number
            try:
                await self._try(trial)
            except Stood as stood:
                self._ended_early = str(stood)
                return
            except MachineError as error:
                self._ended_early = str(error)
                return

    async def _try(self, trial: Trial) -> None:
        self._person.told(f"Step {self._number} of {len(TRIALS)}: {trial.title}.")
        try:
            await trial.run(self)
        except Skipped as skipped:
            self.log.skipped[trial.doing] = str(skipped)
            self._person.told(f"Left out: {skipped}.")
        except SafetyError as refused:
            self.log.skipped[trial.doing] = str(refused)
            self._person.told(f"Left out: {refused}")
        finally:
            self._probe.withdraw()

    async def _come_to_rest(self) -> None:
        """Stop a belt that may move, at the end of all (S6)."""
        if not self._probe.has_started and not self.log.speed:
            return
        if not self._probe.is_connected:
            self._belt_stands = False
        elif self.log.speed != 0 or self.log.is_blind or self._probe.may_move:
            with contextlib.suppress(MachineError, Stood):
                if self._ended_early is None or self.log.is_blind:
                    await self.stop()
                else:  # whoever has had enough is asked nothing any more
                    self._belt_stands = stands(await self._probe.stop(STANDS_WITHIN))
            self._belt_stands = self._belt_stands and self._probe.is_connected

    def _happened(self, event: MachineEvent) -> None:
        match event:
            case events.StopUnproven():
                self._person.told(_USE_THE_CONSOLE)
            case events.LinkLost(reason):
                self._person.told(_LINK_LOST.format(reason=reason))
                self.quit(f"the connection was lost: {reason}")
            case events.ControlTaken():
                self.quit("the console, or another app, took control")
            case events.SafetyKeyPulled():
                self.quit("the safety key was pulled")
            case events.Unguarded(reason):
                self._person.told(reason)
            case events.WatchdogActed():
                self.quit("this program hung, and the belt was stopped")
            case _:
                pass

    def _require_going(self) -> None:
        """Raise Stood once the trials have ended: a cancellation that meets a timeout may come late."""
        if self._ended_early is not None:
            raise Stood(self._ended_early)

    # --- what a trial may do

    @property
    def announced(self) -> Announced:
        """What the machine says of itself."""
        read = self.read
        return Announced(read.speeds, read.inclines, read.features.target, bool(read.properties))

    @property
    def now(self) -> float:
        """The instant, in seconds."""
        return self._probe.now

    async def agree(self, doing: Doing, title: str, text: str, *motions: Request) -> None:
        """Put a step before the person; its motions are permitted from here on, once each (S1)."""
        self._require_going()
        step = Step(self._number, len(TRIALS), title, text, moves=bool(motions) or doing.by_hand)
        choice = await self._person.agrees(step)
        self._require_going()
        match choice:
            case Choice.SKIP:
                raise Skipped("you left it out")
            case Choice.QUIT:
                raise Stood("you stopped it")
            case Choice.GO:
                self._by_hand = self._by_hand or doing.by_hand
                self._probe.permit(*motions)

    async def write(self, request: Request) -> Settled:
        """Carry out a procedure; return how it ended. What may move keeps its distance from what came before."""
        self._require_going()
        if not isinstance(request, RequestControl | StopOrPauseRequest) and self.log.writes:
            await self.watch(max(0.0, self.log.writes[-1].at + CALM - self.now))
        return await self._probe.carry_out(request)

    async def pause(self) -> Settled:
        """Carry out Pause."""
        self._require_going()
        return await self._probe.pause()

    async def stop(self) -> bool:
        """Stop the belt until it is seen to stand, or the person says that it does (S5)."""
        for _ in range(ASKS_WHETHER_IT_STANDS):
            if stands(await self._probe.stop(STANDS_WITHIN)) and not self.log.is_blind:
                return True
            if await self._is_said_to_stand():
                self._probe.seen_standing()
                return False
            self._person.told(_USE_THE_CONSOLE)
            await self._probe.watch(1.0)
        self._belt_stands = False
        raise Stood("the belt did not stop")

    async def _is_said_to_stand(self) -> bool:
        """Ask the person; whoever leaves meanwhile, or whose terminal has gone, is waited for no longer (S6)."""
        if not self._asks:
            self._belt_stands = False
            raise Stood("the belt was not seen to stand")
        question = Question(Topic.BELT_STANDS, "Does the belt stand?")
        self._asked = asyncio.ensure_future(self._person.sees(question))
        try:
            return bool(await self._asked)
        except asyncio.CancelledError:
            if not self._asked.cancelled() or (task := asyncio.current_task()) is None or task.cancelling():
                raise
            self._belt_stands = False
            raise Stood("the belt was not seen to stand") from None
        finally:
            self._asked.cancel()

    async def watch(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass until `until` holds; return whether it does."""
        self._require_going()
        holds = await self._probe.watch(seconds, until)
        if self._probe.ran_away:
            raise Stood("the belt ran faster than a walk, and was stopped")
        return holds

    async def sees(self, topic: Topic, text: str) -> bool | None:
        """Ask the person yes or no."""
        self._require_going()
        return await self._person.sees(Question(topic, text))

    async def reads(self, topic: Topic, text: str) -> Shown | None:
        """Ask the person what the console shows."""
        self._require_going()
        return await self._person.reads(Question(topic, text))


async def learn(
    found: Found,
    person: Person,
    *,
    trace: Trace | None = None,
    begun: Callable[[Course], None] = lambda _course: None,
) -> Learned:
    """Connect to an unknown treadmill and try it out.

    Args:
        found: What a scan found.
        person: Who stands beside it.
        trace: Told of everything that crosses bleak's client, for a capture.
        begun: Called with the course before its first step: whoever has it can `quit` at any time.

    Raises:
        NotFound: The device is not there, or Bluetooth is not to be had.
        NotATreadmill: It is something else.
        Disconnected: The connection failed before anything was tried.
    """
    log, loop = Log(), asyncio.get_running_loop()

    def happened(event: Event) -> None:
        log.take(event, loop.time())
        if trace is not None:
            trace(event)

    async with Probe.connect(found, trace=happened) as probe:
        course = Course(probe, person, log, found.payload)
        begun(course)
        return await course.run()
