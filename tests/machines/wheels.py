"""The Python packages that the project needs, as wheels for machines that have no index to ask.

    python3 -m tests.machines.wheels VERSION

prints the folder with those for a Python (`3.11`) on a processor like this machine's. Does not know what a machine is.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.machines import roots

_CHECKOUT = Path(__file__).resolve().parents[2]
_TO_BUILD = "editables"
"""What hatchling wants for an installation that follows the source tree; it says so only while it builds."""


def requirements(pyproject: str) -> list[str]:
    """What the project needs to be built and run, as its pyproject.toml says."""
    said = tomllib.loads(pyproject)
    return sorted({*said["build-system"]["requires"], *said["project"]["dependencies"], _TO_BUILD})


def fetch(version: str, machine: str) -> Path:
    """A folder with the wheels that the project needs, from the index that this machine's pip uses; fetched once.

    Args:
        version: the Python that they are for: `3.11`.
        machine: its processor, as `uname -m` says it: `x86_64`.

    Raises:
        subprocess.CalledProcessError: pip could not; it has said why.
    """
    wanted = requirements((_CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    key = hashlib.sha256("\n".join([*wanted, version, machine]).encode()).hexdigest()[:16]
    folder = roots.kept("wheels") / key
    if not folder.is_dir():
        fetched = folder.with_name(f"{key}.new")
        shutil.rmtree(fetched, ignore_errors=True)
        platforms = [f"--platform=manylinux{tag}_{machine}" for tag in ("2014", "_2_17", "_2_28", "_2_34")]
        options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={version}", *platforms]
        command = [sys.executable, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", "download"]
        subprocess.run([*command, *options, f"--dest={fetched}", *wanted], check=True)
        fetched.rename(folder)
    return folder


if __name__ == "__main__":
    print(fetch(sys.argv[1], platform.machine()))
