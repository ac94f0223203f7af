"""What of the host a lab must never change, as one comparable value."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.lab.processes import alive, below, started_at

__all__ = ["alive", "below", "network", "started_at", "sysctls"]

# Counters, clocks and random values of the kernel's own, which change with no help from anybody.
_RESTLESS = (
    "/random/",
    "ns_last_pid",
    "pty/nr",
    "file-nr",
    "inode-nr",
    "inode-state",
    "dentry-state",
    "fs/aio-nr",
    "fs/quota/",
    "kernel/perf_",  # lowered by the kernel itself under load
    "nf_conntrack_count",
)
# Life times that count down, and counters of a firewall.
_MOVING = re.compile(r"(valid_lft|preferred_lft|expires) \w+|\[\d+:\d+\]|^#.*$", re.MULTILINE)


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
    shown = {"host name": os.uname().nodename}
    for what in ("link", "addr", "route show table all", "-6 route show table all", "rule", "netns"):
        shown[what] = _printed("ip", "-o", *what.split())
    if os.geteuid() == 0:
        for argv in (["nft", "-s", "list", "ruleset"], ["iptables-legacy-save"]):
            shown[argv[0]] = _printed(*argv)
    return shown


def programs() -> dict[str, tuple[int, int]]:
    """When something was last added to or taken away from the folders of the programs."""
    folders = [Path("/usr"), *(entry for entry in Path("/usr").iterdir() if entry.is_dir())]
    return {str(folder): (folder.stat().st_mtime_ns, folder.stat().st_ino) for folder in folders}


def _printed(*argv: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return _MOVING.sub("", done.stdout)
