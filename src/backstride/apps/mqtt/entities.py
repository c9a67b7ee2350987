"""What Home Assistant shows of one treadmill, and what can be done to it there: one table of entities. Pure.

Each entity is a component of a device discovery payload (discovery.py), without its identifier. Templates are Jinja,
as Home Assistant has it: what is unknown or stale renders as ``None``, which it shows as unknown, never as zero (S10).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from backstride.apps.mqtt.forms import ARGUMENTS
from backstride.apps.mqtt.payloads import IDLE, OFFLINE, ONLINE, Verb
from backstride.apps.mqtt.topics import Channel
from backstride.units import KM_PER_MILE, SpeedUnit
from backstride.workout.events import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backstride.apps.mqtt.payloads import Abilities, InclineSteps, SpeedSteps

    TopicOf = Callable[[Channel], str]

Component: TypeAlias = "dict[str, Any]"

LONGEST_STATE: Final = 255
"""Characters that Home Assistant takes as the state of an entity."""

_DECIMALS: Final = Decimal("0.01")  # the wire's own scale: finer than any treadmill's steps
_MEASURED: Final = {"state_class": "measurement"}
_COUNTED: Final = {"state_class": "total_increasing"}  # such a counter may begin anew at 0
_DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
_ASLEEP: Final = {"enabled_by_default": False}


def entities(able: Abilities, topic_of: TopicOf, unit: SpeedUnit) -> dict[str, Component]:
    """Return every component of a treadmill by its key, which never changes.

    What this treadmill cannot do, or must not over MQTT, has nothing but its platform: Home Assistant takes away what
    it has there from before.

    Args:
        able: What it is, and what can be asked of it.
        topic_of: Returns its topic for a channel.
        unit: Unit of speeds and distances in what is shown.
    """
    every = {
        **_belt_sensors(topic_of(Channel.STATE), unit, able),
        **_session_sensors(topic_of(Channel.SESSION), topic_of(Channel.STATE), unit),
        **_other_sensors(topic_of),
        **_buttons(able, topic_of),
        **_numbers(able, topic_of),
        "profile": _select(able, topic_of),
    }
    for component in every.values():
        if len(component) > 1:
            component["qos"] = 1
    return every


# --- sensors


def _known(key: str, expression: str = "", *, stale: bool = False) -> str:
    """Return the template of a value of a payload; None where it is null, or old and `stale` is asked for."""
    value = f"value_json.{key}"
    old = "value_json.stale or " if stale else ""
    return f"{{{{ none if {old}{value} is none else {expression or value} }}}}"


def _text(expression: str) -> str:
    """Return the template of a text that may be empty, which is shown as unknown."""
    return f"{{{{ ({expression})[:{LONGEST_STATE}] or none }}}}"


def _sensor(name: str, topic: str, template: str, icon: str, **options: object) -> Component:
    return {
        "platform": "sensor",
        "name": name,
        "state_topic": topic,
        "value_template": template,
        "icon": f"mdi:{icon}",
        **options,
    }


def _speed(key: str, unit: SpeedUnit, *, stale: bool = False) -> str:
    in_miles = f"(value_json.{key} / {KM_PER_MILE}) | round(2)"
    return _known(key, in_miles if unit is SpeedUnit.MPH else "", stale=stale)


def _distance(name: str, topic: str, key: str, unit: SpeedUnit) -> Component:
    long = KM_PER_MILE * 1000 if unit is SpeedUnit.MPH else 1000
    return _sensor(
        name,
        topic,
        _known(key, f"(value_json.{key} / {long}) | round(3)", stale=True),
        "map-marker-distance",
        device_class="distance",
        unit_of_measurement="mi" if unit is SpeedUnit.MPH else "km",
        suggested_display_precision=2,
        **_COUNTED,
    )


def _duration(name: str, topic: str, key: str, icon: str, *, stale: bool, **options: object) -> Component:
    template = _known(key, f"value_json.{key} | round(0) | int", stale=stale)
    return _sensor(name, topic, template, icon, device_class="duration", unit_of_measurement="s", **options)


def _belt_sensors(state: str, unit: SpeedUnit, able: Abilities) -> dict[str, Component]:
    """What the machine reports; what many machines never do is there, but has to be switched on."""

    def measured(name: str, key: str, icon: str, unit: str, **options: object) -> Component:
        return _sensor(name, state, _known(key, stale=True), icon, unit_of_measurement=unit, **options)

    flat = _ASLEEP if able.incline is None else {}
    return {
        "speed": _sensor(
            "Speed",
            state,
            _speed("speed_km_h", unit, stale=True),
            "speedometer",
            device_class="speed",
            unit_of_measurement=unit.value,
            suggested_display_precision=1,
            **_MEASURED,
        ),
        "incline": measured("Incline", "incline_percent", "slope-uphill", "%", **_MEASURED, **flat),
        "distance": _distance("Distance", state, "distance_m", unit),
        "time": _duration("Time", state, "elapsed_s", "timer-outline", stale=True, **_COUNTED),
        "heart_rate": measured("Heart rate", "heart_rate_bpm", "heart-pulse", "bpm", **_MEASURED),
        "energy": measured("Energy", "energy_kcal", "fire", "kcal", device_class="energy", **_COUNTED),
        "power": measured("Power", "power_w", "lightning-bolt", "W", device_class="power", **_MEASURED, **_ASLEEP),
        "steps": measured("Footsteps", "steps", "shoe-print", "steps", **_COUNTED, **_ASLEEP),
        "moving": {
            "platform": "binary_sensor",
            "name": "Belt",
            "device_class": "moving",
            "state_topic": state,
            "value_template": _known("standing", "'OFF' if value_json.standing else 'ON'", stale=True),
            "payload_on": "ON",
            "payload_off": "OFF",
        },
    }


def _session_sensors(session: str, state: str, unit: SpeedUnit) -> dict[str, Component]:
    return {
        "session": _sensor(
            "Session",
            session,
            "{{ value_json.state }}",
            "walk",
            device_class="enum",
            options=[IDLE, *(one.value for one in SessionState)],
        ),
        "step": _sensor("Step", session, _known("step", "value_json.step + 1"), "stairs"),
        "step_label": _sensor("Step label", session, _text("value_json.label"), "text"),
        "step_left": _duration("Step time left", session, "remaining_s", "timer-sand", stale=False, **_MEASURED),
        "question": _sensor("Question", session, _text("value_json.question"), "account-question"),
        "session_distance": _distance("Session distance", state, "session_distance_m", unit),
        "session_time": _duration("Session time", state, "session_elapsed_s", "timer", stale=True, **_COUNTED),
    }


def _other_sensors(topic_of: TopicOf) -> dict[str, Component]:
    """What became of the last command, and whether the radio link is up; that is seen above all while it is not."""
    outcome = "value_json.command ~ ' ' ~ value_json.outcome ~ (': ' if value_json.reason else '') ~ value_json.reason"
    return {
        "answer": _sensor(
            "Last answer", topic_of(Channel.ANSWER), _text(f"({outcome}) | trim"), "message-reply-text", **_DIAGNOSTIC
        ),
        "link": {
            "platform": "binary_sensor",
            "name": "Bluetooth link",
            "device_class": "connectivity",
            "state_topic": topic_of(Channel.LINK),
            "payload_on": ONLINE,
            "payload_off": OFFLINE,
            "availability": [{"topic": topic_of(Channel.BRIDGE)}],
            **_DIAGNOSTIC,
        },
    }


# --- what can be done


def _command(verb: Verb, value: str = "") -> str:
    """Return the template of a command, with its own id and the instant at which it is sent (desk.py)."""
    argument = f', "{ARGUMENTS[verb].spelling}": {{{{ {value} }}}}' if value else ""
    fresh = '{% set at = now().timestamp() %}{"id": "ha-{{ at }}", "sent_at": {{ at }}'
    return f'{fresh}, "command": "{verb.value}"{argument}}}'


def _buttons(able: Abilities, topic_of: TopicOf) -> dict[str, Component]:
    """Return Stop always, what steers a session where one can run, what starts a belt where that is allowed (S1)."""
    gone = {"platform": "button"}

    def button(verb: Verb, name: str, icon: str, channel: Channel = Channel.COMMAND, **options: object) -> Component:
        topic, template = topic_of(channel), _command(verb)
        named = {"name": name, "command_topic": topic, "command_template": template, "icon": f"mdi:{icon}"}
        return {**gone, **named, **options}

    steering = {
        "pause": button(Verb.PAUSE, "Pause", "pause"),
        "skip": button(Verb.SKIP, "Next step", "skip-next"),
        "back": button(Verb.BACK, "Step back", "skip-previous"),
    }
    starting = {
        "start": button(Verb.START, "Start", "play"),
        "resume": button(Verb.RESUME, "Resume", "play-pause"),
        "confirm": button(Verb.CONFIRM, "Confirm", "check"),
    }
    runs = bool(able.profiles)
    return {
        # A Stop does not wait for the link: the bridge keeps it for when the link is there again (S4, S12).
        "stop": button(Verb.STOP, "Stop", "stop", Channel.STOP, availability=[{"topic": topic_of(Channel.BRIDGE)}]),
        **{key: one if runs else dict(gone) for key, one in steering.items()},
        **{key: one if runs and able.allows_start else dict(gone) for key, one in starting.items()},
    }


def _numbers(able: Abilities, topic_of: TopicOf) -> dict[str, Component]:
    """Return targets in the machine's own unit and steps: what lies between its steps is refused, not rounded (S7)."""
    common = {
        "platform": "number",
        "command_topic": topic_of(Channel.COMMAND),
        "state_topic": topic_of(Channel.SESSION),
        "mode": "box",  # a slider would pass through speeds that nobody wants
    }
    gone = {"platform": "number"}
    speed = None if able.speed is None else _speed_ends(able.speed)
    incline = None if able.incline is None else _incline_ends(able.incline)
    in_miles = able.speed is not None and able.speed.unit == SpeedUnit.MPH.value
    unit = SpeedUnit.MPH if in_miles else SpeedUnit.KMH
    return {
        "target_speed": gone
        if speed is None
        else {
            **common,
            **speed,
            "name": "Target speed",
            "device_class": "speed",
            "unit_of_measurement": unit.value,
            "value_template": _speed("target_speed_km_h", unit),
            "command_template": _command(
                Verb.SET_SPEED, f"(value * {KM_PER_MILE}) | round(2)" if in_miles else "value"
            ),
            "icon": "mdi:speedometer",
        },
        "target_incline": gone
        if incline is None
        else {
            **common,
            **incline,
            "name": "Target incline",
            "unit_of_measurement": "%",
            "value_template": _known("target_incline_percent"),
            "command_template": _command(Verb.SET_INCLINE, "value"),
            "icon": "mdi:slope-uphill",
        },
    }


def _select(able: Abilities, topic_of: TopicOf) -> Component:
    if not able.profiles:
        return {"platform": "select"}
    return {
        "platform": "select",
        "name": "Session profile",
        "options": list(able.profiles),
        "command_topic": topic_of(Channel.COMMAND),
        "command_template": _command(Verb.PROFILE, "value | tojson"),
        "state_topic": topic_of(Channel.SESSION),
        "value_template": _text("value_json.profile"),
        "icon": "mdi:format-list-bulleted",
    }


def _speed_ends(steps: SpeedSteps) -> Mapping[str, float] | None:
    in_miles = steps.unit == SpeedUnit.MPH.value
    numbers = (one.mph if in_miles else one.kmh for one in (steps.minimum, steps.maximum, steps.increment))
    return _ends(*(number.quantize(_DECIMALS) for number in numbers))


def _incline_ends(steps: InclineSteps) -> Mapping[str, float] | None:
    return _ends(steps.minimum.percent, steps.maximum.percent, steps.increment.percent)


def _ends(low: Decimal, high: Decimal, step: Decimal) -> Mapping[str, float] | None:
    """Return the machine's ends and its step; None where there is nothing to choose."""
    if not 0 < step <= high - low:
        return None
    return {"min": float(low), "max": float(high), "step": float(step)}
