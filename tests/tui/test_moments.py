"""The moments of a lesson: a step that passes, one that leads on, a question, the end; and the first of all."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from textual.events import Key, Paste
from textual.widgets import Input, OptionList, Static

from tests.tui.lesson_app import at_step
from tutor.lab.nursery import Nursery
from tutor.store.config import ConfigStore
from tutor.store.progress import ProgressStore
from tutor.tui.screens import play
from tutor.tui.widgets.blocks import CommandLine
from tutor.tui.widgets.ending import LessonEnd
from tutor.tui.widgets.outcome import Outcome
from tutor.tui.widgets.welcome import Welcome

pytestmark = [pytest.mark.pty, pytest.mark.netns, pytest.mark.usefixtures("home")]

PAIR = "ip link add veth-a-ns1 type veth peer name veth-b-ns1"
UP = "ip link set veth-a-ns1 up"


def _text(parts: Iterable[Static]) -> str:
    return "\n".join(str(part.render()) for part in parts)


async def test_a_step_that_passes_is_seen_and_leads_on_by_itself(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "SECONDS", 0.5)
    seen: list[str] = []
    lead_on = Outcome.lead_on

    def note(outcome: Outcome, onwards: str) -> None:
        lead_on(outcome, onwards)
        seen.append(outcome.text)

    monkeypatch.setattr(Outcome, "lead_on", note)
    async with at_step(nursery, "veth-pair/pair", advance=True) as playing:
        await playing.run(PAIR)
        await playing.until(lambda: playing.step == "Set one end up")
        assert any("Done" in text and "next step comes" in text for text in seen)
        assert playing.pane.has_focus  # whoever types is not disturbed
        await playing.until(lambda: "○" in playing.outcome and "Done" not in playing.outcome)
        assert len(playing.lesson.query("StepSection")) == 2  # what was read can be read again, above


async def test_whoever_works_on_does_not_wait_for_the_next_step(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECONDS", "READING_SECONDS"):
        monkeypatch.setattr(play, name, 600.0)
    async with at_step(nursery, "veth-pair/pair", advance=True) as playing:
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.run(UP)
        await playing.until(lambda: playing.step == "Set one end up" and "Done" in playing.outcome)
        await playing.run("ip a")  # what is seen counts for the step that asks to see it
        await playing.until(lambda: playing.step == "Read what the kernel says" and "Done" in playing.outcome)


async def test_the_next_step_can_be_told_to_wait(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "SECONDS", 600.0)
    async with at_step(nursery, "veth-pair/pair", advance=True) as playing:
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.press_in_lesson("w")
        await playing.until(lambda: "next step comes" not in playing.outcome)
        assert not playing.screen.advance.is_coming
        assert playing.step == "Make the pair"
        await playing.press_in_lesson("n")
        await playing.until(lambda: playing.step == "Set one end up")


async def test_a_step_that_is_undone_meanwhile_does_not_lead_on(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "SECONDS", 600.0)
    async with at_step(nursery, "veth-pair/pair", advance=True) as playing:
        playing.pane.type_text(f"{PAIR}; read; ip link del veth-a-ns1\n")
        await playing.until(lambda: playing.screen.advance.is_coming)
        playing.pane.type_text("\n")
        await playing.until(lambda: not playing.screen.advance.is_coming)
        await playing.until(lambda: "Done" not in playing.outcome)
        assert playing.step == "Make the pair"


async def test_leading_on_is_turned_off_for_good(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair", advance=True) as playing:
        playing.screen.action_advance()
        await playing.until(lambda: ConfigStore().read().value.advance is False)
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in playing.outcome)
        assert "next step comes" not in playing.outcome
        assert "n leads on" in playing.outcome


async def test_a_step_that_was_done_long_ago_is_shown_and_stays(nursery: Nursery) -> None:
    async with at_step(nursery, advance=True) as playing:
        await playing.run("ip a")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.press_in_lesson("n")
        await playing.until(lambda: playing.step == "How far does an address reach?")
        await playing.press_in_lesson("p")
        await playing.until(lambda: playing.step == "What links are there?" and "Done" in playing.outcome)
        assert not playing.screen.advance.is_coming


async def test_the_end_of_a_lesson_says_what_was_built(nursery: Nursery) -> None:
    progress = ProgressStore("container-networking")
    for step in ("pair", "one-end-up", "look", "state", "carrier"):
        progress.mark_done("veth-pair", step)
    async with at_step(nursery, "veth-pair/unplug") as playing:
        await playing.press_in_lesson("s")
        await playing.until(lambda: bool(playing.lesson.query(LessonEnd)))
        end = playing.lesson.query_one(LessonEnd)
        await playing.until(lambda: "A cable with two ends: all steps are done" in _text(end.query(Static)))
        await playing.until(lambda: "veth-a-ns1" in _text(end.query(Static)))
        await playing.until(lambda: "A network of its own" in _text(end.query(Static)))  # where n leads
        await playing.press_in_lesson("n")
        await playing.until(lambda: playing.step == "Make a namespace" and not playing.question)
        await playing.until(lambda: not playing.lesson.query(LessonEnd))


async def test_the_first_start_explains_the_screen_and_no_later_one_does(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        await playing.until(lambda: bool(playing.lesson.query(Welcome)))
        await playing.press_in_lesson("n")
        await playing.until(lambda: bool(playing.question))
        await playing.pilot.press("g")
        await playing.until(lambda: playing.step == "How far does an address reach?")
        await playing.until(lambda: not playing.lesson.query(Welcome))
    async with at_step(nursery) as playing:
        assert not playing.lesson.query(Welcome)


async def test_an_answer_is_chosen_by_its_number_or_in_the_list(nursery: Nursery) -> None:
    async with at_step(nursery, "initial-state/scope") as playing:
        choices = playing.lesson.query_one(OptionList)
        await playing.until(lambda: choices.has_focus)
        await playing.pilot.press("1")
        await playing.until(lambda: "link is not it" in playing.outcome)
        await playing.pilot.press("down", "enter")
        await playing.until(lambda: "Done" in playing.outcome)
        assert choices.highlighted == 1


async def test_an_answer_is_chosen_with_the_mouse(nursery: Nursery) -> None:
    async with at_step(nursery, "initial-state/scope") as playing:
        await playing.until(lambda: playing.lesson.query_one(OptionList).region.height > 0)
        await playing.click_until(
            OptionList, lambda: "is not it" in playing.outcome or "Done" in playing.outcome, offset=(6, 2)
        )


async def test_what_is_found_and_what_is_expected_stand_side_by_side(nursery: Nursery) -> None:
    async with at_step(nursery, "bridge/plug") as playing:
        await playing.run("ip link add br1 type bridge; ip link set veth-a-ns1 master br1")
        await playing.until(lambda: "veth-a-ns1: master br1" in playing.outcome)
        outcome = playing.lesson.query_one(Outcome)
        found, expected = outcome.query_one("#found"), outcome.query_one("#expected")
        await playing.until(lambda: found.region.height > 0 and found.region.y == expected.region.y)
        assert found.region.right <= expected.region.x
        await playing.run("ip link set veth-a-ns1 master br-rootns")
        await playing.until(lambda: "Done" in playing.outcome)
        assert "expected" not in playing.outcome


async def test_commands_are_typed_one_by_one_and_ticked_when_they_have_run(nursery: Nursery) -> None:
    async with at_step(nursery, "bridge/make") as playing:
        first, second = "ip link add br-rootns type bridge", "ip link set br-rootns up"
        await playing.press_in_lesson("t")
        await playing.until(lambda: playing.shown.endswith(first))
        await playing.press_in_lesson("t")  # again, and the next one takes its place
        await playing.until(lambda: playing.shown.endswith("# " + second))
        await playing.press_in_lesson("t")
        await playing.until(lambda: playing.shown.endswith("# " + first) and playing.pane.has_focus)
        await playing.pilot.press("enter")
        lines = list(playing.lesson.query(CommandLine))
        await playing.until(lambda: [line.has_class("-ran") for line in lines] == [True, False])
        await playing.press_in_lesson("t")
        await playing.until(lambda: playing.shown.endswith(second) and playing.pane.has_focus)
        await playing.pilot.press("enter")
        await playing.until(lambda: "Done" in playing.outcome)


async def test_nothing_is_solved_while_a_program_has_the_shell(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        playing.pane.type_text("cat\n")
        await playing.until(lambda: playing.screen.dictation.is_busy)
        await playing.press_in_lesson("s")
        await playing.until(lambda: "A program still runs" in playing.notices)
        await playing.pilot.press("ctrl+right_square_bracket")
        await playing.until(lambda: playing.pane.has_focus)
        await playing.pilot.press("ctrl+c")
        await playing.until(lambda: not playing.screen.dictation.is_busy)
        assert "ip link" not in playing.shown


async def test_a_step_that_came_while_the_lesson_was_hidden_is_brought_up_with_it(nursery: Nursery) -> None:
    async with at_step(nursery, size=(80, 24), advance=True) as playing:
        await playing.pilot.press("ctrl+right_square_bracket")
        await playing.until(lambda: playing.pane.has_focus)
        await playing.run("ip a")
        await playing.until(lambda: playing.step == "How far does an address reach?")
        await playing.pilot.press("ctrl+right_square_bracket")
        await playing.until(lambda: playing.lesson.text.is_on_screen)
        region = playing.lesson.text.region
        title = list(playing.lesson.query(".title"))[-1]
        answer = playing.lesson.query_one("#answer")
        await playing.until(lambda: region.contains_region(title.region) and region.contains_region(answer.region))


async def test_solving_clears_what_stands_half_typed_at_the_prompt(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        playing.pane.type_text("ip netns del ns1; ")
        await playing.until(lambda: playing.shown.endswith("del ns1;"))
        await playing.press_in_lesson("s")
        await playing.until(lambda: "Done" in playing.outcome)
        assert all("netns" not in command.text for command in playing.app.commands)


async def test_solving_a_question_gives_the_answer_that_its_command_shows(nursery: Nursery) -> None:
    async with at_step(nursery, "initial-state/mtu") as playing:
        await playing.press_in_lesson("s")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.until(lambda: "ip link show eth0" in playing.shown)


async def test_solving_says_when_something_else_is_in_the_way(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/one-end-up") as playing:
        await playing.run("ip link set veth-b-ns1 up")
        await playing.press_in_lesson("s")
        await playing.until(lambda: "something else is in the way" in playing.notices)
        assert "Done" not in playing.outcome


async def test_nothing_is_typed_into_a_full_screen_program(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        playing.pane.type_text("less /etc/hostname\n")
        await playing.until(lambda: playing.pane.is_full_screen)
        await playing.press_in_lesson("t")
        await playing.until(lambda: "full-screen program" in playing.notices)
        assert "ip link" not in playing.shown


async def test_a_paste_in_the_lesson_goes_to_the_shell(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        await playing.to_lesson()
        playing.app.post_message(Paste("echo pasted"))
        await playing.until(lambda: playing.shown.endswith("echo pasted"))


async def test_a_shell_that_can_not_start_is_not_started_for_ever(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        await playing.run("cp /bin/true /tmp/true; mount --bind /tmp/true /bin/bash")
        playing.pane.type_text("exit\n")
        await playing.until(lambda: playing.question == "The lab is not there")
        await playing.pilot.press("b")
        await playing.until(lambda: not playing.question and playing.shown == "root@vm:~#")


async def test_an_answer_can_be_begun_from_the_lesson_however_fast_it_is_typed(nursery: Nursery) -> None:
    async with at_step(nursery, "initial-state/mtu") as playing:
        await playing.to_lesson()
        for key in "1500":
            playing.app.post_message(Key(key, key))
        await playing.until(lambda: playing.lesson.query_one("#answer", Input).value == "1500")
        await playing.pilot.press("enter")
        await playing.until(lambda: "Done" in playing.outcome)
