"""One client's link over the simulated air: order, latency, silence, loss."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

from backstride.simulator.gatt import AttFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.radio import Radio
    from backstride.simulator.traffic import Connection

T = TypeVar("T")

SUPERVISION_TIMEOUT: Final = 2.0
"""Seconds of silence after which both sides take the link for lost."""


class LinkLost(Exception):
    """The link went before the response to a request came."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Something on its way to the client."""

    due: float
    hand_over: Callable[[], None]
    overtakes: bool = False


class Link:
    """One client's link. What goes to the client arrives in order, and always from the loop.

    A response takes `Radio.latency`; a notification takes no time of its own, but waits for the responses before it.
    Requests of one client follow one another, as ATT has it: the next is sent when the one before is answered.

    Args:
        radio: The treadmill's side.
        connection: The peripheral's record of it.
        on_value: Called with UUID and value of each notification and indication.
        on_lost: Called once when the link ends, whoever ended it.

    Attributes:
        alive: False from the moment the link is broken, even if the client does not know yet.
        stranded: True if it was broken and the client will never be told.
    """

    def __init__(
        self,
        radio: Radio,
        connection: Connection,
        *,
        on_value: Callable[[str, bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.alive = True
        self.stranded = False
        self.radio = radio
        self._on_value = on_value
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._arriving: deque[_Arrival] = deque()
        self._armed = inf  # when the loop hands over next
        self._pending: asyncio.Future[None] | None = None
        self._silence: asyncio.Future[None] | None = None  # done when the air carries again, or the link is lost

    async def request(self, action: Callable[[float], T]) -> T:
        """Let the peripheral do `action` at its time and wait for the response.

        Raises:
            AttFault: The peripheral refused.
            LinkLost: The link went before the response came.
        """
        while obstacle := self._pending or self._silence:
            await asyncio.wait({obstacle})
        if not self.alive:
            raise LinkLost
        self._pending = response = self._loop.create_future()
        result: T | AttFault
        try:
            result = action(self.radio.now)
        except AttFault as fault:
            result = fault
        delay = self.radio.peripheral.response_delay
        if delay is not None:
            due = round(self._loop.time() + self.radio.latency + delay, 6)  # what a virtual clock can tell apart
            self._arriving.append(_Arrival(due, partial(_settle, response)))
        self.radio.pump()
        try:
            await response
        finally:
            if self._pending is response:
                self._pending = None
        if isinstance(result, AttFault):
            raise result
        return result

    def command(self, action: Callable[[float], None]) -> None:
        """Let the peripheral do `action`; nobody answers, and in a silent air it is gone."""
        if self.alive and self._silence is None:
            action(self.radio.now)
            self.radio.pump()

    def emit(self, uuid: str, value: bytes, *, indication: bool, overtakes: bool = False) -> None:
        """Queue a notification or an indication behind what is on its way; the client's stack confirms the latter.

        One that `overtakes` arrives before the response that is on its way.
        """
        if self.alive:
            arrive = partial(self._arrive, uuid, value, indication=indication)
            place = len(self._arriving)
            if overtakes:
                place = sum(1 for _ in takewhile(lambda arrival: arrival.overtakes, self._arriving))
            self._arriving.insert(place, _Arrival(self._loop.time(), arrive, overtakes=overtakes))

    def arm(self) -> None:
        """Have the loop hand over what has arrived."""
        if self._arriving and self._silence is None and self._arriving[0].due < self._armed:
            self._armed = due = self._arriving[0].due
            self._loop.call_at(due, self.hand_over, due)

    def hand_over(self, due: float) -> None:
        """Give the client what is due. Only the loop may call this, never a caller's stack."""
        self._armed = inf
        now = max(due, self._loop.time())  # a loop may wake us a clock tick too early
        try:
            while self._arriving and self._arriving[0].due <= now and self._silence is None:
                self._arriving.popleft().hand_over()
        finally:
            self.arm()

    def close(self) -> None:
        """End the link at once; the client is told as soon as the air carries it."""
        if self.alive:
            self._break()
            self._loop.call_later(self.radio.latency, self._lose)

    def strand(self) -> None:
        """End the link at once and never tell the client; only what it waits for fails."""
        if self.alive:
            self.stranded = True
            self._break()
            self._loop.call_later(self.radio.latency, self._fail_pending)

    def mute(self) -> None:
        """Carry nothing any more; after the supervision timeout the link is lost."""
        if self.alive and self._silence is None:
            self._silence = silence = self._loop.create_future()
            self._loop.call_later(SUPERVISION_TIMEOUT, self._time_out, silence)

    def unmute(self) -> None:
        """Carry again what was held back, unless the link was lost meanwhile."""
        if self.alive and self._silence is not None:
            self._end_silence()
            self.arm()

    def _time_out(self, silence: asyncio.Future[None]) -> None:
        if self._silence is silence and self.alive:
            self._break()
            self._lose()

    def _break(self) -> None:
        self.alive = False
        self._arriving.clear()
        self.radio.forget(self)

    def _lose(self) -> None:
        self._fail_pending()
        self._on_lost()

    def _fail_pending(self) -> None:
        self._end_silence()
        if self._pending is not None and not self._pending.done():
            self._pending.set_exception(LinkLost())

    def _end_silence(self) -> None:
        if self._silence is not None:
            _settle(self._silence)
            self._silence = None

    def _arrive(self, uuid: str, value: bytes, *, indication: bool) -> None:
        if indication:
            self.radio.peripheral.confirm(self.connection)
        self._on_value(uuid, value)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
