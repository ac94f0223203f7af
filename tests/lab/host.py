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
    """Links, addresses, routes, rules and namespaces of the host's own network; firewall rules too, where we may see them."""
    shown = {}
    for what in ("link", "addr", "route show table all", "rule", "netns"):
        argv = ["ip", "-o", *what.split()]
        shown[what] = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    if os.geteuid() == 0:
        for argv in (["nft", "list", "ruleset"], ["iptables-legacy-save"]):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            shown[argv[0]] = "".join(line for line in done.stdout.splitlines(True) if not line.startswith("#"))
    return shown


def lab_processes() -> set[int]:
    """Processes that live in another user namespace than this one: those of labs (and of nobody else on a test machine)."""
    own = Path("/proc/self/ns/user").readlink()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "ns/user").readlink() != own:
                    found.add(int(entry.name))
            except OSError:
                continue
    return found
