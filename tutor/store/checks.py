"""The checks of a pack, loaded by path under a module name of the pack's own. Does not know which lesson asks for them.

`checks/link.py` of the pack `kubenet` becomes the module `tutor_pack_kubenet.link`: two packs may each have a `link`,
and the modules of one may import each other (`from .link import DOWN`).
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from tutor.check import Definition, Diagnosis
from tutor.check.definition import definitions_of, diagnoses_of
from tutor.errors import CheckError
from tutor.store.packs import Pack


@dataclass(frozen=True, slots=True)
class Checks:
    """What lessons of a pack can name."""

    definitions: Mapping[str, Definition] = field(default_factory=dict)
    """Checks, facts and questions by id."""
    diagnoses: Mapping[str, Diagnosis] = field(default_factory=dict)
    """Diagnoses by id."""
    errors: tuple[CheckError, ...] = ()
    """Why some are missing: one error for each broken module; none when all is well."""


def load_checks(pack: Pack) -> Checks:
    """Load all modules of checks of a pack.

    Raises:
        CheckError: one of them is broken; the first.
    """
    checks = load_checks_all(pack)
    if checks.errors:
        raise checks.errors[0]
    return checks


def load_checks_all(pack: Pack) -> Checks:
    """Load what can be loaded of a pack's checks, anew each time, and tell what is wrong with the rest."""
    definitions: dict[str, Definition] = {}
    diagnoses: dict[str, Diagnosis] = {}
    owners: dict[str, Path] = {}
    errors: list[CheckError] = []
    package = _package_of(pack)
    try:
        _make_package(package, pack.checks)
        for path in _module_files(pack.checks):
            try:
                module = _load(f"{package}.{path.stem}", pack.checks, path)
                found = definitions_of(module, path.stem)
                for id_, diagnosis in diagnoses_of(module).items():
                    if diagnoses.setdefault(id_, diagnosis) != diagnosis:
                        hint = f"{owners[id_].name} has another: give one of them another id, or import it"
                        raise CheckError(f"a second diagnosis {id_!r}", path=path, hint=hint)
                    owners.setdefault(id_, path)
                definitions.update(found)
            except CheckError as error:
                # A module that others import is broken once.
                if str(error) not in map(str, errors):
                    errors.append(error)
    except CheckError as error:
        errors.append(error)
    return Checks(definitions, diagnoses, tuple(errors))


def _package_of(pack: Pack) -> str:
    return f"tutor_pack_{pack.id.replace('-', '_')}"


def _module_files(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise CheckError(f"can't be read: {error.strerror}", path=folder) from error
    return (path for path in paths if path.suffix == ".py" and not path.name.startswith("_"))


def _make_package(name: str, folder: Path) -> None:
    """Register an empty package whose modules are the files in `folder`; what was loaded under its name is dropped."""
    for loaded in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
        del sys.modules[loaded]
    importlib.invalidate_caches()
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package


def _load(name: str, folder: Path, path: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except SyntaxError as error:
        where = Path(error.filename) if error.filename else path
        raise CheckError(f"this is not Python: {error.msg}", path=where, line=error.lineno or 0) from error
    except (Exception, SystemExit) as error:
        line, where = _place_of(error, folder, path)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CheckError(f"the module can't be loaded: {reason}", path=where, line=line) from error


def _place_of(error: BaseException, folder: Path, path: Path) -> tuple[int, Path]:
    """The last line of the pack's own that ran."""
    line, where = 0, path
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).parent == folder:
            line, where = frame.lineno or 0, Path(frame.filename)
    return line, where
