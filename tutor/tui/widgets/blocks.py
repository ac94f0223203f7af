"""What stands in a lesson: prose, commands to type, drawings, notes, hints. Does not know which step they belong to."""

from __future__ import annotations

from rich.markup import escape
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Collapsible, Markdown, Static

from tutor.lesson import Block, Commands, Drawing, Hint, Note, NoteKind, Prose

_NOTE_TITLES = {NoteKind.NOTE: "Note", NoteKind.TODAY: "Today", NoteKind.WARNING: "Mind"}
_LONG_NOTE = 600


class CommandBlock(Vertical):
    """Commands to type. A click on one puts it at the prompt."""

    class Chosen(Message):
        """The learner wants a command at the prompt."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command
            """The command."""

    class Copied(Message):
        """The learner wants the block's text in the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text
            """The text."""

    def __init__(self, block: Commands) -> None:
        super().__init__()
        self._block = block
        self._ran: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """A line for each command, and what can be done with them."""
        for command in self._block.commands:
            yield CommandLine(command)
        yield Static("[@click=screen.type]t type[/]  [@click=screen.copy]x copy[/]", classes="verbs")

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands, in order."""
        return self._block.commands

    def tick(self, ran: frozenset[str]) -> None:
        """Show which commands have been run."""
        if ran != self._ran:
            self._ran = ran
            for line in self.query(CommandLine):
                line.tick(line.command in ran)

    def action_copy(self) -> None:
        """The whole block, as it stands in the lesson."""
        self.post_message(self.Copied(self._block.text))


class CommandLine(Static):
    """One command."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command
        """As it is typed."""
        self.tick(False)

    def tick(self, ran: bool) -> None:
        """Show whether it has been run."""
        sign = "[$text-success]✓[/]" if ran else "[$text-muted]$[/]"
        body = escape(self.command).replace("\n", "\n  ")
        self.update(f"{sign} {body}")
        self.set_class(ran, "-ran")

    def on_click(self, event: events.Click) -> None:
        """Put it at the prompt."""
        event.stop()
        self.post_message(CommandBlock.Chosen(self.command))


def shown(block: Block) -> Widget:
    """The widget of a block."""
    match block:
        case Prose():
            return Markdown(block.markdown)
        case Commands():
            return CommandBlock(block)
        case Drawing():
            return Static(escape(block.text), classes="drawing")
        case Note():
            collapsed = block.kind is NoteKind.TODAY or len(block.markdown) > _LONG_NOTE
            title = _NOTE_TITLES[block.kind]
            return Collapsible(Markdown(block.markdown), title=title, collapsed=collapsed, classes="note")


def shown_hint(hint: Hint, number: int) -> Collapsible:
    """The widget of a hint."""
    return Collapsible(Markdown(hint.markdown), title=f"Hint {number}", collapsed=False, classes="hint")
