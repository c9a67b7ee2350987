"""Which machine file describes the treadmill in front of us, and which treadmills are not supported. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.machines.facts import GENERIC, MachineFacts, known_machines, load_facts
from backstride.machines.unsupported import unsupported_machines

if TYPE_CHECKING:
    from backstride.machines.unsupported import Unsupported


def recognise(
    *,
    name: str | None,
    manufacturer: str | None = None,
    model_number: str | None = None,
    firmware: str | None = None,
    offers_service: bool = False,
) -> MachineFacts:
    """Return the facts of the shipped model that fits best, or those of the generic treadmill.

    The longest name prefix wins, because makers share short ones (machines/quirks, point 14); Device Information, where
    a file names it, must agree. A machine without a name is known by its model number alone.

    Args:
        name: Advertised name.
        manufacturer: Manufacturer Name, as far as it is known.
        model_number: Model Number, likewise.
        firmware: Firmware Revision, likewise.
        offers_service: True if it is known to have the FTMS service: a shared name counts only then.
    """
    best, best_length = load_facts(GENERIC), 0
    for known in known_machines()[1:]:
        facts = load_facts(known)
        identity = facts.identity
        if identity.twin is not None:
            continue
        if _differs(identity.manufacturer, manufacturer) or _differs(identity.model_number, model_number):
            continue
        if identity.firmware is not None and identity.firmware != _plain(firmware):
            continue
        if name:
            length = _fit(name, identity.names)
            if offers_service:
                length = max(length, _fit(name, identity.shared), _shape_fit(name, identity.shapes))
        else:
            length = int(identity.anonymous and _plain(model_number) in {identity.model_number, facts.model} - {None})
        if (length, identity.firmware is not None) > (best_length, best.identity.firmware is not None):
            best, best_length = facts, length
    return best


def unsupported_by(name: str | None, *, offers_service: bool) -> Unsupported | None:
    """Return the treadmill that Backstride cannot drive and that is called so, or None.

    A name that a machine file describes better is none; nor is a treadmill that offers the FTMS service, but for those
    that offer it to no avail.
    """
    if not name:
        return None
    described = recognise(name=name, offers_service=offers_service)
    best, best_length = None, 0 if described.id == GENERIC else _best_fit(name, described, offers_service)
    for one in unsupported_machines():
        length = _fit(name, one.names)
        if length > best_length and (one.offers_service or not offers_service):
            best, best_length = one, length
    return best


def _best_fit(name: str, facts: MachineFacts, offers_service: bool) -> int:  # noqa: FBT001 - handed on
    identity = facts.identity
    weak = max(_fit(name, identity.shared), _shape_fit(name, identity.shapes)) if offers_service else 0
    return max(_fit(name, identity.names), weak)


def _fit(name: str, prefixes: tuple[str, ...]) -> int:
    """Return the length of the longest prefix that fits, in any letter case; 0 if none does."""
    return max((len(prefix) for prefix in prefixes if name.upper().startswith(prefix.upper())), default=0)


def _shape_fit(name: str, shapes: tuple[str, ...]) -> int:
    """Return the number of letters that a fitting shape fixes; 0 if none fits."""
    return max((sum(mark not in "#?" for mark in shape) for shape in shapes if _has_shape(name, shape)), default=0)


def _has_shape(name: str, shape: str) -> bool:
    return len(name) == len(shape) and all(
        mark == "?" or (letter.isdigit() if mark == "#" else letter.upper() == mark.upper())
        for letter, mark in zip(name, shape, strict=True)
    )


def _differs(named: str | None, read: str | None) -> bool:
    """Tell whether both are known and not the same."""
    return named is not None and read is not None and named != _plain(read)


def _plain(text: str | None) -> str | None:
    """Return a Device Information string without the padding some machines send (Yesoul: a trailing NUL)."""
    return None if text is None else text.strip("\0 ")
