"""Where this user's files lie (XDG base directories). Does not know what is in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from tutor.errors import StoreError

_APP = "tutor"
_PRIVATE = 0o700


def state_dir() -> Path:
    """What is kept between runs: `$XDG_STATE_HOME/tutor`, else `~/.local/state/tutor`. Not made here."""
    return Path(platformdirs.user_state_dir(_APP, appauthor=False))


def config_dir() -> Path:
    """Preferences: `$XDG_CONFIG_HOME/tutor`, else `~/.config/tutor`. Not made here."""
    return Path(platformdirs.user_config_dir(_APP, appauthor=False))


def runtime_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """A folder for sockets and locks of running labs, made if it is not there, that nobody else can enter.

    It is `$XDG_RUNTIME_DIR/tutor` where that variable names a folder of this user (under `sudo` it may name another's),
    else `run` in the state folder.

    Raises:
        StoreError: no such folder can be made, or somebody else owns it.
    """
    given = environ.get("XDG_RUNTIME_DIR", "")
    parent = Path(given)
    parent = parent if given and parent.is_absolute() and _is_ours(parent) else state_dir()
    folder = parent / (_APP if parent == Path(given) else "run")
    try:
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        if not _is_ours(folder):
            raise StoreError(f"{folder} is not a folder of yours", hint="remove it, or set XDG_RUNTIME_DIR to another")
        folder.chmod(_PRIVATE)
    except OSError as error:
        raise StoreError(
            f"{folder} can't be made: {error.strerror}", hint="set XDG_RUNTIME_DIR to a folder of yours"
        ) from error
    return folder


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
