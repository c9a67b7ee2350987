"""A session: read from a profile, compiled into a plan for one machine, walked, and told as events."""
