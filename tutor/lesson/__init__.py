"""What a lesson is: the model, Markdown -> model, and what is wrong with a lesson.

The way of a file: `front` (the YAML head) and `outline` (Markdown cut into pieces) feed `parse`, which hands the pieces
of each step to `step`; blocks of YAML go through `yaml_block` and `uses`, scripts through `script`. `lint` holds the
finished lesson against the definitions of its pack. Nothing here reads a file or knows how a lesson is played.

Only the model is imported here: Markdown and YAML parsers are loaded by who imports `tutor.lesson.parse`.
"""

from __future__ import annotations

from tutor.lesson.model import (
    Block,
    CheckUse,
    Commands,
    Continues,
    Drawing,
    FactUse,
    Front,
    Hint,
    Holds,
    Lesson,
    Note,
    NoteKind,
    Prose,
    Question,
    Requirement,
    See,
    Starts,
    Step,
    StepKind,
    Variant,
)
from tutor.lesson.ways import Draw, Mistake, Script, StepFault

__all__ = [
    "Block",
    "CheckUse",
    "Commands",
    "Continues",
    "Draw",
    "Drawing",
    "FactUse",
    "Front",
    "Hint",
    "Holds",
    "Lesson",
    "Mistake",
    "Note",
    "NoteKind",
    "Prose",
    "Question",
    "Requirement",
    "Script",
    "See",
    "Starts",
    "Step",
    "StepFault",
    "StepKind",
    "Variant",
]
