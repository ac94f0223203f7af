"""Who is measured: the pane on its direct path and on the public one, and tmux; each attached, with the same bash.

Imported by the rows of the table; does not know what they measure.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from benchmarks.terminal.outer import Outer, opened
from tests.shell.bash import environment
from tutor.shell.bashrc import bashrc

ROOT = Path(__file__).parents[2]
PROMPT = "ΨΩΨ".encode()
"""Stands in the prompt, and nowhere else."""


class Who(Enum):
    """Who draws."""

    DIRECT = "direct"
    PUBLIC = "public"
    TMUX = "tmux"


@dataclass(frozen=True, slots=True)
class Peer:
    """One of them, running."""

    who: Who
    """Which one."""
    outer: Outer
    """Its outer terminal."""


def bashrc_with_a_mark() -> str:
    """The lab's bashrc, with a prompt that can be told from everything else that is drawn."""
    return bashrc() + f"\nPS1='{PROMPT.decode()} '\"\\[\\e]133;B;$__lab_id;\\$?\\a\\]\"\n"


def outer_environment(home: Path) -> dict[str, str]:
    """What a learner's own terminal sets, with `home` for the home."""
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    own = {"XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(ROOT), "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    return environment(home) | folders | own


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for sockets, whose paths must be short."""
    folder = Path(tempfile.mkdtemp(prefix="b-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(who: Who) -> Iterator[Peer]:
    """One of them, at bash's prompt."""
    with short_folder() as home:
        (home / ".bashrc").write_text(bashrc_with_a_mark(), encoding="utf-8")
        variables = outer_environment(home)
        if who is not Who.TMUX:
            argv = [sys.executable, "-m", "benchmarks.terminal.app", str(home), who.value]
            with opened(argv, variables) as outer:
                yield _at_prompt(who, outer)
            return
        variables["TMUX_TMPDIR"] = str(home)
        bash = f"env TERM=xterm-256color HOME={home} bash"
        tmux = ["tmux", "-L", "b", "-f", "/dev/null"]
        with opened([*tmux, "new-session", bash, ";", "set", "status", "off"], variables) as outer:
            try:
                yield _at_prompt(who, outer)
            finally:
                subprocess.run([*tmux, "kill-server"], env=variables, capture_output=True, check=False)


def _at_prompt(who: Who, outer: Outer) -> Peer:
    outer.until_drawn(PROMPT)
    outer.settle(0.3)
    return Peer(who, outer)
