"""Treadmills on an MQTT broker: the second front end beside the command line (docs/mqtt.md)."""
