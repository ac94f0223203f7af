"""Options that verbs share. Does not know what a verb does with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tutor.cli.candidates import folders
from tutor.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


def pack_option(function: F) -> F:
    """`--pack PATH`: another pack than ours."""
    return click.option(
        "--pack",
        default="",
        metavar="PATH",
        help="A folder with lessons/ and checks/, or an installed pack.",
        shell_complete=folders,
    )(function)


def json_option(function: F) -> F:
    """`--json`: one JSON document on standard output, and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")(function)


def seed_option(function: F) -> F:
    """`--seed N`: what a lesson draws at random; None where it is not given."""
    return click.option("--seed", type=int, default=None, metavar="N", help="Fixes what a lesson draws at random.")(
        function
    )


def print_json(document: Any) -> None:
    """Print a document for a program."""
    click.echo(json.dumps(document, ensure_ascii=False))


def write_report(path: str, text: str) -> None:
    """Write a report to a file that the caller named.

    Raises:
        UsageError: it can't be written.
    """
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _cannot_write(path, error) from error


def require_writable(path: str) -> None:
    """See to it that a report can be written to a file, before minutes are spent on what it is to say.

    Raises:
        UsageError: it can't.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).open("a").close()
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: str, error: OSError) -> UsageError:
    return UsageError(f"can't write {path}: {error.strerror}", hint="name a file in a folder of yours")
