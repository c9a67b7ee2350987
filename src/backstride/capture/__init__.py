"""Captures: all that crosses bleak's client during a session, as events, as a file, and told to people.

The driver tells the events (`Machine.connect(trace=…)`), `file.Capture` writes them, and the simulator replays them.
"""
