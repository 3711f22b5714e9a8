"""Slow twin of kernels/pack.py: each lane is one long number."""

BLOCK = 1024


def words(values, bits, width):
    """The packed words of one block, `width` bits each."""
    lanes = BLOCK // width
    rows = -(-len(values) // lanes)
    each = -(-rows * bits // width)
    found = [0] * (lanes * each)
    for lane in range(lanes):
        long = sum(value << bits * row for row, value in enumerate(values[lane::lanes]))
        for word in range(each):
            found[word * lanes + lane] = long >> width * word & (1 << width) - 1
    return found


def unpacked(found, many, bits, width):
    lanes = BLOCK // width
    long = [sum(word << width * place for place, word in enumerate(found[lane::lanes])) for lane in range(lanes)]
    return [long[at % lanes] >> at // lanes * bits & (1 << bits) - 1 for at in range(many)]


def least_of(block, width):
    """The least value, of signed numbers where these lie closer together."""
    half = 1 << width - 1
    signed = [(value + half) % (2 * half) - half for value in block]
    return min(signed) % (2 * half) if max(signed) - min(signed) < max(block) - min(block) else min(block)


def best(values, width):
    """The bits of the least cost; of equal ones the fewest, and no exceptions where they save nothing."""
    longest = max(values).bit_length()
    costs = []
    for bits in range(longest):
        apart = sum(value >> bits > 0 for value in values)
        if apart <= BLOCK // 8:
            costs.append((bits * BLOCK + apart * (width + 16), bits))
    cost, bits = min(costs, default=(longest * BLOCK, longest))
    return bits if cost < longest * BLOCK else longest


def pack(values, width):
    """Least values, words, exceptions, their places, how many each block has, and the bits of each."""
    leasts, packed, apart, places, counts, all_bits = [], [], [], [], [], []
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        least = least_of(block, width)
        block = [(value - least) % (1 << width) for value in block]
        bits = best(block, width)
        far = [at for at, value in enumerate(block) if value >> bits]
        leasts.append(least)
        packed += words([value & (1 << bits) - 1 for value in block], bits, width)
        apart += [block[at] for at in far]
        places += far
        counts.append(len(far))
        all_bits.append(bits)
    return leasts, packed, apart, places, counts, all_bits
