"""`tutor doctor`: can this machine run the labs, and if not, the exact remedy."""

from __future__ import annotations

import sys

import click

from tutor.cli.options import json_option, pack_option, print_json
from tutor.errors import UsageError
from tutor.lab.nursery import Nursery

_SIGNS = {"ok": "✓", "warning": "!", "problem": "✗"}
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command("doctor")
@pack_option
@json_option
@click.option("--apparmor", "show_profile", is_flag=True, help="Print the AppArmor profile that allows labs, no more.")
@click.option("--install-profile", "install", is_flag=True, help="Install that profile, with sudo; asks first.")
@click.option("--yes", is_flag=True, help="With --install-profile: ask nothing.")
def command(pack: str, as_json: bool, show_profile: bool, install: bool, yes: bool) -> int:
    """Try everything that a lab needs on this machine, and say what to do about what is missing."""
    if yes and not install:
        raise UsageError("--yes answers what --install-profile asks", hint="see `tutor doctor --help`")
    if show_profile and install:
        raise UsageError("--apparmor prints the profile, --install-profile installs it", hint="give one of them")
    if show_profile:
        return _show_profile(as_json)
    if install:
        return _install_profile(as_json, yes)
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
                        "lessons": list(finding.lessons),
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


def _show_profile(as_json: bool) -> int:
    """Print the profile, and beside it, where it does not get into a pipe, what to do with it."""
    from tutor.session import apparmor

    text, need = apparmor.profile(apparmor.entry_point()), apparmor.guard().need
    if as_json:
        print_json(
            {
                "needed": not need,
                "said": need,
                "path": str(apparmor.TARGET),
                "profile": text,
                "install": apparmor.by_hand(),
                "undo": apparmor.undo(),
            }
        )
        return 0
    click.echo(text, nl=False)
    if need:
        click.echo(need, err=True)
    click.echo(f"to install it: {apparmor.command('--install-profile')}", err=True)
    click.echo(f"or by hand: {apparmor.by_hand()}", err=True)
    click.echo(f"to undo it: {apparmor.undo()}", err=True)
    return 0


def _install_profile(as_json: bool, yes: bool) -> int:
    """Install the profile where it is needed and agreed to."""
    from tutor.session import apparmor

    entry, need = apparmor.entry_point(), apparmor.guard().need
    if need:
        if as_json:
            print_json({"installed": False, "said": need})
        else:
            click.echo(need)
        return 0
    if not yes:
        if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError("there is nobody to ask", hint="add --yes to install the profile without a question")
        click.echo(apparmor.profile(entry))
        if not click.confirm(f"Let {entry} make user namespaces, with this as {apparmor.TARGET}?", default=False):
            click.echo("nothing is changed")
            return 1
    apparmor.install(apparmor.profile(entry), ask=not yes)
    said = f"installed as {apparmor.TARGET}; to undo it: {apparmor.undo()}"
    if as_json:
        print_json({"installed": True, "said": said, "path": str(apparmor.TARGET), "undo": apparmor.undo()})
        return 0
    click.echo(said)
    click.echo(f"now see whether labs start: {apparmor.command()}")
    return 0
