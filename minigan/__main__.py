"""``python -m minigan`` runs the command ``minigan``."""

import sys

from .cli import main

sys.exit(main())
