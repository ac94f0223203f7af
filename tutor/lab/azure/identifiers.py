"""Resource ids in place of names: one call for each of them.

Does not know which resources there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tutor.lab.azure.commands import SUBSCRIPTION, Command
from tutor.lab.azure.refusals import answered, usage


def spread(command: Command, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The values of each call: as they are, or with the names that each of `--ids` has.

    Raises:
        Refused: an id is not of this kind.
    """
    if "ids" not in values:
        yield dict(values)
        return
    # One argument may hold several ids: `--ids "$(az … -o tsv)"`.
    identifiers = [each for word in values["ids"] for each in word.split()]
    if not identifiers:
        raise usage("argument --ids: expected at least one argument")
    for identifier in identifiers:
        yield {**values, **_names(identifier, command)}


def _names(identifier: str, command: Command) -> dict[str, str]:
    # /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/t: kinds and names take turns.
    start, *words = identifier.split("/")
    kinds, names = [word.casefold() for word in words[::2]], words[1::2]
    options = [option for option in command.options if option.part]
    parts = dict(zip(kinds, names, strict=False))
    found = {option.key: parts.get(option.part.casefold(), "") for option in options}
    # The first option names the resource itself, so its kind is the last one of the id.
    is_of_this_kind = kinds[:1] == ["subscriptions"] and kinds[-1] == options[0].part.casefold()
    if start or len(kinds) != len(names) or not is_of_this_kind or not all(found.values()):
        raise usage(f"argument --ids: invalid ResourceId value: '{identifier}'")
    if names[0] != SUBSCRIPTION:
        raise answered("SubscriptionNotFound", f"The subscription '{names[0]}' could not be found.", status=3)
    return found
