"""The terminal pane and the screen around it, measured against tmux: one table.

Run: python -m benchmarks.terminal --help
"""
