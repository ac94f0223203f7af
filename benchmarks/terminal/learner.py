"""The real `tutor start` on an outer terminal, with a home of its own. Does not know what is measured.

Imported by the rows of the table.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.terminal.outer import SECONDS, Outer, opened
from benchmarks.terminal.peers import ROOT, outer_environment

PROMPT = b"root@vm"
START = [sys.executable, "-m", "tutor.cli", "start"]


class Learner:
    """Somebody who uses the tutor again and again."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @contextmanager
    def sitting(self) -> Iterator[tuple[Outer, dict[str, str]]]:
        """`tutor start` in a new lab, and its environment: for one more `tutor start` that finds the same lab."""
        # Labs are found through the runtime folder: a folder of its own means a lab of its own, which ends with it.
        with tempfile.TemporaryDirectory(prefix="r-") as runtime:
            variables = outer_environment(self._home) | {"XDG_RUNTIME_DIR": runtime}
            try:
                with opened(START, variables) as outer:
                    yield outer, variables
            finally:
                end_labs(variables, Path(runtime))

    def do_the_first_step(self) -> None:
        """Begin, so that the next start is not the first one."""
        with self.sitting() as (outer, _):
            outer.until_drawn(PROMPT)
            outer.settle(0.5)
            outer.press(b"ip a\r")
            outer.settle(1.0)


def end_labs(variables: dict[str, str], nowhere: Path) -> None:
    """End the labs that wait for their tutor, and keep what the learner has done: `reset` finds no progress."""
    elsewhere = {name: str(nowhere / "none") for name in variables if name.startswith("XDG_") and "RUNTIME" not in name}
    subprocess.run(
        [sys.executable, "-m", "tutor.cli", "reset", "--all"],
        cwd=ROOT, env=variables | elsewhere, capture_output=True, check=False, timeout=SECONDS,
    )  # fmt: skip
