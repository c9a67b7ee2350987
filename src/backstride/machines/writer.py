"""From facts to the text of a machine file: only what differs from the standard is written, in the words of the files.

What `load_facts` reads from the text equals the facts it was made of, but for their id, which is the file's name.
"""

from __future__ import annotations

import re
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, Final

import tomlkit
from pydantic import BaseModel
from tomlkit.items import Integer, Item, Trivia

from backstride.machines.facts import InclineFacts, MachineFacts
from backstride.protocol.features import TargetSetting
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS: Final = frozenset({"flags", "later_flags", "packets"})
_OWN_TABLE: Final = "quirks"
_AS_THE_STANDARD: Final = frozenset({"model", "summary"})
_LONGEST: Final = 100
_BEFORE_QUIRK: Final = re.compile(r"\n+\[\[quirks\]\]\n")


def write_facts(facts: MachineFacts, *, comment: str = "") -> str:
    """Return the text of the machine file for `facts`.

    Args:
        facts: The facts; their id is not written.
        comment: What to say at its top, one line or several.
    """
    document = tomlkit.document()
    for line in comment.splitlines():
        document.add(tomlkit.comment(line))
    if comment:
        document.add(tomlkit.nl())
    tables: dict[str, Any] = {}
    for name, value in _differing(facts, MachineFacts(id="", model="", summary="")):
        if isinstance(value, BaseModel):
            tables[name] = value
        elif name != _OWN_TABLE:
            document.add(name, _item(name, value))
    if facts.incline is None:
        document.add("incline", tomlkit.item(False))  # noqa: FBT003 - how a file says that there is none
    for name, part in tables.items():
        _add_table(document, name, part)
    for quirk in facts.quirks:
        _add_quirk(document, quirk)
    return _BEFORE_QUIRK.sub("\n\n[[quirks]]\n", tomlkit.dumps(document))


def _differing(part: BaseModel, plain: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield the fields of `part` that are not as in `plain`; what only the file's name says is left out."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if name == "id" or value is None:
            continue
        if name in _AS_THE_STANDARD or value != getattr(plain, name):
            yield name, value


def _add_table(document: tomlkit.TOMLDocument, name: str, part: BaseModel) -> None:
    table = tomlkit.table()
    plain = InclineFacts() if name == "incline" else type(part)()
    for field, value in _differing(part, plain):
        table.add(field, _item(field, value))
    document.add(name, table)


def _add_quirk(document: tomlkit.TOMLDocument, quirk: BaseModel) -> None:
    if _OWN_TABLE not in document:
        document.add(_OWN_TABLE, tomlkit.aot())
    table = tomlkit.table()
    for field in type(quirk).model_fields:
        table.add(field, getattr(quirk, field))
    document[_OWN_TABLE].append(table)


def _item(name: str, value: object) -> Item:
    """Return a value as a machine file has it."""
    if isinstance(value, tuple):
        return _array(name, value)
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, words in value.items():
            table.append(_words(key), words)
        return table
    if name in _FLAGS and isinstance(value, int):
        return Integer(value, Trivia(), f"0x{value:04X}")
    return tomlkit.item(_plain(value))


def _array(name: str, values: tuple[object, ...]) -> Item:
    array = tomlkit.array()
    for value in values:
        array.append(_item(name, value))
    if len(array.as_string()) > _LONGEST:
        array.multiline(multiline=True)
    return array


def _plain(value: object) -> object:
    """Return what TOML can hold: speeds, inclines, procedures and choices as people say them."""
    match value:
        case Speed():
            return f"{value.kmh:.2f} km/h"
        case Incline():
            return f"{value.percent:.1f} %"
        case IntEnum() | TargetSetting():
            return _words(value)
        case Enum():
            return value.value
        case _:
            return value


def _words(member: Any) -> str:  # noqa: ANN401 - an op code or a target setting
    return str(member.name).lower().replace("_", " ")
