"""`tutor lint`: find what is wrong with lesson files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tutor.cli.candidates import files
from tutor.cli.options import json_option, pack_option, print_json
from tutor.errors import ContentError, TopologyError, UsageError
from tutor.lab.topology_file import parse_topology
from tutor.lesson.lint import lint_machines, lint_text
from tutor.lesson.parse import parse_lesson_all
from tutor.store.checks import load_checks_all
from tutor.store.course import Course, read_text
from tutor.store.packs import Pack, choose_pack, read_pack


@dataclass(frozen=True, slots=True)
class _Job:
    """Lesson files to look at, and the pack that they belong to."""

    pack: Pack
    files: tuple[Path, ...]
    whole: bool
    """Whether they are all of the pack's, so that the pack itself is looked at, too."""


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=files)
@pack_option
@json_option
def command(paths: tuple[str, ...], pack: str, as_json: bool) -> int:
    """Find what is wrong with lesson files, or with the whole pack in a folder (default: ours)."""
    jobs = _jobs(paths, pack)
    problems = _in_order(problem for job in jobs for problem in _problems(job))
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
        click.echo(f"{_count(sum(len(job.files) for job in jobs), 'lesson')}, {_count(len(problems), 'problem')}")
    return 1 if problems else 0


def _jobs(paths: Sequence[str], pack: str) -> list[_Job]:
    """What `paths` name; a pack's files together, since its checks are loaded once for all of them."""
    if not paths:
        return [_whole(choose_pack(pack))]
    jobs: list[_Job] = []
    files: dict[Path, list[Path]] = {}
    packs: dict[Path, Pack] = {}
    for path in paths:
        given = Path(path).resolve()
        if given.is_dir():
            jobs.append(_whole(read_pack(given)))
        elif given.is_file():
            of = choose_pack(pack) if pack else _pack_around(given)
            packs[of.root] = of
            files.setdefault(of.root, []).append(given)
        else:
            what = f"{path} is no file to read" if given.exists() else f"there is no {path}"
            raise UsageError(what, hint="name lesson files, or a folder with lessons/ and checks/")
    return jobs + [_Job(packs[root], tuple(some), whole=False) for root, some in files.items()]


def _whole(pack: Pack) -> _Job:
    return _Job(pack, tuple(pack.lessons / name for name in pack.files), whole=True)


def _pack_around(file: Path) -> Pack:
    """The pack whose lesson a file is; ours, for a file that lies elsewhere."""
    try:
        return read_pack(file.parent.parent)
    except UsageError:
        return choose_pack("")


def _problems(job: _Job) -> Iterable[ContentError]:
    checks = load_checks_all(job.pack)
    yield from checks.errors
    if job.whole:
        yield from Course(job.pack).problems()
        yield from _lab_problems(job.pack)
    for file in job.files:
        try:
            text = read_text(file)
            yield from lint_text(text, file, checks.definitions, checks.diagnoses)
            yield from _machine_problems(job.pack, text, file)
        except ContentError as unreadable:
            yield unreadable


def _machine_problems(pack: Pack, text: str, file: Path) -> Iterable[ContentError]:
    """The machines that a lesson speaks of and its lab does not have."""
    lesson = parse_lesson_all(text, file).lesson
    if lesson is None or not any(step.faults for step in lesson.steps):
        return
    lab = pack.labs / f"{lesson.lab}.toml"
    try:
        topology = parse_topology(lab.read_bytes().decode(), name=lesson.lab, path=lab)
    except (TopologyError, UnicodeDecodeError, OSError):  # that is told of the lab, or of the lesson's head
        return
    yield from lint_machines(lesson, (machine.name for machine in topology.machines))


def _lab_problems(pack: Pack) -> Iterable[ContentError]:
    """What is wrong with a pack's labs: the first thing of each."""
    for path in sorted(pack.labs.glob("*.toml")):
        try:
            parse_topology(path.read_bytes().decode(), name=path.stem, path=path)
        except TopologyError as error:
            yield error
        except UnicodeDecodeError:
            yield TopologyError("this is not UTF-8", path=path, hint="save the file as UTF-8")
        except OSError as error:
            yield TopologyError(f"can't be read: {error.strerror}", path=path)


def _in_order(problems: Iterable[ContentError]) -> list[ContentError]:
    """Each problem once, by file and line."""
    unique = {(str(error.path), error.line, error.reason): error for error in problems}
    return sorted(unique.values(), key=lambda error: (str(error.path), error.line))


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
