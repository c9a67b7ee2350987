"""Holds the sizes of architecture.md: modules of at most 300 code lines, function bodies of at most 40 lines.

A code line holds a token that is neither comment nor blank (docstrings count); a body is counted without its docstring.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE_LINES = 300
BODY_LINES = 40
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """Return the number of lines of `source` that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def long_bodies(source: str) -> Iterator[tuple[str, int]]:
    """Yield name and length of each function whose body is too long."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > BODY_LINES:
                yield node.name, lines


def main(folder: str) -> int:
    """Print what is too large below `folder`; return 1 if anything is."""
    too_large: list[str] = []
    for path in sorted(Path(folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if (lines := code_lines(source)) > MODULE_LINES:
            too_large.append(f"{path}: {lines} code lines, {MODULE_LINES} are allowed")
        too_large.extend(
            f"{path}: {name} has {lines} lines, {BODY_LINES} are allowed" for name, lines in long_bodies(source)
        )
    sys.stdout.write("".join(f"{line}\n" for line in too_large))
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
