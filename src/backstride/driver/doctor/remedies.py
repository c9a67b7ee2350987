"""What to do about each trouble, on each system.

The texts for macOS and Windows follow bleak's documentation and source, and what their users report; they have been
read, not tried.
"""

from __future__ import annotations

from typing import Final

from backstride.driver.doctor.findings import Remedy, everywhere

UPDATE_BLEAK: Final = everywhere("Install Backstride anew, with its dependencies.")

UPDATE_MACOS: Final = everywhere("Update to macOS 12.3 or later.")

USE_OTHER_WIFI: Final = everywhere(
    "If links break, let Wi-Fi use 5 GHz or a cable, or plug in a Bluetooth dongle and choose it: --adapter hci1"
)

START_BUS: Final = everywhere(
    "Install and start D-Bus and BlueZ: sudo apt install dbus bluez. In a container, hand /run/dbus in from outside."
)

START_BLUEZ: Final = everywhere(
    "Install and start it: sudo apt install bluez, then sudo systemctl enable --now bluetooth"
)

RESTART_BLUEZ: Final = everywhere("Start it anew: sudo systemctl restart bluetooth; it ends every connection.")

GET_PERMISSION: Final = Remedy(
    linux="Join the group: sudo usermod -aG bluetooth $USER, then log out and in again.",
    macos=(
        "System Settings, Privacy & Security, Bluetooth: allow the terminal program in which Backstride runs, then "
        "quit that program and start it again."
    ),
    windows="Settings, Privacy & security: let desktop apps use radios and other devices.",
)

ASK_ADMINISTRATOR: Final = everywhere("Ask whoever administers this computer: a policy forbids Bluetooth.")

UPDATE_BLUEZ: Final = everywhere("Update the system, or at least its package bluez.")

OTHER_BLUEZ: Final = everywhere(
    "If it troubles you, use another release of BlueZ: a newer system, or an older package."
)

GET_ADAPTER: Final = Remedy(
    linux=(
        "Plug in a Bluetooth 4.0 dongle, or switch the built-in one on in the BIOS; on a Raspberry Pi take "
        "dtoverlay=disable-bt out of config.txt. `dmesg | grep -i bluetooth` tells of firmware that is missing."
    ),
    macos="Start the Mac anew. A virtual machine has no Bluetooth.",
    windows="Plug in a Bluetooth 4.0 dongle, or look in the Device Manager for one whose driver is missing.",
)

GET_LOW_ENERGY: Final = everywhere("Use an adapter that can do Bluetooth Low Energy: version 4.0 or later.")

CHOOSE_OTHER: Final = Remedy(
    linux="Name another with --adapter, or take the adapter out of the settings. A restart may change the numbers.",
    macos="Leave out --adapter, and take the adapter out of the settings.",
    windows="Leave out --adapter, and take the adapter out of the settings.",
)

CHOOSE_ADAPTER: Final = everywhere('Choose one with --adapter NAME, or with adapter = "NAME" in the settings.')

UNBLOCK: Final = everywhere("rfkill unblock bluetooth")

TURN_SWITCH: Final = everywhere("Turn the radio on with the key or slide of the computer; no program can.")

SWITCH_ON: Final = Remedy(
    linux="bluetoothctl power on, or switch Bluetooth on in the settings of your desktop.",
    macos="Switch Bluetooth on in the Control Centre or in System Settings, Bluetooth.",
    windows="Switch Bluetooth on in Settings, Bluetooth & devices, and leave flight mode.",
)

END_SCANNERS: Final = everywhere(
    'If scans fail as "in progress", close Bluetooth settings windows and other programs that scan.'
)

FREE_IT: Final = everywhere(
    "Close every app that uses it, also on phones, watches and tablets nearby; if nothing helps, switch the treadmill "
    "off and on again."
)

WAKE_IT: Final = everywhere(
    "Switch it off and on again, stand beside it, close every app that may be connected to it, and run this again "
    "within a minute: many treadmills advertise only for so long."
)

GO_NEARER: Final = everywhere(
    "Bring the computer nearer, best within 2 m, with nothing but air between. A dongle hears more on an extension "
    "cable."
)

LISTEN_LONGER: Final = everywhere("Give scans more time: backstride scan --seconds 20")

NAME_ONE: Final = everywhere("Say which one: --device NAME or --device ADDRESS.")

NAME_OTHER: Final = everywhere("To use one of them, name it: --device NAME.")

START_BY_HAND: Final = everywhere("Start it with its own button, standing on the side rails.")

CLOSE_OTHERS: Final = everywhere("Close other apps before you connect; the first one to come holds the treadmill.")

UNLOCK: Final = everywhere("Open the maker's app, use the treadmill with it once, and close it; then try here.")

PAIR: Final = Remedy(
    linux="Confirm when the treadmill or the system asks. If pairing fails: bluetoothctl pair ADDRESS, then try again.",
    macos="macOS asks by itself at the first command: confirm it. Do not pair in System Settings.",
    windows="Confirm when Windows asks; if it fails, pair in Settings, Bluetooth & devices, then try again.",
)

OTHER_TREADMILL: Final = everywhere(
    "Guided sessions need a treadmill that obeys; `backstride info` tells what this one does."
)

SET_BY_HAND: Final = everywhere("What Backstride cannot set, set on the console; it takes that up.")

PLAN_AROUND: Final = everywhere("`backstride check PROFILE` shows which sessions it can walk; nothing moves.")

CLIP_KEY: Final = everywhere("Keep the safety key clipped on.")

MEND_SETTINGS: Final = everywhere("Mend that line; docs/settings.md has every key.")

END_WALK: Final = everywhere("End that walk first: q in its terminal, or the treadmill's own stop button.")

MAKE_WRITABLE: Final = everywhere("Make the folder writable for you, or name another: see docs/settings.md.")


def let_go(address: str) -> Remedy:
    """Return how a connection ends that another program has."""
    return everywhere(f"End that program, or take the connection down: bluetoothctl disconnect {address}")


def take_down(address: str) -> Remedy:
    """Return how a connection ends that no program has."""
    return everywhere(f"Take it down: bluetoothctl disconnect {address}")
