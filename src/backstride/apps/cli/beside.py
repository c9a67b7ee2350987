"""The person beside the belt, at a terminal: what they are told and asked, and what comes of it all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backstride.apps.cli import keys
from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.interruption import CLOSED_TERMINAL, Interruption
from backstride.apps.cli.target import look_for
from backstride.apps.cli.terminal import console, show_pairs
from backstride.apps.config import RememberedMachine, remember_machine
from backstride.driver.discovery import Discovery
from backstride.errors import ConfigError
from backstride.learning.bench import Choice, Topic
from backstride.learning.course import learn
from backstride.learning.log import Shown
from backstride.learning.onlooker import Onlooker
from backstride.learning.report import ON_HARDWARE, ON_THE_SIMULATOR, facts_of, story
from backstride.machines.writer import write_facts
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.cli.target import Target
    from backstride.apps.config import Settings
    from backstride.driver.discovery import Found
    from backstride.learning.bench import Person, Question, Step
    from backstride.learning.course import Course, Learned

INTRODUCTION: Final = """\
Stand beside the belt, and let nobody step on it. The safety key is in its place; your hand reaches the treadmill's own
stop button. Each motion is announced, and starts when you press Enter. Space, q or Ctrl-C stops the belt at once."""

_STEP_KEYS: Final = "Enter: go   s: leave it out   Space or q: stop and end"
_YES_OR_NO: Final = "y or n; Enter if you cannot tell"
_FIGURE: Final = "the number, for a speed with k for km/h or m for mph, as 1.6k; Enter alone if you cannot tell"
_STOP_KEYS: Final = frozenset({" ", "q", "Q"})
_ENTER: Final = frozenset({"\r", "\n"})
_BACKSPACE: Final = frozenset({"\x7f", "\b"})
_SHOWN: Final = re.compile(r"(?P<number>-?\d+(?:[.,]\d+)?)(?P<unit>[kKmM]?)")
_UNITS: Final = {"k": "km/h", "m": "mph"}
_URGENT: Final = "The belt was not seen to stand. Look, and use the treadmill's own stop button if it moves."


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person typed.

    Attributes:
        output: The machine file to write, or None to name it after the model.
        agreed: True to agree to every step, which only a simulated treadmill allows.
    """

    target: Target
    output: Path | None = None
    agreed: bool = False


class Beside:
    """A person at a terminal: one key for a step or a question, a figure with Enter for what the console shows.

    Args:
        say: Prints a line.

    Attributes:
        stop: What stops the belt and ends everything; called at any time.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stop: Callable[[], None] = lambda: None
        self._say = say
        self._typed = ""
        self._wanted: Callable[[str], bool] = lambda _: False
        self._answer: asyncio.Future[str] | None = None

    async def agrees(self, step: Step) -> Choice:
        """Put a step before the person."""
        self._say(f"\n{step.text}\n  [{_STEP_KEYS}]")
        key = await self._key(lambda key: key in _ENTER or key in "sS")
        return Choice.GO if key in _ENTER else Choice.SKIP

    async def sees(self, question: Question) -> bool | None:
        """Ask yes or no."""
        self._say(f"{question.text}  [{_YES_OR_NO}]")
        key = await self._key(lambda key: key in _ENTER or key in "yYnN")
        return None if key in _ENTER else key in "yY"

    async def reads(self, question: Question) -> Shown | None:
        """Ask for a figure, until one can be read."""
        self._say(f"{question.text}  [{_FIGURE}]")
        while True:
            self._typed = ""
            typed = await self._key(lambda key: key in _ENTER)
            typed = self._typed.strip()
            if not typed:
                return None
            if (shown := read_shown(typed, wants_unit=question.topic is Topic.SPEED_SHOWN)) is not None:
                return shown
            self._say(f"{typed!r} is not understood. [{_FIGURE}]")

    def told(self, text: str) -> None:
        """Tell the person."""
        self._say(text)

    def pressed(self, key: str | keys.Key) -> None:
        """Take a key: the belt comes first."""
        if key in _STOP_KEYS:
            self.stop()
            return
        if not isinstance(key, str) or self._answer is None or self._answer.done():
            return
        if self._wanted(key):
            self._answer.set_result(key)
        elif key in _BACKSPACE:
            self._typed = self._typed[:-1]
        elif key.isprintable():
            self._typed += key

    async def _key(self, wanted: Callable[[str], bool]) -> str:
        self._wanted = wanted
        self._answer = asyncio.get_running_loop().create_future()
        return await self._answer


def read_shown(typed: str, *, wants_unit: bool) -> Shown | None:
    """Return the figure that was typed, or None if it is none; a speed without its unit is none."""
    match = _SHOWN.fullmatch(typed)
    if match is None or bool(match["unit"]) is not wants_unit:
        return None
    return Shown(float(match["number"].replace(",", ".")), _UNITS.get(match["unit"].lower(), ""))


def output_path(wanted: Path) -> Path:
    """Return where the machine file goes. Raises ConfigError if it cannot be written there, or there is one already."""
    if wanted.suffix != ".toml":
        raise ConfigError(f"A machine file ends in .toml; {wanted} does not.")
    if wanted.exists():
        raise ConfigError(f"There is a file {wanted} already; name another one with -o.")
    if not wanted.parent.is_dir() or not os.access(wanted.parent, os.W_OK):
        raise ConfigError(f"The machine file cannot be written to {wanted.parent}; name another place with -o.")
    return wanted


async def guide(wish: Wish, settings: Settings) -> int:
    """Connect, try everything out, write the machine file, and return the exit code.

    Raises:
        BackstrideError: It could not begin; nothing has moved.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    out = console()

    def say(text: str) -> None:
        out.print(text, markup=False, soft_wrap=True)

    person = Beside(say)
    interruption = Interruption(first=lambda: _cancel(task), again=lambda: os._exit(interruption.exit_code))
    with contextlib.ExitStack() as stack:
        stack.enter_context(interruption.listening(loop))
        try:
            found, beside = await _reach(wish, person, say)
            if beside is person:
                gone = _closed(interruption)
                stack.enter_context(keys.listening(loop, person.pressed, gone, keys.read_console_keys))
            say(INTRODUCTION)
            learned = await learn(found, beside, begun=lambda course: _begun(course, person, interruption))
        except asyncio.CancelledError:
            if interruption.number is None:
                raise
            sys.stderr.write("backstride: Interrupted. Nothing has moved.\n")
            return interruption.exit_code
    _report(learned, found, wish, settings, say)
    if not learned.belt_stands:
        sys.stderr.write(f"backstride: {_URGENT}\n")
        return ExitCode.FAULT
    return interruption.exit_code if interruption.number is not None else ExitCode.FINISHED


def _cancel(task: asyncio.Task[object] | None) -> None:
    if task is not None:
        task.cancel()


def _closed(interruption: Interruption) -> Callable[[], None]:
    return lambda: interruption.interrupt(CLOSED_TERMINAL)


def _begun(course: Course, person: Beside, interruption: Interruption) -> None:
    """Let every way to stop reach the belt from now on."""
    person.stop = course.quit
    interruption.first = lambda: course.quit("you interrupted it")


async def _reach(wish: Wish, person: Beside, say: Callable[[str], None]) -> tuple[Found, Person]:
    """Return the treadmill that is meant, and who stands beside it."""
    facts = wish.target.simulated
    if facts is None:
        return await look_for(wish.target), person
    treadmill = SimulatedTreadmill(facts, faults=wish.target.faults)
    found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
    return found, Onlooker(treadmill, say) if wish.agreed else person


def _report(learned: Learned, found: Found, wish: Wish, settings: Settings, say: Callable[[str], None]) -> None:
    """Say what was found out, write the machine file, and say what to do with it."""
    out = console()
    simulated = wish.target.is_simulated
    path = wish.output or _free_path(learned.read.model)
    facts = facts_of(
        learned.read,
        learned.findings,
        path.stem,
        learned.log,
        day=datetime.now().astimezone().date(),
        provenance=ON_THE_SIMULATOR if simulated else ON_HARDWARE,
    )
    if learned.ended_early is not None:
        say(f"\nEnded early: {learned.ended_early}. What was found out until then:")
    else:
        say("\nWhat was found out, where it is not as the standard has it:")
    show_pairs(out, story(learned.findings) or [("", "nothing deviates")])
    text = write_facts(facts, comment=f"{facts.model}, as `backstride learn` found it.")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        say(f"\nThe machine file cannot be written ({(error.strerror or str(error)).lower()}); here it is:\n\n{text}")
        return
    say(f"\nMachine file: {path}")
    if simulated:
        say(f"Be that machine:  backstride info --simulated {path}")
        return
    _use(path, found, settings, say)
    say("Send it in, with what you know of the treadmill, as an issue or a pull request: CONTRIBUTING.md tells how.")


def _use(path: Path, found: Found, settings: Settings, say: Callable[[str], None]) -> None:
    """Let Backstride use the file for this treadmill from now on."""
    name = found.name or path.stem
    met = RememberedMachine(address=found.address, model=str(path.resolve()), last_seen=datetime.now().astimezone())
    try:
        remember_machine(settings, name, met)
    except ConfigError as error:
        say(f"It is not in use yet: {error}")
        return
    say(f"Backstride uses it for {name} from now on; the settings say so under [machines]. See it with:")
    say(f"  backstride info --device '{name}'")


def _free_path(model: str) -> Path:
    """Return a file in the current folder that is named after the model and does not exist yet."""
    stem = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-") or "treadmill"
    paths = (Path(f"{stem}{ending}.toml") for ending in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(path for path in paths if not path.exists())
