"""How machine and session look on the broker: payloads made of what they say of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backstride.apps.mqtt.payloads import Abilities, BeltState, Counters, InclineSteps, SpeedSteps
from backstride.workout.envelope import STALE_AFTER

if TYPE_CHECKING:
    from backstride.apps.mqtt.desk import Desk
    from backstride.apps.mqtt.outbox import Outbox
    from backstride.apps.service import Walk
    from backstride.driver.machine import Machine


def abilities(machine: Machine, bridge: str, profiles: tuple[str, ...], *, allows_start: bool) -> Abilities:
    """Return what a machine is, and what can be asked of it."""
    speed, incline = machine.capabilities.speed, machine.capabilities.incline
    return Abilities(
        name=machine.name,
        model=machine.facts.model,
        bridge=bridge,
        simulated=machine.is_simulated,
        speed=None if speed is None else SpeedSteps(speed.minimum, speed.maximum, speed.increment, speed.unit.value),
        incline=None if incline is None else InclineSteps(incline.minimum, incline.maximum, incline.increment),
        profiles=profiles,
        allows_start=allows_start,
    )


def belt_state(machine: Machine, walk: Walk | None, at: float, now: float) -> BeltState:
    """Return what is known of the belt.

    Args:
        machine: The treadmill.
        walk: The session, if one runs.
        at: Seconds since 1970.
        now: Seconds on the loop's clock.
    """
    belt = machine.state
    distance, climb = (None, None) if walk is None else walk.way
    return BeltState(
        at=at,
        connected=machine.is_connected,
        standing=belt.standing if machine.is_connected else None,
        stale=not machine.is_connected or (belt.age(now) > STALE_AFTER and not _is_silent(machine)),
        speed=belt.speed,
        incline=belt.incline,
        distance_m=None if belt.distance is None else int(belt.distance),
        elapsed_s=belt.elapsed_s,
        heart_rate_bpm=belt.heart_rate_bpm,
        energy_kcal=belt.energy_kcal,
        power_w=belt.power_w,
        steps=belt.steps,
        session_distance_m=None if distance is None else round(distance, 2),
        session_climb_m=None if climb is None else round(climb, 2),
        session_elapsed_s=None if walk is None else round(walk.session.elapsed, 1),
    )


def _is_silent(machine: Machine) -> bool:
    """Tell whether telemetry ends, by the machine's nature, while its belt stands as it does now."""
    return machine.capabilities.silent_when_stopped and machine.state.standing is True


def same_belt(one: BeltState, other: BeltState) -> bool:
    """Tell whether two states say the same, but for when."""
    return replace(one, at=other.at) == other


def counters(desk: Desk, outbox: Outbox) -> Counters:
    """Return what did not go through."""
    return Counters(desk.refused, desk.unanswered, outbox.dropped, outbox.lost)
