"""The lesson's pane: the active step's text, its commands, and how it stands. Does not know how a step is judged."""

from __future__ import annotations

import re

from rich.markup import escape
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Markdown, Static

from tutor.lesson import Block, Commands, Drawing, Note, NoteKind, Prose, Step, StepKind
from tutor.session.play import StepView

_LOW = 30
_NOTE_TITLES = {NoteKind.NOTE: "Note", NoteKind.TODAY: "Today", NoteKind.WARNING: "Mind"}
_ON = {
    False: "[b]Ctrl-][/] and [b]n[/] lead on to the next step.",
    True: "The lesson ends here. [b]Ctrl-][/] and [b]n[/] lead on to the next one.",
}
_TICKS = {True: "[$text-success]✓[/]", False: "[$text-warning]○[/]", None: "[$text-muted]·[/]"}


class CommandBlock(Static):
    """Commands to type. A click puts them at the prompt."""

    class Chosen(Message):
        """The learner wants these commands at the prompt."""

        def __init__(self, commands: tuple[str, ...]) -> None:
            super().__init__()
            self.commands = commands
            """The commands, in order."""

    def __init__(self, block: Commands) -> None:
        super().__init__(escape(block.text))
        self._block = block
        self.border_subtitle = "t: type it"

    def on_click(self, event: events.Click) -> None:
        """Put them at the prompt."""
        event.stop()
        self.post_message(self.Chosen(self._block.commands))


class Outcome(Static):
    """How the step stands: its checks with ticks, the one thing to mend, hints."""

    def show(self, view: StepView) -> None:
        """Show how it stands now."""
        lines = [f"{_TICKS[line.passed]} {escape(line.text)}" for line in view.checks]
        if view.error:
            lines += ["", f"[$text-error]This is our error, not yours:[/] {escape(view.error)}"]
        elif view.passed:
            lines += ["", "[b $text-success]✓ Done.[/] " + _ON[view.is_last]]
            if view.why:
                lines.append(_with_code(view.why))
        elif view.fault is not None:
            lines += ["", f"[b]{_with_code(view.fault.message)}[/]"]
            if view.fault.found and view.fault.expected:
                lines.append(f"  found     {escape(view.fault.found)}")
                lines.append(f"  expected  {escape(view.fault.expected)}")
        elif view.missing:
            lines += ["", "Not shown yet: " + escape("; ".join(view.missing)) + "."]
        elif view.answer:
            lines += ["", f"[b]{escape(view.answer)}[/] is not it. Look again: the kernel knows."]
        elif view.step.kind is StepKind.SEE:
            lines += [f"{_TICKS[False]} Run the command and read what it prints."]
        elif view.step.kind is StepKind.ANSWER:
            lines += [f"{_TICKS[False]} Look in the shell (Ctrl-]), then answer."]
        self.update("\n".join(lines).strip("\n"))
        self.set_class(view.passed, "-passed")


class LessonPane(Vertical):
    """The lesson: its text, which scrolls, and below it how the step stands, which is always to be seen."""

    class Answered(Message):
        """The learner has answered the question."""

        def __init__(self, answer: str) -> None:
            super().__init__()
            self.answer = answer
            """What was answered."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._step: Step | None = None
        self._hints = 0

    def compose(self) -> ComposeResult:
        """Until there is a step."""
        with VerticalScroll(id="text", can_focus=True):
            yield Static("Preparing the lesson ...")
        yield Outcome(id="outcome")

    @property
    def text(self) -> VerticalScroll:
        """What scrolls, and takes the focus."""
        return self.query_one("#text", VerticalScroll)

    async def show(self, view: StepView) -> None:
        """Show a step, or how the one that is shown stands now."""
        if view.step is not self._step:
            self._step, self._hints = view.step, 0
            await self.text.remove_children()
            await self.text.mount_all(self._widgets(view))
            if self.app.size.height < _LOW:
                # Little is seen at once here: what is to be done comes before the introduction, which is above it.
                self.call_after_refresh(self.text.scroll_to_widget, self.query_one("#title"), animate=False, top=True)
            else:
                self.text.scroll_home(animate=False)
        self.query_one(Outcome).show(view)
        for hint in view.hints[self._hints :]:
            await self.text.mount(_framed("Hint", Markdown(hint.markdown), "hint"))
            self._hints += 1
            self.text.scroll_end(animate=False)

    def _widgets(self, view: StepView) -> list[Widget]:
        step, lesson = view.step, view.lesson
        self.border_title = f"{escape(lesson.title)} · {view.number} of {len(lesson.steps)}"
        widgets: list[Widget] = []
        if view.number == 1:
            widgets += [_shown(block) for block in lesson.intro]
        widgets.append(Static(f"[b $text-accent]{escape(step.title)}[/]", id="title"))
        widgets += [_shown(block) for block in step.body]
        if step.question is not None:
            widgets.append(Static(f"[b]{_with_code(step.question.ask)}[/]", classes="ask"))
            widgets.append(Input(placeholder="your answer, then Enter", id="answer"))
        return widgets

    def focus_answer(self) -> bool:
        """Go to where the answer is typed, if the step has a question that waits for one."""
        for answer in self.query("#answer").results(Input):
            self.screen.set_focus(answer)
            return True
        return False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """An answer."""
        event.stop()
        self.post_message(self.Answered(event.value))
        event.input.clear()


def _shown(block: Block) -> Widget:
    match block:
        case Prose():
            return Markdown(block.markdown)
        case Commands():
            return CommandBlock(block)
        case Drawing():
            return Static(escape(block.text), classes="drawing")
        case Note():
            return _framed(_NOTE_TITLES[block.kind], Markdown(block.markdown), "note")


def _framed(title: str, content: Widget, style: str) -> Widget:
    frame = Vertical(content, classes=f"frame {style}")
    frame.border_title = title
    return frame


def _with_code(text: str) -> str:
    """Markup for a sentence, with what stands between backticks as the lesson shows commands."""
    return re.sub(r"`([^`]+)`", r"[$text-accent]\1[/]", escape(text))
