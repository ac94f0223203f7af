"""A line of `az`, from its words to what is printed.

A command works on a copy of the cloud, so that one that fails, be it at its very end, has altered nothing. Does not
know who asks, nor what an alteration means for the fabric.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tutor.lab.azure.arguments import parse_arguments
from tutor.lab.azure.catalogue import CATALOGUE
from tutor.lab.azure.commands import SUBSCRIPTION, SUBSCRIPTION_NAME, Call, Command
from tutor.lab.azure.identifiers import spread
from tutor.lab.azure.manual import help_for
from tutor.lab.azure.output import FORMATS, as_table
from tutor.lab.azure.query import Query, parse_query
from tutor.lab.azure.refusals import Refused
from tutor.lab.cloud import Cloud


@dataclass(frozen=True)
class Ran:
    """What became of a line."""

    stdout: str
    """What it prints."""
    stderr: str
    """What it complains of."""
    status: int
    """Exit status."""
    changed: bool
    """Whether the cloud's resources are others than before."""


def run(arguments: Sequence[str], cloud: Cloud, *, columns: int = 80) -> Ran:
    """Do what a line asks for.

    Args:
        arguments: the words after `az`.
        cloud: what they are about; altered only where the command succeeds.
        columns: width of the terminal, for the help.
    """
    draft = deepcopy(cloud)
    try:
        stdout, stderr = _run(arguments, draft, columns)
    except Refused as refused:
        return Ran("", _encodable(refused.as_text()), refused.status, changed=False)
    is_changed = draft.as_message() != cloud.as_message()
    if is_changed:
        _take_over(draft, cloud)
    return Ran(_encodable(stdout), stderr, 0, is_changed)


def _run(arguments: Sequence[str], cloud: Cloud, columns: int) -> tuple[str, str]:
    if not cloud.group:
        raise Refused("this lab's cloud has no command line")
    arguments = ["version"] if list(arguments) in (["--version"], ["-v"]) else arguments
    asked = parse_arguments(arguments, CATALOGUE)
    if asked.command is None:
        return help_for(asked.words, CATALOGUE, columns), ""
    command, values = asked.command, asked.values
    _check_subscription(values.get("subscription"))
    query = parse_query(values["query"]) if "query" in values else None
    answer = _answer(command, values, cloud)
    return _shown(answer, command, query, values.get("output", "json")), _remark(command, values)


def _answer(command: Command, values: dict[str, Any], cloud: Cloud) -> Any:
    answers = [command.function(Call(cloud, each)) for each in spread(command, values)]
    if command.alters and values.get("no-wait") is True:
        return None
    if len(answers) == 1:
        return answers[0]
    flat = [each for answer in answers for each in (answer if isinstance(answer, list) else [answer])]
    kept = [each for each in flat if each is not None]
    return kept or None


def _shown(answer: Any, command: Command, query: Query | None, output: str) -> str:
    if query is not None:
        answer = query.search(answer)
    if answer is None:
        return ""
    if output != "table":
        return FORMATS[output](answer)
    if query is None and command.columns is not None:
        return as_table(command.columns(answer), is_ordered=True)
    return as_table(answer, is_ordered=query is not None)


def _remark(command: Command, values: dict[str, Any]) -> str:
    if command.words != "login" or values.get("only-show-errors"):
        return ""
    return "WARNING: This lab's cloud needs no account: there is nothing to log in to.\n"


def _check_subscription(name: str | None) -> None:
    if name is not None and name.lower() not in (SUBSCRIPTION, SUBSCRIPTION_NAME):
        raise Refused(
            f"The subscription of '{name}' doesn't exist in this lab's cloud; its own is '{SUBSCRIPTION_NAME}'."
        )


def _take_over(draft: Cloud, cloud: Cloud) -> None:
    """What a command may alter; the cards and subnets that others hold stay the same objects."""
    for card, wanted in zip(cloud.cards, draft.cards, strict=True):
        card.ip_forwarding = wanted.ip_forwarding
    for subnet, other in zip(cloud.subnets, draft.subnets, strict=True):
        subnet.route_table = other.route_table
    cloud.tables[:] = draft.tables


def _encodable(text: str) -> str:
    """Without the halves of characters that stand for bytes that were no text."""
    return text.encode("utf-8", "replace").decode("utf-8")
