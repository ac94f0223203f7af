"""`tutor shell`: a plain shell, or one command, in the lab at a place of a lesson."""

from __future__ import annotations

import sys

import click

from tutor.cli.candidates import labs, place_or_command
from tutor.cli.options import pack_option, seed_option
from tutor.errors import UsageError
from tutor.lab.nursery import Nursery


@click.command("shell", context_settings={"ignore_unknown_options": True})
@click.argument(
    "words",
    nargs=-1,
    type=click.UNPROCESSED,
    metavar="[LESSON[/STEP]] [-- COMMAND...]",
    shell_complete=place_or_command,
)
@click.option(
    "--lab",
    "lab_name",
    default="",
    metavar="NAME",
    help="A lab as it is before any lesson.",
    shell_complete=labs,
)
@click.option("--machine", default="", metavar="NAME", help="Another machine than the learner's.")
@click.option("--attach", is_flag=True, help="Join the lab that `tutor start` has running.")
@seed_option
@pack_option
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    lab_name: str,
    machine: str,
    attach: bool,
    seed: int | None,
    pack: str,
) -> int:
    """Open a shell in a lab of its own at LESSON[/STEP], or run COMMAND there, with its output and exit status."""
    place, argv = _split(ctx, words)
    if sum((bool(place), bool(lab_name), attach)) > 1:
        raise UsageError("LESSON, --lab and --attach exclude each other", hint="give one of them")
    nursery = Nursery()  # before anything heavy is loaded: labs are forked from here

    from tutor.session.plain_shell import interact, run_command
    from tutor.session.shell_place import open_place

    try:
        with open_place(nursery, pack, place, lab_name, attach=attach, seed=seed or 0) as lab:
            on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
            if on_terminal:
                return interact(lab, argv or ["bash"], machine=machine)
            return run_command(lab, argv or ["bash"], machine=machine)
    finally:
        nursery.close()


def _split(ctx: click.Context, words: tuple[str, ...]) -> tuple[str, list[str]]:
    """The place, and the command after `--`. click drops the `--` itself, so it is looked for where it was typed."""
    typed = ctx.meta.get("tutor.arguments", sys.argv[1:])
    after = typed[typed.index("--") + 1 :] if "--" in typed else []
    before = list(words[: len(words) - len(after)]) if after else list(words)
    if len(before) > 1:
        raise UsageError(f"one place at most, not {' '.join(before)!r}", hint="put a command after `--`")
    if before and before[0].startswith("-"):
        raise UsageError(f"there is no option {before[0]}", hint="see `tutor shell --help`")
    return (before[0] if before else ""), list(after)
