"""The pieces between two headings -> a step. Does not know what comes before or after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tutor.lesson.model import (
    Block,
    CheckUse,
    Commands,
    Drawing,
    Hint,
    Note,
    NoteKind,
    Prose,
    Question,
    Requirement,
    See,
    Step,
    StepKind,
)
from tutor.lesson.node import NAME
from tutor.lesson.outline import Alert, Content, Fence, Heading, Plain
from tutor.lesson.problems import Problems, suggestion
from tutor.lesson.script import split
from tutor.lesson.uses import read_checks, read_draw, read_question, read_requires, read_see
from tutor.lesson.ways import Draw, Mistake, Script, StepFault

_QUESTION = "question"
_FIGURE = "figure"
_CLASSES: Mapping[str, tuple[str, frozenset[str]]] = {
    "type": ("bash", frozenset()),
    "solution": ("bash", frozenset()),
    "alternative": ("bash", frozenset({"needs"})),
    "mistake": ("bash", frozenset({"diagnosis", "names", "needs"})),
    "fault": ("bash", frozenset({"id", "diagnosis", "names", "group", "machine"})),
    "repair": ("bash", frozenset()),
    "checks": ("yaml", frozenset()),
    "requires": ("yaml", frozenset()),
    "see": ("yaml", frozenset()),
    "draw": ("yaml", frozenset()),
    _FIGURE: ("text", frozenset({"n"})),
}
_HINT = "hint"
_ALERTS = (_HINT, *(kind.value for kind in NoteKind))
_BLOCK_OF = {StepKind.DO: "a checks block", StepKind.SEE: "a see block", StepKind.ANSWER: "a question"}


def read_intro(pieces: Sequence[Content], problems: Problems) -> tuple[Block, ...]:
    """What is shown before the first step: prose, drawings and notes."""
    draft = _Draft(problems)
    hint = "move it below a `## Title {#id}`"
    for piece in pieces:
        if isinstance(piece, Fence) and piece.classes != (_FIGURE,):
            if _class_of(piece, problems):
                problems.add(piece.line, "a block that belongs to a step, before the first step", hint)
        elif isinstance(piece, Alert) and piece.kind == _HINT:
            problems.add(piece.line - 1, "a hint before the first step", hint)
        else:
            draft.take(piece)
    return tuple(draft.body)


def read_step(heading: Heading, pieces: Sequence[Content], problems: Problems) -> Step | None:
    """The step below `heading`; None where nothing says which kind it is, which is noted."""
    draft = _Draft(problems)
    for piece in pieces:
        draft.take(piece)
    return draft.step(heading)


def _class_of(fence: Fence, problems: Problems) -> str:
    """The one class of a fence that carries something; empty where it is not as it should be, which is noted."""
    if fence.language == _QUESTION:
        if fence.classes or fence.attributes:
            problems.add(fence.line, "a question takes no braces", "write ```question and nothing behind it")
        return _QUESTION
    if len(fence.classes) != 1:
        many = "two classes on one fence" if fence.classes else "a fence with braces but without a class"
        problems.add(fence.line, many, f"one of: {', '.join(f'.{name}' for name in _CLASSES)}")
        return ""
    name = fence.classes[0]
    if name not in _CLASSES:
        problems.add(fence.line, f"there is no class .{name}", suggestion(name, _CLASSES))
        return ""
    language, known = _CLASSES[name]
    if fence.language != language:
        problems.add(
            fence.line, f".{name} on a fence of {fence.language or 'no language'}", f"write ```{language} {{.{name}}}"
        )
    _judge_attributes(fence.attributes, known, f".{name}", fence.line, problems)
    return name


def _judge_attributes(
    attributes: Mapping[str, str], known: frozenset[str], what: str, line: int, problems: Problems
) -> None:
    for key in sorted(attributes.keys() - known):
        hint = suggestion(key, known) if known else f"{what} takes no attributes"
        problems.add(line, f"{what} has no attribute {key!r}", hint)


def _words(attributes: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(attributes.get(key, "").replace(",", " ").split())


class _Draft:
    """A step while it is being read."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.body: list[Block] = []
        self._hints: list[Hint] = []
        self._checks: list[CheckUse] = []
        self._requires: list[Requirement] = []
        self._alternatives: list[Script] = []
        self._mistakes: list[Mistake] = []
        self._faults: list[StepFault] = []
        self._draw: Draw | None = None
        self._hidden: Script | None = None
        self._see: See | None = None
        self._question: Question | None = None
        self._kinds: list[StepKind] = []
        self._repairable: Callable[[Script], None] | None = None
        self._takers: Mapping[str, Callable[[Fence], None]] = {
            "type": self._take_type,
            "solution": self._take_solution,
            "alternative": self._take_alternative,
            "mistake": self._take_mistake,
            "fault": self._take_fault,
            "checks": self._take_checks,
            "requires": self._take_requires,
            "see": self._take_see,
            "draw": self._take_draw,
            _FIGURE: self._take_figure,
            _QUESTION: self._take_question,
        }

    def take(self, piece: Content) -> None:
        """Add the next piece."""
        repairable, self._repairable = self._repairable, None
        if isinstance(piece, Plain):
            self.body.append(Prose(piece.markdown, piece.line))
        elif isinstance(piece, Alert):
            self._take_alert(piece)
        else:
            name = _class_of(piece, self._problems)
            if name == "repair":
                self._take_repair(piece, repairable)
            elif name:
                self._takers[name](piece)

    def step(self, heading: Heading) -> Step | None:
        """The finished step."""
        if len(self._kinds) != 1:
            if self._kinds:
                what = f"the step has {' and '.join(_BLOCK_OF[kind] for kind in self._kinds)}"
                self._problems.add(heading.line, what, "make two steps of it")
            else:
                what = f"the step {heading.id or heading.title!r} has nothing to pass"
                self._problems.add(heading.line, what, "give it a checks block, a see block or a question")
            return None
        return Step(
            id=heading.id,
            title=heading.title,
            kind=self._kinds[0],
            body=tuple(self.body),
            hints=tuple(self._hints),
            checks=tuple(self._checks),
            see=self._see,
            question=self._question,
            requires=tuple(self._requires),
            hidden=self._hidden,
            alternatives=tuple(self._alternatives),
            mistakes=tuple(self._mistakes),
            faults=tuple(self._faults),
            draw=self._draw,
            line=heading.line,
        )

    def _is_first(self, kind: StepKind, line: int) -> bool:
        if kind not in self._kinds:
            self._kinds.append(kind)
            return True
        if kind is not StepKind.DO:
            self._problems.add(line, f"a second of {_BLOCK_OF[kind]} in one step", "make two steps of it")
        return False

    def _script(self, fence: Fence) -> Script:
        cut = split(fence.text)
        if cut.unfinished:
            self._problems.add(fence.line, f"the last command waits for {cut.unfinished}", "complete it")
        elif not cut.commands:
            self._problems.add(fence.line, "a block of commands without a command", "write at least one")
        return Script(fence.text, fence.line + 1, _words(fence.attributes, "needs"))

    def _take_type(self, fence: Fence) -> None:
        self._script(fence)
        self.body.append(Commands(fence.text, fence.line + 1))

    def _take_solution(self, fence: Fence) -> None:
        if self._hidden is not None:
            self._problems.add(
                fence.line, "a second solution in one step", "put all its commands into one, or make it an .alternative"
            )
        self._hidden = self._script(fence)

    def _take_alternative(self, fence: Fence) -> None:
        self._alternatives.append(self._script(fence))

    def _take_mistake(self, fence: Fence) -> None:
        diagnosis = fence.attributes.get("diagnosis", "")
        self._mistakes.append(
            Mistake(self._script(fence), diagnosis, _words(fence.attributes, "names"), line=fence.line)
        )
        self._repairable = self._repair_mistake

    def _take_fault(self, fence: Fence) -> None:
        id_ = fence.attributes.get("id", "")
        seen = next((fault.line for fault in self._faults if fault.id == id_), 0)
        if not NAME.fullmatch(id_):
            what = f"the fault's id is {id_!r}" if id_ else "a fault without an id"
            hint = 'write {.fault id="next-hop" diagnosis="…"}: small letters, digits and single dashes'
            self._problems.add(fence.line, what, hint)
        elif seen:
            self._problems.add(fence.line, f"a second fault {id_!r}", f"the first is in line {seen}")
        fault = StepFault(
            id_,
            self._script(fence),
            fence.attributes.get("diagnosis", ""),
            _words(fence.attributes, "names"),
            group=fence.attributes.get("group", ""),
            machine=fence.attributes.get("machine", ""),
            line=fence.line,
        )
        self._faults.append(fault)
        self._repairable = self._repair_fault

    def _take_repair(self, fence: Fence, repairable: Callable[[Script], None] | None) -> None:
        if repairable is None:
            what, hint = "a repair without a mistake or fault right before it", "move it below its mistake or fault"
            self._problems.add(fence.line, what, hint)
        else:
            repairable(self._script(fence))

    def _repair_mistake(self, repair: Script) -> None:
        self._mistakes.append(replace(self._mistakes.pop(), repair=repair))

    def _repair_fault(self, repair: Script) -> None:
        self._faults.append(replace(self._faults.pop(), repair=repair))

    def _take_draw(self, fence: Fence) -> None:
        if self._draw is not None:
            self._problems.add(fence.line, "a second draw in one step", f"the first is in line {self._draw.line}")
        else:
            self._draw = read_draw(fence.text, fence.line + 1, self._problems)

    def _take_checks(self, fence: Fence) -> None:
        self._is_first(StepKind.DO, fence.line)
        self._checks.extend(read_checks(fence.text, fence.line + 1, self._problems))

    def _take_requires(self, fence: Fence) -> None:
        self._requires.extend(read_requires(fence.text, fence.line + 1, self._problems))

    def _take_see(self, fence: Fence) -> None:
        if self._is_first(StepKind.SEE, fence.line):
            self._see = read_see(fence.text, fence.line + 1, self._problems)

    def _take_question(self, fence: Fence) -> None:
        if self._is_first(StepKind.ANSWER, fence.line):
            self._question = read_question(fence.text, fence.line + 1, self._problems)

    def _take_figure(self, fence: Fence) -> None:
        number = fence.attributes.get("n", "0")
        if not (number.isascii() and number.isdecimal() and len(number) < 4):
            self._problems.add(fence.line, f"the figure's number is {number!r}", "write {.figure n=13}")
            number = "0"
        self.body.append(Drawing(fence.text, int(number), fence.line + 1))

    def _take_alert(self, alert: Alert) -> None:
        line = alert.line - 1
        if alert.kind not in _ALERTS:
            self._problems.add(line, f"there is no alert [!{alert.kind}]", suggestion(alert.kind, _ALERTS))
            return
        if not alert.text.strip():
            self._problems.add(line, f"[!{alert.kind}] says nothing", "write its text on the next line, behind `> `")
        known = frozenset({"needs"}) if alert.kind == _HINT else frozenset()
        _judge_attributes(alert.attributes, known, f"[!{alert.kind}]", line, self._problems)
        if alert.kind == _HINT:
            self._hints.append(Hint(alert.text, _words(alert.attributes, "needs"), alert.line))
        else:
            self.body.append(Note(NoteKind(alert.kind), alert.text, alert.line))
