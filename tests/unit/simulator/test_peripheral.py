"""The FTMS server, bytes in and bytes out. Ids in docstrings are cases of the FTMS test suite (FTMS/SR/...)."""

from __future__ import annotations

import pytest

from backstride.machines.facts import MachineFacts, PauseEffect, load_facts
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.features import TargetSetting
from backstride.protocol.machine_status import StatusReset
from backstride.simulator.gatt import AttFault, Cccd
from backstride.simulator.session import SessionState
from backstride.units import Incline, Speed
from tests.unit.simulator.bench import CONTROL, DATA, STATUS, TRAINING, Bench

START, STOP, PAUSE, RESET, ASK = "07", "0801", "0802", "01", "00"


def changed(model: str = "generic", **sections: dict[str, object]) -> MachineFacts:
    """Return the facts of `model` with some fields of some sections replaced."""
    facts = load_facts(model)
    return facts.model_copy(
        update={name: getattr(facts, name).model_copy(update=fields) for name, fields in sections.items()}
    )


# Attribute table and reads


def test_the_properties_are_those_of_the_specification() -> None:
    """SGGIT/CHA/BV-01, 02, 08, 09, 10, 14, 15."""
    service = Bench().peripheral.services[0]
    assert service.uuid == uuids.FITNESS_MACHINE_SERVICE
    assert {one.uuid[4:8]: one.properties for one in service.characteristics} == {
        "2acc": ("read",),
        "2acd": ("notify",),
        "2ad3": ("read", "notify"),
        "2ad4": ("read",),
        "2ad5": ("read",),
        "2ad9": ("write", "indicate"),
        "2ada": ("notify",),
    }


def test_the_constant_characteristics_read_as_the_facts_say() -> None:
    """CR/BV-01 to BV-04."""
    peripheral = Bench().peripheral
    assert peripheral.read(uuids.FITNESS_MACHINE_FEATURE, 0.0).hex() == "0c160000e31f0000"
    assert peripheral.read(TRAINING, 0.0).hex() == "0001"
    assert peripheral.read(uuids.SUPPORTED_SPEED_RANGE, 0.0).hex() == "5000d0070a00"
    assert peripheral.read(uuids.SUPPORTED_INCLINATION_RANGE, 0.0).hex() == "000096000500"
    assert peripheral.read(uuids.MODEL_NUMBER, 0.0) == b"Generic treadmill"


@pytest.mark.parametrize("uuid", [DATA, CONTROL, STATUS])
def test_what_only_notifies_cannot_be_read(uuid: str) -> None:
    with pytest.raises(AttFault, match="read not permitted"):
        Bench().peripheral.read(uuid, 0.0)


def test_a_characteristic_that_is_not_there_is_an_invalid_handle() -> None:
    with pytest.raises(AttFault) as fault:
        Bench("yesoul-w2-pro").peripheral.read(uuids.SUPPORTED_INCLINATION_RANGE, 0.0)
    assert fault.value.code is AttError.INVALID_HANDLE


@pytest.mark.parametrize(("uuid", "value"), [(DATA, 1), (CONTROL, 2), (STATUS, 1), (TRAINING, 1)])
def test_a_cccd_reads_back_as_written_for_each_client_alone(uuid: str, value: int) -> None:
    """CON/BV-01, 07, 08, 09."""
    bench = Bench()
    one, other = bench.client(), bench.client()
    bench.peripheral.subscribe(one.connection, uuid, value, 0.0)
    assert bench.peripheral.subscription(one.connection, uuid) == bytes((value, 0))
    assert bench.peripheral.subscription(other.connection, uuid) == b"\0\0"


def test_a_cccd_is_refused_where_there_is_none_and_where_it_asks_for_too_much() -> None:
    bench = Bench()
    connection = bench.client().connection
    with pytest.raises(AttFault, match="attribute not found"):
        bench.peripheral.subscribe(connection, uuids.FITNESS_MACHINE_FEATURE, 1, 0.0)
    with pytest.raises(AttFault, match="attribute not found"):
        bench.peripheral.subscription(connection, uuids.FITNESS_MACHINE_FEATURE)
    with pytest.raises(AttFault, match="value not allowed"):
        bench.peripheral.subscribe(connection, DATA, Cccd.INDICATE, 0.0)
    with pytest.raises(AttFault, match="value not allowed"):
        bench.peripheral.subscribe(connection, DATA, 0x0101, 0.0)
    assert connection.subscriptions == {}


# Treadmill Data


def test_records_come_each_second_from_the_subscription_on_and_end_with_it() -> None:
    """CN/BV-01."""
    bench = Bench()
    client = bench.client(DATA)
    bench.go(3.0)
    assert client.take(DATA) == ["8c0500000000000000ff7f0000000000000000"] * 3
    bench.peripheral.subscribe(client.connection, DATA, 0, bench.now)
    bench.go(3.0)
    assert client.take(DATA) == []
    assert bench.peripheral.next_deadline() is None


def test_a_record_tells_speed_distance_incline_energy_and_time() -> None:
    """CN/BV-02 to BV-11, as far as the generic machine claims the features."""
    bench = Bench()
    client = bench.client(DATA, control=True)
    client.ask(START, "02e803", "031400")  # 10 km/h, 2 %
    bench.go(360.0)
    record = bytes.fromhex(client.take(DATA)[-1])
    assert record[:4].hex() == "8c05e803"
    assert int.from_bytes(record[4:7], "little") == pytest.approx(952, abs=2)  # 343 s of way left after the start
    assert record[7:11].hex() == "1400ff7f"
    assert int.from_bytes(record[11:13], "little") == 56  # (3.5 x 6 min + 0.1 x 952 m + 1.8 x 19 m) x 75 kg x 5 kcal/l
    assert record[16] == 0
    assert record[17:].hex() == "6801"  # 360 s


def test_time_runs_on_while_the_link_is_lost() -> None:
    """CN/BV-12."""
    bench = Bench()
    client = bench.client(DATA, control=True)
    client.ask(START)
    bench.go(20.0)
    bench.peripheral.disconnect(client.connection)
    assert bench.peripheral.next_deadline() is None
    bench.go(10.0)
    again = bench.client(DATA)
    bench.go(1.0)
    assert again.take(DATA)[-1].endswith("1f00")  # 31 s
    assert bench.peripheral.belt.speed == 0.8


def test_every_client_gets_every_record() -> None:
    bench = Bench()
    one, other, deaf = bench.client(DATA), bench.client(DATA), bench.client()
    bench.go(2.0)
    assert one.take(DATA) == other.take(DATA) != []
    assert deaf.inbox == {}


def test_what_waits_to_be_sent_wants_to_be_polled_at_once() -> None:
    bench = Bench()
    bench.client(STATUS)
    bench.peripheral.announce(StatusReset(), 7.0)
    assert bench.peripheral.next_deadline() == 7.0


def test_a_record_that_does_not_fit_is_split_by_more_data() -> None:
    bench = Bench(changed(telemetry={"flags": 0x1FFE}))
    narrow, wide = bench.client(DATA, mtu=23), bench.client(DATA, mtu=100)
    bench.go(1.0)
    parts = narrow.take(DATA)
    assert len(parts) == 2
    assert [part[:4] for part in parts] == ["7f00", "801f"]
    assert all(len(part) <= 40 for part in parts)
    assert len(wide.take(DATA)[0]) == 72


def test_a_late_poll_sends_one_record_and_finds_its_rhythm_again() -> None:
    bench = Bench()
    client = bench.client(DATA)
    bench.now = 10.5
    bench.carry()
    assert len(client.take(DATA)) == 1
    assert bench.peripheral.next_deadline() == 11.5


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("yesoul-w2-pro", ["8624 3200 2e00 030000 0000 ffff ff 1900 1a00 00"]),
        ("kingsmith-z1", ["0424 a000 090000 1900 1e00"]),
        ("citysports-pad", ["8424 6400 060000 0000 ffff ff 1900 1c00 00"]),
        ("bh-t01", ["8c01 5000 000000 fa00 0000 0000 0000 00 00 00"]),
        ("technogym-myrun", ["1f00 4900 050000 2800 1700 0200 0000", "8006 5000 0000 ffff ff 11 1900"]),
        ("matrix-performance", ["9e1f 5000 4900 050000 2800 ff7f 0200 0000 0000 79"]),
        ("ronning-x27-pro", ["8c04 6400 060000 2800 0000 0000 8300 02 1900"]),
        ("fitshow-dbt-pad", ["8404 3c00 060000 0000 ffff ff 1900"]),
    ],
)
def test_a_machine_sends_its_own_kind_of_record(model: str, expected: list[str]) -> None:
    bench = Bench(model)
    client = bench.client(DATA)
    bench.console.press_start()
    bench.console.set_incline(Incline(40))
    bench.go(25.0)
    assert client.take(DATA)[-len(expected) :] == [value.replace(" ", "") for value in expected]


def test_a_machine_can_fall_silent_while_it_stands() -> None:
    bench = Bench(changed(telemetry={"when_stopped": False}))
    client = bench.client(DATA)
    bench.go(5.0)
    assert client.take(DATA) == []
    bench.console.press_start()
    bench.go(5.0)
    assert len(client.take(DATA)) == 5


def test_paces_elevation_and_metabolic_rate_follow_from_the_motion() -> None:
    bench = Bench(changed(telemetry={"flags": 0x0272}))
    client = bench.client(DATA)
    bench.console.press_start()
    bench.console.set_speed(Speed.parse("6 km/h"))
    bench.console.set_incline(Incline(20))
    bench.go(3600.0)
    record = bytes.fromhex(client.take(DATA)[-1])
    average = int.from_bytes(record[4:6], "little")
    assert record[:4].hex() == "72025802"
    assert 590 <= average <= 600
    assert 1150 <= int.from_bytes(record[6:8], "little") <= 1200  # 0.1 m: nearly 6 km at 2 %
    assert record[8:10] == b"\0\0"
    assert int.from_bytes(record[10:12], "little") == 300
    assert 300 <= int.from_bytes(record[12:14], "little") <= 305
    assert record[14] == 49  # 3.5 + 100 m/min x (0.1 + 1.8 x 0.02) = 17.1 ml/kg/min = 4.9 MET


def test_a_standing_belt_has_no_pace() -> None:
    bench = Bench(changed(telemetry={"flags": 0x0062}))
    client = bench.client(DATA)
    bench.go(1.0)
    assert client.take(DATA) == ["62000000000000000000"]


def test_remaining_time_counts_down_a_targeted_training_time() -> None:
    bench = Bench(changed(telemetry={"flags": 0x0800}))
    client = bench.client(DATA, control=True)
    assert client.ask(START, "0d3c00") == "800d01"
    bench.go(20.0)
    assert client.take(DATA)[-1] == "000850002800"


# The order of decisions on a write (fact sheet 7.3)


def test_a_write_before_the_indications_are_on_is_refused_with_fd_and_starts_nothing() -> None:
    bench = Bench()
    client = bench.client()
    assert client.write(ASK) is AttError.CCCD_IMPROPERLY_CONFIGURED
    assert bench.peripheral.control.owner is None


def test_a_link_that_must_be_encrypted_is_refused_first() -> None:
    bench = Bench(changed(link={"require_encryption": True}))
    assert bench.client().write(ASK) is AttError.INSUFFICIENT_AUTHENTICATION
    assert bench.client(CONTROL, encrypted=True).ask(ASK) == "800001"


def test_a_second_write_before_the_confirmation_is_refused_with_fe_and_the_first_keeps_its_answer() -> None:
    bench = Bench()
    client = bench.client(CONTROL)
    client.confirms = False
    assert client.write(ASK) is None
    assert client.write(START) is AttError.PROCEDURE_ALREADY_IN_PROGRESS
    assert client.take(CONTROL) == ["800001"]
    bench.peripheral.confirm(client.connection)
    client.confirms = True
    assert client.ask(START) == "800701"


def test_one_client_s_procedure_blocks_every_client_until_it_leaves() -> None:
    bench = Bench()
    slow, other = bench.client(CONTROL), bench.client(CONTROL)
    slow.confirms = False
    slow.write(ASK)
    assert other.write(ASK) is AttError.PROCEDURE_ALREADY_IN_PROGRESS
    bench.peripheral.disconnect(slow.connection)
    assert other.ask(ASK) == "800001"


def test_a_delayed_answer_keeps_the_procedure_open() -> None:
    bench = Bench(changed(control={"answer_delay": 2.0}))
    client = bench.client(CONTROL)
    assert client.write(ASK) is None
    bench.go(1.0)
    assert client.write(ASK) is AttError.PROCEDURE_ALREADY_IN_PROGRESS
    bench.go(1.0)
    assert client.take(CONTROL) == ["800001"]


def test_a_delayed_answer_to_a_lost_client_is_dropped() -> None:
    bench = Bench(changed(control={"answer_delay": 2.0}))
    client, other = bench.client(CONTROL), bench.client(CONTROL)
    client.write(ASK)
    bench.peripheral.disconnect(client.connection)
    assert other.write(ASK) is None


def test_an_empty_write_has_an_invalid_length() -> None:
    assert Bench().client(CONTROL).write("") is AttError.INVALID_ATTRIBUTE_VALUE_LENGTH


@pytest.mark.parametrize("op_code", ["80", "81", "15", "04", "05", "06", "11", "12", "13", "14", "ff"])
def test_an_op_code_that_is_reserved_or_not_supported_is_so_before_permission_is_asked(op_code: str) -> None:
    """SPE/BV-03."""
    assert Bench().client(CONTROL).ask(op_code + "0000") == f"80{op_code}02"


@pytest.mark.parametrize("value", [START, STOP, RESET, "02e803", "030a00", "0d3c00"])
def test_everything_but_request_control_needs_control(value: str) -> None:
    """SPE/BV-09."""
    bench = Bench()
    assert bench.client(CONTROL).ask(value) == f"80{value[:2]}05"
    bench.go(60.0)
    assert bench.peripheral.belt.standing


@pytest.mark.parametrize(
    "value",
    ["02", "02e8", "02e80300", "03", "030a", "0700", "08", "0800", "0803", "080100", "0000", "0101", "0d3c", "0c0000"],
)
def test_a_malformed_parameter_is_invalid(value: str) -> None:
    bench = Bench()
    assert bench.client(control=True).ask(value) == f"80{value[:2]}03"


@pytest.mark.parametrize("value", ["024f00", "02d107", "020000", "02ffff", "03ffff", "039700", "030080", "03ff7f"])
def test_a_target_out_of_range_is_invalid_and_changes_nothing(value: str) -> None:
    """SPE/BV-04, SPE/BI-05."""
    bench = Bench()
    client = bench.client(control=True)
    assert client.ask(START, value) == f"80{value[:2]}03"
    bench.go(60.0)
    assert (bench.peripheral.belt.speed, bench.peripheral.belt.incline) == (0.8, 0.0)


@pytest.mark.parametrize("value", ["025000", "02d007", "030000", "039600"])
def test_the_ends_of_the_ranges_are_valid(value: str) -> None:
    assert Bench().client(control=True).ask(value) == f"80{value[:2]}01"


# Procedures and states


def test_start_and_stop_succeed_once_and_fail_twice() -> None:
    """CW/BV-08, CW/BV-09, SPE/BV-01, SPE/BV-02."""
    client = Bench().client(control=True)
    assert [client.ask(value) for value in (STOP, START, START, STOP, STOP)] == [
        "800804",
        "800701",
        "800704",
        "800801",
        "800804",
    ]


def test_pause_is_for_running_belts_and_both_start_and_stop_end_it() -> None:
    client = Bench().client(control=True)
    answers = [client.ask(value) for value in (PAUSE, START, PAUSE, PAUSE, START, PAUSE, STOP, PAUSE)]
    assert [answer[-2:] for answer in answers] == ["04", "01", "01", "04", "01", "01", "01", "04"]


def test_a_target_speed_moves_the_running_belt_in_time() -> None:
    """CW/BV-03."""
    bench = Bench()
    client = bench.client(control=True)
    client.ask(START)
    bench.go(10.0)
    assert client.ask("02e803") == "800201"
    bench.go(1.0)
    assert bench.peripheral.belt.speed == pytest.approx(1.1)
    bench.go(60.0)
    assert bench.peripheral.belt.speed == 10.0


def test_a_target_is_kept_by_an_idle_machine_and_moves_nothing_until_start() -> None:
    bench = Bench()
    client = bench.client(control=True)
    assert client.ask("02f401") == "800201"
    bench.go(60.0)
    assert bench.peripheral.belt.standing
    client.ask(START)
    bench.go(60.0)
    assert bench.peripheral.belt.speed == 5.0
    client.ask(STOP, START)
    bench.go(60.0)
    assert bench.peripheral.belt.speed == 0.8


def test_a_resumed_belt_goes_back_to_its_target() -> None:
    bench = Bench()
    client = bench.client(control=True)
    client.ask(START, "02f401", PAUSE)
    bench.go(60.0)
    assert bench.peripheral.belt.standing
    client.ask(START)
    bench.go(60.0)
    assert bench.peripheral.belt.speed == 5.0


def test_a_target_incline_moves_the_deck() -> None:
    """CW/BV-04."""
    bench = Bench()
    client = bench.client(control=True)
    assert client.ask("032300") == "800301"
    bench.go(7.0)
    assert bench.peripheral.belt.incline == 3.5


def test_a_target_between_two_steps_goes_to_the_nearest_and_says_so() -> None:
    bench = Bench()
    client, other = bench.client(control=True), bench.client(STATUS)
    client.ask(START, "02f701", "032200")
    assert other.take(STATUS) == ["04", "05f401", "062300"]


def test_reset_stops_the_belt_zeroes_times_and_targets_and_gives_control_away() -> None:
    """CW/BV-02."""
    bench = Bench()
    client = bench.client(DATA, control=True)
    client.ask(START, "02e803", "031400")
    bench.go(60.0)
    assert client.ask(RESET) == "800101"
    bench.go(60.0)
    assert bench.peripheral.belt.standing
    assert bench.peripheral.belt.incline == 0
    assert client.take(DATA)[-1].endswith("0000")
    assert client.ask(START) == "800705"
    assert bench.peripheral.read(TRAINING, bench.now).hex() == "0001"


def test_training_status_is_idle_at_once_after_a_reset() -> None:
    bench = Bench()
    client = bench.client(TRAINING, control=True)
    client.ask(START)
    bench.go(20.0)
    client.ask(RESET)
    assert client.take(TRAINING) == ["000e", "000d", "0001"]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("096400", "0a6400"),
        ("0ae803", "0be803"),
        ("0be803", "0ce803"),
        ("0ce80300", "0de80300"),
        ("0d3c00", "0e3c00"),
        ("0e3c003c00", "0f3c003c00"),
        ("0f3c003c003c00", "103c003c003c00"),
        ("103c003c003c003c003c00", "113c003c003c003c003c00"),
    ],
)
def test_a_targeted_setting_is_taken_and_told_to_the_others(value: str, status: str) -> None:
    """CW/BV-10, CW/BV-11, CW/BV-14, CW/BV-15."""
    bench = Bench()
    client, other = bench.client(STATUS, control=True), bench.client(STATUS)
    assert client.ask(value) == f"80{value[:2]}01"
    assert other.take(STATUS) == [status]
    assert client.take(STATUS) == []


def test_a_target_speed_calls_off_a_targeted_setting() -> None:
    bench = Bench()
    bench.client(control=True).ask("0d3c00", "02e803")
    assert bench.peripheral.session.goal is None


def test_a_machine_without_a_speed_target_does_not_know_the_op_code() -> None:
    bench = Bench(changed(control={"targets": (TargetSetting.INCLINATION_TARGET,)}))
    assert bench.client(control=True).ask("02e803") == "800202"


# Permission (fact sheet 7.5)


def test_a_second_client_takes_control_and_the_first_is_told() -> None:
    """FMSN/BV-23."""
    bench = Bench()
    first, second, third = bench.client(STATUS, control=True), bench.client(STATUS, CONTROL), bench.client(STATUS)
    assert second.ask(ASK) == "800001"
    assert (first.take(STATUS), second.take(STATUS), third.take(STATUS)) == (["ff"], [], [])
    assert first.ask(START) == "800705"
    assert second.ask(START) == "800701"


def test_a_machine_may_refuse_the_second_client_instead() -> None:
    bench = Bench(changed(control={"evicts": False}))
    first, second = bench.client(STATUS, control=True), bench.client(CONTROL)
    assert second.ask(ASK) == "800005"
    assert first.take(STATUS) == []
    assert first.ask(ASK, START) == "800701"


def test_the_console_can_take_control_away() -> None:
    bench = Bench()
    client = bench.client(STATUS, control=True)
    bench.console.take_control()
    assert client.take(STATUS) == ["ff"]
    assert client.ask(START) == "800705"


def test_control_ends_with_the_link_and_the_belt_goes_on() -> None:
    bench = Bench()
    client, other = bench.client(control=True), bench.client(CONTROL)
    client.ask(START)
    bench.go(10.0)
    bench.peripheral.disconnect(client.connection)
    bench.peripheral.disconnect(client.connection)
    assert other.ask(STOP) == "800805"
    bench.go(10.0)
    assert bench.peripheral.belt.speed == 0.8


# Who is told what (fact sheet 8)


def test_a_change_at_the_console_is_told_to_every_subscribed_client() -> None:
    """FMSN/BV-01 to BV-07, BV-24."""
    bench = Bench()
    one, other, deaf = bench.client(STATUS), bench.client(STATUS, control=True), bench.client()
    bench.console.press_start()
    bench.console.set_speed(Speed.parse("5 km/h"))
    bench.console.set_incline(Incline(20))
    bench.console.press_pause()
    bench.console.press_start()
    bench.console.press_stop()
    expected = ["04", "05f401", "061400", "0202", "04", "0201"]
    assert one.take(STATUS) == expected
    assert other.take(STATUS) == expected
    assert deaf.inbox == {}


def test_a_change_by_a_client_is_told_to_the_others_only() -> None:
    bench = Bench()
    client, other = bench.client(STATUS, control=True), bench.client(STATUS)
    client.ask(START, "02f401", "031400", PAUSE, STOP, RESET)
    assert other.take(STATUS) == ["04", "05f401", "061400", "0202", "0201", "01"]
    assert client.take(STATUS) == []


def test_a_machine_that_echoes_tells_the_originator_too() -> None:
    bench = Bench(changed(control={"echoes_status": True}))
    client = bench.client(STATUS, control=True)
    client.ask(START)
    assert client.take(STATUS) == ["04"]


def test_a_refused_procedure_is_told_to_nobody() -> None:
    bench = Bench()
    client, other = bench.client(control=True), bench.client(STATUS)
    client.ask(STOP, "02ffff")
    assert other.take(STATUS) == []


def test_a_button_without_effect_is_told_to_nobody() -> None:
    bench = Bench()
    client = bench.client(STATUS)
    bench.console.press_stop()
    bench.console.press_pause()
    assert client.take(STATUS) == []
    assert bench.console.state is SessionState.IDLE


def test_the_safety_key_stops_and_nothing_starts_without_it() -> None:
    bench = Bench()
    client = bench.client(STATUS, control=True)
    client.ask(START)
    bench.go(20.0)
    bench.console.pull_safety_key()
    assert client.take(STATUS) == ["03"]
    assert client.ask(START) == "800704"
    bench.console.press_start()
    bench.go(20.0)
    assert bench.peripheral.belt.standing
    assert not bench.console.safety_key
    bench.console.insert_safety_key()
    bench.go(20.0)
    assert bench.peripheral.belt.standing
    assert client.ask(START) == "800701"


def test_training_status_is_notified_on_each_transition() -> None:
    """TSN/BV-01, TSN/BV-02."""
    bench = Bench()
    client = bench.client(TRAINING, control=True)
    client.ask(START)
    assert client.take(TRAINING) == ["000e"]
    bench.go(1.0)
    assert client.take(TRAINING) == ["000d"]
    bench.go(10.0)
    client.ask(STOP)
    assert client.take(TRAINING) == ["000f"]
    bench.go(2.0)
    assert client.take(TRAINING) == ["0001"]


# Deviations


def test_request_control_can_stay_unanswered_and_work_all_the_same() -> None:
    bench = Bench("horizon-omega-z")
    client = bench.client(CONTROL)
    assert client.ask(ASK) == ""
    assert client.ask(START) == "800701"
    bench.go(4.4)
    assert bench.peripheral.belt.speed < 0.8
    bench.go(1.8)
    assert bench.peripheral.belt.speed == 0.8


def test_answers_by_notification_need_no_confirmation() -> None:
    bench = Bench("horizon-omega-z")
    client = bench.client(CONTROL)
    client.confirms = False
    client.ask(ASK)
    assert [client.ask(value)[-2:] for value in (START, STOP, START)] == ["01", "01", "01"]


def test_the_omega_z_takes_its_deck_down_on_stop() -> None:
    bench = Bench("horizon-omega-z")
    client = bench.client(CONTROL)
    client.ask(ASK, START, "031400")
    bench.go(20.0)
    client.ask(STOP)
    bench.go(20.0)
    assert bench.peripheral.belt.incline == 0


def test_an_ignored_speed_is_acknowledged_and_nothing_happens() -> None:
    bench = Bench("xterra-t85")
    client = bench.client(control=True)
    assert client.ask(START, "02e803") == "800201"
    assert client.ask("031400") == "800301"
    bench.go(60.0)
    assert (bench.peripheral.belt.speed, bench.peripheral.belt.incline) == (0.8, 2.0)


@pytest.mark.parametrize(("model", "value"), [("sole-f85", "02e803"), ("yesoul-w2-pro", "031400")])
def test_a_refused_procedure_fails_in_every_state(model: str, value: str) -> None:
    client = Bench(model).client(control=True)
    assert client.ask(value) == f"80{value[:2]}04"
    assert client.ask(START, value) == f"80{value[:2]}04"


def test_writes_that_come_too_fast_are_acknowledged_and_dropped() -> None:
    bench = Bench("ronning-x27-pro")
    client = bench.client(CONTROL)
    assert client.ask(ASK) == "800001"
    bench.go(0.026)
    assert client.ask(START) == ""
    bench.go(0.374)
    assert client.ask(START) == "800701"
    assert [write.answer is None for write in bench.peripheral.writes] == [False, True, False]


def test_targets_fail_until_the_belt_moves_where_the_machine_wants_motion() -> None:
    bench = Bench(changed("kingsmith-z1", control={"pacing": 0.0}))
    client = bench.client(control=True)
    assert client.ask("022c01") == "800204"
    assert client.ask(START, "022c01") == "800204"
    bench.go(1.5)
    assert client.ask("022c01") == "800201"


def test_inclines_fail_likewise() -> None:
    client = Bench(changed(control={"needs_motion": True})).client(control=True)
    assert client.ask("031400") == "800304"


def test_a_locked_machine_acknowledges_everything_and_does_nothing() -> None:
    bench = Bench("kingsmith-z1", locked=True)
    client = bench.client(CONTROL, DATA, STATUS)
    assert client.ask(ASK) == ""
    bench.go(1.0)
    assert client.ask(START) == ""
    bench.console.press_start()
    bench.go(10.0)
    assert client.inbox == {}


def test_a_written_mph_runs_mph() -> None:
    bench = Bench("horizon-t202")
    client, other = bench.client(control=True), bench.client(STATUS)
    assert client.ask(START, "02f401") == "800201"
    bench.go(60.0)
    assert bench.peripheral.belt.speed == 8.0  # 5.00 mph is 8.05 km/h, and 8.0 the nearest of its steps
    assert other.take(STATUS) == ["04", "052003"]


def test_a_pause_may_stop_or_be_refused() -> None:
    stops = Bench(changed(control={"pause": PauseEffect.STOPS}))
    refuses = Bench(changed(control={"pause": PauseEffect.REFUSED}))
    client = stops.client(STATUS, control=True)
    assert client.ask(START, PAUSE) == "800801"
    assert stops.console.state is SessionState.IDLE
    stops.console.press_start()
    stops.console.press_pause()
    assert client.take(STATUS) == ["04", "0201"]
    assert refuses.client(control=True).ask(START, PAUSE) == "800804"


def test_counters_may_end_with_a_stop() -> None:
    bench = Bench(changed("kingsmith-z1", control={"pacing": 0.0}))
    client = bench.client(DATA, control=True)
    client.ask(START)
    bench.go(60.0)
    client.ask(STOP)
    bench.go(60.0)
    assert client.take(DATA)[-1] == "0424000000000000000100"  # a step while it came to rest


def test_incline_may_go_unreported() -> None:
    bench = Bench(changed(incline={"reported": False}))
    client = bench.client(DATA, control=True)
    client.ask("031400")
    bench.go(20.0)
    assert client.take(DATA)[-1][14:18] == "0000"


def test_a_write_command_alone_is_taken_where_the_properties_say_so() -> None:
    bench = Bench("bh-t01")
    client = bench.client(CONTROL)
    assert client.write(ASK) is AttError.WRITE_NOT_PERMITTED
    assert client.write(ASK, response=False) is None
    assert client.take(CONTROL) == ["800001"]


def test_a_write_command_that_fails_is_dropped_without_a_word() -> None:
    bench = Bench()
    client = bench.client(CONTROL)
    assert client.write(ASK, response=False) is None
    assert client.take(CONTROL) == []
    assert bench.peripheral.writes[0].att_error is AttError.WRITE_NOT_PERMITTED


def test_nothing_else_can_be_written() -> None:
    assert Bench().client().write("00", DATA) is AttError.WRITE_NOT_PERMITTED


def test_a_machine_takes_only_so_many_centrals() -> None:
    bench = Bench("yesoul-w2-pro")
    first = bench.client()
    assert not bench.peripheral.connectable
    with pytest.raises(AttFault) as fault:
        bench.peripheral.connect()
    assert fault.value.code is AttError.INSUFFICIENT_RESOURCES
    bench.peripheral.disconnect(first.connection)
    assert bench.peripheral.connectable


def test_every_write_is_logged_with_its_fate() -> None:
    bench = Bench()
    client = bench.client()
    client.write(ASK)
    bench.go(3.0)
    client.subscribe(CONTROL)
    client.ask(ASK)
    first, second = bench.peripheral.writes
    assert (first.time, first.connection, first.value, first.att_error, first.answer) == (
        0.0,
        1,
        b"\0",
        AttError.CCCD_IMPROPERLY_CONFIGURED,
        None,
    )
    assert (second.time, second.att_error, second.answer) == (3.0, None, b"\x80\x00\x01")


def test_without_mains_nothing_starts() -> None:
    bench = Bench()
    bench.console.press_start()
    bench.go(10.0)
    bench.peripheral.session.switch(bench.now, powered=False)
    bench.console.press_start()
    bench.go(10.0)
    assert bench.peripheral.belt.standing
    bench.peripheral.session.switch(bench.now, powered=True)
    bench.go(10.0)
    assert bench.peripheral.belt.standing
