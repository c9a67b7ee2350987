"""The session's side of its watchdog: it starts the process, says that the session lives, and sends it away (S6)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

from backstride.driver.connectable import is_simulated
from backstride.driver.watchdog.brief import (
    ACTED,
    BEAT_EVERY,
    DATAGRAM_OCTETS,
    GO,
    HANGS_AFTER,
    IDLE,
    MOVING,
    READY,
    Brief,
)
from backstride.machines.capabilities import ABSURD_FACTOR, Capabilities

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.device import BLEDevice

    from backstride.driver.connectable import Connectable
    from backstride.machines.facts import MachineFacts

OVERSLEPT: Final = HANGS_AFTER - 0.1
"""Seconds between two beats of our own after which we were taken for hung, or as good as."""

READY_WITHIN: Final = 10.0
"""Seconds for a watchdog to be at its post, after which the person is told that there may be none."""

GONE_WITHIN: Final = 2.0
"""Seconds for a watchdog that was sent away to be gone; then it is killed."""

_STARTS: Final = 3
_WITHOUT: Final = "If this program is killed or hangs, nothing stops the belt: keep the safety key clipped on."


def why_none(target: Connectable) -> str | None:
    """Return why no watchdog can watch over sessions on `target`, as a sentence; None if one can."""
    if is_simulated(target):
        return "There is no watchdog for a simulated treadmill: its belt ends with this program."
    if target.backend is not None or _path(target.device) is None:
        return f"There is no watchdog on this system. {_WITHOUT}"
    return None


def brief_of(device: BLEDevice, name: str, facts: MachineFacts, capabilities: Capabilities) -> Brief:
    """Return what a watchdog must know of a connected machine."""
    grid = capabilities.speed
    return Brief(
        device=_path(device) or "",
        name=name,
        pacing=facts.control.pacing,
        unanswered=tuple(map(int, facts.control.unanswered)),
        motion_within=facts.control.motion_within,
        lowest=None if grid is None else int(grid.minimum),
        lowest_written=None if grid is None else int(grid.write_unit.to_wire(grid.minimum)),
        absurd=None if grid is None else grid.maximum * ABSURD_FACTOR,
        in_miles=capabilities.telemetry_unit.from_wire(grid.maximum) != grid.maximum if grid is not None else False,
        silent_when_stopped=capabilities.silent_when_stopped,
    )


def _path(device: BLEDevice) -> str | None:
    """Return the device's path on the bus of BlueZ; None where the system has another Bluetooth."""
    details = device.details
    return details.get("path") if sys.platform == "linux" and isinstance(details, dict) else None


class Guard:
    """The watchdog of one machine, from the first `begin` to `end`.

    Args:
        brief: Returns what the watchdog must know now.
        moves: Tells whether the belt is ours to stop: it moves, or may begin to.
        overslept: Called when this program has hung for so long that its session is over (S2).
        unguarded: Called with the reason when there is no watchdog any more, or none comes.
    """

    def __init__(
        self,
        brief: Callable[[], Brief],
        moves: Callable[[], bool],
        *,
        overslept: Callable[[], None],
        unguarded: Callable[[str], None],
    ) -> None:
        self._brief = brief
        self._moves = moves
        self._overslept = overslept
        self._unguarded = unguarded
        self._loop = asyncio.get_running_loop()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._starts = 0
        self._is_ready = self._has_overslept = False
        self._beat_at = float("inf")
        self._said = IDLE

    @property
    def began(self) -> bool:
        """True once a watchdog was asked for."""
        return self._starts > 0

    def begin(self) -> None:
        """Start the watchdog, once; nothing waits for it."""
        if not self.began:
            self._start()

    def renew(self) -> None:
        """Tell the watchdog that the machine is reached anew, perhaps by another path."""
        self._send(self._brief().to_octets())
        self._said = IDLE
        self.tell()

    def tell(self, *, moving: bool = False) -> None:
        """Tell the watchdog at once if what is owed has changed; before a Start, `moving` is True."""
        self._has_overslept = self._has_overslept and not moving
        word = MOVING if moving or self._moves() else IDLE
        if word != self._said:
            self._said = word
            self._send(word)

    def is_awake(self) -> bool:
        """Return False if this program has hung with a moving belt: whatever is about to be written is old (S2)."""
        now = self._loop.time()
        slept = now - self._beat_at
        if self._socket is None or slept < OVERSLEPT:
            return True
        self._beat_at = now
        if self._said != MOVING:
            return True
        self._is_over()
        return False

    async def end(self) -> None:
        """Send the watchdog away and wait until it is gone; one whose belt is not seen to stand goes on alone."""
        owed = self._moves()
        self._send(MOVING if owed else GO)
        self._close()
        self._starts = _STARTS
        process, self._process = self._process, None
        if process is None:
            return
        if owed:
            threading.Thread(target=process.wait, daemon=True).start()
        else:
            await asyncio.to_thread(_wait_for, process)

    # --- inside

    def _start(self) -> None:
        self._starts += 1
        self._is_ready = False
        self._beat_at = self._loop.time()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 - as the socket has it
        fd = theirs.fileno()
        command = (sys.executable, "-P", "-m", __package__, str(fd))
        try:  # its own session: what the terminal sends to this one, Ctrl-C and hanging up, does not reach it
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(fd,),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            self._unguarded(f"The watchdog cannot be started: {error}. {_WITHOUT}")
            return
        finally:
            theirs.close()
        self._socket = ours
        self._loop.add_reader(ours, self._hear)
        self._send(self._brief().to_octets())
        self._said = MOVING if self._moves() else IDLE
        self._timers = [
            self._loop.call_later(READY_WITHIN, self._expect_ready),
            self._loop.call_later(BEAT_EVERY, self._beat),
        ]
        self._send(self._said)

    def _is_over(self) -> None:
        """Say once that the belt was stopped: our own clock and the watchdog both tell."""
        if not self._has_overslept:
            self._has_overslept = True
            self._overslept()

    def _beat(self) -> None:
        if self._socket is None:
            return
        if self.is_awake():
            self._beat_at = self._loop.time()
        self._said = MOVING if self._moves() else IDLE
        self._send(self._said)
        self._timers[1] = self._loop.call_later(BEAT_EVERY, self._beat)

    def _send(self, word: bytes) -> None:
        """Send a word; a watchdog that is gone or hangs is heard of elsewhere."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(word)

    def _hear(self) -> None:
        word = b""
        with contextlib.suppress(OSError):
            word = self._socket.recv(DATAGRAM_OCTETS) if self._socket is not None else b""
        if not word:
            self._lost()
        elif word == READY:
            self._is_ready = True
        elif word == ACTED:
            self._is_over()

    def _expect_ready(self) -> None:
        if not self._is_ready:
            self._unguarded(f"The watchdog is not at its post after {READY_WITHIN:.0f} s. {_WITHOUT}")

    def _lost(self) -> None:
        """The watchdog has ended although nobody sent it away: another one takes its place, but not for ever."""
        self._close()
        process, self._process = self._process, None
        if process is not None:
            process.wait()  # its end of the socket is closed: it is gone, or will be in a moment
        if not self._is_ready:
            self._unguarded(f"The watchdog could not begin its work. {_WITHOUT}")
        elif self._starts < _STARTS:
            self._unguarded("The watchdog has ended unexpectedly; another one is started.")
            self._start()
        else:
            self._unguarded(f"The watchdog has ended, as did those before it. {_WITHOUT}")

    def _close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None


def _wait_for(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(GONE_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
