"""One treadmill on the broker: its machine and its walk on one side, desk and outbox on the other.

It knows no broker. What comes is handed to `command` and `stop`; what is to go out waits in `outbox`.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.acts import OVER, carry_out, starts
from backstride.apps.mqtt.awaiting import Awaiting
from backstride.apps.mqtt.beat import until_turn
from backstride.apps.mqtt.bulletin import Bulletin
from backstride.apps.mqtt.desk import Desk, Refused
from backstride.apps.mqtt.linking import LOG, Linking
from backstride.apps.mqtt.messages import read_caller, write
from backstride.apps.mqtt.payloads import OFFLINE, Answer, Cause, Command, Outcome, Verb
from backstride.apps.mqtt.repertoire import Choice
from backstride.apps.mqtt.topics import Channel
from backstride.apps.service import Walk
from backstride.driver.confirmation import Confirmed
from backstride.driver.tasks import Tasks
from backstride.errors import BackstrideError
from backstride.workout.conduct import USE_THE_CONSOLE
from backstride.workout.events import CommandSettled, Ended, Held, SessionState
from backstride.workout.steering import WAITS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backstride.apps.mqtt.outbox import Outbox
    from backstride.apps.mqtt.payloads import Abilities
    from backstride.apps.mqtt.repertoire import Repertoire
    from backstride.apps.service import Prepared
    from backstride.driver.confirmation import Outcome as MachineOutcome
    from backstride.driver.machine import Machine
    from backstride.workout.events import SessionEvent


STOPS_APART: Final = 0.1
"""Seconds within which one more Stop for a belt that is being stopped does not go to the radio once more."""

AGREED_FOR: Final = 60.0
"""Seconds for which agreement to more than the default limits holds, unless the session begins (S7)."""

LEAVES_WITHIN: Final = 15.0
"""Seconds that a belt which is being stopped gets until it stands: as long as from full speed down."""


class Station:
    """One connected treadmill, offered on the broker.

    Args:
        machine: The treadmill.
        outbox: What is to be published waits here, under the treadmill's name in topics.
        repertoire: What it can be told to walk.
        able: What it is told to be, and whether its belt may be started over MQTT (S1).
        filled: Called whenever something new waits in the outbox.
        hears_stop: Returns whether a Stop would be heard; while it would not, nothing starts the belt.
        wall: Returns the seconds since 1970.

    Attributes:
        name: The treadmill's name in topics.
        gives_way: True while another bridge drives this treadmill: only Stop is taken then.
    """

    def __init__(
        self,
        machine: Machine,
        outbox: Outbox,
        repertoire: Repertoire,
        able: Abilities,
        *,
        filled: Callable[[], None] = lambda: None,
        hears_stop: Callable[[], bool] = lambda: True,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.name = outbox.name
        self.gives_way = False
        self._machine = machine
        self._repertoire = repertoire
        self._able = able
        self._hears_stop = hears_stop
        self._wall = wall
        self._loop = asyncio.get_running_loop()
        self._desk = Desk(allow_start=able.allows_start)
        self._awaiting = Awaiting()
        self._tasks = Tasks()
        self._choice = Choice.first(repertoire, machine)
        self._agreed_at = float("inf")
        self._walk: Walk | None = None
        self._walking: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._linking = Linking(machine, self.name, self._tasks)
        self._stopped_at = float("-inf")
        self._held: Held | None = None
        self._bulletin = Bulletin(outbox, filled, lambda: (self._walk, self._choice))

    @property
    def in_session(self) -> bool:
        """True while a session runs."""
        return self._walk is not None

    async def serve(self) -> None:
        """Offer the treadmill until cancelled; the belt stands then, or everything to stop it has been done (S6)."""
        self._bulletin.put(Channel.CAPABILITIES, write(self._able))
        self._bulletin.tell_session()
        forget = self._machine.on_event(lambda _: self._look())
        try:
            while True:
                self._look()
                await asyncio.sleep(until_turn(self.name, self._loop.time()))
        finally:
            forget()
            await self._leave()

    async def _leave(self) -> None:
        if self._walking is not None:
            self._walking.cancel()  # a walk that is cancelled stops the belt first (S6)
            await asyncio.wait({self._walking})
        if self._stopping is not None:
            await asyncio.wait({self._stopping}, timeout=LEAVES_WITHIN)
        await self._tasks.end()
        self._bulletin.flush()
        self._bulletin.put(Channel.LINK, OFFLINE.encode())

    # --- what comes

    def stop(self, octets: bytes = b"", *, caller: str = "", reason: str = "it was stopped over MQTT") -> None:
        """Stop the belt; Stop has been handed to the radio when this returns (S4).

        Args:
            octets: What came with it: anything.
            caller: The id under which it is answered, where that is known already.
            reason: Why, for the record.
        """
        self._desk.stopped(self._wall())
        now = self._loop.time()
        pressed_again = now - self._stopped_at < STOPS_APART
        state = None if self._walk is None else self._walk.session.runner.state
        if self._walk is None or state in OVER:
            if self._stopping is None or not pressed_again:
                self._stopped_at = now
                self._stop_idle()
        elif not (pressed_again and state is SessionState.STOPPING):
            self._stopped_at = now
            self._walk.stop(reason)
        self._expect_stop(octets, caller)

    def command(self, octets: bytes, *, retained: bool = False) -> None:
        """Take a command; whatever it is, it is carried out, answered, or counted, and nothing is raised."""
        confirm_starts = self._walk is None or self._walk.confirm_starts
        result = self._desk.take(
            octets, retained=retained, confirm_starts=confirm_starts, now=self._wall(), hears_stop=self._hears_stop()
        )
        if isinstance(result, Refused):
            self._answer(*([] if result.answer is None else [result.answer]))
        elif result.verb is Verb.STOP:
            self.stop(caller=result.id)
        elif self.gives_way:
            self._desk.count(Cause.NOT_OURS)
        else:
            self._carry_out(result)

    def _expect_stop(self, octets: bytes, caller: str) -> None:
        caller = caller or read_caller(octets)
        if caller and not self._awaiting.expect_stop(caller):
            self._desk.unanswered += 1

    def _stop_idle(self) -> None:
        """Stop a belt that moves without a session: started on the console, or left by another program."""
        self._stopping = self._tasks.spawn(self._until_standing(self._machine.stop()))

    async def _until_standing(self, halt: Awaitable[MachineOutcome]) -> None:
        outcome = await halt
        self._stopping = None
        stands = True if isinstance(outcome, Confirmed) else self._machine.state.standing
        self._answer(*self._awaiting.stopped(standing=stands, reason=str(outcome)))

    # --- commands

    def _carry_out(self, command: Command) -> None:
        match command:
            case Command(verb=Verb.PROFILE, argument=str(profile)):
                self._choose(command, profile)
            case Command(verb=Verb.START) if self._walk is None:
                self._start(command)
            case Command(verb=Verb.CONFIRM) if self._walk is None:
                self._confirm_first(command)
            case _ if self._walk is None:
                self._reject(command, "there is no session; start begins one")
            case _:
                self._steer(command, self._walk)

    def _steer(self, command: Command, walk: Walk) -> None:
        """Let the session decide; answer what it refuses and what is done with that, and wait for the rest."""
        starting = starts(command.verb, walk)
        self._take_held()
        done = carry_out(command, walk)
        if (refused := self._take_held()) is not None:
            self._reject(command, refused)
        elif done:
            self._answer(Answer(command.id, command.verb, Outcome.CONFIRMED, ""))
        else:
            self._answer(*self._awaiting.expect(command, self._loop.time(), starts=starting))
        self._bulletin.tell_session()

    def _start(self, command: Command) -> None:
        """Begin the chosen session (S1)."""
        if self._choice is None:
            self._reject(command, "this treadmill cannot run any session that is on offer")
        elif self._choice.consent.is_open:
            self._reject(command, f"{self._choice.consent.question.text} Send confirm first (S7).")
        elif not self._machine.is_connected:
            self._reject(command, "there is no connection to the treadmill (S12)")
        elif self._stopping is not None:
            self._reject(command, "the belt is being stopped (S2)")
        elif (
            self._machine.state.standing is False
        ):  # no session is made only to be refused: its end would stop the belt
            self._reject(command, "the belt is moving already; stop it first (S1)")
        else:
            self._begin(command, self._choice.prepared)

    def _begin(self, command: Command, prepared: Prepared) -> None:
        offer = self._repertoire
        try:
            walk = Walk(
                self._machine, prepared, records=offer.records, body_mass_kg=offer.body_mass_kg, unit=offer.unit
            )
        except BackstrideError as error:
            self._reject(command, str(error))
            return
        self._walk = walk
        walk.observe(self._heard)
        self._answer(*self._awaiting.expect(command, self._loop.time(), starts=True))
        self._walking = self._tasks.spawn(self._run(walk))
        self._loop.call_soon(self._set_off, walk)

    def _set_off(self, walk: Walk) -> None:
        """Start the belt of a session that has just looked at it."""
        if walk is not self._walk:
            return  # it was stopped before it began
        self._take_held()
        walk.start()
        if (refused := self._take_held()) is not None:
            self._answer(*self._awaiting.end(refused, standing=self._machine.state.standing))
            walk.stop(f"it could not begin: {refused}")

    async def _run(self, walk: Walk) -> None:
        """Walk to the end; whatever fails, the belt stands then, and the treadmill is offered again."""
        reason = "the session is over"
        try:
            reason = (await walk.run()).reason or reason
        except Exception as fault:  # noqa: BLE001 - whatever it is, the treadmill is offered again
            LOG.exception("a session on %s failed; the belt was stopped", self.name)
            reason = f"the program failed: {fault}"
        finally:
            self._walk = self._walking = None
            self._answer(*self._awaiting.end(reason, standing=self._machine.state.standing))
            if self._machine.state.standing is not True:
                LOG.critical("%s: nobody can see whether the belt stands. %s", self.name, USE_THE_CONSOLE)
            if walk.record_fault is not None:
                LOG.warning("%s: %s", self.name, walk.record_fault)
            if self._choice is not None:
                self._choice = self._choice.renewed
            self._bulletin.end(reason)
            self._look()
            self._bulletin.tell_session()

    def _confirm_first(self, command: Command) -> None:
        """Agree to what the chosen session needs first (S7), or begin it (S1)."""
        if self._choice is not None and self._choice.consent.is_open:
            self._choice.consent.agree()
            self._agreed_at = self._loop.time()
            self._answer(Answer(command.id, command.verb, Outcome.CONFIRMED, self._choice.consent.question.text))
            self._bulletin.tell_session()
        else:
            self._start(command)

    def _forget_agreement(self) -> None:
        """Let an agreement lapse: whoever starts the belt much later may be somebody else."""
        if self._choice is not None and self._loop.time() - self._agreed_at > AGREED_FOR:
            self._agreed_at = float("inf")
            self._choice = self._choice.renewed
            self._bulletin.tell_session()

    def _choose(self, command: Command, name: str) -> None:
        if self._walk is not None:
            self._reject(command, "a session runs already; stop it first")
            return
        try:
            self._choice = Choice.of(name, self._repertoire, self._machine)
        except BackstrideError as error:
            self._reject(command, str(error))
        else:
            self._answer(Answer(command.id, command.verb, Outcome.CONFIRMED, ""))
            self._bulletin.tell_session()

    # --- what goes out

    def _heard(self, event: SessionEvent, at: float) -> None:
        if isinstance(event, Held) and not event.reason.startswith(WAITS):
            self._held = self._held or event
        self._answer(*self._awaiting.hear(event))
        self._bulletin.tell_event(event, at)
        if isinstance(event, Ended | CommandSettled):
            self._look()

    def _take_held(self) -> str | None:
        """Return why the session has refused what was asked of it just now, if it has."""
        held, self._held = self._held, None
        return None if held is None else f"{held.reason} ({held.rule})"

    def _look(self) -> None:
        """Look at belt, link and clock; tell what has changed."""
        if self._walk is None:
            self._linking.look()
            self._forget_agreement()
        elif self._walk.session.runner.state is SessionState.PAUSED and self._machine.state.standing is True:
            self._answer(*self._awaiting.paused())
        self._answer(*self._awaiting.expire(self._loop.time()))
        self._bulletin.tell_belt(self._machine, self._walk, self._wall(), self._loop.time())
        self._bulletin.tell_counters(self._desk)

    def _reject(self, command: Command, reason: str) -> None:
        self._answer(Answer(command.id, command.verb, Outcome.REJECTED, reason))

    def _answer(self, *answers: Answer) -> None:
        for answer in answers:
            self._bulletin.put(Channel.ANSWER, write(answer))
