"""How the tutor looks: a dark, a light and a high-contrast theme, with the colours of the shell beside them.

Does not know which one the learner likes.
"""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme

DARK = Theme(
    name="dark",
    primary="#6cb2eb",
    secondary="#8d9db6",
    accent="#f0b75e",
    foreground="#d8dee9",
    background="#161a21",
    surface="#1d232d",
    panel="#3a4556",
    success="#7ccf8f",
    warning="#f0b75e",
    error="#f28b82",
    dark=True,
    variables={"shell-background": "#0d1015", "shell-foreground": "#dfe3ea"},
)
LIGHT = Theme(
    name="light",
    primary="#1d5fa6",
    secondary="#5d6675",
    accent="#8a4b00",
    foreground="#23272e",
    background="#f7f5f0",
    surface="#efece4",
    panel="#b9b3a4",
    success="#1b6e37",
    warning="#8a4b00",
    error="#a8201a",
    dark=False,
    variables={"shell-background": "#fffdf8", "shell-foreground": "#23272e"},
)
CONTRAST = Theme(
    name="contrast",
    primary="#5fd7ff",
    secondary="#ffffff",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#9e9e9e",
    success="#5fff5f",
    warning="#ffff00",
    error="#ff8787",
    dark=True,
    text_alpha=1.0,
    variables={"shell-background": "#000000", "shell-foreground": "#ffffff"},
)

BRIGHT_ANSI = TerminalTheme(
    (0, 0, 0),
    (255, 255, 255),
    [
        (0, 0, 0), (255, 107, 107), (95, 255, 95), (255, 255, 95),
        (135, 175, 255), (255, 135, 255), (95, 255, 255), (229, 229, 229),
    ],
    [
        (158, 158, 158), (255, 143, 143), (135, 255, 135), (255, 255, 160),
        (170, 200, 255), (255, 175, 255), (160, 255, 255), (255, 255, 255),
    ],
)  # fmt: skip
"""The sixteen colours of programs in the shell, for high contrast: the usual blue can hardly be read on black."""

THEMES = {theme.name: theme for theme in (DARK, LIGHT, CONTRAST)}
"""By name; the first one is the usual one."""
