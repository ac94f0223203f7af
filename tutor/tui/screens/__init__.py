"""What fills the terminal.

Screens decide; what they show is made of `tutor.tui.widgets`. They know no lab, only the desk.
"""
