"""Which processes hold a lock on a file, as the system lists them. On Linux; elsewhere nothing is known."""

from pathlib import Path

LOCKS = Path("/proc/locks")


def holders(file: Path) -> list[int]:
    """The ids of the processes that hold a lock on a file, of whatever kind."""
    try:
        inode, lines = file.stat().st_ino, LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    # "1: POSIX  ADVISORY  WRITE 4242 08:01:123456 0 EOF"; a second line with "->" only waits for it. A process of
    # another namespace has the id 0 or -1. The device is left out: some file systems give another one there.
    found = [line.split() for line in lines if " -> " not in line]
    return sorted({int(parts[4]) for parts in found if parts[5].rpartition(":")[2] == str(inode) and int(parts[4]) > 0})


def command_of(process: int) -> str:
    """How a process was started, shortened; empty where that cannot be said."""
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
    return command if len(command) <= 60 else f"{command[:60]}…"
