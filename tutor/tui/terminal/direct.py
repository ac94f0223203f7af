"""Paints rows of a widget straight to the terminal, without waiting for Textual's next frame.

Textual draws a widget's change up to 16 ms later, and goes through the whole screen for it. Where nothing lies over the
widget the same rows can be written at once. All that this needs of Textual's own affairs is in here, and looked at
before it is used: where anything is not as expected, `paint` says no, and the caller refreshes as any widget does.
Does not know what the rows show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from textual.geometry import Offset, Region
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.widget import Widget

    from tutor.tui.driver import RawDriver

T = TypeVar("T")

_BEGIN_UPDATE, _END_UPDATE = "\x1b[?2026h", "\x1b[?2026l"
_FEW_ROWS = 4
_SURPRISES = (AttributeError, TypeError, LookupError, ValueError, ArithmeticError, AssertionError, RuntimeError)
"""What calling another Textual than the one we know may end in. The public way draws the same rows then."""


class DirectPainter:
    """Paints for one widget."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._broken = False
        self._visible: object = None
        self._place: Region | None = None
        self._above: list[Region] = []

    def paint(self, regions: Sequence[Region]) -> bool:
        """Paint parts of the widget's content.

        Args:
            regions: which parts, relative to its content.

        Returns:
            Whether it is done; else they are to be refreshed.
        """
        return self._guarded(lambda: self._paint(regions), False)

    def seen_at(self, cell: Offset) -> Offset | None:
        """Where on the terminal a cell of the content is to be seen; None where something lies over it."""
        return self._guarded(lambda: self._seen_at(cell), None)

    @property
    def has_cursor(self) -> bool:
        """Whether the terminal's own cursor can be shown."""
        return self._guarded(lambda: self._driver() is not None, False)

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not taken yet what was painted before."""
        return self._guarded(self._is_behind, False)

    def _guarded(self, do: Callable[[], T], otherwise: T) -> T:
        """Do something with what is Textual's own; whatever goes wrong, it is not tried again."""
        if not self._broken:
            try:
                return do()
            except _SURPRISES:
                self._broken = True
        return otherwise

    def _is_behind(self) -> bool:
        driver = self._driver()
        return driver is not None and driver.behind > 0

    def _seen_at(self, cell: Offset) -> Offset | None:
        place = self._find_place()
        if place is None or not place.reset_offset.contains_point(cell):
            return None
        at = cell + place.offset
        return None if any(region.contains_point(at) for region in self._above) else at

    def _driver(self) -> RawDriver | None:
        """The driver, if it draws on a terminal, the whole of it."""
        from tutor.tui.driver import RawDriver  # which knows this module

        driver = self._widget.app._driver
        return driver if isinstance(driver, RawDriver) and not driver.is_inline and not driver.is_headless else None

    def _find_place(self) -> Region | None:
        """Where the content is on the terminal; None where it is not shown, or not all of it."""
        compositor = self._widget.screen._compositor
        visible = compositor.visible_widgets
        if visible is not self._visible:  # every new layout makes a new one
            self._visible = visible
            self._place, self._above = None, []
            found = visible.get(self._widget)
            if found is not None:
                region, clip = found
                content = region.shrink(self._widget.styles.gutter)
                if clip.contains_region(region) and content.area:
                    self._place = content
                for widget, (other, other_clip) in visible.items():  # the uppermost first
                    if widget is self._widget:
                        break
                    seen = other.intersection(other_clip)
                    if seen.overlaps(content):
                        self._above.append(seen)
        return self._place

    def _paint(self, regions: Sequence[Region]) -> bool:
        widget = self._widget
        app, screen, driver = widget.app, widget.screen, self._driver()
        if driver is None or app._batch_count or screen is not app.screen:
            return False
        if screen._layout_required or screen._scroll_required or screen._repaint_required or screen._recompose_required:
            return False
        place = self._find_place()
        if place is None or self._above or widget.size != place.size:
            return False
        out: list[str] = []
        rows = 0
        for region in regions:
            for y, strip in enumerate(self._strips(region), place.y + region.y + 1):
                out.append(f"\x1b[{y};{place.x + region.x + 1}H{strip.render(app.console)}")
                rows += 1
        if app._sync_available and rows > _FEW_ROWS:
            driver.draw(_BEGIN_UPDATE + "".join(out), _END_UPDATE)
        else:
            driver.draw("".join(out))
        return True

    def _strips(self, region: Region) -> Iterable[Strip]:
        """What Textual would draw of a part of the content."""
        widget, styles = self._widget, self._widget.styles
        crop = region.translate((styles.gutter.left, styles.gutter.top))
        widget._styles_cache.set_dirty(crop)
        effects = styles.tint.a or styles.text_opacity != 1.0 or styles.has_rule("hatch") or styles.outline
        if effects or widget.opacity != 1.0 or region.width != widget.size.width:
            yield from widget.render_lines(crop)
            return
        # Where a style sheet asks for no effects, a row of the content is drawn as it is: three times as fast.
        _, background = widget.background_colors
        filters = widget.get_line_filters()
        for y in region.line_range:
            strip = widget.render_line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            yield strip
