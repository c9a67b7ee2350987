"""The watchdog's own process: it feeds the vigil, carries out its deeds, and arms one timer. It decides nothing.

Time is the monotonic clock, which rests while the computer sleeps: a session that slept as well has not hung.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Final

from backstride.driver.watchdog.bluez import BusError, SystemBus, Treadmill
from backstride.driver.watchdog.brief import DATAGRAM_OCTETS, READY, Brief
from backstride.driver.watchdog.vigil import Answer, Connect, Disconnect, Leave, Subscribe, Tell, Vigil

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine

    from backstride.driver.watchdog.bluez import Bus
    from backstride.driver.watchdog.vigil import Deed
    from backstride.protocol.tickets import Write

BUS_AGAIN: Final = 1.0
"""Seconds between two attempts to reach a bus that was lost while a belt is to be stopped."""

LET_GO_WITHIN: Final = 5.0
"""Seconds for BlueZ to take the link down; it takes two."""

TOLD_WITHIN: Final = 0.5
"""Seconds that a process which leaves waits for a terminal to take its last sentence."""


async def watch(session: socket.socket, bus: Bus | None = None) -> None:
    """Watch over the session at the other end until there is nothing left to do."""
    session.settimeout(0)
    loop = asyncio.get_running_loop()
    first = await loop.sock_recv(session, DATAGRAM_OCTETS)
    if first:
        await Watchdog(session, Brief.from_octets(first), bus or SystemBus()).run()


class Watchdog:
    """One vigil with its bus, its session and its clock."""

    def __init__(self, session: socket.socket, brief: Brief, bus: Bus) -> None:
        self._session = session
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._vigil = Vigil(brief, self._loop.time())
        self._treadmill = self._treadmill_of(brief)
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._voices: list[threading.Thread] = []
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Watch until the vigil is over."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # what is meant for the session is not for us
            self._loop.add_signal_handler(number, lambda: None)
        self._loop.add_reader(self._session, self._hear)
        self._spawn(self._join())
        try:
            await self._over.wait()
        finally:
            self._loop.remove_reader(self._session)
            for task in self._tasks:
                task.cancel()
            for voice in self._voices:
                voice.join(TOLD_WITHIN)

    # --- in

    def _hear(self) -> None:
        """Take everything that the session has said before its silence is judged."""
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    word = self._session.recv(DATAGRAM_OCTETS)
                except ConnectionError:
                    word = b""
                if not word:
                    self._loop.remove_reader(self._session)
                    self._vigil.session_ended(self._loop.time())
                    break
                if word.startswith(b"{"):
                    self._renew(Brief.from_octets(word))
                self._vigil.heard(word, self._loop.time())
        self._pump()

    def _renew(self, brief: Brief) -> None:
        """The session has reached its treadmill by another path."""
        if brief != self._vigil.brief:
            self._vigil = Vigil(brief, self._loop.time())
            self._treadmill = self._treadmill_of(brief)
            self._spawn(self._join())

    def _treadmill_of(self, brief: Brief) -> Treadmill:
        return Treadmill(self._bus, brief.device, self._value, self._link)

    def _value(self, uuid: str, value: bytes) -> None:
        self._vigil.value(uuid, value, self._loop.time())
        self._pump()

    def _link(self, up: bool) -> None:  # noqa: FBT001 - as BlueZ says it
        if up:
            self._vigil.link_made(self._loop.time())
        else:
            self._vigil.link_lost(self._loop.time())
        self._pump()

    # --- out

    def _pump(self) -> None:
        for deed in self._vigil.poll(self._loop.time()):
            self._do(deed)
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._vigil.next_deadline()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._hear() if not self._vigil.session_gone else self._pump()

    def _do(self, deed: Deed) -> None:
        match deed:
            case Connect():
                self._spawn(self._connect())
            case Disconnect():
                self._spawn(self._disconnect())
            case Subscribe():
                self._spawn(self._subscribe())
            case Answer(word):
                self._answer(word)
            case Tell(text):
                self._tell(text)
            case Leave(let_go):
                self._spawn(self._leave(let_go=let_go))
            case _:
                self._spawn(self._write(deed))

    def _answer(self, word: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            self._session.send(word)

    def _tell(self, text: str) -> None:
        """Write to the session's terminal, which may not take it: that must hold nothing up."""
        octets = f"\r\nbackstride: {text}\r\n".encode()
        self._voices.append(threading.Thread(target=_speak, args=(octets,), daemon=True))
        self._voices[-1].start()

    async def _join(self) -> None:
        """Join the bus; without it a watchdog is none, and ends, so that its session hears of it."""
        try:
            await self._treadmill.open()
        except BusError as error:
            self._tell(f"The watchdog cannot do its work: {error}")
            self._over.set()
            return
        self._answer(READY)

    async def _connect(self) -> None:
        try:
            await self._treadmill.connect()
        except BusError:
            with contextlib.suppress(BusError):
                await self._rejoin()
            self._vigil.connect_failed(self._loop.time())

    async def _rejoin(self) -> None:
        """Join the bus anew if it was lost."""
        if not self._bus.is_open:
            await asyncio.sleep(BUS_AGAIN)
            await self._treadmill.open()

    async def _disconnect(self) -> None:
        with contextlib.suppress(BusError):
            await self._treadmill.disconnect()
        self._vigil.link_lost(self._loop.time())

    async def _leave(self, *, let_go: bool) -> None:
        if let_go:
            with contextlib.suppress(BusError, TimeoutError):
                async with asyncio.timeout(LET_GO_WITHIN):
                    await self._treadmill.disconnect()
        self._over.set()

    async def _subscribe(self) -> None:
        try:
            await self._treadmill.subscribe()
        except BusError:
            self._vigil.subscribing_failed(self._loop.time())
        else:
            self._vigil.subscribed(self._loop.time())

    async def _write(self, write: Write) -> None:
        try:
            await self._treadmill.write(write.value)
        except BusError as error:
            self._vigil.write_refused(write.ticket, error.att_error, self._loop.time())
        else:
            self._vigil.written(write.ticket, self._loop.time())

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and not self._over.is_set():
            self._pump()


def _speak(octets: bytes) -> None:
    with contextlib.suppress(OSError):  # the terminal is closed, or nobody reads
        os.write(2, octets)
