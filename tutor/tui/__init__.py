"""The screen: Textual, and nothing else is. A lesson on one side, the learner's shell on the other.

::

    keys ──> driver ──> TerminalPane (widgets/terminal, terminal/) ──> the shell's terminal
    lab events ──> desk (one thread for all that waits) ──> the screen of a sitting ──> widgets

The screen of a sitting is made in four layers, an idea each: `screens/lab` (how it begins, loses its lab, ends),
`screens/panes` (how the panes share the screen), `screens/play` (the active step and its moments), `screens/lesson`
(what a key means).

Widgets post small messages, screens decide. Does not know how a step is judged or a lab is made.
"""
