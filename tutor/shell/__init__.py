"""The learner's shell from outside: what it prints, which commands ran, the screen it draws, and how to type.

::

    bashrc ──> bash prints marks ──> marks: Command(text, output, status)
                                └──> screen: rows of styled cells

Does not know what a command means, in which lab the shell runs, or how a screen is shown (no Textual here).
"""

from tutor.shell.marks import Command

__all__ = ["Command"]
