"""Where files lie."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tutor.errors import StoreError
from tutor.store.paths import config_dir, runtime_dir, state_dir


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_without_variables_everything_lies_in_the_home(home: Path) -> None:
    assert state_dir() == home / ".local" / "state" / "tutor"
    assert config_dir() == home / ".config" / "tutor"


def test_the_xdg_variables_move_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    assert state_dir() == home / "state" / "tutor"
    assert config_dir() == home / "config" / "tutor"


def test_asking_for_a_folder_does_not_make_it(home: Path) -> None:
    state_dir()
    config_dir()
    assert list(home.iterdir()) == []


def test_the_runtime_folder_is_made_for_its_owner_alone(home: Path) -> None:
    folder = runtime_dir({"XDG_RUNTIME_DIR": str(home)})
    assert folder == home / "tutor"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_runtime_folder_that_others_could_enter_is_closed(home: Path) -> None:
    (home / "tutor").mkdir()
    (home / "tutor").chmod(0o755)
    folder = runtime_dir({"XDG_RUNTIME_DIR": str(home)})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("given", ["", "relative", "/nonexistent", "/proc/self/status"])
def test_without_a_usable_variable_it_lies_in_the_state_folder(given: str, home: Path) -> None:
    assert runtime_dir({"XDG_RUNTIME_DIR": given}) == home / ".local" / "state" / "tutor" / "run"
    assert runtime_dir({}) == home / ".local" / "state" / "tutor" / "run"


def test_a_folder_of_somebody_else_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = home / "theirs"
    theirs.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
    with pytest.raises(StoreError, match="is not a folder of yours"):
        runtime_dir({"XDG_RUNTIME_DIR": str(theirs)})
    assert not (theirs / "tutor").exists()


def test_a_link_in_its_place_is_not_followed(home: Path) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    (home / "tutor").symlink_to(elsewhere)
    with pytest.raises(StoreError, match="is not a folder of yours"):
        runtime_dir({"XDG_RUNTIME_DIR": str(home)})


def test_a_file_in_its_place_is_said(home: Path) -> None:
    (home / "tutor").write_text("")
    with pytest.raises(StoreError, match="can't be made") as caught:
        runtime_dir({"XDG_RUNTIME_DIR": str(home)})
    assert "XDG_RUNTIME_DIR" in caught.value.hint
