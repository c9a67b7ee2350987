"""What every front end offers: prepare a session, start it, steer it, watch it, and leave a record.

The command line uses this, and whatever comes beside it; no front end has its own copy of a rule.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from backstride import __version__
from backstride.errors import RecordError, SafetyError
from backstride.record.header import SIMULATED, Header, MachineRef, PlannedStep, ProfileRef
from backstride.record.journal import Journal
from backstride.record.tally import Tally
from backstride.units import SpeedUnit
from backstride.workout import inputs
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import Ask, Ended, Ending, PersonNeeded, SessionEvent, SessionState, payload
from backstride.workout.plan import Plan, step_label
from backstride.workout.profile import Profile, load_profile
from backstride.workout.session import Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from backstride.driver.machine import Machine
    from backstride.record.summary import Summary
    from backstride.units import Incline, Speed
    from backstride.workout.inputs import PersonInput
    from backstride.workout.profile import Limits

    Listener = Callable[[SessionEvent, float], None]


class Person(Protocol):
    """Whoever answers when a session needs a person (S1, S2, S3)."""

    def ready(self, question: PersonNeeded) -> Awaitable[bool]:
        """Return True once the person agrees; False ends the session."""


class Unattended:
    """Answers yes to everything, at once: for simulators, and for people who say in so many words that they want it.

    On a real treadmill this lets a program start the belt. Whoever passes it takes the place of the person whom S1
    demands, and must see to it that nobody stands on the belt unawares.
    """

    async def ready(self, question: PersonNeeded) -> bool:  # noqa: ARG002 - it does not matter what is asked
        """Agree."""
        return True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A profile compiled for one machine."""

    profile: Profile
    reference: str
    plan: Plan
    envelope: Envelope


def prepare(profile: Profile | str | Path, machine: Machine, personal: Limits | None = None) -> Prepared:
    """Compile a profile, or the one of this name or path, for a connected machine; nothing moves.

    Raises:
        ProfileError: The profile cannot be read.
    """
    reference = profile.name if isinstance(profile, Profile) else str(profile)
    loaded = profile if isinstance(profile, Profile) else load_profile(profile)
    plan = compile_plan(loaded, machine.capabilities, personal)
    return Prepared(loaded, reference, plan, Envelope(machine.capabilities, loaded.limits, personal))


class Walk:
    """One session from the first countdown to the closed record.

    Attributes:
        session: The session underneath.
        record: Path of the record, or None if none is kept.
    """

    def __init__(
        self,
        machine: Machine,
        prepared: Prepared,
        *,
        records: Path | None = None,
        body_mass_kg: float | None = None,
        unit: SpeedUnit = SpeedUnit.MPH,
    ) -> None:
        """Make the session and open its record.

        Args:
            machine: The connected treadmill.
            prepared: What to walk.
            records: Folder for the record; None keeps none.
            body_mass_kg: The walker's mass, for the energy estimate; without it there is none.
            unit: Unit of speeds in what is told and recorded as text.

        Raises:
            PlanError: The plan cannot run on this machine.
            RecordError: The record cannot be written.
        """
        self.session = Session(machine, prepared.plan, prepared.envelope, unit)
        steps = tuple(PlannedStep.of(step, step_label(step, unit)) for step in prepared.plan.steps)
        self._tally = Tally(steps, body_mass_kg=body_mass_kg)
        self._journal: Journal | None = None
        self.record: Path | None = None
        if records is not None:
            self._journal = Journal.create(records, _header(machine, prepared, steps))
            self.record = self._journal.path
        self.session.listen(self._note)

    @property
    def record_fault(self) -> str | None:
        """Why the record is not whole, as a sentence; None while all is well."""
        return None if self._journal is None else self._journal.failed

    def observe(self, listener: Listener) -> None:
        """Call `listener` with every event and the seconds since the session was made; the record comes first."""
        self.session.listen(listener)

    def start(self) -> None:
        """Start the belt, after a countdown: a person's act (S1)."""
        self.session.act(inputs.Begin())

    def pause(self) -> None:
        """Bring the belt to a standstill for a while."""
        self.session.act(inputs.Pause())

    def resume(self) -> None:
        """Start again after a pause: a person's act (S2)."""
        self.session.act(inputs.Resume())

    def stop(self, reason: str = "you stopped it") -> None:
        """End the session; Stop has been handed to the radio when this returns (S4)."""
        self.session.act(inputs.Stop(reason))

    def fail(self, reason: str) -> None:
        """End the session because of a fault; Stop has been handed to the radio when this returns (S4, S6)."""
        self.session.act(inputs.Stop(reason, fault=True))

    def skip(self) -> None:
        """Go on to the next step."""
        self.session.act(inputs.Skip())

    def back(self) -> None:
        """Go back to the beginning of this step, or to the one before."""
        self.session.act(inputs.Back())

    def adjust_speed(self, by: Speed) -> None:
        """Ask for faster or slower by so much for the rest of the step."""
        self.session.act(inputs.AdjustSpeed(by))

    def adjust_incline(self, by: Incline) -> None:
        """Ask for steeper or flatter by so much for the rest of the step."""
        self.session.act(inputs.AdjustIncline(by))

    def set_speed(self, speed: Speed) -> None:
        """Ask for a speed, one of the machine's own, for the rest of the step."""
        self.session.act(inputs.AimSpeed(speed))

    def set_incline(self, incline: Incline) -> None:
        """Ask for an inclination, one of the machine's own, for the rest of the step."""
        self.session.act(inputs.AimIncline(incline))

    @property
    def confirm_starts(self) -> bool:
        """True where `confirm` would start the belt, as things stand: a start is a person's act (S1, S2)."""
        runner = self.session.runner
        in_stand = runner.state is SessionState.RUNNING and runner.progress.is_stand
        return in_stand or runner.state in {SessionState.READY, SessionState.PAUSED}

    def confirm(self) -> None:
        """Do what the session asks for: start, go on from a stand, start again, let the speed rise again."""
        act: PersonInput = inputs.Confirm()
        match self.session.runner.asking:
            case Ask.RESUME:
                act = inputs.Resume()
            case None if self.session.runner.state is SessionState.READY:
                act = inputs.Begin()
            case _:
                pass
        self.session.act(act)

    @property
    def way(self) -> tuple[float, float]:
        """Metres walked and metres climbed so far, by our own reckoning."""
        return self._tally.way

    def summary(self) -> Summary:
        """Return the sums so far."""
        return self._tally.summary()

    async def run(self) -> Ended:
        """Run the session to its end and close the record; the belt stands then, or the result says otherwise."""
        try:
            return await self.session.run()
        finally:
            self._close_record()

    def abandon(self, reason: str) -> None:
        """Close the record of a session that is left before its end, with the belt as it was last seen (S6, S13)."""
        self._note(Ended(Ending.ABORTED, reason, self.session.machine.state.standing), self.session.elapsed)
        self._close_record()

    def _close_record(self) -> None:
        if self._journal is not None:
            with contextlib.suppress(RecordError):  # `record_fault` tells it
                self._journal.close(self._tally.summary().to_payload())

    def _note(self, event: SessionEvent, at: float) -> None:
        values = payload(event, at)
        self._tally.feed(values)
        if self._journal is None:
            return
        try:
            self._journal.append(values)
        except RecordError as error:  # a full disk must not end a walk, but the walker hears of it (S13)
            self.session.warn(f"{error} The session goes on without a record.", "S13")


async def run_session(
    machine: Machine,
    profile: Profile | str | Path,
    *,
    person: Person | None = None,
    personal: Limits | None = None,
    records: Path | None = None,
    on_event: Listener | None = None,
) -> Summary:
    """Walk a profile on a connected machine.

    Args:
        machine: The treadmill.
        profile: The session, or the name or path of one.
        person: Who agrees to the start and to going on after a stand. On a simulator it may be left out.
        personal: The walker's own limits.
        records: Folder for the record; None keeps none.
        on_event: Called with every event and the seconds since the session was made.

    Returns:
        The summary of the walk.

    Raises:
        ProfileError: The profile cannot be read.
        PlanError: The session cannot run on this machine; every reason is in it, and nothing has moved.
        SafetyError: `person` is missing on a real treadmill (S1).
    """
    if person is None:
        if not machine.is_simulated:
            raise SafetyError(
                "A program may start a real treadmill only with a person who agrees: pass person=… (S1).", rule="S1"
            )
        person = Unattended()
    walk = Walk(machine, prepare(profile, machine, personal), records=records)
    asking = _Asking(walk, person)
    walk.observe(asking.heard)
    if on_event is not None:
        walk.observe(on_event)
    plan = walk.session.plan
    parts = (*plan.before, plan.confirm_limits, f"Start {plan.name}?")
    asking.ask(PersonNeeded(Ask.START, " ".join(filter(None, parts))))
    try:
        await walk.run()
    finally:
        await asking.end()
    asking.raise_fault()
    return walk.summary()


class _Asking:
    """Carries a session's questions to a person and the answers back."""

    def __init__(self, walk: Walk, person: Person) -> None:
        self._walk = walk
        self._person = person
        self._task: asyncio.Task[None] | None = None
        self._fault: Exception | None = None

    def raise_fault(self) -> None:
        """Raise what went wrong in asking, if anything did: the belt stands by now."""
        if self._fault is not None:
            raise self._fault

    def heard(self, event: SessionEvent, _: float) -> None:
        if isinstance(event, PersonNeeded):
            self.ask(event)

    def ask(self, question: PersonNeeded) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._answer(question))

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _answer(self, question: PersonNeeded) -> None:
        try:
            agreed = await self._person.ready(question)
        except Exception as fault:  # noqa: BLE001 - a stranger's code; `raise_fault` raises it
            self._fault = fault
            self._walk.stop("nobody could be asked")
            return
        if agreed:
            self._walk.confirm()
        else:
            self._walk.stop("the person did not agree")


def _header(machine: Machine, prepared: Prepared, steps: tuple[PlannedStep, ...]) -> Header:
    identity = machine.identity
    name = f"{machine.name}{SIMULATED if machine.is_simulated else ''}"
    return Header(
        started=datetime.now().astimezone(),
        version=__version__,
        profile=ProfileRef(name=prepared.profile.name, ref=prepared.reference),
        machine=MachineRef(name=name, address=identity.address, model=machine.facts.id),
        plan=steps,
    )
