"""How the active step stands: its checks with ticks, the one thing to mend, what was found beside what is expected.

Does not know how a step is judged.
"""

from __future__ import annotations

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tutor.lesson import StepKind
from tutor.session.view import StepView
from tutor.tui.markup import with_code

_TICKS = {True: "[$text-success]✓[/]", False: "[$text-warning]○[/]", None: "[$text-muted]·[/]"}
_FLASH_SECONDS = 0.8


class Outcome(Vertical):
    """How the step stands."""

    def compose(self) -> ComposeResult:
        """The words, and two boxes side by side."""
        yield Static(id="said")
        with Horizontal(id="compared"):
            yield Static(id="found")
            yield Static(id="expected")
        yield Static(id="onwards")

    def on_mount(self) -> None:
        """Begin with nothing to compare."""
        self._compare("", "")

    def show(self, view: StepView, *, tried: bool = True) -> None:
        """Show how it stands now; what is wrong only after something was `tried`: before, everything is still to do."""
        self.query_one("#said", Static).update("\n".join(_words(view, tried=tried)))
        fault = view.fault if tried and not view.passed and not view.error else None
        self._compare(fault.found if fault else "", fault.expected if fault else "")
        self.set_class(view.passed, "-passed")
        self.set_class(bool(view.error), "-error")
        if not view.passed:
            self.lead_on("")

    def lead_on(self, text: str) -> None:
        """Say what comes next, in markup."""
        onwards = self.query_one("#onwards", Static)
        onwards.update(text)
        onwards.display = bool(text)

    def flash(self) -> None:
        """Be seen."""
        self.add_class("-flash")
        self.set_timer(_FLASH_SECONDS, lambda: self.remove_class("-flash"))

    @property
    def text(self) -> str:
        """All of it as plain text."""
        shown = (part for part in self.query(Static) if part.display and part.parent and part.parent.display)
        return "\n".join(words for part in shown if (words := str(part.render()).strip()))

    def _compare(self, found: str, expected: str) -> None:
        self.query_one("#found", Static).update(f"[b]found[/]\n{escape(found)}")
        self.query_one("#expected", Static).update(f"[b]expected[/]\n{escape(expected)}")
        self.query_one("#compared").display = bool(found and expected)


def _words(view: StepView, *, tried: bool = True) -> list[str]:
    lines = [f"{_TICKS[line.passed]} {escape(line.text)}" for line in view.checks]
    if view.error:
        lines.append(f"[$text-error]! This is our error, not yours:[/] {escape(view.error)}")
    elif view.passed:
        lines.append("[b $text-success]✓ Done.[/]" + (f" {with_code(view.why)}" if view.why else ""))
    elif view.fault is not None and tried:
        lines.append(f"[b]{with_code(view.fault.message)}[/]")
    elif view.missing:
        lines.append("Not shown yet: " + escape("; ".join(view.missing)) + ".")
    elif view.answer:
        lines.append(f"[b]{escape(view.answer)}[/] is not it. Look again: the kernel knows.")
    elif view.step.kind is StepKind.SEE:
        lines.append(f"{_TICKS[False]} Run the command and read what it prints.")
    elif view.step.kind is StepKind.ANSWER:
        lines.append(f"{_TICKS[False]} Look in the shell, then answer.")
    return lines


def in_brief(view: StepView, *, tried: bool = True) -> str:
    """The same in a line of markup, for where there is no room for more."""
    title = f"[b]{view.number}/{len(view.lesson.steps)} {escape(view.step.title)}[/]  "
    if view.error or view.passed or (view.fault and tried) or view.missing or view.answer:
        return title + _words(view)[-1]
    return f"{title}{_TICKS[False]} to do"
