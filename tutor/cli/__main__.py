"""`python -m tutor.cli`: the same as `tutor`."""

import sys

from tutor.cli.main import main

sys.exit(main())
