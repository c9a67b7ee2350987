"""Other people's programs and ours, on one Bluetooth stack: `make test-interop` (docs/interop.md)."""
