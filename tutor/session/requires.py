"""What must be so when a step is entered. Does not know what is done there."""

from __future__ import annotations

from tutor.lesson import Requirement
from tutor.session.judge import Judge
from tutor.session.live import Live

_SETTLE_SECONDS = 3.0


def problem_with(judge: Judge, live: Live, requirement: Requirement) -> str:
    """Why a requirement of a step is not met now; empty if it is."""
    last = [""]

    def look(state: object) -> bool | None:
        del state
        verdict = judge.checks([requirement.use], live.state(), live.ask)
        fault = verdict.fault
        if verdict.error:
            last[0] = verdict.error
        elif not requirement.fails:
            last[0] = "" if fault is None else f"{requirement.use.id} must hold, but: {fault.message}"
        elif fault is None:
            last[0] = f"{requirement.use.id} must fail with {requirement.fails}, but it holds"
        elif fault.diagnosis.id != requirement.fails:
            last[0] = f"{requirement.use.id} must fail with {requirement.fails}, but it fails with {fault.diagnosis.id}"
        else:
            last[0] = ""
        return None if last[0] else True

    live.until(look, _SETTLE_SECONDS)
    return last[0]
