"""From the call of `stop()` to the octets at the peripheral, while another procedure hangs."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

from backstride import Machine, SimulatedTreadmill
from backstride.machines.facts import load_facts
from backstride.protocol.control_point import SetTargetSpeed, encode_request
from backstride.units import Speed

if TYPE_CHECKING:
    from backstride.machines.facts import MachineFacts

WRITE_RESPONSE = 0.2
"""Seconds after which the write of the procedure that hangs has been answered; ATT takes one request at a time."""


def hanging() -> MachineFacts:
    """Return a treadmill that takes ten seconds to answer each procedure."""
    facts = load_facts("generic")
    return facts.model_copy(update={"control": facts.control.model_copy(update={"answer_delay": 10.0})})


async def stop_once() -> tuple[float, int]:
    """Return the real seconds, and the turns of the loop, from `stop()` to the octets at the peripheral."""
    treadmill = SimulatedTreadmill()
    async with Machine.connect(treadmill) as machine:
        await machine.start()
        treadmill.peripheral.facts = hanging()
        hung = asyncio.ensure_future(machine.set_speed(Speed(100)))
        await asyncio.sleep(WRITE_RESPONSE)
        assert treadmill.writes[-1].value == encode_request(SetTargetSpeed(Speed(100)))
        before, turns = len(treadmill.writes), 0
        began = time.perf_counter()
        machine.stop()
        while len(treadmill.writes) == before:
            await asyncio.sleep(0)  # one turn of the loop, counted
            turns += 1
        seconds = time.perf_counter() - began
        hung.cancel()
        await asyncio.gather(hung, return_exceptions=True)
        treadmill.peripheral.facts = load_facts("generic")
    return seconds, turns


def test_stop_is_on_the_wire_within_one_turn_of_the_loop() -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        results = [runner.run(stop_once()) for _ in range(3)]
    seconds = statistics.median(result[0] for result in results)
    print(f"\nfrom stop() to the peripheral: {seconds * 1e6:.0f} us, {max(turn for _, turn in results)} turn(s)")
    assert all(turns == 1 for _, turns in results)
