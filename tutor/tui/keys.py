"""The keys of the screen: what is bound, which of them are shown where, and how the help puts it.

Does not know how an action is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from textual.binding import Binding, BindingType

from tutor.tui.widgets.key_bar import KeyHint


class Where(Enum):
    """Where the keys go."""

    SHELL = "to the program in the shell"
    LOOKING_BACK = "to what has scrolled away"
    ANSWER = "to an answer that is typed"
    LESSON = "to the lesson"


LESSON_BINDINGS: list[BindingType] = [
    Binding("n", "next", "on to the next step"),
    Binding("p", "previous", "back to the step before"),
    Binding("w", "wait_here", "wait here, where the next step would come by itself"),
    Binding("t", "type", "type the step's next command at the prompt; Enter is yours"),
    Binding("x", "copy", "copy the step's commands"),
    Binding("h", "hint", "a hint, then a stronger one"),
    Binding("a", "answer", "answer the question (1, 2, 3 choose at once)"),
    Binding("y", "seen", "I have seen it (in a shell that can't tell)"),
    Binding("s", "solve", "solve the step for me, where I can watch"),
    Binding("r", "reset", "build the lab anew, as it is at the start of this step"),
    Binding("c", "course", "the whole course: lessons, steps, and to any of them"),
    Binding("v,left_square_bracket", "look_back", "look back in the shell: scroll, select, copy"),
    Binding("slash", "search", "search what the shell has printed"),
    Binding("l", "redraw", "draw the shell anew, after a program has left it in disorder"),
    Binding("m", "network", "show or hide the network"),
    Binding("less_than_sign", "divide(-4)", "less room for the lesson"),
    Binding("greater_than_sign", "divide(4)", "more room for the lesson"),
    Binding("question_mark,f1", "help", "all keys"),
    Binding("colon,ctrl+p", "app.command_palette", "everything else, by name"),
    Binding("q", "quit", "quit"),
    Binding("escape", "focus_lesson", "out of the answer", show=False),
    Binding("ctrl+c", "interrupt", "copy what is selected", show=False),
]
"""What works while the lesson has the keys."""

_SWITCH = "screen.switch"
_SHOWN = {
    Where.SHELL: (
        KeyHint("Ctrl-]", "to the lesson and its keys", _SWITCH),
        KeyHint("Shift-PgUp", "scroll back"),
    ),
    Where.LOOKING_BACK: (KeyHint("", "looking back"), KeyHint("q", "leads to the present")),
    Where.ANSWER: (
        KeyHint("Ctrl-]", "shell", _SWITCH),
        KeyHint("Enter", "answers"),
        KeyHint("Esc", "to the lesson and its other keys", "screen.focus_lesson"),
    ),
    Where.LESSON: (
        KeyHint("Ctrl-]", "shell", _SWITCH),
        KeyHint("n", "next", "screen.next"),
        KeyHint("t", "type it", "screen.type"),
        KeyHint("h", "hint", "screen.hint"),
        KeyHint("s", "solve", "screen.solve"),
        KeyHint("c", "course", "screen.course"),
        KeyHint("?", "keys", "screen.help"),
        KeyHint("q", "quit", "screen.quit"),
    ),
}
_ANSWER = KeyHint("a", "answer", "screen.answer")


def keys_for(where: Where, *, waiting: str, asking: bool) -> tuple[KeyHint, ...]:
    """What the line at the bottom shows.

    Args:
        where: where the keys go.
        waiting: what is being waited for, in words; empty for nothing.
        asking: whether the step waits for an answer.
    """
    if waiting:
        return (KeyHint("", waiting),)
    shown = _SHOWN[where]
    if asking and where is Where.LESSON:
        return (shown[0], _ANSWER, *(hint for hint in shown[1:] if hint.key != "t"))
    if asking and where is Where.SHELL:
        return (KeyHint("Ctrl-]", "to the question", _SWITCH), *shown[1:])
    return shown


def help_rows() -> list[tuple[str, str]]:
    """Every key of the lesson, as it is written, and what it does."""
    bound = (binding for binding in LESSON_BINDINGS if isinstance(binding, Binding) and binding.show)
    return [
        ("Ctrl-]", "from the shell to the lesson, and back"),
        *((_written(binding.key), binding.description) for binding in bound),
    ]


def commands_of(bindings: Iterable[BindingType]) -> Iterator[tuple[str, str, str]]:
    """What the palette offers: for each key what it does, how it is written, and the action."""
    for binding in bindings:
        if isinstance(binding, Binding) and binding.show and binding.action != "app.command_palette":
            words = binding.description[:1].upper() + binding.description[1:]
            yield words, f"key: {_written(binding.key)}", binding.action


_NAMES = {
    "left_square_bracket": "[",
    "slash": "/",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "question_mark": "?",
    "colon": ":",
    "ctrl+p": "Ctrl-P",
    "f1": "F1",
}


def _written(keys: str) -> str:
    return " ".join(_NAMES.get(key, key) for key in keys.split(","))
