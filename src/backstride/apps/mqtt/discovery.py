"""Home Assistant finds a treadmill by itself: one retained message of MQTT discovery for each. Pure.

The form is Home Assistant's device discovery payload (its documentation, integration MQTT); tests/data holds it as a
JSON Schema. Whatever is shown there reads the topics of topics.py, and whatever is pressed sends commands as any other
client does: no rule is another one for Home Assistant.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.entities import entities
from backstride.apps.mqtt.outbox import Message
from backstride.apps.mqtt.topics import BASE, Channel, Keeping, Topics, can_begin_topics, slug
from backstride.errors import ConfigError
from backstride.units import SpeedUnit

if TYPE_CHECKING:
    from backstride.apps.mqtt.payloads import Abilities

PREFIX: Final = "homeassistant"
"""What Home Assistant's discovery topics begin with, unless somebody has set it otherwise there."""


@dataclass(frozen=True, slots=True)
class HomeAssistant:
    """Tells a Home Assistant on the same broker of treadmills.

    Attributes:
        topics: The topics in use.
        unit: Unit of speeds and distances in what is shown.
        prefix: What the discovery topics begin with.
        version: The version of the program that tells.

    Raises:
        ConfigError: `prefix` cannot be the beginning of a topic.
    """

    topics: Topics
    unit: SpeedUnit = SpeedUnit.KMH
    prefix: str = PREFIX
    version: str = "unknown"

    def __post_init__(self) -> None:
        if not can_begin_topics(self.prefix):
            raise ConfigError(
                f"{self.prefix!r} cannot begin the discovery topics of Home Assistant: levels are separated by single "
                f"slashes and hold no blank and none of + # $. Write --home-assistant alone for {PREFIX!r}."
            )

    def discovery(self, able: Abilities, name: str) -> Message:
        """Return what makes Home Assistant show a treadmill, or show anew what has changed of it.

        Args:
            able: What the treadmill is, and what can be asked of it.
            name: Its name in topics.
        """
        device = self._device(name)

        def topic_of(channel: Channel) -> str:
            return self.topics.of(channel, able.bridge if channel is Channel.BRIDGE else name)

        components = entities(able, topic_of, self.unit)
        for key, component in components.items():
            if len(component) > 1:
                component["unique_id"] = f"{device}-{key}"
        payload = {
            "device": {
                "identifiers": [device],
                "name": able.name,
                "model": f"{able.model} (simulated)" if able.simulated else able.model,
            },
            "origin": {"name": "Backstride", "sw_version": self.version},
            "availability": [{"topic": topic_of(Channel.BRIDGE)}, {"topic": topic_of(Channel.LINK)}],
            "availability_mode": "all",
            "components": components,
        }
        return self._message(name, json.dumps(payload, separators=(",", ":")).encode())

    def removal(self, name: str) -> Message:
        """Return what makes Home Assistant forget a treadmill that has left for good."""
        return self._message(name, b"")

    def _device(self, name: str) -> str:
        """Return the identifier of a treadmill: the same after every start, and no other program's."""
        return f"{slug(self.topics.base, BASE)}-{name}"

    def _message(self, name: str, payload: bytes) -> Message:
        topic = f"{self.prefix}/device/{self._device(name)}/config"
        return Message(topic, payload, qos=1, retain=True, keeping=Keeping.LATEST)
