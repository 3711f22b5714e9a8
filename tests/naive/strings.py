"""Slow twin of kernels/strings.py."""


def numbered(cells):
    """(the number of each cell, the distinct ones in order of first appearance)."""
    distinct = list(dict.fromkeys(cells))
    number = {cell: at for at, cell in enumerate(distinct)}
    return [number[cell] for cell in cells], distinct
