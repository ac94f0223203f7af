"""Measures the course as a whole: rebuilding any step, solving every lesson, proving every lesson.

Beside each stands bash alone, with the same commands in namespaces that are as bare as `unshare` makes them: what the
kernel and the programs take by themselves.

Run: python benchmarks/course.py
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable

from tutor.lab.nursery import Nursery
from tutor.lab.programs import missing_programs
from tutor.lesson import Lesson, Step, StepKind
from tutor.session.material import Material, load_material
from tutor.session.results import StepResult
from tutor.session.solve import Solver
from tutor.session.verify import Verifier
from tutor.session.workshop import Workshop

JOBS = 2 * (os.cpu_count() or 1)
APART = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc", "bash", "-c"]
# What the commands of the first section find: a card with a gateway behind it, and a place for names of namespaces.
FURNISHED = """
mount -t tmpfs none /run
ip link set lo up
ip link add eth0 up type veth peer name gateway
ip link set gateway up
ip addr add 10.1.0.4/24 dev eth0
ip route add default via 10.1.0.1
"""


def main() -> None:
    """Measure, and print a table."""
    nursery = Nursery()  # before there are threads
    with tempfile.TemporaryDirectory(prefix="t-") as home:
        for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            os.environ[f"XDG_{name}"] = home
        material = load_material("")
        workshop = Workshop(nursery, material.course)
        lessons = material.course.lessons()
        print(f"{'':64} {'tutor':>8} {'bash alone':>10} {'ratio':>6}   goal")
        _rebuilt(workshop, lessons)
        _solved(workshop, material, lessons)
        _proven(workshop, material, lessons)
    nursery.close()


def _rebuilt(workshop: Workshop, lessons: tuple[Lesson, ...]) -> None:
    ours: dict[str, float] = {}
    for lesson in lessons:
        for step in lesson.steps:
            began = time.perf_counter()
            lab = workshop.at(lesson, step)
            ours[f"{lesson.id}/{step.id}"] = _since(began)
            lab.close()
    slowest = max(ours, key=lambda place: ours[place])
    lesson_id, _, step_id = slowest.partition("/")
    lesson = next(each for each in lessons if each.id == lesson_id)
    step = next(each for each in lesson.steps if each.id == step_id)
    theirs = _took(lambda: _by_bash("\n".join(workshop.commands_before(lesson, step))))
    _print(f"a step rebuilt, median of {len(ours)}, ms", statistics.median(ours.values()), None, "")
    _print(f"the slowest ({slowest}), ms", ours[slowest], theirs, "<= 500")


def _solved(workshop: Workshop, material: Material, lessons: tuple[Lesson, ...]) -> None:
    solver = Solver(workshop, material.judge, material.course)
    began = time.perf_counter()
    run = solver.run(lessons, _nobody)
    ours = _since(began) / 1000
    if not run.passed:
        raise RuntimeError("a lesson was not solved: `tutor solve` tells which")
    script = "\n".join(command for lesson in lessons for step in lesson.steps for command in _typed(step))
    # Without an internet behind the card a ping waits for nothing: they are let out, as nobody would answer.
    quiet = "\n".join(line for line in script.splitlines() if "ping" not in line)
    waits = sum(_waits(line) for line in script.splitlines())
    theirs = _took(lambda: _by_bash(quiet), 1) / 1000 + waits
    _print(f"{len(lessons)} lessons solved, s", ours, theirs, "<= 15")


def _proven(workshop: Workshop, material: Material, lessons: tuple[Lesson, ...]) -> None:
    verifier = Verifier(workshop, material.judge, missing_programs)
    began = time.perf_counter()
    run = verifier.run(lessons, JOBS, _nobody)
    ours = _since(began) / 1000
    if not run.passed:
        raise RuntimeError("a lesson was not proven: `tutor verify` tells which")
    scripts = [
        "\n".join((*workshop.commands_before(lesson, step), *way.commands))
        for lesson in lessons
        for step in lesson.steps
        if step.kind is StepKind.DO
        for way in (*step.alternatives, *(mistake.script for mistake in step.mistakes))
        if not missing_programs(way.needs)
    ]
    began = time.perf_counter()
    for at in range(0, len(scripts), JOBS):
        running = [subprocess.Popen([*APART, FURNISHED + script], **_QUIET) for script in scripts[at : at + JOBS]]
        for process in running:
            process.wait()
    theirs = _since(began) / 1000
    _print(f"{len(lessons)} lessons proven, {len(scripts)} ways with {JOBS} labs at a time, s", ours, theirs, "<= 20")


def _nobody(lesson: str, result: StepResult) -> None:
    """Nobody watches."""
    del lesson, result


def _typed(step: Step) -> tuple[str, ...]:
    return (step.question.reveal,) if step.question is not None else step.solution


def _waits(command: str) -> float:
    """How many seconds a ping waits: between its packets, or for an answer that does not come."""
    words = shlex.split(command)
    if "ping" not in words:
        return 0.0
    return 1.0 if "-W" in words and "&" not in command else (2.0 if "3" in words else 0.0)


_QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _by_bash(script: str) -> None:
    subprocess.run([*APART, FURNISHED + script], check=False, timeout=60, **_QUIET)


def _took(work: Callable[[], None], times: int = 5) -> float:
    """Median time in ms."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(_since(began))
    return statistics.median(took)


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _print(what: str, ours: float, theirs: float | None, goal: str) -> None:
    ratio = f"{ours / theirs:6.2f}" if theirs else " " * 6
    print(f"{what:64} {ours:8.1f} {f'{theirs:10.1f}' if theirs else ' ' * 10} {ratio}   {goal}")


if __name__ == "__main__":
    main()
