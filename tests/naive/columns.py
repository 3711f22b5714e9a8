"""Slow twin of kernels/columns.py and kernels/zipped.py: fields, planes and zips, value by value."""

LITTLE, BIG, ROWS, TEXT = range(4)


def stride(width, form):
    """Bytes of a column for each record."""
    return width if form >= ROWS else next(size for size in (1, 2, 4, 8) if size >= width)


def gather(data, fields):
    """The bytes of each field's column."""
    record = sum(width for width, _ in fields)
    rows = [data[at : at + record] for at in range(0, len(data), record)]
    columns, at = [], 0
    for width, form in fields:
        parts = [row[at : at + width] for row in rows]
        if form == TEXT:
            columns.append(bytes(part[place] for place in range(width) for part in parts))
        elif form == ROWS:
            columns.append(b"".join(parts))
        else:
            order = "big" if form == BIG else "little"
            numbers = [int.from_bytes(part, order) for part in parts]
            columns.append(b"".join(number.to_bytes(stride(width, form), "little") for number in numbers))
        at += width
    return columns


def scatter(columns, fields, count):
    """The records; None where a number does not fit its field."""
    out = bytearray()
    for row in range(count):
        for (width, form), column in zip(fields, columns, strict=True):
            size = stride(width, form)
            part = column[row * size : (row + 1) * size]
            if form == TEXT:
                part = column[row::count]
            elif form != ROWS:
                number = int.from_bytes(part, "little")
                if number >> (8 * width):
                    return None
                part = number.to_bytes(width, "big" if form == BIG else "little")
            out += part
    return bytes(out)


def planes(values, width):
    """The byte planes of numbers, lowest first, without the highest that are zero; one at least."""
    found = [bytes(value >> (8 * place) & 0xFF for value in values) for place in range(width)]
    while len(found) > 1 and not any(found[-1]):
        found.pop()
    return found
