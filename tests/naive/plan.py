"""Slow twin of the plan tree's parser: written from the layout alone, with a cursor and nothing clever."""

LIMITS = {"bytes": 65535, "depth": 16, "nodes": 8192, "factor": 8, "slack": 64 << 10}
WIDTHS = {0: 1, 1: 2, 2: 4, 3: 8, 4: 1}


def number(data, at):
    """(value, next byte) of a LEB128 number in its shortest form."""
    part = []
    while True:
        part.append(data[at])  # IndexError where the bytes end
        at += 1
        if part[-1] < 128:
            break
        if len(part) == 9:
            raise ValueError("too long")
    if len(part) > 1 and part[-1] == 0:
        raise ValueError("not the shortest form")
    return sum((byte % 128) * 128**place for place, byte in enumerate(part)), at


def node(data, at, depth, kind, tally):
    """((id, params, stored or None, [(kind, size, strings, node), ...]), next byte)."""
    tally["nodes"] += 1
    if depth > LIMITS["depth"] or tally["nodes"] > LIMITS["nodes"]:
        raise ValueError("too many")
    layer, at = number(data, at)
    size, at = number(data, at)
    params, at = data[at : at + size], at + size
    if len(params) < size:
        raise IndexError
    count, at = number(data, at)
    if count == 0:
        if kind == 4:
            raise ValueError("strings in a leaf")
        stored, at = number(data, at)
        tally["stored"] += stored
        return (layer, params, stored, []), at
    if count > LIMITS["nodes"]:
        raise ValueError("too many")
    below = []
    for _ in range(count):
        inner, at = data[at], at + 1
        size, at = number(data, at)
        strings = 0
        if inner == 4:
            strings, at = number(data, at)
        if size % WIDTHS[inner]:  # KeyError for a type that is not
            raise ValueError("broken items")
        tally["streams"] += size + 4 * strings
        child, at = node(data, at, depth + 1, inner, tally)
        below.append((inner, size, strings, child))
    return (layer, params, None, below), at


def parse(data, raw_size, payload_size):
    """The tree, or None for bytes that are none."""
    tally = {"nodes": 0, "stored": 0, "streams": 0}
    try:
        tree, at = node(data, 0, 1, 0, tally)
    except (ValueError, IndexError, KeyError):
        return None
    fits = tally["streams"] <= LIMITS["factor"] * raw_size + LIMITS["slack"] and len(data) <= LIMITS["bytes"]
    return tree if fits and at == len(data) and tally["stored"] == payload_size else None
