"""`tutor solve`: type every step's commands into a real shell, and see each step pass."""

from __future__ import annotations

from pathlib import Path

import click

from tutor.cli.candidates import files, folders
from tutor.cli.candidates import lessons as lesson_ids
from tutor.cli.options import json_option, pack_option, print_json, require_writable, seed_option, write_report
from tutor.lab.nursery import Nursery


@click.command("solve")
@click.argument("lessons", nargs=-1, metavar="[LESSON]...", shell_complete=lesson_ids)
@seed_option
@click.option("--junit", default="", metavar="FILE", help="Write the results as JUnit XML too.", shell_complete=files)
@click.option(
    "--record", default="", metavar="DIR", help="Record each lesson's terminal as an asciicast.", shell_complete=folders
)
@pack_option
@json_option
def command(lessons: tuple[str, ...], seed: int | None, junit: str, record: str, pack: str, as_json: bool) -> int:
    """Solve LESSONs (default: the whole course) in a fresh lab, by typing into a real interactive bash."""
    nursery = Nursery()  # before anything heavy is loaded: labs are forked from here

    from tutor.session.lacking import without_lacking
    from tutor.session.material import load_material

    try:
        material = load_material(pack)
        wanted = material.lessons(lessons)
        chosen, lacks = without_lacking(material.course, wanted, named=bool(lessons))
        if junit:
            require_writable(junit)

        # Only now, when there is something to do: what reads the kernel takes a tenth of a second to load.
        from tutor.cli.progress_lines import ProgressLines
        from tutor.session.results import junit as junit_text
        from tutor.session.results import run_json, with_skipped
        from tutor.session.solve import Solver
        from tutor.session.workshop import Workshop

        solver = Solver(
            Workshop(nursery, material.course),
            material.judge,
            material.course,
            record=Path(record) if record else None,
            seed=seed or 0,
        )
        lines = ProgressLines("solving", quiet=as_json)
        run = None
        try:
            run = with_skipped(solver.run(chosen, lines.step), wanted, lacks)
            lines.left_out(lacks)
        finally:
            lines.finish(run)
    finally:
        nursery.close()
    if junit:
        write_report(junit, junit_text(run, "tutor solve"))
    if as_json:
        print_json(run_json(run))
    return 0 if run.passed else 1
