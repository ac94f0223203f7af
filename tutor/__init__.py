"""A guided lab for container networking: a lesson beside a real shell on a real kernel."""

__version__ = "0.1.0"
