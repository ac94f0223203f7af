"""What forbids user namespaces here, and the exact command that allows them. Does not know who wants them.

Source: user_namespaces(7); Debian's and Ubuntu's patches (kernel.unprivileged_userns_clone,
kernel.apparmor_restrict_unprivileged_userns); Documentation/admin-guide/sysctl/user.rst.
"""

from __future__ import annotations

import os
from pathlib import Path

_SYS = Path("/proc/sys")


def namespaces_remedy(root: Path = _SYS) -> str:
    """The command that lets this user make user namespaces; empty if nothing here is known to forbid them.

    Args:
        root: where sysctls lie.
    """
    if _value(root, "user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if os.geteuid() != 0 and _value(root, "kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if os.geteuid() != 0 and _value(root, "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    if _in_container():
        return (
            "run the container with: podman run --security-opt unmask=ALL, or docker run --security-opt "
            "seccomp=unconfined --security-opt systempaths=unconfined"
        )
    return ""


def _value(root: Path, name: str) -> str:
    try:
        return (root / name).read_text().strip()
    except OSError:
        return ""


def _in_container() -> bool:
    return Path("/run/.containerenv").exists() or Path("/.dockerenv").exists()
