"""`tutor doctor`: can this machine run the labs, and if not, the exact remedy."""

from __future__ import annotations

import click

from tutor.cli.options import json_option, pack_option, print_json
from tutor.lab.nursery import Nursery

_SIGNS = {"ok": "✓", "warning": "!", "problem": "✗"}
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command("doctor")
@pack_option
@json_option
def command(pack: str, as_json: bool) -> int:
    """Try everything that a lab needs on this machine, and say what to do about what is missing."""
    nursery = Nursery()  # before anything heavy is loaded: labs are forked from here

    from tutor.session.doctor import examine
    from tutor.session.finding import Level
    from tutor.session.workshop import Workshop
    from tutor.store.course import Course
    from tutor.store.packs import choose_pack

    try:
        course = Course(choose_pack(pack))
        findings = examine(nursery, Workshop(nursery, course), course.lessons())
    finally:
        nursery.close()
    passed = all(finding.level is not Level.PROBLEM for finding in findings)
    if as_json:
        print_json(
            {
                "passed": passed,
                "findings": [
                    {
                        "subject": finding.subject,
                        "level": finding.level.value,
                        "said": finding.said,
                        "means": finding.means,
                        "remedy": finding.remedy,
                    }
                    for finding in findings
                ],
            }
        )
        return 0 if passed else 1
    for finding in findings:
        sign = click.style(_SIGNS[finding.level], fg=_COLOURS[finding.level])
        click.echo(f"{sign} {finding.subject}: {finding.said}")
        if finding.means and finding.level is not Level.OK:
            click.echo(f"    that means: {finding.means}")
        if finding.remedy:
            click.echo(f"    remedy: {finding.remedy}")
    click.echo("This machine can run the labs." if passed else "Some lessons can't run here: see the remedies above.")
    return 0 if passed else 1
