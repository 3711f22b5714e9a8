"""`penstock bench`."""

from ..bench.subjects import EPILOG, add, run

__all__ = ["EPILOG", "add", "run"]
