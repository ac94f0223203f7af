"""A sitting on this terminal, from the first check to its exit status. Does not know the command line.

Whoever starts waits for what is loaded here: no click, no Textual, nothing that reads a lesson.
"""

from __future__ import annotations

import gc
import math
import os
import sys

from tutor.cli.guard import Guard
from tutor.errors import TutorError, UsageError
from tutor.lab.kept import all_kept
from tutor.lab.nursery import Nursery
from tutor.lab.programs import NEEDED, OF_CLUSTERS, missing_programs
from tutor.session.comeback import Comeback
from tutor.session.headstart import Headstart
from tutor.store.paths import runtime_dir, state_dir

_COLUMNS, _ROWS = 60, 20
_UNSAID = (80, 24)
"""The size of a terminal that does not say its own: so many others take it to be."""
_SWITCH_SECONDS = 0.0005


def sit(place: str, pack: str, seed: int | None = None) -> int:
    """Open the lesson and the shell, and see to it that no crash costs anything; returns the exit status.

    Args:
        place: `LESSON[/STEP]`; empty for where the learner left off.
        pack: as `--pack` names it.
        seed: draws what steps begin with; None for another one with each lab.

    Raises:
        TutorError: it can't be done here.
    """
    _require_terminal()
    if place or missing_programs((*NEEDED, *OF_CLUSTERS)):
        _require_place(pack, place)
    gc.enable()
    gc.freeze()  # what is loaded by now is shared by the processes that are forked, as long as nobody touches it
    nursery = Nursery()  # before threads, and before Textual and pyroute2 are loaded: labs are forked from here

    def screen(comeback: Comeback | None) -> int:
        # The kitty keyboard protocol would change what programs in the shell are sent. Textual reads this when it is
        # loaded.
        os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"

        from tutor.tui.arrangement import Arrangement
        from tutor.tui.preferences import Preferences

        preferences = Preferences()
        columns, rows = os.get_terminal_size()
        size = Arrangement(preferences.now.split, columns or _UNSAID[0], rows or _UNSAID[1]).shell_size
        headstart = Headstart(nursery, pack, place, *size, seed) if comeback is None else None
        gc.disable()  # what is loaded now stays; the application turns it on again
        sys.setswitchinterval(_SWITCH_SECONDS)  # and makes keys wait no longer for what is loaded beside the screen

        from tutor.tui.app import run  # takes the longest to load: the lab is built meanwhile
        from tutor.tui.desk import Desk

        return run(Desk(nursery, pack, place, comeback, headstart, seed), preferences)

    try:
        return Guard(screen, _what_waits, state_dir() / "crash.txt").run()
    finally:
        nursery.close()


def _what_waits() -> str:
    """What a learner whose screen is gone finds again."""
    seconds = 0.0
    try:
        for _, lab in all_kept(runtime_dir()):
            with lab:
                status = lab.status()
                if status.built and status.seconds_left is not None:
                    seconds = max(seconds, status.seconds_left)
    except TutorError:  # it has just ended
        pass
    if not seconds:
        return "`tutor start` begins where you left off"
    minutes = math.ceil(seconds / 60)
    return f"your lab waits for {minutes} minute{'s' if minutes > 1 else ''}: `tutor start` brings you back"


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("`tutor start` needs a terminal", hint="`tutor shell` and `tutor solve` need none")
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError(
            "this terminal can't move its cursor (TERM is dumb)", hint="set TERM to what it is: xterm-256color"
        )
    size = os.get_terminal_size()
    if 0 < size.columns < _COLUMNS or 0 < size.lines < _ROWS:
        raise UsageError(
            f"the terminal is too small: {size.columns}x{size.lines}",
            hint=f"it needs {_COLUMNS}x{_ROWS}, 120x30 is comfortable",
        )


def _require_place(pack: str, place: str) -> None:
    """Say at once that there is no such place, or no lab for it here, before the screen is taken over."""
    from tutor.session.lacking import require_lab
    from tutor.store.course import Course
    from tutor.store.packs import choose_pack
    from tutor.store.progress import ProgressStore

    course = Course(choose_pack(pack))
    if place:
        lesson = course.place(place).lesson
    else:
        at = ProgressStore(course.pack.id).read().value.at
        lesson = course.lesson(at.lesson if at is not None and at.lesson in course.ids else course.ids[0])
    require_lab(course, lesson)
