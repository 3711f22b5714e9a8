"""Data of known structure: records, arrays, grids, text, and what has none."""

import numpy as np


def walk(rng, count, step, width):
    """A random walk of unsigned numbers whose steps need the lower half of `width` bytes."""
    start = 1 << (8 * width - 2)
    return (start + np.cumsum(rng.integers(-step, step + 1, count))).astype(np.uint64)


def column(values, width, *, big):
    """Numbers as rows of bytes."""
    order = range(width - 1, -1, -1) if big else range(width)
    return np.stack([(values >> np.uint64(8 * place)).astype(np.uint8) for place in order], axis=1)


def table(count, fields, seed=1):
    """Records of fields, each `(width, big, kind)`: walk, noise, same or text of `width` bytes."""
    rng = np.random.default_rng(seed)
    columns = []
    for width, big, kind in fields:
        if kind == "walk":
            columns.append(column(walk(rng, count, 3 << (4 * width - 2), width), width, big=big))
        elif kind == "noise":
            columns.append(rng.integers(0, 256, (count, width), dtype=np.uint8))
        elif kind == "same":
            columns.append(np.full((count, width), 7, np.uint8))
        else:
            words = np.frombuffer(b"alpha   bravo   charlie delta   ", np.uint8).reshape(4, 8)
            words = np.tile(words, (1, -(-width // 8)))[:, :width]
            columns.append(words[rng.integers(0, 4, count)])
    return np.concatenate(columns, axis=1).reshape(-1)


def filled(count, record, seed=1, *, big=True):
    """Records of any length: walks of 2, 4 and 8 bytes in any order, and some noise."""
    rng = np.random.default_rng(record)
    fields = []
    rest = record
    while rest:
        width = int(rng.choice([one for one in (1, 2, 4, 8, 8) if one <= rest]))
        fields.append((width, big, "walk" if width > 1 else "noise"))
        rest -= width
    return table(count, fields, seed)


def image(rows, row, width, *, big=False, seed=1):
    """A picture of texture that changes little from row to row."""
    rng = np.random.default_rng(seed)
    one = 1 << (4 * (width - 1))
    texture = np.cumsum(rng.normal(0, 8, row)) % 60 * one
    changes = np.cumsum(rng.normal(0, 1, (rows, row)), axis=0) * one
    values = (np.abs(texture + changes) + (32 << (8 * (width - 1)))).astype(np.uint64)
    return column(values.reshape(-1), width, big=big).reshape(-1)


def packed(count, seed=1):
    """Two walks of 12 bits in three bytes."""
    rng = np.random.default_rng(seed)
    one, other = ((2048 + np.cumsum(rng.integers(-3, 4, count))).astype(np.int64) & 4095 for _ in range(2))
    rows = [one & 255, (one >> 8) | (other >> 8) << 4, other & 255]
    return np.stack(rows, axis=1).astype(np.uint8).reshape(-1)


def card_images(count, seed=1):
    """EBCDIC records of 80: a name, a number of 8 digits that counts, an amount in packed decimals, blanks."""
    rng = np.random.default_rng(seed)
    names = ["SMITH", "JONES", "MILLER", "GARCIA"]
    numbers = 10_000_000 + np.cumsum(rng.integers(1, 9, count))
    amounts = rng.integers(0, 100_000, count)
    chosen = rng.integers(0, 4, count)
    rows = []
    for nth in range(count):
        text = f"{names[chosen[nth]]:<20}{numbers[nth]:08d}".encode("cp037")
        rows.append(text + bytes.fromhex(f"{amounts[nth]:07d}C") + b"\x40" * 48)
    return np.frombuffer(b"".join(rows), np.uint8)


def prose(size, seed=1):
    """Lines of words."""
    rng = np.random.default_rng(seed)
    words = [
        "".join(chr(97 + letter) for letter in rng.integers(0, 26, length)) for length in rng.integers(2, 10, 3000)
    ]
    lines = []
    total = 0
    while total < size:
        line = " ".join(words[at] for at in (rng.zipf(1.3, int(rng.integers(5, 14))) % 3000))
        lines.append(line)
        total += len(line) + 1
    return np.frombuffer("\n".join(lines).encode()[:size].ljust(size, b"\n"), np.uint8)


def ndjson(size, seed=1):
    """One object a line."""
    rng = np.random.default_rng(seed)
    lines = [
        f'{{"id": {rng.integers(1 << 30)}, "user": "u{rng.integers(5000)}", "ok": true, "ms": {rng.integers(900)}}}\n'
        for _ in range(size // 50)
    ]
    return np.frombuffer("".join(lines).encode()[:size], np.uint8)


def noise(size, seed=1):
    """Bytes of which nothing can be said."""
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def decimals(count, seed=1):
    """Prices as double-precision numbers."""
    rng = np.random.default_rng(seed)
    return (rng.integers(100, 9999, count) / 100).view(np.uint8)
