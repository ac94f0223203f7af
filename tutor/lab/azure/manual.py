"""The help of commands and groups, laid out as the real command line does.

Does not know any command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from tutor.lab.azure.commands import GLOBALS, IDS, Catalogue, Command, Option

_WIDEST = 100
_NARROWEST = 40


def help_for(words: str, catalogue: Catalogue, columns: int) -> str:
    """The help of a command or a group, by its words."""
    width = max(_NARROWEST, min(columns, _WIDEST))
    command = catalogue.commands.get(words)
    lines = _command(command, catalogue, width) if command is not None else _group(words, catalogue, width)
    return "".join(f"{line}\n" for line in ("", *lines, ""))


def _group(words: str, catalogue: Catalogue, width: int) -> Iterable[str]:
    yield "Group"
    name = f"az {words}".rstrip()
    yield from _fill(f"{name} : {catalogue.groups[words]}", "    ", "    ", width)
    entries = list(catalogue.within(words))
    pad = max(len(word) for word, _, _ in entries)
    for title, wanted in (("Subgroups", False), ("Commands", True)):
        chosen = [(word, text) for word, text, is_command in entries if is_command is wanted]
        if chosen:
            yield ""
            yield f"{title}:"
        for word, text in chosen:
            yield from _entry(word.ljust(pad), text, width)


def _command(command: Command, catalogue: Catalogue, width: int) -> Iterable[str]:
    yield "Command"
    yield from _fill(f"az {command.words} : {command.text}", "    ", "    ", width)
    if command.note:
        yield from _fill(command.note, " " * 8, " " * 8, width)
    options = catalogue.options_of(command)
    names = [IDS.key, *(option.key for option in command.options if option.part)] if command.takes_ids else []
    common = [option.key for option in GLOBALS]
    sections = (
        ("Arguments", [each for each in options if each.key not in (*names, *common)]),
        ("Resource Id Arguments", [each for each in options if each.key in names]),
        ("Global Arguments", [each for each in options if each.key in common]),
    )
    pad = max(len(_head(option, command)) for option in options)
    for title, chosen in sections:
        if chosen:
            yield ""
            yield title
            yield from _options(chosen, command, pad, width)
    if command.examples:
        yield ""
        yield "Examples"
        for number, (text, example) in enumerate(command.examples):
            if number:
                yield ""
            yield from _fill(text, "    ", "    ", width)
            yield from _fill(example, " " * 8, " " * 8, width)


def _is_required(option: Option, command: Command) -> bool:
    return option.required and not (option.part and command.takes_ids)


def _head(option: Option, command: Command) -> str:
    return " ".join(option.names) + (" [Required]" if _is_required(option, command) else "")


def _options(options: Sequence[Option], command: Command, pad: int, width: int) -> Iterable[str]:
    for option in sorted(options, key=lambda each: (not _is_required(each, command), each.names[0])):
        names = " ".join(option.names)
        tag = "[Required]" if _is_required(option, command) else ""
        text = option.text
        if option.choices:
            text += f"  Allowed values: {', '.join(sorted(option.choices))}."
        yield from _entry(names + tag.rjust(pad - len(names)), text, width)


def _entry(head: str, text: str, width: int) -> Iterable[str]:
    begin = f"    {head} : "
    # A description that has hardly any room beside its name goes below it.
    if width - len(begin) < _NARROWEST // 2:
        yield begin.rstrip()
        yield from _fill(text, " " * 8, " " * 8, width)
    else:
        yield from _fill(text, begin, " " * len(begin), width)


def _fill(text: str, first: str, rest: str, width: int) -> Iterable[str]:
    lines = wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return lines or [first.rstrip()]
