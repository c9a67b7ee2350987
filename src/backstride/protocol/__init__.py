"""The Fitness Machine Service as pure functions: bytes to values and back, for both ends of the link (FTMS 1.0.1)."""
