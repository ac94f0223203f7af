"""The lab that outlives its tutor: where its socket lies, who has it, and how to come back to it.

One kept lab per user, pack and lab. A lock says whether a tutor lives in it; the kernel gives the lock back however
that tutor ends. Does not know what is in the lab.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import LabError, LabGone
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery

GRACE_SECONDS = 600.0
"""How long a kept lab waits for its tutor to come back."""


@dataclass(slots=True)
class Kept:
    """The place of one kept lab."""

    folder: Path
    """A folder that only this user can enter."""
    name: str
    """Of the pack and the lab, as a file name."""
    _lock: int = -1

    @property
    def socket(self) -> Path:
        """Where the lab's agent listens."""
        return self.folder / f"{self.name}.sock"

    def take(self) -> bool:
        """Become the tutor of this lab; False when another one is."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.folder / f"{self.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        """Give the lab up."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def find(self) -> Lab | None:
        """The lab, if it lives."""
        if not self.socket.exists():
            return None
        try:
            return Lab.connect(self.socket)
        except LabGone:
            return None

    def launch(
        self, nursery: Nursery, *, grace: float = GRACE_SECONDS, single: bool = False, cluster: bool = True
    ) -> Lab:
        """A new lab in this place, with nothing in it yet; one that is there already is ended first."""
        with contextlib.suppress(LabError):
            old = self.find()
            if old is not None:
                old.end()
                old.close()
        return Lab(nursery.launch(keep_at=self.socket, grace=grace, single=single, cluster=cluster))


def all_kept(folder: Path) -> Iterator[tuple[str, Lab]]:
    """Every kept lab of this user that lives, by name, as a visitor; whoever iterates closes them."""
    for path in sorted(folder.glob("*.sock")):
        lab = Kept(folder, path.stem).find()
        if lab is None:
            with contextlib.suppress(OSError):
                path.unlink()
            continue
        try:
            lab.visit()
        except LabGone:  # it ended just now
            lab.close()
            continue
        yield path.stem, lab
