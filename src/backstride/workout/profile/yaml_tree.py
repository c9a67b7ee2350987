"""YAML text as a tree that knows the line and column of everything in it.

It is read from the parser's events: nothing is resolved, so no YAML version turns ``1:30`` into a number; nothing is
constructed, so no tag runs code; and anchors are refused, so no alias multiplies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from backstride.errors import ProfileError
from backstride.workout.profile.models import UNPRINTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST: Final = 40  # five nested repeats need 20
_MOST_NODES: Final = 50_000  # 2000 steps, the most a session may have, need as much with every key in each
_NOT_TEXT = re.compile(r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `line` and `column` count from 1, as in all nodes."""

    text: str
    plain: bool
    line: int
    column: int

    @property
    def empty(self) -> bool:
        """True where nothing was written, or null (YAML 1.2, 10.3.2)."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}

    @property
    def is_text(self) -> bool:
        """True where YAML 1.2 (10.3.2, core schema) reads a string, not a number, a truth value or null."""
        return not self.plain or not (self.text == "" or _NOT_TEXT.fullmatch(self.text) or _NUMBER.fullmatch(self.text))


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in the order of the file; a key may stand there twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


Node = Scalar | Mapping | Sequence


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    is_mapping: bool
    line: int
    column: int
    children: list[Node] = field(default_factory=list)

    def closed(self, file: str) -> Mapping | Sequence:
        if not self.is_mapping:
            return Sequence(tuple(self.children), self.line, self.column)
        entries = []
        for key, value in zip(self.children[::2], self.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise _error(file, key.line, key.column, "a key must be a single word")
            nothing = isinstance(value, Scalar) and value.plain and not value.text
            entries.append((key, replace(value, line=key.line, column=key.column) if nothing else value))
        return Mapping(tuple(entries), self.line, self.column)


def parse_yaml(text: str, file: str) -> Node:
    """Return the only document in `text`.

    Args:
        text: YAML 1.2.
        file: What errors call it.

    Raises:
        ProfileError: It is no YAML, empty, or uses what profiles do without: anchors, aliases, tags, several documents.
    """
    if found := UNPRINTABLE.search(text):
        line, column = _position(text, found.start())
        raise _error(
            file, line, column, f"the character U+{ord(found.group()):04X} stands here; a profile is plain text"
        )
    try:
        root = _tree(YAML(typ="safe", pure=True).parse(text), file)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _error(file, line, column, _sentence(error, text, line)) from error
    except (YAMLError, ValueError, OverflowError) as error:  # ruamel lets chr() fail on an escape such as \U00110000
        raise _error(file, 0, 0, f"this is not readable as YAML: {error}") from error
    if root is None:
        raise _error(file, 0, 0, "the file is empty; a profile has at least the keys name and steps")
    return root


def _error(file: str, line: int, column: int, sentence: str) -> ProfileError:
    where = f"{file}:{line}:{column}" if line else file
    return ProfileError(f"{where}: {sentence}", file=file, line=line, column=column)


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _tree(stream: Iterator[events.Event], file: str) -> Node | None:
    root: Node | None = None
    open_nodes: list[_Open] = []
    for count, event in enumerate(stream):
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if count > _MOST_NODES or len(open_nodes) > _DEEPEST:
            raise _error(file, line, column, "this is far more than a session can hold; the rest was not read")
        _refuse_magic(event, file, line, column)
        node: Node | None = None
        if isinstance(event, events.CollectionStartEvent):
            open_nodes.append(_Open(isinstance(event, events.MappingStartEvent), line, column))
        elif isinstance(event, events.CollectionEndEvent):
            node = open_nodes.pop().closed(file)
        elif isinstance(event, events.ScalarEvent):
            node = Scalar(event.value, event.style is None, line, column)
        elif isinstance(event, events.DocumentStartEvent) and root is not None:
            raise _error(file, line, column, "a second document begins here; a file holds one profile")
        if node is not None and open_nodes:
            open_nodes[-1].children.append(node)
        elif node is not None:
            root = node
    return root


def _refuse_magic(event: events.Event, file: str, line: int, column: int) -> None:
    if isinstance(event, events.AliasEvent) or (isinstance(event, events.NodeEvent) and event.anchor is not None):
        raise _error(
            file, line, column, "anchors (&) and aliases (*) are not part of the format; use repeat, or quotes"
        )
    if isinstance(event, events.ScalarEvent | events.CollectionStartEvent) and event.tag is not None:
        raise _error(file, line, column, "tags (!) are not part of the format; put the text in quotes")


def _sentence(error: MarkedYAMLError, text: str, line: int) -> str:
    lines = text.splitlines()
    there = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in there[: len(there) - len(there.lstrip())] or "'\\t'" in str(error.problem):
        return "a tab stands here; YAML is indented with spaces only"
    problem = " ".join(str(part) for part in (error.context, error.problem) if part)
    return (
        f"this is not readable as YAML: {problem}; look for a missing quote, bracket or colon, or a wrong indentation"
    )
