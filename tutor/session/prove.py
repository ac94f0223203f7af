"""What there is to prove about lessons, and how: in labs, by the commands of the lessons themselves.

Does not know which of it is wanted, nor in which order or how much of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from tutor.errors import CheckError
from tutor.lesson import CheckUse, Holds, Lesson, Mistake, Question, Script, See, Step, StepFault, StepKind
from tutor.lesson.draw import draw
from tutor.session.grade import settled
from tutor.session.judge import Judge, StepVerdict
from tutor.session.live import Live
from tutor.session.mend import mend, unsaid
from tutor.session.requires import problem_with
from tutor.session.workshop import Ran, Workshop, run_script
from tutor.shell import Command
from tutor.shell.plain import plain_text

_PASS_SECONDS = 5.0
_DIAGNOSE_SECONDS = 2.0

Said = Mapping[int, str]
"""What is wrong with each of some cases, by its line in the lesson; empty text where it is as it must be."""
Missing = Callable[[Iterable[str]], tuple[str, ...]]
"""Which of some programs this machine lacks."""


class Prover:
    """Proves one thing about a lesson at a time."""

    def __init__(self, workshop: Workshop, judge: Judge, missing: Missing) -> None:
        self._workshop, self._judge, self._missing = workshop, judge, missing

    @contextmanager
    def _at(self, lesson: Lesson, step: Step | None = None) -> Iterator[Live]:
        """A lab of its own at the start of `lesson`, or of `step` in it."""
        with self._workshop.at(lesson, step) as lab, closing(Live(lab)) as live:
            yield live

    def walk(self, lesson: Lesson) -> Said:
        """Walk through a lesson by its solutions, from its start to its end, in one lab.

        Proves of each step, at its line, that it is not passed before and is after; of each check, at its line, that it
        holds as long as the lesson says; and of the other ways and the mistakes of *see* steps what they show.
        """
        said: dict[int, str] = {}
        done: list[tuple[Step, CheckUse]] = []
        with self._at(lesson) as live:
            for step in lesson.steps:
                problems = [problem_with(self._judge, live, each) for each in step.requires]
                if step.see is not None:
                    said |= self._seen(live, step, step.see)
                elif step.question is not None:
                    said[step.line] = self._answered(live, step.question)
                else:
                    said |= self._done(live, lesson, step, done)
                if any(problems):
                    said[step.line] = f"on entry: {next(filter(None, problems))}"
            last = next((step for step in reversed(lesson.steps) if step.kind is StepKind.DO), None)
            for step, use in done:
                said[use.line] = said[use.line] or self._lasts(live, step, use, last)
            return said

    def way(self, lesson: Lesson, step: Step, way: Script) -> str:
        """A way that must be accepted."""
        with self._at(lesson, step) as live:
            ran = run_script(live.lab, way.text)
            verdict = settled(self._judge, live, step, lesson, seconds=_PASS_SECONDS)
            return "" if verdict.passed else f"it is not accepted: {_said(verdict)}{_printed(ran)}"

    def mistake(self, lesson: Lesson, step: Step, mistake: Mistake) -> str:
        """A way that must be rejected with its diagnosis; and repairing what that names must make progress."""
        with self._at(lesson, step) as live:
            ran = run_script(live.lab, mistake.script.text)
            verdict = self._diagnosed(live, lesson, step, mistake.diagnosis)
            problem = _misjudged(verdict, mistake)
            if problem:
                return problem + _printed(ran)
            run_script(live.lab, _repair(step, mistake))
            after = settled(self._judge, live, step, lesson, seconds=_DIAGNOSE_SECONDS)
            if after.passed or (after.fault is not None and _key(after) != _key(verdict)):
                return ""
            return f"repairing what {mistake.diagnosis} names makes no progress: {_said(after)}; give it a .repair"

    def fault(self, lesson: Lesson, step: Step, fault: StepFault) -> str:
        """A fault by itself: the step fails with its diagnosis, and passes when it is repaired."""
        with self._at(lesson, step) as live:
            ran = run_script(live.lab, fault.script.text, machine=fault.machine)
            if ran.status != 0:
                return f"it does not come about{_printed(ran)}"
            verdict = self._diagnosed(live, lesson, step, fault.diagnosis)
            problem = _misjudged(verdict, fault)
            if problem:
                return problem + _printed(ran)
            repaired = run_script(live.lab, fault.repair.text if fault.repair is not None else "")
            after = settled(self._judge, live, step, lesson, seconds=_PASS_SECONDS)
            return "" if after.passed else f"its repair does not mend it: {_said(after)}{_printed(repaired)}"

    def seed(self, lesson: Lesson, step: Step, seed: int) -> str:
        """What a seed draws: the step fails, and passes after the repairs that its diagnoses lead to."""
        with self._at(lesson, step) as live:
            typed: list[str] = []

            def look(enough: Callable[[StepVerdict], bool]) -> StepVerdict:
                return settled(self._judge, live, step, lesson, seconds=_PASS_SECONDS, enough=enough)

            def type_(fault: StepFault) -> None:
                run_script(live.lab, fault.repair.text if fault.repair is not None else "")
                typed.append(fault.id)

            drawn = draw(step, seed)
            which = f"seed {seed} ({', '.join(fault.id for fault in drawn)})"
            for fault in drawn:
                ran = run_script(live.lab, fault.script.text, machine=fault.machine)
                if ran.status != 0:
                    return f"{which}: {fault.id} does not come about{_printed(ran)}"
            if self._judge.step(step, live.state(rescan=True), live.ask).passed:
                return f"{which}: the step passes all the same"
            after = mend(step, look, type_)
            repaired = f" after the repair of {', '.join(typed)}" if typed else ""
            return "" if after.passed else f"{which}: no repair fits{repaired}: {_said(after)}"

    def _done(self, live: Live, lesson: Lesson, step: Step, done: list[tuple[Step, CheckUse]]) -> Said:
        """A *do* step in the walk; its checks are added to `done`, those that it undoes taken away."""
        said: dict[int, str] = {step.line: ""}
        if not step.faults and self._judge.step(step, live.state(rescan=True), live.ask).passed:
            said[step.line] = "the step passes before anything has been done"
        ran = run_script(live.lab, "\n".join(step.solution))
        verdict = settled(self._judge, live, step, lesson, seconds=_PASS_SECONDS)
        if not verdict.passed:
            what = "it does not pass before anything is broken" if step.faults else "it is not accepted"
            said[step.line] = said[step.line] or f"{what}: {_said(verdict)}{_printed(ran)}"
        for each, use in list(done):
            if use.holds is Holds.STEP and not self._holds(live, each, use).passed:
                done.remove((each, use))
        for use in step.checks:
            passed = verdict.passed or self._holds(live, step, use).passed
            said[use.line] = "" if passed else f"{use.id} does not hold after its own step"
            done.append((step, use))
        return said

    def _lasts(self, live: Live, step: Step, use: CheckUse, last: Step | None) -> str:
        """What is wrong with how long a check holds that nothing has undone until the end of the walk."""
        if use.holds is Holds.STEP:
            return "" if step is last else f"{use.id} holds only at its step, but no later step undoes it"
        verdict = self._holds(live, step, use)
        return "" if verdict.passed else f"{use.id} does not hold until the end of the lesson: {_said(verdict)}"

    def _holds(self, live: Live, step: Step, use: CheckUse) -> StepVerdict:
        """The verdict of one check of a step alone."""
        return self._judge.step(replace(step, checks=(use,)), live.state(rescan=True), live.ask)

    def _seen(self, live: Live, step: Step, see: See) -> Said:
        """A *see* step in the walk: its mistakes must not show what it asks for, its commands and alternatives must."""
        said: dict[int, str] = {}
        for way in step.alternatives:
            if not self._missing(way.needs):
                missing = self._look(live, see, way.commands)
                said[way.line] = f"it does not show: {'; '.join(missing)}" if missing else ""
        for mistake in step.mistakes:
            if not self._missing(mistake.script.needs):
                shown = not self._look(live, see, mistake.script.commands)
                said[mistake.script.line] = (
                    f"`{mistake.script.text}` shows it all, so it is no mistake" if shown else ""
                )
        missing = self._look(live, see, self._judge.to_type(see, step.solution, live.state(rescan=True)))
        said[step.line] = f"its command does not show: {'; '.join(missing)}" if missing else ""
        return said

    def _look(self, live: Live, see: See, commands: Sequence[str]) -> tuple[str, ...]:
        """What none of the commands shows."""
        missing: tuple[str, ...] = ("there is no command",)
        for text in commands:
            ran = run_script(live.lab, text)
            # As a shell's marks would hand it over: what is coloured reads as what is not.
            printed = plain_text(ran.output.encode())
            command = Command(text, printed, ran.status if ran.status is not None else -1)
            verdict = self._judge.see(see, command, live.state(rescan=True))
            missing = (verdict.error,) if verdict.error else verdict.missing
            if not missing:
                return ()
        return missing

    def _answered(self, live: Live, question: Question) -> str:
        """An *answer* step in the walk: what `reveal` shows and one choice must be accepted, all else rejected."""
        try:
            right = self._judge.answer(question, live.state(rescan=True))
        except CheckError as error:
            return error.message
        ran = run_script(live.lab, question.reveal)
        taken = question.find_answer(ran.output)
        if taken is None:
            return f"the answer is not in what `{question.reveal}` prints{_printed(ran)}"
        if not right.accepts(taken):
            return f"`{question.reveal}` says {taken!r}, the kernel {right.accepted!r}"
        chosen = [choice for choice in question.choices if right.accepts(choice)]
        if question.choices and len(chosen) != 1:
            which = f"the choices {' and '.join(map(repr, chosen))} are" if chosen else "none of the choices is"
            return f"{which} right, where one must be: the kernel says {right.accepted!r}"
        accepted = [wrong for wrong in question.wrong if right.accepts(wrong)]
        return f"the wrong answer {accepted[0]!r} is accepted" if accepted else ""

    def _diagnosed(self, live: Live, lesson: Lesson, step: Step, diagnosis: str) -> StepVerdict:
        """The verdict once it names `diagnosis`, or the last one."""
        last: list[StepVerdict] = []

        def look(state: object) -> bool | None:
            del state
            last[:] = [self._judge.step(step, live.state(), live.ask, lesson=lesson)]
            fault = last[0].fault
            return True if fault is not None and fault.diagnosis.id == diagnosis else None

        live.until(look, _DIAGNOSE_SECONDS)
        return last[0]


def _misjudged(verdict: StepVerdict, meant: Mistake | StepFault) -> str:
    """What is wrong with the verdict on what was done wrong on purpose; empty if it is the right one."""
    if verdict.error:
        return verdict.error
    fault = verdict.fault
    if fault is None:
        return "the mistake is accepted" if isinstance(meant, Mistake) else "the step passes all the same"
    if fault.diagnosis.id != meant.diagnosis:
        return f"it gets {fault.diagnosis.id}, not {meant.diagnosis}: {fault.message}"
    missing = unsaid(meant.names, fault.message)
    return f"the message does not name {', '.join(missing)}: {fault.message}" if missing else ""


def _repair(step: Step, mistake: Mistake) -> str:
    """What to do about a mistake: its own repair, or what the solution has that the mistake has not done."""
    if mistake.repair is not None:
        return mistake.repair.text
    return "\n".join(command for command in step.solution if command not in mistake.script.commands)


def _key(verdict: StepVerdict) -> tuple[str, str]:
    fault = verdict.fault
    return (fault.diagnosis.id, fault.message) if fault is not None else ("", "")


def _said(verdict: StepVerdict) -> str:
    fault = verdict.fault
    return verdict.error or (f"{fault.diagnosis.id}: {fault.message}" if fault is not None else "it passes")


def _printed(ran: Ran) -> str:
    text = " ".join(ran.output.split())
    return f" (it printed: {text[:200]})" if text else ""
