"""The watchdog of safety rule S6: a second process that stops the belt when the session's process cannot (Linux)."""
