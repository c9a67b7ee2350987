"""A simulated treadmill in a person's hands: its console, its safety key, its faults, and what its clients do. Pure.

`Desk` turns keys into deeds, `Gossip` turns what has happened since the last look into sentences.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Final

from backstride.apps.cli.keys import Key
from backstride.errors import ConfigError, DecodeError
from backstride.protocol.control_point import OpCode, ResultCode, decode_request, decode_response
from backstride.protocol.uuids import NAMES, short_uuid
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.protocol.control_point import Request
    from backstride.simulator.simulation import Simulation
    from backstride.simulator.traffic import Connection, ControlWrite

KEYS: Final = (
    "s start  x stop  p pause  ↑↓ speed  ←→ incline  k safety key  c take control  d drop links  f fault  q quit"
)
_OF_THE_CLASS: Final = ("layout", "op_code")
_ESCAPE: Final = "\x1b"
_BACKSPACE: Final = ("\x7f", "\b")
_ENTER: Final = ("\r", "\n")


class Desk:
    """What keys do to a treadmill.

    Args:
        treadmill: The treadmill.

    Attributes:
        typing: The words of a fault as far as they are typed, or None while keys are buttons.
        over: True once the person wants to end.
    """

    def __init__(self, treadmill: Simulation) -> None:
        self.typing: str | None = None
        self.over = False
        self._treadmill = treadmill
        console = treadmill.console
        self._buttons: dict[str | Key, tuple[Callable[[], None], str]] = {
            "s": (console.press_start, "Start is pressed."),
            "x": (console.press_stop, "Stop is pressed."),
            "p": (console.press_pause, "Pause is pressed."),
            "c": (console.take_control, "The console takes control."),
            "d": (treadmill.drop_link, "The treadmill ends every link."),
            Key.UP: (lambda: self._change_speed(1), "Faster is pressed."),
            Key.DOWN: (lambda: self._change_speed(-1), "Slower is pressed."),
            Key.RIGHT: (lambda: self._change_incline(1), "Steeper is pressed."),
            Key.LEFT: (lambda: self._change_incline(-1), "Flatter is pressed."),
        }

    def press(self, key: str | Key) -> str | None:
        """Take a key; return what there is to say, if anything."""
        if self.typing is not None:
            return self._type(key)
        if key in self._buttons:
            deed, sentence = self._buttons[key]
            deed()
            return sentence
        if key == "k":
            return self._turn_safety_key()
        if key == "f":
            self.typing = ""
        elif key == "q":
            self.over = True
        return None

    def _turn_safety_key(self) -> str:
        console = self._treadmill.console
        if console.safety_key:
            console.pull_safety_key()
            return "The safety key is pulled."
        console.insert_safety_key()
        return "The safety key is back. Nothing moves by itself."

    def _type(self, key: str | Key) -> str | None:
        typed = self.typing or ""
        if key in _ENTER:
            self.typing = None
            return self._strike(typed.strip())
        if key == _ESCAPE:
            self.typing = None
        elif key in _BACKSPACE:
            self.typing = typed[:-1]
        elif isinstance(key, str) and key.isprintable():
            self.typing = typed + key
        return None

    def _strike(self, words: str) -> str | None:
        if not words:
            return None
        try:
            self._treadmill.strike(words)
        except ConfigError as error:
            return str(error)
        return f"Fault: {words}."

    def _change_speed(self, steps: int) -> None:
        facts = self._treadmill.peripheral.facts.speed
        step = facts.unit.from_wire(facts.increment)
        target = Speed(round(self._treadmill.belt.target * 100)) + step * steps
        self._treadmill.console.set_speed(Speed(min(max(target, facts.slowest), facts.fastest)))

    def _change_incline(self, steps: int) -> None:
        facts = self._treadmill.peripheral.facts.incline
        if facts is not None:
            target = round(self._treadmill.belt.incline_target * 10) + facts.increment * steps
            self._treadmill.console.set_incline(Incline(min(max(target, facts.minimum), facts.maximum)))


class Gossip:
    """What has happened at a treadmill since the last look.

    Args:
        treadmill: The treadmill.
    """

    def __init__(self, treadmill: Simulation) -> None:
        self._treadmill = treadmill
        self._clients: dict[int, frozenset[str]] = {}
        self._writes = len(treadmill.writes)
        self._standing = True

    def news(self) -> list[str]:
        """Return a sentence for each thing, in order."""
        return [*self._links(), *self._commands(), *self._belt()]

    def _links(self) -> list[str]:
        now = {one.number: subscribed(one) for one in self._treadmill.peripheral.connections}
        before, self._clients = self._clients, now
        told = [f"Client {number} is gone." for number in before.keys() - now.keys()]
        for number, names in now.items():
            if number not in before:
                told.append(f"Client {number} is connected.")
            told += [
                f"Client {number} subscribes to {name}." for name in sorted(names - before.get(number, frozenset()))
            ]
        return told

    def _commands(self) -> list[str]:
        writes = self._treadmill.writes[self._writes :]
        self._writes += len(writes)
        return [command_text(write) for write in writes]

    def _belt(self) -> list[str]:
        standing = self._treadmill.belt.standing
        if standing is self._standing:
            return []
        self._standing = standing
        return ["The belt stands." if standing else "The belt moves."]


def subscribed(client: Connection) -> frozenset[str]:
    """Return the names of what a client has asked to be sent."""
    return frozenset(NAMES.get(short_uuid(uuid) or 0, uuid) for uuid, wanted in client.subscriptions.items() if wanted)


def command_text(write: ControlWrite) -> str:
    """Return a write to the control point and its answer, in a sentence."""
    asked = f"Client {write.connection}: {_request_text(write.value)}"
    if write.att_error is not None:
        return f"{asked}: refused, {write.att_error.name.lower().replace('_', ' ')} ({write.att_error:#04x})."
    if write.answer is None:
        return f"{asked}: no answer."
    return f"{asked}: {_answer_text(write.answer)}."


def _request_text(value: bytes) -> str:
    try:
        return _words(decode_request(value))
    except DecodeError:
        return f"octets that are no command ({value.hex(' ')})"


def _words(request: Request) -> str:
    name = OpCode(request.op_code).name.lower().replace("_", " ")
    values = [getattr(request, field.name) for field in fields(request) if field.name not in _OF_THE_CLASS]
    told = [value.name.lower() if isinstance(value, Enum) else str(value) for value in values]
    return f"{name} {', '.join(told)}".strip()


def _answer_text(answer: bytes) -> str:
    try:
        result = decode_response(answer).result
    except DecodeError:
        return f"answered {answer.hex(' ')}"
    return ResultCode(result).name.lower().replace("_", " ") if result in set(ResultCode) else f"result {result:#04x}"
