"""The errors of the tool, and nothing else.

An exception means that the tool could not do what was asked. That a learner's network is not yet right is never an
exception: it is a value (`tutor.check.Verdict`).

::

    TutorError                  one clear line, and a hint what to do
    ├── UsageError              the command line asks for something that is not there
    ├── ContentError            a file of a pack is wrong: file, line, and what would be right
    │   ├── LessonError         ... a lesson
    │   ├── CheckError          ... a module of checks, or the arguments given to a check
    │   └── TopologyError       ... a lab
    ├── LabError                the lab could not be built, or was lost
    │   ├── SandboxForbidden    this machine forbids user namespaces
    │   ├── MissingTool         a program that the lab needs is not installed
    │   └── LabGone             the lab ended under our hands (reboot, killed)
    ├── KernelReadError         the kernel gave an answer that we could not read
    ├── ShellError              the learner's shell or its terminal could not be driven
    └── StoreError              progress or configuration could not be read or written
"""

from __future__ import annotations

from pathlib import Path


class TutorError(Exception):
    """The tool failed. `message` says what is wrong, `hint` what to do; each is one line."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What is wrong, in one line, without a full stop of its own."""
        self.hint = hint
        """What the person at the keyboard can do about it; may be empty."""

    def __str__(self) -> str:
        return self.message


class UsageError(TutorError):
    """The command line names something that is not there, or can't be done like this."""


class ContentError(TutorError):
    """A file of a pack is wrong.

    Args:
        message: what is wrong.
        path: the file, or None where the text did not come from one.
        line: 1-based line in `path`; 0 where the whole file is meant.
        hint: what would be right.
    """

    def __init__(self, message: str, *, path: Path | None = None, line: int = 0, hint: str = "") -> None:
        place = f"{path or '<text>'}:{line}" if line else str(path or "")
        where = f"{place}: " if place else ""
        super().__init__(f"{where}{message}", hint=hint)
        self.reason = message
        """What is wrong, without the place."""
        self.path = path
        """The file."""
        self.line = line
        """The 1-based line, 0 where the whole file is meant."""


class LessonError(ContentError):
    """A lesson file is wrong."""


class CheckError(ContentError):
    """A module of checks can't be loaded, or a check got arguments that it does not take."""


class TopologyError(ContentError):
    """A lab's description (`lessons/labs/*.toml`) is wrong."""


class LabError(TutorError):
    """The lab could not be built."""


class SandboxForbidden(LabError):
    """This machine does not let us make user namespaces; the hint is the remedy."""


class MissingTool(LabError):
    """A program that the lab needs is not installed; the hint is the command that installs it."""


class LabGone(LabError):
    """The lab ended under our hands: its init died, or its agent did."""


class KernelReadError(TutorError):
    """The kernel's answer could not be read."""


class ShellError(TutorError):
    """The learner's shell, or its terminal, could not be driven."""


class StoreError(TutorError):
    """Progress or configuration could not be read or written."""
