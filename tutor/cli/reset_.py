"""`tutor reset`: start over."""

from __future__ import annotations

import click

from tutor.cli.candidates import lessons
from tutor.cli.options import pack_option
from tutor.errors import UsageError
from tutor.session.overview import end_labs, kept_labs
from tutor.store.course import Course
from tutor.store.packs import choose_pack
from tutor.store.paths import runtime_dir
from tutor.store.progress import ProgressStore


@click.command("reset")
@click.argument("lesson", default="", metavar="[LESSON]", shell_complete=lessons)
@click.option("--all", "everything", is_flag=True, help="All lessons, and every lab of theirs that lives.")
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
            waits = kept_labs(runtime_dir(), course.pack.id)
            more = " A lab is open all the same: `tutor reset --all` ends it." if waits else ""
            click.echo(f"There is nothing to reset: you have not begun yet.{more}")
            return 0
        lesson = at.lesson
    found = store.reset("" if everything else lesson)
    if found.message:
        click.echo(f"tutor: {found.message}", err=True)
    ended = end_labs(runtime_dir(), course.pack.id, lesson)
    what = "All progress is" if everything else f"Your progress in {lesson} is"
    labs = "the lab that was open has ended" if ended == 1 else f"{ended} labs that were open have ended"
    click.echo(f"{what} forgotten{f', and {labs}' if ended else ''}.")
    return 0
