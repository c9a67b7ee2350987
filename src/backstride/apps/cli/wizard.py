"""The way from `backstride` to a session: which treadmill, what it can do, its name, which session. Pure.

The shell tells what was heard and typed, with the instant; the wizard answers with what is to be done, an `Act`, and
says by its `page` what is to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

from backstride.apps.cli.choice import Choice
from backstride.apps.cli.heard import Heard
from backstride.apps.config import tidy_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.cli.keys import Key
    from backstride.apps.cli.offers import Offer
    from backstride.apps.cli.sighting import Sighting

LOOKS_FOR: Final = 8.0
"""Seconds that a treadmill met before is waited for, before the others are listed."""

PREFERS_FOR: Final = 2.0
"""Seconds that the treadmill used last has to be heard, once another one met before was heard."""

ADVICE_AFTER: Final = 20.0
"""Seconds without any treadmill after which what is usually the matter is told."""

_ENTER: Final = ("\r", "\n")
_ERASE: Final = ("\x7f", "\b")
_ESCAPE: Final = "\x1b"


class Page(Enum):
    """What is shown."""

    LOOKING = auto()  # for a treadmill met before
    LIST = auto()
    CONNECTING = auto()
    PORTRAIT = auto()  # what the treadmill can do
    NAMING = auto()
    SESSIONS = auto()
    PREFLIGHT = auto()
    NOTICE = auto()  # S14


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect to the treadmill at this address."""

    address: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Let go of the treadmill, or of the attempt to connect to it."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the program."""


@dataclass(frozen=True, slots=True)
class Simulate:
    """Listen to a simulated treadmill from now on."""


@dataclass(frozen=True, slots=True)
class CallIt:
    """Remember the treadmill under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Save that the notice was acknowledged (S14)."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Walk this profile."""

    reference: str


Act: TypeAlias = Connect | Leave | Quit | Simulate | CallIt | Acknowledge | Walk


@dataclass(frozen=True, slots=True)
class Welcome:
    """A connected treadmill.

    Attributes:
        name: What it is called.
        portrait: What it can do, as names and values.
        offers: The sessions.
        preferred: Reference of the session with the cursor, if it can run.
        is_new: Whether it was never met before.
        needs_notice: Whether the notice is to be acknowledged before it is started (S14).
        fault_of: Says of a name why the treadmill cannot be called so; None if it can.
    """

    name: str
    portrait: tuple[tuple[str, str], ...]
    offers: tuple[Offer, ...]
    preferred: str | None
    is_new: bool
    needs_notice: bool
    fault_of: Callable[[str], str | None]


class Wizard:
    """What is shown and what the keys do.

    Args:
        favourites: Addresses of the treadmills met before, the one used last first.
        now: Seconds of a clock that does not go backward.

    Attributes:
        page: What is shown.
        heard: The treadmills.
        trouble: What went wrong last, with what to do; "" if nothing did.
        typed: The words typed so far.
        sessions: The choice among the sessions.
        name: What the treadmill at hand is called.
        welcome: The connected treadmill.
    """

    def __init__(self, favourites: tuple[str, ...], now: float) -> None:
        self.page = Page.LOOKING if favourites else Page.LIST
        self.heard = Heard(now)
        self.trouble = ""
        self.typed = ""
        self.sessions = Choice()
        self.name = ""
        self.welcome: Welcome | None = None
        self._favourites = tuple(address.upper() for address in favourites)
        self._since = now
        self._is_named = False
        self._waits = bool(favourites)  # for one of them, until a person decides otherwise
        self._second_best: tuple[float, str] | None = None
        self._connecting_to = ""

    # --- what the radio tells

    def hear(self, sighting: Sighting, now: float) -> Act | None:
        """Take a treadmill that was heard; until a key is pressed, connect to the one used last at once."""
        self.heard.hear(sighting, now)
        if not self._waits or sighting.address.upper() not in self._favourites:
            return None
        if sighting.address.upper() == self._favourites[0]:
            return self._connect(sighting.address)
        if self._second_best is None:
            self._second_best = (now, sighting.address)
        return None

    def tick(self, now: float) -> Act | None:
        """Do what the clock brings about."""
        if self._waits and self._second_best is not None and now - self._second_best[0] >= PREFERS_FOR:
            return self._connect(self._second_best[1])
        if self.page is Page.LOOKING and now - self._since >= LOOKS_FOR:
            self._list()
        return None

    def deaf(self, sentence: str) -> None:
        """Take note that Bluetooth is not to be had, and why; the list goes on, and so does the listening."""
        self.heard.deaf(sentence)
        if self.page is Page.LOOKING:
            self.page = Page.LIST

    def listen_anew(self, now: float) -> None:
        """Forget all that was heard: something else listens from now on."""
        self.heard = Heard(now)
        self._list()

    def needs_advice(self, now: float) -> bool:
        """Tell whether to say what is usually the matter: nothing is heard, and has not been for a while."""
        return self.page is Page.LIST and self.heard.silent_for(now) >= ADVICE_AFTER

    # --- what the connection tells

    def connected(self, welcome: Welcome) -> None:
        """Show a connected treadmill: a new one by what it can do, a known one with the sessions."""
        self.welcome, self.name = welcome, welcome.name
        self._waits, self._is_named = False, not welcome.is_new
        runnable = [offer.reference for offer in welcome.offers if not offer.why_not]
        self.trouble = ""
        first = welcome.preferred if welcome.preferred in runnable else next(iter(runnable), None)
        self.sessions = Choice([offer.reference for offer in welcome.offers], first)
        self.page = Page.PORTRAIT if welcome.is_new else Page.SESSIONS

    def lost(self, sentence: str, *, refused: bool = False) -> None:
        """Go back to the list: the treadmill could not be connected to, or is not connected any more.

        Args:
            sentence: What happened, and what to do.
            refused: Whether it could not be connected to.
        """
        self.heard.mark(self._connecting_to, refused=refused)
        self._waits = False
        self._list()
        self.trouble = sentence

    def called(self, name: str, trouble: str = "") -> None:
        """Go on to the sessions with the treadmill's name; `trouble` is why it could not be saved."""
        self.name, self.trouble, self.page = name, trouble, Page.SESSIONS
        self._is_named = True

    def acknowledged(self, trouble: str = "") -> Act | None:
        """Go on to the walk; `trouble` is why the acknowledgement could not be saved, and then nothing is started."""
        if trouble:
            self.not_walked(trouble)
            return None
        return Walk(str(self.sessions.at))

    def not_walked(self, trouble: str) -> None:
        """Go back to the sessions: the one that was chosen cannot begin, and why."""
        self.trouble, self.page = trouble, Page.SESSIONS

    # --- what the person does

    def press(self, key: Key | str, now: float) -> Act | None:
        """Take a key: an arrow, or a character as it was typed."""
        self._waits = False
        if self.page in {Page.NAMING, Page.NOTICE}:
            return self._type(key)
        if key in ("q", "Q"):
            return Quit()
        match self.page:
            case Page.LOOKING:
                self._list()
            case Page.LIST:
                return self._press_in_list(key, now)
            case Page.CONNECTING:
                return self._leave()
            case Page.PORTRAIT:
                return self._press_at_portrait(key)
            case Page.SESSIONS:
                return self._press_in_sessions(key, now)
            case _:
                return self._press_at_preflight(key)
        return None

    @property
    def offer(self) -> Offer | None:
        """The session with the cursor."""
        offers = () if self.welcome is None else self.welcome.offers
        return next((offer for offer in offers if offer.reference == self.sessions.at), None)

    @property
    def fits_none(self) -> bool:
        """Whether this machine can run none of the sessions."""
        return self.welcome is not None and all(offer.why_not for offer in self.welcome.offers)

    def _press_in_list(self, key: Key | str, now: float) -> Act | None:
        if key in ("s", "S"):
            self.listen_anew(now)
            return Simulate()
        if key in _ENTER and self.heard.choice.at is not None:
            return self._connect(self.heard.choice.at)
        if key in ("r", "R"):
            self.heard.sort()
        else:
            self.heard.press(key, now)
        return None

    def _press_at_portrait(self, key: Key | str) -> Act | None:
        if _is_back(key):
            return self._leave()
        if key in _ENTER and self._is_named:
            self._go_to(Page.SESSIONS)
        elif key in _ENTER:
            self._go_naming()
        return None

    def _press_in_sessions(self, key: Key | str, now: float) -> Act | None:
        if _is_back(key):
            return self._leave()
        if key in _ENTER:
            offer = self.offer
            if offer is not None and not offer.why_not:
                self._go_to(Page.PREFLIGHT)
        elif key in ("i", "I"):
            self._go_to(Page.PORTRAIT)
        elif key in ("n", "N"):
            self._go_naming()
        else:
            self.sessions.press(key, now)
        return None

    def _press_at_preflight(self, key: Key | str) -> Act | None:
        if _is_back(key):
            self._go_to(Page.SESSIONS)
        elif key in _ENTER:
            if self.welcome is None or not self.welcome.needs_notice:
                return Walk(str(self.sessions.at))
            self.typed = ""
            self._go_to(Page.NOTICE)
        return None

    def _type(self, key: Key | str) -> Act | None:
        if key in _ENTER:
            return self._take_name() if self.page is Page.NAMING else self._take_acknowledgement()
        if key == _ESCAPE:
            self._is_named = True  # by what it was called so far
            self._go_to(Page.SESSIONS)
        elif key in _ERASE:
            self.typed = self.typed[:-1]
        elif isinstance(key, str) and key.isprintable():
            self.typed += key
        return None

    def _take_name(self) -> Act | None:
        name = tidy_name(self.typed) or self.name
        fault = None if self.welcome is None else self.welcome.fault_of(name)
        if fault is not None:
            self.trouble = fault
            return None
        self.typed = name
        return CallIt(name)

    def _take_acknowledgement(self) -> Act | None:
        if self.typed.strip().lower() == "yes":
            return Acknowledge()
        self._go_to(Page.SESSIONS)
        self.trouble = "The notice was not acknowledged, so no treadmill is started."
        return None

    # --- from page to page

    def _go_to(self, page: Page) -> None:
        self.page, self.trouble = page, ""

    def _go_naming(self) -> None:
        self.typed = ""
        self._go_to(Page.NAMING)

    def _list(self) -> None:
        self._go_to(Page.LIST)
        self.welcome = None

    def _leave(self) -> Act:
        self._list()
        return Leave()

    def _connect(self, address: str) -> Act:
        self.heard.mark(address, refused=False)
        self._connecting_to = address
        self.name = self.heard.title_of(address)
        self._go_to(Page.CONNECTING)
        return Connect(address)


def _is_back(key: Key | str) -> bool:
    return key in ("b", "B", _ESCAPE)
