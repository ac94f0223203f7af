"""Completion of `az` for bash: a text made from the table of commands.

Does not know where the shell reads it.
"""

from __future__ import annotations

from tutor.lab.azure.catalogue import CATALOGUE

_HEAD = """\
# What can come next in a line that begins with az.
_az_words() {
    case "$1" in
"""
_TAIL = """\
    esac
}

_az() {
    local word words= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$word" in -*) break ;; esac
        words="$words${words:+ }$word"
    done
    COMPREPLY=($(compgen -W "$(_az_words "$words")" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _az az
"""


def completion() -> str:
    """What bash has to read once."""
    lines = []
    for words in sorted(CATALOGUE.groups):
        following = " ".join(word for word, _, _ in CATALOGUE.within(words))
        lines.append(f'        "{words}") echo "{following}" ;;\n')
    for words, command in sorted(CATALOGUE.commands.items()):
        names = " ".join(name for option in CATALOGUE.options_of(command) for name in option.names if len(name) > 2)
        lines.append(f'        "{words}") echo "{names}" ;;\n')
    return _HEAD + "".join(lines) + _TAIL
