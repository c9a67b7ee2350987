"""``python -m backstride.workout.profile`` prints the JSON Schema of the profile format."""

from __future__ import annotations

import sys

from backstride.workout.profile.schema import schema_text

sys.stdout.buffer.write(schema_text().encode())
