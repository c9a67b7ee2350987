"""docs/machines.md, made of the machine files, the unsupported treadmills and the account of the research."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backstride.apps.cli.wording import UNKNOWN
from backstride.machines.capabilities import capabilities
from backstride.machines.facts import GENERIC, WireUnit, known_machines, load_facts
from backstride.machines.unsupported import unsupported_machines
from backstride.protocol import uuids
from backstride.protocol.features import decode_features
from backstride.protocol.ranges import decode_inclination_range, decode_speed_range
from backstride.simulator.peripheral import Peripheral
from backstride.units import SpeedUnit
from tests.machines.account import ACCOUNTS
from tests.machines.figures import known_inclines, known_speeds
from tests.machines.quirks import entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid
    from backstride.machines.facts import MachineFacts

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "machines.md"

EVIDENCE: Final = (
    r"hardware capture",
    r"verified on hardware|hardware verified",
    r"hardware",
    r"recorded packet",
    r"capture|fixture|nRF Connect",
    r"\blogs?\b|traceback",
    r"adapter code (\+|and) issue",
    r"adapter code",
    r"issue|pull request",
    r"blog",
    r"of a sister",
    r"assumed",
)
"""What a provenance says, the strongest evidence first."""

_OF_ANOTHER: Final = re.compile(r"of a sister")
_UNTOLD: Final = "as it announces"

_HEAD: Final = """\
# Treadmills

What is known of {described} models, of {unsupported} kinds of treadmill that cannot be driven, and of {reasons} that
were noted without a rule coming of it. It is what other people have reported: none of these treadmills has been in our
hands. One that is not here and offers FTMS is driven as the standard has it.

`backstride info` tells what your treadmill can do once it is connected, `backstride machines ID` all that is known of a
model, each fact with its source. `make machines` writes this page from the machine files, and a test fails where it is
not what they say.

## Can be driven

- **advertises**: how the name that a scan shows begins, in any letter case. Of a whole name `?` is any character and
  `#` a digit. A name with a star is used by other things as well, and counts only for what offers FTMS.
- **speed**, **incline**: what a session may ask for. *{untold}* is the range that the machine tells once it is
  connected; a figure is one that somebody has noted. Where the speed is not set, a session is refused and Backstride
  only reads along; where the incline is not set, a session that changes it is refused.
- **before a session**: what you have to see to. It is shown again before the belt starts.
- **evidence**: the strongest there is. A hardware capture shows what the machine does; another program's adapter code
  only what that program had to do.

Where no name is noted, or two models have the same, say in the [settings](settings.md) which one yours is:
`model = "ID"` under its name.

| treadmill | id | advertises | speed | incline | what is special | before a session | evidence |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
_UNSUPPORTED: Final = """\

## Cannot be driven

These speak only their maker's protocol, which Backstride does not. A scan lists them as not supported where a name is
noted; whoever asks for one by its name or address is told so, and no command is sent.

| treadmill | advertises | speaks | what its owner sees |
| --- | --- | --- | --- |
"""
_WITHOUT: Final = """\

## Noted, without a rule

| what | called | why there is no machine file | what its owner sees |
| --- | --- | --- | --- |
"""


def rendered() -> str:
    """Return the whole page."""
    models = [load_facts(name) for name in known_machines()]
    without = {number: account for number, account in ACCOUNTS.items() if account.reason}
    head = _HEAD.format(
        described=len(models) - 1, unsupported=len(unsupported_machines()), reasons=len(without), untold=_UNTOLD
    )
    return "".join(
        (
            head,
            *(_row(_described(facts)) for facts in sorted(models, key=_generic_first)),
            _UNSUPPORTED,
            *(
                _row((one.model, _names(one.names), one.protocol.rstrip(","), one.seen))
                for one in sorted(unsupported_machines(), key=lambda one: one.model.casefold())
            ),
            _WITHOUT,
            *(
                _row((entry(number).model, entry(number).name_prefix, account.reason, account.owner))
                for number, account in without.items()
            ),
        )
    )


def strongest(facts: MachineFacts) -> str:
    """Return the strongest evidence that a machine file names."""
    return min((quirk.provenance for quirk in facts.quirks), key=lambda said: (rank(said), len(said)), default="")


def rank(provenance: str) -> int:
    """Return the place of a provenance in `EVIDENCE`. Raises ValueError if it says nothing that is known."""
    if _OF_ANOTHER.search(provenance):
        return EVIDENCE.index(_OF_ANOTHER.pattern)
    for place, words in enumerate(EVIDENCE):
        if re.search(words, provenance):
            return place
    raise ValueError(f"what kind of evidence is {provenance!r}?")


def abilities(facts: MachineFacts) -> Capabilities:
    """Return what the driver makes of the machine that the simulator makes of a machine file."""
    peripheral = Peripheral(facts)
    offered = {one.uuid for service in peripheral.services for one in service.characteristics}

    def told(uuid: str) -> bytes | None:
        return peripheral.read(uuid, 0.0) if uuid in offered else None

    speeds, inclines = told(uuids.SUPPORTED_SPEED_RANGE), told(uuids.SUPPORTED_INCLINATION_RANGE)
    return capabilities(
        facts,
        decode_features(peripheral.read(uuids.FITNESS_MACHINE_FEATURE, 0.0)),
        None if speeds is None else decode_speed_range(speeds),
        None if inclines is None else decode_inclination_range(inclines),
        has_control_point=uuids.CONTROL_POINT in offered,
    )


def _generic_first(facts: MachineFacts) -> tuple[bool, str]:
    return facts.id != GENERIC, facts.model.casefold()


def _described(facts: MachineFacts) -> Iterator[str]:
    able = abilities(facts)
    yield f"**{facts.model}**"
    yield f"`{facts.id}`"
    yield _advertised(facts)
    yield _speed(facts, able.speed) if able.speed else f"not set: {able.no_speed}"
    yield _incline(facts, able.incline) if able.incline else f"not set: {able.no_incline}"
    yield facts.summary
    yield " ".join(able.before)
    yield strongest(facts)


def _advertised(facts: MachineFacts) -> str:
    identity = facts.identity
    if facts.id == GENERIC:
        return "anything else that offers FTMS"
    names = _names((*identity.names, *identity.shapes), identity.shared)
    parts = [names] if names else []
    if identity.anonymous:
        parts.append("no name, and then known by its model number")
    if identity.firmware is not None:
        parts.append(f"with module {identity.model_number}, firmware {identity.firmware}")
    if identity.twin is not None:
        parts.append(f"taken for the {load_facts(identity.twin).model}")
    return "; ".join(parts) or "not noted"


def _names(names: Iterable[str], shared: Iterable[str] = ()) -> str:
    return ", ".join((*(f"`{name}`" for name in names), *(f"`{name}` *" for name in shared))) or ""


def _speed(facts: MachineFacts, grid: SpeedGrid) -> str:
    if known_speeds(facts.id) or facts.id == GENERIC:
        kmh, mph = (
            f"{grid.minimum.text(unit).partition(' ')[0]} to {grid.maximum.text(unit)}"
            for unit in (SpeedUnit.KMH, SpeedUnit.MPH)
        )
        own = SpeedUnit.MPH if grid.unit is WireUnit.MPH else SpeedUnit.KMH
        return f"{kmh} ({mph}), step {grid.increment.text(own)}"
    floor = facts.speed.floor
    lowest = "" if floor is None else f", not below {floor.text(SpeedUnit.KMH)} ({floor.text(SpeedUnit.MPH)})"
    return f"{_UNTOLD}{lowest}"


def _incline(facts: MachineFacts, grid: InclineGrid) -> str:
    if not grid.reported:
        return "not set: it does not report its incline, so nobody can see it (S10)"
    known = facts.incline
    if known_inclines(facts.id) or facts.id == GENERIC or known is None:
        return f"{grid.minimum.text()} to {grid.maximum.text()}, step {grid.increment.text()}"
    parts = [_UNTOLD]
    if known.floor is not None:
        parts.append(f"not below {known.floor.text()}")
    if known.ceiling is not None:
        parts.append(f"not above {known.ceiling.text()}")
    if known.step is not None:
        parts.append(f"in steps of {known.step.text()}")
    return ", ".join(parts)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') or UNKNOWN for cell in cells)} |\n"
