"""What can be learned of each fact of a machine file, and from what: the table of docs/learn.md. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from backstride.learning.findings import How


class Need(Enum):
    """What a machine must do for a fact to be found out."""

    NOTHING = ""
    COMMANDS = "commands"
    START = "a start"
    SPEED = "speeds"
    DECK = "inclines"


class Decision(NamedTuple):
    """Where a fact can be learned from, by what, and what the machine must do for it."""

    how: How
    text: str
    need: Need = Need.NOTHING


_AIR, _PERSON, _NOT = How.AIR, How.PERSON, How.NOT
_COMMANDS, _START, _SPEED, _DECK = Need.COMMANDS, Need.START, Need.SPEED, Need.DECK

_DECISIONS: Final[dict[str, tuple[How, str] | tuple[How, str, Need]]] = {
    "id": (_NOT, "the name of the file"),
    "model": (_AIR, "model number, or the advertised name"),
    "summary": (_AIR, "put together from what was found"),
    "gentle": (_NOT, "an empty belt at a walking pace does not show how it speeds up under a person"),
    "advice": (_NOT, "what a person has to see to, a person has to know"),
    "miles_console": (_NOT, "the console's unit is left as it is; what was found holds for that unit"),
    "quirks": (_AIR, "each deviation that was found, with what was seen"),
    "faults": (_NOT, "they are for simulated machines"),
    "identity.names": (_AIR, "the advertised name, whole: where its fixed part ends, only a second machine shows"),
    "identity.shapes": (_NOT, "which characters differ from machine to machine, one machine does not show"),
    "identity.shared": (_NOT, "what else bears such a name, one machine does not show"),
    "identity.example": (_NOT, "it is the name itself"),
    "identity.anonymous": (_AIR, "no name in the advertisement"),
    "identity.manufacturer": (_AIR, "Device Information"),
    "identity.model_number": (_AIR, "Device Information"),
    "identity.firmware": (_NOT, "noted in the quirks; as a fact it would shut out the same machine after an update"),
    "identity.service_data": (_AIR, "the advertisement"),
    "identity.twin": (_NOT, "that takes two machines"),
    "link.mtu": (_NOT, "both sides agree on it, and not every system tells"),
    "link.centrals": (_NOT, "that takes a second computer"),
    "link.require_encryption": (_AIR, "a write is refused until the two are paired", _COMMANDS),
    "control.properties": (_AIR, "GATT"),
    "control.pacing": (
        _AIR,
        "harmless procedures closer and closer together, to 0.1 s; not if none is answered",
        _COMMANDS,
    ),
    "control.unanswered": (_AIR, "no answer, and yet the effect; of what has an effect that can be seen", _COMMANDS),
    "control.ignored": (
        _AIR,
        "Success, and no effect in telemetry, of Start, speeds and inclines; the person is asked as well",
        _COMMANDS,
    ),
    "control.refused": (_AIR, "Operation Failed each time, of Start, speeds and inclines", _COMMANDS),
    "control.withheld": (_NOT, "it is a decision, not a measurement"),
    "control.targets": (_AIR, "the target features it announces"),
    "control.write_unit": (_AIR, "the reported speed after a target that was obeyed; not if none is", _SPEED),
    "control.needs_motion": (
        _AIR,
        "a target fails at rest and succeeds in motion; not if targets are never answered",
        _COMMANDS,
    ),
    "control.starts_on_target": (_AIR, "the slowest target speed, to a standing belt", _COMMANDS),
    "control.pause": (_AIR, "whether there is a session for a Stop to end after a Pause", _START),
    "control.motion_within": (_AIR, "the longest wait seen and half as long again, 4 s at least", _START),
    "control.evicts": (_NOT, "that takes a second computer"),
    "control.echoes_status": (_AIR, "Machine Status after one's own procedures", _START),
    "control.answer_delay": (_AIR, "from the write to the answer, to 0.1 s", _COMMANDS),
    "control.requests": (_AIR, "how often control is asked for until a harmless procedure is permitted", _COMMANDS),
    "control.request_gap": (
        _AIR,
        "the time between the last two of these, as it was tried; it may do with less",
        _COMMANDS,
    ),
    "control.locked": (_AIR, "no answer to anything and no record: then it may be locked"),
    "speed.minimum": (_AIR, "announced"),
    "speed.maximum": (_AIR, "announced"),
    "speed.increment": (_AIR, "announced"),
    "speed.unit": (_AIR, "how far the distance grows, for the speeds reported; else what the console shows", _START),
    "speed.floor": (_AIR, "what is reported where the slowest is asked for", _START),
    "speed.ceiling": (_NOT, "nothing is tried above a walking pace"),
    "incline.minimum": (_AIR, "announced"),
    "incline.maximum": (_AIR, "announced"),
    "incline.increment": (_AIR, "announced"),
    "incline.step": (
        _AIR,
        "where the deck goes for targets one step apart; not if only one lies below 3 % by the console",
        _DECK,
    ),
    "incline.floor": (_NOT, "a decline is never asked for: a JTX Sprint 7 answers one by driving its deck up to 15 %"),
    "incline.ceiling": (_NOT, "nothing is tried above 3 %"),
    "incline.below_floor": (_NOT, "as the floor"),
    "incline.fixed": (_NOT, "a deck without a motor says nothing, not even a range; its label does"),
    "incline.reported": (_AIR, "whether telemetry follows a deck that moves; the person is asked if it moves", _DECK),
    "incline.telemetry_scale": (
        _AIR,
        "reported numbers, for what the console shows or else for what was written",
        _DECK,
    ),
    "incline.telemetry_offset": (_AIR, "the number reported at rest", _DECK),
    "incline.telemetry_codes": (_NOT, "single numbers prove no table; they are in the capture"),
    "incline.write_scale": (_PERSON, "written numbers, for what the console shows; only those for 0 to 3 %", _DECK),
    "incline.write_offset": (_PERSON, "the same, to half a step of the deck", _DECK),
    "incline.write_codes": (_NOT, "single numbers prove no table; they are in the capture"),
    "incline.levels_on_stop": (_AIR, "the reported incline after a stop; else the person looks", _DECK),
    "telemetry.flags": (_AIR, "records"),
    "telemetry.interval": (_AIR, "the usual time between two records"),
    "telemetry.layout": (_AIR, "the notifications of a record"),
    "telemetry.later_flags": (_AIR, "records with other flags than the first"),
    "telemetry.packets": (_AIR, "the notifications of a record"),
    "telemetry.step_octets": (_AIR, "records with steps"),
    "telemetry.trailing_octets": (_AIR, "octets after the last field"),
    "telemetry.unavailable": (_AIR, "fields that are never available"),
    "telemetry.stuck": (
        _AIR,
        "fields that stay zero although the belt moves, or the deck is up; of declines nothing",
        _START,
    ),
    "telemetry.when_stopped": (_AIR, "records, or none, at rest"),
    "telemetry.zeroed_by_stop": (_AIR, "distance and time before and after a stop; not if neither is counted", _START),
    "telemetry.training_status": (_AIR, "GATT"),
    "telemetry.empty_status_text": (_AIR, "its value"),
    "telemetry.empty_status": (_AIR, "its value"),
    "belt.acceleration": (
        _AIR,
        "pairs of records on the way up; not where the way is shorter than two records",
        _START,
    ),
    "belt.braking": (_AIR, "pairs of records on the way down, likewise", _START),
    "belt.incline_rate": (_AIR, "pairs of records while the deck moves, likewise", _DECK),
    "belt.dead_time": (_AIR, "the first records that move, led back to zero", _START),
    "belt.overshoot": (
        _AIR,
        "the highest record above the speed that it settles at; a peak between two is not seen",
        _START,
    ),
}

DECISIONS: Final = {name: Decision(*decision) for name, decision in _DECISIONS.items()}
"""For each field of `MachineFacts` and its tables: where it can be learned from, and how."""


def table() -> str:
    """Return the table as Markdown."""
    words = {How.AIR: "air", How.PERSON: "person", How.NOT: "—"}
    rows = [f"| `{name}` | {words[how]} | {need.value} | {text} |" for name, (how, text, need) in DECISIONS.items()]
    return "\n".join(("| fact | from | needs | by, or why not |", "| --- | --- | --- | --- |", *rows))
