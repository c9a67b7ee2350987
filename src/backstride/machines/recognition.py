"""Which machine file describes the treadmill in front of us. Pure."""

from __future__ import annotations

from backstride.machines.facts import GENERIC, MachineFacts, known_machines, load_facts


def recognise(
    *,
    name: str | None,
    manufacturer: str | None = None,
    model_number: str | None = None,
    firmware: str | None = None,
) -> MachineFacts:
    """Return the facts of the shipped model that fits best, or those of the generic treadmill.

    The longest name prefix wins, because makers share short ones (machines/quirks, point 14); Device Information, where
    a file names it, must agree. A machine without a name is known by its model number alone.
    """
    best, best_length = load_facts(GENERIC), 0
    for known in known_machines()[1:]:
        facts = load_facts(known)
        identity = facts.identity
        if _differs(identity.manufacturer, manufacturer) or _differs(identity.model_number, model_number):
            continue
        if identity.firmware is not None and identity.firmware != _plain(firmware):
            continue
        if name:
            length = max(
                (len(prefix) for prefix in identity.names if name.upper().startswith(prefix.upper())), default=0
            )
        else:
            length = int(identity.anonymous and _plain(model_number) in {identity.model_number, facts.model} - {None})
        if length > best_length:
            best, best_length = facts, length
    return best


def _differs(named: str | None, read: str | None) -> bool:
    """Tell whether both are known and not the same."""
    return named is not None and read is not None and named != _plain(read)


def _plain(text: str | None) -> str | None:
    """Return a Device Information string without the padding some machines send (Yesoul: a trailing NUL)."""
    return None if text is None else text.strip("\0 ")
