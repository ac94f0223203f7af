"""What a learner likes: how the screen is divided, which theme. Does not know what a screen is."""

from __future__ import annotations

from collections.abc import Mapping
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

    split: int = 50
    """The lesson's share of the width, in percent."""
    theme: str = ""
    """Name of the theme; empty for the default one."""
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

    def update(self, *, split: int | None = None, theme: str | None = None) -> Read[Config]:
        """Change what is given, and leave the rest as another tutor may have set it meanwhile.

        Raises:
            StoreError: they can't be written; the file is as it was.
        """

        def change(config: Config) -> Config:
            new = {"split": split, "theme": theme}
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
    others = dict(data)
    complaint = ""
    split = others.pop("split", Config().split)
    if type(split) is not int or not SPLIT_LEAST <= split <= SPLIT_MOST:
        complaint = f"split is {split!r}; it is a number from {SPLIT_LEAST} to {SPLIT_MOST}"
        split, others["split"] = Config().split, split
    theme = others.pop("theme", Config().theme)
    if type(theme) is not str:
        complaint = f"theme is {theme!r}; it is a name"
        theme, others["theme"] = Config().theme, theme
    return Config(split, theme, others, complaint)


def _encode(config: Config) -> Any:
    return {"split": config.split, "theme": config.theme, **config.others}
