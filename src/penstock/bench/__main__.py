"""`python -m penstock.bench`."""

from __future__ import annotations

import argparse
import sys

from ..errors import PenstockError
from .subjects import EPILOG, add, run


def main() -> int:
    """Run a command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m penstock.bench",
        epilog=EPILOG.replace("penstock bench", "python -m penstock.bench"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add(parser)
    try:
        return run(parser.parse_args())
    except PenstockError as error:
        print(f"penstock: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("penstock: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
