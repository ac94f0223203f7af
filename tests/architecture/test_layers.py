from __future__ import annotations

import re
import sys

import pytest

from tests.architecture.house import LAYERS, OWNERS, ROOT, imports, loaded_after, may_use, modules_of, packages, sources

STANDARD = set(sys.stdlib_module_names)


def test_every_package_has_its_place() -> None:
    assert set(packages()) <= set(LAYERS)


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_by_its_owner_only(library: str) -> None:
    owner = ROOT / "tutor" / OWNERS[library]
    strangers = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in sources("tutor", "checks")
        for line, name in imports(file)
        if name.partition(".")[0] == library and owner not in file.parents
    ]
    assert not strangers


@pytest.mark.parametrize("package", packages())
def test_a_package_loads_no_library_whose_owner_it_may_not_use(package: str) -> None:
    loaded = loaded_after("import " + ", ".join(modules_of(package)))
    foreign = {library for library, owner in OWNERS.items() if owner not in may_use(package)}
    assert not loaded & foreign


@pytest.mark.parametrize("package", ["errors", "check", "lab"])
def test_a_package_that_must_stay_light_loads_the_standard_library_only(package: str) -> None:
    modules = modules_of(package) or [f"tutor.{package}"]
    before = loaded_after("")
    assert loaded_after("import " + ", ".join(modules)) - before <= STANDARD | {"tutor"}


def test_checks_import_the_standard_library_each_other_and_tutor_check_only() -> None:
    strangers = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in sources("checks")
        for line, name in imports(file)
        if name.partition(".")[0] not in STANDARD and not re.match(r"tutor\.check\.|\.\w", name)
    ]
    assert not strangers


def test_checks_take_all_they_need_from_the_front_door() -> None:
    """`from tutor.check import has_all_it_needs`: what lies behind may move without breaking anybody's pack."""
    behind = {f"tutor.check.{file.stem}." for file in sources("tutor/check") if file.stem != "__init__"}
    strangers = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in sources("checks")
        for line, name in imports(file)
        if any(name.startswith(module) for module in behind)
    ]
    assert not strangers


def test_checks_neither_read_nor_run_anything() -> None:
    """A check is a pure function of a state: none of these has a place in it."""
    impure = {"os", "subprocess", "socket", "pathlib", "shutil", "time", "random", "threading", "asyncio", "tempfile"}
    strangers = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in sources("checks")
        for line, name in imports(file)
        if name.partition(".")[0] in impure
    ]
    assert not strangers
