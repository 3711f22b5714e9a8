"""Finding of copies, slowly: the same marks, the same table, one byte after another."""

WORD = 2**64
K = [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD1B54A32D192ED03]
FRONT, BLOCK = 32, 1023 * 64


def is_mark(data, at):
    word = int.from_bytes(data[at : at + 4], "little")
    return (word + 0x7F4A7C15) * 0x9E3779B1 % 2**32 < 2**32 // 64


def mark_mask(data, offset):
    return sum(is_mark(data, offset + 4 * k + o) << (16 * o + k) for o in range(4) for k in range(16))


def front(data, at):
    words = [int.from_bytes(data[at + 8 * n : at + 8 * n + 8], "little") for n in range(4)]
    mixed = sum(word * k for word, k in zip(words, K, strict=True)) % WORD
    mixed ^= mixed >> 29
    return mixed * K[1] % WORD >> 32


def marks(data, line):
    """The first two marks of a line, in the order of the mask's bits."""
    bits = [4 * (bit % 16) + bit // 16 for bit in range(64)]
    return [line + place for place in bits if is_mark(data, line + place)][:2]


class Finder:
    """Of one segment; `data`: all its bytes. near, far: the least copies from the same chunk and from others."""

    def __init__(self, data, chunk, window, far, near, places):
        self.data, self.chunk, self.window, self.least = data, chunk, window, (far, near)
        self.table, self.copied, self.bits = {}, [], places.bit_length() - 1

    def find(self, start):
        """The copies in a chunk: (start, stop, source)."""
        stop = min(start + self.chunk, len(self.data))
        while 64 << self.bits < min(stop, self.window + self.chunk):
            self.bits += 1
            self.table = {entry[0] >> (32 - self.bits): entry for entry in self.table.values()}
        found, fresh, at = [], start, start
        while at + 100 <= stop:
            for line in range(at, min(at + BLOCK, stop - 99), 64):
                for mark in marks(self.data, line):
                    if mark >= fresh:
                        copy = self.look(mark, fresh, start, stop)
                        if copy:
                            found.append(copy)
                            self.copied.append(copy)
                            fresh = copy[1]
            at = max(at + BLOCK, fresh)
        return found

    def look(self, mark, fresh, start, stop):
        known = front(self.data, mark)
        slot = known >> (32 - self.bits)
        before = self.table.get(slot)
        self.table[slot] = known, mark
        if before is None or before[0] != known or before[1] < max(0, start - self.window):
            return None
        source = before[1]
        low, high = self.between(source, start)
        after = 0
        most = min(high - source, stop - mark, mark - source)
        if low <= source and mark - source >= FRONT:
            while after < most and self.data[mark + after] == self.data[source + after]:
                after += 1
        most, ahead = min(source - low, mark - fresh, mark - source - after), 0
        if after >= FRONT:
            while ahead < most and self.data[mark - ahead - 1] == self.data[source - ahead - 1]:
                ahead += 1
        if after + ahead < self.least[source >= start]:
            return None
        self.table[slot] = before
        return mark - ahead, mark + after, source - ahead

    def between(self, source, start):
        """The literals of one chunk among which a source lies."""
        first = source // self.chunk * self.chunk
        low = max([first, start - self.window, *(stop for _, stop, _ in self.copied if stop <= source)])
        high = min([first + self.chunk, *(begin for begin, stop, _ in self.copied if stop > source)])
        return low, high
