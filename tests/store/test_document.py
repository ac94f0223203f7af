"""A JSON file that survives full disks, power cuts, damage and two writers."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tutor.errors import StoreError
from tutor.store import document
from tutor.store.document import Document

Counts = Mapping[str, int]


def _decode(data: Any) -> Counts:
    if not isinstance(data, dict):
        raise ValueError("not an object")
    if data.get("newer"):
        raise StoreError("written by a newer one", hint="use that")
    return data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sub" / "file.json"


@pytest.fixture
def counts(path: Path) -> Document[Counts]:
    return Document[Counts](path, {}, _decode, dict)


def _add(key: str, count: int = 1) -> Any:
    return lambda before: {**before, key: before.get(key, 0) + count}


def _names(path: Path) -> list[str]:
    return sorted(other.name for other in path.parent.iterdir() if not other.name.endswith(".lock"))


def test_a_missing_file_is_empty_and_stays_missing(counts: Document[Counts], path: Path) -> None:
    assert (counts.read().value, counts.read().message) == ({}, "")
    assert not path.parent.exists()


def test_what_is_changed_is_kept(counts: Document[Counts], path: Path) -> None:
    assert counts.update(_add("a")).value == {"a": 1}
    assert counts.update(_add("a")).value == {"a": 2}
    assert counts.read().value == {"a": 2}
    assert json.loads(path.read_text()) == {"a": 2}
    assert _names(path) == ["file.json"]


def test_only_its_owner_can_read_it(counts: Document[Counts], path: Path) -> None:
    counts.update(_add("a"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_change_that_changes_nothing_is_not_written(counts: Document[Counts], path: Path) -> None:
    counts.update(_add("a"))
    before = path.stat().st_ino
    counts.update(lambda value: dict(value))
    assert path.stat().st_ino == before
    counts.update(_add("a"))
    assert path.stat().st_ino != before


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_told(counts: Document[Counts], path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    found = counts.read()
    assert found.value == {}
    (aside,) = _names(path)
    assert aside.startswith("file.json.damaged-2")
    assert aside in found.message
    assert (path.parent / aside).read_bytes() == damage
    assert counts.read().message == ""


def test_a_damaged_file_is_set_aside_before_it_is_written(counts: Document[Counts], path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{")
    changed = counts.update(_add("a"))
    assert changed.value == {"a": 1}
    assert "damaged" in changed.message
    assert len(_names(path)) == 2


def test_several_damaged_files_are_all_kept(counts: Document[Counts], path: Path) -> None:
    path.parent.mkdir()
    for number in range(5):
        path.write_text(f"{{{number}")
        assert counts.read().message
    assert len(_names(path)) == 5


def test_damage_without_end_is_an_error(counts: Document[Counts], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    path.write_text("{")
    monkeypatch.setattr(document, "_SAME_SECOND", 0)
    with pytest.raises(StoreError, match="damaged again and again"):
        counts.update(_add("a"))
    found = counts.read()
    assert found.value == {}
    assert "could not be set aside" in found.message
    assert path.read_text() == "{"


def test_a_damaged_file_that_can_not_be_set_aside_is_left_and_told(
    counts: Document[Counts], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.write_text("{")
    monkeypatch.setattr(Path, "rename", _fails_with(errno.EROFS))
    found = counts.read()
    assert found.value == {}
    assert "could not be set aside: could not set aside" in found.message
    with pytest.raises(StoreError, match="Read-only file system"):
        counts.update(_add("a"))
    assert path.read_text() == "{"


def test_a_file_to_be_left_alone_is_left_alone(counts: Document[Counts], path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"newer": 1}')
    with pytest.raises(StoreError, match="newer"):
        counts.read()
    with pytest.raises(StoreError, match="newer"):
        counts.update(_add("a"))
    assert path.read_text() == '{"newer": 1}'


def _fails_with(number: int) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("name", "number"),
    [("fsync", errno.ENOSPC), ("fsync", errno.EDQUOT), ("fdopen", errno.EIO), ("replace", errno.EROFS)],
)
def test_a_write_that_fails_leaves_the_old_file(
    counts: Document[Counts], path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    counts.update(_add("a"))
    with monkeypatch.context() as patch:
        patch.setattr(Path if name == "replace" else os, name, _fails_with(number))
        with pytest.raises(StoreError, match=os.strerror(number)) as caught:
            counts.update(_add("a"))
    assert "free space" in caught.value.hint
    assert _names(path) == ["file.json"]
    assert counts.read().value == {"a": 1}
    assert counts.update(_add("a")).value == {"a": 2}


def test_a_disk_that_is_really_full_leaves_the_old_file(counts: Document[Counts], path: Path) -> None:
    counts.update(_add("a"))
    program = (
        "import resource, signal, sys; from pathlib import Path; from tutor.errors import StoreError; "
        "from tutor.store.progress import ProgressStore; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8)); "
        "store = ProgressStore('pack', Path(sys.argv[1]))\n"
        "try: store.mark_done('lesson', 'step')\n"
        "except StoreError as error: print(error, error.hint)"
    )
    progress = path.with_name("progress.json")
    progress.write_text('{"version": 1, "packs": {}}')
    ran = subprocess.run([sys.executable, "-c", program, progress], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "could not write" in ran.stdout
    assert "File too large" in ran.stdout
    assert progress.read_text() == '{"version": 1, "packs": {}}'
    assert _names(path) == ["file.json", "progress.json"]


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    counts = Document[Counts](tmp_path / "file" / "a.json", {}, _decode, dict)
    with pytest.raises(StoreError, match="could not lock"):
        counts.update(_add("a"))
    with pytest.raises(StoreError, match="could not read"):
        counts.read()


def test_a_link_to_the_file_stays_a_link(counts: Document[Counts], path: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text('{"a": 1}')
    path.parent.mkdir()
    path.symlink_to(real)
    counts.update(_add("a"))
    assert path.is_symlink()
    assert json.loads(real.read_text()) == {"a": 2}


def test_a_leftover_of_a_killed_writer_is_overwritten(counts: Document[Counts], path: Path) -> None:
    path.parent.mkdir()
    (path.parent / ".file.json.new").write_text("half a fi")
    counts.update(_add("a"))
    assert _names(path) == ["file.json"]
    assert counts.read().value == {"a": 1}


def test_a_folder_that_can_not_be_synced_is_no_trouble(
    counts: Document[Counts], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert counts.update(_add("a")).value == {"a": 1}
    assert counts.read().value == {"a": 1}


def test_whoever_hangs_with_the_file_is_waited_for_but_not_for_ever(
    counts: Document[Counts], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "_PATIENCE", 0.05)
    counts.update(_add("a"))
    with (path.parent / "file.json.lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="held by another process"):
            counts.update(_add("a"))
        assert counts.read().value == {"a": 1}
    assert counts.update(_add("a")).value == {"a": 2}


def test_a_filesystem_without_locks_is_said(counts: Document[Counts], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", _fails_with(errno.ENOLCK))
    with pytest.raises(StoreError, match="could not lock"):
        counts.update(_add("a"))


def test_two_processes_do_not_lose_each_others_changes(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tutor.store.progress import ProgressStore; "
        "store = ProgressStore('pack', Path(sys.argv[1]))\n"
        "for number in range(25): store.mark_done('lesson', f'{sys.argv[2]}{number}')"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, path, name]) for name in "ab"]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    steps = json.loads(path.read_text())["packs"]["pack"]["done"]["lesson"]
    assert steps.keys() == {f"{name}{number}" for name in "ab" for number in range(25)}
