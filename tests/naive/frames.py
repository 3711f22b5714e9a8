"""Slow twin of kernels/frames.py and kernels/chains.py: records by their lengths, rows without padding."""

from itertools import islice

ORDERS = ["little", "big", "little", "big", "big"]
WIDTHS = [2, 2, 4, 4, 4]


def length_at(data, at, code):
    """The length that stands there, or None; also one of two bytes needs four."""
    if at + 4 > len(data):
        return None
    field = data[at : at + WIDTHS[code]]
    if code == 4:
        return int.from_bytes(field[:2], "big") if field[2] <= 3 and field[3] == 0 else None
    return int.from_bytes(field, ORDERS[code])


def records(data, start, shape):
    """(start, end) of the whole records that follow one another."""
    code, plus, place, _ = shape
    found = []
    while (length := length_at(data, start + place, code)) is not None:
        end = start + length + plus
        if end - start < place + WIDTHS[code] or end > len(data):
            break
        found.append((start, end))
        start = end
    return found


def cut(data, start, shape):
    """(rows, bodies, where the last record ends)."""
    head, rows, bodies, end = shape[3], b"", b"", start
    for begin, end in records(data, start, shape):
        rows += data[begin : min(end, begin + head)].ljust(head, b"\0")
        bodies += data[begin + head : end]
    return rows, bodies, end


def likely(length, code):
    return length is not None and 1 <= length <= (2048 if code < 2 else 1 << 18)


def steps(data, at, code, plus):
    """Yield the sizes of records from the length at `at` on for as long as they are likely; None if the data ends."""
    while at + 4 <= len(data):
        length = length_at(data, at, code)
        if not likely(length, code) or length + plus < 2:
            return
        yield length + plus
        at += length + plus
    yield None


def has_rivals(data, first, code, plus):
    """Whether 5 places among the next 1023 start a chain of 8, inside of the data, that takes other steps."""
    found, start, step = 0, first, length_at(data, first, code) + plus
    for at in range(first + 1, min(first + 1024, len(data) - 4)):
        if at == start + step:
            start, step = at, length_at(data, at, code) + plus
            continue
        others = list(islice(steps(data, at, code, plus), 9))
        found += len(others) >= 8 and None not in others and others[0] != step
        if found > 4:
            return True
    return False


def is_chain(data, first, code, plus):
    """Whether 20 lengths and more, not all alike, lead from one to the next, and few others beside them do."""
    hops = changes = covered = before = 0
    for step in steps(data, first, code, plus):
        if step is None:
            return hops > 20 and changes >= 6
        hops, changes, covered, before = hops + 1, changes + (step != before), covered + step, step
        if (hops == 20 and has_rivals(data, first, code, plus)) or (hops == 1000 and changes < 6):
            return False
        if hops >= 20 and changes >= 6 and covered >= 16384:
            return True
    return False


def first_record(data, shape):
    """Where the first record starts, -1 if there is none."""
    code, plus, place, _ = shape
    for at in range(place, min(len(data) - 3, 65536)):
        if likely(length_at(data, at, code), code) and is_chain(data, at, code, plus):
            return at - place
    return -1


def strip(data, width, pad):
    """(lengths without padding, bodies)."""
    rows = [data[at : at + width].rstrip(bytes((pad,))) for at in range(0, len(data), width)]
    return [len(row) for row in rows], b"".join(rows)
