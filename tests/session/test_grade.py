"""What a script has built is judged, on live labs."""

from __future__ import annotations

import pytest

from tutor.errors import LabError
from tutor.lab.client import Lab
from tutor.session import workshop as workshop_module
from tutor.session.grade import grade
from tutor.session.material import Material
from tutor.session.workshop import Workshop, run_script

pytestmark = [pytest.mark.netns, pytest.mark.pty]


def _grade(workshop: Workshop, material: Material, place: str, script: str) -> dict[str, bool | None]:
    lesson, step = material.place(place)
    result = grade(workshop, material.judge, lesson, step, script)
    return {each.id: each.passed for each in result.steps}


def test_grade_judges_what_holds_until_the_end_and_nothing_else(workshop: Workshop, material: Material) -> None:
    papers = "ip link add veth-a-ns1 type veth peer name veth-b-ns1\nip link set veth-a-ns1 up\n"
    wanted = {"pair": True, "one-end-up": True, "look": None, "state": None, "carrier": None, "unplug": True}
    assert _grade(workshop, material, "veth-pair", papers) == wanted
    assert _grade(workshop, material, "veth-pair", papers + "ip link set veth-b-ns1 up") == wanted
    assert _grade(workshop, material, "veth-pair", papers + "exit 3") == wanted
    assert _grade(workshop, material, "veth-pair", "true")["pair"] is False


def test_grade_of_one_step_starts_there_and_asks_all_of_its_checks(workshop: Workshop, material: Material) -> None:
    both = "ip link set veth-a-ns1 up; ip link set veth-b-ns1 up"
    assert _grade(workshop, material, "veth-pair/one-end-up", both) == {"one-end-up": False}
    assert _grade(workshop, material, "veth-pair/carrier", "ip link set veth-b-ns1 up") == {"carrier": True}
    assert _grade(workshop, material, "initial-state/links", "ip a") == {"links": None}


def test_what_a_script_leaves_in_the_background_is_judged_with_it(workshop: Workshop, material: Material) -> None:
    script = "(sleep 0.4; ip link add veth-a-ns1 type veth peer name veth-b-ns1) & disown"
    assert _grade(workshop, material, "veth-pair/pair", script) == {"pair": True}


def test_a_script_that_never_ends_is_judged_all_the_same(
    workshop: Workshop, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.session.grade.run_script", lambda lab, text: run_script(lab, text, seconds=0.5))
    script = "ip link add veth-a-ns1 type veth peer name veth-b-ns1; sleep 100"
    assert _grade(workshop, material, "veth-pair/pair", script) == {"pair": True}


def test_a_script_may_read_its_standard_input_and_use_here_documents(lab: Lab) -> None:
    ran = run_script(lab, "cat\ncat <<E\nhello\nE\nread x\necho end\nexit 4")
    assert (ran.status, ran.output) == (4, "hello\nend\n")


def test_earlier_steps_that_hang_are_an_error(workshop: Workshop, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop_module, "run_script", lambda lab, script: run_script(lab, script, seconds=0.2))
    with pytest.raises(LabError):
        workshop.replay(lab, ["sleep 5"])
