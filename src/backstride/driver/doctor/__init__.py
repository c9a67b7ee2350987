"""The doctor: what stands between this computer and a treadmill, found out without moving anything."""
