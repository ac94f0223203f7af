"""Words as markup. Does not know where they stand."""

from __future__ import annotations

import re

from rich.markup import escape


def with_code(text: str) -> str:
    """Markup for a sentence, with what stands between backticks as the lesson shows commands."""
    return re.sub(r"`([^`]+)`", r"[$text-accent]\1[/]", escape(text))
