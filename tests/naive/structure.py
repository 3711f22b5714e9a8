"""Slow twins of kernels/structure.py, kernels/lags.py and kernels/fieldprices.py, in plain Python."""

import math
from collections import Counter


def repeats(data, starts, span, last):
    """Equal bytes at each lag."""
    return [
        sum(data[at] == data[at - lag] for start in starts for at in range(start, start + span))
        for lag in range(1, last + 1)
    ]


def lengths(counts, seen):
    """Of the peaks, those that are no multiples of as good a one."""
    some = sorted(counts[5::17])
    usual, low = some[len(some) // 2], some[len(some) // 4]
    limit, weak = usual + 4 * (usual + 1) ** 0.5 + 8 + seen // 50, low + 4 * (low + 1) ** 0.5 + 8
    high = sorted((-count, lag) for lag, count in enumerate(counts, 1) if count > limit)[:24]
    peaks = {lag: -count - usual for count, lag in high}
    peaks |= {lag: counts[lag - 1] - low for lag in (1, 2, 3, 4, 6, 8, 12, 16) if counts[lag - 1] > weak}
    found = {}
    for lag, peak in sorted(peaks.items(), key=lambda one: (-one[1], one[0])):
        if not any(lag % one == 0 and peak < 1.15 * other for one, other in found.items() if one > 1):
            divisors = [part for part in range(min(2, lag), lag + 1) if lag % part == 0]
            good = [part for part in divisors if counts[part - 1] >= 0.6 * peak + usual]
            least = (good or divisors)[0]
            found[least] = counts[least - 1] - usual
            if peak > 1.15 * found[least]:
                found[lag] = peak
        if len(found) >= 4:
            break
    return list(found)[:4]


def entropy(values):
    """Bits for all values, as an order-0 coder would need that knows how often each comes."""
    counts = Counter(values)
    return sum(many * math.log2(len(values) / many) for many in counts.values())


def mended(values, sizes=256):
    """The same, with what a small sample hides."""
    counts = Counter(values)
    once = sum(many == 1 for many in counts.values())
    bias = (len(counts) - 1) / (2 * math.log(2))
    unseen = once * math.log2((sizes - len(counts) + once) / max(once, 1)) if once else 0
    return entropy(values) + max(bias, unseen)


def places(starts, rows, record):
    """Where the rows of all groups begin."""
    return [start + row * record for start in starts for row in range(rows)]


def column_prices(data, starts, rows, record, above, stride):
    """Raw, minus above, exclusive or above; for each column asked for."""
    prices = []
    for column in range(0, record, stride):
        pairs = [(data[at + column], data[at + column - above]) for at in places(starts, rows, record)]
        prices.append(mended([here for here, _ in pairs]))
        prices.append(mended([(here - before) % 256 for here, before in pairs]))
        prices.append(mended([here ^ before for here, before in pairs]))
    return prices


def arrange(data, starts, rows, record, above, widths, kinds):
    """Column by column."""
    out, column = [], 0
    for width in widths:
        for at in places(starts, rows, record):
            for place in range(column, column + width):
                here, before = data[at + place], data[at + place - above]
                out.append((here, (here - before) % 256, here ^ before)[kinds[place]])
        column += width
    return bytes(out)


def closeness(data, starts, rows, record, above):
    """Sums of bit lengths and how many, by place."""
    sums, seen = [0] * record, [0] * record
    for start in starts:
        for at in range(start, start + rows * record):
            sums[at % record] += (data[at] ^ data[at - above]).bit_length()
            seen[at % record] += 1
    return sums, seen


def turns(profile, found):
    """How far apart they are at each turn."""
    size = len(profile)
    return [sum(abs(found[(at + turn) % size] - profile[at]) for at in range(size)) for turn in range(size)]


def phase(data, start, rows, record, usual, known, phase, limits):
    """Where records begin in a window; -1 if none do."""
    unit, still, flat, chance, alike = limits
    near, far = (
        [part * unit // rows for part in closeness(data, [start], rows, record, record + more)[0]] for more in (0, 1)
    )
    near, far = ([one[(start + place) % record] for place in range(record)] for one in (near, far))
    if sum(near) > still * record and sum(near) > sum(far) * (1 + usual) / 2:
        return -1
    shape = [one - round(sum(near) / record) for one in near]
    much = sum(map(abs, shape))
    if not known or much <= flat * record:
        return phase
    scores = turns(known, [one * unit * record // much for one in shape])
    best = min(range(record), key=scores.__getitem__)
    return best if scores[phase] - scores[best] > chance * record and scores[best] <= alike * record else phase


def distances(values, starts, span, first, last, most):
    """Sums of distances, each at most `most`."""
    return [
        sum(min(abs(values[at] - values[at - lag]), most) for start in starts for at in range(start, start + span))
        for lag in range(first, last + 1)
    ]


def zigzag(number, width):
    """Fold a difference modulo 2 ** (8 * width)."""
    size = 1 << (8 * width)
    number %= size
    return (2 * number if number < size // 2 else 2 * (size - number) - 1) % size


def field_price(data, starts, rows, record, offset, width, big, lag):
    """The price of one field as differences, or as those of differences."""

    def number(at):
        return int.from_bytes(data[at : at + width], "big" if big else "little")

    first, second = [], []
    for at in places(starts, rows, record):
        here, above = number(at + offset), number(at + offset - lag * record)
        left, corner = number(at + offset - record), number(at + offset - (lag + 1) * record)
        first.append(zigzag(here - above, width))
        second.append(zigzag(here - above - left + corner, width))
    return min(levels(part, low) for low in range(1 + (width > 1) + (width > 3)) for part in (first, second))


def plain_price(columns, texts, width, offset):
    """What a field costs byte by byte, what it costs more, its order, and whether differences may be cheaper."""
    record = len(columns)
    if width > record:
        return [math.inf, 0, 1, 0]
    around = [(offset + place) % record for place in range(width)]
    big = columns[around[-1]][0] > columns[around[0]][0]
    low, high = (around[-1], around[0]) if big else (around[0], around[-1])
    still = sum(min(columns[at]) for at in around if at != low)
    bits = [sum(columns[at][kind] for at in around) for kind in (0, 2)]
    bits += [columns[low][1] + still] if still < 0.02 else []
    letters, mixed = all(texts[at] for at in around), any(texts[at] and columns[at][0] >= 0.02 for at in around)
    extra = 0 if width == 1 else math.inf if letters else 2 * mixed
    likely = min(columns[low]) > 0.2 and min(columns[high]) < 6.5 and not letters and (still >= 0.02 or width == 1)
    return [min(bits), extra, 1 + big, (1 + big) * likely]


def levels(values, low):
    """Low bytes one by one, the rest by class."""
    streams = [[value >> (8 * place) & 255 for value in values] for place in range(low)]
    rest = [value >> (8 * low) for value in values]
    streams.append([kind(value) for value in rest])
    below = sum(max(value.bit_length() - 2, 0) for value in rest)
    used = sum(len(set(stream)) - 1 for stream in streams)
    return sum(entropy(stream) for stream in streams) + used / (2 * math.log(2)) + below


def kind(value):
    """The length and the bit below the highest."""
    bits = value.bit_length()
    return 2 * bits + (value >> (bits - 2) & 1 if bits >= 2 else 0)


def cut(costs, widths, record, turns_tried):
    """The least cost of any cut, over all starts, by trying all."""

    def cheapest(turn, at):
        if at == record:
            return 0.0
        fits = [nth for nth, width in enumerate(widths) if at + width <= record]
        return min(
            (costs[nth][(turn + at) % record] + cheapest(turn, at + widths[nth]) for nth in fits), default=math.inf
        )

    return min(cheapest(turn, 0) for turn in range(turns_tried))


def distant(data, byte, least):
    """Anchors, and how many repeat; without the table's limits."""
    anchors = hits = 0
    before = {}
    for line in range(0, len(data) - 80, 64):
        at = data.find(bytes([byte]), line, line + 64) + 1
        if at == 0:
            continue
        anchors += 1
        word = data[at : at + 8]
        last = before.get(word)
        hits += last is not None and last + max(least, 16) <= at and data[last : last + 16] == data[at : at + 16]
        before[word] = at
    return anchors, hits
