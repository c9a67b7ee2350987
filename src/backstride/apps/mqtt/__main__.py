"""Prints the JSON Schemas of the payloads: ``python -m backstride.apps.mqtt > docs/mqtt.schema.json``."""

import sys

from backstride.apps.mqtt.schema import schema_text

sys.stdout.buffer.write(schema_text().encode())
