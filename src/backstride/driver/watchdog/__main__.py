"""`python -m backstride.driver.watchdog FD`: the watchdog over the session at the other end of a socket pair."""

from __future__ import annotations

import asyncio
import os
import socket
import sys

from backstride.driver.watchdog.process import watch

if __name__ == "__main__":
    asyncio.run(watch(socket.socket(fileno=int(sys.argv[1]))))
    os._exit(0)  # whatever still hangs in a thread or on the bus
