"""What a trial cannot find out, kept from the machine file that is shipped for the model. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstride.learning.report import value_text
from backstride.machines.facts import MachineFacts, Quirk
from backstride.machines.fields import WireUnit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.learning.findings import Findings

_SHIPPED: Final = "machine file {id}"


def with_what_is_known(facts: MachineFacts, known: MachineFacts, findings: Findings) -> MachineFacts:
    """Return learned facts with the cautions of the shipped file `known` of that model (S7, S10).

    They are what is withheld, what a person has to see to, what may lock the machine, and the lowest that belt and deck
    really take: a trial of one machine on one day does not disprove them, and one that was broken off even less. What
    is kept is told by a quirk.
    """
    kept = list(_kept(facts, known, findings))
    if not kept:
        return facts
    tables: dict[str, Any] = {}
    for field, value in kept:
        table, _, name = field.partition(".")
        if name:
            tables[table] = tables.get(table, getattr(facts, table)).model_copy(update={name: value})
        else:
            tables[table] = value
    words = "; ".join(f"{field} = {_text(value)}" for field, value in kept)
    quirk = Quirk(
        text=f"Kept from the shipped file: {words}.", source=_SHIPPED.format(id=known.id), provenance="shipped"
    )
    return facts.model_copy(update={**tables, "quirks": (*facts.quirks, quirk)})


def _kept(facts: MachineFacts, known: MachineFacts, findings: Findings) -> Iterator[tuple[str, Any]]:
    if known.advice:
        yield "advice", known.advice
    if known.miles_console and facts.speed.unit is facts.control.write_unit is WireUnit.KMH:
        yield "miles_console", known.miles_console
    if known.control.withheld:
        yield "control.withheld", {**known.control.withheld, **facts.control.withheld}
    if known.control.locked is not None and facts.control.locked is None:
        yield "control.locked", known.control.locked
    if known.speed.floor is not None and "speed.floor" not in findings.found:
        yield "speed.floor", known.speed.floor
    if facts.incline is not None and known.incline is not None and known.incline.floor is not None:
        yield "incline.floor", known.incline.floor
        if known.incline.below_floor is not None:
            yield "incline.below_floor", known.incline.below_floor


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{value_text(code)}: {reason}" for code, reason in value.items())
    return value_text(value)
