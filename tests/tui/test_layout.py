"""The screen around lesson and shell: how it is divided, what lies over it, which colours it has."""

from __future__ import annotations

import pytest
from textual.command import CommandList, CommandPalette
from textual.widgets import OptionList, Static

from tests.tui.lesson_app import at_step
from tutor.lab.nursery import Nursery
from tutor.store.config import ConfigStore
from tutor.tui.keys import help_rows
from tutor.tui.screens.course import CourseScreen
from tutor.tui.screens.help import HelpScreen
from tutor.tui.widgets.divider import Divider
from tutor.tui.widgets.network import NetworkPane

pytestmark = [pytest.mark.pty, pytest.mark.netns, pytest.mark.usefixtures("home")]


async def test_keys_divide_the_screen_and_the_next_sitting_remembers_it(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        before = playing.lesson.size.width
        await playing.press_in_lesson("greater_than_sign", "greater_than_sign")
        await playing.until(lambda: playing.lesson.size.width > before)
        await playing.until(lambda: ConfigStore().read().value.split == 50)
        await playing.until_the_shell_is_as_large_as_its_pane()
        wide = playing.lesson.size.width
    async with at_step(nursery) as playing:
        await playing.until(lambda: playing.lesson.size.width == wide)


async def test_the_mouse_divides_the_screen(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        line = playing.screen.query_one(Divider)
        await playing.until(lambda: line.region.height > 0)
        x, y = line.region.x, line.region.y + 5
        await playing.pilot.mouse_down(offset=(x, y))
        await playing.pilot.hover(offset=(x + 12, y))
        await playing.pilot.mouse_up(offset=(x + 12, y))
        await playing.until(lambda: playing.screen.query_one(Divider).region.x == x + 12)
        await playing.until(lambda: ConfigStore().read().value.split == round(100 * (x + 12) / 120))


async def test_a_large_screen_shows_the_steps_and_the_network(nursery: Nursery) -> None:
    async with at_step(nursery, "veth-pair/pair", size=(200, 60)) as playing:
        network = playing.screen.query_one(NetworkPane)
        await playing.until(lambda: network.is_on_screen)
        steps = playing.lesson.query_one("#steps", Static)
        await playing.until(lambda: "Make the pair" in str(steps.render()))
        assert "And pull it out again" in str(steps.render())
        inventory = network.query_one("#inventory", Static)
        await playing.until(lambda: "eth0" in str(inventory.render()))
        await playing.run("ip netns add blue; ip link add veth-x type veth peer name veth-y netns blue")
        await playing.until(lambda: "to veth-y in blue" in str(inventory.render()))
        await playing.press_in_lesson("m")
        await playing.until(lambda: not network.is_on_screen)


async def test_a_smaller_one_shows_the_network_when_asked(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        network = playing.screen.query_one(NetworkPane)
        assert not network.is_on_screen
        await playing.press_in_lesson("m")
        await playing.until(lambda: network.is_on_screen)
        await playing.until(lambda: "eth0" in str(network.query_one("#inventory", Static).render()))


async def test_the_course_leads_to_any_step_and_asks_before_anything_is_lost(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        await playing.press_in_lesson("c")
        await playing.until(lambda: isinstance(playing.app.screen, CourseScreen))
        await playing.pilot.press("escape")
        await playing.until(lambda: playing.app.screen is playing.screen)
        await playing.press_in_lesson("c")
        await playing.until(lambda: isinstance(playing.app.screen, CourseScreen))
        await playing.until(lambda: any(places.option_count for places in playing.app.screen.query(OptionList)))
        places = playing.app.screen.query_one(OptionList)
        places.highlighted = places.get_option_index("veth-pair/one-end-up")
        await playing.pilot.press("enter")
        await playing.until(lambda: playing.question == "Build a new lab?")
        prompts = playing.app.prompts
        await playing.pilot.press("b")
        await playing.until(lambda: playing.step == "Set one end up" and playing.app.prompts > prompts)
        assert "veth-a-ns1" in (await playing.run("ip -br link")).output


async def test_a_click_on_a_steps_mark_goes_there(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        marks = playing.screen.query_one("#marks", Static)
        await playing.until(lambda: marks.region.width > 0)
        await playing.click_until("#marks", lambda: playing.question == "Build a new lab?", offset=(4, 0))
        await playing.pilot.press("escape")
        await playing.until(lambda: not playing.question)


async def test_help_names_every_key(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        await playing.press_in_lesson("question_mark")
        await playing.until(lambda: isinstance(playing.app.screen, HelpScreen))

        def said() -> str:
            return "\n".join(str(each.render()) for each in playing.app.screen.query(Static))

        await playing.until(lambda: all(key in said() and words in said() for key, words in help_rows()))
        await playing.pilot.press("escape")
        await playing.until(lambda: playing.app.screen is playing.screen)


async def test_the_palette_offers_everything_and_the_theme_is_remembered(nursery: Nursery) -> None:
    async with at_step(nursery) as playing:
        await playing.press_in_lesson("colon")
        await playing.until(lambda: isinstance(playing.app.screen, CommandPalette))
        await playing.pilot.press(*"theme: light")
        found = playing.app.screen.query_one(CommandList)
        await playing.until(lambda: found.highlighted == 0 and "light" in str(found.get_option_at_index(0).prompt))
        await playing.pilot.press("enter")
        await playing.until(lambda: playing.app.theme == "light")
        await playing.until(lambda: ConfigStore().read().value.theme == "light")
    async with at_step(nursery) as playing:
        assert playing.app.theme == "light"
        assert not playing.app.current_theme.dark


async def test_a_theme_that_nobody_knows_is_the_usual_one(nursery: Nursery) -> None:
    ConfigStore().update(theme="no such theme")
    async with at_step(nursery) as playing:
        assert playing.app.theme == "dark"
