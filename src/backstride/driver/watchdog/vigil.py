"""When a watchdog acts, and what it does then (safety rules S4, S5, S6). Pure and clocked.

While the session lives it only listens: to the session's words, and to telemetry, which the system's bus carries to
everybody. When the session is gone and owes a stop, it brings the belt to a halt just as a session does: Stop at once,
again, then Pause, then the lowest target, until the belt is seen to stand. It never starts anything (S1).

A control point refuses writes while nobody takes its indications (FTMS 4.16.4), and the system unsubscribes for a
process that dies. So the watchdog subscribes first; after half a second it writes whatever has become of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.driver.halting import Halt, HaltStep
from backstride.driver.state import MOVES_AGAIN_AFTER, TelemetryWatch
from backstride.driver.watchdog.brief import ACTED, GO, HANGS_AFTER, IDLE, MOVING
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.control_point import SetTargetSpeed, StopOrPause, StopOrPauseRequest
from backstride.protocol.procedures import ProcedureQueue, QueueRules
from backstride.protocol.tickets import Ticket, Verdict, Write
from backstride.units import Speed

if TYPE_CHECKING:
    from backstride.driver.watchdog.brief import Brief
    from backstride.protocol.control_point import Request

SUBSCRIBED_WITHIN: Final = 0.5
"""Seconds after which a Stop is written although the subscription has not come back."""

CONNECT_EVERY: Final = 0.5
"""Seconds between a failed attempt to connect and the next: sooner, BlueZ may lose it."""

SUBSCRIBE_EVERY: Final = 1.0
"""Seconds between a failed attempt to subscribe and the next."""

GIVES_UP_AFTER: Final = 120.0
"""Seconds after which a watchdog that has not brought the belt to a stand leaves: nobody waits longer on a belt."""

_USE_THE_CONSOLE: Final = "Use the treadmill's own stop button, or pull the safety key."


@dataclass(frozen=True, slots=True)
class Connect:
    """Make the link."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Take the link down, to make it anew (S4)."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Take the notifications of Treadmill Data and the indications of the control point."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Send the session a word."""

    word: bytes


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the person."""

    text: str


@dataclass(frozen=True, slots=True)
class Leave:
    """End the process: there is nothing left to do.

    Attributes:
        let_go: True to take the link down first: BlueZ keeps it for a process that died, and most treadmills take one
            app at a time.
    """

    let_go: bool = False


Deed = Connect | Disconnect | Subscribe | Write | Answer | Tell | Leave


class Vigil:
    """One watchdog over one session.

    Args:
        brief: What is known of the treadmill.
        now: The instant at which the brief came, which is the session's first word.

    Attributes:
        brief: What is known of the treadmill.
        session_gone: True once the session's process is gone.
    """

    def __init__(self, brief: Brief, now: float) -> None:
        self.brief = brief
        self._watch = TelemetryWatch(brief, None)
        self._queue = ProcedureQueue(QueueRules(brief.pacing, frozenset(brief.unanswered)))
        self._heard_at = now
        self._moving = self._seen_moving = False
        self.session_gone = False
        self._halt: Halt | None = None
        self._believes_from = now  # a belt that a Start may yet move is not to be believed to stand
        self._linked = self._connecting = False
        self._connect_at = now
        self._subscribed = self._subscribing = False
        self._subscribe_at = self._writes_from = now
        self._paced_until = float("-inf")
        self._waiting: list[Write] = []
        self._deeds: list[Deed] = []
        self._over = False

    # --- what the session says

    def heard(self, word: bytes, now: float) -> None:
        """Take a word of the session."""
        self._heard_at = now
        if word == GO:
            self._leave()
        elif self._halt is not None and not self.session_gone:
            self._hand_over()
        if word == MOVING and not self._moving:
            self._seen_moving = self._watch.state.standing is False
        if word in {MOVING, IDLE}:
            self._moving = word == MOVING

    def session_ended(self, now: float) -> None:
        """Take note that the session's process is gone."""
        self.session_gone = True
        if not self._moving:
            self._leave()
        elif self._halt is None:
            self._begin("The program that drives the treadmill is gone.", now, now + self.brief.pacing)

    # --- what the treadmill, and the way to it, do

    def link_made(self, now: float) -> None:
        """Take note of a link."""
        self._connecting = False
        if self._linked:
            return
        self._linked = True
        self._subscribed = self._subscribing = False
        self._subscribe_at = now
        self._watch.link_made()
        if self._halt is not None:
            self._halt.link_made(now)

    def link_lost(self, now: float) -> None:
        """Take note that there is no link."""
        if self._linked:
            self._connect_at = now + CONNECT_EVERY
        self._linked = False
        self._watch.link_lost()
        self._queue.link_lost()
        self._waiting.clear()

    def connect_failed(self, now: float) -> None:
        """Take note that an attempt to connect came to nothing."""
        self._connecting = False
        self._connect_at = now + CONNECT_EVERY

    def subscribed(self, now: float) -> None:
        """Take note that our subscriptions hold."""
        self._subscribing, self._subscribed = False, True
        self._writes_from = min(self._writes_from, now)

    def subscribing_failed(self, now: float) -> None:
        """Take note that they do not, or only in part."""
        self._subscribing, self._subscribe_at = False, now + SUBSCRIBE_EVERY

    def value(self, uuid: str, octets: bytes, now: float) -> None:
        """Take a notification or an indication."""
        if uuid == uuids.CONTROL_POINT:
            self._queue.indicated(octets, now)
        elif uuid == uuids.TREADMILL_DATA and self._watch.feed(octets, now) is not None:
            state = self._watch.state
            self._seen_moving = self._seen_moving or state.standing is False
            if self._halt is not None and (self._seen_moving or now >= self._believes_from):
                self._halt.observe(state)

    def written(self, ticket: Ticket, now: float) -> None:
        """Take note that a write came back."""
        self._paced_until = max(self._paced_until, now + self.brief.pacing)
        self._queue.written(ticket, now)

    def write_refused(self, ticket: Ticket, att_error: int | None, now: float) -> None:
        """Take note of an ATT error, or None for a write of which nobody knows what became."""
        if att_error == AttError.CCCD_IMPROPERLY_CONFIGURED and self._subscribed:
            self._subscribed, self._subscribe_at = False, now
        self._queue.write_refused(ticket, att_error)

    # --- what is to be done

    def next_deadline(self) -> float | None:
        """Return the instant at which `poll` has something to do, or None."""
        if self._over:
            return None
        if self._halt is None:
            return self._heard_at + HANGS_AFTER if self._moving else None
        instants = [self._halt.next_deadline(), self._halt.since + GIVES_UP_AFTER]
        if not self._linked:
            return min(instants) if self._connecting else min(*instants, self._connect_at)
        instants[0] = max(instants[0], self._writes_from)
        if not self._subscribed and not self._subscribing:
            instants.append(self._subscribe_at)
        if self._waiting:
            instants.append(self._paced_until)
        if (deadline := self._queue.next_deadline()) is not None:
            instants.append(deadline)
        return min(instants)

    def poll(self, now: float) -> list[Deed]:
        """Return what is to be done now, in order."""
        if not self._over:
            if self._halt is None and self._moving and now >= self._heard_at + HANGS_AFTER:
                self._begin(f"The program that drives the treadmill has hung for {HANGS_AFTER:.0f} s.", now, now)
            if self._halt is not None:
                self._go_on(self._halt, now)
        deeds, self._deeds = self._deeds, []
        return deeds

    # --- inside

    def _begin(self, why: str, now: float, writes_from: float) -> None:
        """Begin to stop the belt; the session's last write may be too young for another before `writes_from`."""
        self._halt = Halt(now)
        self._paced_until = writes_from
        self._subscribed = self._subscribing = False
        self._subscribe_at = now
        self._believes_from = now if self._seen_moving else now + self.brief.motion_within
        self._deeds.append(Tell(f"{why} The watchdog stops {self.brief.name}."))

    def _hand_over(self) -> None:
        """Leave the belt to a session that lives again: it ends as after any stop, and is watched as before (S2)."""
        self._halt = None
        self._waiting.clear()
        self._queue.withdraw()
        self._deeds.append(Answer(ACTED))

    def _leave(self) -> None:
        if not self._over:
            self._over = True
            self._deeds.append(Leave(let_go=self.session_gone))

    def _go_on(self, halt: Halt, now: float) -> None:
        if halt.done or self._is_silent_after_stop(halt, now):
            self._stands(halt)
        elif now >= halt.since + GIVES_UP_AFTER:
            moves = f"{self.brief.name} may still be moving."
            self._deeds.append(Tell(f"The watchdog gives up: {moves} {_USE_THE_CONSOLE}"))
            self._leave()
        elif not self._linked:
            self._reach(halt, now)
        else:
            self._stop(halt, now)

    def _stands(self, halt: Halt) -> None:
        seen = "The belt stands." if halt.done else "Stop was accepted, and the treadmill tells nothing any more."
        self._deeds.append(Tell(seen))
        if self.session_gone:
            self._leave()
        else:  # it hangs still: whatever it does when it comes back, it is told that this was the end
            self._moving = False
            self._hand_over()

    def _is_silent_after_stop(self, halt: Halt, now: float) -> bool:
        """Tell a belt that stands on a machine whose telemetry ends with the motion."""
        if not (self.brief.silent_when_stopped and self._linked and halt.verdict is Verdict.SUCCEEDED):
            return False
        return min(now - halt.since, self._watch.state.age(now)) > MOVES_AGAIN_AFTER

    def _reach(self, halt: Halt, now: float) -> None:
        """Connect again, and tell the person meanwhile."""
        if HaltStep.TELL_PERSON in halt.due(self._watch.state, now):
            self._deeds.append(Tell(f"The watchdog does not reach {self.brief.name}. {_USE_THE_CONSOLE}"))
        if not self._connecting and now >= self._connect_at:
            self._connecting = True
            self._deeds.append(Connect())

    def _stop(self, halt: Halt, now: float) -> None:
        if not self._subscribed and not self._subscribing and now >= self._subscribe_at:
            self._subscribing = True
            self._writes_from = now + SUBSCRIBED_WITHIN
            self._deeds.append(Subscribe())
        if now < self._writes_from:
            return
        for step in halt.due(self._watch.state, now):
            self._take(step, now)
        while output := self._queue.poll(now):
            for item in output:
                if isinstance(item, Write):
                    self._waiting.append(item)
                elif item.ticket.urgent:
                    halt.settled(item, now)
        while self._waiting and now >= self._paced_until:
            write = self._waiting.pop(0)
            if self._queue.begins(write.ticket):
                self._paced_until = now + self.brief.pacing
                self._deeds.append(write)

    def _take(self, step: HaltStep, now: float) -> None:
        match step:
            case HaltStep.STOP:
                self._queue.submit(StopOrPauseRequest(StopOrPause.STOP), now)
            case HaltStep.PAUSE:
                self._queue.submit(StopOrPauseRequest(StopOrPause.PAUSE), now)
            case HaltStep.LOWEST_SPEED:
                self._queue.submit(self._slowest(), now)
            case HaltStep.TELL_PERSON:
                self._deeds.append(Tell(f"{self.brief.name} is not seen to stand yet! {_USE_THE_CONSOLE}"))
            case HaltStep.RELINK:
                self._deeds.append(Disconnect())

    def _slowest(self) -> Request:
        """Return the lowest target, or Stop where that would not slow the belt down (S2)."""
        lowest, written, speed = self.brief.lowest, self.brief.lowest_written, self._watch.state.speed
        if lowest is None or written is None or speed is None or speed <= lowest:
            return StopOrPauseRequest(StopOrPause.STOP)
        return SetTargetSpeed(Speed(written))
