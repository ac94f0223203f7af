"""What an interactive bash in the lab reads when it starts: a prompt, colours, and the marks that `marks` reads.

Nothing that a learner types is changed: no alias but for colour, no trap, no DEBUG hook, nothing exported but LESS.
`ip` keeps its own colours (none), so that what stands on the screen is what stands in the lesson. Does not know who
reads the marks.

Source: bash(1), PROMPTING (PS0) and PROMPT_COMMAND; bash 5.0 or later.
"""

from __future__ import annotations

from tutor.shell.marks import LONGEST_TEXT, NEWLINE

_TEXT = r"""# Read by every interactive bash of this lab.
case $- in *i*) ;; *) return ;; esac

HISTFILE=~/.bash_history HISTSIZE=5000 HISTFILESIZE=5000 HISTCONTROL= HISTIGNORE= HISTTIMEFORMAT=
shopt -s histappend checkwinsize cmdhist lithist

# Marks around prompts and commands (OSC 133), for the lesson beside this shell. They change nothing that you type,
# and stay out of sight under `set -x`.
__lab_id=$BASHPID.$RANDOM
__lab_typed() {
    local IFS=$' \t\n' line number
    line=$(HISTTIMEFORMAT= builtin history 1)
    builtin read -r number _ <<<"$line"
    line=${line#*"$number"}
    line=${line//[$'\a\e']/}
    line=${line//$'\n'/$'@NEWLINE@'}
    builtin printf '\e]133;C;%s;%s;%s;%s\a' "$__lab_id" "$1" "${number%\*}" "${line:0:@LONGEST@}"
}
__lab_prompt() {
    builtin printf '\e]133;D;%s;%s\a\e]133;A;%s\a' "$__lab_id" "$?" "$__lab_id"
}
PS0='$({ __lab_typed "$?"; } 2>/dev/null)'
PROMPT_COMMAND='{ __lab_prompt; } 2>/dev/null'

# The prompt says in which network namespace this shell is, if `ip netns` has a name for it. Not for that of the machine
# itself, which container engines keep a handle of, called `default`.
__lab_netns=
for __lab_file in /run/netns/*; do
    if [[ /proc/self/ns/net -ef /proc/1/ns/net ]]; then
        break
    elif [[ $__lab_file -ef /proc/self/ns/net ]]; then
        __lab_netns=${__lab_file##*/}
        break
    fi
done
PS1='@PROMPT@'
PS1+="\[\e]133;B;$__lab_id;\$?\a\]"
PS2="> \[\e]133;P;$__lab_id\a\]"
@COLOUR@
# Without bash-completion nobody looks for the completion of `az` when it is first asked for.
for __lab_file in /usr/share/bash-completion/bash_completion /etc/bash_completion @COMPLETIONS@/az; do
    if [[ -r $__lab_file ]]; then
        . "$__lab_file"
        break
    fi
done
unset __lab_file
"""

_COMPLETIONS = "/usr/local/share/bash-completion/completions"
"""Where a lab puts how to complete its own commands: where bash-completion looks, too (XDG_DATA_DIRS)."""

_ALIASES = """
alias ls='ls --color=auto' grep='grep --color=auto'
export LESS=${LESS--R}
"""


def bashrc(*, machine: str = "", colour: bool = True) -> str:
    """The text of ~/.bashrc.

    Args:
        machine: the name that the prompt shows; empty for the host name.
        colour: whether the prompt, `ls` and `grep` may use colours.
    """
    user = _painted("1;32", r"\u@" + (machine or r"\h"), colour=colour)
    netns = _painted("1;33", "($__lab_netns)", colour=colour)
    folder = _painted("1;34", r"\w", colour=colour)
    fields = {
        "@NEWLINE@": f"\\x{ord(NEWLINE):02x}",
        "@LONGEST@": str(LONGEST_TEXT),
        "@PROMPT@": user + "${__lab_netns:+" + netns + "}:" + folder + r"\$ ",
        "@COLOUR@": _ALIASES if colour else "",
        "@COMPLETIONS@": _COMPLETIONS,
    }
    text = _TEXT
    for name, value in fields.items():
        text = text.replace(name, value)
    return text


def _painted(code: str, text: str, *, colour: bool) -> str:
    r"""A part of PS1 in a colour; \[ \] tell readline what takes no room."""
    return rf"\[\e[{code}m\]{text}\[\e[0m\]" if colour else text
