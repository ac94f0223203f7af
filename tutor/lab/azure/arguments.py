"""From words to a command and the values of its options.

The rules are those of the real command line, which has them of Python's argparse: `--name=value`, spellings that are
cut short, options that take several words. Does not know what the command does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tutor.lab.azure.commands import FLAG, NO_WAIT, SEVERAL, TEXT, TRUTH, YES, Catalogue, Command, Option
from tutor.lab.azure.refusals import Refused, did_you_mean, usage

HELP = ("-h", "--help")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the words ask for."""

    words: str
    """Words of the command, or of the group that help is wanted for."""
    command: Command | None
    """The command; None for help."""
    values: dict[str, Any]
    """Values of its options, by key."""


def parse_arguments(arguments: Sequence[str], catalogue: Catalogue) -> Asked:
    """Understand words.

    Raises:
        Refused: they make no command.
    """
    words = ""
    rest = list(arguments)
    while rest and words not in catalogue.commands and not rest[0].startswith("-"):
        words = _next(words, rest.pop(0).lower(), catalogue)
    command = catalogue.commands.get(words)
    if any(word in HELP for word in rest) or not arguments:
        return Asked(words, None, {})
    if command is None:
        if rest:
            raise _unknown(rest[0], words, catalogue)
        what = "_subcommand" if words else "_command_package"
        raise usage(f"the following arguments are required: {what}", _what_is_there(words, catalogue))
    values = _values(rest, command, catalogue.options_of(command))
    _require(command, values)
    return Asked(words, command, values)


def _next(words: str, word: str, catalogue: Catalogue) -> str:
    longer = f"{words} {word}".lstrip()
    if longer not in catalogue.commands and longer not in catalogue.groups:
        raise _unknown(word, words, catalogue)
    return longer


def _unknown(word: str, words: str, catalogue: Catalogue) -> Refused:
    known = [each for each, _, _ in catalogue.within(words)]
    return usage(
        f"'{word}' is misspelled or not recognized by the system.",
        *did_you_mean(word, known),
        _what_is_there(words, catalogue),
    )


def _what_is_there(words: str, catalogue: Catalogue) -> str:
    known = ", ".join(each for each, _, _ in catalogue.within(words))
    return f"In this lab, '{f'az {words}'.rstrip()}' has: {known}"


def _values(rest: list[str], command: Command, options: Sequence[Option]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    strangers: list[str] = []
    while rest:
        word = rest.pop(0)
        if not _is_option(word):
            strangers.append(word)
            continue
        if word == "--":
            strangers += [word, *rest]
            break
        option, given = _find(word, options)
        if option is None:
            strangers.append(word)
            # Words after an option that nobody knows are most likely its values.
            while rest and not _is_option(rest[0]):
                strangers.append(rest.pop(0))
            continue
        values[option.key] = _value(option, given, rest, command)
    if strangers:
        known = [name for option in options for name in option.names]
        raise usage(f"unrecognized arguments: {' '.join(strangers)}", *did_you_mean(strangers[0], known))
    return values


def _is_option(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _find(word: str, options: Sequence[Option]) -> tuple[Option | None, str | None]:
    """The option that a word names, and the value that it has with it."""
    name, equals, given = word.partition("=")
    for option in options:
        if name in option.names:
            return option, given if equals else None
    if word.startswith("--"):
        fitting = [(each, option) for option in options for each in option.names if each.startswith(name)]
        if len({option.key for _, option in fitting}) > 1:
            raise usage(f"ambiguous option: {name} could match {', '.join(each for each, _ in fitting)}")
        return (fitting[0][1] if fitting else None), (given if equals else None)
    for option in options:
        # -gMC_lab
        if word[:2] in option.names and option.takes == TEXT:
            return option, word[2:]
    return None, None


def _value(option: Option, given: str | None, rest: list[str], command: Command) -> Any:
    spelled = "/".join(option.names)
    if option.takes == FLAG:
        if given is not None:
            raise usage(f"argument {spelled}: ignored explicit argument '{given}'")
        return True
    words = [given] if given is not None else []
    if option.takes == SEVERAL:
        while rest and not _is_option(rest[0]):
            words.append(rest.pop(0))
    elif not words and rest and not _is_option(rest[0]):
        words.append(rest.pop(0))
    if option.takes == TRUTH:
        return _choose(option, words[0], command) in YES if words else True
    if not words:
        raise usage(
            f"argument {spelled}: expected {'at least one argument' if option.takes == SEVERAL else 'one argument'}"
        )
    if option.takes == SEVERAL:
        return words
    return _choose(option, words[0], command) if option.choices else words[0]


def _choose(option: Option, word: str, command: Command) -> str:
    for choice in option.choices:
        if word.lower() == choice.lower():
            return choice
    raise usage(
        f"az {command.words}: '{word}' is not a valid value for '{option.names[0]}'. "
        f"Allowed values: {', '.join(option.choices)}.",
        *did_you_mean(word, option.choices),
    )


def _require(command: Command, values: dict[str, Any]) -> None:
    has_ids = "ids" in values
    missing = [
        option
        for option in command.options
        if option.required and option.key not in values and not (option.part and has_ids)
    ]
    if missing:
        spelled = ", ".join("/".join(option.names) for option in missing)
        hints = [f"Example: {command.examples[0][1]}"] if command.examples else []
        raise usage(f"the following arguments are required: {spelled}", *hints)
    if not command.alters:
        values.pop(NO_WAIT.key, None)
