"""One learner on the way through lessons: which step is active, what it still lacks, what has been done.

A view is a value; whoever shows it asks for a new one after each change. Does not know how it is shown, nor where
labs come from.
"""

from __future__ import annotations

import re
from dataclasses import replace

from tutor.check import ROOT, Definition, NetworkState
from tutor.errors import CheckError, StoreError
from tutor.lesson import Holds, Lesson, Step, StepKind
from tutor.session.judge import Judge, SeeVerdict, StepVerdict
from tutor.session.live import Live
from tutor.session.mend import Mender
from tutor.session.view import CheckLine, StepView
from tutor.shell import Command
from tutor.store.course import Course
from tutor.store.progress import Progress, ProgressStore

_MOST_LISTED = 4
_PLACE = re.compile(r"([a-z][a-z0-9-]*):([\w.-]+)")
"""A namespace of another machine, as a lesson names it."""


class Play:
    """The way through a course, in one lab at a time."""

    def __init__(self, course: Course, judge: Judge, progress: ProgressStore) -> None:
        self._course, self._judge, self._store = course, judge, progress
        found = progress.read()
        self.messages: list[str] = [found.message] if found.message else []
        """What the learner should know (a damaged file of progress was set aside, say). Whoever shows them empties
        the list."""
        self._progress = found.value
        self.network: NetworkState | None = None
        """The network as it was judged last; None while there is no lab."""
        self._live: Live | None = None
        self._view: StepView | None = None
        self._mender: Mender | None = None

    @property
    def view(self) -> StepView:
        """The active step."""
        if self._view is None:
            raise ValueError("no step is active yet")
        return self._view

    @property
    def progress(self) -> Progress:
        """What has been done."""
        return self._progress

    def enter(self, lesson: Lesson, step: Step) -> StepView:
        """Make a step the active one."""
        done = self._progress.is_done(lesson.id, step.id)
        self._view = StepView(lesson, step, done=done, passed=done and step.kind is not StepKind.DO)
        try:
            self._progress = self._store.leave_at(lesson.id, step.id).value
        except StoreError as error:
            self.messages.append(f"{error.message}; your progress is not being kept. {error.hint}")
        return self.look()

    def live_in(self, live: Live | None) -> None:
        """Judge by this lab from now on; None while there is none."""
        self._live = live
        self.network = None

    @property
    def is_live(self) -> bool:
        """Whether there is a lab to judge by."""
        return self._live is not None

    def look(self) -> StepView:
        """Judge the active step by the network as it is now."""
        view, live = self.view, self._live
        if live is None:
            return view
        state = self.network = live.state()
        if view.step.kind is not StepKind.DO:
            return view
        verdict = self._judge.step(view.step, state, live.ask, lesson=view.lesson)
        return self._seen(
            replace(
                view,
                passed=verdict.passed and not verdict.error,
                checks=self._lines(view.step, verdict),
                fault=verdict.fault if not verdict.error else None,
                error=verdict.error,
            )
        )

    def ran(self, command: Command) -> StepView:
        """A command has ended in the learner's shell: judge a *see* step by it, any other by the network."""
        view, live = self.view, self._live
        if live is None:
            return view
        state = self.network = live.state(rescan=True)
        if view.step.see is None or view.passed:
            return self.look()
        verdict: SeeVerdict = self._judge.see(view.step.see, command, state)
        # A command that shows nothing at all of it is none of the step's business.
        near = verdict.passed or len(verdict.missing) < len(view.step.see.shows)
        missing = verdict.missing if near else view.missing
        return self._seen(replace(view, passed=verdict.passed, missing=missing, error=verdict.error))

    def say_seen(self) -> StepView:
        """The learner says to have seen it: in a shell without prompt marks nobody else can know."""
        view = self.view
        return self._seen(replace(view, passed=True, missing=())) if view.step.kind is StepKind.SEE else view

    def answer(self, given: str) -> StepView:
        """The learner answers the question."""
        view, live = self.view, self._live
        if view.step.question is None or live is None or not given.strip():
            return view
        try:
            right = self._judge.answer(view.step.question, live.state(rescan=True))
        except CheckError as error:
            self._view = replace(view, answer=given.strip(), error=error.message)
            return self._view
        passed = right.accepts(given)
        return self._seen(replace(view, passed=passed, answer=given.strip(), why=right.why if passed else "", error=""))

    def hint(self) -> StepView:
        """Show one more hint."""
        view = self.view
        self._view = replace(view, hints=view.step.hints[: len(view.hints) + 1])
        return self._view

    def following(self) -> tuple[Lesson, Step] | None:
        """The step after the active one, perhaps in the next lesson; None at the end of the course."""
        view = self.view
        if not view.is_last:
            return view.lesson, view.lesson.steps[view.number]
        ids = list(self._course.ids)
        at = ids.index(view.lesson.id) + 1
        if at == len(ids):
            return None
        lesson = self._course.lesson(ids[at])
        return lesson, lesson.steps[0]

    def preceding(self) -> tuple[Lesson, Step] | None:
        """The step before the active one, perhaps in the lesson before; None at the beginning of the course."""
        view = self.view
        if view.number > 1:
            return view.lesson, view.lesson.steps[view.number - 2]
        ids = list(self._course.ids)
        at = ids.index(view.lesson.id)
        if at == 0:
            return None
        lesson = self._course.lesson(ids[at - 1])
        return lesson, lesson.steps[-1]

    def built(self) -> tuple[str, ...]:
        """What the steps of the active lesson leave behind, in words and in the order in which it was made."""
        uses = [use for step in self.view.lesson.steps for use in step.checks if use.holds is Holds.END]
        return tuple(dict.fromkeys(in_words(self._judge.definition(use.id), use.arguments) for use in uses))

    def commands(self) -> tuple[str, ...]:
        """What to type to get the active step done; where it begins with faults, what is shown to look with."""
        step = self.view.step
        if step.question is not None:
            return (step.question.reveal,)
        return self.to_type(step.shown if step.faults else step.solution)

    def repair(self, *, anew: bool) -> tuple[str, ...]:
        """What to type against the one fault that is named now, in a step that began with faults.

        Args:
            anew: try also what has been tried before.

        Returns:
            Nothing where no repair fits what is said now.
        """
        live, mender = self._live, self._mender
        if live is None:
            return ()
        if anew or mender is None:
            mender = self._mender = Mender(self.view.step)
        live.state(rescan=True)
        said = self.look().fault
        fault = mender.find_repair(said)
        if said is None or fault is None or fault.repair is None:
            return ()
        mender.try_repair(fault, said)
        return fault.repair.commands

    def to_type(self, commands: tuple[str, ...]) -> tuple[str, ...]:
        """Commands of the active step with what a placeholder in them stands for now."""
        see = self.view.step.see
        if self._live is None or see is None or not see.placeholder:
            return commands
        return self._judge.to_type(see, commands, self._live.state(rescan=True))

    def _seen(self, view: StepView) -> StepView:
        """Take a view over; note the step as done when it passes for the first time."""
        if view.passed and not view.done:
            view = replace(view, done=True, fresh=True)
            try:
                self._progress = self._store.mark_done(view.lesson.id, view.step.id).value
            except StoreError as error:
                self.messages.append(f"{error.message}; this step is done, but that is not being kept. {error.hint}")
        self._view = view
        return view

    def _lines(self, step: Step, verdict: StepVerdict) -> tuple[CheckLine, ...]:
        """Every check of a step in words; those of one that came out of the same state."""
        said = {id(check.use): check.verdict for check in verdict.checks}
        lines = []
        for use in step.checks:
            found = said.get(id(use))
            passed = None if found is None or found.error else found.passed
            lines.append(CheckLine(in_words(self._judge.definition(use.id), use.arguments), passed))
        return tuple(lines)


def in_words(definition: Definition, arguments: object) -> str:
    """What a check says is so, from its docstring's first line, with the lesson's values for its parameters."""
    text = definition.summary.rstrip(".")
    given = dict(arguments) if isinstance(arguments, dict) else {}
    for name, parameter in definition.parameters.items():
        value = given.get(name, parameter.default)
        words = [_word(each) for each in value] if isinstance(value, list | tuple) else [_word(value)]
        if all(words):
            text = text.replace(f"`{name}`", _listed(words))
    return text[:1].upper() + text[1:] if text[:1].islower() and not _is_value(text, given) else text


def _listed(words: list[str]) -> str:
    """Words as a sentence lists them; of many only the first."""
    if len(words) > _MOST_LISTED:
        return f"{words[0]} and {len(words) - 1} more"
    return " and ".join([*([", ".join(words[:-1])] if words[:-1] else []), *words[-1:]])


def _word(value: object) -> str:
    """A lesson's value as a sentence says it; empty where it says nothing."""
    if value == ROOT:
        return "the root namespace"
    place = _PLACE.fullmatch(value) if isinstance(value, str) else None
    if place is not None:
        return f"{place[1]}'s root namespace" if place[2] == ROOT else f"{place[2]} on {place[1]}"
    return str(value) if isinstance(value, str | int) else ""


def _is_value(text: str, given: dict[str, object]) -> bool:
    """Whether the text begins with a value of the lesson's, whose case must stay."""
    return any(text.startswith(str(value)) for value in given.values())


def first_open_step(lesson: Lesson, progress: Progress) -> Step:
    """The first step of a lesson that is not done yet; its first one when all are."""
    return next((step for step in lesson.steps if not progress.is_done(lesson.id, step.id)), lesson.steps[0])
