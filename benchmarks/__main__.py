"""Run benchmarks by name, or all of them: ``python -m benchmarks [NAME ...]``."""

import importlib
import sys

NAMES = (
    "decide",
    "reserve_embedded",
    "reserve_kafka_mongodb",
    "post_orders",
    "list_pages",
    "memory",
    "simulate",
)


def main() -> int:
    """Run what was asked for and return the exit code."""
    wanted = sys.argv[1:] or list(NAMES)
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(NAMES)}")
        return 2
    for name in wanted:
        print(f"\n== {name}")
        importlib.import_module(f"benchmarks.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
