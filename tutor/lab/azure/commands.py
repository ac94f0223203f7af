"""What a command is: its words, its options, and the function that answers it.

Parsing, help and completion all come from these values. Does not know any command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tutor.lab.cloud import Cloud

TEXT, FLAG, TRUTH, SEVERAL = "text", "flag", "truth", "several"
"""What an option takes: one word, nothing, yes or no (yes where nothing is said), or one word and more."""

YES, NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
"""What counts as yes and no."""

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""The one subscription of a lab's cloud."""
SUBSCRIPTION_NAME = "lab"
"""Its name."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command."""

    names: tuple[str, ...]
    """All spellings; the first is the one that is spoken of."""
    text: str
    """What it is, for the help."""
    required: bool = False
    """Whether the command needs it; where `part` is set: unless resources are named by their ids."""
    takes: str = TEXT
    """One of the words above."""
    choices: tuple[str, ...] = ()
    """The only values there are, in any case of letters; empty for anything."""
    part: str = ""
    """The word before this option's value in the id of a resource (`routeTables`); empty where it is no part of one."""

    @property
    def key(self) -> str:
        """The name under which a call has its value."""
        return self.names[0].lstrip("-")

    def needed(self) -> Option:
        """This option, where a command can't do without it."""
        return replace(self, required=True)


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was asked for."""

    cloud: Cloud
    """What it is about."""
    values: Mapping[str, Any]
    """Options that were given, by key; text, bool, or a list of texts, as the option says."""

    def text(self, key: str) -> str:
        """The value of an option that takes text; empty where it was not given."""
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def truth(self, key: str) -> bool | None:
        """The value of an option that takes yes or no, or of a flag; None where it was not given."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Command:
    """A command."""

    words: str
    """All of its words after `az`."""
    text: str
    """What it does, in one sentence."""
    function: Callable[[Call], Any]
    """What answers it: a JSON value, or None for no output. Raises `Refused`."""
    options: tuple[Option, ...] = ()
    """Its own; those that all commands have come on top."""
    examples: tuple[tuple[str, str], ...] = ()
    """What it is good for, and the words."""
    columns: Callable[[Any], Any] | None = None
    """Makes the rows of `--output table` from the answer; None for the answer's own top level."""
    alters: bool = False
    """Whether it is for changing something, and so may be told not to wait."""
    note: str = ""
    """A second paragraph of the help."""

    @property
    def takes_ids(self) -> bool:
        """Whether resources may be named by their ids instead."""
        return any(option.part for option in self.options)


GROUP = Option(("--resource-group", "-g"), "Name of resource group.")
IDS = Option(
    ("--ids",),
    "One or more resource IDs (space-delimited). You should provide either --ids or other 'Resource Id' arguments.",
    takes=SEVERAL,
)
NO_WAIT = Option(
    ("--no-wait",), "Do not wait for the long-running operation to finish.", takes=TRUTH, choices=(*YES, *NO)
)
OUTPUTS = ("json", "jsonc", "yaml", "yamlc", "table", "tsv", "none")
"""Formats of the output."""
GLOBALS = (
    Option(("--debug",), "Increase logging verbosity to show all debug logs.", takes=FLAG),
    Option(("--help", "-h"), "Show this help message and exit.", takes=FLAG),
    Option(("--only-show-errors",), "Only show errors, suppressing warnings.", takes=FLAG),
    Option(("--output", "-o"), "Output format. Default: json.", choices=OUTPUTS),
    Option(("--query",), "JMESPath query string."),
    Option(("--subscription",), "Name or ID of subscription."),
    Option(("--verbose",), "Increase logging verbosity. Use --debug for full debug logs.", takes=FLAG),
)
"""Options of every command."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All commands and the groups that they are in."""

    commands: Mapping[str, Command]
    """By all of their words."""
    groups: Mapping[str, str]
    """What each group is for, by all of its words; `""` is the whole."""

    def within(self, group: str) -> Iterable[tuple[str, str, bool]]:
        """What a group has: its next word, its text, and whether that is a command; sorted."""
        for words, text in sorted(self.groups.items()):
            if words and words.rpartition(" ")[0] == group:
                yield words.rpartition(" ")[2], text, False
        for words, command in sorted(self.commands.items()):
            if words.rpartition(" ")[0] == group:
                yield words.rpartition(" ")[2], command.text, True

    def options_of(self, command: Command) -> tuple[Option, ...]:
        """All options that may be given with a command."""
        ids = (IDS,) if command.takes_ids else ()
        waiting = (NO_WAIT,) if command.alters else ()
        return (*command.options, *ids, *waiting, *GLOBALS)
