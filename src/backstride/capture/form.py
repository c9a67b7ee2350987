"""How values are written in a capture: for each kind of value its JSON, the way back, and its JSON Schema. Pure."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from backstride.protocol.uuids import full_uuid, short_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

Value = TypeVar("Value")
Schema = dict[str, Any]

_LARGEST: Final = 1e12  # seconds; infinity is beyond it
_MICROSECONDS: Final = 6  # decimals of a second
_SHORT: Final = 4  # digits of a 16-bit UUID
_LONG: Final = 36  # characters of a 128-bit one
_HEX: Final = frozenset("0123456789abcdef")
_UUID_PATTERN: Final = "^([0-9A-F]{4}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"


@dataclass(frozen=True, slots=True)
class Codec(Generic[Value]):
    """One kind of value.

    Attributes:
        schema: Its JSON Schema.
        write: Returns its JSON.
        read: Returns the value of a JSON value. Raises ValueError, which says what was expected.
    """

    schema: Schema
    write: Callable[[Value], object]
    read: Callable[[object], Value]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _expect(holds: bool, value: object, expected: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise ValueError(f"found {value!r:.60}, expected {expected}")


def _text(value: object) -> str:
    _expect(isinstance(value, str), value, "text")
    return cast("str", value)


def _count(value: object) -> int:
    _expect(_is_number(value) and isinstance(value, int) and value >= 0, value, "a whole number from 0")
    return cast("int", value)


def _seconds(value: object) -> float:
    _expect(_is_number(value) and cast("float", value) >= 0, value, "seconds from 0")
    return round(cast("float", value), _MICROSECONDS)


def _yes_or_no(value: object) -> bool:
    _expect(isinstance(value, bool), value, "true or false")
    return cast("bool", value)


def _octets(value: object) -> bytes:
    expected = 'octets as pairs of hexadecimal digits, such as "80 00 01"'
    pairs = _text(value).split(" ") if value != "" else []
    _expect(all(len(pair) == 2 and set(pair) <= _HEX for pair in pairs), value, expected)  # noqa: PLR2004 - a pair
    return bytes.fromhex("".join(pairs))


def spelt(uuid: str) -> str:
    """Return a UUID as captures spell it: the four digits of one of Bluetooth's own, else all of it."""
    short = short_uuid(uuid)
    return uuid.lower() if short is None else f"{short:04X}"


def _uuid(value: object) -> str:
    text = _text(value)
    plain = text.lower()
    groups = [len(group) for group in plain.split("-")]
    holds = groups in ([_SHORT], [8, 4, 4, 4, 12]) and set(plain) <= _HEX | {"-"}
    _expect(holds, value, "a UUID, such as 2ACD")
    return full_uuid(int(plain, 16)) if len(plain) == _SHORT else plain


def _facts(value: object) -> Mapping[str, object]:
    _expect(isinstance(value, dict), value, "an object")
    return cast("dict[str, object]", value)


TEXT: Final[Codec[str]] = Codec({"type": "string"}, str, _text)
COUNT: Final[Codec[int]] = Codec({"type": "integer", "minimum": 0}, int, _count)
SECONDS: Final[Codec[float]] = Codec(
    {"type": "number", "minimum": 0}, lambda seconds: round(seconds, _MICROSECONDS), _seconds
)
YES_OR_NO: Final[Codec[bool]] = Codec({"type": "boolean"}, bool, _yes_or_no)
OCTETS: Final[Codec[bytes]] = Codec(
    {"type": "string", "pattern": "^([0-9a-f]{2}( [0-9a-f]{2})*)?$"}, lambda octets: octets.hex(" "), _octets
)
UUID: Final[Codec[str]] = Codec({"type": "string", "pattern": _UUID_PATTERN}, spelt, _uuid)
OBJECT: Final[Codec[Mapping[str, object]]] = Codec({"type": "object"}, dict, _facts)


def one_of(kind: type[StrEnum]) -> Codec[Any]:
    """Return the codec of the members of `kind`."""

    def read(value: object) -> StrEnum:
        _expect(isinstance(value, str) and value in set(kind), value, f"one of: {', '.join(kind)}")
        return kind(cast("str", value))

    return Codec({"enum": list(kind)}, str, read)


def many(codec: Codec[Value]) -> Codec[tuple[Value, ...]]:
    """Return the codec of any number of such values."""

    def read(value: object) -> tuple[Value, ...]:
        _expect(isinstance(value, list), value, "a list")
        return tuple(map(codec.read, cast("list[object]", value)))

    return Codec({"type": "array", "items": codec.schema}, lambda values: list(map(codec.write, values)), read)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an object.

    Attributes:
        name: The attribute of the value, and the key unless `key` says otherwise.
        help: What it means, for the schema.
    """

    name: str
    codec: Codec[Any]
    help: str
    key: str = ""

    @property
    def spelling(self) -> str:
        """The key in the file."""
        return self.key or self.name


class Form(Generic[Value]):
    """The form of a dataclass as a JSON object; what is as its default says is left out.

    Args:
        kind: The dataclass.
        keys: Its keys in order, one for each attribute.
    """

    def __init__(self, kind: type[Value], *keys: Key) -> None:
        self.kind = kind
        self.keys = keys
        self._defaults = {one.name: one.default for one in fields(cast("Any", kind))}

    @property
    def codec(self) -> Codec[Value]:
        """The codec of such objects as a part of others."""
        return Codec(self.schema(), self.write, lambda value: self.read(_facts(value)))

    def write(self, value: Value) -> dict[str, object]:
        """Return `value` as JSON."""
        written: dict[str, object] = {}
        for key in self.keys:
            inner = getattr(value, key.name)
            if inner != self._defaults[key.name]:
                written[key.spelling] = key.codec.write(inner)
        return written

    def read(self, values: Mapping[str, object], besides: frozenset[str] = frozenset()) -> Value:
        """Return the value that a JSON object describes, in which keys of `besides` may stand as well.

        Raises:
            ValueError: It describes none; the sentence names the key.
        """
        known = {key.spelling: key for key in self.keys}
        for spelling in values:
            if spelling not in known and spelling not in besides:
                raise ValueError(f"{spelling!r:.60} is no key of it")
        read = {key.name: _read(key, values[key.spelling]) for key in self.keys if key.spelling in values}
        for key in self.keys:
            if key.name not in read and self._defaults[key.name] is MISSING:
                raise ValueError(f"{key.spelling} is missing")
        return self.kind(**read)

    def schema(self, **first: Schema) -> Schema:
        """Return its JSON Schema, with the keys of `first` in front."""
        required = [key.spelling for key in self.keys if self._defaults[key.name] is MISSING]
        own = {key.spelling: {"description": key.help, **key.codec.schema} for key in self.keys}
        return {
            "type": "object",
            "properties": {**first, **own},
            "required": [*first, *required],
            "additionalProperties": False,
        }


def _read(key: Key, value: object) -> object:
    try:
        return key.codec.read(value)
    except ValueError as error:
        raise ValueError(f"{key.spelling}: {error}") from None
