"""`tutor list`: lessons, steps, progress."""

from __future__ import annotations

import click

from tutor.cli.options import json_option, pack_option, print_json
from tutor.session.lacking import lacks_in, remedy_of
from tutor.session.overview import KeptLab, kept_labs, overview_json
from tutor.store.course import Course
from tutor.store.packs import choose_pack
from tutor.store.paths import runtime_dir
from tutor.store.progress import ProgressStore


@click.command("list")
@pack_option
@json_option
def command(pack: str, as_json: bool) -> int:
    """List the lessons, their steps, how far you are, and the labs that live."""
    course = Course(choose_pack(pack))
    lessons = course.lessons()
    found = ProgressStore(course.pack.id).read()
    progress = found.value
    labs = kept_labs(runtime_dir(), course.pack.id)
    lacks = lacks_in(course, lessons)
    if found.message:
        click.echo(f"tutor: {found.message}", err=True)
    if as_json:
        print_json(overview_json(lessons, progress, labs, lacks))
        return 0
    click.echo(course.pack.title)
    for number, lesson in enumerate(lessons, 1):
        done = sum(progress.is_done(lesson.id, step.id) for step in lesson.steps)
        click.echo(f"\n{number:2}  {lesson.id}: {lesson.title}  ({done} of {len(lesson.steps)} done)")
        if lesson.id in lacks:
            click.echo(f"    ! it can't be done here: it {lacks[lesson.id]}")
        for step in lesson.steps:
            tick = "✓" if progress.is_done(lesson.id, step.id) else " "
            here = (
                "  <- you are here"
                if progress.at and (progress.at.lesson, progress.at.step) == (lesson.id, step.id)
                else ""
            )
            click.echo(f"    {tick} {step.id:16} {step.title}{here}")
    if lacks:
        click.echo(f"\nSome lessons can't be done here: {remedy_of(lacks.values())}")
    for lab in labs:
        click.echo(f"\n{_living(lab)}")
    return 0


def _living(lab: KeptLab) -> str:
    where = f" at {lab.place}" if lab.place else ""
    if lab.seconds_left is None:
        return f"A lab is open{where}."
    minutes, seconds = divmod(int(lab.seconds_left), 60)
    return f"A lab waits{where} for {minutes}:{seconds:02} more minutes: `tutor start` is back in it."
