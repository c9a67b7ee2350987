"""What a trial may do, and what it asks of the person beside the belt. Pure: who carries it out is `course.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.learning.log import Doing, Log, Shown
    from backstride.protocol.control_point import Request
    from backstride.protocol.features import TargetSetting
    from backstride.protocol.ranges import InclinationRange, SpeedRange
    from backstride.protocol.tickets import Settled


class Choice(Enum):
    """What a person says to a step."""

    GO = "go"
    SKIP = "skip"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it is put before the person, who goes, skips or quits.

    Attributes:
        number: Counted from 1.
        of: How many there are.
        title: What is tried.
        text: What will happen, and what to do.
        moves: True if belt or deck may move: the answer is then the one confirmation of that motion (S1).
    """

    number: int
    of: int
    title: str
    text: str
    moves: bool


class Topic(Enum):
    """What a question is about; every answer may be "I cannot tell"."""

    BELT_MOVES = "belt moves"
    BELT_FASTER = "belt faster"
    BELT_STANDS = "belt stands"
    DECK_MOVED = "deck moved"
    DECK_FLAT = "deck flat"
    SPEED_SHOWN = "speed shown"
    INCLINE_SHOWN = "incline shown"
    CONSOLE_DONE = "console done"

    @property
    def wants_number(self) -> bool:
        """True if the answer is what the console shows, False if it is yes or no."""
        return self in {Topic.SPEED_SHOWN, Topic.INCLINE_SHOWN}


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the person, with what it is about."""

    topic: Topic
    text: str


class Person(Protocol):
    """Whoever stands beside the belt."""

    async def agrees(self, step: Step) -> Choice:
        """Return what the person says to a step."""

    async def sees(self, question: Question) -> bool | None:
        """Return yes or no, or None if the person cannot tell."""

    async def reads(self, question: Question) -> Shown | None:
        """Return what the console shows, or None if the person cannot tell."""

    def told(self, text: str) -> None:
        """Tell the person what is going on."""


class Skipped(Exception):
    """A step is left out; the sentence says why."""


class Stood(Exception):
    """The trials are over: the belt did not do what it must, or the person has had enough. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What the machine says of itself when it is read.

    Attributes:
        speeds: Its range of speeds, or None.
        inclines: Its range of inclinations, or None.
        targets: What it takes as a target.
        takes_commands: True if it has a control point.
    """

    speeds: SpeedRange | None
    inclines: InclinationRange | None
    targets: TargetSetting
    takes_commands: bool


class Bench(Protocol):
    """What a trial may do."""

    @property
    def log(self) -> Log:
        """All that was seen so far."""

    @property
    def announced(self) -> Announced:
        """What the machine says of itself."""

    @property
    def now(self) -> float:
        """The instant, in seconds."""

    async def agree(self, doing: Doing, title: str, text: str, *motions: Request) -> None:
        """Put a step before the person; its motions are allowed from here on, once each (S1).

        Raises:
            Skipped: The person leaves it out.
            Stood: The person has had enough.
        """

    async def write(self, request: Request) -> Settled:
        """Carry out a procedure; return how it ended."""

    async def pause(self) -> Settled:
        """Carry out Pause."""

    async def stop(self) -> bool:
        """Stop the belt until it is seen to stand, or the person says that it does (S5). Raises Stood if it does not.

        Returns:
            True if telemetry showed it.
        """

    async def watch(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass until `until` holds; return whether it does."""

    async def sees(self, topic: Topic, text: str) -> bool | None:
        """Ask the person yes or no."""

    async def reads(self, topic: Topic, text: str) -> Shown | None:
        """Ask the person what the console shows."""
