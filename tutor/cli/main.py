"""The command `tutor`: has the verb done, and turns whatever goes wrong into one line and an exit status.

Does not know which verbs there are, save one.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from tutor.errors import TutorError

GOOD, NO, CANNOT = 0, 1, 2
"""Exit status: good; the answer is no; the tool could not do it."""

INTERRUPTED, UNREAD = 130, 141
"""Exit status, as a shell tells of signals: after Ctrl-C; when whoever reads our output has gone away."""

_PLAIN = 2
"""How many words `tutor start [LESSON[/STEP]]` has."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `tutor` with `arguments` (default: those of the process); returns the exit status."""
    _open_standard_streams()
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        status = _do(given)
        sys.stdout.flush()
    except TutorError as error:
        return _refuse(error.message, error.hint, given)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has seen enough (`tutor list | head`). click and rich make a SystemExit of that.
        _write_no_more()
        return UNREAD
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _write_no_more()
        return _refuse("the output can't be written: no space left on device", "write it somewhere else", given)
    return status


def _do(given: Sequence[str]) -> int:
    """Have the verb done."""
    if given[0] == "start" and len(given) <= _PLAIN and not any(word.startswith("-") for word in given):
        # What reads command lines takes 25 ms to load, and there is nothing to be read. What is loaded instead stays.
        gc.disable()
        from tutor.cli.sitting import sit

        return sit(given[1] if len(given) > 1 else "", "")
    from tutor.cli.verbs import call

    return call(given)


def _open_standard_streams() -> None:
    """Make up for standard streams that the caller has closed, before something else gets their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _write_no_more() -> None:
    """Keep Python from writing, when it ends, what could not be written before."""
    void = os.open(os.devnull, os.O_WRONLY)
    os.dup2(void, sys.stdout.fileno())
    os.close(void)


def _refuse(message: str, hint: str, given: Sequence[str]) -> int:
    """Say in one line why it can't be done and what to do, as JSON where JSON was asked for."""
    ours = given[: given.index("--")] if "--" in given else given
    if "--json" in ours:
        document: dict[str, Any] = {"error": {"message": message, "hint": hint}}
        print(json.dumps(document))
    print(f"tutor: {' '.join(message.split())}{f' ({hint})' if hint else ''}", file=sys.stderr)
    return CANNOT
