"""Records what a terminal shows, as an asciicast that `asciinema play` plays. Does not know what is shown.

Source: the asciicast v2 format.
"""

from __future__ import annotations

import codecs
import json
import time
from pathlib import Path

from tutor.errors import StoreError


class Recording:
    """One recording, in a file of its own."""

    def __init__(self, path: Path, columns: int, rows: int) -> None:
        """Begin it; an earlier one at `path` is replaced.

        Raises:
            StoreError: the file can't be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w")
        except OSError as error:
            raise StoreError(
                f"can't record to {path}: {error.strerror}", hint="give --record a folder of yours"
            ) from error
        self._began = time.monotonic()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        header = {"version": 2, "width": columns, "height": rows, "timestamp": int(time.time())}
        self._file.write(json.dumps(header) + "\n")

    def write(self, output: bytes) -> None:
        """Record some output."""
        text = self._decode(output)
        if text:
            self._file.write(json.dumps([round(time.monotonic() - self._began, 6), "o", text]) + "\n")

    def close(self) -> None:
        """Finish it."""
        self._file.close()
