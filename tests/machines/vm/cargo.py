"""Packs what is carried into the virtual machine: the source tree, the Python packages as wheels, and the job.

Does not know what the job does.
"""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import subprocess
import tarfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

_LEFT_OUT = {".git", ".venv", "__pycache__", "build", "dist"}
_TO_BUILD = "editables"
"""What hatchling wants for an installation that follows the source tree; it says so only while it builds."""


def requirements(pyproject: str) -> list[str]:
    """What the project needs to be built and run, as its pyproject.toml says."""
    said = tomllib.loads(pyproject)
    return sorted({*said["build-system"]["requires"], *said["project"]["dependencies"], _TO_BUILD})


def tree_files(checkout: Path) -> list[str]:
    """The files of the source tree as it is now, new ones included and ignored ones not, as git sees it.

    Without git, everything but what is made in a checkout.
    """
    command = ["git", "-C", str(checkout), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = []
        for folder, folders, names in os.walk(checkout):
            folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.endswith("_cache")]
            listed += [os.path.relpath(Path(folder, name), checkout) for name in names]
    return sorted({path for path in listed if path and (checkout / path).is_file()})


def wheels(checkout: Path, keep: Path, python: str, version: str, machine: str) -> Path:
    """A folder with the wheels that the project needs, from the index that this machine's pip uses; fetched once.

    Args:
        checkout: the source tree.
        keep: where folders of wheels are kept, each under a hash of what it is for.
        python: the Python whose pip fetches them.
        version: the Python in the virtual machine: `3.11`.
        machine: its processor: `x86_64`.

    Raises:
        subprocess.CalledProcessError: pip could not; it has said why.
    """
    wanted = requirements((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    key = hashlib.sha256("\n".join([*wanted, version, machine]).encode()).hexdigest()[:16]
    folder = keep / key
    if not folder.is_dir():
        fetched = keep / f"{key}.new"
        platforms = [f"--platform=manylinux{tag}_{machine}" for tag in ("2014", "_2_17", "_2_28", "_2_34")]
        options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={version}", *platforms]
        command = [python, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", "download", *options]
        subprocess.run([*command, f"--dest={fetched}", *wanted], check=True)
        fetched.rename(folder)
    return folder


def pack(target: Path, checkout: Path, wheel_folder: Path, job: Path, settings: Mapping[str, str]) -> None:
    """Write a tar archive with `tree`, `wheels`, `job.sh` and `settings`, a file of assignments for its shell."""
    with tarfile.open(target, "w") as archive:
        for path in tree_files(checkout):
            archive.add(checkout / path, f"tree/{path}", recursive=False)
        archive.add(wheel_folder, "wheels")
        archive.add(job, "job.sh")
        text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()).encode()
        member = tarfile.TarInfo("settings")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
