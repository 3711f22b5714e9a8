"""Slow twin of kernels/digits.py and blanks.py: rows as text, one at a time."""

ZONED, ZONED_SIGNED, ASCII, ASCII_SIGNED, PACKED, PACKED_SIGNED, PAIRS, ZONED_BLANKS, ASCII_BLANKS = range(9)
MOST = [18, 18, 18, 18, 9, 9, 9, 18, 18]


def row_of(value, form, width):
    """The bytes of a number in a field; None where it does not fit."""
    if form in (ZONED_BLANKS, ASCII_BLANKS):
        text = str(value).rjust(width)
        return None if len(text) > width else text.encode("cp037" if form == ZONED_BLANKS else "ascii")
    signed = form in (ZONED_SIGNED, ASCII_SIGNED, PACKED_SIGNED)
    if value < 0 and not signed:
        return None
    text = str(abs(value))
    if form in (PACKED, PACKED_SIGNED, PAIRS):
        sign = {PAIRS: "", PACKED: "f"}.get(form, "d" if value < 0 else "c")
        text = (text + sign).rjust(2 * width, "0")
        return None if len(text) > 2 * width else bytes.fromhex(text)
    if len(text) > width:
        return None
    text = text.rjust(width, "0")
    last = int(text[-1])
    if form == ZONED:
        return bytes(0xF0 + int(digit) for digit in text)
    if form == ZONED_SIGNED:
        return bytes(0xF0 + int(digit) for digit in text[:-1]) + bytes([(0xD0 if value < 0 else 0xC0) + last])
    if form == ASCII_SIGNED:
        text = text[:-1] + ("}JKLMNOPQR" if value < 0 else "{ABCDEFGHI")[last]
    return text.encode()


def number_of(row, form):
    """The number of a row; None unless the row is just what `row_of` makes of it."""
    for value in _guesses(row, form):
        if row_of(value, form, len(row)) == row:
            return value
    return None


def _guesses(row, form):
    if form in (PACKED, PACKED_SIGNED, PAIRS):
        text = row.hex() if form == PAIRS else row.hex()[:-1]
    elif form in (ZONED, ZONED_SIGNED, ZONED_BLANKS):
        text = "".join(str(byte & 15) if byte >= 0xC0 else " " for byte in row)
    else:
        text = "".join(
            str("{ABCDEFGHI".find(c) if c in "{ABCDEFGHI" else "}JKLMNOPQR".find(c))
            if c in "{ABCDEFGHI}JKLMNOPQR"
            else c
            for c in row.decode("latin-1")
        )
        text = text.replace("-", " ")
    try:
        value = int(text)
    except ValueError:
        return ()
    return (value, -value)


def encoded(rows, form):
    """(least, numbers, gaps, raw) as the layer has them."""
    values = [number_of(row, form) for row in rows]
    least = min((value for value in values if value is not None), default=0)
    numbers, gaps, raw, before, last = [], [], b"", least, -1
    for at, (row, value) in enumerate(zip(rows, values, strict=True)):
        before = before if value is None else value
        numbers.append(before - least)
        if value is None:
            gaps.append(at - last - 1)
            raw += row
            last = at
    return least, numbers, gaps, raw
