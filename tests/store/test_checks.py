"""Modules of checks, loaded from a pack."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from tests.lesson.examples import example_pack
from tests.store.conftest import Maker
from tutor.check import Kind, NetworkState
from tutor.errors import CheckError
from tutor.store.checks import Checks, load_checks, load_checks_all
from tutor.store.packs import read_pack

_HEAD = "from __future__ import annotations\nfrom tutor.check import *\n"
_GOOD = f'''{_HEAD}
DOWN = Diagnosis("link.down", Cause.UP, "down")


@check
def is_up(state, *, link: str):
    """Up."""
    return PASSED
'''


def _loaded(make_pack: Maker, **modules: str) -> Checks:
    return load_checks_all(read_pack(make_pack(checks={f"{stem}.py": text for stem, text in modules.items()})))


def test_definitions_and_diagnoses_are_found_in_all_modules() -> None:
    checks = load_checks(example_pack())
    assert checks.definitions["link.is_up"].kind is Kind.CHECK
    assert checks.definitions["veth.seen"].kind is Kind.FACT
    assert checks.definitions["reach.source_seen"].kind is Kind.QUESTION
    assert checks.definitions["reach.ping"].wants_replies
    assert {"link.down", "nat.wrong-link", "cloud.no-owner"} <= checks.diagnoses.keys()
    assert checks.errors == ()


def test_what_is_loaded_can_be_called() -> None:
    definition = load_checks(example_pack()).definitions["link.is_up"]
    assert definition.function(NetworkState(()), **definition.bind({"link": "eth0"})).passed


def test_modules_live_under_a_name_of_the_packs_own() -> None:
    load_checks(example_pack())
    assert "tutor_pack_format_examples.link" in sys.modules
    assert "link" not in sys.modules


def test_a_diagnosis_may_be_imported_from_another_module(make_pack: Maker) -> None:
    checks = _loaded(make_pack, link=_GOOD, veth="from .link import DOWN\n")
    assert checks.errors == ()
    assert list(checks.diagnoses) == ["link.down"]


def test_a_module_that_begins_with_an_underscore_is_for_the_others(make_pack: Maker) -> None:
    checks = _loaded(
        make_pack, _shared="LINK = 'eth0'\n", link=_GOOD.replace(_HEAD, f"{_HEAD}from ._shared import LINK\n")
    )
    assert checks.errors == ()
    assert list(checks.definitions) == ["link.is_up"]


def test_a_pack_is_loaded_anew_each_time(make_pack: Maker) -> None:
    root = make_pack(checks={"link.py": _GOOD})
    before = load_checks(read_pack(root)).definitions["link.is_up"]
    (root / "checks" / "link.py").write_text(_GOOD.replace("is_up", "is_set_up"))
    assert list(load_checks(read_pack(root)).definitions) == ["link.is_set_up"]
    assert before.function(NetworkState(()), link="eth0").passed


def test_two_packs_of_one_name_do_not_mix(make_pack: Maker, tmp_path: Path) -> None:
    one = read_pack(make_pack(checks={"link.py": _GOOD}, name="one", course='id="p"\ntitle="P"\nlessons=["a.md"]'))
    two = read_pack(make_pack(checks={"veth.py": _GOOD}, name="two", course='id="p"\ntitle="P"\nlessons=["a.md"]'))
    assert list(load_checks(one).definitions) == ["link.is_up"]
    assert list(load_checks(two).definitions) == ["veth.is_up"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("def is_up(:\n", 1, "this is not Python: "),
        ("x = 1\n\nnowhere\n", 3, "the module can't be loaded: NameError: name 'nowhere' is not defined"),
        ("\nimport not_there_at_all\n", 2, "the module can't be loaded: ModuleNotFoundError: No module named"),
        ("\nimport ipaddress\nipaddress.ip_address('x\\ny')\n", 3, "the module can't be loaded: ValueError: 'x"),
        ("import sys\nsys.exit(3)\n", 2, "the module can't be loaded: SystemExit: 3"),
        ("x = 1 / 0", 1, "the module can't be loaded: ZeroDivisionError: division by zero"),
        ("\x00", 0, "null byte"),
        (_GOOD.replace("link: str", "link"), 7, "the parameter 'link' of link.is_up has no type"),
        (_GOOD.replace('"""Up."""', ""), 7, "link.is_up has no docstring"),
    ],
)
def test_a_broken_module_is_named_with_its_line_and_the_others_load(
    make_pack: Maker, text: str, line: int, reason: str
) -> None:
    checks = _loaded(make_pack, link=text, veth=_GOOD)
    (error,) = checks.errors
    assert error.path is not None
    assert (error.path.name, error.line) == ("link.py", line), str(error)
    assert reason in error.reason
    assert "\n" not in error.reason
    assert list(checks.definitions) == ["veth.is_up"]


def test_the_first_broken_module_is_raised(make_pack: Maker) -> None:
    pack = read_pack(make_pack(checks={"link.py": "1/0", "veth.py": "1/0"}))
    with pytest.raises(CheckError, match=r"link\.py:1: .*ZeroDivisionError"):
        load_checks(pack)
    assert len(load_checks_all(pack).errors) == 2


def test_a_module_that_others_import_is_broken_once(make_pack: Maker) -> None:
    checks = _loaded(make_pack, link="\n1/0\n", veth="from .link import DOWN\n", _shared="")
    assert [(error.path and error.path.name, error.line) for error in checks.errors] == [("link.py", 2)]
    checks = load_checks_all(
        read_pack(make_pack(name="b", checks={"link.py": "def (", "veth.py": "from . import link\n"}))
    )
    assert [(error.path and error.path.name, error.line) for error in checks.errors] == [("link.py", 1)]


def test_one_id_for_two_diagnoses_is_an_error(make_pack: Maker) -> None:
    checks = _loaded(make_pack, link=_GOOD, veth=_GOOD.replace("Cause.UP", "Cause.EXISTS"))
    (error,) = checks.errors
    assert error.reason == "a second diagnosis 'link.down'"
    assert error.path is not None
    assert error.path.name == "veth.py"
    assert "link.py has another" in error.hint


def test_a_folder_that_can_not_be_read_is_said(make_pack: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = read_pack(make_pack())

    def forbidden(folder: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "iterdir", forbidden)
    with pytest.raises(CheckError, match="checks: can't be read: Permission denied"):
        load_checks(pack)


def test_a_pack_without_checks_has_none(make_pack: Maker) -> None:
    assert load_checks(read_pack(make_pack())) == Checks()
