"""`tutor verify`: prove the lessons."""

from __future__ import annotations

import os

import click

from tutor.cli.candidates import files
from tutor.cli.candidates import lessons as lesson_ids
from tutor.cli.options import json_option, pack_option, print_json, require_writable, seed_option, write_report
from tutor.lab.nursery import Nursery


@click.command("verify")
@click.argument("lessons", nargs=-1, metavar="[LESSON]...", shell_complete=lesson_ids)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=None,
    help="How many labs at a time (default: two a processor).",
)
@seed_option
@click.option("--junit", default="", metavar="FILE", help="Write the results as JUnit XML too.", shell_complete=files)
@pack_option
@json_option
def command(lessons: tuple[str, ...], jobs: int | None, seed: int | None, junit: str, pack: str, as_json: bool) -> int:
    """Prove LESSONs (default: the whole course).

    Every solution and alternative must be accepted, every mistake rejected with its own diagnosis. With --seed, only
    what that seed draws is tried, where a step begins with faults drawn at random.
    """
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
        from tutor.lab.programs import missing_programs
        from tutor.session.results import junit as junit_text
        from tutor.session.results import run_json, with_skipped
        from tutor.session.verify import SEEDS, Verifier
        from tutor.session.workshop import Workshop

        verifier = Verifier(Workshop(nursery, material.course), material.judge, missing_programs)
        lines = ProgressLines("proving", quiet=as_json)
        run = None
        try:
            seeds = SEEDS if seed is None else (seed,)
            proven = verifier.run(chosen, jobs or 2 * (os.cpu_count() or 1), lines.step, seeds=seeds)
            run = with_skipped(proven, wanted, lacks)
            lines.left_out(lacks)
        finally:
            lines.finish(run)
    finally:
        nursery.close()
    if junit:
        write_report(junit, junit_text(run, "tutor verify"))
    if as_json:
        print_json(run_json(run))
    return 0 if run.passed else 1
