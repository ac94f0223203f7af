"""The use cases: a lab at a place of a lesson, judged, solved, verified, graded, reset.

::

    place ──> workshop (a lab at that place) ──> live (its NetworkState, kept fresh) ──> judge ──> results

Brings together what the packages below do not know of each other. Does not know how anything is shown.
"""
