"""Slow twin of kernels/symbols.py."""


def places(symbols):
    """The symbols that find a place in the tables, with the codes they get."""
    codes = [code for code in range(255) if code != 10]
    kept, taken = {}, set()
    for symbol in symbols:
        place = slot(symbol) if len(symbol) > 2 else None
        if len(kept) < len(codes) and place not in taken:
            kept[symbol] = codes[len(kept)]
            if place is not None:
                taken.add(place)
    return kept


def slot(symbol):
    word = int.from_bytes(symbol[:3], "little")
    return (word * 0x9E3779B97F4A7C15 % 2**64) >> 52


def encode(data, kept):
    """The codes of data: at each place the symbol of 3 bytes and more if there is one, else of 2, else of 1."""
    out, at = bytearray(), 0
    long = {slot(symbol): symbol for symbol in kept if len(symbol) > 2}
    while at < len(data):
        rest = data[at : at + 8]
        symbol = long.get(slot(rest.ljust(3, b"\n"))) if len(rest) > 2 else None
        if symbol is None or not rest.startswith(symbol):
            symbol = next((rest[:size] for size in (2, 1) if len(rest) >= size and rest[:size] in kept), None)
        if rest[:1] == b"\n":
            out.append(10)
        elif symbol is None:
            out += bytes([255]) + rest[:1]
        else:
            out.append(kept[symbol])
        at += len(symbol) if symbol else 1
    return bytes(out)
