"""`tutor reset`: start over."""

from __future__ import annotations

import click

from tutor.cli.options import pack_option
from tutor.errors import UsageError
from tutor.lab.kept import all_kept
from tutor.session.overview import place_of
from tutor.store.course import Course
from tutor.store.packs import choose_pack
from tutor.store.paths import runtime_dir
from tutor.store.progress import ProgressStore


@click.command("reset")
@click.argument("lesson", default="", metavar="[LESSON]")
@click.option("--all", "everything", is_flag=True, help="All lessons, and every lab that lives.")
@pack_option
def command(lesson: str, everything: bool, pack: str) -> int:
    """Forget what was done in LESSON (default: the one you are in), and end the lab that stands in it."""
    if lesson and everything:
        raise UsageError("LESSON and --all exclude each other", hint="give one of them")
    course = Course(choose_pack(pack))
    store = ProgressStore(course.pack.id)
    if lesson:
        course.entry(lesson)
    elif not everything:
        at = store.read().value.at
        if at is None:
            click.echo("There is nothing to reset: you have not begun yet.")
            return 0
        lesson = at.lesson
    found = store.reset("" if everything else lesson)
    if found.message:
        click.echo(f"tutor: {found.message}", err=True)
    ended = _end_labs(course.pack.id, lesson)
    what = "All progress is" if everything else f"Your progress in {lesson} is"
    click.echo(f"{what} forgotten{', and the lab that was open has ended' if ended else ''}.")
    return 0


def _end_labs(pack: str, lesson: str) -> int:
    """End the labs of a pack that stand in `lesson`, all of them if it is empty; returns how many."""
    ended = 0
    for name, lab in all_kept(runtime_dir()):
        with lab:
            place = place_of(lab.status().note)
            if name.startswith(f"{pack}-") and (not lesson or place.partition("/")[0] == lesson):
                lab.end()
                ended += 1
    return ended
