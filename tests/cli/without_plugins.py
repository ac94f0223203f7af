"""`tutor` on a machine without the CNI plugins. Run: python -m tests.cli.without_plugins ARGUMENTS ..."""

from __future__ import annotations

import sys

from tutor.cli.main import main
from tutor.lab.kubenet import plugins

if __name__ == "__main__":
    plugins.FOLDERS = ("/nowhere", "/nor/here")  # before labs are born, which know it from then on
    sys.exit(main(sys.argv[1:]))
