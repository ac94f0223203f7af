"""A question in the lesson, with the place where it is answered: typed, or chosen. Does not know the right answer."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tutor.lesson import Question
from tutor.tui.markup import with_code


class Choices(OptionList):
    """Answers to choose from. What scrolls pages scrolls the lesson: no list here is longer than a page."""

    def action_page_up(self) -> None:
        """The lesson, a page up."""
        for lesson in self._lessons():
            lesson.scroll_page_up()

    def action_page_down(self) -> None:
        """The lesson, a page down."""
        for lesson in self._lessons():
            lesson.scroll_page_down()

    def action_first(self) -> None:
        """The lesson's beginning."""
        for lesson in self._lessons():
            lesson.scroll_home()

    def action_last(self) -> None:
        """The lesson's end."""
        for lesson in self._lessons():
            lesson.scroll_end()

    def _lessons(self) -> list[VerticalScroll]:
        return [node for node in self.ancestors if isinstance(node, VerticalScroll)][:1]


class QuestionBox(Vertical):
    """A question."""

    class Answered(Message):
        """The learner has answered."""

        def __init__(self, answer: str) -> None:
            super().__init__()
            self.answer = answer
            """What was answered."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, and a field or a list."""
        yield Static(f"[b]{with_code(self._question.ask)}[/]", classes="ask")
        if self._question.choices:
            choices = enumerate(self._question.choices, 1)
            yield Choices(*(Option(with_code(f"{number}  {choice}")) for number, choice in choices), id="answer")
        else:
            yield Input(placeholder="your answer, then Enter", id="answer")

    @property
    def is_chosen(self) -> bool:
        """Whether the answer is chosen from a list, and not typed."""
        return bool(self._question.choices)

    def take_focus(self) -> None:
        """Bring the keys to where the answer is given, wherever that is."""
        self.screen.set_focus(self.query_one("#answer"), scroll_visible=False)

    def settle(self, answer: str) -> None:
        """Show the right answer, and take no other."""
        field = self.query_one("#answer")
        if isinstance(field, Input) and not field.disabled:
            field.value = answer
        elif isinstance(field, OptionList) and not field.disabled:
            for number, choice in enumerate(self._question.choices):
                if choice.casefold() == answer.casefold():
                    field.replace_option_prompt_at_index(number, with_code(f"✓  {choice}"))
        field.disabled = True

    def begin(self, character: str) -> None:
        """Bring the keys to the answer, of which the first is there already."""
        self.take_focus()
        field = self.query_one("#answer")
        if isinstance(field, Input):
            field.insert_text_at_cursor(character)

    def choose(self, number: int) -> bool:
        """Choose by number, counted from 1; False where nothing is to be chosen so."""
        if not 1 <= number <= len(self._question.choices):
            return False
        self.query_one(OptionList).highlighted = number - 1
        self.post_message(self.Answered(self._question.choices[number - 1]))
        return True

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """An answer that was chosen."""
        event.stop()
        self.post_message(self.Answered(self._question.choices[event.option_index]))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """An answer that was typed."""
        event.stop()
        self.post_message(self.Answered(event.value))
        event.input.clear()
