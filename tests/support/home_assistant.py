"""Home Assistant's side of the broker: what it makes of a discovery message and of states, and what it sends."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from jinja2 import Template

    from backstride.apps.mqtt.outbox import Message

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "home-assistant-discovery.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

UNKNOWN = "None"
"""What a template renders as where a value is unknown; Home Assistant shows ``unknown`` then."""


@dataclass(frozen=True)
class Now:
    """What ``now()`` returns in a template."""

    at: float

    def timestamp(self) -> float:
        return self.at


@dataclass(frozen=True)
class Shown:
    """A device as Home Assistant has it from one discovery message."""

    payload: dict[str, Any]

    @classmethod
    def of(cls, message: Message) -> Shown:
        return cls(json.loads(message.payload))

    @property
    def faults(self) -> list[str]:
        """What the documentation does not allow."""
        return [f"{fault.json_path}: {fault.message:.200}" for fault in VALIDATOR.iter_errors(self.payload)]

    @property
    def entities(self) -> dict[str, dict[str, Any]]:
        """The components that are there, and not taken away."""
        return {key: one for key, one in self.payload["components"].items() if len(one) > 1}

    def on(self, platform: str) -> set[str]:
        return {key for key, one in self.entities.items() if one["platform"] == platform}

    def state(self, key: str, payload: bytes) -> str:
        """Return the state of an entity after `payload` has come on its topic."""
        entity = self.entities[key]
        if "value_template" not in entity:
            return payload.decode()
        return render(entity["value_template"], value_json=json.loads(payload))

    def command(self, key: str, value: object = "PRESS", *, at: float) -> bytes:
        """Return what goes to the topic of an entity that is pressed, or given a value."""
        return render(self.entities[key]["command_template"], value=value, at=at).encode()


def render(template: str, *, at: float = 0.0, **variables: object) -> str:
    """Return a template as Home Assistant renders it; a name that does not exist is an error here."""
    return _compiled(template).render(now=lambda: Now(at), **variables)


@functools.cache
def _compiled(template: str) -> Template:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template)
