"""From facts to the text of a machine file: what `as_written` says of them, as TOML.

What `load_facts` reads from the text equals the facts it was made of, but for their id, which is the file's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import tomlkit
from tomlkit.items import Integer, Item, Trivia

from backstride.machines.written import as_written

if TYPE_CHECKING:
    from backstride.machines.facts import MachineFacts

_FLAGS: Final = frozenset({"flags", "later_flags", "packets"})
_ARRAYS_OF_TABLES: Final = frozenset({"quirks"})
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
    written = {name: value for name, value in as_written(facts).items() if name != "id"}
    for name, value in sorted(written.items(), key=_place):
        document.add(name, _top(name, value))
    return _BEFORE_QUIRK.sub("\n\n[[quirks]]\n", tomlkit.dumps(document))


def _place(one: tuple[str, object]) -> int:
    """Return where a value stands: plain ones first, for in TOML they would belong to the table before them."""
    name, value = one
    return 2 if name in _ARRAYS_OF_TABLES else int(isinstance(value, dict))


def _top(name: str, value: object) -> Item:
    """Return a value of the document itself: a table, several, or a plain one."""
    if isinstance(value, dict):
        return _table(value)
    if name in _ARRAYS_OF_TABLES and isinstance(value, list):
        tables = tomlkit.aot()
        for one in value:
            tables.append(_table(one))
        return tables
    return _item(name, value)


def _table(values: dict[str, object]) -> Item:
    table = tomlkit.table()
    for name, value in values.items():
        table.add(name, _item(name, value))
    return table


def _item(name: str, value: object) -> Item:
    """Return a value within a table, on one line unless that grows too long."""
    if isinstance(value, list):
        array = tomlkit.array()
        for one in value:
            array.append(_item(name, one))
        return array.multiline(len(array.as_string()) > _LONGEST)
    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline
    if name in _FLAGS and isinstance(value, int):
        return Integer(value, Trivia(), f"0x{value:04X}")
    return tomlkit.item(value)
