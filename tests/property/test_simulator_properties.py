"""What holds for the simulator whatever is done to it, and however often it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstride.machines.facts import BeltFacts, known_machines, load_facts
from backstride.protocol import uuids
from backstride.protocol.running_speed import decode_rsc_measurement
from backstride.simulator.belt import Belt
from backstride.simulator.belt_log import Cause
from backstride.simulator.gatt import AttFault
from backstride.simulator.heart import HIGHEST, RESTING, Heart
from backstride.simulator.peripheral import Peripheral
from backstride.simulator.sensors import Sensor, Sensors
from backstride.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS = BeltFacts(acceleration=0.3, braking=1.2, incline_rate=0.5, dead_time=1.3)
FLOOR, CEILING = 0.8, 12.0

speeds = st.floats(0, 20)
deeds: st.SearchStrategy[Callable[[Belt, float], None]] = st.one_of(
    st.builds(lambda target: lambda belt, now: belt.start(now, target=target), speeds),
    st.builds(lambda target: lambda belt, now: belt.set_target(now, target), speeds),
    st.just(lambda belt, now: belt.stop(now)),
    st.builds(lambda target: lambda belt, now: belt.set_incline(now, target), st.floats(-5, 15)),
    st.just(lambda belt, now: belt.zero_counters(now)),
)
stories = st.lists(st.tuples(st.floats(0, 30), deeds), max_size=12)


def new_belt() -> Belt:
    return Belt(FACTS, floor=Speed(80), ceiling=Speed(1200))


def play(
    story: list[tuple[float, Callable[[Belt, float], None]]], interval: float | None, belt: Belt | None = None
) -> Belt:
    """Do what the story says; between its deeds ask every `interval` seconds, or never."""
    belt, now = belt or new_belt(), 0.0
    for pause, deed in [*story, (60.0, lambda belt, now: belt.advance(now))]:
        end = now + pause
        while interval is not None and now + interval < end:
            now += interval
            belt.advance(now)
        now = end
        deed(belt, now)
    return belt


@given(stories, st.floats(0.01, 7))
def test_the_belt_does_not_care_how_often_it_is_asked(
    story: list[tuple[float, Callable[[Belt, float], None]]], interval: float
) -> None:
    asked, left_alone = play(story, interval), play(story, None)
    assert asked.log.breakpoints == left_alone.log.breakpoints
    assert (asked.speed, asked.incline, asked.distance) == (left_alone.speed, left_alone.incline, left_alone.distance)
    assert (asked.ascent, asked.descent, asked.elapsed) == (left_alone.ascent, left_alone.descent, left_alone.elapsed)


@given(stories)
def test_the_belt_keeps_to_its_limits(story: list[tuple[float, Callable[[Belt, float], None]]]) -> None:
    belt = play(story, None)
    for point in belt.log.breakpoints:
        assert -1e-9 <= point.speed <= CEILING
        assert -FACTS.braking <= point.acceleration <= FACTS.acceleration
        assert abs(point.incline_rate) <= FACTS.incline_rate


@given(stories)
def test_no_belt_moves_without_a_start_before(story: list[tuple[float, Callable[[Belt, float], None]]]) -> None:
    started = False
    for point in play(story, None).log.breakpoints:
        started = started or point.cause is Cause.START
        assert started or (point.speed == 0 and point.acceleration == 0)


@given(stories)
def test_the_heart_does_not_care_how_often_it_is_asked_and_keeps_to_its_limits(
    story: list[tuple[float, Callable[[Belt, float], None]]],
) -> None:
    asked, left_alone = new_belt(), new_belt()
    often, once = Heart(asked), Heart(left_alone)
    rates = []

    def asking(deed: Callable[[Belt, float], None]) -> Callable[[Belt, float], None]:
        def do(belt: Belt, now: float) -> None:
            deed(belt, now)
            rates.append(often.rate)

        return do

    play([(pause, asking(deed)) for pause, deed in story], None, asked)
    play(story, None, left_alone)
    assert often.rate == once.rate
    assert all(RESTING <= rate <= HIGHEST for rate in [*rates, once.rate])


@given(stories, st.floats(0, 40))
def test_the_sensors_tell_what_the_belt_does_within_their_octets(
    story: list[tuple[float, Callable[[Belt, float], None]]], later: float
) -> None:
    belt = play(story, None)
    belt.advance(belt.now + later)
    told = decode_rsc_measurement(Sensors(belt, Sensor).measurement(uuids.RSC_MEASUREMENT))
    assert told.speed == pytest.approx(belt.speed / 3.6 * 256, abs=0.5)
    assert told.total_distance == pytest.approx(belt.distance * 10, abs=0.5)
    assert told.stride_length is not None
    if belt.standing:
        assert (told.speed, told.cadence, told.stride_length) == (0, 0, 0)
    else:
        way = told.cadence * told.stride_length / 100  # metres in a minute
        assert way == pytest.approx(belt.speed / 3.6 * 60, abs=0.5 * (told.stride_length / 100 + told.cadence / 100))
    assert told.running == (belt.speed >= 7.2)


octets = st.binary(max_size=20)
requests = st.one_of(
    octets,
    st.builds(lambda op, rest: bytes((op,)) + rest, st.integers(0, 0x14), st.binary(max_size=10)),
)


CONTROLLED = [name for name in known_machines() if load_facts(name).control.properties]


@settings(max_examples=200)
@given(st.sampled_from(CONTROLLED), st.lists(st.tuples(requests, st.floats(0, 2), st.booleans()), max_size=25))
def test_no_octets_break_the_control_point_and_none_but_start_moves_the_belt(
    model: str, writes: list[tuple[bytes, float, bool]]
) -> None:
    facts = load_facts(model)
    peripheral = Peripheral(facts)
    connection = peripheral.connect()
    peripheral.subscribe(connection, uuids.CONTROL_POINT, 1 if "notify" in facts.control.properties else 2, 0.0)
    now, started = 0.0, False
    for value, pause, response in writes:
        now += pause
        started = started or value == b"\x07"
        try:
            peripheral.write(connection, uuids.CONTROL_POINT, value, now, response=response)
        except AttFault:
            pass
        else:
            peripheral.poll(now)
            peripheral.confirm(connection)
        assert started or peripheral.belt.standing
    peripheral.poll(now + 100)
    fastest = int(facts.speed.fastest) / 100
    assert all(point.speed <= fastest for point in peripheral.belt.log.breakpoints)
    assert all(point.acceleration <= facts.belt.acceleration for point in peripheral.belt.log.breakpoints)
