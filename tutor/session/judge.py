"""Judges a step by a state. Pure but for the probes, which it is handed a way to send.

Does not know where states come from, nor what happens to a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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
from tutor.lesson import CheckUse, FactUse, Holds, Question, See, Step
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
        """The one fault to name: the earliest cause; None when the step passed, or a check of ours erred."""
        return earliest(fault for check in self.checks for fault in check.verdict.faults)


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

    def step(self, step: Step, state: NetworkState, ask: Ask, *, holds: Holds | None = None) -> StepVerdict:
        """Judge a *do* step.

        Args:
            step: the step.
            state: the state to judge.
            ask: sends probes; called at most once, and only if every check of the state alone holds.
            holds: judge only the checks that hold this long; None for all.
        """
        uses = [use for use in step.checks if holds is None or use.holds is holds]
        return self.checks(uses, state, ask)

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
