"""What the broker is told of one treadmill: everything that is news, and nothing twice.

What a session tells is put into words a moment later: when a thousand belts are stopped at once, the Stops are on the
air before anything is written about them (S4).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.messages import write, write_event
from backstride.apps.mqtt.payloads import IDLE, OFFLINE, ONLINE, Progress
from backstride.apps.mqtt.portrait import belt_state, counters, same_belt
from backstride.apps.mqtt.topics import Channel
from backstride.workout.events import Ended, PersonNeeded, Sample, StateChanged, StepStarted, TargetSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.mqtt.desk import Desk
    from backstride.apps.mqtt.outbox import Outbox
    from backstride.apps.mqtt.payloads import BeltState, Counters
    from backstride.apps.mqtt.repertoire import Choice
    from backstride.apps.service import Walk
    from backstride.driver.machine import Machine
    from backstride.units import Incline, Speed
    from backstride.workout.events import SessionEvent

TOLD_ANEW: Final = 10.0
"""Seconds after which a session is told again although only time has passed in it."""


TOLD_WITHIN: Final = 0.05
"""Seconds after which news is put into words."""


class Bulletin:
    """Puts into the outbox what has changed.

    Args:
        outbox: Where it waits for the broker.
        filled: Called whenever something new waits there.
        session: Returns the session under way, and the one that is chosen.
    """

    def __init__(
        self,
        outbox: Outbox,
        filled: Callable[[], None],
        session: Callable[[], tuple[Walk | None, Choice | None]],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._outbox = outbox
        self._filled = filled
        self._under_way = session
        self._events: list[tuple[SessionEvent, float]] = []
        self._telling: asyncio.TimerHandle | None = None
        self._label = ""
        self._question = ""
        self._reason = ""
        self._speed: Speed | None = None
        self._incline: Incline | None = None
        self._link: bool | None = None
        self._belt: BeltState | None = None
        self._session: Progress | None = None
        self._session_at = float("-inf")
        self._counters: Counters | None = None

    def put(self, channel: Channel, payload: bytes) -> None:
        """Let `payload` go out on the treadmill's topic of this channel."""
        self._outbox.put(channel, payload)
        self._filled()

    def end(self, reason: str) -> None:
        """Take note that the session is over."""
        self._reason, self._label, self._question = reason, "", ""
        self._speed = self._incline = None

    def tell_event(self, event: SessionEvent, at: float) -> None:
        """Tell what a session has told `at` seconds after it was made; samples go out as states of the belt."""
        self._note(event)
        if not isinstance(event, Sample):
            self._events.append((event, at))
        self.tell_session()

    def tell_session(self) -> None:
        """Tell where the session stands, if that has changed by more than that time has passed."""
        if self._telling is None:
            self._telling = self._loop.call_later(TOLD_WITHIN, self.flush)

    def flush(self) -> None:
        """Put all news into words now."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        events, self._events = self._events, []
        for event, at in events:
            self.put(Channel.EVENT, write_event(event, at))
        self._put_session(*self._under_way())

    def tell_belt(self, machine: Machine, walk: Walk | None, at: float, now: float) -> None:
        """Tell link and belt, if they have changed; `at` is in seconds since 1970, `now` on the loop's clock."""
        linked = machine.is_connected
        if linked is not self._link:
            self._link = linked
            self.put(Channel.LINK, (ONLINE if linked else OFFLINE).encode())
        belt = belt_state(machine, walk, at, now)
        if self._belt is None or not same_belt(belt, self._belt):
            self._belt = belt
            self.put(Channel.STATE, write(belt))

    def _put_session(self, walk: Walk | None, choice: Choice | None) -> None:
        session = self._idle(choice) if walk is None else self._walked(walk, choice)
        known, now = self._session, self._loop.time()
        passed = walk is not None and now - self._session_at >= TOLD_ANEW
        if known is not None and not passed and replace(session, remaining_s=known.remaining_s) == known:
            return
        self._session, self._session_at = session, now
        self.put(Channel.SESSION, write(session))

    def tell_counters(self, desk: Desk) -> None:
        """Tell what did not go through, if that has become more."""
        told = counters(desk, self._outbox)
        if told != self._counters:
            self._counters = told
            self.put(Channel.COUNTERS, write(told))

    def _note(self, event: SessionEvent) -> None:
        match event:
            case StateChanged(reason=reason):
                self._reason = reason
            case StepStarted(label=label):
                self._label = label
            case PersonNeeded(text=text):
                self._question = text
            case TargetSet(speed=speed, incline=incline):
                self._speed = speed or self._speed
                self._incline = self._incline if incline is None else incline
            case Sample(target_speed=speed, target_incline=incline):
                self._speed, self._incline = speed, incline
            case Ended(reason=reason):
                self.end(reason)
            case _:
                pass

    def _idle(self, choice: Choice | None) -> Progress:
        question = None if choice is None else choice.consent.question
        return Progress(
            profile=_name(choice),
            state=IDLE,
            step=None,
            steps=0 if choice is None else len(choice.prepared.plan.steps),
            label="",
            target_speed=None,
            target_incline=None,
            remaining_s=None,
            asking=None if question is None else question.ask,
            question="" if question is None else question.text,
            reason=self._reason,
        )

    def _walked(self, walk: Walk, choice: Choice | None) -> Progress:
        runner = walk.session.runner
        left = runner.progress.seconds_left()
        return Progress(
            profile=_name(choice),
            state=runner.state.value,
            step=runner.progress.index,
            steps=len(walk.session.plan.steps),
            label=self._label,
            target_speed=self._speed,
            target_incline=self._incline,
            remaining_s=None if left is None else round(left, 1),
            asking=runner.asking,
            question="" if runner.asking is None else self._question,
            reason=self._reason,
        )


def _name(choice: Choice | None) -> str:
    return "" if choice is None else choice.name
