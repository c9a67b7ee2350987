"""The link faults of the matrix on a real Bluetooth stack: `make matrix-bluez`."""
