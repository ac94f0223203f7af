"""`tutor lint`: find what is wrong with lesson files."""

from __future__ import annotations

from pathlib import Path

import click

from tutor.cli.options import json_option, pack_option, print_json
from tutor.errors import ContentError, UsageError
from tutor.lesson.lint import lint_text
from tutor.store.checks import load_checks_all
from tutor.store.course import Course, read_text
from tutor.store.packs import Pack, choose_pack, read_pack


@click.command("lint")
@click.argument("path", default="", metavar="[PATH]")
@pack_option
@json_option
def command(path: str, pack: str, as_json: bool) -> int:
    """Find what is wrong with a lesson file, or with a whole pack (default: ours)."""
    files, of = _files(path, pack)
    checks = load_checks_all(of)
    found: list[ContentError] = list(checks.errors)
    if not path or not Path(path).is_file():
        found += Course(of).problems()
    for file in files:
        try:
            found += lint_text(read_text(file), file, checks.definitions, checks.diagnoses)
        except ContentError as unreadable:
            found.append(unreadable)
    unique = {(str(error.path), error.line, error.reason): error for error in found}
    problems = sorted(unique.values(), key=lambda error: (str(error.path), error.line))
    if as_json:
        print_json(
            {
                "passed": not problems,
                "problems": [
                    {"file": str(error.path or ""), "line": error.line, "message": error.reason, "hint": error.hint}
                    for error in problems
                ],
            }
        )
    else:
        for error in problems:
            click.echo(f"{error.message}" + (f"\n    {error.hint}" if error.hint else ""))
        click.echo(f"{len(files)} lessons, {len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}")
    return 1 if problems else 0


def _files(path: str, pack: str) -> tuple[list[Path], Pack]:
    """The lesson files to look at, and the pack that they belong to."""
    if not path:
        of = choose_pack(pack)
    else:
        given = Path(path).resolve()
        if given.is_file():
            of = choose_pack(pack) if pack else _pack_around(given)
            return [given], of
        if not given.is_dir():
            raise UsageError(f"there is no {path}", hint="name a lesson file, or a folder with lessons/ and checks/")
        of = read_pack(given)
    return [of.lessons / name for name in of.files], of


def _pack_around(file: Path) -> Pack:
    """The pack whose lesson a file is; ours, for a file that lies elsewhere."""
    try:
        return read_pack(file.parent.parent)
    except UsageError:
        return choose_pack("")
