"""Numbers on the wire: how wide, how signed, in which order. All of FTMS is little-endian (FTMS 1.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from backstride.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Width:
    """An integer type of the specification, such as sint16."""

    octets: int
    signed: bool = False

    @property
    def minimum(self) -> int:
        """The smallest number that fits."""
        return -(1 << (8 * self.octets - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The largest number that fits."""
        return (1 << (8 * self.octets - self.signed)) - 1

    def read(self, value: bytes, offset: int = 0) -> int:
        """Return the number at `offset`, where `value` must hold it whole."""
        return int.from_bytes(value[offset : offset + self.octets], "little", signed=self.signed)

    def write(self, number: int, field: str) -> bytes:
        """Return the octets of `number`.

        Raises:
            EncodeError: `number` does not fit; the sentence names `field`.
        """
        try:
            return number.to_bytes(self.octets, "little", signed=self.signed)
        except OverflowError as error:
            raise EncodeError(f"{field} {int(number)} does not fit into {self.minimum}..{self.maximum}") from error


UINT8: Final = Width(1)
UINT16: Final = Width(2)
UINT24: Final = Width(3)
UINT32: Final = Width(4)
SINT16: Final = Width(2, signed=True)


@dataclass(frozen=True, slots=True)
class Part:
    """One number of a layout: its name, which is also the attribute it fills, its width, and what it becomes."""

    name: str
    width: Width
    kind: Callable[[int], int] = int


class Layout:
    """Numbers that follow one another without gaps, such as the parameter of a control point procedure."""

    __slots__ = ("parts", "size")

    def __init__(self, *parts: Part) -> None:
        self.parts = parts
        self.size = sum(part.width.octets for part in parts)

    def whole_numbers(self, value: bytes, offset: int = 0) -> dict[str, int]:
        """Return the raw numbers that are there whole, by name; a value cut short yields fewer."""
        numbers = {}
        for part in self.parts:
            if offset + part.width.octets > len(value):
                break
            numbers[part.name] = part.width.read(value, offset)
            offset += part.width.octets
        return numbers

    def read(self, value: bytes, offset: int = 0) -> list[Any]:
        """Return the numbers from `offset` on, each as its part's kind; octets beyond them are left alone.

        Raises:
            DecodeError: The value ends early, or a number is reserved; says which field, and where.
        """
        numbers = self.whole_numbers(value, offset)
        result: list[Any] = []
        for part in self.parts:
            if part.name not in numbers:
                raise DecodeError(
                    f"the value ends before {part.name}", field=part.name, offset=offset, partial=tuple(result)
                )
            try:
                result.append(part.kind(numbers[part.name]))
            except ValueError as error:
                raise DecodeError(
                    f"{part.name} {numbers[part.name]} is reserved",
                    field=part.name,
                    offset=offset,
                    partial=tuple(result),
                ) from error
            offset += part.width.octets
        return result

    def write(self, source: object) -> bytes:
        """Return the octets of the attributes of `source` that the parts name. Raises EncodeError out of range."""
        return b"".join(part.width.write(getattr(source, part.name), part.name) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Message:
    """A value, or the parameter of an op code, that is one layout and nothing else."""

    layout: ClassVar[Layout] = Layout()

    @classmethod
    def layout_for(cls, octets: int) -> Layout:  # noqa: ARG003 - a message of several forms goes by it
        """Return the layout by which to read `octets` octets."""
        return cls.layout

    @classmethod
    def read(cls, value: bytes, offset: int = 0) -> Self:
        """Read the message from `offset` on; octets beyond it are left alone. Raises DecodeError."""
        return cls(*cls.layout_for(len(value) - offset).read(value, offset))

    def write(self) -> bytes:
        """Return the octets of the message. Raises EncodeError out of range."""
        return self.layout.write(self)


@dataclass(frozen=True, slots=True)
class TwoFormMessage(Message):
    """A message that sources describe in two widths; only the length on the wire tells which it is.

    Attributes:
        octets: The form, by its length.
    """

    layouts: ClassVar[Mapping[int, Layout]]
    octets: int = field(kw_only=True)

    @classmethod
    def layout_for(cls, octets: int) -> Layout:
        """Return the shortest form that takes all of `octets` octets, or else the longest."""
        return cls.layouts[min((size for size in cls.layouts if size >= octets), default=max(cls.layouts))]

    @classmethod
    def read(cls, value: bytes, offset: int = 0) -> Self:
        """Read the message in the form its length tells; octets beyond it are left alone. Raises DecodeError."""
        layout = cls.layout_for(len(value) - offset)
        return cls(*layout.read(value, offset), octets=layout.size)

    def write(self) -> bytes:
        """Return the octets of the message in the form it names. Raises EncodeError out of range."""
        if self.octets not in self.layouts:
            sizes = " or ".join(map(str, self.layouts))
            raise EncodeError(f"{type(self).__name__} has {sizes} octets, not {self.octets}")
        return self.layouts[self.octets].write(self)
