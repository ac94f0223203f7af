"""Moves of a screen that must not overlap, because they ask or take a while. Does not know what they do."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class Mover(Protocol):
    """A screen that moves."""

    moves: asyncio.Lock
    """Held while a move is under way."""


M = TypeVar("M", bound=Mover)
P = ParamSpec("P")


def one_at_a_time(
    move: Callable[Concatenate[M, P], Awaitable[None]],
) -> Callable[Concatenate[M, P], Awaitable[None]]:
    """Let keys that are pressed while a move is under way come to nothing."""

    @functools.wraps(move)
    async def moved(screen: M, /, *arguments: P.args, **named: P.kwargs) -> None:
        if not screen.moves.locked():
            async with screen.moves:
                await move(screen, *arguments, **named)

    return moved
