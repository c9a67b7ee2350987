"""A walk at the command line: machine, session, screen, keys and signals brought together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, cast

from backstride.apps.cli import keys
from backstride.apps.cli.controls import Controls
from backstride.apps.cli.deafness import DEAF_FOR, Deafness
from backstride.apps.cli.display import LiveDisplay
from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.interruption import CLOSED_PIPE, CLOSED_TERMINAL, Interruption
from backstride.apps.cli.jsonlines import JsonLines
from backstride.apps.cli.last_word import LAST_WORD, STANDS, is_unproven
from backstride.apps.cli.outlet import Outlet, is_gone
from backstride.apps.cli.output import Nowhere
from backstride.apps.cli.plain import PlainLines
from backstride.apps.cli.preflight import prepared_for, require_runnable
from backstride.apps.cli.target import connected
from backstride.apps.cli.terminal import console, show_summary
from backstride.apps.cli.view import View
from backstride.apps.cli.walker import GAVE_UP, Act, SimulatedWalker
from backstride.apps.cli.wirelog import WireLog
from backstride.apps.service import Walk
from backstride.errors import MachineError
from backstride.workout.events import Ended, Ending, Held, PersonNeeded, SessionEvent

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from backstride.apps.cli.capturing import CaptureWish
    from backstride.apps.cli.output import Output
    from backstride.apps.cli.target import Target
    from backstride.apps.config import Settings
    from backstride.apps.service import Prepared
    from backstride.driver.machine import Machine

STANDS_WITHIN: Final = 5.0
"""Seconds that an interrupted program waits for the belt to stand (S6)."""

SLOWS_WITHIN: Final = 20.0
"""Seconds it waits at most while the belt is seen to slow down."""

_LOOK_EVERY: Final = 0.25
_TOO_EARLY: Final = "Let go of Enter, read the question, and press it again"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed.

    Attributes:
        profile: Name or path.
        fast: True in virtual time.
        json: True to print events as JSON.
        agreed: True to agree to every question, which only a simulated treadmill allows.
        log: Where to write every octet, or None.
        capture: The capture that is wanted, or None.
        paged: True if Enter led here page by page, and so may still be held down.
    """

    profile: str
    target: Target
    fast: bool = False
    json: bool = False
    agreed: bool = False
    log: Path | None = None
    capture: CaptureWish | None = None
    paged: bool = False


async def walk(wish: Wish, settings: Settings) -> int:
    """Connect, walk, and return the exit code.

    Raises:
        BackstrideError: The walk could not begin; nothing has moved.
    """
    loop = asyncio.get_running_loop()
    interruption = Interruption.of_task(asyncio.current_task())
    guided: GuidedWalk | None = None
    with contextlib.ExitStack() as stack:
        stack.enter_context(interruption.listening(loop))
        trace = stack.enter_context(WireLog(wish.log, loop.time)) if wish.log is not None else None
        try:
            async with connected(wish.target, settings, trace, wish.capture) as machine:
                guided = guided_walk(machine, wish, settings, interruption)
                return await guided.run()
        except MachineError as error:
            if guided is None:
                error.add_note("Nothing has moved.")
            raise
        except asyncio.CancelledError:
            if interruption.number is None:
                raise
            sys.stderr.write("backstride: Interrupted. Nothing has moved.\n")
            return interruption.exit_code


def guided_walk(machine: Machine, wish: Wish, settings: Settings, interruption: Interruption) -> GuidedWalk:
    """Return the walk on a connected machine. Raises ProfileError, PlanError or RecordError; nothing has moved."""
    prepared = prepared_for(wish.profile, machine, settings)
    require_runnable(prepared.plan, settings.units)
    return GuidedWalk(machine, prepared, wish, settings, interruption)


class GuidedWalk:
    """One walk with everything around it.

    Args:
        machine: The connected treadmill.
        prepared: What to walk.
        wish: What was typed.
        settings: The settings.
        interruption: Tells of signals; from now on they stop the belt.
    """

    def __init__(
        self, machine: Machine, prepared: Prepared, wish: Wish, settings: Settings, interruption: Interruption
    ) -> None:
        self._machine = machine
        self._wish = wish
        self._unit = settings.units
        self._loop = asyncio.get_running_loop()
        self._walk = Walk(
            machine, prepared, records=settings.records, body_mass_kg=settings.body_mass_kg, unit=settings.units
        )
        self._controls = Controls(self._walk, settings.units)
        self._interruption = interruption
        self._out = Outlet(sys.stdout, self._output_failed, waits=wish.fast)
        self._errors = Outlet(sys.stderr, lambda _: None, waits=wish.fast)
        self._console = console(file=cast("IO[str]", self._out))
        self._resources = contextlib.ExitStack()
        self._is_person_here = sys.stdin is not None and sys.stdin.isatty()
        self._answers_itself = wish.agreed or not self._is_person_here
        self._walker = SimulatedWalker()
        self._output = self._new_output()
        self._broken: Exception | None = None
        self._leaving = asyncio.Event()
        self._refused = False
        self._deafness = Deafness(DEAF_FOR if wish.paged else 0.0)

    async def run(self) -> int:
        """Walk to the end, show what it came to, and return the exit code.

        Raises:
            Exception: Whatever failed on the way; the belt stands, or its notes say otherwise.
        """
        self._interruption.first = self._interrupted
        self._interruption.again = self._leave_at_once
        self._walk.observe(self._heard)
        with contextlib.ExitStack() as last:
            last.callback(self._out.finish)
            last.callback(self._errors.finish)
            ended = await self._until_closed()
            if self._broken is not None:
                proven = ended is not None and not is_unproven(ended)
                self._broken.add_note(LAST_WORD[proven or self._machine.state.standing])
                raise self._broken
            assert ended is not None  # noqa: S101 - without an end something broke
            self._report(ended)
        return self._exit_code(ended)

    async def _until_closed(self) -> Ended | None:
        """Walk to the end and give the terminal back; None if the session itself failed."""
        with self._resources as resources:
            resources.callback(self._loop.set_exception_handler, self._loop.get_exception_handler())
            self._loop.set_exception_handler(self._callback_failed)
            resources.callback(self._output.close)
            if self._is_person_here:
                resources.enter_context(keys.listening(self._loop, self._pressed, self._terminal_gone))
            walking = self._loop.create_task(self._walk.run())
            self._loop.call_soon(self._begin)
            try:
                return await self._until_over(walking)
            except Exception as fault:  # noqa: BLE001 - `run` raises it, with what is known of the belt
                self._broken = self._broken or fault
                return None

    # --- what comes in

    def _begin(self) -> None:
        if self._answers_itself:
            self._output.note(" ".join(self._walk.session.plan.before))
            self._walk.start()
        else:
            self._ask(self._controls.question())

    def _ask(self, question: PersonNeeded | None) -> None:
        if question is not None:
            self._deafness.asked(self._loop.time())
            self._heard(question, self._walk.session.elapsed)

    def _pressed(self, key: keys.Key) -> None:
        if key is keys.Key.SPACE:
            self._answers_itself = False  # who pauses it goes on by hand
        if key is keys.Key.ENTER and self._deafness.ignores(self._loop.time()):
            self._output.note(_TOO_EARLY)
            return
        self._refused = False
        answer = self._controls.press(key)
        if isinstance(answer, PersonNeeded):
            self._ask(answer)
        elif answer is not None and not self._refused:
            self._output.note(answer)

    def _terminal_gone(self) -> None:
        self._interruption.interrupt(CLOSED_TERMINAL)

    def _interrupted(self) -> None:
        self._leaving.set()
        closed = self._interruption.number == CLOSED_PIPE
        self._walk.stop("nobody reads the output any more" if closed else "you interrupted it")

    def _output_failed(self, error: OSError) -> None:
        """Stop the belt if nobody can read what is shown; a full disk is a fault, and a reader who has gone is none."""
        self._output = Nowhere()
        if is_gone(error):
            self._interruption.interrupt(CLOSED_TERMINAL if self._out.isatty() else CLOSED_PIPE)
        else:
            self._fail(error, "the display failed")

    def _callback_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stop the belt if anything fails that nobody waits for: a key, a timer, a notification (S6)."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self._fail(error, "the program failed")
        else:
            loop.default_exception_handler(context)

    def _fail(self, error: Exception, reason: str) -> None:
        """Stop the belt first; `run` raises `error` when it stands."""
        if self._broken is None:
            self._broken = error
            self._leaving.set()
            self._loop.call_soon(self._walk.fail, reason)

    def _heard(self, event: SessionEvent, at: float) -> None:
        """Show an event; a screen that fails must not keep the belt from being stopped."""
        self._refused = self._refused or isinstance(event, Held)
        try:
            self._output.show(event, at)
        except Exception as error:  # noqa: BLE001 - whatever it is, the belt comes first; it is raised after the walk
            self._output = Nowhere()
            self._fail(error, "the display failed")
        if isinstance(event, PersonNeeded) and self._is_person_here and not self._out.isatty():
            self._errors.write(f"{event.text} Press Enter; q stops.\n")
        if self._answers_itself and (act := self._walker.hear(event, at, self._walk.session.runner.asking)):
            walk = self._walk
            does = {Act.AGREE: walk.confirm, Act.STOP: lambda: walk.stop(GAVE_UP), Act.LEAVE: self._leaving.set}
            self._loop.call_soon(does[act])

    # --- the end

    async def _until_over(self, walking: asyncio.Task[Ended]) -> Ended:
        """Wait for the end; once the program is to go, no longer than the belt needs to stand."""
        told = self._loop.create_task(self._leaving.wait())
        try:
            await asyncio.wait({walking, told}, return_when=asyncio.FIRST_COMPLETED)
            began = self._loop.time()
            while not walking.done():
                waited = self._loop.time() - began
                if waited >= SLOWS_WITHIN or (waited >= STANDS_WITHIN and not self._machine.state.slowing):
                    self._leave_at_once()
                await asyncio.wait({walking}, timeout=_LOOK_EVERY)
        finally:
            told.cancel()
            if not walking.done():  # whoever is cancelled, or fails, stops the belt and closes the record as well
                walking.cancel()
                await asyncio.wait({walking})
        return walking.result()

    def _leave_at_once(self) -> None:
        """Go, whatever hangs; what can still be done is to say the truth about the belt, and to keep the record."""
        with contextlib.suppress(Exception):
            self._resources.close()
        with contextlib.suppress(Exception):
            self._walk.abandon("the program left before the belt was seen to stand")
        standing = self._machine.state.standing
        with contextlib.suppress(Exception):
            self._show_summary()
        with contextlib.suppress(Exception):
            self._out.finish()
            self._errors.write(f"\nbackstride: {LAST_WORD[standing]}\n")
            self._errors.finish()
        interrupted = standing and self._interruption.number is not None
        os._exit(self._interruption.exit_code if interrupted else ExitCode.FAULT)

    def _show_summary(self) -> None:
        summary = self._walk.summary()
        if self._wish.json:
            self._out.write(f"{json.dumps(summary.to_payload())}\n")
        elif not isinstance(self._output, Nowhere):
            show_summary(self._console, summary, self._unit)
            if self._walk.record is not None:
                self._console.print(f"\nRecord: {self._walk.record}", markup=False, soft_wrap=True)

    def _report(self, ended: Ended) -> None:
        self._show_summary()
        if self._walk.record_fault is not None:
            self._errors.write(f"backstride: {self._walk.record_fault}\n")
        if is_unproven(ended):
            self._errors.write(f"backstride: {LAST_WORD[ended.belt_standing]}\n")
        elif self._interruption.number not in {None, CLOSED_PIPE}:
            self._errors.write(f"backstride: Interrupted. {STANDS if ended.belt_standing else 'Nothing has moved.'}\n")

    def _exit_code(self, ended: Ended) -> int:
        if self._interruption.number is not None and not is_unproven(ended):
            return self._interruption.exit_code
        if ended.ending is Ending.ABORTED:
            return ExitCode.FAULT
        return ExitCode.FINISHED if self._walk.record_fault is None else ExitCode.WRONG_INPUT

    def _new_output(self) -> Output:
        plan = self._walk.session.plan
        if self._wish.json:
            return JsonLines(self._print_line)
        if not _can_draw(self._console):
            return PlainLines(self._print_line, self._unit, len(plan.steps))
        name = f"on {self._machine.name}{' (simulated)' if self._machine.is_simulated else ''}"
        view = View(plan, self._walk.session.runner.progress, self._unit, name)
        return LiveDisplay(view, self._console, paced=self._wish.fast, is_behind=lambda: self._out.is_behind)

    def _print_line(self, line: str) -> None:
        self._out.write(f"{line}\n")


def _can_draw(out: Console) -> bool:
    return out.is_terminal and not out.is_dumb_terminal
