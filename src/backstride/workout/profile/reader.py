"""A profile's text into a `Profile`, or into one sentence for every fault, with its line and column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from pydantic import ValidationError

from backstride.errors import ProfileError
from backstride.units import parse_duration
from backstride.workout.profile.keys import Key, Section, Shape
from backstride.workout.profile.models import SHORTEST_DISTANCE, CuePoint, Profile, Step
from backstride.workout.profile.sections import CUE_ALLOWED, KEY_SYNONYMS, LIMITS, PROFILE, SECTIONS, STEPS
from backstride.workout.profile.spelling import did_you_mean, nearest
from backstride.workout.profile.yaml_tree import Mapping, Node, Scalar, Sequence, parse_yaml

_MOST_FAULTS: Final = 20
_LONGEST_QUOTE: Final = 60
_OFFSET_ALLOWED: Final = "a time from the start of the step, such as 0 s, 90 s or 1:30"


@dataclass(frozen=True, slots=True)
class _Fault:
    line: int
    column: int
    path: str
    sentence: str


@dataclass(slots=True)
class _Found:
    """What one section of the file says.

    Attributes:
        values: By model field.
        nodes: Where each field was written: the path of its key, and its value.
        cue_nodes: Where the cue at each offset was written.
        whole: False if something in the section could not be read, so that its model cannot be complete.
    """

    path: str
    start: Node
    values: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, tuple[Key, str, Node]] = field(default_factory=dict)
    cue_nodes: dict[float, tuple[str, Node]] = field(default_factory=dict)
    whole: bool = True


def read_profile(text: str, file: str) -> Profile:
    """Return the profile that `text` is.

    Args:
        text: The content of a profile file: YAML 1.2, in the format of docs/profiles.md.
        file: What errors call it.

    Raises:
        ProfileError: Every fault in a line of its own; the attributes are those of the first.
    """
    reader = _Reader()
    profile = reader.profile(parse_yaml(text, file))
    if profile is not None and not reader.faults:
        return profile
    faults = sorted(reader.faults, key=lambda fault: (fault.line, fault.column))
    lines = [f"{file}:{f.line}:{f.column}: {f.path + ': ' if f.path else ''}{f.sentence}" for f in faults]
    if len(lines) > _MOST_FAULTS:
        lines[_MOST_FAULTS:] = [f"{file}: and {len(lines) - _MOST_FAULTS} more"]
    first = faults[0]
    raise ProfileError("\n".join(lines), file=file, line=first.line, column=first.column, key=first.path)


class _Reader:
    """One pass over the tree; faults are collected, so that one run shows a person all of them."""

    def __init__(self) -> None:
        self.faults: list[_Fault] = []
        self._built: list[tuple[object, _Found]] = []

    def profile(self, root: Node) -> Profile | None:
        profile = self._model(PROFILE, root, "", root)
        return profile if isinstance(profile, Profile) else None

    def _fault(self, node: Node, path: str, sentence: str) -> None:
        self.faults.append(_Fault(node.line, node.column, path, sentence))

    def _not_allowed(self, node: Node, path: str, allowed: str, hint: str = "") -> None:
        self._fault(node, path, f"found {_quoted(node)}; allowed is {allowed}{hint}")

    def _section(self, node: Node, section: Section, path: str, start: Node) -> _Found | None:
        """Read the keys of `node`; faults that are nobody's in particular are shown at `start`."""
        found = _Found(path, start)
        if not isinstance(node, Mapping):
            self._not_allowed(node, path, f"a group of keys: {', '.join(section.names)}")
            return None
        seen: dict[str, Scalar] = {}
        meant: set[str | None] = set()
        for name, value in node.entries:
            where = _joined(path, name.text)
            if name.text in seen:
                found.whole = False
                first = seen[name.text].line
                self._fault(name, where, f"the key '{name.text}' stands here twice (first in line {first})")
            elif name.text in section.names:
                seen[name.text] = name
                self._value(section[name.text], value, where, found)
            else:
                found.whole = False
                meant.add(self._unknown_key(name, value, section, path))
        self._check_presence(section, found, seen, meant)
        return found

    def _unknown_key(self, name: Scalar, value: Node, section: Section, path: str) -> str | None:
        """Note that `name` is no key of the section, and return the key that was probably meant."""
        key, colon, figure = name.text.partition(":")
        if isinstance(value, Scalar) and value.empty and colon:
            sentence = f"found {_quoted(name)}; a space belongs after the colon: {_cut(key)}: {_cut(figure)}"
            self._fault(name, _joined(path, key), sentence)
            return key
        hint = did_you_mean(name.text, section.names, KEY_SYNONYMS)
        sentence = f"there is no key '{_cut(name.text)}' here; allowed are {', '.join(section.names)}{hint}"
        self._fault(name, _joined(path, name.text), sentence)
        return nearest(name.text, section.names, KEY_SYNONYMS)

    def _check_presence(self, section: Section, found: _Found, seen: dict[str, Scalar], meant: set[str | None]) -> None:
        for group in section.needs:
            if not seen.keys() & set(group) and not meant & set(group):
                found.whole = False
                missing = " or ".join(f"'{name}'" for name in group)
                allowed = section[group[0]].allowed
                self._fault(found.start, found.path, f"the key {missing} is missing; '{group[0]}' takes {allowed}")
        for one, other in section.never_both:
            if one in seen and other in seen:
                found.whole = False
                later = max(seen[one], seen[other], key=lambda name: (name.line, name.column))
                both = f"found both '{one}' and '{other}'; allowed is one of them"
                self._fault(later, _joined(found.path, later.text), both)

    def _value(self, key: Key, node: Node, path: str, found: _Found) -> None:
        for name in key.fills:
            found.nodes[name] = (key, path, node)
        match key.shape:
            case Shape.STEPS:
                self._put(found, "steps", self._step_list(key, node, path))
            case Shape.SECTION:
                self._put(found, key.name, self._model(SECTIONS[key.name], node, path, node))
            case Shape.CUES:
                self._cues(key, node, path, found)
            case Shape.CUE:
                self._cue(0.0, node, path, found)
            case Shape.FIGURE | Shape.TEXT:
                self._scalar(key, node, path, found)
            case _:
                assert_never(key.shape)

    @staticmethod
    def _put(found: _Found, name: str, value: object) -> None:
        if value is None:
            found.whole = False
        else:
            found.values[name] = value

    def _scalar(self, key: Key, node: Node, path: str, found: _Found) -> None:
        is_text = key.shape is Shape.TEXT
        text = self._text(node, path, key.allowed) if is_text else self._figure(node, path, key.allowed)
        if text is None:
            found.whole = False
            return
        try:
            found.values |= key.read(text)
        except ValueError:
            found.whole = False
            self._not_allowed(node, path, key.allowed, key.hint(text))

    def _figure(self, node: Node, path: str, allowed: str) -> str | None:
        if isinstance(node, Scalar) and not node.empty:
            return node.text
        self._not_allowed(node, path, allowed)
        return None

    def _text(self, node: Node, path: str, allowed: str) -> str | None:
        if isinstance(node, Scalar) and node.is_text:
            return node.text
        quotes = isinstance(node, Scalar) and not node.empty
        self._not_allowed(node, path, allowed, "; put a text that looks like a number in quotes" if quotes else "")
        return None

    def _cues(self, key: Key, node: Node, path: str, found: _Found) -> None:
        if not isinstance(node, Mapping) or not node.entries:
            found.whole = False
            self._not_allowed(node, path, key.allowed)
            return
        for offset, text in node.entries:
            where = _joined(path, offset.text)
            try:
                at = parse_duration(offset.text)
            except ValueError:
                found.whole = False
                self._not_allowed(offset, where, _OFFSET_ALLOWED)
            else:
                self._cue(at, text, where, found)

    def _cue(self, at: float, node: Node, path: str, found: _Found) -> None:
        found.cue_nodes[at] = (path, node)
        text = self._text(node, path, CUE_ALLOWED)
        if text is None:
            found.whole = False
            return
        try:
            cue = CuePoint(at=at, text=text)
        except ValidationError as error:
            found.whole = False
            late = any(fault["loc"] == ("at",) for fault in error.errors())
            self._not_allowed(node, path, f"{_OFFSET_ALLOWED}, up to 6 h" if late else CUE_ALLOWED)
        else:
            found.values.setdefault("cues", []).append(cue)

    def _step_list(self, key: Key, node: Node, path: str) -> tuple[Step, ...] | None:
        if not isinstance(node, Sequence) or not node.items:
            self._not_allowed(node, path, key.allowed)
            return None
        steps = [self._step(item, f"{path}[{index}]") for index, item in enumerate(node.items)]
        read = [step for step in steps if step is not None]
        return tuple(read) if len(read) == len(steps) else None

    def _step(self, node: Node, path: str) -> Step | None:
        kinds = ", ".join(STEPS)
        if not isinstance(node, Mapping) or not node.entries:
            self._not_allowed(node, path, f"a step, which is one of {kinds}")
            return None
        kind, body = node.entries[0]
        if kind.text not in STEPS:
            hint = did_you_mean(kind.text, STEPS, KEY_SYNONYMS)
            self._fault(kind, path, f"there is no step '{_cut(kind.text)}'; allowed are {kinds}{hint}")
            return None
        if len(node.entries) > 1:
            second = node.entries[1][0]
            self._fault(
                second,
                path,
                f"found '{_cut(second.text)}' beside '{kind.text}'; allowed is one step after each '- ', "
                "and its own keys stand further to the right",
            )
            return None
        step: Step | None = self._model(STEPS[kind.text], body, f"{path}.{kind.text}", kind)
        return step

    def _model(self, section: Section, node: Node, path: str, start: Node) -> Any:  # noqa: ANN401 - a step or limits
        """Return the model of `node`, or None after noting its faults, those of no key in particular at `start`."""
        found = self._section(node, section, path, start)
        if found is None:
            return None
        parts = [found.values.pop(part) for part in ("work", "rest") if part in found.values]
        if parts:
            found.values.setdefault("steps", tuple(parts))
        if section is not PROFILE and section is not LIMITS:
            found.values["line"] = start.line
        if section is PROFILE and self.faults:
            return None
        try:
            model = section.model(**found.values)
        except ValidationError as error:
            self._note(error, found)
            return None
        self._built.append((model, found))
        return model if found.whole else None

    def _note(self, error: ValidationError, found: _Found) -> None:
        for fault in error.errors():
            if fault["loc"]:
                self._note_value(str(fault["loc"][0]), found)
            elif found.whole:
                self._note_rule(fault.get("ctx", {}), found)

    def _note_value(self, name: str, found: _Found) -> None:
        """Say which value is outside its range; what could not be read at all has been said already."""
        if name in found.values and name in found.nodes:
            key, path, node = found.nodes[name]
            hint = ""
            if isinstance(node, Scalar) and name == "distance" and found.values[name] < SHORTEST_DISTANCE:
                hint = key.hint(node.text)  # 3 m, by someone who means minutes
            self._not_allowed(node, path, key.allowed, hint)

    def _note_rule(self, rule: dict[str, Any], found: _Found) -> None:
        """Say which rule between several values is broken, at the value that the rule names."""
        path, node = found.path, found.start
        if "step" in rule:
            path, node = next((there.path, there.start) for model, there in self._built if model is rule["step"])
        elif "at" in rule:
            path, node = found.cue_nodes[rule["at"]]
        elif "field" in rule:
            _, path, node = found.nodes[rule["field"]]
        self._fault(node, path, rule["sentence"])


def _quoted(node: Node) -> str:
    if isinstance(node, Scalar):
        return "nothing" if node.empty else f"'{_cut(node.text)}'"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    return "a group of keys" if node.entries else "an empty group"


def _joined(path: str, key: str) -> str:
    return f"{path}.{_cut(key)}" if path else _cut(key)


def _cut(text: str) -> str:
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"
