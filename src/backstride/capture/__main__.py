"""Prints the JSON Schema of captures: ``python -m backstride.capture > docs/capture.schema.json``."""

import sys

from backstride.capture.schema import schema_text

sys.stdout.buffer.write(schema_text().encode())
