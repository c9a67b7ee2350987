"""The lines of a capture after the first: an event and its instant each, as JSON and back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from backstride.capture import events
from backstride.capture.form import COUNT, OBJECT, OCTETS, SECONDS, TEXT, UUID, YES_OR_NO, Form, Key, many, one_of
from backstride.protocol.readable import describe
from backstride.protocol.uuids import NAMES, short_uuid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.capture.events import Event


class Entry(NamedTuple):
    """One event of a capture, with the seconds since the capture was begun."""

    t: float
    event: Event


_DESCRIPTOR: Final = Form(
    events.Descriptor, Key("uuid", UUID, "UUID."), Key("handle", COUNT, "Attribute handle as bleak tells it.")
)
_CHARACTERISTIC: Final = Form(
    events.Characteristic,
    Key("uuid", UUID, "UUID."),
    Key("handle", COUNT, "Attribute handle as bleak tells it."),
    Key("properties", many(TEXT), "GATT properties as bleak spells them."),
    Key("descriptors", many(_DESCRIPTOR.codec), "Its descriptors."),
)
_SERVICE: Final = Form(
    events.Service,
    Key("uuid", UUID, "UUID."),
    Key("handle", COUNT, "Attribute handle as bleak tells it."),
    Key("characteristics", many(_CHARACTERISTIC.codec), "Its characteristics."),
)
_FAILURE: Final = Form(
    events.Failure,
    Key("trouble", one_of(events.Trouble), "Why it came to nothing."),
    Key("text", TEXT, "What bleak, or the system, said."),
    Key("att_error", COUNT, "Code of an ATT error."),
    Key("name", TEXT, "D-Bus name of an error of BlueZ."),
)
_WHY: Final = Key("failure", _FAILURE.codec, "Why it came to nothing; without it, it succeeded.")
_WHICH: Final = Key("uuid", UUID, "The characteristic.")
_REQUEST: Final = Key("number", COUNT, "Tells the requests of a capture apart.", key="request")

FORMS: Final[Mapping[str, Form[Any]]] = {
    "connecting": Form(
        events.Connecting,
        Key("address", TEXT, "Bluetooth address, or the identifier the system gives instead."),
        Key("name", TEXT, "The name as a scan heard it."),
    ),
    "not connected": Form(events.NotConnected, _WHY),
    "connected": Form(
        events.Connected,
        Key("mtu", COUNT, "ATT_MTU as far as the system tells it."),
        Key("services", many(_SERVICE.codec), "The attribute table as it was discovered."),
    ),
    "recognised": Form(
        events.Recognised,
        Key("model", TEXT, "Name of the machine file in use."),
        Key("facts", OBJECT, "What stands in it."),
    ),
    "asked": Form(
        events.Asked,
        _REQUEST,
        Key("operation", one_of(events.Operation), "What is asked for; a command is a write without response."),
        _WHICH,
        Key("value", OCTETS, "What is written.", key="hex"),
    ),
    "answered": Form(events.Answered, _REQUEST, _WHICH, Key("value", OCTETS, "What was read.", key="hex"), _WHY),
    "heard": Form(
        events.Heard,
        _WHICH,
        Key("value", OCTETS, "What the machine sent unasked.", key="hex"),
        Key("indication", YES_OR_NO, "True for an indication; otherwise it is a notification."),
    ),
    "link lost": Form(events.LinkLost),
    "let go": Form(events.LetGo, Key("reason", TEXT, "Why the driver takes the link down; without it, it leaves.")),
    "closed": Form(events.Closed, _WHY),
}
"""The form of each event, by the word under `event`."""

_WORDS: Final = {form.kind: word for word, form in FORMS.items()}
_FIRST: Final = ("t", "event")
READABLE: Final = ("what", "says")
"""Keys that are written for people: the name of the characteristic, and what the octets say. Nobody reads them back."""

TEXTS: Final = frozenset({0x2A00, *range(0x2A24, 0x2A2A)})
"""Characteristics whose value is a text: the name of the device, and Device Information."""

DESCRIBED: Final = frozenset({0x2ACC, 0x2ACD, *range(0x2AD3, 0x2ADB)})
"""Characteristics of the Fitness Machine Service."""

_FOR_ALL: Final = frozenset((*_FIRST, *READABLE))
_FIRST_ONLY: Final = frozenset(_FIRST)


def to_line(entry: Entry) -> dict[str, object]:
    """Return an event as the JSON of its line."""
    word = _WORDS[type(entry.event)]
    return {"t": SECONDS.write(entry.t), "event": word, **_readable(FORMS[word].write(entry.event), entry.event)}


def from_line(values: Mapping[str, object]) -> Entry:
    """Return the event of a line. Raises ValueError, whose sentence names the key."""
    for key in _FIRST:
        if key not in values:
            raise ValueError(f"{key} is missing")
    try:
        t = SECONDS.read(values["t"])
    except ValueError as error:
        raise ValueError(f"t: {error}") from None
    word = values["event"]
    form = FORMS.get(word) if isinstance(word, str) else None
    if form is None:
        raise ValueError(f"event: found {word!r:.60}, expected one of: {', '.join(FORMS)}")
    return Entry(t, form.read(values, _FOR_ALL if has_value(form) else _FIRST_ONLY))


def has_value(form: Form[Any]) -> bool:
    """Tell whether events of this form may carry a value of a characteristic."""
    return any(key.name == "uuid" for key in form.keys)


def _readable(written: dict[str, object], event: Event) -> dict[str, object]:
    """Put beside a UUID what it is called, and beside octets what they say."""
    if not isinstance(event, events.Asked | events.Answered | events.Heard):
        return written
    short = short_uuid(event.uuid)
    beside: dict[str, object] = {}
    if short in NAMES:
        beside["what"] = NAMES[short]
    if event.value is not None and (words := says(event.uuid, event.value)):
        beside["says"] = words
    return {**written, **beside}


def says(uuid: str, value: bytes) -> dict[str, object] | None:
    """Return what the octets of a known characteristic say; None for an unknown one."""
    short = short_uuid(uuid)
    if short is None:
        return None
    if short in TEXTS:
        return {"text": value.decode("utf-8", errors="replace")}
    return describe(short, value) if short in DESCRIBED else None
