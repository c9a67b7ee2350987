"""Finding out what an unknown treadmill does: what to try, what was seen, and the machine file that follows from it."""
