"""The verbs of the command line: which there are, and how a line of arguments becomes a call of one.

Verbs are loaded when they are called, so that `tutor list` does not pay for `tutor start`. Does not know what becomes
of an error.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from tutor import __version__
from tutor.errors import UsageError

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
    "completion": "the script that completes lessons, steps and options in bash, zsh or fish",
}
"""Every verb, with what it does; each lives in the module of its name (`list` in `list_`)."""

ASKED = "_TUTOR_COMPLETE"
"""The variable by which the script of a shell asks what could stand in a line."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"tutor.cli.{cmd_name}_")
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the verbs from the table above: loading each for its help would take a tenth of a second."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(verb, help=does) for verb, does in VERBS.items() if verb.startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tutor")
def tutor() -> None:
    """A guided lab for container networking: a lesson beside a real shell on a real kernel."""


def call(given: Sequence[str]) -> int:
    """Call the verb that these arguments name; returns the exit status.

    Raises:
        TutorError: it can't be done; of the arguments themselves a `UsageError` says so.
        KeyboardInterrupt: somebody has pressed Ctrl-C.
    """
    if ASKED in os.environ:
        from tutor.cli.completion_ import answer

        return answer(tutor)
    try:
        status = tutor.main(list(given), prog_name="tutor", standalone_mode=False)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f"see `{context.command_path} --help`" if context is not None else ""
        raise UsageError(error.format_message().rstrip("."), hint=hint) from error
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return status if isinstance(status, int) else 0
