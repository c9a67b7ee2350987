"""A treadmill tried out at the terminal, from the connection to the machine file and the capture beside it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from backstride.apps.cli import keys
from backstride.apps.cli.beside import Beside
from backstride.apps.cli.capturing import CaptureWish, capturing
from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.interruption import CLOSED_PIPE, CLOSED_TERMINAL, Interruption
from backstride.apps.cli.outlet import Outlet
from backstride.apps.cli.target import look_for
from backstride.apps.cli.terminal import console, show_pairs
from backstride.apps.config import RememberedMachine, remember_machine
from backstride.capture.events import Recognised
from backstride.capture.file import SUFFIX
from backstride.driver.discovery import Discovery
from backstride.errors import ConfigError
from backstride.learning.course import learn
from backstride.learning.kept import with_what_is_known
from backstride.learning.onlooker import Onlooker
from backstride.learning.report import ON_HARDWARE, ON_THE_SIMULATOR, facts_of, story, verdict
from backstride.machines.writer import write_facts
from backstride.machines.written import as_written
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.cli.target import Target
    from backstride.apps.config import Settings
    from backstride.capture.events import Trace
    from backstride.driver.discovery import Found
    from backstride.learning.bench import Person
    from backstride.learning.course import Course, Learned
    from backstride.machines.facts import MachineFacts

    Say = Callable[[str], None]

INTRODUCTION: Final = """\
Stand beside the belt, and let nobody step on it. Lay the deck flat by the console. The safety key is in its place; your
hand reaches the treadmill's own stop button. Each motion is announced, and starts when you press Enter. Space, q or
Ctrl-C stops the belt at once."""

_KNOWN: Final = """\
Backstride has a machine file for this model already: {model} ({id}). What is withheld there, what a person has to see
to, and the lowest that belt and deck take are kept from it."""

_NOT_IN_USE: Final = (
    "It is not in use: the trial was not finished. Name it in the settings if you want it all the same."
)
_URGENT: Final = "The belt was not seen to stand. Look, and use the treadmill's own stop button if it moves."


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person typed.

    Attributes:
        target: The treadmill.
        output: The machine file to write, or None to name it after the treadmill.
        redact: True to redact the capture once it is whole.
        agreed: True to agree to every step, which only a simulated treadmill allows.
        fast: True for virtual time, which waits while the person thinks; likewise.
    """

    target: Target
    output: Path | None = None
    redact: bool = False
    agreed: bool = False
    fast: bool = False


def output_path(wanted: Path) -> Path:
    """Return where the machine file goes. Raises ConfigError if it cannot be written there, or there is one already."""
    if wanted.suffix != ".toml":
        raise ConfigError(f"A machine file ends in .toml; {wanted} does not.")
    for path in (wanted, capture_beside(wanted)):
        if path.exists():
            raise ConfigError(f"There is a file {path} already; name another one with -o.")
    if not wanted.parent.is_dir() or not os.access(wanted.parent, os.W_OK):
        raise ConfigError(f"The machine file cannot be written to {wanted.parent}; name another place with -o.")
    return wanted


def capture_beside(path: Path) -> Path:
    """Return where the capture of a machine file goes."""
    return path.with_name(f"{path.stem}{SUFFIX}")


async def guide(wish: Wish, settings: Settings) -> int:
    """Connect, try everything out, write machine file and capture, and return the exit code.

    Raises:
        BackstrideError: It could not begin; nothing has moved.
    """
    loop = asyncio.get_running_loop()
    interruption = Interruption.of_task(asyncio.current_task())
    with contextlib.ExitStack() as stack:
        screen = Screen(interruption, waits=wish.agreed or wish.fast)
        stack.callback(screen.finish)
        stack.enter_context(interruption.listening(loop))
        person = Beside(screen.say, screen.echo, fast=wish.fast)
        keyboard = stack.enter_context(contextlib.ExitStack())
        try:
            found, beside = await _reach(wish, settings, person, screen.say)
            path = wish.output or _free_path(found.name or found.facts.model)
            trace = stack.enter_context(capturing(CaptureWish(capture_beside(path), wish.redact), found, None))
            if beside is person:
                gone = interruption.close_terminal
                keyboard.enter_context(keys.listening(loop, person.pressed, gone, keys.Typist().read))
            screen.say(INTRODUCTION)
            if found.known:
                screen.say(_KNOWN.format(model=found.facts.model, id=found.facts.id))

            def begun(course: Course) -> None:
                """Let every way to stop reach the belt from now on."""
                person.stop = course.quit
                interruption.first = lambda: course.quit("you interrupted it", asks=False)
                interruption.again = lambda: _leave_at_once(keyboard, screen, redact=wish.redact)

            learned = await learn(found, beside, trace=trace, begun=begun)
        except asyncio.CancelledError:
            if interruption.number is None:
                raise
            screen.complain("Interrupted. Nothing has moved.")
            return interruption.exit_code
        _report(learned, _written(learned, found, path, wish, trace), found, path, wish, settings, screen)
        if not learned.belt_stands:
            screen.complain(_URGENT)
            return ExitCode.FAULT
    return interruption.exit_code if interruption.number is not None else ExitCode.FINISHED


class Screen:
    """The terminal, which holds up no belt: the loop hands over what is shown, and waits for nothing (S4).

    Args:
        interruption: Told when nobody reads any more.
        waits: True to wait, which is for virtual time, where the reader sets the pace.
    """

    def __init__(self, interruption: Interruption, *, waits: bool) -> None:
        self._out = Outlet(sys.stdout, lambda _: interruption.interrupt(self._closed), waits=waits)
        self._errors = Outlet(sys.stderr, lambda _: None, waits=waits)
        self.console = console(file=cast("IO[str]", self._out))

    @property
    def _closed(self) -> int:
        return CLOSED_TERMINAL if self._out.isatty() else CLOSED_PIPE

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, markup=False, soft_wrap=True)

    def echo(self, text: str) -> None:
        """Show what is typed."""
        self._out.write(text)

    def complain(self, text: str) -> None:
        """Print a line that is about the belt, or a fault."""
        self._errors.write(f"backstride: {text}\n")

    def finish(self) -> None:
        """Wait a little until everything is written."""
        self._out.finish()
        self._errors.finish()


def _leave_at_once(keyboard: contextlib.ExitStack, screen: Screen, *, redact: bool) -> None:
    """Go, whatever hangs: nobody has seen the belt stand, and that is said and returned (S5, S6)."""
    with contextlib.suppress(Exception):
        keyboard.close()
    with contextlib.suppress(Exception):
        screen.complain(f"{_URGENT} The capture is not redacted." if redact else _URGENT)
        screen.finish()
    os._exit(ExitCode.FAULT)


async def _reach(wish: Wish, settings: Settings, person: Beside, say: Say) -> tuple[Found, Person]:
    """Return the treadmill that is meant, and who stands beside it."""
    facts = wish.target.simulated
    if facts is None:
        return await look_for(wish.target, settings.adapter), person
    treadmill = SimulatedTreadmill(facts, faults=wish.target.faults)
    found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
    return found, Onlooker(treadmill, say) if wish.agreed else person


def _written(learned: Learned, found: Found, path: Path, wish: Wish, trace: Trace | None) -> MachineFacts:
    """Return the facts that follow, and put them into the capture: a replay of it is that machine."""
    facts = facts_of(
        learned.read,
        learned.findings,
        path.stem,
        learned.log,
        day=datetime.now().astimezone().date(),
        provenance=ON_THE_SIMULATOR if wish.target.is_simulated else ON_HARDWARE,
    )
    if found.known:
        facts = with_what_is_known(facts, found.facts, learned.findings)
    if trace is not None:
        trace(Recognised(facts.id, as_written(facts)))
    return facts


def _report(
    learned: Learned, facts: MachineFacts, found: Found, path: Path, wish: Wish, settings: Settings, screen: Screen
) -> None:
    """Say what was found out, write the machine file, and say what to do with it."""
    say = screen.say
    if learned.ended_early is not None:
        say(f"\nEnded early: {learned.ended_early}. What was found out until then:")
    else:
        say("\nWhat was found out, where it is not as the standard has it:")
    show_pairs(screen.console, story(learned.findings) or [("", "nothing deviates")])
    if (sentence := verdict(learned.read, learned.log, learned.findings)) is not None:
        say(f"\n{sentence}")
    text = write_facts(facts, comment=f"{facts.model}, as `backstride learn` found it.")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        say(f"\nThe machine file cannot be written ({(error.strerror or str(error)).lower()}); here it is:\n\n{text}")
        return
    say(f"\nMachine file: {path}")
    if wish.target.is_simulated:
        say(f"Be that machine:  backstride info --simulated {path}")
        return
    if learned.ended_early is not None:
        say(_NOT_IN_USE)
        return
    _use(path, found, settings, say)
    say("Send in both, the file and the capture: docs/learn.md tells how.")


def _use(path: Path, found: Found, settings: Settings, say: Say) -> None:
    """Let Backstride use the file for this treadmill from now on."""
    name = settings.name_at(found.address) or found.name or path.stem
    known = settings.machine(found.address) or RememberedMachine(address=found.address, advertised=found.name)
    met = known.model_copy(update={"model": str(path.resolve()), "last_seen": datetime.now().astimezone()})
    try:
        remember_machine(settings, name, met)
    except ConfigError as error:
        say(f"It is not in use yet: {error}")
        return
    say(f"Backstride uses it for {name} from now on; the settings say so under [machines]. See it with:")
    say(f"  backstride info --device '{name}'")


def _free_path(name: str) -> Path:
    """Return a file in the current folder that is named after the treadmill and does not exist yet."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "treadmill"
    paths = (Path(f"{stem}{ending}.toml") for ending in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(path for path in paths if not path.exists() and not capture_beside(path).exists())
