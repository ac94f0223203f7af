"""How a script is cut into the lines that one types."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.lesson import Commands, Script
from tutor.lesson.script import split


def test_each_command_is_a_line() -> None:
    assert Script("ip link add br0 type bridge\nip link set br0 up").commands == (
        "ip link add br0 type bridge",
        "ip link set br0 up",
    )


def test_comments_and_blank_lines_are_left_out() -> None:
    assert Script("# first\n\nip a  # look\n   \n\t# last").commands == ("ip a",)


def test_shown_commands_are_cut_like_scripts() -> None:
    assert Commands("ip a\n\nip r  # routes").commands == ("ip a", "ip r")


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("ip link add a \\\n    type veth", ("ip link add a type veth",)),
        ("ip link \\\nadd a", ("ip link add a",)),
        ("ip li\\\nnk", ("ip link",)),
        ("ip a\\\n  # not a name", ("ip a",)),
        ("echo one \\\n\necho two", ("echo one", "echo two")),
        ("echo a\\ \necho b", ("echo a\\ ", "echo b")),
        ("echo a\\\\ \necho b", ("echo a\\\\", "echo b")),
        ("\\\n  ip a", ("ip a",)),
    ],
)
def test_a_backslash_continues_the_line(text: str, commands: tuple[str, ...]) -> None:
    assert Script(text).commands == commands


@pytest.mark.parametrize(
    "text",
    [
        "cat <<EOF > /tmp/a\none\n\n# kept\n  'kept\nEOF",
        "cat <<-EOF\n\tone\n\tEOF",
        "cat <<'E O F'\n$x\nE O F",
        'cat <<"EOF"; echo\nEOF',
        "cat <<\\EOF\n`\nEOF",
        "diff <(ip a) - <<A\n(\nA",
        "cat <<A <<B\na\nA\nb\nB",
        "cat <<A |\na\nA\ngrep a",
        "for i in 1; do\n  cat <<A\n done\nA\ndone",
    ],
)
def test_a_here_document_stays_whole(text: str) -> None:
    assert split(f"{text}\nip a").commands == (text, "ip a")


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1 2; do\n  echo $i\ndone",
        "for ((i = 0; i < 3; i++))\ndo\n  echo $i\ndone > /dev/null",
        "while read -r line; do\n  echo $line\ndone < /etc/hosts",
        "until false; do\n  break\ndone",
        "select x in a b; do\n  break\ndone",
        "if true; then\n  ip a\nelif false; then\n  ip r\nelse\n  :\nfi",
        "if a; then if b; then\n c; fi fi",
        'case "$1" in\n  a | b) echo ;;\n  (c) echo ;;\n  *)\n    echo ;;\nesac',
        "f() {\n  echo\n}",
        "function f {\n  echo\n}",
        "function f() {\n  echo\n}",
        "{\n  echo\n} | cat",
        "(\n  cd /tmp\n  ls\n)",
        "names=(\n  if\n  ns1\n)",
        "echo a |\n  cat",
        "echo a &&\n  echo b ||\n  echo c",
        "! if true; then\n :\nfi",
        "echo 'one\n  # two'",
        'echo "one\n$(ip a | grep "(")\n`echo \\` "`\n\\""',
        "echo $(\n  ip a\n)",
        "echo ${x:-\n}",
        "echo $'it\\'s\n#'",
        'echo $"one\ntwo"',
        "cat <(\n  ip a\n)",
        "echo `\nip a`",
        "(( x = 1 << 2,\n y = 2 ))",
    ],
)
def test_a_command_of_several_lines_stays_together(text: str) -> None:
    assert split(f"{text}\nip a").commands == (text, "ip a")
    assert split(text).unfinished == ""


@pytest.mark.parametrize(
    "text",
    [
        "echo if",
        "echo done",
        "echo $# ${#x} a#b $((16#ff)) \\# '#'",
        "a=1; b=2 && c",
        "ls >| /tmp/x",
        "echo if 2>&1 &> /dev/null",
        "cat <<< 'word'",
        "cat < /etc/hosts >> /tmp/x",
        "echo )",
        "((x=1<<2))",
        "echo $((1 << 2))",
        "sleep 1 &",
        "echo $",
        "echo done; fi",
    ],
)
def test_a_command_of_one_line_ends_with_it(text: str) -> None:
    assert split(f"{text}\nip a").commands == (text, "ip a")


def test_comments_within_a_loop_are_left_out() -> None:
    text = "for i in 1; do  # all\n\n  # none\n  echo $i  # it\ndone"
    assert Script(text).commands == ("for i in 1; do\n  echo $i\ndone",)


@pytest.mark.parametrize(
    ("text", "waits_for"),
    [
        ("echo 'a", "closing `'`"),
        ('echo "a', 'closing `"`'),
        ("echo `a", "closing backquote"),
        ("echo $(a", "closing bracket"),
        ("echo ${a", "closing bracket"),
        ("echo $'a", "closing bracket"),
        ("cat <(a", "closing bracket"),
        ("cat <<EOF\na", "here-document, 'EOF'"),
        ("cat <<EOF", "here-document, 'EOF'"),
        ("if a; then", "`if` without `fi`"),
        ("for i in a; do\n", "a loop without `done`"),
        ("case a in\n a) b;;", "`case` without `esac`"),
        ("{ a", "`{` without `}`"),
        ("(a", "`(` without `)`"),
        ("a=(b", "`(` without `)`"),
        ("a ||", "a command after"),
        ("a |\n", "a command after"),
        ("a \\", "a line after"),
        ("a \\\n\n", "a line after"),
    ],
)
def test_what_an_unfinished_script_waits_for_is_named(text: str, waits_for: str) -> None:
    assert waits_for in split(text).unfinished


_PARTS = st.sampled_from(
    (
        "ip a",
        "ip link add a type veth \\\n  peer name b",
        "  # a comment, it's one",
        "",
        "echo 'one # two'  # three",
        'echo "a b  \\\n c" \\\n\td',
        "cat <<EOF\n  # kept\n\n$x\nEOF",
        "cat <<-'E'  # no\n\tx \\\n\tE",
        "for i in 1 2; do  # each\n  # it\n\n  echo $i\ndone",
        "if true; then\n  case x in\n    x) : ;;  # x\n  esac\nfi",
        "f() {\n  echo $((1 << 2)) ${#x} $#\n}",
        "echo a |\n  # through\n  cat && (\n  ls\n)",
        "echo 1 > /proc/sys/net/ipv4/ip_forward; sysctl -w a=1 &",
        "x=(a b # c\n d)",
        "echo \\# a\\\nb $'\\'' `echo \\`a\\``",
        "[[ a =~ (b|c) ]] ||\n\n! true",
        'while read -r a; do echo "$a"; done < <(ip a)',
    )
)
_SCRIPTS = st.lists(_PARTS, min_size=1, max_size=6).map("\n".join)


def _as_bash_reads_it(text: str) -> str:
    ran = subprocess.run(
        ["bash", "--norc", "-O", "extglob", "-c", f"subject() {{\n:\n{text}\n}}\ndeclare -f subject"],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return ran.stdout


@settings(deadline=None, max_examples=60)
@given(_SCRIPTS)
def test_bash_reads_the_commands_as_it_reads_the_script(text: str) -> None:
    assert _as_bash_reads_it("\n".join(Script(text).commands)) == _as_bash_reads_it(text)


@settings(deadline=None, max_examples=40)
@given(_SCRIPTS)
def test_each_command_is_complete_in_itself(text: str) -> None:
    for command in Script(text).commands:
        ran = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True, check=False, timeout=20)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert split(command) == split(f"{command}\n")
        assert split(command).commands == (command,)


@given(_SCRIPTS)
def test_cutting_the_joined_commands_again_changes_nothing(text: str) -> None:
    commands = Script(text).commands
    assert Script("\n".join(commands)).commands == commands


@settings(deadline=None)
@given(st.text(alphabet="ab \t\n\\'\"`$(){}<>|&;#-EOFifdone", max_size=60) | st.text())
def test_any_text_is_cut_without_loss_of_what_is_no_comment(text: str) -> None:
    cut = split(text)
    assert all(cut.commands)
    if not cut.unfinished and "#" not in text:

        def bare(source: str) -> str:
            return "".join(source.replace("\\\n", "").split())

        assert bare("".join(cut.commands)) == bare(text)


def test_deep_nesting_is_no_trouble() -> None:
    assert split('"$(' * 5000).unfinished
    assert split("$(" * 5000 + ")" * 5000).unfinished == ""
