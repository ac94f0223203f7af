"""`tutor completion`: the script that teaches a shell to complete the words of `tutor`.

The script asks `tutor` itself, with a word in the environment that says which shell asks, by click's own protocol.
Does not know what there is to offer.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class, shell_complete

from tutor.cli.verbs import ASKED
from tutor.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
"""The shells that there is a script for."""


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS), metavar="SHELL")
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes lessons, steps and options in SHELL: bash, zsh or fish.

    \b
    For good, each to the place where its shell looks:
      tutor completion bash >~/.local/share/bash-completion/completions/tutor
      tutor completion zsh >~/.zfunc/_tutor   (a folder of your fpath)
      tutor completion fish >~/.config/fish/completions/tutor.fish
    Only in the shell that is open: eval "$(tutor completion bash)"
    """  # noqa: D301  (click's mark for lines that are kept as they are)
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(
            f"this version of click completes nothing in {shell}", hint="a newer one does: pip install -U click"
        )
    click.echo(kind(ctx.find_root().command, {}, "tutor", ASKED).source())
    return 0


def answer(verbs: click.Command) -> int:
    """Print what could stand at the place that a shell's script asks about; returns the exit status."""
    return shell_complete(verbs, {}, "tutor", ASKED, os.environ[ASKED])
