"""What a session leaves behind: the journal on disk, and what is read, summed up and drawn from it."""
