"""Slow twin of kernels/dictionary.py."""


def numbered(values):
    """(values in order of first appearance, the number of each)."""
    distinct = list(dict.fromkeys(values))
    number = {value: at for at, value in enumerate(distinct)}
    return distinct, [number[value] for value in values]


def indexed(values):
    """(values in ascending order, the index of each)."""
    distinct = sorted(set(values))
    index = {value: at for at, value in enumerate(distinct)}
    return distinct, [index[value] for value in values]
