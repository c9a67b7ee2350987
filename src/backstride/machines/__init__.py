"""What we know of real treadmills: one TOML file each, its loader, and what a connected machine can do."""
