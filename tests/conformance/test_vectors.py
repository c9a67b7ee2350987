"""Every conformance vector of a treadmill, in both directions.

The values are built from the ``decoded`` objects by `vector_values`, not by our decoder, so that decoder and encoder
are each held against the vectors and not against one another.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from backstride.errors import DecodeError
from backstride.protocol.advertisement import (
    MachineType,
    ServiceData,
    decode_advertising_structure,
    encode_advertising_structure,
)
from backstride.protocol.control_point import (
    OpCode,
    Response,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from backstride.protocol.features import (
    decode_features,
    encode_features,
)
from backstride.protocol.machine_status import (
    decode_machine_status,
    encode_machine_status,
)
from backstride.protocol.ranges import (
    decode_heart_rate_range,
    decode_inclination_range,
    decode_power_range,
    decode_resistance_range,
    decode_speed_range,
    encode_heart_rate_range,
    encode_inclination_range,
    encode_power_range,
    encode_resistance_range,
    encode_speed_range,
)
from backstride.protocol.readable import describe
from backstride.protocol.training_status import decode_training_status, encode_training_status
from backstride.protocol.treadmill_data import (
    RecordAssembler,
    TreadmillData,
    decode_treadmill_data,
    encode_treadmill_data,
    split_record,
)
from backstride.units import Speed
from tests.conformance import vector_values as values
from tests.conformance.vector_values import TREADMILL_KEYS, Vector, treadmill_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.protocol import control_point

VECTORS: Final[list[Vector]] = json.loads((Path(__file__).parents[1] / "data" / "ftms_vectors.json").read_text("utf-8"))

OUT_OF_SCOPE: Final = {"2ACE": 2, "2AD1": 1, "2AD2": 2}
"""Data characteristics of other machines, and how many vectors each has."""

TREADMILL_VECTORS: Final = [vector for vector in VECTORS if vector["uuid16"] not in OUT_OF_SCOPE]

NOT_RE_ENCODED: Final = {
    "v020": "truncated",
    "v021": "truncated",
    "v022": "truncated",
    "v073": "truncated",
    "v074": "truncated",
    "v075": "truncated",
    "v094": "truncated",
    "v133": "truncated",
    "v146": "truncated",
    "v157": "truncated",
    "v147": "an octet too many, which we never write",
    "v172": "a reserved op code, which we never write",
    "v231": "type octets in reverse, which we never write",
}
WELL_FORMED: Final = [vector for vector in TREADMILL_VECTORS if vector["id"] not in NOT_RE_ENCODED]


def _id(vector: Vector) -> str:
    return f"{vector['id']}-{vector['uuid16']}"


def _by_id(vector_id: str) -> Vector:
    (vector,) = [vector for vector in VECTORS if vector["id"] == vector_id]
    return vector


def encode_control_point(value: control_point.Request | Response) -> bytes:
    return encode_response(value) if isinstance(value, Response) else encode_request(value)


def decode_control_point(value: bytes) -> control_point.Request | Response:
    return decode_response(value) if value[0] == OpCode.RESPONSE_CODE else decode_request(value)


Codec = tuple["Callable[[Vector], Any]", "Callable[[Any], bytes]", "Callable[[bytes], Any]"]
CODECS: Final[dict[str, Codec]] = {
    "1826": (values.service_data, encode_advertising_structure, decode_advertising_structure),
    "2ACC": (values.features, encode_features, decode_features),
    "2ACD": (treadmill_data, encode_treadmill_data, decode_treadmill_data),
    "2AD3": (values.training_status, encode_training_status, decode_training_status),
    "2AD4": (values.speed_range, encode_speed_range, decode_speed_range),
    "2AD5": (values.inclination_range, encode_inclination_range, decode_inclination_range),
    "2AD6": (values.resistance_range, encode_resistance_range, decode_resistance_range),
    "2AD7": (values.heart_rate_range, encode_heart_rate_range, decode_heart_rate_range),
    "2AD8": (values.power_range, encode_power_range, decode_power_range),
    "2AD9": (values.control_point_value, encode_control_point, decode_control_point),
    "2ADA": (values.status, encode_machine_status, decode_machine_status),
}


def test_no_vector_is_left_out_unseen() -> None:
    left_out = Counter(vector["uuid16"] for vector in VECTORS if vector["uuid16"] not in CODECS)
    assert left_out == OUT_OF_SCOPE
    assert len(VECTORS) == 177
    assert len(TREADMILL_VECTORS) == 172
    assert len(WELL_FORMED) == 159


def test_only_malformed_vectors_are_not_re_encoded() -> None:
    malformed = {vector["id"] for vector in TREADMILL_VECTORS if "error" in vector["decoded"]}
    truncated = {vector_id for vector_id, reason in NOT_RE_ENCODED.items() if reason == "truncated"}
    assert malformed - truncated == {"v200"}  # a stop or pause that does not say which is a value of its own


@pytest.mark.parametrize("vector", TREADMILL_VECTORS, ids=_id)
def test_a_vector_reads_as_described(vector: Vector) -> None:
    described = describe(int(vector["uuid16"], 16), bytes.fromhex(vector["hex"]))
    assert described == vector["decoded"]
    assert json.loads(json.dumps(described)) == vector["decoded"]


@pytest.mark.parametrize("vector", WELL_FORMED, ids=_id)
def test_a_vector_decodes_to_the_value_it_describes(vector: Vector) -> None:
    build, _, decode = CODECS[vector["uuid16"]]
    assert decode(bytes.fromhex(vector["hex"])) == build(vector["decoded"])


@pytest.mark.parametrize("vector", WELL_FORMED, ids=_id)
def test_a_described_value_encodes_to_the_octets_of_its_vector(vector: Vector) -> None:
    build, encode, _ = CODECS[vector["uuid16"]]
    assert encode(build(vector["decoded"])).hex() == vector["hex"]


@pytest.mark.parametrize("vector_id", ["v094", "v133", "v146", "v147", "v157", "v172"])
def test_a_value_that_cannot_be_obeyed_is_a_decode_error(vector_id: str) -> None:
    vector = _by_id(vector_id)
    _, _, decode = CODECS[vector["uuid16"]]
    with pytest.raises(DecodeError):
        decode(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize("vector_id", ["v020", "v021", "v022", "v073", "v074", "v075"])
def test_a_truncated_record_keeps_its_whole_fields(vector_id: str) -> None:
    vector = _by_id(vector_id)
    decoded = vector["decoded"]
    data = decode_treadmill_data(bytes.fromhex(vector["hex"]))
    whole = treadmill_data(decoded)
    names = [name for name, _, _ in TREADMILL_KEYS.values()]
    assert {name: getattr(data, name) for name in names} == {name: getattr(whole, name) for name in names}
    assert data.missing == TREADMILL_KEYS[decoded["missing"]][0]
    assert data.trailing.hex() == decoded["trailing_octets_hex"]


def test_type_octets_in_reverse_still_mean_a_treadmill() -> None:
    data = decode_advertising_structure(bytes.fromhex(_by_id("v231")["hex"]))
    assert data == ServiceData(available=True, types=MachineType.TREADMILL)
    assert encode_advertising_structure(data).hex() == "06162618010100"


def _group(name: str) -> list[TreadmillData]:
    return [decode_treadmill_data(bytes.fromhex(v["hex"])) for v in VECTORS if v.get("group") == name]


def test_the_groups_of_split_records_are_all_known() -> None:
    sizes = Counter(vector["group"] for vector in VECTORS if "group" in vector)
    assert sizes == {"split-full-mtu23": 2, "split-3": 3, "split-lost-tail": 1}


def test_the_full_record_in_two_parts_is_the_full_record() -> None:
    first, second = _group("split-full-mtu23")
    assembler = RecordAssembler()
    assert assembler.feed(first, now=0.0) is None
    assert assembler.feed(second, now=0.1) == treadmill_data(_by_id("v041")["decoded"])


def test_a_record_in_three_parts_has_the_fields_of_all() -> None:
    first, second, third = _group("split-3")
    assembler = RecordAssembler()
    assert assembler.feed(first, now=0.0) is None
    assert assembler.feed(second, now=0.1) is None
    assert assembler.feed(third, now=0.2) == TreadmillData(
        flags=0x0484,
        instantaneous_speed=Speed(1000),
        total_distance=1234,
        total_energy=85,
        energy_per_hour=600,
        energy_per_minute=10,
        elapsed_time=3600,
    )


def test_a_part_whose_rest_was_lost_is_never_published() -> None:
    (part,) = _group("split-lost-tail")
    assembler = RecordAssembler()
    assert assembler.feed(part, now=0.0) is None
    assembler.reset()
    alone = decode_treadmill_data(bytes.fromhex("0000e803"))
    assert assembler.feed(alone, now=1.0) == alone


@pytest.mark.parametrize("vector", [v for v in WELL_FORMED if v["uuid16"] == "2ACD"], ids=_id)
def test_a_vector_survives_being_split_for_the_default_mtu(vector: Vector) -> None:
    data = treadmill_data(vector["decoded"])
    if data.more_data:
        assert len(encode_treadmill_data(data)) <= 20  # it is a part already
        return
    assembler = RecordAssembler()
    parts = split_record(data, 20)
    assert all(len(part) <= 20 for part in parts)
    assert [assembler.feed(decode_treadmill_data(part), now=0.0) for part in parts] == [None] * (len(parts) - 1) + [
        data
    ]
