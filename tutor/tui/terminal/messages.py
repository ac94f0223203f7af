"""What the terminal pane tells: messages, each a class of `TerminalPane` too. Does not know who listens."""

from __future__ import annotations

from typing import TypeAlias

from textual.message import Message

from tutor.shell.marks import Command


class CommandDone(Message, namespace="terminal_pane"):
    """A command has ended in the shell."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command
        """The command."""


class CommandStarted(Message, namespace="terminal_pane"):
    """A command begins to run in the shell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        """As it was typed."""


class PromptShown(Message, namespace="terminal_pane"):
    """The shell waits for a command."""


class TitleChanged(Message, namespace="terminal_pane"):
    """The program in the terminal calls its window otherwise."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        """The new title."""


class ShellClosed(Message, namespace="terminal_pane"):
    """Nothing has the terminal open any more: the shell has ended."""


class Broken(Message, namespace="terminal_pane"):
    """The screen could not be drawn; the shell goes on."""

    def __init__(self, error: str) -> None:
        super().__init__()
        self.error = error
        """What went wrong."""


class ModeChanged(Message, namespace="terminal_pane"):
    """Keys begin to move through what was printed, or go to the program again."""

    def __init__(self, looking_back: bool) -> None:
        super().__init__()
        self.looking_back = looking_back
        """Whether they move through what was printed."""


class Copied(Message, namespace="terminal_pane"):
    """Text was put on the clipboard."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        """The text."""


class LinkChosen(Message, namespace="terminal_pane"):
    """Somebody has chosen a hyperlink. There is no browser here: its address was put on the clipboard."""

    def __init__(self, uri: str) -> None:
        super().__init__()
        self.uri = uri
        """Its address."""


class Posts:
    """The messages under the names that whoever hears them knows: `TerminalPane.CommandDone`."""

    CommandDone: TypeAlias = CommandDone
    CommandStarted: TypeAlias = CommandStarted
    PromptShown: TypeAlias = PromptShown
    TitleChanged: TypeAlias = TitleChanged
    ShellClosed: TypeAlias = ShellClosed
    Broken: TypeAlias = Broken
    ModeChanged: TypeAlias = ModeChanged
    Copied: TypeAlias = Copied
    LinkChosen: TypeAlias = LinkChosen
