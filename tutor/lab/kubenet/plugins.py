"""The CNI plugins that kubenet calls: where distributions put them. Does not know what they are called for."""

from __future__ import annotations

import os

FOLDERS = ("/usr/lib/cni", "/usr/libexec/cni")
"""Where they may lie; none of these is in any PATH."""

PREFIX = "cni:"
"""Before the name of a plugin, where it stands among names of programs: `cni:bridge` is not iproute2's `bridge`."""

PLUGINS = ("cni:bridge", "cni:host-local", "cni:loopback")
"""What a node of a cluster needs."""


def find_plugin(name: str) -> str | None:
    """The path of the plugin called `cni:NAME`; None without it."""
    paths = (f"{folder}/{name.removeprefix(PREFIX)}" for folder in FOLDERS)
    return next((path for path in paths if os.access(path, os.X_OK)), None)
