"""Packs: folders with `lessons/` and `checks/`, and where they are found. Does not know what a lesson or a check is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tutor
from tutor.errors import ContentError, UsageError
from tutor.lesson.node import NAME
from tutor.lesson.problems import suggestion

GROUP = "tutor.packs"
"""Entry points of this group name the package whose folder is a pack: `kubeadm = "kubeadm_lab"`."""

_COURSE = "course.toml"
_KEYS = ("id", "title", "lessons")
_LINE = re.compile(r"line (\d+)")
_WHAT = "a pack is a folder with lessons/course.toml and checks/"


@dataclass(frozen=True, slots=True)
class Pack:
    """Where one pack lies, and what its `lessons/course.toml` says."""

    root: Path
    """The folder."""
    id: str
    """Its name, under which progress is kept."""
    title: str
    """What a learner calls it."""
    files: tuple[str, ...]
    """Names of the lesson files, in order."""

    @property
    def lessons(self) -> Path:
        """The folder of the lessons."""
        return self.root / "lessons"

    @property
    def checks(self) -> Path:
        """The folder of the modules of checks."""
        return self.root / "checks"

    @property
    def labs(self) -> Path:
        """The folder of the labs."""
        return self.lessons / "labs"

    @property
    def course_file(self) -> Path:
        """The file that lists the lessons."""
        return self.lessons / _COURSE


def read_pack(root: Path) -> Pack:
    """Read the pack in the folder `root`.

    Raises:
        UsageError: there is no pack.
        ContentError: its `course.toml` is wrong.
    """
    for name in ("lessons", "checks"):
        if not (root / name).is_dir():
            raise UsageError(f"{root} is no pack: there is no {name}/ in it", hint=_WHAT)
    path = root / "lessons" / _COURSE
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise UsageError(f"{root} is no pack: there is no lessons/{_COURSE} in it", hint=_WHAT) from None
    except OSError as error:
        raise ContentError(f"can't be read: {error.strerror}", path=path) from error
    except UnicodeDecodeError as error:
        raise ContentError("this is not UTF-8", path=path, hint="save it as UTF-8") from error
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason, _, place = str(error).partition(" (at ")
        number = _LINE.match(place)
        line = int(number[1]) if number else text.count("\n") + 1
        hint = 'it begins with: id = "…", title = "…", lessons = ["01-….md"]'
        raise ContentError(f"this is not TOML: {reason}", path=path, line=line, hint=hint) from error
    return _pack_of(root, path, data)


def our_pack(package: Path | None = None) -> Pack:
    """The pack that comes with the tutor: in a wheel inside of the package, in a checkout beside it.

    Raises:
        UsageError: it is not there, so the installation is broken.
    """
    package = package or Path(tutor.__file__).parent
    for root in (package / "course", package.parent):
        if (root / "lessons" / _COURSE).is_file():
            return read_pack(root)
    raise UsageError("the tutor's own lessons are missing", hint="install it again, or name a pack with --pack PATH")


def installed_packs() -> dict[str, Path]:
    """The folders of the packs that installed packages offer, by the name of their entry point.

    Whether there is a pack in them shows only when one is read.
    """
    # Imported only here: it takes longer than most verbs, and few ask.
    from importlib.metadata import entry_points

    found: dict[str, Path] = {}
    for point in entry_points(group=GROUP):
        try:
            spec = find_spec(point.module)
        except (ImportError, ValueError):
            continue
        if spec is not None and spec.submodule_search_locations:
            found[point.name] = Path(next(iter(spec.submodule_search_locations)))
    return found


def choose_pack(given: str = "") -> Pack:
    """The pack that `--pack` names, a folder or an installed one; ours where nothing is given.

    Raises:
        UsageError: there is no such pack.
        ContentError: its `course.toml` is wrong.
    """
    if not given:
        return our_pack()
    folder = Path(given).expanduser()
    if folder.is_dir():
        return read_pack(folder.resolve())
    installed = installed_packs()
    if given in installed:
        return read_pack(installed[given])
    hint = suggestion(given, installed) if installed else _WHAT
    raise UsageError(f"there is no pack {given!r}: no such folder, and none of that name is installed", hint=hint)


def _pack_of(root: Path, path: Path, data: dict[str, Any]) -> Pack:
    def wrong(message: str, hint: str) -> ContentError:
        return ContentError(message, path=path, hint=hint)

    for key in data:
        if key not in _KEYS:
            raise wrong(f"there is no key {key!r}", suggestion(key, _KEYS))
    id_, title, files = (data.get(key) for key in _KEYS)
    if not isinstance(id_, str) or not NAME.fullmatch(id_):
        raise wrong(f"the id is {id_!r}", "small letters, digits and single dashes, in quotes")
    if not isinstance(title, str) or not title.strip():
        raise wrong(f"the title is {title!r}", "some words, in quotes")
    if not isinstance(files, list) or not files:
        raise wrong(f"`lessons` is {files!r}", 'a list of file names, such as ["01-veth-pair.md"]')
    for name in files:
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".md"):
            raise wrong(f"`lessons` names {name!r}", "the name of a .md file beside this one")
        if files.count(name) > 1:
            raise wrong(f"`lessons` names {name!r} twice", "name it once")
    return Pack(root, id_, title.strip(), tuple(files))
