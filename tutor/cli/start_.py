"""`tutor start`: the lesson beside a real shell."""

from __future__ import annotations

import click

from tutor.cli.candidates import places
from tutor.cli.options import pack_option, seed_option
from tutor.cli.sitting import sit


@click.command("start")
@click.argument("place", default="", metavar="[LESSON[/STEP]]", shell_complete=places)
@seed_option
@pack_option
def command(place: str, seed: int | None, pack: str) -> int:
    """Open the lesson and the shell, where you left off or at LESSON[/STEP]."""
    return sit(place, pack, seed)
