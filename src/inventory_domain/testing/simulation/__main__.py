"""``python -m inventory_domain.testing.simulation``."""

import sys

from inventory_domain.testing.simulation.cli import main

if __name__ == "__main__":
    sys.exit(main())
