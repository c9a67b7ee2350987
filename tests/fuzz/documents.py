"""Documents that are nearly right: a good one, changed in a few places by the octets of an input.

A fuzzer that flips octets of YAML, TOML or JSON mostly makes text that no parser takes. Here the octets are decisions
instead: which document, where in its tree, what to put there. So what lies behind the parser is reached.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Option = TypeVar("Option")
Tree = dict[str, "Tree"] | list["Tree"] | str | float | bool | None

NUMBERS: Final[tuple[float, ...]] = (
    0, -1, 1, 2, 7, 255, 65_535, 65_536, 2**31, 2**63, 10**30, 0.5, -0.0, 1e-9, 1e12, 1e308, float("inf"), float("nan"),
)  # fmt: skip
"""Figures at which something usually breaks."""

_MOST_CHANGES: Final = 12
_LONGEST_TEXT: Final = 24
_LONG_TEXT: Final = 200
_PLAIN = re.compile(r"[\w.%/+-][\w.%/+: -]*[\w.%/+-]|[\w.%/]")


class Choices:
    """Decisions, one octet each; when the octets are used up every decision is the first option."""

    def __init__(self, octets: bytes) -> None:
        self._octets = iter(octets)

    def below(self, count: int) -> int:
        """Return a number from 0 to `count` - 1."""
        return next(self._octets, 0) % count

    def among(self, options: Sequence[Option]) -> Option:
        """Return one of `options`."""
        return options[self.below(len(options))]

    def text(self) -> str:
        """Return a short text of any characters."""
        return bytes(islice(self._octets, self.below(_LONGEST_TEXT))).decode("utf-8", "replace")


def changed(tree: Tree, choices: Choices, words: Sequence[str]) -> Tree:
    """Return `tree` with none or some of its nodes changed; `words` are the keys and values of its format."""
    for _ in range(choices.below(_MOST_CHANGES)):
        tree = _changed_somewhere(tree, choices, words)
    return tree


def _changed_somewhere(tree: Tree, choices: Choices, words: Sequence[str]) -> Tree:
    if isinstance(tree, dict) and tree and choices.below(4):
        key = choices.among(tuple(tree))
        return tree | {key: _changed_somewhere(tree[key], choices, words)}
    if isinstance(tree, list) and tree and choices.below(4):
        place = choices.below(len(tree))
        return [*tree[:place], _changed_somewhere(tree[place], choices, words), *tree[place + 1 :]]
    return choices.among(_CHANGES)(tree, choices, words)


def _to_word(_: Tree, choices: Choices, words: Sequence[str]) -> Tree:
    return choices.among(words)


def _to_text(_: Tree, choices: Choices, _words: Sequence[str]) -> Tree:
    return choices.text()


def _to_number(_: Tree, choices: Choices, _words: Sequence[str]) -> Tree:
    return choices.among(NUMBERS)


def _to_nothing(_: Tree, choices: Choices, _words: Sequence[str]) -> Tree:
    return choices.among((None, True, False, "", [], {}))


def _wrapped(tree: Tree, choices: Choices, words: Sequence[str]) -> Tree:
    return [tree] if choices.below(2) else {choices.among(words): tree}


def _grown(tree: Tree, choices: Choices, words: Sequence[str]) -> Tree:
    """Add a word to a group of keys or to a list, or what is there once more; lengthen a text."""
    match tree:
        case dict():
            value = choices.among((*tree.values(), choices.among(words)))
            return {**tree, choices.among(words): value}
        case list():
            return [*tree, choices.among((*tree, choices.among(words)))]
        case str() if len(tree) < _LONG_TEXT:
            return tree * (2 + choices.below(64))
        case _:
            return tree


def _shrunk(tree: Tree, choices: Choices, _words: Sequence[str]) -> Tree:
    """Take something out of a group of keys, a list or a text."""
    match tree:
        case dict() if tree:
            gone = choices.among(tuple(tree))
            return {key: value for key, value in tree.items() if key != gone}
        case list() if tree:
            place = choices.below(len(tree))
            return [*tree[:place], *tree[place + 1 :]]
        case str() if tree:
            return tree[: choices.below(len(tree))]
        case _:
            return tree


_CHANGES: Final[tuple[Callable[[Tree, Choices, Sequence[str]], Tree], ...]] = (
    _to_word,
    _to_text,
    _to_number,
    _to_nothing,
    _wrapped,
    _grown,
    _shrunk,
)


def as_yaml(tree: Tree, indent: str = "") -> str:
    """Return `tree` as YAML in block style; a text is quoted only where it must be."""
    match tree:
        case dict() if tree:
            return "".join(f"\n{indent}{_yaml_scalar(key)}:{as_yaml(tree[key], indent + '  ')}" for key in tree)
        case list() if tree:
            return "".join(f"\n{indent}- {as_yaml(item, indent + '  ').lstrip()}" for item in tree)
        case _:
            return f" {_yaml_scalar(tree)}"


def _yaml_scalar(value: Tree) -> str:
    is_plain = isinstance(value, str) and _PLAIN.fullmatch(value) and ": " not in value
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False)


def as_toml(tree: Tree) -> str:
    """Return `tree` as TOML, each key of the outermost group on a line; TOML knows no null, so it becomes false."""
    if not isinstance(tree, dict):
        return _toml_value(tree)
    return "".join(f"{json.dumps(key)} = {_toml_value(value)}\n" for key, value in tree.items())


def _toml_value(value: Tree) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {_toml_value(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_toml_value, value)) + "]"
        case float():
            return repr(value)
        case _:
            return json.dumps(False if value is None else value, ensure_ascii=False)


def as_json_lines(tree: Tree, choices: Choices) -> bytes:
    """Return the items of `tree` as JSON, one a line, cut off somewhere near the end."""
    lines = tree if isinstance(tree, list) else [tree]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode("ascii")
    return text[: len(text) - choices.below(256)]
