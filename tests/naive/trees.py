"""Slow twin of kernels/trees.py and kernels/leaves.py: what trees cost, in plain Python."""

import math
from collections import Counter
from typing import NamedTuple

from penstock.kernels import costs as c
from penstock.kernels import figures as f


class Cost(NamedTuple):
    bits: float
    encode: float
    decode: float

    def plus(self, other, times=1.0):
        return Cost(*(one + times * more for one, more in zip(self, other, strict=True)))


class Leaf(NamedTuple):
    name: int
    cost: Cost


class Symbols(NamedTuple):
    """What is known of a stream of bytes: bits a byte, share of the commonest byte, bits in which nearly all fit."""

    entropy: float
    share: float
    fit: int
    again: bool = True


def linear(cost, terms):
    return cost.bits + terms.encode * cost.encode + terms.decode * cost.decode


def price(cost, width, terms):
    late = max(cost.encode - terms.encode_limit * width, 0) + max(cost.decode - terms.decode_limit * width, 0)
    return linear(cost, terms) + terms.beyond * late


def fixed_cost(total):
    return Cost(8 * c.FRAME / max(total, 1), c.NODE / max(total, 1), c.NODE / max(total, 1))


def pass_cost(layer, width):
    return Cost(0, layer[0] + layer[1] * width, layer[2] + layer[3] * width)


def transform_cost(width):
    return Cost(0, c.LAYER_BYTE * width, c.LAYER_BYTE * width)


def scattered(share, bits):
    return Cost(share * bits, share * c.SCATTER, share * c.SCATTER)


def overhead(total, entropy):
    blocks = max(1, math.ceil(total / c.BLOCK))
    return 8 * (c.FRAME + blocks * c.TABLE * min(entropy / 7, 1)) / max(total, 1)


def binary(share):
    return -share * math.log2(share) - (1 - share) * math.log2(1 - share) if 0 < share < 1 else 0.0


def huffman(entropy, share):
    if share <= c.FLAT:
        return 8.0
    return min(1 + max(entropy - binary(share), 0) if share > 0.5 else entropy + c.HUFFMAN, 8.0)


def literal_cost(bits, total, entropy):
    slow = min(max((bits - 4) / 3, 0), 1)
    decode = c.LITERALS_FAST * (1 - slow) + c.LITERALS_SLOW * slow
    fixed = fixed_cost(total).encode
    return Cost(bits + overhead(total, entropy), c.LITERALS_ENCODE + fixed, decode + fixed)


def constant(total):
    return fixed_cost(total).plus(Cost(0, c.CONSTANT, c.CONSTANT))


def stored(width, total):
    return fixed_cost(total).plus(Cost(8, c.COPY, c.COPY), width)


def sparse(symbols, total):
    others = 1 - symbols.share
    gap = binary(symbols.share) / others + c.HUFFMAN
    rest = max(symbols.entropy - binary(symbols.share), 0) / others
    value = 0.0 if rest < 0.02 else max(rest + c.HUFFMAN, 1)
    coded = literal_cost(gap, total * others, gap).plus(literal_cost(value, total * others, rest))
    cost = fixed_cost(total).plus(Cost(0, c.COPY, c.COPY)).plus(scattered(others, 0)).plus(coded, others)
    return Leaf(f.SPARSE_BYTES if value else f.SPARSE_ALIKE, cost)


def nibbles(symbols, total):
    each = 8 // symbols.fit
    bits = huffman(symbols.entropy * each, symbols.share**each)
    coded = literal_cost(bits, total / each, bits)
    return Leaf(f.SMALL_SYMBOLS, fixed_cost(total).plus(coded, 1 / each).plus(Cost(c.ESCAPED, c.NIBBLE, c.NIBBLE)))


def best_leaf(symbols, total, terms):
    if symbols.share >= 1:
        return Leaf(f.LOOK, constant(total))
    ways = [Leaf(f.STORED, stored(1, total))]
    bits = huffman(symbols.entropy, symbols.share) if symbols.entropy < c.NOISE else 8.0
    if bits < 8:
        look = symbols.again and symbols.entropy < terms.look_below
        ways.append(Leaf(f.LOOK if look else f.CODED, literal_cost(bits, total, symbols.entropy)))
        ways += [sparse(symbols, total)] if symbols.share > c.SPARSE_FROM else []
        ways += [nibbles(symbols, total)] if symbols.fit else []
    return min(ways, key=lambda leaf: linear(leaf.cost, terms))


def used_planes(row):
    return max(1, (int(row[f.TOP]) + 7) // 8)


def stream(row, entropy, share, fit, total, terms, trial):
    again = row[f.REPEATS] > 0.01
    leaf = best_leaf(Symbols(row[entropy], row[share], int(row[fit]), again), total, terms)
    tried = Cost(*trial)
    return Leaf(f.MATCHED, tried) if tried.bits >= 0 and linear(tried, terms) < linear(leaf.cost, terms) else leaf


def planes(row, width, total, terms, first, trials):
    used = used_planes(row)
    leaves = [stream(row, f.PLANE + at, f.LIKELY + at, f.FIT + at, total, terms, trials[at]) for at in range(used)]
    if width == 1:
        return [leaves[0].name], leaves[0].cost
    if min(row[f.LIKELY : f.LIKELY + used]) >= 1:
        return [f.ALIKE], constant(total)
    if used == width and all(leaf.name == f.STORED for leaf in leaves):
        return [f.AS_IT_IS], stored(width, total)
    cost = pass_cost(c.PLANES, width).plus(constant(total), max(first - used, 0))
    for leaf in leaves:
        cost = cost.plus(leaf.cost)
    return [leaf.name for leaf in leaves], cost


def split(row, width, total, terms, trial):
    leaf = stream(row, f.SYMBOLS, f.SHARE, f.SYMBOL_FIT, total, terms, trial)
    cost = leaf.cost.plus(pass_cost(c.SPLIT, width))
    if row[f.K]:
        cost = cost.plus(Cost(row[f.K], 0, 0)).plus(pass_cost(c.LOW, width)).plus(fixed_cost(total))
    if row[f.EXCEPTIONS]:
        cost = cost.plus(scattered(row[f.EXCEPTIONS], 2 + row[f.TOP])).plus(fixed_cost(total))
    return [leaf.name], cost


def pack(row, width, total):
    bits = row[f.PACKED]
    cost = Cost(bits + 8 * (width + c.BLOCK_HEADER) / c.PACKED, 0, 0).plus(pass_cost(c.PACK, width))
    return [], cost.plus(Cost(0, c.COPY, c.COPY), bits / 8).plus(fixed_cost(total))


def is_noise(rows, width):
    least = 8.0 * width
    for row in rows[: f.HEADS]:
        if row[f.DETAILED]:
            bounds = [sum(row[f.PLANE : f.PLANE + width])]
            if width > 1:
                bounds += [row[f.K] + row[f.SYMBOLS] + row[f.EXCEPTIONS] * (2 + row[f.TOP]), row[f.PACKED]]
            least = min(least, *bounds)
    return least > 0.995 * 8 * width


def transformed(cost, view, width):
    if f.ZIGZAG <= view <= f.MEDIAN:
        cost = cost.plus(pass_cost(c.DELTA, width))
    return cost.plus(Cost(0, c.SERIAL_ENCODE, c.SERIAL_DECODE)) if view == f.MEDIAN else cost


def views(rows, width, total, terms, trials):
    noise = is_noise(rows, width)
    for view in range(f.HEADS):
        row, slot, tried = rows[view], view * f.FORMS, trials[view * f.TRIALS :]
        if tried[f.WHOLE_TRIAL][0] >= 0:
            yield slot + f.WHOLE, [], transformed(Cost(*tried[f.WHOLE_TRIAL]), view, width)
        if not row[f.DETAILED] or (noise and view != f.NONE):
            continue
        first = 0 if view in (f.NONE, f.ZIGZAG) else used_planes(rows[f.NONE])
        found = [planes(row, width, total, terms, first, tried)]
        if width > 1 and not noise:
            found += [split(row, width, total, terms, tried[f.SYMBOL_TRIAL]), pack(row, width, total)]
        for form, (leaves, cost) in enumerate(found):
            yield slot + form, leaves, transformed(cost, view, width)


def runs(rows, width, total, terms, trials):
    row, share = rows[f.HEADS], rows[f.HEADS][f.COUNT] / rows[f.NONE][f.COUNT]
    if not row[f.DETAILED] or share >= 0.5:
        return
    many, tried = total * share, trials[f.HEADS * f.TRIALS :]
    ways = [planes(row, width, many, terms, 0, tried)[1]]
    if width > 1:
        ways.append(split(row, width, many, terms, tried[f.SYMBOL_TRIAL])[1])
    form = min(range(len(ways)), key=lambda way: price(ways[way], width, terms))
    bits = rows[f.NONE][f.LENGTHS]
    lengths = literal_cost(huffman(bits, 0.0 if bits > 1 else 0.6), many, 3)
    cost = transform_cost(width).plus(ways[form].plus(lengths), share).plus(scattered(share, 0))
    yield f.RUNS, [form], cost


def usual(row, width, total):
    others = 1 - row[f.USUAL]
    gaps = literal_cost(binary(row[f.USUAL]) / others + c.HUFFMAN, total * others, 4)
    rest = sum(max(row[f.PLANE + at] - binary(row[f.LIKELY + at]), 0) for at in range(width)) + 0.1 * width * others
    cost = transform_cost(width).plus(gaps.plus(transform_cost(2 * width)), others).plus(scattered(others, 0))
    yield f.SPARSE, [], cost.plus(Cost(rest, 0, 0)).plus(fixed_cost(total), 2 + width)


def dictionary(values, width, total, terms):
    numbers = Counter(values)
    size, once = len(numbers), sum(many == 1 for many in numbers.values())
    foretold = size + once * min(total / len(values), 16)
    if foretold > 256:
        return
    shares = [many / len(values) for many in numbers.values()]
    entropy = -sum(share * math.log2(share) for share in shares) + (size - 1) / (1.386 * len(values))
    fit = next((bits for bits in (1, 2, 4) if size < 1 << bits), 0)
    leaf = best_leaf(Symbols(entropy, max(shares), fit), total, terms)
    below = sorted(numbers).index(min(numbers, key=lambda value: (-numbers[value], value)))
    cost = leaf.cost.plus(Cost(8 * width * foretold / total, 1.5, 0.3)).plus(fixed_cost(total), 2)
    yield f.DICTIONARY, [leaf.name, below, fit, size * width > 512], cost


def trees(rows, values, width, total, terms, trials):
    """By slot: price, cost and leaves."""
    row = rows[f.NONE]
    found = [*views(rows, width, total, terms, trials), *runs(rows, width, total, terms, trials)]
    if width > 1 and 0.5 < row[f.USUAL] < 1:
        found += usual(row, width, total)
    if width > 1 and row[f.SEEN] > 0.5 and row[f.USUAL] < 1:
        found += dictionary(values, width, total, terms)
    return {slot: (price(cost, width, terms), cost, leaves) for slot, leaves, cost in found}


def streams(values, planes_, width, cut):
    """The planes, the symbols and the values, as bytes."""
    data = b"".join(bytes(value >> 8 * plane & 255 for value in values) for plane in range(planes_))
    data += bytes(min(value >> cut, 255) for value in values)
    return data + b"".join((value % (1 << 8 * width)).to_bytes(width, "little") for value in values)
