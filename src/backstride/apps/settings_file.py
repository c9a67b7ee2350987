"""The settings file as text: read, searched for the line of a key, and changed without losing a comment."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import tomlkit
from tomlkit.items import AbstractTable, InlineTable

from backstride.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping

KeyPath: TypeAlias = tuple[str, ...]
"""The way to a value: ``("machines", "Sole F63", "address")``."""


def read(file: Path) -> str:
    """Return the text of `file`, empty where it does not exist yet. Raises ConfigError if it cannot be read."""
    try:
        # Bytes, not text: a file written on Windows keeps its line ends. Notepad puts a byte order mark in front.
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"Cannot read the settings in {file}: {(error.strerror or str(error)).lower()}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"Cannot read the settings in {file}: it is not UTF-8 text.") from error


def parse(text: str, file: Path) -> dict[str, object]:
    """Return the values in `text`. Raises ConfigError, whose sentence names file, line and column."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: this is not TOML: {error}.") from error


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, counted from 1, on which each key and table of `text` is first written."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line_number, line in enumerate(text.splitlines(), 1):
        is_table = line.lstrip().startswith("[")
        for path in _paths(_one_line(line)):
            whole = path if is_table else table + path
            lines.setdefault(whole, line_number)
            if is_table:
                table = path
    return lines


def line_of(key: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    """Return the line of `key`, or of the table it is missing from; 1 where nothing tells."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def save(file: Path, changes: Mapping[KeyPath, object], renamed: Mapping[KeyPath, str] | None = None) -> None:
    """Set the keys in `changes`, None taking a key away; everything else in `file` stays as it is written.

    What is `renamed` has its new name before anything is set, with all that stands in it. The new text replaces the old
    in one step, so that a crash leaves one or the other.

    Raises:
        ConfigError: The file cannot be written, or is no settings file any more.
    """
    text = read(file)
    parse(text, file)
    document = tomlkit.parse(text)
    for key, name in (renamed or {}).items():
        _rename(document, key, name)
    for key, value in changes.items():
        _set(document, key, value)
    try:
        _replace(file.resolve(), tomlkit.dumps(document).encode())
    except OSError as error:
        raise ConfigError(f"Cannot save the settings in {file}: {(error.strerror or str(error)).lower()}.") from error


def _set(table: MutableMapping[str, object], key: KeyPath, value: object) -> None:
    name, *rest = key
    if rest:
        if name not in table:
            if value is None:
                return
            table[name] = tomlkit.inline_table() if isinstance(table, InlineTable) else tomlkit.table(len(rest) > 1)
        inner = table[name]
        if not isinstance(inner, AbstractTable):
            raise ConfigError(f"Cannot save the settings: {name!r} is not a table.")
        _set(inner, tuple(rest), value)
    elif value is None:
        table.pop(name, None)
    else:
        table[name] = value


def _rename(table: MutableMapping[str, object], key: KeyPath, new: str) -> None:
    name, *rest = key
    if name not in table:
        return
    if not rest:
        table[new] = table.pop(name)
    elif isinstance(inner := table[name], AbstractTable):
        _rename(inner, tuple(rest), new)


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if file.exists():
            shutil.copymode(file, name)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _one_line(line: str) -> Mapping[str, object]:
    """Return what one line says by itself; of a value that goes on below, its key."""
    for attempt in (line, line.partition("=")[0] + "= 0"):
        try:
            return tomllib.loads(attempt)
        except tomllib.TOMLDecodeError:
            continue
    return {}


def _paths(values: Mapping[str, object], before: KeyPath = ()) -> Iterator[KeyPath]:
    for name, value in values.items():
        path = (*before, name)
        yield path
        if isinstance(value, dict):
            yield from _paths(value, path)
