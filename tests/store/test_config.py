"""What a learner likes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutor.store.config import Config, ConfigStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


@pytest.fixture
def store(path: Path) -> ConfigStore:
    return ConfigStore(path)


def test_without_a_file_everything_is_as_usual(store: ConfigStore) -> None:
    assert store.read().value == Config(42, "")
    assert store.read().message == ""


def test_each_preference_is_kept_by_itself(store: ConfigStore, path: Path) -> None:
    store.update(split=40)
    ConfigStore(path).update(theme="nord")
    assert store.read().value == Config(40, "nord")
    store.update(advance=False)
    assert store.update().value == Config(40, "nord", advance=False)


@pytest.mark.parametrize(("given", "kept"), [(5, 20), (95, 80), (33, 33)])
def test_the_split_leaves_room_on_both_sides(store: ConfigStore, given: int, kept: int) -> None:
    assert store.update(split=given).value.split == kept
    assert store.read().value.split == kept


@pytest.mark.parametrize(
    ("data", "config", "message"),
    [
        ({"split": "wide"}, Config(42, ""), "split is 'wide'; it is a number from 20 to 80"),
        ({"split": 99, "theme": "nord"}, Config(42, "nord"), "split is 99"),
        ({"split": True}, Config(42, ""), "split is True"),
        ({"split": 30, "theme": 5}, Config(30, ""), "theme is 5; it is a name"),
        ({"advance": 1}, Config(), "advance is 1; it is true or false"),
    ],
)
def test_a_value_that_makes_no_sense_is_told_and_left_aside(
    store: ConfigStore, path: Path, data: object, config: Config, message: str
) -> None:
    path.write_text(json.dumps(data))
    found = store.read()
    assert (found.value.split, found.value.theme, found.value.advance) == (config.split, config.theme, config.advance)
    assert found.message.startswith(f"{path}: ")
    assert message in found.message
    assert json.loads(path.read_text()) == data


def test_a_value_that_makes_no_sense_is_kept_until_it_is_changed(store: ConfigStore, path: Path) -> None:
    path.write_text('{"split": "wide", "theme": 5}')
    assert store.update(split=30).value.split == 30
    assert json.loads(path.read_text()) == {"split": 30, "theme": 5, "advance": True}


def test_what_another_version_wrote_is_kept(store: ConfigStore, path: Path) -> None:
    path.write_text('{"sound": [1, 2]}')
    store.update(theme="nord")
    assert json.loads(path.read_text()) == {"sound": [1, 2], "split": 42, "theme": "nord", "advance": True}


@pytest.mark.parametrize("damage", ["", "[]", "{"])
def test_a_damaged_file_is_set_aside(store: ConfigStore, path: Path, damage: str) -> None:
    path.write_text(damage)
    found = store.read()
    assert found.value == Config()
    assert "config.json.damaged-" in found.message


def test_preferences_lie_in_the_configuration_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert ConfigStore().path == tmp_path / "tutor" / "config.json"
