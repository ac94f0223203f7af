"""What an interactive bash in the lab reads when it starts: a prompt, colours, and the marks that `marks` reads.

Nothing that a learner types is changed: no alias hides a command, no trap, no DEBUG hook. Does not know who reads the
marks.

Source: bash(1), PROMPTING (PS0) and PROMPT_COMMAND; bash 5.0 or later.
"""

from __future__ import annotations

from tutor.shell.marks import NEWLINE

_TEXT = r"""# Read by every interactive bash of this lab.
case $- in *i*) ;; *) return ;; esac

HISTFILE=/root/.bash_history HISTSIZE=5000 HISTFILESIZE=5000 HISTCONTROL= HISTIGNORE= HISTTIMEFORMAT=
shopt -s histappend checkwinsize cmdhist lithist

# Marks around prompts and commands (OSC 133), for the lesson beside this shell. They change nothing that you type.
__lab_id=$BASHPID.$RANDOM
__lab_typed() {
    local line number
    line=$(HISTTIMEFORMAT= builtin history 1)
    read -r number _ <<<"$line"
    line=${line#*"$number"}
    line=${line//[$'\a\e']/}
    printf '\e]133;C;%s;%s;%s\a' "$__lab_id" "${number%\*}" "${line//$'\n'/$'NEWLINE'}"
}
__lab_prompt() {
    printf '\e]133;D;%s;%s\a\e]133;A;%s\a' "$__lab_id" "$?" "$__lab_id"
}
PS0='$(__lab_typed)'
PROMPT_COMMAND=__lab_prompt

# The prompt says in which network namespace this shell is, if `ip netns` has a name for it.
__lab_netns=
if [ -d /run/netns ]; then
    __lab_netns=$(ip netns identify $$ 2>/dev/null)
fi
PS1='\[\e[1;32m\]\u@\h\[\e[0m\]'"${__lab_netns:+\[\e[1;33m\]($__lab_netns)\[\e[0m\]}"':\[\e[1;34m\]\w\[\e[0m\]\$ '
PS1+="\[\e]133;B;$__lab_id\a\]"
unset __lab_netns

alias ls='ls --color=auto' grep='grep --color=auto'
export LESS=${LESS--R}

for __lab_file in /usr/share/bash-completion/bash_completion /etc/bash_completion; do
    if [ -r "$__lab_file" ]; then
        . "$__lab_file"
        break
    fi
done
unset __lab_file
"""


def bashrc() -> str:
    """The text of /root/.bashrc."""
    return _TEXT.replace("NEWLINE", "\\x" + format(ord(NEWLINE), "02x"))
