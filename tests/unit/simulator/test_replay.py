"""A capture as a machine, on a clock that is set by hand: what was refused or failed is so again."""

from __future__ import annotations

import pytest

from backstride.capture import events
from backstride.capture.events import Answered, Asked, Failure, Heard, Operation, Trouble
from backstride.capture.file import Captured
from backstride.capture.lines import Entry
from backstride.machines.facts import load_facts
from backstride.protocol import uuids
from backstride.simulator.gatt import AttFault, Cccd, StackFault
from backstride.simulator.replay import Replay
from backstride.simulator.script import script_of
from backstride.simulator.traffic import DEFAULT_MTU
from tests.unit.capture.test_file import HEADER_OF_A_TEST

TABLE = (
    events.Service(
        uuids.FITNESS_MACHINE_SERVICE,
        9,
        (
            events.Characteristic(uuids.TREADMILL_DATA, 10, ("notify",), (events.Descriptor(uuids.CCCD, 12),)),
            events.Characteristic(uuids.CONTROL_POINT, 13, ("write", "indicate"), (events.Descriptor(uuids.CCCD, 15),)),
            events.Characteristic(uuids.SERIAL_NUMBER, 16, ("read",)),
        ),
    ),
)
CONNECTED = (events.Connecting("AA:BB:CC:DD:EE:FF", "x"), events.Connected(None, TABLE))
START = Asked(1, Operation.WRITE, uuids.CONTROL_POINT, b"\x07")


def replay(*told: events.Event) -> Replay:
    """Return the machine of a capture in which everything takes half a second."""
    entries = tuple(Entry(number / 2, event) for number, event in enumerate((*CONNECTED, *told)))
    return Replay(script_of(Captured(HEADER_OF_A_TEST, entries)), load_facts("generic"))


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure(Trouble.ATT, att_error=0xFE), 0xFE),
        (Failure(Trouble.ATT, att_error=0x80), 0x80),
        (Failure(Trouble.BLUEZ, "Not paired", name="org.bluez.Error.NotPermitted"), 0x05),
    ],
)
def test_a_refusal_is_a_refusal_again(failure: Failure, code: int) -> None:
    machine = replay(START, Answered(1, uuids.CONTROL_POINT, failure=failure))
    client = machine.connect(mtu=247)
    with pytest.raises(AttFault) as caught:
        machine.write(client, uuids.CONTROL_POINT, b"\x07", 1.0)
    assert caught.value.code == code
    assert machine.response_delay == 0.5


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (Failure(Trouble.BLUEZ, "what", name="org.bluez.Error.Failed"), "org.bluez.Error.Failed"),
        (Failure(Trouble.OTHER, "what"), ""),
    ],
)
def test_a_failure_of_the_system_is_one_again(failure: Failure, name: str) -> None:
    machine = replay(START, Answered(1, uuids.CONTROL_POINT, failure=failure))
    client = machine.connect(mtu=247)
    with pytest.raises(StackFault) as caught:
        machine.write(client, uuids.CONTROL_POINT, b"\x07", 1.0)
    assert (caught.value.name, caught.value.words) == (name, "what")


@pytest.mark.parametrize("trouble", [Trouble.TIMEOUT, Trouble.LINK_LOST, Trouble.GIVEN_UP])
def test_what_got_no_answer_gets_none_again(trouble: Trouble) -> None:
    machine = replay(START, Answered(1, uuids.CONTROL_POINT, failure=Failure(trouble)))
    machine.write(machine.connect(mtu=247), uuids.CONTROL_POINT, b"\x07", 1.0)
    assert machine.response_delay is None


def test_what_was_never_read_is_refused_and_counted() -> None:
    machine = replay()
    machine.connect(mtu=247)
    with pytest.raises(AttFault):
        machine.read(uuids.SERIAL_NUMBER, 1.0)
    assert machine.unread == [uuids.SERIAL_NUMBER]


def test_a_command_that_was_never_sent_is_dropped_and_counted() -> None:
    machine = replay()
    machine.write(machine.connect(mtu=247), uuids.CONTROL_POINT, b"\x07", 1.0, response=False)
    assert machine.strangers == [b"\x07"]


def test_a_capture_is_one_clients() -> None:
    machine = replay()
    assert machine.connect(mtu=247).mtu == DEFAULT_MTU  # nobody knew it then
    with pytest.raises(AttFault):
        machine.connect(mtu=247)


@pytest.mark.parametrize(("uuid", "value"), [(uuids.SERIAL_NUMBER, 1), (uuids.TREADMILL_DATA, Cccd.INDICATE)])
def test_only_what_the_table_offers_can_be_subscribed_to(uuid: str, value: int) -> None:
    machine = replay()
    client = machine.connect(mtu=247)
    with pytest.raises(AttFault):
        machine.subscribe(client, uuid, value, 1.0)


def test_a_configuration_reads_as_it_was_written() -> None:
    machine = replay()
    client = machine.connect(mtu=247)
    machine.subscribe(client, uuids.CONTROL_POINT, Cccd.INDICATE, 1.0)
    assert machine.subscription(client, uuids.CONTROL_POINT) == b"\x02\x00"
    machine.subscribe(client, uuids.CONTROL_POINT, 0, 2.0)
    assert machine.subscription(client, uuids.CONTROL_POINT) == b"\x00\x00"
    with pytest.raises(AttFault):
        machine.subscription(client, uuids.SERIAL_NUMBER)


def test_a_refused_subscription_is_refused_again() -> None:
    failure = Failure(Trouble.ATT, att_error=0x05)
    machine = replay(
        Asked(1, Operation.SUBSCRIBE, uuids.CONTROL_POINT), Answered(1, uuids.CONTROL_POINT, failure=failure)
    )
    client = machine.connect(mtu=247)
    with pytest.raises(AttFault):
        machine.subscribe(client, uuids.CONTROL_POINT, Cccd.INDICATE, 1.0)
    assert machine.subscription(client, uuids.CONTROL_POINT) == b"\x00\x00"


def test_a_client_that_skips_a_long_wait_misses_telemetry_and_no_answer() -> None:
    """A Stop a minute early: the records of that minute are left out, what the control point said is not."""
    record, answer = bytes.fromhex("00002c01"), bytes.fromhex("800701")
    stop = Asked(2, Operation.WRITE, uuids.CONTROL_POINT, b"\x08\x01")
    records = [Heard(uuids.TREADMILL_DATA, record) for _ in range(20)]
    end = (Heard(uuids.CONTROL_POINT, answer, indication=True), stop, Answered(2, uuids.CONTROL_POINT))
    machine = replay(START, Answered(1, uuids.CONTROL_POINT), *records, *end)
    client = machine.connect(mtu=247)
    for uuid, value in ((uuids.TREADMILL_DATA, Cccd.NOTIFY), (uuids.CONTROL_POINT, Cccd.INDICATE)):
        machine.subscribe(client, uuid, value, 0.0)
    machine.write(client, uuids.CONTROL_POINT, b"\x07", 1.0)
    machine.write(client, uuids.CONTROL_POINT, b"\x08\x01", 1.1)
    sent = [emission.value for emission in machine.poll(1.1)]
    assert sent == [record, answer]  # the one that was due half a second later, and the answer
    assert machine.skipped == 19
