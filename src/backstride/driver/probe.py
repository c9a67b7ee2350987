"""A machine that nobody has described yet, tried out one confirmed motion at a time.

`Probe` has what `Machine` has of a link, of Stop and of leaving, and gives raw control point procedures beside it. What
`Machine` decides by what it knows of a model, here a person decides who stands beside the belt: nothing moves but what
was permitted, and each permission is used once (S1).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Self

from backstride.driver.confirmation import Confirmed
from backstride.driver.connectable import is_simulated
from backstride.driver.events import ConsoleStopped, SafetyKeyPulled
from backstride.driver.identity import identify
from backstride.driver.linked import Linked
from backstride.driver.state import MOVES_AGAIN_AFTER
from backstride.driver.uplink import Uplink
from backstride.errors import Disconnected, SafetyError
from backstride.machines.facts import GENERIC, load_facts
from backstride.protocol import uuids
from backstride.protocol.control_point import (
    RequestControl,
    SetTargetInclination,
    SetTargetSpeed,
    StopOrPause,
    StopOrPauseRequest,
)
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from backstride.capture.events import Trace
    from backstride.driver.confirmation import Outcome
    from backstride.driver.connectable import Connectable
    from backstride.driver.events import MachineEvent
    from backstride.driver.link import Link
    from backstride.machines.facts import MachineFacts
    from backstride.protocol.control_point import Request
    from backstride.protocol.tickets import Settled

ANSWER_PATIENCE: Final = 3.0
"""Seconds to wait for an answer: the slowest that has been seen took less than one."""

WALKING_PACE: Final = Speed(300)
"""The fastest that a belt is told to run with a person beside it (S7)."""

RUNAWAY: Final = Speed(400)
"""A reported speed from which on the belt is stopped: a floor, or an overshoot, above a walking pace is no reason."""

STEEPEST: Final = Incline(50)
"""The highest number that is written for an incline (S7). None below zero is: a JTX Sprint 7 answers a decline by
driving its deck up to 15 %."""

SLOWEST_MOVES_WITHIN: Final = 7.0
"""Seconds from a Start to the first motion, at most: the slowest that is known takes 6."""

_HARMLESS: Final = (RequestControl, StopOrPauseRequest)
"""What starts no belt, and moves no deck."""


class Probe(Linked):
    """An unknown treadmill under trial; made by `Probe.connect`.

    Attributes:
        properties: The GATT properties of its control point, empty if there is none.
        has_training_status: Whether it has Training Status.
        training_value: What reading that returned, or None.
        ran_away: True once the belt was stopped because it ran faster than a walk.
    """

    properties: tuple[str, ...] = ()
    has_training_status: bool = False
    training_value: bytes | None = None
    ran_away: bool = False

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, target: Connectable, *, trace: Trace | None = None) -> AsyncIterator[Self]:
        """Connect, read and subscribe; ask for nothing, start nothing (S1). On leaving, the belt is stopped (S6).

        Args:
            target: What a scan found.
            trace: Told of everything that crosses bleak's client, as it happens (capture/events.py).

        Raises:
            NotFound: The device is not there, or Bluetooth is not to be had.
            NotATreadmill: It is something else.
            Disconnected: The connection failed or was lost meanwhile.
        """
        uplink = Uplink(target, trace)
        probe: Self | None = None
        try:
            async with uplink.making() as link:
                device = target.device
                probe = cls(uplink, *await identify(link, device.address, device.name, _unknown()))
                await probe._look_and_subscribe(link)
            probe._link_made()
            yield probe
        finally:
            try:
                if probe is not None:
                    await probe._leave()
            finally:
                await uplink.close()

    @property
    def now(self) -> float:
        """The loop's time, in seconds."""
        return self._loop.time()

    @property
    def is_simulated(self) -> bool:
        """True for a simulated treadmill, whose belt ends with this program: no watchdog is missed (S6)."""
        return is_simulated(self._uplink.target)

    @property
    def has_started(self) -> bool:
        """True once a motion was carried out, until the belt is seen to stand by a person (S6)."""
        return self._control.has_started

    @property
    def may_move(self) -> bool:
        """True while the belt is being stopped, moves, or may begin to, and that is ours to end (S6)."""
        return self._control.halting or self._belt_is_ours

    # --- what may move

    def permit(self, *requests: Request) -> None:
        """Allow each of these once: a person was told of them, and agreed (S1)."""
        self._permitted = list(requests)

    def withdraw(self) -> None:
        """Allow nothing any more: what comes next needs a person's word again (S2)."""
        self._permitted = []

    async def carry_out(self, request: Request) -> Settled:
        """Carry out one procedure; return how it ended, within `ANSWER_PATIENCE`.

        Raises:
            SafetyError: It may move belt or deck and was not permitted (S1), the belt is being stopped (S2), or it is
                above a walking pace (S7).
            Disconnected: There is no link.
        """
        if not self.is_connected:
            raise Disconnected("There is no connection to the treadmill.")
        if not isinstance(request, _HARMLESS):
            self._require_permission(request)
        return await self._control.procedure(request)

    def _require_permission(self, request: Request) -> None:
        if self._control.halting:
            raise SafetyError("The belt is being stopped; nothing else is sent before it stands.", rule="S2")
        if request not in self._permitted:
            raise SafetyError("Nobody has agreed to this motion; nothing was sent.", rule="S1")
        if isinstance(request, SetTargetSpeed) and request.speed > WALKING_PACE:
            raise SafetyError(f"{request.speed} is faster than a walk; nothing was sent.", rule="S7")
        if isinstance(request, SetTargetInclination) and not 0 <= request.inclination <= STEEPEST:
            raise SafetyError(f"{request.inclination} is no small incline; nothing was sent.", rule="S7")
        self._permitted.remove(request)
        self.guard()
        self._control.has_started = True  # whatever moves from now on is ours to stop (S6)
        if isinstance(request, SetTargetSpeed):
            self._control.may_start()

    def expect_motion(self) -> None:
        """Take note that a person may just have started the belt by hand, before telemetry shows it (S5, S6)."""
        self._control.has_started = True
        self._control.may_start()

    # --- stopping

    def halt(self) -> None:
        """Begin to stop, now (S4); `stop` tells what came of it."""
        self._bring_to_a_halt(pause_first=False)

    async def stop(self, within: float) -> Outcome | None:
        """Stop the belt (S4, S5); None if telemetry does not show within so many seconds that it stands."""
        halting = self._bring_to_a_halt(pause_first=False)
        try:
            async with asyncio.timeout(within):
                return await halting
        except TimeoutError:
            if self.state.age(self.now) > MOVES_AGAIN_AFTER:  # silence: nobody knows what the belt does
                self._watch.console_acted(ConsoleStopped(pause=None), self.now)
            return None

    async def pause(self) -> Settled:
        """Write Pause, once; a belt that goes on is stopped by whoever asked."""
        self.withdraw()
        return await self._control.procedure(StopOrPauseRequest(StopOrPause.PAUSE))

    def seen_standing(self) -> None:
        """Take a person's word that the belt stands, where telemetry ends with the motion."""
        self._control.has_started = False
        self._control.seen_standing()

    # --- waiting

    async def watch(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let so many seconds pass, or less if `until` holds after something was heard; return whether it does.

        Raises:
            Disconnected: The link was lost meanwhile.
        """
        ends = self.now + seconds
        while until is None or not until():
            if not self.is_connected:
                raise Disconnected("The connection to the treadmill was lost. The belt may still be moving: look.")
            self._something = self._loop.create_future()
            try:
                async with asyncio.timeout_at(ends):
                    await self._something
            except TimeoutError:
                return until is not None and until()
        return True

    # --- inside

    _permitted: list[Request]
    _something: asyncio.Future[None] | None = None

    async def _look_and_subscribe(self, link: Link) -> None:
        self._permitted = []
        self.properties = tuple(link.properties(uuids.CONTROL_POINT))
        self.has_training_status = bool(link.properties(uuids.TRAINING_STATUS))
        self.training_value = await link.read(uuids.TRAINING_STATUS)
        self._control.answer_within(ANSWER_PATIENCE)
        self._control_taken = True  # `_subscribe` asks for no control: how it is had is a trial of its own
        await self._subscribe(link)

    def _heard(self, uuid: str, value: bytes) -> None:
        super()._heard(uuid, value)
        speed = self.state.speed
        if speed is not None and speed > RUNAWAY and not self._control.halting:
            self.ran_away = True
            self.halt()
        self._wake()

    def link_is_dead(self, reason: str) -> None:
        """Drop the link, and wake whoever watches (S12)."""
        super().link_is_dead(reason)
        self._wake()

    def _bring_to_a_halt(self, *, pause_first: bool) -> Awaitable[Outcome]:
        """Allow nothing any more (S2); a belt that is seen to move is ours to stop, whoever started it (S6)."""
        self.withdraw()
        if self.state.standing is False:
            self._control.has_started = True
        return super()._bring_to_a_halt(pause_first=pause_first)

    def _console_acted(self, event: MachineEvent) -> None:
        if isinstance(event, ConsoleStopped | SafetyKeyPulled):
            self.withdraw()  # what was agreed to before it is not what is agreed to after it (S2, S11)
        super()._console_acted(event)

    def _wake(self) -> None:
        if self._something is not None and not self._something.done():
            self._something.set_result(None)


def _unknown() -> MachineFacts:
    """Return what is assumed of an unknown machine: the standard, with what is seldom and must not be overlooked.

    Silence is no sign of a lost link, and a belt may take as long to move as the slowest does that is known.
    """
    generic = load_facts(GENERIC)
    telemetry = generic.telemetry.model_copy(update={"when_stopped": False})
    control = generic.control.model_copy(update={"motion_within": SLOWEST_MOVES_WITHIN})
    return generic.model_copy(update={"telemetry": telemetry, "control": control})


def stands(outcome: Outcome | None) -> bool:
    """Tell whether a stop was proven."""
    return isinstance(outcome, Confirmed)
