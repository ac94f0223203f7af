"""What the learner likes, at hand for the screen, and kept on disk without making it wait. Does not know what for."""

from __future__ import annotations

import asyncio

from tutor.errors import StoreError
from tutor.store.config import Config, ConfigStore


class Preferences:
    """The preferences of this user."""

    def __init__(self, store: ConfigStore | None = None) -> None:
        """Read them; what can't be read is as usual, and `complaint` says so."""
        self._store = store or ConfigStore()
        self.complaint = ""
        """What the learner should know: the file is damaged, say. Empty otherwise."""
        self.now = Config()
        """As they are now."""
        try:
            found = self._store.read()
            self.now, self.complaint = found.value, found.message
        except StoreError as error:
            self.complaint = error.message

    async def change(self, *, split: int | None = None, theme: str | None = None, advance: bool | None = None) -> None:
        """Change what is given, here and on disk.

        Raises:
            StoreError: it can't be kept.
        """
        found = await asyncio.to_thread(self._store.update, split=split, theme=theme, advance=advance)
        self.now = found.value
