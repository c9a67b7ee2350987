"""What each key does to a walk, and what the person is asked. Knows neither terminal nor screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.apps.cli.keys import Key
from backstride.apps.consent import Consent
from backstride.units import Incline, Speed, SpeedUnit
from backstride.workout.events import SessionState

if TYPE_CHECKING:
    from backstride.apps.service import Walk
    from backstride.workout.events import PersonNeeded

_SPEED_STEP: Final = {SpeedUnit.MPH: Speed.from_mph("0.1"), SpeedUnit.KMH: Speed.from_kmh("0.1")}
_INCLINE_STEP: Final = Incline.from_percent("0.5")


class Controls:
    """Carries a person's keys to a walk, and asks for what must be agreed to before it.

    Args:
        walk: The walk.
        unit: The person's unit of speed, whose tenth is one press of a key.
    """

    def __init__(self, walk: Walk, unit: SpeedUnit) -> None:
        self._walk = walk
        self._unit = unit
        self._consent = Consent(walk.session.plan)

    def question(self) -> PersonNeeded | None:
        """Return what the person must agree to before the walk, or None once it has begun."""
        return self._consent.question if self._walk.session.runner.state is SessionState.READY else None

    def press(self, key: Key) -> PersonNeeded | str | None:
        """Do what `key` means now; return the question that follows at once, or a remark."""
        walk = self._walk
        match key:
            case Key.ENTER if self._consent.is_open:
                self._consent.agree()
                return self.question()
            case Key.ENTER:
                walk.confirm()
            case Key.QUIT:
                walk.stop()
            case Key.SPACE if walk.session.runner.state is SessionState.PAUSED:
                return "Enter starts again"
            case Key.SPACE:
                walk.pause()
            case Key.NEXT:
                walk.skip()
            case Key.BACK:
                walk.back()
            case Key.UP | Key.DOWN | Key.RIGHT | Key.LEFT:
                return self._adjust(key)
        return None

    def _adjust(self, key: Key) -> str:
        """Ask for another target; what is refused is told by the session itself."""
        speed = _SPEED_STEP[self._unit]
        match key:
            case Key.UP:
                self._walk.adjust_speed(speed)
                return f"Faster by {speed.text(self._unit)}, as gently as the rules demand"
            case Key.DOWN:
                self._walk.adjust_speed(Speed(-speed))
                return f"Slower by {speed.text(self._unit)}"
            case Key.RIGHT:
                self._walk.adjust_incline(_INCLINE_STEP)
                return f"Steeper by {_INCLINE_STEP}"
            case _:
                self._walk.adjust_incline(Incline(-_INCLINE_STEP))
                return f"Flatter by {_INCLINE_STEP}"
