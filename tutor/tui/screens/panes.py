"""A sitting's panes and how they share the screen: lesson, shell, network, and the lines above and below.

What they show is for the screen that is made of it.
"""

from __future__ import annotations

from abc import abstractmethod

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Static

from tutor.errors import StoreError
from tutor.tui.arrangement import Arrangement, Side
from tutor.tui.desk import Desk
from tutor.tui.preferences import Preferences
from tutor.tui.screens.lab import LabScreen
from tutor.tui.widgets.course_bar import CourseBar
from tutor.tui.widgets.divider import Divider
from tutor.tui.widgets.key_bar import KeyBar
from tutor.tui.widgets.lesson import LessonPane
from tutor.tui.widgets.network import NetworkPane
from tutor.tui.widgets.terminal import TerminalPane


class PanesScreen(LabScreen):
    """A sitting, laid out."""

    def __init__(self, desk: Desk, preferences: Preferences) -> None:
        super().__init__(desk)
        self.preferences = preferences
        """What the learner likes."""
        self.arrangement = Arrangement(preferences.now.split)
        """How the panes share the screen."""

    def compose(self) -> ComposeResult:
        """Where one is, the panes, how the step stands where the lesson is hidden, the keys."""
        yield CourseBar(id="course")
        with Horizontal(id="panes"):
            yield LessonPane(id="lesson")
            yield Divider()
            with Vertical(id="right"):
                yield TerminalPane(id="shell")
                yield NetworkPane(id="network")
        yield Static(id="status")
        yield KeyBar(id="bar")

    def on_mount(self) -> None:
        """Lay it out; the handlers of the other classes are called as well."""
        self.shell.border_title = "shell"
        self.query_one(NetworkPane).border_title = "network"
        self.arrangement.resize(*self.app.size)
        if self.arrangement.is_narrow:
            self.arrangement.side = Side.LESSON  # it can't be read beside the shell
        self._arrange()
        if self.preferences.complaint:
            self.notify(self.preferences.complaint, severity="warning", timeout=15)

    @property
    def lesson(self) -> LessonPane:
        """The lesson's pane."""
        return self.query_one("#lesson", LessonPane)

    @property
    def shell(self) -> TerminalPane:
        """The learner's shell."""
        return self.query_one("#shell", TerminalPane)

    @abstractmethod
    def tell(self) -> None:
        """Bring the lines above and below up to date, and the network."""

    def on_resize(self, event: Resize) -> None:
        """One pane at a time where there is no room side by side."""
        if self.arrangement.resize(event.size.width, event.size.height):
            self._arrange()

    def _arrange(self) -> None:
        plan = self.arrangement
        self.set_class(plan.is_narrow, "-narrow")
        self.set_class(plan.is_tall, "-tall")
        self.lesson.display = plan.shows_lesson
        self.lesson.styles.width = "1fr" if plan.is_narrow else plan.lesson_width
        self.query_one("#right").display = plan.shows_shell
        self.query_one(Divider).display = not plan.is_narrow
        self.query_one("#status").display = not plan.shows_lesson
        network = self.query_one(NetworkPane)
        network.display = plan.shows_network
        network.styles.height = plan.network_height
        self.tell()

    def turn_to(self, side: Side) -> None:
        """Show a side, and give it the keys."""
        self.arrangement.side = side
        self._arrange()
        self.set_focus(self.shell if side is Side.SHELL else self.lesson.text)

    def on_divider_moved(self, message: Divider.Moved) -> None:
        """The mouse divides the screen."""
        self.arrangement.divide_at(message.x)
        self._arrange()
        if message.last:
            self.keep(split=self.arrangement.split)

    def action_divide(self, percent: int) -> None:
        """A key divides the screen."""
        if self.arrangement.is_narrow:
            self.tell_once("One pane at a time: there is no room for both side by side.")
            return
        self.arrangement.split += percent
        self._arrange()
        self.keep(split=self.arrangement.split)

    def action_network(self) -> None:
        """The network, or more of the shell."""
        self.arrangement.toggle_network()
        self._arrange()
        if not self.arrangement.shows_shell:
            self.turn_to(Side.SHELL)  # where it is to be seen

    @work(group="keep")
    async def keep(self, *, split: int | None = None, theme: str | None = None, advance: bool | None = None) -> None:
        """Remember what the learner likes."""
        try:
            await self.preferences.change(split=split, theme=theme, advance=advance)
        except StoreError as error:
            self.notify(f"{error.message}; it holds until you leave. {error.hint}", severity="warning")
