"""Looks into the folders that hold network namespaces as files: what they are, and what else lies in them.

Runs in the agent. Does not know which namespaces there are: the inodes of those are handed in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tutor.lab import syscalls as sc

_WHERE_IP_LOOKS = "/run/netns"
_STRANGERS_KEPT = 16


@dataclass(slots=True)
class Folder:
    """One such folder."""

    path: str
    """Where it is."""
    target: str = ""
    """Where it leads, if it is a symbolic link; the entries are then those of where it ends."""
    strangers: list[tuple[str, str]] = field(default_factory=list)
    """Entries that are no namespaces: the name, and where it leads if it is a symbolic link."""

    def told(self, printable: Callable[[str], str]) -> tuple[str, str, list[tuple[str, str]]]:
        """Its fields as they are sent, every file name in a form that can be."""
        strangers = [(printable(name), printable(target)) for name, target in self.strangers]
        return printable(self.path), printable(self.target), strangers


def look_into(root: int, files: Iterable[str], inodes: Collection[int]) -> list[Folder]:
    """`/run/netns`, where it is there, and each folder called `netns` that holds one of `files`.

    Args:
        root: descriptor of the machine's root directory.
        files: paths of files that a namespace is mounted on.
        inodes: of the namespaces; an entry with another one is a stranger.
    """
    others = (path.rpartition("/")[0] for path in files)
    paths = dict.fromkeys([_WHERE_IP_LOOKS, *(path for path in others if path.endswith("/netns"))])
    found = (_look(root, path, inodes) for path in paths)
    return [folder for folder in found if folder is not None]


def inode_at(root: int, path: str) -> int | None:
    """The inode of the file that `path` leads to within the machine; None where it leads nowhere (or into /proc)."""
    try:
        descriptor = sc.open_in_root(root, path, os.O_PATH)  # opens nothing: a FIFO would make us wait
    except OSError:
        return None
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _look(root: int, path: str, inodes: Collection[int]) -> Folder | None:
    above, _, name = path.rpartition("/")
    try:
        with _opened(root, above or "/") as parent:
            folder = Folder(path, _target(parent, name))
            if not folder.target:
                os.stat(name, dir_fd=parent, follow_symlinks=False)
    except OSError:
        return None
    try:
        with _opened(root, path) as inside:
            for entry in sorted(os.listdir(inside)):
                if len(folder.strangers) == _STRANGERS_KEPT:
                    break
                if inode_at(root, f"{path}/{entry}") not in inodes:
                    folder.strangers.append((entry, _target(inside, entry)))
    except OSError:
        pass  # a link that leads nowhere, or an entry that has just gone: what is known by then is told
    return folder


@contextmanager
def _opened(root: int, path: str) -> Iterator[int]:
    descriptor = sc.open_in_root(root, path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _target(folder: int, name: str) -> str:
    """Where the entry `name` leads, if it is a symbolic link."""
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError:
        return ""
