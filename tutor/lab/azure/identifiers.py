"""Resource ids in place of names: one call for each of them.

Does not know which resources there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tutor.lab.azure.commands import Command
from tutor.lab.azure.refusals import usage


def spread(command: Command, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The values of each call: as they are, or with the names that each of `--ids` has.

    Raises:
        Refused: an id is not of this kind.
    """
    if "ids" not in values:
        yield dict(values)
        return
    # One argument may hold several ids: `--ids "$(az … -o tsv)"`.
    for identifier in (each for word in values["ids"] for each in word.split()):
        yield {**values, **_names(identifier, command)}


def _names(identifier: str, command: Command) -> dict[str, str]:
    # /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/t: kinds and names take turns.
    words = identifier.split("/")
    parts = {kind.casefold(): name for kind, name in zip(words[1::2], words[2::2], strict=False)}
    options = [option for option in command.options if option.part]
    names = {option.key: parts.get(option.part.casefold(), "") for option in options}
    # The first of them names the resource itself, so its kind is the last of the id.
    is_of_this_kind = len(words) % 2 == 1 and words[-2].casefold() == options[0].part.casefold()
    if not identifier.startswith("/subscriptions/") or not is_of_this_kind or not all(names.values()):
        raise usage(f"argument --ids: invalid ResourceId value: '{identifier}'")
    return names
