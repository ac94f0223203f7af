"""Judges a step by a state. Pure but for the probes, which it is handed a way to send.

Does not know where states come from, nor what happens to a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from tutor.check import (
    Answer,
    Definition,
    Fault,
    NetworkState,
    Outcome,
    Probe,
    Replies,
    Shown,
    Verdict,
    earliest,
    errored,
)
from tutor.errors import CheckError
from tutor.lesson import CheckUse, FactUse, Holds, Lesson, Question, See, Step
from tutor.shell import Command

T = TypeVar("T")

Ask = Callable[[Iterable[Probe]], Replies]
"""Sends probes and returns what came back."""


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """What one check of a step says."""

    use: CheckUse
    """Which check, with which arguments."""
    verdict: Verdict
    """What it says."""


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """What the checks of a step say together."""

    checks: tuple[CheckVerdict, ...]
    """In the lesson's order; checks that were not asked are left out."""
    groundwork: tuple[Fault, ...] = ()
    """What is wrong with the earlier steps of the lesson, looked at only when the step has not passed."""

    @property
    def passed(self) -> bool:
        """Whether all hold."""
        return all(check.verdict.passed for check in self.checks)

    @property
    def error(self) -> str:
        """What went wrong with a check of ours; empty if none did."""
        return next((check.verdict.error for check in self.checks if check.verdict.outcome is Outcome.ERRORED), "")

    @property
    def fault(self) -> Fault | None:
        """The one fault to name: the earliest cause, among equals that of the earlier step.

        None when the step passed, or a check of ours erred.
        """
        own = (fault for check in self.checks for fault in check.verdict.faults)
        return None if self.passed else earliest((*self.groundwork, *own))


@dataclass(frozen=True, slots=True)
class SeeVerdict:
    """Whether a command has shown what a *see* step asks for."""

    passed: bool
    """Whether it has."""
    missing: tuple[str, ...] = ()
    """What it has not shown, in the learner's words."""
    error: str = ""
    """What went wrong with a fact of ours."""


class Judge:
    """Judges by the definitions of a pack."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        self._definitions = definitions

    def definition(self, id_: str) -> Definition:
        """The definition of this id."""
        return self._definitions[id_]

    def step(
        self, step: Step, state: NetworkState, ask: Ask, *, holds: Holds | None = None, lesson: Lesson | None = None
    ) -> StepVerdict:
        """Judge a *do* step.

        Args:
            step: the step.
            state: the state to judge.
            ask: sends probes; called at most once, and only if every check of the state alone holds.
            holds: judge only the checks that hold this long; None for all.
            lesson: the lesson that the step is in: where the step fails, what its earlier steps have built is looked at
                too, as a fault there may explain this one. They do not decide whether it passes.
        """
        uses = [use for use in step.checks if holds is None or use.holds is holds]
        verdict = self.checks(uses, state, ask)
        if lesson is None or verdict.passed or verdict.error:
            return verdict
        return replace(verdict, groundwork=self._groundwork(lesson, step, state))

    def _groundwork(self, lesson: Lesson, step: Step, state: NetworkState) -> tuple[Fault, ...]:
        """What is wrong with what the steps before `step` have built, by the checks that need no probe."""
        earlier = lesson.steps[: lesson.steps.index(step)]
        lasting = [use for each in earlier for use in each.checks if use.holds is Holds.END]
        verdicts = (self._run(use, state, {}) for use in lasting if not self._definitions[use.id].wants_replies)
        return tuple(fault for verdict in verdicts for fault in verdict.faults)

    def checks(self, uses: Iterable[CheckUse], state: NetworkState, ask: Ask) -> StepVerdict:
        """Judge by some checks, as `step` does."""
        uses = list(uses)
        verdicts: dict[int, Verdict] = {}
        wanted: dict[int, tuple[Probe, ...]] = {}
        for index, use in enumerate(uses):
            probes = self._probes(use)
            if isinstance(probes, Verdict):
                verdicts[index] = probes
            elif probes:
                wanted[index] = probes
                # What the state alone says comes first: where that is a fault, there is nothing to be sent.
                without = self._run(use, state, {})
                if without.outcome is Outcome.FAILED:
                    verdicts[index] = without
            else:
                verdicts[index] = self._run(use, state, {})
        if wanted and all(verdict.passed for verdict in verdicts.values()):
            replies = ask(dict.fromkeys(probe for probes in wanted.values() for probe in probes))
            verdicts |= {index: self._run(uses[index], state, replies) for index in wanted}
        return StepVerdict(tuple(CheckVerdict(uses[index], verdicts[index]) for index in sorted(verdicts)))

    def see(self, see: See, command: Command, state: NetworkState) -> SeeVerdict:
        """Judge a command, with its output, for a *see* step."""
        missing = []
        for use in see.shows:
            shown = self._shown(use, state)
            if isinstance(shown, str):
                return SeeVerdict(False, error=shown)
            if not shown.is_in(command.output):
                missing.append(shown.what)
        if see.typed is not None:
            shown = self._shown(see.typed, state)
            if isinstance(shown, str):
                return SeeVerdict(False, error=shown)
            if not shown.is_in(command.text):
                missing.append(shown.what)
        if see.fails and not missing and command.status == 0:
            missing.append("the command was meant to fail, and it did not")
        return SeeVerdict(not missing, tuple(missing))

    def to_type(self, see: See | None, commands: Iterable[str], state: NetworkState) -> tuple[str, ...]:
        """A step's commands with what its placeholder stands for now; unchanged where that is nothing."""
        if see is None or see.typed is None or not see.placeholder:
            return tuple(commands)
        shown = self._shown(see.typed, state)
        if isinstance(shown, str) or not shown.forms:
            return tuple(commands)
        return tuple(command.replace(see.placeholder, " ".join(shown.forms[0])) for command in commands)

    def answer(self, question: Question, state: NetworkState) -> Answer:
        """The right answer to a question, in this state; `accepted` is empty if there is none now.

        Raises:
            CheckError: the question itself broke.
        """
        definition = self._definitions[question.check]
        try:
            answer = definition.function(state, **definition.bind(question.arguments))
            return _require(answer, Answer)
        except Exception as error:
            raise CheckError(_ours(question.check, error), hint="`tutor verify` shows more") from error

    def _shown(self, use: FactUse, state: NetworkState) -> Shown | str:
        """The fact, or what went wrong."""
        definition = self._definitions[use.id]
        try:
            return _require(definition.function(state, **definition.bind(use.arguments)), Shown)
        except Exception as error:
            return _ours(use.id, error)

    def _probes(self, use: CheckUse) -> tuple[Probe, ...] | Verdict:
        """What a check wants to have sent; or what went wrong."""
        definition = self._definitions[use.id]
        try:
            return definition.probes(**definition.bind(use.arguments)) if definition.probes is not None else ()
        except Exception as error:
            return errored(_ours(use.id, error))

    def _run(self, use: CheckUse, state: NetworkState, replies: Replies) -> Verdict:
        definition = self._definitions[use.id]
        try:
            arguments = definition.bind(use.arguments)
            verdict = (
                definition.function(state, replies, **arguments)
                if definition.wants_replies
                else definition.function(state, **arguments)
            )
            return _require(verdict, Verdict)
        except Exception as error:
            return errored(_ours(use.id, error))


def _require(said: object, kind: type[T]) -> T:
    """What a definition returned, if it is what it should return."""
    if not isinstance(said, kind):
        raise TypeError(f"it returned {said!r}, not a {kind.__name__}")
    return said


def _ours(id_: str, error: Exception) -> str:
    return f"{id_} broke ({type(error).__name__}: {error}). This is an error of the course, not yours."
