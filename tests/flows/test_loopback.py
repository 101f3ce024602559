"""Who can reach what was started: nobody beyond this machine."""

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

# As the kernel numbers it.
LISTENING = "0A"


def listening() -> Iterator[tuple[str, int, str]]:
    """The address, port and inode of each socket on this machine that takes connections."""
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            host, port = local.split(":")
            # Each group of four bytes is written as a number of this machine.
            raw = b"".join(int(host[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(host), 8))
            if state == LISTENING:
                yield socket.inet_ntop(family, raw), int(port, 16), f"socket:[{inode}]"


def sockets_of_processes_with(variable: bytes) -> set[str]:
    """The sockets of every process whose environment holds these bytes."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if variable in (process / "environ").read_bytes():
                found |= {str(file.readlink()) for file in (process / "fd").iterdir()}
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux: sockets are read from /proc")
def test_everything_listens_on_loopback_alone(serving: Any, simulator: str, until: Any) -> None:
    """The server, the pages, the worker, the simulator, and whatever else `flipbook serve` started."""
    ports = {urlsplit(url).port for url in (serving.api_url, serving.site_url, simulator)}
    until(lambda: ports <= {port for _, port, _ in listening()})
    ours = sockets_of_processes_with(f"FLIPBOOK_WAREHOUSE={serving.place.folder}".encode())
    open_to = {(host, port) for host, port, inode in listening() if inode in ours or port in ports}
    assert {host for host, _ in open_to} == {"127.0.0.1"}
