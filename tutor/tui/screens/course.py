"""The whole course over the screen: its lessons and steps, what is done, and the way to any of them.

Does not know how one gets there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from rich.markup import escape
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.lesson import Lesson, Step
from tutor.session.lacking import Lack

Place = tuple[Lesson, Step]


class CourseScreen(ModalScreen[Place | None]):
    """The course; the result is the place that was chosen, or None."""

    CSS_PATH = "course.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,c", "close", "close")]

    def __init__(
        self, outline: Iterable[tuple[Lesson, Sequence[bool]]], here: Place, lacks: Mapping[str, Lack]
    ) -> None:
        """Prepare it.

        Args:
            outline: the lessons, each with whether its steps are done.
            here: where the learner is.
            lacks: what lessons need and this machine lacks, by their ids.
        """
        super().__init__()
        self._outline, self._here, self._lacks = list(outline), here, lacks
        self._places: dict[str, Place] = {}
        self._is_answered = False

    def compose(self) -> ComposeResult:
        """A list of all steps, under their lessons."""
        with Vertical(id="box") as box:
            box.border_title = "The course"
            box.border_subtitle = "Enter goes there   Esc closes"
            yield Static(self._summary(), id="summary")
            yield OptionList(*self._options(), id="places")

    def on_mount(self) -> None:
        """Begin where the learner is."""
        lesson, step = self._here
        places = self.query_one(OptionList)
        places.highlighted = places.get_option_index(f"{lesson.id}/{step.id}")
        places.focus()

    def _summary(self) -> str:
        done = sum(sum(steps) for _, steps in self._outline)
        total = sum(len(steps) for _, steps in self._outline)
        whole = sum(all(steps) for _, steps in self._outline)
        return f"{done} of {total} steps done, {whole} of {len(self._outline)} lessons finished."

    def _options(self) -> Iterable[Option]:
        for number, (lesson, done) in enumerate(self._outline, 1):
            sign = "[$text-success]✓[/]" if all(done) else " "
            count = f"[$text-muted]{sum(done)}/{len(done)}[/]"
            yield Option(f"{sign} [b]{number}  {escape(lesson.title)}[/]  {count}", disabled=True)
            lack = self._lacks.get(lesson.id)
            if lack is not None:
                reason = f"It can't be done here: it {lack}; {lack.remedy}"
                yield Option(f"      [$text-warning]{escape(reason)}[/]", disabled=True)
            for step, is_done in zip(lesson.steps, done, strict=True):
                id_ = f"{lesson.id}/{step.id}"
                self._places[id_] = (lesson, step)
                mark = "▸" if (lesson, step) == self._here else "[$text-success]✓[/]" if is_done else "○"
                cannot = lack is not None and not lack.has_lab
                yield Option(f"      {mark} {escape(step.title)}", id=id_, disabled=cannot)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """To this place."""
        event.stop()
        self._close(self._places[event.option_id or ""])

    def action_close(self) -> None:
        """Nowhere."""
        self._close(None)

    def _close(self, place: Place | None) -> None:
        if not self._is_answered:
            self._is_answered = True
            self.dismiss(place)
