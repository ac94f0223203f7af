"""What could stand where a word of the command line is being completed: lessons, places, labs, files.

Nothing here may fail or speak: a shell asks in the middle of a line that somebody types. Where a pack can't be read
there is nothing to offer, and the verb itself says why when it is called. Does not know which shell asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from tutor.errors import TutorError

if TYPE_CHECKING:
    from tutor.store.course import Course


def lessons(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Lessons of the course, by id, less those that the line names already."""
    given = ctx.params.get(param.name or "") or ()
    named = {given} if isinstance(given, str) else set(given)
    try:
        offered = [(entry.front.id, entry.front.title) for entry in _course(ctx).entries]
    except TutorError:
        return []
    return _beginning(typed, ((id_, title) for id_, title in offered if id_ not in named))


def places(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Lessons; after the slash, the steps of the one before it."""
    lesson, slash, _ = typed.partition("/")
    if not slash:
        return lessons(ctx, param, typed)
    try:
        steps = _course(ctx).lesson(lesson).steps
    except TutorError:
        return []
    return _beginning(typed, ((f"{lesson}/{step.id}", step.title) for step in steps))


def place_or_command(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """A place; after it, the files that a command could be about."""
    return files(ctx, param, typed) if ctx.params.get(param.name or "") else places(ctx, param, typed)


def labs(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Labs of the pack."""
    del param
    try:
        found = sorted(path.stem for path in _course(ctx).pack.labs.glob("*.toml"))
    except TutorError:
        return []
    return _beginning(typed, ((name, "") for name in found))


def files(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Files and folders, which the shell itself looks for."""
    del ctx, param
    return [CompletionItem(typed, type="file")]


def folders(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Folders, which the shell itself looks for."""
    del ctx, param
    return [CompletionItem(typed, type="dir")]


def _course(ctx: click.Context) -> Course:
    # Imported only here: every verb loads this module, and few times does a shell ask.
    from tutor.store.course import Course
    from tutor.store.packs import choose_pack

    return Course(choose_pack(ctx.params.get("pack") or ""))


def _beginning(typed: str, offered: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    return [CompletionItem(word, help=told or None) for word, told in offered if word.startswith(typed)]
