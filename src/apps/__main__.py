"""``python -m apps``."""

import sys

if __name__ == "__main__":
    try:
        from apps.cli import main

        main(prog_name="python -m apps")
    except KeyboardInterrupt:
        sys.exit(130)
