"""Roots made from packages by `root.sh`, for whoever builds a machine of them, and where such things are kept.

Does not know what a machine is.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}
"""What Debian calls a processor, by what `uname -m` says."""

_SCRIPT = Path(__file__).with_name("root.sh")


def make(suite: str, include: Iterable[str], arch: str = "") -> Path:
    """The archive of a root, made where it is not kept yet.

    Args:
        suite: the release of Debian.
        include: packages to have in it, beside what the lab runs.
        arch: its processor, as `uname -m` says it; default: this machine's. For another one mmdebstrap asks for
            qemu-user-static and arch-test.

    Raises:
        subprocess.CalledProcessError: it could not be made; the script has said why.
    """
    command = [str(_SCRIPT), "--suite", suite, "--include", ",".join(include)]
    if arch not in ("", platform.machine()):
        command += ["--arch", DEBIAN[arch]]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Path(made.stdout.strip())


def python_version(root: Path) -> str:
    """Which Python is `python3` in a root: `3.11`.

    Raises:
        KeyError: there is none.
    """
    with tarfile.open(root) as archive:
        target = archive.getmember("./usr/bin/python3").linkname
    found = re.fullmatch(r"python(\d+\.\d+)", target)
    if found is None:
        raise KeyError("Python 3")
    return found[1]


def kept(name: str) -> Path:
    """The folder of that name for what is made once: in `${XDG_CACHE_HOME:-~/.cache}/tutor`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base, "tutor", name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
