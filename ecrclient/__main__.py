"""``python -m ecrclient``: the command line."""

from __future__ import annotations

import sys

from ecrclient.cli import main

if __name__ == "__main__":
    sys.exit(main())
