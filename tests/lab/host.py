"""What of the host a lab must never change, as one comparable value."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

# Counters, clocks and random values of the kernel's own, which change with no help from anybody.
_RESTLESS = (
    "/random/",
    "ns_last_pid",
    "pty/nr",
    "file-nr",
    "inode-nr",
    "inode-state",
    "dentry-state",
    "nf_conntrack_count",
)


def sysctls() -> dict[str, str]:
    values = {}
    for folder, _, names in os.walk("/proc/sys"):
        for name in names:
            path = f"{folder}/{name}"
            if any(word in path for word in _RESTLESS):
                continue
            try:
                values[path] = Path(path).read_text()
            except (OSError, UnicodeDecodeError):
                continue
    return values


def network() -> dict[str, str]:
    """Links, addresses, routes, rules, namespaces of the host's own network; firewall rules too, if we may see them."""
    shown = {}
    for what in ("link", "addr", "route show table all", "rule", "netns"):
        argv = ["ip", "-o", *what.split()]
        shown[what] = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    if os.geteuid() == 0:
        for argv in (["nft", "list", "ruleset"], ["iptables-legacy-save"]):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            shown[argv[0]] = "".join(line for line in done.stdout.splitlines(True) if not line.startswith("#"))
    return shown


def below(pid: int) -> dict[int, str]:
    """All processes below one, by pid, with the time at which each was started: a pid alone may be given again."""
    found: dict[int, str] = {}
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in map(int, children):
        started = started_at(child)
        if started:
            found[child] = started
        found |= below(child)
    return found


def started_at(pid: int) -> str:
    """When a process was started, in clock ticks since boot; empty if it is gone, or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def alive(processes: dict[int, str]) -> set[int]:
    """Those of some processes that still live."""
    return {pid for pid, started in processes.items() if started_at(pid) == started}
