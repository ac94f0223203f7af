"""Packs what is carried into the virtual machine: the source tree, the Python packages as wheels, and the job.

Does not know what the job does.
"""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

_LEFT_OUT = {".git", ".venv", "__pycache__", "build", "dist"}


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
