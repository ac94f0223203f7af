from __future__ import annotations

import pytest

from tutor.tui.terminal.pace import Pace


@pytest.fixture
def pace() -> Pace:
    return Pace()


def test_after_a_rest_it_paints_at_once(pace: Pace) -> None:
    assert pace.wait(100.0) == 0
    pace.painted(100.0, 100.001)
    assert pace.wait(100.1) == 0


def test_a_flood_is_painted_sixty_times_a_second(pace: Pace) -> None:
    pace.painted(100.0, 100.001)
    assert pace.wait(100.001) == pytest.approx(1 / 60 - 0.001)


def test_after_a_key_it_paints_soon_but_leaves_time_for_reading(pace: Pace) -> None:
    pace.key(100.0)
    pace.painted(100.0, 100.0001)
    assert pace.wait(100.0005) == pytest.approx(0.0005)
    pace.painted(100.0, 100.004)
    assert pace.wait(100.004) == pytest.approx(0.002)


def test_pictures_that_cost_much_are_fewer(pace: Pace) -> None:
    pace.painted(100.0, 100.05)
    assert pace.wait(100.05) == pytest.approx(0.1)


def test_an_update_is_not_held_for_ever(pace: Pace) -> None:
    assert pace.hold(100.0)
    assert pace.hold(100.1)
    assert not pace.hold(100.2)
    pace.painted(100.2, 100.2)
    assert pace.hold(100.3)
