"""A script cut into the logical lines that one types at a prompt.

Knows as much of bash's grammar as it takes to tell where a command is complete: quotes, comments, continued lines,
here-documents, brackets and compound commands. Does not know what any command does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPENS = {
    "if": "if", "while": "loop", "until": "loop", "for": "loop", "select": "loop", "case": "case", "{": "{",
}  # fmt: skip
_CLOSES = {"fi": "if", "done": "loop", "esac": "case", "}": "{"}
_COMMAND_FOLLOWS = frozenset(("if", "while", "until", "then", "do", "else", "elif", "!", "time", "{"))
_MISSING = {
    "if": "`if` without `fi`",
    "loop": "a loop without `done`",
    "case": "`case` without `esac`",
    "{": "`{` without `}`",
    "(": "`(` without `)`",
    "a(": "`(` without `)`",
}
_UNCLOSED = {"'": "a closing `'`", '"': 'a closing `"`', "`": "a closing backquote"}
_QUOTES = frozenset("({'\"")
_SPECIAL = frozenset("#$!?*@-")
_TWO = frozenset(("&&", "||", ";;", "|&", "&>", ">&", ">|", ">>"))
_SINGLE = re.compile(r"[^']*'")
_ANSI = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:'[^'\n]*'|\"[^\"\n]*\"|\\[^\n]|[^\s;&|()<>'\"\\])+)")
_QUOTING = re.compile(r"'([^']*)'|\"([^\"]*)\"|\\(.)")


@dataclass(frozen=True, slots=True)
class Split:
    """What a script consists of."""

    commands: tuple[str, ...]
    """Logical lines, each complete in itself, without comments."""
    unfinished: str = ""
    """What the last of them still waits for; empty where it is complete."""


def split(text: str) -> Split:
    """Cut a script into its logical lines."""
    return _Scanner(text).scan()


class _Scanner:
    """One pass over a script."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out = ""
        self._word = ""
        self._commands: list[str] = []
        self._open: list[str] = []
        self._heredocs: list[tuple[str, bool]] = []
        self._command_next = True
        self._more_follows = False
        self._name_next = False
        self._unfinished = ""

    def scan(self) -> Split:
        """Read it all."""
        while self._at < len(self._text) and not self._unfinished:
            self._step(self._text[self._at])
        self._end_word()
        if not self._unfinished:
            self._unfinished = self._still_missing()
        self._emit()
        return Split(tuple(self._commands), self._unfinished)

    def _still_missing(self) -> str:
        if self._heredocs:
            return f"the end of a here-document, {self._heredocs[0][0]!r}"
        if self._open:
            return _MISSING[self._open[-1]]
        return "a command after `|`, `&&` or `||`" if self._more_follows else ""

    def _step(self, char: str) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if char == "\n":
            self._newline()
        elif char in " \t":
            self._end_word()
            self._take(1)
        elif char == "\\":
            self._backslash()
        elif char in "'\"`" or (char == "$" and following in _QUOTES) or (char in "<>" and following == "("):
            self._quoted(char)
        elif char == "$":
            self._more_follows = False
            self._word += "$"
            self._take(2 if following in _SPECIAL else 1)
        elif char == "#" and not self._word:
            end = self._text.find("\n", self._at)
            self._at = end if end >= 0 else len(self._text)
        elif char in ";&|()<>":
            self._operator(char)
        else:
            self._more_follows = False
            self._word += char
            self._take(1)

    def _take(self, count: int) -> None:
        self._out += self._text[self._at : self._at + count]
        self._at += count

    def _newline(self) -> None:
        self._end_word()
        self._out = _trimmed(self._out)
        self._at += 1
        while self._heredocs and not self._unfinished:
            self._heredoc_body(*self._heredocs.pop(0))
        if not self._open and not self._more_follows:
            self._emit()
        elif not self._out.endswith("\n"):
            self._out += "\n"
        self._command_next = self._open[-1:] != ["a("]

    def _emit(self) -> None:
        command = _trimmed(self._out.strip("\n")).lstrip(" \t")
        if command:
            self._commands.append(command)
        self._out = ""

    def _heredoc_body(self, delimiter: str, tabs: bool) -> None:
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            end = end if end >= 0 else len(self._text)
            line = self._text[self._at : end]
            self._out += "\n" + line
            self._at = end + 1
            if (line.lstrip("\t") if tabs else line) == delimiter:
                return
        self._unfinished = f"the end of a here-document, {delimiter!r}"

    def _backslash(self) -> None:
        rest = self._text[self._at + 1 :]
        if not rest.strip(" \t\n"):
            self._unfinished = "a line after `\\`"
        if not rest.startswith("\n"):
            self._more_follows = False
            self._word += "\\"
            self._take(2)
            return
        self._at += 2
        indent = len(rest) - 1 - len(rest[1:].lstrip(" \t"))
        if indent or self._out.endswith((" ", "\t")):
            self._end_word()
            self._out = _trimmed(self._out) + " "
            self._at += indent

    def _quoted(self, char: str) -> None:
        self._more_follows = False
        end = _end_of(self._text, self._at + (char in "<>"))
        if end is None:
            self._unfinished = _UNCLOSED.get(char, "a closing bracket")
            end = len(self._text)
        # What is quoted or expanded is no keyword, and no comment begins in the middle of its word.
        self._word += "$"
        self._take(end - self._at)

    def _operator(self, char: str) -> None:
        if char == "<":
            self._redirect()
            return
        end = None
        if self._command_next and not self._word and self._text.startswith("((", self._at):
            end = _end_of(self._text, self._at)
        if end is not None:
            self._take(end - self._at)
            self._command_next = False
            return
        after_word = bool(self._word)
        self._end_word()
        both = self._text[self._at : self._at + 2]
        self._more_follows = char == "|" or both == "&&"
        self._command_next = char != ">" and not (char == "(" and after_word)
        if char == "(":
            self._open.append("a(" if after_word else "(")
        elif char == ")" and self._open and self._open[-1] in ("(", "a("):
            self._open.pop()
        self._take(2 if both in _TWO else 1)

    def _redirect(self) -> None:
        self._end_word()
        here_string = self._text.startswith("<<<", self._at)
        heredoc = None if here_string else _HEREDOC.match(self._text, self._at)
        if heredoc is not None:
            delimiter = _QUOTING.sub(lambda quoted: "".join(part or "" for part in quoted.groups()), heredoc[2])
            self._heredocs.append((delimiter, bool(heredoc[1])))
            self._take(len(heredoc[0]))
        else:
            self._take(3 if here_string else 1)

    def _end_word(self) -> None:
        word, self._word = self._word, ""
        if not word:
            return
        if self._name_next:
            self._name_next, self._command_next = False, True
        elif self._command_next:
            self._command_next = word in _COMMAND_FOLLOWS or word in _CLOSES
            self._name_next = word == "function"
            if word in _OPENS:
                self._open.append(_OPENS[word])
            elif self._open and _CLOSES.get(word) == self._open[-1]:
                self._open.pop()


def _trimmed(text: str) -> str:
    """`text` without the blanks at its end, save one that a backslash makes part of a word."""
    bare = text.rstrip(" \t")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return text[: len(bare) + backslashes % 2]


def _end_of(text: str, at: int) -> int | None:
    """Where the quote, expansion or bracket that begins at `at` ends; None where it does not."""
    inside: list[str] = []
    while at < len(text):
        char, both, top = text[at], text[at : at + 2], inside[-1] if inside else ""
        at += 1
        if char == "\\":
            at += 1
        elif (char == top and top in '"`') or (top, char) in (("(", ")"), ("{", "}")):
            inside.pop()
        elif top == "`":
            continue
        elif both in ("$(", "${"):
            inside.append(both[1])
            at += 1
        elif char in '"`' or (char == "(" and top != '"'):
            inside.append(char)
        elif char == "'" and top != '"':
            closing = _ANSI if text[at - 2 : at] == "$'" else _SINGLE
            found = closing.match(text, at)
            if found is None:
                return None
            at = found.end()
        if not inside and char != "$":
            return at
    return None
