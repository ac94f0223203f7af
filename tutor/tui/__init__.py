"""The screen: Textual, and nothing else is. A lesson on one side, the learner's shell on the other.

::

    keys ──> driver ──> TerminalPane ──> the shell's terminal
    lab events ──> desk (one thread for all that waits) ──> LessonScreen ──> widgets

Widgets post small messages, screens decide. Does not know how a step is judged or a lab is made.
"""
