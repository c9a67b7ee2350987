"""The incline of a model, as data: its range, its steps, and the numbers it means an inclination by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from backstride.machines.fields import Facts, InclineField, nearest
from backstride.units import Incline

CODE_TOLERANCE: Final = 4
"""How far a number may lie from a code and still be it: BH's are noted as "about" 450, 380 and 320 (quirks, entry 4),
and its ordinary 6 % is 375."""

STANDARD_SCALE: Final = 10.0
"""Units on the wire per 1 % (FTMS 4.4.1.5)."""

Code = tuple[InclineField, Annotated[int, Field(ge=-0x8000, le=0x7FFF)]]
Scale = Annotated[float, Field(ge=0.1, le=1000)]
Offset = Annotated[int, Field(ge=-0x4000, le=0x4000)]


@dataclass(frozen=True, slots=True)
class InclineMap:
    """From inclinations to the numbers a machine means them by, and back.

    Attributes:
        scale: Units on the wire per 1 %.
        offset: The number of 0 %.
        codes: Inclinations with numbers of their own. One between two such has the number of the nearest.
    """

    scale: float = STANDARD_SCALE
    offset: int = 0
    codes: tuple[tuple[Incline, int], ...] = ()

    def to_wire(self, incline: Incline) -> Incline:
        """Return the number for `incline`."""
        coded = [known for known, _ in self.codes]
        if coded and min(coded) <= incline <= max(coded):
            return Incline(min(self.codes, key=lambda code: abs(code[0] - incline))[1])
        return Incline(round(int(incline) * self.scale / 10) + self.offset)

    def from_wire(self, number: Incline, last: Incline | None = Incline(0)) -> Incline | None:
        """Return the inclination that is meant by `number`; None if it may be an incline or a decline.

        Args:
            number: What came over the wire.
            last: The inclination before it. A decline with a positive number is told from the incline of the same
                number by it: the deck comes to it from the horizontal (quirks, entry 4). None is unknown.
        """
        scaled = Incline(round((int(number) - self.offset) * 10 / self.scale))
        code = min(self.codes, key=lambda code: abs(code[1] - number), default=None)
        if code is None or abs(code[1] - number) > CODE_TOLERANCE:
            return scaled
        coded, _ = code
        if coded >= 0 or scaled < 0:
            return coded
        if last is None:
            return None
        return coded if last <= 0 else scaled


class InclineFacts(Facts):
    """The range the machine announces (0x2AD5), and what it says and does besides.

    Attributes:
        step: The smallest step it really makes, where it is not the announced one.
        floor: The lowest inclination it really takes, where it is not the announced one.
        ceiling: The highest, likewise.
        below_floor: Where the deck goes when told to go below its floor; without it such a target is invalid.
        fixed: Inclination of a deck that has no motor and is not level; then the range above does not count.
        reported: True if Treadmill Data tells the incline; False if it says nothing of it, or never changes.
        telemetry_scale: Units on the wire per 1 % in Treadmill Data; the standard says 10.
        telemetry_offset: The number in Treadmill Data that means 0 %.
        telemetry_codes: Inclinations with numbers of their own there.
        write_scale: Units on the wire per 1 % in Set Target Inclination.
        write_offset: The number there that means 0 %.
        write_codes: Inclinations with numbers of their own there.
        levels_on_stop: True if a stop drives the deck to the horizontal.
    """

    minimum: InclineField = Incline(0)
    maximum: InclineField = Incline(150)
    increment: InclineField = Incline(5)
    step: InclineField | None = None
    floor: InclineField | None = None
    ceiling: InclineField | None = None
    below_floor: InclineField | None = None
    fixed: InclineField | None = None
    reported: bool = True
    telemetry_scale: Scale = STANDARD_SCALE
    telemetry_offset: Offset = 0
    telemetry_codes: tuple[Code, ...] = ()
    write_scale: Scale = STANDARD_SCALE
    write_offset: Offset = 0
    write_codes: tuple[Code, ...] = ()
    levels_on_stop: bool = False

    @property
    def lowest(self) -> Incline:
        """The lowest inclination the deck really takes."""
        return self.minimum if self.floor is None else self.floor

    @property
    def highest(self) -> Incline:
        """The highest inclination the deck really takes."""
        return self.maximum if self.ceiling is None else self.ceiling

    @property
    def written(self) -> InclineMap:
        """What numbers mean in Set Target Inclination, and in the status that repeats one."""
        return InclineMap(self.write_scale, self.write_offset, self.write_codes)

    @property
    def told(self) -> InclineMap:
        """What numbers mean in Treadmill Data."""
        return InclineMap(self.telemetry_scale, self.telemetry_offset, self.telemetry_codes)

    def nearest(self, incline: Incline) -> Incline:
        """Return what the machine makes of a target within its range: the nearest of its steps."""
        step = self.increment if self.step is None else self.step
        return Incline(nearest(int(incline), self.lowest, self.highest, step))

    def to_telemetry(self, incline: Incline) -> Incline:
        """Return the number in Treadmill Data by which the machine means `incline`."""
        return self.told.to_wire(incline)

    def from_telemetry(self, number: Incline, last: Incline | None = Incline(0)) -> Incline | None:
        """Return the incline that the machine means by `number` in Treadmill Data after `last`; None if unclear."""
        return self.told.from_wire(number, last)
