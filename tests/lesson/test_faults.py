"""Steps that begin with something broken: how a lesson writes them, and what is said of one that is wrong."""

from __future__ import annotations

import pytest

from tests.lesson.examples import HEAD, example_pack
from tutor.lesson import Draw, Step
from tutor.lesson.lint import lint_machines, lint_text
from tutor.lesson.parse import parse_lesson
from tutor.store.checks import load_checks

CHECKS = load_checks(example_pack())

STEP = """\

## Repair {#repair}

```yaml {.checks}
- link.is_up: {link: veth-a}
```

```yaml {.draw}
faults: [1, 2]
```

```bash {.fault id="down" diagnosis="link.down" names="veth-a" group="link" machine="node1"}
ip link set veth-a down
```

```bash {.repair}
ip link set veth-a up
```

```bash {.fault id="gone" diagnosis="link.down" names="veth-b"}
ip link del veth-a
```

```bash {.repair}
ip link add veth-a type veth
```
"""
FIRST = """```bash {.fault id="down" diagnosis="link.down" names="veth-a" group="link" machine="node1"}
ip link set veth-a down
```
"""


def _step(text: str) -> Step:
    (step,) = parse_lesson(HEAD + text).steps
    return step


def test_a_fault_has_what_breaks_it_what_is_said_of_it_and_what_repairs_it() -> None:
    step = _step(STEP)
    down, gone = step.faults
    assert (down.id, down.diagnosis, down.names, down.group, down.machine) == (
        "down", "link.down", ("veth-a",), "link", "node1",
    )  # fmt: skip
    assert down.script.commands == ("ip link set veth-a down",)
    assert down.repair is not None
    assert down.repair.commands == ("ip link set veth-a up",)
    assert (gone.group, gone.machine) == ("", "")


@pytest.mark.parametrize(("faults", "bounds"), [("[1, 2]", (1, 2)), ("2", (2, 2)), ("[2, 2]", (2, 2))])
def test_a_draw_is_a_number_or_from_so_many_to_so_many(faults: str, bounds: tuple[int, int]) -> None:
    assert _step(STEP.replace("[1, 2]", faults)).draw == Draw(*bounds, line=18)


def test_nothing_is_typed_on_the_way_through_a_step_with_faults_but_what_it_shows_can_be() -> None:
    step = _step(STEP + "\n```bash {.type}\nip a\n```\n")
    assert step.solution == ()
    assert step.shown == ("ip a",)


def test_a_good_step_with_faults_has_nothing_wrong() -> None:
    assert lint_text(HEAD + STEP, None, CHECKS.definitions, CHECKS.diagnoses) == ()


def test_a_machine_that_the_lab_does_not_have_is_told() -> None:
    lesson = parse_lesson(HEAD + STEP)
    assert lint_machines(lesson, ["node0", "node1"]) == ()
    (error,) = lint_machines(lesson, ["node0", "node2"])
    assert (error.line, error.reason) == (21, "there is no machine 'node1' in the lab 'vm'")
    assert "did you mean" in error.hint


ANSWERING = """
## Answer {#answer}

```question
ask: Which?
check: link.index
with: {link: lo}
reveal: ip link show lo
take: '^(\\d+)'
wrong: [2]
```

```bash {.fault id="down" diagnosis="link.down"}
ip link set lo down
```

```bash {.repair}
ip link set lo up
```
"""


@pytest.mark.parametrize(
    ("old", "new", "at", "reason", "hint"),
    [
        ('id="down" ', "", ".fault diagnosis", "a fault without an id", '{.fault id="next-hop"'),
        ('id="down"', 'id="Down!"', 'id="Down!"', "the fault's id is 'Down!'", "single dashes"),
        ('id="gone"', 'id="down"', 'id="down" diagnosis="link.down" names="veth-b"', "a second fault 'down'",
         "the first is in line 21"),
        ('group="link"', 'gruop="link"', "gruop", ".fault has no attribute 'gruop'", "did you mean 'group'?"),
        ("faults: [1, 2]", "", "```yaml {.draw}", "a draw block is not a mapping", "it has the keys faults"),
        ("faults: [1, 2]", "{}", "```yaml {.draw}", "a draw block without `faults`", "such as [2, 3]"),
        ("faults: [1, 2]", "fault: 2", "fault: 2", "a draw block has no key 'fault'", "did you mean 'faults'?"),
        ("[1, 2]", "[2, 1]", "faults: [2, 1]", "`faults` is [2, 1]", "such as [2, 3]"),
        ("faults: [1, 2]", "faults: [1, 2", "faults: [1, 2\n", "this is not YAML", "in quotes"),
        ("[1, 2]", "0", "faults: 0", "`faults` is 0", "such as [2, 3]"),
        ("[1, 2]", "true", "faults: true", "`faults` is True", "such as [2, 3]"),
        ("[1, 2]", "[1, 2, 3]", "faults: [1, 2, 3]", "`faults` is [1, 2, 3]", "such as [2, 3]"),
        ("[1, 2]\n```\n", "2\n```\n```yaml {.draw}\nfaults: 2\n```\n", "{.draw}\nfaults: 2\n```\n\n",
         "a second draw in one step", "the first is in line 18"),
        ("```yaml {.draw}\nfaults: [1, 2]\n```\n", "", ".fault id=\"down\"", "the step 'repair' has faults but no draw",
         "such as `faults: [2, 3]`"),
        ("[1, 2]", "[1, 3]", "faults: [1, 3]", "3 faults are to be drawn, but only 2 go together", "draw fewer"),
        ('names="veth-b"', 'names="veth-b" group="link"', "faults: [1, 2]",
         "2 faults are to be drawn, but only 1 go together", "other groups"),
        ('names="veth-b"', 'names="veth-b" group="link"', "## Repair", "the step 'repair' has too few faults",
         "at least 2"),
        ('diagnosis="link.down" names="veth-b"', "", 'id="gone"', "the fault 'gone' has no diagnosis", "diagnosis="),
        ('diagnosis="link.down" names="veth-b"', 'diagnosis="link.dwon"', 'id="gone"', "no diagnosis 'link.dwon'",
         "did you mean 'link.down'?"),
        ("```bash {.repair}\nip link add veth-a type veth\n```\n", "", 'id="gone"', "the fault 'gone' has no repair",
         "right below it"),
        ("ip link set veth-a down\n```\n", "ip link set veth-a down\n```\n\nWords.\n", "```bash {.repair}",
         "a repair without a mistake or fault right before it", "below its mistake or fault"),
        (FIRST, "```bash {.solution}\nls\n```\n" + FIRST, ".solution",
         "a solution, alternative or mistake in a step with faults", "its repair"),
        (FIRST, "```bash {.alternative}\nls\n```\n" + FIRST, ".alternative",
         "a solution, alternative or mistake in a step with faults", "its repair"),
        (FIRST, '```bash {.mistake diagnosis="link.down"}\nls\n```\n' + FIRST, ".mistake",
         "a solution, alternative or mistake in a step with faults", "its repair"),
        (FIRST, "```yaml {.requires}\n- link.is_up: {link: lo}\n```\n" + FIRST, "- link.is_up: {link: lo}",
         "something is required in a step with faults", "is drawn"),
        (STEP, ANSWERING, ".fault", "a fault in a step that has no state to reach", "a checks block"),
        (STEP[STEP.index("```bash {.fault id"):], "", "faults: [1, 2]", "the step 'repair' has a draw but no faults",
         "leave the draw out"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_faults_is_told_with_its_line(old: str, new: str, at: str, reason: str, hint: str) -> None:
    assert old in STEP
    text = HEAD + STEP.replace(old, new, 1)
    line = text[: text.index(at)].count("\n") + 1
    told = lint_text(text, None, CHECKS.definitions, CHECKS.diagnoses)
    found = [(error.line, error.hint) for error in told if reason in error.reason]
    assert len(found) == 1, [str(error) for error in told]
    assert abs(found[0][0] - line) <= 1
    assert hint in found[0][1]
