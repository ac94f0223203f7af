"""The nouns of a lesson, as frozen values. Does not know the text that they come from, save for its line numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tutor.lesson.script import split
from tutor.lesson.ways import Draw, Mistake, Script, StepFault


class StepKind(StrEnum):
    """What a step asks for."""

    DO = "do"
    """A state to reach: it has checks."""
    SEE = "see"
    """A command to run and read: it has a `see` block."""
    ANSWER = "answer"
    """A question whose right answer is computed from the live kernel."""


class Holds(StrEnum):
    """How long a check stays true once its step is done."""

    STEP = "step"
    """Only at its step: a later one undoes it."""
    END = "end"
    """Until the end of the lesson."""


class NoteKind(StrEnum):
    """What a note is about."""

    NOTE = "note"
    """An aside."""
    TODAY = "today"
    """What changed since the paper."""
    WARNING = "warning"
    """What would go wrong."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown to be shown as it is."""

    markdown: str
    """Its source."""
    line: int = 0
    """Line of its first line in the file."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands that the learner is to type."""

    text: str
    """The source, as shown."""
    line: int = 0
    """Line of its first line in the file."""

    @property
    def commands(self) -> tuple[str, ...]:
        """The logical lines that one types, in order."""
        return split(self.text).commands


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing made of characters."""

    text: str
    """Its lines."""
    figure: int = 0
    """Number of the paper's figure that it stands for, 0 for none."""
    line: int = 0
    """Line of its first line in the file."""


@dataclass(frozen=True, slots=True)
class Note:
    """An aside beside the prose."""

    kind: NoteKind
    """What it is about."""
    markdown: str
    """Its text."""
    line: int = 0
    """Line of its first line of text in the file."""


Block = Prose | Commands | Drawing | Note
"""What a learner is shown."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One rung of a ladder of hints."""

    markdown: str
    """Its text."""
    needs: tuple[str, ...] = ()
    """Programs that it speaks of; where one is missing the hint is left out."""
    line: int = 0
    """Line of its first line of text in the file."""


@dataclass(frozen=True, slots=True)
class CheckUse:
    """A check that a lesson asks for."""

    id: str
    """Id of the check's definition."""
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What it is given, as the lesson has it."""
    holds: Holds = Holds.END
    """How long it stays true."""
    line: int = 0
    """Line in the file."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be so when a step is entered."""

    use: CheckUse
    """The check that is asked."""
    fails: str = ""
    """Id of the diagnosis that it must fail with; empty where it must pass."""


@dataclass(frozen=True, slots=True)
class FactUse:
    """A fact that a lesson asks for."""

    id: str
    """Id of the fact's definition."""
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What it is given, as the lesson has it."""
    line: int = 0
    """Line in the file."""


@dataclass(frozen=True, slots=True)
class See:
    """What a learner must have seen."""

    shows: tuple[FactUse, ...]
    """Facts that the output of one command must hold, all of them."""
    typed: FactUse | None = None
    """A fact that must occur in the command as it was typed."""
    fails: bool = False
    """Whether the command must end with a status other than 0; where false the status does not matter."""
    placeholder: str = ""
    """Stands in the step's commands for the text that `typed` gives, which is known only live; empty for none."""
    line: int = 0
    """Line in the file."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the learner."""

    ask: str
    """The question."""
    check: str
    """Id of the definition that computes the answer."""
    reveal: str
    """The command whose output holds the answer."""
    take: str
    """Regular expression whose one group is the answer within that output (`^` and `$` match at each line)."""
    wrong: tuple[str, ...]
    """Answers that must be rejected; may be empty where there are `choices`."""
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What the definition is given, as the lesson has it."""
    choices: tuple[str, ...] = ()
    """What the learner picks from, in the order shown, exactly one of them right; empty where the answer is typed."""
    line: int = 0
    """Line in the file."""

    def find_answer(self, output: str) -> str | None:
        """The answer as `output` of the reveal command gives it, or None where it does not."""
        found = re.search(self.take, output, re.MULTILINE)
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson."""

    id: str
    """Its name, unique in its lesson."""
    title: str
    """Its heading."""
    kind: StepKind
    """What it asks for."""
    body: tuple[Block, ...] = ()
    """What the learner is shown, in order; hints are apart."""
    hints: tuple[Hint, ...] = ()
    """From a nudge to the full answer."""
    checks: tuple[CheckUse, ...] = ()
    """What a *do* step is passed by."""
    see: See | None = None
    """What a *see* step is passed by."""
    question: Question | None = None
    """What an *answer* step is passed by."""
    requires: tuple[Requirement, ...] = ()
    """What must be so on entry."""
    hidden: Script | None = None
    """A solution that stands in for the visible commands."""
    alternatives: tuple[Script, ...] = ()
    """Other ways that must be accepted."""
    mistakes: tuple[Mistake, ...] = ()
    """Ways that must be rejected."""
    faults: tuple[StepFault, ...] = ()
    """What may be broken when the step begins; the learner is not told."""
    draw: Draw | None = None
    """How many of the faults are drawn; None where there are none."""
    line: int = 0
    """Line of its heading."""

    @property
    def visible(self) -> tuple[Commands, ...]:
        """The commands that the learner is shown, in order."""
        return tuple(block for block in self.body if isinstance(block, Commands))

    @property
    def solution(self) -> tuple[str, ...]:
        """The logical lines to type, in order: those of the hidden solution, else of the visible commands.

        None where there are faults: what repairs those that were drawn is to be found.
        """
        if self.faults:
            return ()
        return self.hidden.commands if self.hidden is not None else self.shown

    @property
    def shown(self) -> tuple[str, ...]:
        """The logical lines that the learner is shown, in order."""
        return tuple(command for block in self.visible for command in block.commands)


@dataclass(frozen=True, slots=True)
class Continues:
    """A lesson starts in the state that another one ends in."""

    lesson: str
    """Id of the other one."""
    line: int = 0
    """Line in the file."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A lesson starts from a prepared state of its lab."""

    name: str
    """Name of the variant, as the lab's file has it."""
    line: int = 0
    """Line in the file."""


Starts = Continues | Variant
"""Where a lesson starts."""


@dataclass(frozen=True, slots=True)
class Front:
    """The head of a lesson file."""

    id: str
    """The lesson's name, unique in its course."""
    title: str
    """Its heading."""
    lab: str
    """Name of the lab that it is played in."""
    starts: Starts | None = None
    """Where it starts; None where the order of the course decides."""
    figures: tuple[int, ...] = ()
    """The paper's figures that it covers."""
    tools: tuple[str, ...] = ()
    """Programs that it uses."""
    lines: Mapping[str, int] = field(default_factory=dict, hash=False, compare=False)
    """Line of each key in the file."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson."""

    front: Front
    """Its head."""
    intro: tuple[Block, ...] = ()
    """What is shown before the first step."""
    steps: tuple[Step, ...] = ()
    """In order."""
    path: Path | None = None
    """The file that it came from."""

    @property
    def id(self) -> str:
        """Its name, unique in its course."""
        return self.front.id

    @property
    def title(self) -> str:
        """Its heading."""
        return self.front.title

    @property
    def lab(self) -> str:
        """Name of the lab that it is played in."""
        return self.front.lab

    @property
    def starts(self) -> Starts | None:
        """Where it starts; None where the order of the course decides."""
        return self.front.starts

    @property
    def figures(self) -> tuple[int, ...]:
        """The paper's figures that it covers."""
        return self.front.figures

    @property
    def tools(self) -> tuple[str, ...]:
        """Programs that it uses."""
        return self.front.tools

    def find_step(self, id_: str) -> Step | None:
        """The step of that name, or None."""
        return next((step for step in self.steps if step.id == id_), None)
