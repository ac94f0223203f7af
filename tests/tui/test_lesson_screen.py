"""The whole application on a real lab: what a learner does, and what the screen says to it."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input, Static

from tests.lab.processes import alive, below
from tests.tui.lesson_app import Sitting, at_step, sitting
from tutor.lab.nursery import Nursery
from tutor.shell import Command
from tutor.tui.screens.watch import WatchScreen
from tutor.tui.widgets.blocks import CommandLine
from tutor.tui.widgets.terminal import TerminalPane

pytestmark = [pytest.mark.pty, pytest.mark.netns, pytest.mark.usefixtures("home")]

PAIR = "ip link add veth-a-ns1 type veth peer name veth-b-ns1"


async def test_a_learner_who_starts_is_at_the_first_step_with_a_shell(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        assert playing.step == "What links are there?"
        await playing.until(lambda: playing.outcome == "○ Run the command and read what it prints.")
        await playing.until(lambda: playing.pane.has_focus)
        await playing.until(lambda: playing.shown == "root@vm:~#")
        await playing.until(lambda: playing.course.startswith("course 0/"))


async def test_a_see_step_is_done_by_the_command_that_shows_it_and_no_other(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        await playing.run("hostname")
        assert "Done" not in playing.outcome
        await playing.run("ip link show eth0")
        await playing.until(lambda: "Not shown yet:" in playing.outcome)
        await playing.run("ip a")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.until(lambda: playing.course.startswith("course 1/"))


async def test_a_mistake_is_named_and_the_right_command_ticks_the_step(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        assert "○" in playing.outcome
        await playing.run("ip link add veth-a-ns1 type bridge")
        await playing.until(lambda: "bridge" in playing.outcome)
        assert "veth-a-ns1" in playing.outcome
        await playing.run("ip link del veth-a-ns1; " + PAIR)
        await playing.until(lambda: "Done" in playing.outcome)
        assert "○" not in playing.outcome


async def test_a_step_that_no_longer_holds_says_so(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/one-end-up") as playing:
        await playing.run("ip link set veth-a-ns1 up")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.run("ip link set veth-a-ns1 down")
        await playing.until(lambda: "Done" not in playing.outcome and "veth-a-ns1" in playing.outcome)


async def test_what_changes_while_a_command_still_runs_is_seen_at_once(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/one-end-up") as playing:
        playing.pane.type_text("ip link set veth-a-ns1 up; sleep 1000\n")
        await playing.until(lambda: "Done" in playing.outcome)
        assert not playing.app.commands
        await playing.until(lambda: playing.pane.has_focus)
        await playing.pilot.press("ctrl+c")
        await playing.until(lambda: playing.app.commands[-1:] != [] and playing.app.commands[-1].status == 130)


async def test_a_wrong_answer_is_named_and_the_right_one_passes(nursery: Nursery) -> None:
    async with at_step(nursery, "initial-state/mtu") as playing:
        assert playing.lesson.query_one("#answer").has_focus
        await playing.pilot.press(*"65536", "enter")
        await playing.until(lambda: "65536 is not it" in playing.outcome)
        await playing.until(lambda: playing.lesson.query_one("#answer", Input).value == "")
        assert playing.lesson.query_one("#answer").has_focus
        await playing.pilot.press(*"1500", "enter")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.until(lambda: playing.app.focused is playing.lesson.text)


async def test_an_answer_that_is_typed_twice_takes_nothing_but_the_question_away(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        await playing.press_in_lesson("n")
        await playing.until(lambda: bool(playing.question))
        asking = playing.app.screen
        for _ in range(2):
            asking.post_message(Key("s", "s"))
        await playing.until(lambda: not playing.question)
        await playing.pilot.pause(0.1)
        assert playing.app.screen is playing.screen


async def test_keys_in_an_answer_are_letters_and_behind_escape_they_lead_on(nursery: Nursery) -> None:
    async with at_step(nursery, "initial-state/mtu") as playing:
        await playing.pilot.press("n", "q", "h")
        await playing.until(lambda: playing.lesson.query_one("#answer", Input).value == "nqh")
        assert not playing.question
        await playing.pilot.press("escape", "p")
        await playing.until(lambda: playing.step == "How far does an address reach?")


async def test_hints_come_one_by_one_until_there_are_none(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        for shown in (1, 2, 3):
            await playing.press_in_lesson("h")
            await playing.until(partial(has_hints, playing, shown))
        await playing.press_in_lesson("h")
        await playing.until(lambda: "no more hints" in playing.notices)


def has_hints(playing: Sitting, count: int) -> bool:
    return len(playing.lesson.query(".hint")) == count


async def test_next_asks_about_a_step_that_is_not_done_and_not_about_one_that_is(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        await playing.press_in_lesson("n")
        await playing.until(lambda: playing.question == "Go on all the same?")
        await playing.pilot.press("s")
        await playing.until(lambda: not playing.question)
        assert playing.step == "What links are there?"
        await playing.run("ip a")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.press_in_lesson("n")
        await playing.until(lambda: playing.step == "How far does an address reach?")
        assert not playing.question
        await playing.press_in_lesson("p")
        await playing.until(lambda: playing.step == "What links are there?" and "Done" in playing.outcome)
        await playing.press_in_lesson("p")
        await playing.until(lambda: "beginning of the course" in playing.notices)


async def test_at_the_end_of_the_course_next_says_so(nursery: Nursery) -> None:
    async with at_step(nursery, "capstone/from-outside") as playing:
        await playing.pilot.press("2")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.press_in_lesson("n")
        await playing.until(lambda: "end of the course" in playing.notices)


async def test_solving_types_the_commands_where_the_learner_sees_them(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        await playing.press_in_lesson("s")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.until(lambda: "ip link add veth-a-ns1" in playing.shown)


async def test_typing_puts_the_command_at_the_prompt_and_leaves_enter_to_the_learner(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/one-end-up") as playing:
        await playing.press_in_lesson("t")
        await playing.until(lambda: playing.shown.endswith("ip link set veth-a-ns1 up"))
        await asyncio.sleep(0.1)
        assert "Done" not in playing.outcome
        await playing.until(lambda: playing.pane.has_focus)
        await playing.pilot.press("enter")
        await playing.until(lambda: "Done" in playing.outcome)


async def test_a_click_on_a_command_types_it(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/one-end-up") as playing:
        await playing.click_until(CommandLine, lambda: playing.shown.endswith("ip link set veth-a-ns1 up"))
        await playing.until(lambda: playing.pane.has_focus)
        assert not playing.app.commands


async def test_reset_asks_first_and_builds_the_step_anew(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/one-end-up") as playing:
        await playing.run("ip link del veth-a-ns1; touch here")
        await playing.until(lambda: "There is no link" in playing.outcome)
        await playing.press_in_lesson("r")
        await playing.until(lambda: playing.question == "Reset this step?")
        await playing.pilot.press("escape")
        await playing.until(lambda: not playing.question)
        assert "There is no link" in playing.outcome
        await playing.press_in_lesson("r")
        await playing.until(lambda: playing.question == "Reset this step?")
        await playing.pilot.press("r")
        await playing.until(lambda: "There is no link" not in playing.outcome and playing.shown == "root@vm:~#")
        shown = await playing.run("ls here; ip -br link show veth-a-ns1")
        assert "No such file" in shown.output
        assert "veth-a-ns1@veth-b-ns1" in shown.output


async def test_the_end_of_the_shell_brings_a_new_one_in_the_same_lab(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        await playing.run("touch stays; old=1")
        playing.pane.type_text("exit\n")
        await playing.until(lambda: "Here is a new one" in playing.notices and playing.shown == "root@vm:~#")
        assert (await playing.run("ls; echo old=$old")).output == "stays\nold=\n"
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in playing.outcome)


async def test_the_end_of_a_shell_is_not_missed_when_a_command_is_judged_just_then(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        with monkeypatch.context() as busy:
            busy.setattr(playing.screen, "_pump_now", lambda: None)
            playing.screen._watch.pause()
            playing.pane.type_text("exit\n")
            await asyncio.sleep(0.3)
            await playing.screen.on_terminal_pane_command_done(TerminalPane.CommandDone(Command("exit", "", 0)))
        await playing.until(lambda: "Here is a new one" in playing.notices and playing.shown == "root@vm:~#")


async def test_killing_everything_ends_the_shell_and_not_the_lab(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in playing.outcome)
        playing.pane.type_text("kill -9 -1\n")
        await asyncio.sleep(0.1)
        playing.pane.type_text("exit\n")  # bash spares itself
        await playing.until(lambda: "Here is a new one" in playing.notices and playing.shown == "root@vm:~#")
        assert "Done" in playing.outcome
        assert "veth-a-ns1@veth-b-ns1" in (await playing.run("ip -br link show veth-a-ns1")).output


async def test_a_machine_that_goes_down_is_built_anew_at_the_same_step(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/one-end-up") as playing:
        await reboot(playing)
        await playing.until(lambda: playing.question == "The lab is not there")
        await playing.pilot.press("b")
        await playing.until(lambda: not playing.question and playing.shown == "root@vm:~#")
        assert playing.step == "Set one end up"
        await playing.run("ip link set veth-a-ns1 up")
        await playing.until(lambda: "Done" in playing.outcome)


async def reboot(playing: Sitting) -> None:
    """reboot(2), as `reboot -f` does it, which may not be installed."""
    code = "import ctypes; ctypes.CDLL(None).reboot(0x01234567)"
    playing.pane.type_text(f'python3 -c "{code}"\n')


async def test_quit_asks_first_and_leaves_no_process(nursery: Nursery) -> None:
    async with at_step(nursery, "initial-state/way-out") as playing:
        await playing.run("sleep 1000 &")
        lab = below(nursery.pid)
        assert len(lab) > 2
        await playing.press_in_lesson("q")
        await playing.until(lambda: playing.question == "Quit?")
        await playing.pilot.press("s")
        await playing.until(lambda: not playing.question)
        await playing.press_in_lesson("q")
        await playing.until(lambda: playing.question == "Quit?")
        await playing.pilot.press("q")
        await playing.until(lambda: playing.app._exit)
        await playing.until(lambda: not alive(lab))


async def test_progress_is_kept_and_the_next_sitting_begins_there(nursery: Nursery, home: Path) -> None:
    async with at_step(nursery) as playing:
        await playing.run("ip a")
        await playing.until(lambda: "Done" in playing.outcome)
    kept = list((home / "state_home").rglob("*.json"))
    assert kept
    assert "links" in json.dumps([json.loads(path.read_text(encoding="utf-8")) for path in kept])
    async with at_step(nursery) as playing:
        await playing.until(lambda: playing.course.startswith("course 1/"))


async def test_another_tutor_is_told_that_the_lab_is_in_use_and_leaves_it_alone(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        async with sitting(nursery) as other:
            await other.until(lambda: other.question == "The lab is in use")
            await other.pilot.press("q")
            await other.until(lambda: other.app._exit)
        assert (await playing.run("echo still here")).output == "still here\n"


async def test_another_tutor_may_watch_the_shell(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        async with sitting(nursery) as other:
            await other.until(lambda: other.question == "The lab is in use")
            await other.pilot.press("w")
            await other.until(lambda: isinstance(other.app.screen, WatchScreen))
            await playing.run("echo seen from afar")
            watched = other.app.screen.query_one(TerminalPane)
            await other.until(lambda: "seen from afar" in "\n".join(watched.render_line(y).text for y in range(9)))
            await other.pilot.press("x", "enter", "q")
            await other.until(lambda: other.app._exit)
        assert (await playing.run("echo still here")).output == "still here\n"


async def test_a_lab_that_has_just_been_replaced_is_asked_nothing_before_its_step_is_entered(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        desk = playing.screen.desk
        await desk.build(*desk.here)
        view, _ = await desk.pump()
        assert view is None
        assert (await desk.enter(*desk.here)).fault is not None


async def test_where_one_has_been_in_this_lab_one_comes_again_without_another(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.press_in_lesson("n")
        await playing.until(lambda: playing.step == "Set one end up")
        for step, title in (("pair", "Make the pair"), ("one-end-up", "Set one end up")):
            playing.screen.action_go_to(step)
            await playing.until(partial(is_at, playing, title))
            assert not playing.question
        playing.screen.action_go_to("carrier")
        await playing.until(lambda: playing.question == "Build a new lab?")
        await playing.pilot.press("s")


def is_at(playing: Sitting, title: str) -> bool:
    return playing.step == title


async def test_another_tutor_may_work_in_a_lab_of_its_own(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair") as playing:
        async with sitting(nursery) as other:
            await other.until(lambda: other.question == "The lab is in use")
            await other.pilot.press("s")
            await other.until(lambda: other.app.prompts > 0)
            assert (await other.run("ip -br link show veth-a-ns1")).status == 1
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in playing.outcome)


async def test_a_narrow_terminal_has_one_pane_at_a_time(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair", size=(80, 24)) as playing:
        status = playing.screen.query_one("#status", Static)
        await playing.until(lambda: playing.lesson.is_on_screen and not playing.pane.is_on_screen)
        await playing.pilot.press("ctrl+right_square_bracket")
        await playing.until(lambda: playing.pane.has_focus and playing.pane.size.width == 80)
        await playing.until(lambda: not playing.lesson.is_on_screen)
        await playing.until_the_shell_is_as_large_as_its_pane()
        assert "Make the pair" in str(status.render())
        await playing.run(PAIR)
        await playing.until(lambda: "Done" in str(status.render()))
        await playing.pilot.resize_terminal(140, 40)
        await playing.until(lambda: playing.lesson.is_on_screen and playing.pane.is_on_screen)
        await playing.until(lambda: not status.is_on_screen)
        await playing.until_the_shell_is_as_large_as_its_pane()


async def test_a_lab_that_can_not_be_built_is_a_question(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nursery of this sitting has been closed: nothing can be made."""
    gone = Nursery()
    gone.close()
    async with sitting(gone) as playing:
        await playing.until(lambda: playing.question == "The lab is not there")
        await playing.pilot.press("q")
        await playing.until(lambda: playing.app._exit)
        assert playing.app.return_code == 2


async def test_a_command_in_a_diagnosis_is_shown_as_one(nursery: Nursery) -> None:
    async with at_step(nursery, "network-namespace/move") as playing:
        await playing.run("ip link set veth-a-ns1 netns ns1")
        await playing.until(lambda: "ip -n ns1 link set veth-a-ns1 netns 1" in playing.outcome)
        assert "`" not in playing.outcome
