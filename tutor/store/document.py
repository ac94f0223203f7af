"""A small JSON file that several processes change: read, changed under a lock, replaced as a whole.

A reader never sees half a file, a full disk leaves the old one, and a damaged one is set aside, not lost. Does not know
what is in it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from tutor.errors import StoreError

T = TypeVar("T")

_PATIENCE = 3.0
_PAUSE = 0.01
_SAME_SECOND = 100


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What a file holds."""

    value: T
    """Its content."""
    message: str = ""
    """What the person at the keyboard should know: that a damaged file was set aside, say. Mostly empty."""


class Document(Generic[T]):
    """A JSON file and how its content is understood."""

    def __init__(self, path: Path, empty: T, decode: Callable[[Any], T], encode: Callable[[T], Any]) -> None:
        """Touch nothing yet.

        Args:
            path: the file; need not exist, nor its folder.
            empty: what a missing file means.
            decode: JSON to value; raises ValueError for a wrong shape, StoreError for a file to be left alone.
            encode: value to JSON.
        """
        self.path = path
        """The file."""
        self._empty = empty
        self._decode = decode
        self._encode = encode

    def read(self) -> Read[T]:
        """What the file holds now; a damaged one is set aside first.

        Raises:
            StoreError: it can't be read.
        """
        try:
            return Read(self._load())
        except ValueError:
            pass
        try:
            with self._locked():
                return self._load_or_set_aside()
        except StoreError as error:
            return Read(self._empty, f"{self.path} is damaged and could not be set aside: {error.message}")

    def update(self, change: Callable[[T], T]) -> Read[T]:
        """Change what the file holds, while nobody else does.

        Raises:
            StoreError: it can't be read or written; then it is as it was.
        """
        with self._locked():
            before = self._load_or_set_aside()
            after = change(before.value)
            if after != before.value:
                self._write(after)
        return Read(after, before.message)

    def _load(self) -> T:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return self._empty
        except OSError as error:
            raise _failure("read", self.path, error) from error
        try:
            return self._decode(json.loads(data))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def _load_or_set_aside(self) -> Read[T]:
        try:
            return Read(self._load())
        except ValueError:
            aside = self._set_aside()
        return Read(self._empty, f"{self.path} was damaged; it is now {aside.name}, and a new one is begun")

    def _set_aside(self) -> Path:
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        for number in range(_SAME_SECOND):
            aside = self.path.with_name(f"{self.path.name}.damaged-{now}{f'-{number}' if number else ''}")
            if os.path.lexists(aside):
                continue
            try:
                self.path.rename(aside)
            except OSError as error:
                raise _failure("set aside", self.path, error) from error
            return aside
        raise StoreError(f"{self.path} is damaged again and again", hint="look at the files beside it")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _failure("lock", self.path, error) from error
        try:
            _wait_for(descriptor, self.path)
            yield
        finally:
            os.close(descriptor)

    def _write(self, value: T) -> None:
        # A link to the file (someone keeps it elsewhere) stays a link.
        target = Path(os.path.realpath(self.path))
        fresh = target.with_name(f".{target.name}.new")
        data = json.dumps(self._encode(value), indent=1, sort_keys=True).encode() + b"\n"
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise _failure("write", self.path, error) from error
        _sync_folder(target.parent)


def _wait_for(descriptor: int, path: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                hint = "another tutor seems to hang: end it, and try again"
                raise StoreError(f"{path} is held by another process", hint=hint) from None
        except OSError as error:
            raise _failure("lock", path, error) from error
        else:
            return
        time.sleep(_PAUSE)


def _sync_folder(folder: Path) -> None:
    # The new name survives a power cut only once its folder is on disk; not every filesystem can do that.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _failure(verb: str, path: Path, error: OSError) -> StoreError:
    reason = error.strerror or str(error)
    return StoreError(f"could not {verb} {path}: {reason}", hint="look at its owner, its rights and the free space")
