"""`tutor grade`: run a script from the start of a lesson or step, and judge what it built."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tutor.cli.candidates import files, places
from tutor.cli.options import json_option, pack_option, print_json, seed_option
from tutor.errors import UsageError
from tutor.lab.nursery import Nursery


@click.command("grade")
@click.argument("place", metavar="LESSON[/STEP]", shell_complete=places)
@click.argument("script", metavar="SCRIPT", shell_complete=files)
@seed_option
@pack_option
@json_option
def command(place: str, script: str, seed: int | None, pack: str, as_json: bool) -> int:
    """Run the bash script SCRIPT (`-`: standard input) in a lab at LESSON[/STEP], then judge what it built."""
    nursery = Nursery()  # before anything heavy is loaded: labs are forked from here

    from tutor.session.material import load_material

    try:
        text = _read(script)
        material = load_material(pack)
        lesson, step = material.place(place)

        # Only now, when there is something to do: what reads the kernel takes a tenth of a second to load.
        from tutor.cli.progress_lines import ProgressLines
        from tutor.session.grade import grade
        from tutor.session.results import RunResult, lesson_json
        from tutor.session.workshop import Workshop

        result = grade(Workshop(nursery, material.course), material.judge, lesson, step, text, seed=seed or 0)
    finally:
        nursery.close()
    if as_json:
        document = lesson_json(result)
        print_json({"lesson": document["id"], "passed": document["passed"], "steps": document["steps"]})
    else:
        lines = ProgressLines("", quiet=False)
        for each in result.steps:
            lines.step(result.id, each)
        lines.finish(RunResult((result,), 0.0))
    return 0 if result.passed else 1


def _read(script: str) -> str:
    try:
        return (sys.stdin.buffer.read() if script == "-" else Path(script).read_bytes()).decode("utf-8")
    except OSError as error:
        raise UsageError(
            f"can't read {script}: {error.strerror}", hint="name a bash script, or - for standard input"
        ) from error
    except UnicodeDecodeError as error:
        name = "standard input" if script == "-" else script
        raise UsageError(f"{name} is not text", hint="name a bash script in UTF-8") from error
