"""A treadmill without a treadmill: one belt, one FTMS peripheral over it, and transports to reach it."""
