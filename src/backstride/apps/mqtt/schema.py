"""The JSON Schemas of the payloads, made from the same forms that write and read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from backstride.apps.mqtt.forms import ARGUMENTS, COMMANDS, FORMS
from backstride.apps.mqtt.payloads import OFFLINE, ONLINE, SCHEMA

if TYPE_CHECKING:
    from backstride.apps.mqtt.payloads import Verb
    from backstride.capture.form import Schema

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_VERSION: Final = {"description": "Version of the payload.", "const": SCHEMA}


def payload_schemas() -> Schema:
    """Return one JSON Schema (draft 2020-12) with a definition for each payload, under the name `topics.Rule` has."""
    commands = {f"command {verb}": _command(verb) for verb in COMMANDS}
    return {
        "$schema": _DIALECT,
        "title": "Payloads of the Backstride bridge",
        "description": "One definition for each payload on the broker; docs/mqtt.md tells which topic has which.",
        "$defs": {
            "availability": {"description": "Plain text, no JSON.", "enum": [ONLINE, OFFLINE]},
            **{name: _ours(name) for name in FORMS},
            "event": _event(),
            "command": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in commands]},
            **commands,
        },
    }


def schema_text() -> str:
    """Return the schema as the committed file holds it: ``docs/mqtt.schema.json``."""
    return json.dumps(payload_schemas(), indent=2, ensure_ascii=False) + "\n"


def _ours(name: str) -> Schema:
    """Return the schema of what a bridge sends: every key is there, and later versions may have more."""
    form = FORMS[name]
    schema = form.schema(schema=_VERSION)
    schema["required"] = ["schema", *(key.spelling for key in form.keys)]
    del schema["additionalProperties"]
    return schema


def _event() -> Schema:
    properties: dict[str, Any] = {
        "schema": _VERSION,
        "event": {"description": "Name of the event; docs/json.md has the keys of each.", "type": "string"},
        "t": {"description": "Seconds since the session was made.", "type": "number", "minimum": 0},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _command(verb: Verb) -> Schema:
    schema = COMMANDS[verb].schema()
    schema["properties"] = {"schema": {**_VERSION, "description": "May be left out."}, **schema["properties"]}
    if verb in ARGUMENTS:
        schema["required"].append(ARGUMENTS[verb].spelling)
    return schema
