"""Files in memory: whoever writes to one, whenever, nothing of it is lost."""

from __future__ import annotations

import os
import subprocess

from tutor.lab import memory


def test_what_many_print_at_once_is_all_there() -> None:
    output = memory.to_gather()
    subprocess.run(
        ["bash", "-c", "for i in 1 2 3 4 5 6 7 8; do for j in $(seq 500); do echo $i; done & done; wait"],
        stdout=output,
        check=True,
    )
    assert sorted(memory.gathered(output).split()) == sorted("12345678" * 500)
    os.close(output)


def test_of_much_only_the_first_bytes_are_asked_for() -> None:
    output = memory.to_gather()
    os.write(output, "Straße, ".encode() * 2)
    assert memory.gathered(output) == "Straße, Straße, "
    assert memory.gathered(output, 5) == "Stra\N{REPLACEMENT CHARACTER}"
    os.close(output)


def test_a_program_reads_what_it_was_given_from_the_start() -> None:
    given, output = memory.to_read("grüß\nGott\n"), memory.to_gather()
    subprocess.run(["cat"], stdin=given, stdout=output, check=True)
    assert memory.gathered(output) == "grüß\nGott\n"
    os.close(given)
    os.close(output)
