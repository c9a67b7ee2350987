"""What a person must have read before the first walk on a real treadmill (S14)."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Final

from backstride.apps.config import acknowledge_notice
from backstride.errors import ConfigError

if TYPE_CHECKING:
    from backstride.apps.config import Settings

NOTICE: Final = """\
Before your first walk

  Backstride is not an emergency stop, and not a medical device. It asks the
  treadmill to stop; only the treadmill's own stop button and its safety key
  stop the belt for certain.

  - Attach the safety key to your clothes, every time.
  - Keep the handrails within reach, and the floor behind the treadmill free.
  - Ask your doctor before you begin, above all with trouble of the heart, the
    joints or your balance.

Type yes if you have read this and the key is attached: """


def acknowledged(settings: Settings) -> Settings:
    """Return the settings with the notice acknowledged; show it to a person who has not done so yet.

    Raises:
        ConfigError: The person did not type yes, or the acknowledgement cannot be saved.
    """
    if settings.notice_acknowledged is not None:
        return settings
    sys.stderr.write(NOTICE)
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise ConfigError("The notice was not acknowledged, so no treadmill is started.")
    return acknowledge_notice(settings, datetime.now().astimezone().date())
