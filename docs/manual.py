"""Writes `docs/tutor.1`, the manual page, from the verbs and options as they are defined.

Run: python docs/manual.py (`make manual`); with `--print` it only prints the page.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tutor import __version__
from tutor.cli.verbs import tutor

_PAGE = Path(__file__).with_name("tutor.1")

_HEAD = rf"""
.\" Written by docs/manual.py from the definitions of the verbs: change those, or docs/manual.py, and run `make manual`.
.TH TUTOR 1 "" "tutor {__version__}" "User Commands"
.SH NAME
tutor \- a guided lab for container networking in the terminal
.SH SYNOPSIS
.B tutor
.I VERB
.RI [ ARGUMENTS ]
.SH DESCRIPTION
A lesson stands on one side, a real shell on the other.
You type; the kernel changes; the lesson looks at the kernel and says that it is done, or what exactly is wrong.
.PP
The lab is made of user namespaces.
It needs no root, nothing of this computer's network changes, and no packet leaves it.
.B tutor doctor
says whether this machine can run it, and if not, what to do.
.PP
A place is
.I LESSON
or
.IR LESSON / STEP ,
by their ids, which
.B tutor list
shows.
In
.BR "tutor start" ,
every key goes to the shell but
.BR Ctrl\-] ,
which leads to the lesson and its keys, and back;
.B ?
shows all keys.
"""

_TAIL = r"""
.SH EXIT STATUS
.TP
.B 0
Good.
.TP
.B 1
The answer is no: a check failed, lint found something, some lessons can't run here.
.TP
.B 2
It could not be done; one line on standard error says why, and what to do.
With
.BR \-\-json ,
standard output is
.BR "{\[dq]error\[dq]: {\[dq]message\[dq], \[dq]hint\[dq]}}" .
.TP
.B 130
Somebody pressed Ctrl\-C.
.TP
.B 141
Whoever read the output has gone.
.PP
.B tutor shell
ends with the exit status of what it ran.
.SH ENVIRONMENT
.TP
.BR XDG_STATE_HOME ", " XDG_CONFIG_HOME ", " XDG_RUNTIME_DIR
Where the files below lie.
.TP
.BR PATH
Where the programs of the lessons are looked for, before the usual folders.
.TP
.BR TERM ", " COLORTERM
What the terminal is and can.
.SH FILES
.TP
.I ~/.local/state/tutor
What you have done, and where you are.
.TP
.I ~/.config/tutor
What you prefer.
.TP
.I $XDG_RUNTIME_DIR/tutor
Sockets and locks of the labs that live.
.SH EXAMPLES
.TP
.B tutor start
Begin, or go on where you left off.
.TP
.B tutor shell bridge \-\- ip \-brief link
One command in the lab, as it is when the lesson on bridges begins.
.TP
.B tutor grade masquerade answer.sh \-\-json
Judge what a script builds, for a program.
.TP
.B eval \[dq]$(tutor completion bash)\[dq]
Complete lessons and steps in this bash.
.SH SEE ALSO
.BR ip (8),
.BR ip\-netns (8),
.BR bridge (8),
.BR nft (8),
.BR user_namespaces (7)
"""


def page() -> str:
    """The whole manual page."""
    return "\n".join((_HEAD.strip(), ".SH VERBS", *_verbs(), _TAIL.strip(), ""))


def _verbs() -> Iterator[str]:
    with click.Context(tutor, info_name="tutor") as top:
        for name in tutor.list_commands(top):
            command = tutor.get_command(top, name)
            if command is None:  # click lists what it can't load, too
                raise LookupError(name)
            with click.Context(command, info_name=name, parent=top) as context:
                words = (word for word in command.collect_usage_pieces(context) if word != "[OPTIONS]")
                yield f'.SS "{_escaped(" ".join(("tutor", name, *words)))}"'
                yield from _told(inspect.cleandoc(command.help or ""))
                for option in command.params:
                    if isinstance(option, click.Option):
                        yield from _option(option)
    yield ".SS Of every verb"
    yield from (".TP", r'.BR \-h ", " \-\-help', "Say how to call it.")
    yield ".SS Of tutor itself"
    yield from (".TP", r".B \-\-version", "Say which version it is.")


def _option(option: click.Option) -> Iterator[str]:
    names = ", ".join(option.opts)
    value = "" if option.is_flag else f' "{_escaped(option.metavar or "N")}"'
    yield ".TP"
    yield f'.BI "{_escaped(names)}{" " if value else ""}"{value}'
    yield _line(option.help or "")


def _told(text: str) -> Iterator[str]:
    """The help of a verb; a paragraph that begins with click's mark for that (a backspace) keeps its lines."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text)):
        if number:
            yield ".PP"
        if paragraph.startswith("\b"):
            yield ".nf"
            yield from (_line(line) for line in paragraph.splitlines()[1:])
            yield ".fi"
        else:
            yield from re.split(r"(?<=[.:]) (?=[A-Z])", _line(" ".join(paragraph.split())))


def _line(text: str) -> str:
    """A line of text: one that begins with a dot or a quote would be a request."""
    line = _escaped(text)
    return rf"\&{line}" if line.startswith((".", "'")) else line


def _escaped(text: str) -> str:
    marks = {"\\": r"\e", "-": r"\-", '"': r"\[dq]", "`": r"\[ga]", "~": r"\[ti]", "^": r"\[ha]", "'": r"\[aq]"}
    return "".join(marks.get(sign, sign) for sign in text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(page())
    else:
        _PAGE.write_text(page(), encoding="utf-8")
