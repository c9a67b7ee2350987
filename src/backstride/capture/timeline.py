"""A capture for people: a line for each request and what came of it, each value that was sent, each turn of a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.capture import events
from backstride.capture.events import Operation, Trouble
from backstride.capture.form import spelt
from backstride.capture.lines import says
from backstride.capture.redaction import secrets_in
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.uuids import NAMES, short_uuid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backstride.capture.events import Event, Failure
    from backstride.capture.file import Captured

KINDS: Final = ("links", "reads", "writes", "telemetry", "status")
"""What a timeline can be narrowed down to, besides the UUID of a characteristic."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline.

    Attributes:
        t: Seconds since the capture was begun.
        kind: One of `KINDS`.
        uuid: The characteristic; empty where there is none.
        mark: ``>`` to the machine, ``<`` from it, ``*`` for the link, ``!`` for what failed.
        text: The rest.
    """

    t: float
    kind: str
    uuid: str
    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.t:10.3f} {self.mark} {self.text}"

    def is_among(self, wanted: frozenset[str]) -> bool:
        """Tell whether it is of a wanted kind, or of a wanted characteristic; nothing wanted is everything."""
        return not wanted or self.kind in wanted or (bool(self.uuid) and spelt(self.uuid) in wanted)


def timeline(captured: Captured) -> Iterator[Line]:
    """Yield the lines of a capture in order."""
    answers = {
        entry.event.number: (entry.t, entry.event)
        for entry in captured.entries
        if isinstance(entry.event, events.Answered)
    }
    for t, event in captured.entries:
        match event:
            case events.Asked():
                yield _request(t, event, answers.get(event.number))
            case events.Heard():
                kind = "telemetry" if event.uuid == uuids.TREADMILL_DATA else "status"
                yield Line(t, kind, event.uuid, "<", _value(event.uuid, event.value))
            case events.Answered():
                pass  # told where it was asked
            case _:
                yield _turn(t, event)


def contents(captured: Captured) -> Iterator[str]:
    """Yield, in sentences, what somebody should know before they send a capture to others."""
    counted = len(captured.entries)
    lasted = captured.entries[-1].t if captured.entries else 0.0
    yield f"{counted} events in {lasted:.0f} s, of a {'simulated' if captured.header.simulated else 'real'} treadmill."
    told = "; ".join(f"{kind}: {', '.join(values)}" for kind, values in secrets_in(captured).items())
    if captured.header.redacted:
        yield "Addresses, names, serial numbers and texts are replaced."
    elif told:
        yield f"It tells {told}. `backstride capture redact` replaces that."
    yield "It tells when you walked, how fast and how far, and your heart rate if the treadmill measured it."
    if captured.cut:
        yield "Its last line is cut off: the program was ended while it was written."


def _request(t: float, asked: events.Asked, answer: tuple[float, events.Answered] | None) -> Line:
    kind = "writes" if asked.operation in {Operation.WRITE, Operation.COMMAND} else "reads"
    if answer is None:
        return Line(t, kind, asked.uuid, "!", f"{_named(asked)}: no end of it in the capture")
    after, answered = answer[0] - t, answer[1]
    if answered.failure is not None:
        words = f"{_named(asked)}: {_why(answered.failure)}, after {_duration(after)}"
        return Line(t, kind, asked.uuid, "!", words)
    value = "" if answered.value is None else f": {_value('', answered.value, asked.uuid)}"
    mark = "<" if asked.operation is Operation.READ else ">"
    return Line(t, kind, asked.uuid, mark, f"{_named(asked)}{value}  ({_duration(after)})")


def _named(asked: events.Asked) -> str:
    value = "" if asked.value is None else f" {_octets_and_words(asked.uuid, asked.value)}"
    return f"{asked.operation} {_called(asked.uuid)}{value}".rstrip()


def _value(uuid: str, value: bytes, meant: str = "") -> str:
    called = f"{_called(uuid)} " if uuid else ""
    return f"{called}{_octets_and_words(uuid or meant, value)}"


def _octets_and_words(uuid: str, value: bytes) -> str:
    words = says(uuid, value)
    return f"{value.hex(' ')}{f'  {_in_words(words)}' if words else ''}"


def _in_words(described: Mapping[str, object]) -> str:
    told = {
        key: value
        for key, value in described.items()
        if not key.endswith("_raw") and value is not None and value is not False
    }
    return ", ".join(f"{key.replace('_', ' ')} {_one(value)}" for key, value in told.items())


def _one(value: object) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)


def _called(uuid: str) -> str:
    short = short_uuid(uuid) if uuid else None
    name = NAMES.get(short, "") if short is not None else ""
    return f"{spelt(uuid)} {name}".strip() if uuid else ""


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _why(failure: Failure) -> str:
    match failure.trouble:
        case Trouble.ATT:
            code = failure.att_error or 0
            name = AttError(code).name.replace("_", " ").lower() if code in set(AttError) else "unknown"
            return f"ATT error {code:#04x}, {name}"
        case Trouble.BLUEZ:
            return f"{failure.name}: {failure.text}"
        case _:
            return f"{failure.trouble}{f' ({failure.text})' if failure.text else ''}"


def _turn(t: float, event: Event) -> Line:
    mark, text = "*", ""
    match event:
        case events.Connecting():
            text = f"connecting to {event.name or 'a machine without a name'}, {event.address}"
        case events.NotConnected():
            mark, text = "!", f"not connected: {_why(event.failure)}"
        case events.Connected():
            count = sum(len(service.characteristics) for service in event.services)
            text = f"connected, MTU {event.mtu or 'unknown'}, {count} characteristics in {len(event.services)} services"
        case events.Recognised():
            text = f"recognised; machine file {event.model}"
        case events.LinkLost():
            mark, text = "!", "link lost"
        case events.LetGo():
            text = f"link let go{f': {event.reason}' if event.reason else ''}"
        case events.Closed():
            text = "link closed" if event.failure is None else f"link closed: {_why(event.failure)}"
        case _:
            pass
    return Line(t, "links", "", mark, text)
