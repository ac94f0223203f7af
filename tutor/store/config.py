"""What a learner likes: how the screen is divided, which theme, whether it moves on. Does not know what a screen is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutor.store.document import Document, Read
from tutor.store.paths import config_dir

SPLIT_LEAST, SPLIT_MOST = 20, 80
"""Bounds of `Config.split`."""


@dataclass(frozen=True, slots=True)
class Config:
    """Preferences."""

    split: int = 42
    """The lesson's share of the width, in percent."""
    theme: str = ""
    """Name of the theme; empty for the default one."""
    advance: bool = True
    """Whether a step that passes leads on to the next one by itself."""
    others: Mapping[str, Any] = field(default_factory=dict)
    """Entries of the file that we have no name for, and values that we could not use: kept as they are."""
    complaint: str = ""
    """What is wrong with an entry that was left aside; mostly empty."""


class ConfigStore:
    """The preferences of this user, on disk."""

    def __init__(self, path: Path | None = None) -> None:
        """Touch nothing yet; `path` is None for `config.json` in the configuration folder."""
        self._document: Document[Config] = Document(path or config_dir() / "config.json", Config(), _decode, _encode)

    @property
    def path(self) -> Path:
        """The file."""
        return self._document.path

    def read(self) -> Read[Config]:
        """The preferences as they are on disk.

        Raises:
            StoreError: they can't be read. (A damaged file is set aside, which the message says.)
        """
        return self._told(self._document.read())

    def update(
        self, *, split: int | None = None, theme: str | None = None, advance: bool | None = None
    ) -> Read[Config]:
        """Change what is given, and leave the rest as another tutor may have set it meanwhile.

        Raises:
            StoreError: they can't be written; the file is as it was.
        """

        def change(config: Config) -> Config:
            new = {"split": split, "theme": theme, "advance": advance}
            given = {key: value for key, value in new.items() if value is not None}
            if split is not None:
                given["split"] = min(max(split, SPLIT_LEAST), SPLIT_MOST)
            return _decode({**_encode(config), **given})

        return self._told(self._document.update(change))

    def _told(self, found: Read[Config]) -> Read[Config]:
        complaint = f"{self.path}: {found.value.complaint}" if found.value.complaint else ""
        return Read(found.value, found.message or complaint)


def _decode(data: Any) -> Config:
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    usual, values, others, complaint = Config(), {}, dict(data), ""
    for name, is_right, wanted in _ENTRIES:
        value = others.pop(name, getattr(usual, name))
        if is_right(value):
            values[name] = value
        else:
            complaint = f"{name} is {value!r}; it is {wanted}"
            others[name] = value
    return Config(**values, others=others, complaint=complaint)


def _encode(config: Config) -> Any:
    return {"split": config.split, "theme": config.theme, "advance": config.advance, **config.others}


_ENTRIES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        "split",
        lambda value: type(value) is int and SPLIT_LEAST <= value <= SPLIT_MOST,
        f"a number from {SPLIT_LEAST} to {SPLIT_MOST}",
    ),
    ("theme", lambda value: type(value) is str, "a name"),
    ("advance", lambda value: type(value) is bool, "true or false"),
)
