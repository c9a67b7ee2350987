"""The treadmills: heard or not, free or not, near or not, and what is known of their models. Pure, and total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.driver.doctor import remedies
from backstride.driver.doctor.findings import Check, note, ok, trouble, unknown
from backstride.driver.doctor.snapshot import System
from backstride.machines.capabilities import before_session
from backstride.machines.facts import GENERIC, PauseEffect
from backstride.protocol.control_point import OpCode
from backstride.units import Speed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.driver.doctor.findings import Finding
    from backstride.driver.doctor.snapshot import Air, Bluez, Patient, Reading, Sighting, Snapshot
    from backstride.machines.facts import MachineFacts

WEAK: Final = -80
"""dBm below which links tend to break."""

SLOW_TO_HEAR: Final = 4.0
"""Seconds: half of a usual scan."""

BEGINNERS: Final = Speed.from_mph("0.7")
"""The fastest that `first-steps` goes; a belt that cannot run so slowly is no belt to learn on."""

_START: Final = frozenset({OpCode.START_OR_RESUME})
_SPEED: Final = frozenset({OpCode.SET_TARGET_SPEED})
_INCLINE: Final = frozenset({OpCode.SET_TARGET_INCLINATION})
_STOP: Final = frozenset({OpCode.STOP_OR_PAUSE})


def check_machines(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what is found of the treadmills that are asked about, or of all that are heard."""
    yield from _held(snapshot)
    yield from _heard(snapshot)
    if snapshot.reading is not None:
        yield from _read(snapshot.reading)
    models: dict[str, tuple[str, MachineFacts]] = {}
    for name, facts in _models(snapshot):
        models.setdefault(facts.id, (name, facts))
    for name, facts in models.values():
        yield from check_model(name, facts)


# --- connected already


def _held(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.host.system is not System.LINUX:
        yield unknown(Check.HELD, "This system does not tell which program is connected to a treadmill.")
        return
    bluez = snapshot.bluez
    if bluez is None or bluez.held is None:
        yield unknown(Check.HELD, "BlueZ has not told which treadmills are connected to this computer.")
    elif not bluez.held:
        yield ok(Check.HELD, "No treadmill is connected to this computer.")
    else:
        for held in bluez.held:
            where = f" by {held.adapter}" if held.adapter else ""
            connected = f"{held.name} ({held.address}) is connected to this computer{where} already"
            if held.in_use is False:
                meaning = f"{connected}, and no program listens to it: one that has ended has left the connection."
                yield note(Check.HELD, meaning, remedies.take_down(held.address))
            elif held.in_use:
                meaning = f"{connected}: another program uses it. {_by_whom(bluez)}"
                yield trouble(Check.HELD, meaning, remedies.let_go(held.address))
            else:
                yield trouble(Check.HELD, f"{connected}. {_by_whom(bluez)}", remedies.let_go(held.address))


def _by_whom(bluez: Bluez) -> str:
    if not bluez.programs:
        return "BlueZ does not tell which."
    return f"BlueZ does not tell which; on its message bus are: {', '.join(bluez.programs)}."


# --- on the air


def _heard(snapshot: Snapshot) -> Iterator[Finding]:
    air = snapshot.air
    if air is None:
        yield unknown(Check.REACH, "Nobody has listened.")
        return
    if air.obstacle is not None:
        yield unknown(Check.REACH, f"Nothing could be listened to: {air.sentence}")
        return
    for patient in snapshot.patients:
        yield from _patient(patient, air)
    if not snapshot.patients:
        yield from _anybody(air)
    elif not any(patient.named for patient in snapshot.patients) and not any(_found(air, snapshot.patients)):
        yield _none_of_them(air)


def _patient(patient: Patient, air: Air) -> Iterator[Finding]:
    there = [sighting for sighting in air.sightings if patient.is_at(sighting)]
    if len(there) > 1:
        addresses = ", ".join(sighting.address for sighting in there)
        meaning = f"Several treadmills called {patient.name} are in reach: {addresses}."
        yield note(Check.REACH, meaning, remedies.NAME_ONE)
    for sighting in there:
        yield ok(Check.REACH, f"{patient.name} is in reach.")
        yield from _sighting(sighting)
    if not there and patient.named:
        meaning = f"{patient.name} was not heard in {air.seconds:g} s."
        yield trouble(Check.REACH, meaning, remedies.WAKE_IT)
    elif not there:
        yield note(Check.REACH, f"{patient.name}, which was met before, was not heard in {air.seconds:g} s.")


def _found(air: Air, patients: tuple[Patient, ...]) -> Iterator[bool]:
    return (patient.is_at(sighting) for patient in patients for sighting in air.sightings)


def _none_of_them(air: Air) -> Finding:
    if not air.sightings:
        return trouble(Check.REACH, f"No treadmill was heard in {air.seconds:g} s.", remedies.WAKE_IT)
    others = ", ".join(sighting.called for sighting in air.sightings)
    meaning = f"None of the treadmills met before was heard, but others were: {others}."
    return note(Check.REACH, meaning, remedies.NAME_OTHER)


def _anybody(air: Air) -> Iterator[Finding]:
    if not air.sightings:
        yield _none_of_them(air)
    elif len(air.sightings) > 1:
        names = ", ".join(sighting.called for sighting in air.sightings)
        yield note(Check.REACH, f"Several treadmills are in reach: {names}.", remedies.NAME_ONE)
    for sighting in air.sightings:
        if len(air.sightings) == 1:
            yield ok(Check.REACH, f"{sighting.called} is in reach.")
        yield from _sighting(sighting)


def _sighting(sighting: Sighting) -> Iterator[Finding]:
    called = sighting.called
    if sighting.available is False:
        meaning = f"{called} says that it is in use: another app is connected to it."
        yield trouble(Check.FREE, meaning, remedies.FREE_IT)
    elif sighting.available:
        yield ok(Check.FREE, f"{called} says that it is free.")
    else:
        yield unknown(Check.FREE, f"{called} does not say whether it is free.")
    if sighting.unsupported is not None:
        yield trouble(Check.MODEL, sighting.unsupported.sentence, remedies.OTHER_TREADMILL)
    elif sighting.is_treadmill is None:
        yield unknown(Check.MODEL, f"{called} does not say that it is a treadmill; connecting will tell.")
    if sighting.rssi is None:
        yield unknown(Check.SIGNAL, f"The strength of {called}'s signal is not told.")
    elif sighting.rssi < WEAK:
        meaning = f"{called} is heard at {sighting.rssi} dBm, which is weak: the link may break."
        yield note(Check.SIGNAL, meaning, remedies.GO_NEARER)
    else:
        yield ok(Check.SIGNAL, f"{called} is heard at {sighting.rssi} dBm.")
    heard = f"{called} was first heard after {sighting.after:.1f} s"
    if sighting.after > SLOW_TO_HEAR:
        yield note(Check.FIRST_HEARD, f"{heard}: it advertises rarely, or is far away.", remedies.LISTEN_LONGER)
    else:
        yield ok(Check.FIRST_HEARD, f"{heard}.")


# --- connected to, because the person asked for it


def _read(reading: Reading) -> Iterator[Finding]:
    if reading.able is None:
        yield trouble(Check.CONNECTION, reading.failure, remedies.FREE_IT)
        return
    yield ok(Check.CONNECTION, f"{reading.name} was connected to and read within {reading.took:.1f} s.")
    speed = reading.able.speed
    if speed is None:
        meaning = f"{reading.name} takes no speed: {reading.able.no_speed}."
        yield trouble(Check.MODEL, meaning, remedies.OTHER_TREADMILL)
    elif speed.minimum > BEGINNERS and not _floor_is_known(reading):
        yield _too_fast(reading.name, speed.minimum)
    if reading.able.incline is None:
        yield note(Check.MODEL, f"{reading.name} takes no incline: {reading.able.no_incline}.", remedies.PLAN_AROUND)


def _floor_is_known(reading: Reading) -> bool:
    """Tell whether the machine file says the same."""
    return reading.facts is not None and reading.facts.id != GENERIC and reading.facts.speed.slowest > BEGINNERS


def _too_fast(name: str, slowest: Speed) -> Finding:
    meaning = f"{name} walks no slower than {slowest}; the first steps backward are at {BEGINNERS} or less."
    return note(Check.MODEL, meaning, remedies.PLAN_AROUND)


# --- what is known of the model


def _models(snapshot: Snapshot) -> Iterator[tuple[str, MachineFacts]]:
    """Yield names and machine files in question; what was read tells best, then what is remembered."""
    if snapshot.reading is not None and snapshot.reading.facts is not None:
        yield snapshot.reading.name, snapshot.reading.facts
        return
    sightings = () if snapshot.air is None else snapshot.air.sightings
    for patient in snapshot.patients:
        there = [sighting.facts for sighting in sightings if patient.is_at(sighting) and sighting.unsupported is None]
        if patient.facts is not None:
            yield patient.name, patient.facts
        elif there:
            yield patient.name, there[0]
    if not snapshot.patients:
        for sighting in sightings:
            if sighting.unsupported is None:
                yield sighting.called, sighting.facts


def check_model(name: str, facts: MachineFacts) -> Iterator[Finding]:
    """Yield the troubles of a model that concern whoever walks on it."""
    if facts.id == GENERIC:
        yield unknown(Check.MODEL, f"Nothing is known of the model of {name}, good or bad.")
        return
    findings = tuple(_of_model(name, facts))
    yield from findings
    if not findings:
        yield ok(Check.MODEL, f"{name} ({facts.model}): nothing known of it stands in the way.")


def _of_model(name: str, facts: MachineFacts) -> Iterator[Finding]:
    control = facts.control
    if not control.properties:
        meaning = f"{name} has no control point: it only reports, and takes no commands."
        yield trouble(Check.MODEL, meaning, remedies.OTHER_TREADMILL)
        return
    if control.locked is not None:
        yield note(Check.MODEL, f"{name} may be locked. {control.locked}", remedies.UNLOCK)
    if facts.link.require_encryption:
        yield note(Check.MODEL, f"{name} obeys only a computer that is paired with it.", remedies.PAIR)
    if facts.link.centrals == 1:
        meaning = f"{name} takes one app at a time: whoever is connected keeps everybody else out."
        yield note(Check.MODEL, meaning, remedies.CLOSE_OTHERS)
    if facts.speed.slowest > BEGINNERS:
        yield _too_fast(name, facts.speed.slowest)
    yield from _disobedience(name, frozenset(control.ignored) | frozenset(control.refused))
    for op_code, reason in control.withheld.items():
        what = op_code.name.lower().replace("_", " ")
        yield note(Check.MODEL, f"{name} is not sent '{what}': {reason}.", remedies.SET_BY_HAND)
    others = (sentence for sentence in before_session(facts) if sentence != control.locked)
    yield from (note(Check.MODEL, f"{name}: {sentence}") for sentence in others)
    if facts.incline is not None and not facts.incline.reported:
        meaning = f"{name} never reports its incline, so Backstride does not set it (S10)."
        yield note(Check.MODEL, meaning, remedies.SET_BY_HAND)
    if control.pause is not PauseEffect.PAUSES:
        yield note(
            Check.MODEL, f"{name} does not pause: a pause ends its own workout, and its counters may begin anew."
        )


def _disobedience(name: str, disobeyed: frozenset[OpCode]) -> Iterator[Finding]:
    if disobeyed & _STOP:
        meaning = f"{name} does not obey Stop: only its own button or the safety key stops it."
        yield trouble(Check.MODEL, meaning, remedies.OTHER_TREADMILL)
    if disobeyed & _SPEED:
        meaning = f"{name} does not take speeds from outside."
        yield trouble(Check.MODEL, meaning, remedies.OTHER_TREADMILL)
    if disobeyed & _START:
        yield note(Check.MODEL, f"{name} does not start by a command.", remedies.START_BY_HAND)
    if disobeyed & _INCLINE:
        yield note(Check.MODEL, f"{name} does not take inclines from outside.", remedies.SET_BY_HAND)
