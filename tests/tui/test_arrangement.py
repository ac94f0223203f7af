"""How the panes share the screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor.store.config import SPLIT_LEAST, SPLIT_MOST
from tutor.tui.arrangement import Arrangement, Side
from tutor.tui.widgets.lesson import around

widths, heights = st.integers(60, 400), st.integers(20, 120)
splits = st.integers(SPLIT_LEAST, SPLIT_MOST)


@given(splits, widths, heights, st.sampled_from(Side))
def test_there_is_always_something_to_be_seen_and_it_fits(split: int, width: int, height: int, side: Side) -> None:
    plan = Arrangement(split, width, height)
    plan.side = side
    assert plan.shows_lesson or plan.shows_shell
    assert plan.is_narrow != (plan.shows_lesson and plan.shows_shell)
    columns, rows = plan.shell_size
    assert columns >= 40
    assert rows >= 10
    assert plan.is_narrow or plan.lesson_width + 1 + columns == width


@given(splits, st.integers(100, 400), st.integers(-50, 500))
def test_the_line_between_the_panes_goes_where_it_is_dragged_within_bounds(split: int, width: int, x: int) -> None:
    plan = Arrangement(split, width, 40)
    plan.divide_at(x)
    assert SPLIT_LEAST <= plan.split <= SPLIT_MOST
    assert 36 <= plan.lesson_width <= width - 41
    if 40 <= x <= width - 60 and SPLIT_LEAST < 100 * x / width < SPLIT_MOST:
        assert abs(plan.lesson_width - x) <= width // 100 + 1


def test_the_network_shows_by_itself_where_there_is_room_and_otherwise_when_asked() -> None:
    assert Arrangement(42, 200, 60).shows_network
    small = Arrangement(42, 120, 30)
    assert not small.shows_network
    rows = small.shell_size[1]
    small.toggle_network()
    assert small.shows_network
    assert small.shell_size[1] == rows - small.network_height


@given(st.integers(1, 40), st.data())
def test_of_many_steps_those_around_the_active_one_are_listed(number: int, data: st.DataObject) -> None:
    active = data.draw(st.integers(0, number - 1))
    shown = around(active, number, 11)
    assert active in shown
    assert len(shown) == min(number, 11)
    assert shown.start >= 0
    assert shown.stop <= number
