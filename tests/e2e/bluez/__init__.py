"""The driver against a real Linux Bluetooth stack: bleak, D-Bus, bluetoothd and the kernel, in a virtual machine."""
