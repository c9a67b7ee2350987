"""The fault matrix: every fault in every phase of a session on several machines, judged from the belt's own log."""
