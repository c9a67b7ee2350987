"""A treadmill that was heard, in the words of every list: name, model, signal, and what stands in the way. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.machines.facts import GENERIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.apps.config import Settings
    from backstride.driver.discovery import Found
    from backstride.machines.facts import MachineFacts

NAMELESS: Final = "(no name)"
UNKNOWN_MODEL: Final = "unknown model"
BUSY: Final = "busy: another app is connected"
REFUSES: Final = "busy? It is heard, but does not let us connect; another app may be connected"
QUIET: Final = "not heard any more"
UNSUPPORTED: Final = "not supported"
LOCKED: Final = "locked, unless its maker's app has opened it"
PERHAPS: Final = "perhaps a treadmill; connecting will tell"

_STRENGTHS: Final = ((-60, "▂▄▆█", "strong"), (-70, "▂▄▆ ", "good"), (-80, "▂▄  ", "fair"))  # from so many dBm on
_WEAKEST: Final = ("▂   ", "weak")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a list shows of a treadmill.

    Attributes:
        address: Its Bluetooth address, or the system's identifier for it.
        name: What its owner calls it, else the name that it advertises, else None.
        model: The treadmill that its machine file describes; None where no file knows it.
        rssi: Signal strength in dBm.
        available: False if it says that it is in use; None if it says nothing.
        certain: False if only a connection can tell whether it is a treadmill.
        locked: What keeps its control point shut, as its machine file has it; None if nothing does.
        remembered: Whether it was met before.
        unsupported: Why it cannot be driven, if it is known to speak only its maker's protocol; None otherwise.
    """

    address: str
    name: str | None
    model: str | None
    rssi: int
    available: bool | None
    certain: bool
    locked: str | None
    remembered: bool
    unsupported: str | None = None

    @property
    def title(self) -> str:
        """The name, or that there is none."""
        return self.name or NAMELESS


def sighted(found: Found, settings: Settings, remembered: Mapping[str, MachineFacts]) -> Sighting:
    """Return what was heard as a list shows it; what is remembered of it comes before what its name tells.

    Args:
        found: What was heard.
        settings: The settings.
        remembered: The machine files that they name, by address (target.remembered_facts).
    """
    called = settings.name_at(found.address)
    named = remembered.get(found.address.upper())
    facts = named or found.facts
    unsupported = found.unsupported if named is None else None
    model = None if facts.id == GENERIC else facts.model
    return Sighting(
        address=found.address,
        name=called or found.name,
        model=model if unsupported is None else unsupported.model,
        rssi=found.rssi,
        available=found.available,
        certain=found.is_treadmill is True,
        locked=facts.control.locked,
        remembered=called is not None,
        unsupported=None if unsupported is None else unsupported.sentence,
    )


def signal_text(rssi: int) -> str:
    """Return bars and a word for a signal strength in dBm: ``▂▄▆  good``."""
    return " ".join(_strength(rssi))


def signal_bars(rssi: int) -> str:
    """Return the bars alone: ``▂▄▆ ``."""
    return _strength(rssi)[0]


def _strength(rssi: int) -> tuple[str, str]:
    return next(((bars, word) for least, bars, word in _STRENGTHS if rssi >= least), _WEAKEST)


def remark(sighting: Sighting, *, refuses: bool = False, quiet: bool = False) -> str:
    """Return what stands in the way of using it, the weightiest thing only, or "".

    Args:
        sighting: The treadmill.
        refuses: Whether it was heard and has refused a connection.
        quiet: Whether it was heard before and is not heard now.
    """
    if quiet:
        return QUIET
    if sighting.unsupported is not None:
        return UNSUPPORTED
    if sighting.available is False:
        return BUSY
    if refuses:
        return REFUSES
    if sighting.locked is not None:
        return LOCKED
    return "" if sighting.certain else PERHAPS
