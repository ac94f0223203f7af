"""What is wrong with a lesson that could be read: held against the definitions and diagnoses of its pack.

Does not know how the pack was loaded, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tutor.check import Arguments, Definition, Diagnosis, Kind
from tutor.errors import LessonError
from tutor.lesson.draw import most_together
from tutor.lesson.model import Block, Drawing, Lesson, Step, StepKind
from tutor.lesson.parse import parse_lesson_all
from tutor.lesson.problems import Problems, suggestion

_ALTERNATIVES = 1
_MISTAKES = 2
_FAULTS = 2
_WIDEST_DRAWING = 42
_DECORATOR = {Kind.CHECK: "@check", Kind.FACT: "@fact", Kind.QUESTION: "@question"}


def lint(
    lesson: Lesson, definitions: Mapping[str, Definition], diagnoses: Mapping[str, Diagnosis]
) -> tuple[LessonError, ...]:
    """Everything that is wrong with `lesson`, by line; none for a good one."""
    problems = Problems(lesson.path)
    linter = _Linter(definitions, diagnoses, problems)
    if not lesson.steps:
        problems.add(0, "a lesson without a step", "a step begins with `## Title {#id}`")
    linter.drawings(lesson.intro)
    for step in lesson.steps:
        linter.step(step)
        linter.drawings(step.body)
    return problems.in_order()


def lint_text(
    text: str, path: Path | None, definitions: Mapping[str, Definition], diagnoses: Mapping[str, Diagnosis]
) -> tuple[LessonError, ...]:
    """Everything that is wrong with a lesson file, by line: its form, and what it names."""
    parsed = parse_lesson_all(text, path)
    # Where steps could not be read, that there is none is no news.
    found = (
        lint(parsed.lesson, definitions, diagnoses)
        if parsed.lesson and (parsed.lesson.steps or not parsed.errors)
        else ()
    )
    return tuple(sorted((*parsed.errors, *found), key=lambda error: error.line))


def lint_machines(lesson: Lesson, machines: Iterable[str]) -> tuple[LessonError, ...]:
    """The faults of `lesson` that are brought about on a machine which is none of its lab's `machines`."""
    problems, known = Problems(lesson.path), tuple(machines)
    for fault in (fault for step in lesson.steps for fault in step.faults):
        if fault.machine and fault.machine not in known:
            hint = suggestion(fault.machine, known)
            problems.add(fault.line, f"there is no machine {fault.machine!r} in the lab {lesson.lab!r}", hint)
    return problems.in_order()


class _Linter:
    """Judges steps by the definitions and diagnoses of a pack."""

    def __init__(
        self, definitions: Mapping[str, Definition], diagnoses: Mapping[str, Diagnosis], problems: Problems
    ) -> None:
        self._definitions = definitions
        self._diagnoses = diagnoses
        self._problems = problems

    def step(self, step: Step) -> None:
        """Note what is wrong with one step."""
        for requirement in step.requires:
            use = requirement.use
            self._definition(use.id, Kind.CHECK, use.arguments, use.line)
            if requirement.fails:
                self._diagnosis(requirement.fails, use.line)
        if step.kind is StepKind.DO:
            self._do(step)
        elif step.kind is StepKind.SEE:
            self._see(step)
        else:
            self._answer(step)
        if step.kind is not StepKind.DO:
            self._no_faults(step)

    def drawings(self, body: Iterable[Block]) -> None:
        """Note drawings that would be cut where the lesson stands beside the shell."""
        for block in body:
            if isinstance(block, Drawing):
                for line, text in enumerate(block.text.splitlines(), block.line):
                    if len(text) > _WIDEST_DRAWING:
                        hint = f"a lesson beside a shell has room for {_WIDEST_DRAWING}"
                        self._problems.add(line, f"a drawing of {len(text)} columns", hint)

    def _do(self, step: Step) -> None:
        for use in step.checks:
            self._definition(use.id, Kind.CHECK, use.arguments, use.line)
        if step.faults:
            self._faults(step)
            return
        self._no_faults(step)
        self._solution(step)
        if len(step.alternatives) < _ALTERNATIVES:
            hint = "show in a ```bash {.alternative} another way that must be accepted"
            self._problems.add(step.line, f"the step {step.id!r} has no alternative", hint)
        if len(step.mistakes) < _MISTAKES:
            hint = f'give it {_MISTAKES}, each a ```bash {{.mistake diagnosis="…"}}'
            self._problems.add(step.line, f"the step {step.id!r} has {len(step.mistakes) or 'no'} mistake", hint)
        for mistake in step.mistakes:
            if mistake.diagnosis:
                self._diagnosis(mistake.diagnosis, mistake.line)
            else:
                hint = 'write {.mistake diagnosis="…"}, the id of the diagnosis that it must get'
                self._problems.add(mistake.line, "a mistake without a diagnosis", hint)

    def _faults(self, step: Step) -> None:
        """A step that begins with something broken: how it is repaired is found by the diagnoses of what is."""
        together = most_together(step)
        if step.draw is None:
            hint = "say how many are drawn in a ```yaml {.draw}, such as `faults: [2, 3]`"
            self._problems.add(step.faults[0].line, f"the step {step.id!r} has faults but no draw", hint)
        elif step.draw.most > together:
            hint = "add faults, give them other groups, or draw fewer"
            what = f"{step.draw.most} faults are to be drawn, but only {together} go together"
            self._problems.add(step.draw.line, what, hint)
        if together < _FAULTS:
            hint = f"give it at least {_FAULTS} that go together, each a ```bash {{.fault}}"
            self._problems.add(step.line, f"the step {step.id!r} has too few faults", hint)
        for fault in step.faults:
            if fault.diagnosis:
                self._diagnosis(fault.diagnosis, fault.line)
            else:
                hint = 'write {.fault id="…" diagnosis="…"}, the id of the diagnosis by which its repair is found'
                self._problems.add(fault.line, f"the fault {fault.id!r} has no diagnosis", hint)
            if fault.repair is None:
                hint = "write a ```bash {.repair} right below it"
                self._problems.add(fault.line, f"the fault {fault.id!r} has no repair", hint)
        hint = "leave it out: what leads out of a fault is its repair"
        for line in self._other_ways(step):
            self._problems.add(line, "a solution, alternative or mistake in a step with faults", hint)
        for requirement in step.requires:
            hint = "leave it out: what is so on entry is drawn"
            self._problems.add(requirement.use.line, "something is required in a step with faults", hint)

    def _other_ways(self, step: Step) -> Iterable[int]:
        """The lines of ways that a step with faults has no need of."""
        if step.hidden is not None:
            yield step.hidden.line - 1
        yield from (script.line - 1 for script in step.alternatives)
        yield from (mistake.line for mistake in step.mistakes)

    def _no_faults(self, step: Step) -> None:
        """A step in which nothing is to be repaired, or nothing to be drawn from."""
        for fault in step.faults:
            hint = "move it to a step with a checks block"
            self._problems.add(fault.line, "a fault in a step that has no state to reach", hint)
        if step.draw is not None and not step.faults:
            hint = 'write the faults, each a ```bash {.fault id="…"}, or leave the draw out'
            self._problems.add(step.draw.line, f"the step {step.id!r} has a draw but no faults", hint)

    def _see(self, step: Step) -> None:
        if step.see is not None:
            for use in (*step.see.shows, *((step.see.typed,) if step.see.typed else ())):
                self._definition(use.id, Kind.FACT, use.arguments, use.line)
            word = step.see.placeholder
            if word and not any(word in command for command in step.solution):
                hint = "write the commands with it, as the learner is to read them"
                self._problems.add(step.see.line, f"no command of the step has the placeholder {word!r}", hint)
        self._solution(step)
        for mistake in step.mistakes:
            if mistake.diagnosis or mistake.names or mistake.repair:
                hint = "such a mistake just does not show it: leave `diagnosis`, `names` and the repair out"
                self._problems.add(mistake.line, "a diagnosis in a step that only looks", hint)

    def _answer(self, step: Step) -> None:
        if step.question is not None:
            question = step.question
            self._definition(question.check, Kind.QUESTION, question.arguments, question.line)
        if step.hidden is not None:
            self._problems.add(
                step.hidden.line - 1, "a solution in a step that asks", "leave it out: `reveal` is the way"
            )
        for script in step.alternatives:
            self._problems.add(
                script.line - 1, "an alternative in a step that asks", "leave it out: `reveal` is the way"
            )
        for mistake in step.mistakes:
            self._problems.add(mistake.line, "a mistake in a step that asks", "wrong answers stand in `wrong`")

    def _solution(self, step: Step) -> None:
        if not step.solution:
            hint = "show its commands in a ```bash {.type}, or hide them in a ```bash {.solution}"
            self._problems.add(step.line, f"the step {step.id!r} has no solution", hint)

    def _definition(self, id_: str, kind: Kind, arguments: Arguments, line: int) -> None:
        definition = self._definitions.get(id_)
        if definition is None:
            known = (name for name, other in self._definitions.items() if other.kind is kind)
            self._problems.add(
                line, f"there is no {kind.value} {id_!r}", suggestion(id_, known, f"{kind.value} in this pack")
            )
        elif definition.kind is not kind:
            hint = f"here stands a {_DECORATOR[kind]}"
            self._problems.add(line, f"{id_!r} is a {definition.kind.value}, not a {kind.value}", hint)
        else:
            for error in definition.problems_of(arguments):
                self._problems.add(line, error.reason, error.hint)

    def _diagnosis(self, id_: str, line: int) -> None:
        if id_ not in self._diagnoses:
            hint = suggestion(id_, self._diagnoses, "diagnosis in this pack")
            self._problems.add(line, f"there is no diagnosis {id_!r}", hint)
