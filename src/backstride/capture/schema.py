"""The JSON Schema of one line of a capture, made from the same forms that write and read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from backstride.capture.form import OBJECT, SECONDS, TEXT
from backstride.capture.header import HEADER
from backstride.capture.lines import FORMS, has_value

if TYPE_CHECKING:
    from backstride.capture.form import Form, Schema

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_T: Final = {"description": "Seconds since the capture was begun.", **SECONDS.schema}
_FOR_PEOPLE: Final = {
    "what": {"description": "Name of the characteristic, for people; nobody reads it back.", **TEXT.schema},
    "says": {"description": "What the octets say, for people; nobody reads it back.", **OBJECT.schema},
}


def capture_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a line: the header, or an event."""
    lines = {"header": HEADER.schema(), **{word: _line(word, form) for word, form in FORMS.items()}}
    return {
        "$schema": _DIALECT,
        "title": "A line of a Backstride capture",
        "description": "The first line of the file is a header, every other an event.",
        "oneOf": [{"$ref": f"#/$defs/{word}"} for word in lines],
        "$defs": lines,
    }


def schema_text() -> str:
    """Return the schema as the committed file holds it: ``docs/capture.schema.json``."""
    return json.dumps(capture_schema(), indent=2, ensure_ascii=False) + "\n"


def _line(word: str, form: Form[Any]) -> Schema:
    schema = form.schema(t=_T, event={"const": word})
    if has_value(form):
        schema["properties"] |= _FOR_PEOPLE
    return schema
