"""``python -m tests.machines``: write docs/machines.md anew."""

from __future__ import annotations

from tests.machines.document import DOCUMENT, rendered

DOCUMENT.write_text(rendered(), "utf-8")
