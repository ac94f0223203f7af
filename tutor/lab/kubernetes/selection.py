"""Which objects a request means: label selectors and field selectors. Does not know what the objects are.

Source: "Labels and Selectors" and "Field Selectors" of Kubernetes' documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tutor.lab.kubernetes.resources import Document

_KEY = r"[A-Za-z0-9][A-Za-z0-9_./-]*"
_VALUE = r"[A-Za-z0-9_.-]*"
_IN_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EQUALS = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")
_FIELD = re.compile(r"([A-Za-z.]+)(==|=|!=)([^,]*)")
_REACHABLE = {
    "pods": ("spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
}
_EVERYWHERE = ("metadata.name", "metadata.namespace")


class BadSelector(ValueError):
    """The selector is not one, or names a field that can't be selected by. Its text says so."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A condition on objects."""

    labels: str = ""
    """The label selector, as typed."""
    fields: str = ""
    """The field selector, as typed."""

    def compile(self, resource: str) -> Callable[[Document], bool]:
        """A function that tells whether an object is meant.

        Args:
            resource: plural name of the objects' kind, which decides what fields there are.

        Raises:
            BadSelector: one of the two makes no sense.
        """
        conditions = [*_label_conditions(self.labels), *_field_conditions(self.fields, resource)]
        return lambda thing: all(condition(thing) for condition in conditions)


def _label_conditions(text: str) -> list[Callable[[Document], bool]]:
    conditions, rest = [], text.strip()
    while rest:
        for form, make in ((_IN_SET, _in_set), (_EQUALS, _equals), (_EXISTS, _exists)):
            found = form.match(rest)
            after = rest[found.end() :].lstrip() if found else ""
            if found and (not after or (after.startswith(",") and after[1:].strip())):
                conditions.append(make(*found.groups()))
                rest = after[1:].lstrip()
                break
        else:
            raise BadSelector(f"unable to parse requirement: {text!r} is no label selector")
    return conditions


def _labels_of(thing: Document) -> dict[str, str]:
    labels: dict[str, str] = thing["metadata"].get("labels", {})
    return labels


def _in_set(key: str, word: str, values: str) -> Callable[[Document], bool]:
    wanted = {value.strip() for value in values.split(",")}
    if word == "in":
        return lambda thing: _labels_of(thing).get(key) in wanted
    return lambda thing: _labels_of(thing).get(key) not in wanted


def _equals(key: str, sign: str, value: str) -> Callable[[Document], bool]:
    if sign == "!=":
        return lambda thing: _labels_of(thing).get(key) != value
    return lambda thing: _labels_of(thing).get(key) == value


def _exists(sign: str, key: str) -> Callable[[Document], bool]:
    return lambda thing: (key in _labels_of(thing)) != bool(sign)


def _field_conditions(text: str, resource: str) -> list[Callable[[Document], bool]]:
    conditions = []
    for part in filter(None, text.split(",")):
        found = _FIELD.fullmatch(part.strip())
        if found is None:
            raise BadSelector(f"invalid field selector: {part!r}; can't understand it")
        path, sign, value = found.groups()
        # Events are told apart by what they are about; there are none here.
        if resource != "events" and path not in (*_EVERYWHERE, *_REACHABLE.get(resource, ())):
            raise BadSelector(f"field label not supported: {path}")
        conditions.append(_field(path, sign, value))
    return conditions


def _field(path: str, sign: str, value: str) -> Callable[[Document], bool]:
    def is_meant(thing: Document) -> bool:
        found: object = thing
        for step in path.split("."):
            found = found.get(step, "") if isinstance(found, dict) else ""
        if path == "spec.unschedulable":
            found = "true" if found else "false"
        return (found == value) != (sign == "!=")

    return is_meant
