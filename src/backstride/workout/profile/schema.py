"""The JSON Schema of the file format, so that an editor completes, explains and checks while a person writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from backstride.workout.profile.sections import LIMITS, PROFILE, STEPS

if TYPE_CHECKING:
    from backstride.workout.profile.keys import Section

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def profile_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a profile file.

    It knows every key and how each value is spelt; ranges of speeds and times, and what concerns several steps, only
    `load_profile` checks.
    """
    step = {
        "type": "object",
        "description": "One step of the session.",
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in STEPS},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    definitions = {section.name: _section(section) for section in (LIMITS, *STEPS.values())}
    return {
        "$schema": _DIALECT,
        "title": "Backstride session profile",
        **_section(PROFILE),
        "$defs": {"step": step, **definitions},
    }


def schema_text() -> str:
    """Return the schema as the committed file holds it: ``profiles/profile.schema.json``."""
    return json.dumps(profile_schema(), indent=2, ensure_ascii=False) + "\n"


def _section(section: Section) -> dict[str, Any]:
    required = [group[0] for group in section.needs if len(group) == 1]
    rules: list[dict[str, Any]] = [
        {"anyOf": [{"required": [name]} for name in group]} for group in section.needs if len(group) > 1
    ]
    rules += [{"not": {"required": list(pair)}} for pair in section.never_both]
    return {
        "type": "object",
        "description": section.help,
        "properties": {key.name: {"description": key.help, **key.schema} for key in section.keys},
        **({"required": required} if required else {}),
        **({"allOf": rules} if rules else {}),
        "additionalProperties": False,
    }
