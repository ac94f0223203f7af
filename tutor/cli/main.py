"""The command `tutor`: finds the verb, and turns whatever goes wrong into one line and an exit status.

Verbs are loaded when they are called, so that `tutor list` does not pay for `tutor start`.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from tutor import __version__
from tutor.errors import TutorError

VERBS = {
    "start": "the lesson beside a real shell, where you left off or at LESSON[/STEP]",
    "list": "lessons, steps, progress",
    "solve": "type every step's commands into a real shell, and see each step pass",
    "verify": "prove the lessons: every solution, alternative and mistake",
    "grade": "run a script from the start of a lesson or step, and judge what it built",
    "shell": "a plain shell, or one command, in the lab at a place of a lesson",
    "lint": "find what is wrong with lesson files",
    "reset": "forget progress, and end the kept lab",
    "doctor": "can this machine run the labs, and if not, the exact remedy",
}
"""Every verb, with what it does; each lives in the module of its name (`list` in `list_`)."""

GOOD, NO, CANNOT = 0, 1, 2
"""Exit status: good; the answer is no; the tool could not do it."""

INTERRUPTED, UNREAD = 130, 141
"""Exit status, as a shell tells of signals: after Ctrl-C; when whoever reads our output has gone away."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"tutor.cli.{cmd_name}_")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tutor")
def tutor() -> None:
    """A guided lab for container networking: a lesson beside a real shell on a real kernel."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `tutor` with `arguments` (default: those of the process); returns the exit status."""
    _open_standard_streams()
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        status = tutor.main(given, prog_name="tutor", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f"see `{context.command_path} --help`" if context is not None else ""
        return _refuse(error.format_message().rstrip("."), hint, given)
    except TutorError as error:
        return _refuse(error.message, error.hint, given)
    except (KeyboardInterrupt, click.Abort):
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
    return status if isinstance(status, int) else GOOD


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
