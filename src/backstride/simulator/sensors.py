"""Sensors that a treadmill can be for apps that read nothing else: a foot pod's speed and cadence, a heart rate. Pure.

They tell what the belt truly does, whatever goes wrong with Treadmill Data. The person on it is the simulated walker:
the steps are those that the belt counts, the heart is `heart`'s.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from backstride.protocol import uuids
from backstride.protocol.heart_rate import (
    BodySensorLocation,
    HeartRateMeasurement,
    encode_body_sensor_location,
    encode_heart_rate,
)
from backstride.protocol.running_speed import (
    UNITS_PER_METRE_PER_SECOND,
    RscFeature,
    RscMeasurement,
    SensorLocation,
    encode_rsc_feature,
    encode_rsc_measurement,
    encode_sensor_location,
)
from backstride.protocol.wire import UINT8, UINT16, UINT32
from backstride.simulator.gatt import Characteristic, Service
from backstride.simulator.heart import Heart

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from backstride.simulator.belt import Belt

RUNS_FROM: Final = 7.2
"""km/h from which the walker runs: 2 m/s, where people change over of themselves."""

_RSC_FEATURES: Final = RscFeature.STRIDE_LENGTH | RscFeature.TOTAL_DISTANCE | RscFeature.WALKING_OR_RUNNING
_STEPS_PER_STRIDE: Final = 2
_SECONDS_PER_HOUR_AND_KM: Final = 3.6


class Sensor(Enum):
    """A sensor, by its service and what that holds."""

    RUNNING_SPEED = Service(
        uuids.RUNNING_SPEED_SERVICE,
        (
            Characteristic(uuids.RSC_MEASUREMENT, ("notify",)),
            Characteristic(uuids.RSC_FEATURE, ("read",), encode_rsc_feature(_RSC_FEATURES)),
            Characteristic(uuids.SENSOR_LOCATION, ("read",), encode_sensor_location(SensorLocation.OTHER)),
        ),
    )
    HEART_RATE = Service(
        uuids.HEART_RATE_SERVICE,
        (
            Characteristic(uuids.HEART_RATE_MEASUREMENT, ("notify",)),
            Characteristic(
                uuids.BODY_SENSOR_LOCATION, ("read",), encode_body_sensor_location(BodySensorLocation.CHEST)
            ),
        ),
    )

    @property
    def service(self) -> Service:
        """The service it is read by."""
        return self.value


class Sensors:
    """What the sensors of one treadmill measure.

    Args:
        belt: The belt they are on.
        kinds: Which there are.

    Attributes:
        kinds: The same, in the order in which they are served.
    """

    def __init__(self, belt: Belt, kinds: Iterable[Sensor]) -> None:
        wanted = set(kinds)
        self.kinds = tuple(kind for kind in Sensor if kind in wanted)
        self._belt = belt
        self._heart = Heart(belt)
        makers = {
            Sensor.RUNNING_SPEED: (uuids.RSC_MEASUREMENT, self._running_speed),
            Sensor.HEART_RATE: (uuids.HEART_RATE_MEASUREMENT, self._heart_rate),
        }
        self._makers = dict(makers[kind] for kind in self.kinds)

    @property
    def characteristics(self) -> Collection[str]:
        """The characteristics that are notified."""
        return self._makers.keys()

    @property
    def cadence(self) -> float:
        """Steps a minute of the walker."""
        return self._belt.cadence

    @property
    def heart_rate(self) -> int:
        """Beats per minute of the walker."""
        return round(self._heart.rate)

    def measurement(self, characteristic: str) -> bytes:
        """Return what one of `characteristics` measures now."""
        return self._makers[characteristic]()

    def _running_speed(self) -> bytes:
        belt = self._belt
        metres_per_second, strides = belt.speed / _SECONDS_PER_HOUR_AND_KM, belt.cadence / _STEPS_PER_STRIDE
        stride_length = metres_per_second * 60 / strides if strides else 0.0
        return encode_rsc_measurement(
            RscMeasurement(
                speed=min(UINT16.maximum, round(metres_per_second * UNITS_PER_METRE_PER_SECOND)),
                cadence=min(UINT8.maximum, round(strides)),
                stride_length=min(UINT16.maximum, round(stride_length * 100)),
                total_distance=min(UINT32.maximum, round(belt.distance * 10)),
                running=belt.speed >= RUNS_FROM,
            )
        )

    def _heart_rate(self) -> bytes:
        return encode_heart_rate(HeartRateMeasurement(self.heart_rate, contact=True))
