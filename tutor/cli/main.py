"""The command `tutor`: finds the verb, and turns whatever goes wrong into one line and an exit status.

Verbs are loaded when they are called, so that `tutor list` does not pay for `tutor start`.
"""

from __future__ import annotations

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
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = tutor.main(given, prog_name="tutor", standalone_mode=False)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f"see `{context.command_path} --help`" if context is not None else ""
        return _refuse(error.format_message().rstrip("."), hint, given)
    except TutorError as error:
        return _refuse(error.message, error.hint, given)
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough (`tutor list | head`). Keep Python from flushing into the void at
        # exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    return status if isinstance(status, int) else GOOD


def _refuse(message: str, hint: str, given: Sequence[str]) -> int:
    """Say in one line why it can't be done and what to do, as JSON where JSON was asked for."""
    if "--json" in given:
        document: dict[str, Any] = {"error": {"message": message, "hint": hint}}
        print(json.dumps(document))
    print(f"tutor: {' '.join(message.split())}{f' ({hint})' if hint else ''}", file=sys.stderr)
    return CANNOT
