"""Golden chunks that no reader takes: under checks that are right, one thing is wrong in each."""

from golden_container import FRAME, TEXT
from golden_streams import Edge, Kind, Part, as_bytes, branch, coded, ints, leaf, made, numbers, regions, stored, varint
from xxhash import xxh3_64_intdigest

CORRUPT, LIMIT, UNKNOWN = "CorruptDataError", "LimitExceededError", "UnknownCodecError"


def wide(id: int, params: bytes, parts: list[Part], count: int, width: int = 2) -> Part:
    return as_bytes(made(id, params, parts, count * width, width))


def of_bytes(id: int, params: bytes, *parts: bytes, size: int) -> Part:
    return made(id, params, [stored(part) for part in parts], size)


def of_lines(*cells: bytes, shapes: bytes = b"\0-\0\n", columns: tuple[int, ...] = (0, 1), size: int = 4) -> Part:
    parts = [stored(shapes), numbers(list(columns), 2), stored(b"\1"), *map(stored, cells)]
    return made(16, b"\1\n", parts, size)


def of_copies(
    gaps: list[int], lengths: list[int], distances: list[int], size: int = 100, own: int = 60, check: int = 0
) -> Part:
    """Copies under a check that is right, or off by `check`."""
    literals = bytes(range(own))
    parts = [numbers(values, 4) for values in (gaps, lengths, distances)]
    right = xxh3_64_intdigest(literals + b"".join(part[3] for part in parts))
    return made(99, b"", [stored(literals), *parts, stored(ints([right + check], 8))], size)


def bad() -> dict[str, tuple[Part, str]]:
    strings = branch(32, b"", [Edge(Kind.BYTES, 4, 0, leaf(0, 4))])
    huge = branch(32, b"", [Edge(Kind.BYTES, 1 << 40, 0, leaf(0, 4))])
    line = ints([0], 2) + bytes(128) + ints([0], 2)
    wrong = {
        "numbers-unknown-form": of_bytes(17, b"\x0c\1\0\0", b"\5", size=2),
        "numbers-unknown-flag": of_bytes(17, b"\x10\1\0\0", b"\5", size=2),
        "numbers-20-whole-digits": of_bytes(17, b"\0\x14\0\0", b"\5", size=21),
        "numbers-19-decimals": of_bytes(17, b"\0\1\x13\0", b"\5", size=22),
        "numbers-least-of-fixed": of_bytes(17, b"\0\1\2\1", b"\5", size=5),
        "numbers-least-too-large": of_bytes(17, b"\x08\1\2\3", b"\5", size=5),
        "numbers-trimmed-to-nothing": of_bytes(17, b"\x08\1\0\0", b"\5", size=2),
        "numbers-parameters-cut": of_bytes(17, b"\0\1\0", b"\5", size=2),
        "numbers-decimals-missing": of_bytes(17, b"\4\1\0\0", b"\5", size=2),
        "numbers-too-many-decimals": of_bytes(17, b"\4\1\0\0", b"\5", b"\x13", size=22),
        "numbers-decimals-of-another": of_bytes(17, b"\4\1\0\0", b"\5", b"\0\0", size=2),
        "numbers-too-long": of_bytes(17, b"\0\1\0\0", b"\5\6", size=3),
        "numbers-too-short": of_bytes(17, b"\0\1\0\0", b"\5\6", size=5),
        "numbers-exception-beyond": made(17, b"\0\1\0\0", [stored(b"\5"), numbers([1], 4), stored(b"x\n")], 2),
        "numbers-exception-without-end": made(17, b"\0\1\0\0", [stored(b"\5"), numbers([0], 4), stored(b"xy")], 2),
        "numbers-exceptions-left": made(17, b"\0\1\0\0", [stored(b"\5"), numbers([0], 4), stored(b"x\ny\n")], 2),
        "numbers-gaps-of-u16": made(17, b"\0\1\0\0", [stored(b"\5"), numbers([0], 2), stored(b"x\n")], 2),
        "numbers-one-stream-of-exceptions": made(17, b"\0\1\0\0", [stored(b"\5"), numbers([0], 4)], 2),
        "strings-index-beyond": of_bytes(97, b"", b"\0\2", b"a\nb\n", size=4),
        "hexes-without-template": of_bytes(18, b"\0", b"", size=0),
        "hexes-without-digits": of_bytes(18, b"\0-", b"", size=0),
        "hexes-65-places": of_bytes(18, bytes(66), bytes(33), size=66),
        "hexes-end-within": of_bytes(18, b"\0\0\n\0", b"\x12", size=4),
        "hexes-unknown-flag": of_bytes(18, b"\2\0", b"\x10", size=2),
        "hexes-half-a-row": of_bytes(18, b"\0\0\0\0", b"\x12\x30\x45", size=4),
        "hexes-too-long": of_bytes(18, b"\0\0", b"\x10\x20", size=3),
        "hexes-too-short": of_bytes(18, b"\0\0", b"\x10", size=4),
        "hexes-exception-beyond": made(18, b"\0\0", [stored(b"\x10"), numbers([2], 4), stored(b"x\n")], 4),
        "hexes-exceptions-left": made(18, b"\0\0", [stored(b"\x10"), numbers([0], 4), stored(b"x\ny\n")], 4),
        "hexes-exceptions-of-none": made(18, b"\0\0", [stored(b"\x10"), numbers([], 4), stored(b"")], 2),
        "dates-without-format": of_bytes(19, b"\0", b"", size=0),
        "dates-month-without-day": of_bytes(19, b"\0\1-\2", b"\0", size=8),
        "dates-two-years": of_bytes(19, b"\0\1\x0f\2\3", b"\0", size=11),
        "dates-weekday-without-year": of_bytes(19, b"\0\x0d\2\3", b"\0", size=8),
        "dates-seconds-without-hours": of_bytes(19, b"\0\2\3\6", b"\0", size=7),
        "dates-parts-before-seconds": of_bytes(19, b"\0\4\5\7\6", b"\0", size=8),
        "dates-parts-apart": of_bytes(19, b"\0\4\5\6\7.\7", b"\0", size=10),
        "dates-ten-digits-of-parts": of_bytes(19, b"\0\4\5\6" + b"\7" * 10, b"\0", size=17),
        "dates-end-within": of_bytes(19, b"\0\4\n\5", b"\0", size=6),
        "dates-41-bytes": of_bytes(19, b"\0\4\5" + b"-" * 39, b"\0", size=44),
        "dates-first-of-a-time": of_bytes(19, b"\1\4\5", b"\0", size=5),
        "dates-first-too-large": of_bytes(19, varint(3074401) + b"\1\2\3", b"\0", size=9),
        "dates-second-day-of-a-time": made(19, b"\0\4\5", [numbers([1440], 2)], 5),
        "dates-year-10000": of_bytes(19, varint(3068037) + b"\1\2\3", b"\0", size=9),
        "dates-short-year-of-2070": of_bytes(19, varint(171665) + b"\x0f\2\3", b"\0", size=7),
        "dates-beyond-64-bits": made(19, b"\1\1\2\3\4\5\6" + b"\7" * 9, [numbers([2**64 - 1], 8)], 24),
        "dates-too-long": of_bytes(19, b"\0\1\2\3", b"\0\0", size=9),
        "dates-too-short": of_bytes(19, b"\0\1\2\3", b"\0", size=18),
        "dates-exception-beyond": made(19, b"\0\4\5", [stored(b"\0"), numbers([1], 4), stored(b"x\n")], 5),
        "dates-exceptions-of-none": made(19, b"\0\4\5", [stored(b"\0"), numbers([], 4), stored(b"")], 5),
        "strings-u64-indices": made(97, b"", [numbers([0], 8), stored(b"a\n")], 2),
        "strings-without-end": of_bytes(97, b"", b"\0\1", b"a\nb", size=4),
        "strings-too-long": of_bytes(97, b"", b"\0\0", b"a\n", size=3),
        "strings-too-short": of_bytes(97, b"", b"\0\0", b"a\n", size=5),
        "strings-parameters": of_bytes(97, b"\0", b"\0\0", b"a\n", size=4),
        "symbols-no-such-code": of_bytes(98, b"", b"\0\1\2\n", b"a\nb\n", size=4),
        "symbols-no-such-code-above-10": of_bytes(98, b"", b"\x0b\n", b"a\n" * 10, size=2),
        "symbols-escape-at-the-end": of_bytes(98, b"", b"\0\xff", b"a\n", size=2),
        "symbols-escaped-newline": of_bytes(98, b"", b"\0\xff\n", b"a\n", size=2),
        "symbols-empty": of_bytes(98, b"", b"\0\1", b"a\n\n", size=1),
        "symbols-of-9-bytes": of_bytes(98, b"", b"\0", b"123456789\n", size=9),
        "symbols-without-end": of_bytes(98, b"", b"\0\1", b"a\nb", size=2),
        "symbols-too-many": of_bytes(98, b"", b"\0", b"a\n" * 255, size=1),
        "symbols-too-long": of_bytes(98, b"", b"\0\0", b"ab\n", size=3),
        "symbols-too-short": of_bytes(98, b"", b"\0\0", b"ab\n", size=5),
        "symbols-parameters": of_bytes(98, b"\0", b"\0", b"a\n", size=1),
        "symbols-one-stream": of_bytes(98, b"", b"\0", size=1),
        "symbols-of-u16": made(98, b"", [numbers([0], 2), stored(b"a\n")], 1),
        "regions-too-short": of_bytes(32, b"", b"abc", b"de", size=6),
        "regions-too-long": of_bytes(32, b"", b"abc", b"de", size=4),
        "regions-of-integers": made(32, b"", [numbers([1, 2], 2)], 4),
        "regions-parameters": of_bytes(32, b"\1", b"abc", size=3),
        "records-no-fields": of_bytes(33, b"", b"abc", size=3),
        "records-too-many-fields": of_bytes(33, b"\1" * 4097, b"a" * 4097, size=4097),
        "records-not-whole": made(33, b"\2\1", [numbers([1], 2), stored(b"a")], 4),
        "records-unknown-code": of_bytes(33, b"\x09", b"abc", size=3),
        "records-width-0": of_bytes(33, b"\x20\0", b"abc", size=3),
        "records-width-65536": of_bytes(33, b"\x20\x80\x80\4", b"", size=65536),
        "records-varint-not-shortest": of_bytes(33, b"\x20\x83\0", b"abc", size=3),
        "records-varint-cut": of_bytes(33, b"\x20\x83", b"abc", size=3),
        "records-another-kind": of_bytes(33, b"\2", b"abcd", size=4),
        "records-a-stream-missing": of_bytes(33, b"\1\1", b"ab", size=4),
        "records-a-short-stream": of_bytes(33, b"\1\1", b"ab", b"c", size=4),
        "records-number-too-large": made(33, b"\3\1", [numbers([1 << 24], 4), stored(b"a")], 4),
        "planes-too-many": wide(34, b"", [stored(b"ab")] * 3, 2),
        "planes-of-two-sizes": wide(34, b"", [stored(b"ab"), stored(b"a")], 2),
        "planes-of-bytes": of_bytes(34, b"", b"ab", size=2),
        "digits-unknown-form": made(35, b"\x09\2\0", [numbers([1], 4)], 2),
        "digits-too-wide": made(35, b"\2\x13\0", [numbers([1], 8)], 19),
        "digits-number-too-large": made(35, b"\2\2\0", [numbers([100], 4)], 2),
        "digits-number-below-0": made(35, b"\2\2\1", [numbers([0], 4)], 2),
        "digits-rows-missing": made(35, b"\2\2\0", [numbers([1], 4)], 4),
        "digits-exception-beyond": made(35, b"\2\2\0", [numbers([1], 4), numbers([1], 4), stored(b"ab")], 2),
        "digits-one-stream-of-exceptions": made(35, b"\2\2\0", [numbers([1], 4), numbers([0], 4)], 2),
        "lines-cells-left": of_lines(b"a\nb\n", b"c\n"),
        "lines-cells-missing": of_lines(b"a\n", b""),
        "lines-cell-without-end": of_lines(b"a\n", b"c"),
        "lines-no-such-column": of_lines(b"a\n", b"c\n", columns=(0, 2)),
        "lines-too-few-columns": of_lines(b"a\n", b"c\n", columns=(0,)),
        "lines-too-many-columns": of_lines(b"a\n", b"c\n", columns=(0, 1, 0)),
        "lines-no-such-shape": of_lines(b"a\n", b"c\n", shapes=b"", columns=()),
        "lines-shape-without-end": of_lines(b"a\n", b"c\n", shapes=b"\0-\0"),
        "lines-too-short": of_lines(b"a\n", b"c\n", size=5),
        "lines-too-long": of_lines(b"a\n", b"c\n", size=3),
        "lines-parameter-of-2": made(16, b"\2\n", [stored(b"\0\n"), numbers([0], 2), stored(b"\1"), stored(b"a\n")], 2),
        "lines-without-columns": made(16, b"\1\n", [stored(b"a\n"), numbers([], 2), stored(b"\1")], 2),
        "frames-length-lies": of_bytes(36, b"\0\0\0\4\0", b"\x06\0ab", b"c", b"", size=6),
        "frames-bodies-left": of_bytes(36, b"\0\0\0\4\0", b"\4\0ab", b"c", b"", size=5),
        "frames-row-not-whole": of_bytes(36, b"\0\0\0\4\0", b"\4\0ab\4", b"", b"", size=4),
        "frames-length-of-0": of_bytes(36, b"\0\0\0\4\0", b"\0\0ab", b"", b"", size=0),
        "frames-start-beyond": of_bytes(36, b"\0\0\0\4\2", b"\4\0ab", b"", b"x", size=5),
        "frames-head-too-short": of_bytes(36, b"\0\0\0\3\0", b"\4\0a", b"x", b"", size=4),
        "frames-unknown-code": of_bytes(36, b"\5\0\0\4\0", b"\4\0ab", b"", b"", size=4),
        "frames-no-descriptor": of_bytes(36, b"\4\0\0\4\0", b"\0\4\4\0", b"", b"", size=4),
        "delta-mode-0": wide(48, b"\0\1", [numbers([1, 2], 2)], 2),
        "delta-mode-9": wide(48, b"\x09\1", [numbers([1, 2], 2)], 2),
        "delta-lag-0": wide(48, b"\1\0", [numbers([1, 2], 2)], 2),
        "delta-lag-too-long": wide(48, b"\1" + varint((64 << 20) + 1), [numbers([1, 2], 2)], 2),
        "delta-lag-of-zigzag": wide(48, b"\5\2", [numbers([1, 2], 2)], 2),
        "delta-floats-of-bytes": of_bytes(48, b"\6\1", b"ab", size=2),
        "delta-median-of-u32": wide(48, b"\7\1", [numbers([1, 2], 4)], 2, 4),
        "delta-smooth-of-u32": wide(48, b"\x09\3", [numbers([1, 2], 4)], 2, 4),
        "delta-smooth-of-short-rows": wide(48, b"\x09\2", [numbers([1, 2], 2)], 2),
        "delta-another-kind": wide(48, b"\1\1", [numbers([1], 4)], 2),
        "delta-another-size": wide(48, b"\1\1", [numbers([1], 2)], 2),
        "delta-two-streams": wide(48, b"\1\1", [numbers([1], 2)] * 2, 2),
        "decimal-places-23": wide(49, b"\x17\0", [numbers([1], 4)], 1, 4),
        "decimal-no-zeros": wide(49, b"\x80\0", [numbers([1], 4)], 1, 4),
        "decimal-of-u16": wide(49, b"\0\0", [numbers([1], 2)], 1),
        "copies-of-31-bytes": of_copies([50], [31], [45], size=91),
        "copies-of-themselves": of_copies([50], [40], [39]),
        "copies-beyond": of_copies([61], [40], [45]),
        "copies-before": of_copies([50], [40], [51]),
        "copies-of-copies": of_copies([40, 0], [32, 32], [40, 64 - 2], size=124),
        "copies-another-count": of_copies([50], [40], [45, 45]),
        "copies-too-many": of_copies([0] * 4, [32] * 4, [32] * 4, size=127),
        "copies-literals-left": of_copies([50], [40], [45], own=61),
        "copies-literals-missing": of_copies([50], [40], [45], own=59),
        "copies-parameters": made(99, b"\0", [stored(b"a"), *[numbers([], 4)] * 3, stored(bytes(8))], 1),
        "copies-of-u16": made(99, b"", [stored(b"a"), *[numbers([], 2)] * 3, stored(bytes(8))], 1),
        "copies-no-check": made(99, b"", [stored(b"a"), *[numbers([], 4)] * 3], 1),
        "printed-places-beyond": wide(51, b"\x10\x0f", [numbers([1], 4), stored(b"")], 1, 8),
        "printed-decimals-19": wide(51, b"\1\x13", [numbers([1], 4), stored(b"")], 1, 8),
        "printed-of-u32": wide(51, b"\1\2", [numbers([1], 4), stored(b"")], 1, 4),
        "printed-without-steps": wide(51, b"\1\2", [numbers([1], 4)], 1, 8),
        "printed-steps-missing": wide(51, b"\1\2", [numbers([1, 2], 4), stored(b"a")], 2, 8),
        "printed-exception-beyond": wide(
            51, b"\1\2", [numbers([1], 4), stored(b""), *(numbers([1], w) for w in (4, 8))], 1, 8
        ),
        "decimal-exception-beyond": wide(49, b"\0\0", [numbers(v, 4) for v in ([1], [1], [1])], 1, 4),
        "decimal-gap-without-value": wide(49, b"\0\0", [numbers(v, 4) for v in ([1], [0], [])], 1, 4),
        "pack-too-many-bits": wide(64, b"", [stored(line + b"\x11")], 64),
        "pack-words-missing": wide(64, b"", [stored(line + b"\x09")], 65),
        "pack-words-left": wide(64, b"", [stored(line + b"\0")], 64),
        "pack-empty": wide(64, b"", [stored(b"")], 64),
        "pack-count-lies": wide(64, b"", [stored(ints([0, 5, 200], 2) + b"\0")], 64),
        "pack-place-beyond": wide(64, b"", [stored(ints([0, 7, 64, 1], 2) + b"\0")], 64),
        "pack-places-fall": wide(64, b"", [stored(ints([0, 7, 7, 5, 4, 2], 2) + b"\0")], 64),
        "split-k-16": wide(65, b"\x10", [stored(b"a"), stored(bytes(128))], 1),
        "split-low-bits-missing": wide(65, b"\1", [stored(b"a"), stored(b"")], 1),
        "split-low-bits-left": wide(65, b"\1", [stored(b"a"), stored(bytes(256))], 1),
        "split-high-missing": wide(65, b"\0", [stored(b"\xff\xff"), numbers([1], 2)], 2),
        "split-high-left": wide(65, b"\0", [stored(b"\xff\1"), numbers([1, 1], 2)], 2),
        "split-high-empty": wide(65, b"\0", [stored(b"\1\1"), numbers([], 2)], 2),
        "split-high-too-large": wide(65, b"\0", [stored(b"\xff"), numbers([65281], 2)], 1),
        "split-symbol-too-large": wide(65, b"\x0c", [stored(b"\x10"), stored(bytes(128))], 1),
        "constant-of-3": coded(80, b"abc", 9),
        "constant-too-long": coded(80, b"abcd", 3),
        "runs-too-long": of_bytes(81, b"", b"ab", b"\1\2", size=4),
        "runs-too-short": of_bytes(81, b"", b"ab", b"\1\1", size=5),
        "runs-values-left": of_bytes(81, b"", b"abc", b"\1\1", size=4),
        "runs-lengths-left": of_bytes(81, b"", b"a", b"\1\1", size=4),
        "runs-no-end": of_bytes(81, b"", b"a", b"\xff", size=255),
        "sparse-place-beyond": of_bytes(82, b"\0", b"\4", b"x", size=4),
        "sparse-values-left": of_bytes(82, b"\0", b"\1", b"xy", size=4),
        "sparse-value-too-wide": of_bytes(82, b"\0\0", b"\1", b"x", size=4),
        "channels-of-one": of_bytes(37, b"\1\1", b"ab", size=2),
        "channels-of-3-bytes": of_bytes(37, b"\3\2\0", b"abc", b"def", size=6),
        "channels-without-factors": of_bytes(37, b"\1\2", b"ab", b"cd", size=4),
        "channels-not-as-long": of_bytes(37, b"\1\2\0", b"ab", b"cde", size=5),
        "padding-length-beyond": of_bytes(83, b"\3 ", b"\4", b"abcd", size=3),
        "padding-last-row": of_bytes(83, b"\3 ", b"\3\3", b"abcdef", size=5),
        "padding-bodies-left": of_bytes(83, b"\3 ", b"\2", b"abc", size=3),
        "padding-bodies-missing": of_bytes(83, b"\3 ", b"\2", b"a", size=3),
        "padding-width-0": of_bytes(83, b"\0 ", b"", b"", size=3),
        "dictionary-index-beyond": wide(96, b"", [stored(b"\0\1"), numbers([5], 2)], 2),
        "dictionary-u64-indices": wide(96, b"", [numbers([0, 0], 8), numbers([5], 2)], 2),
        "dictionary-of-nothing": wide(96, b"", [stored(b"\0"), numbers([], 2)], 1),
        "nibbles-of-3-bits": of_bytes(113, b"\3", b"\0", size=1),
        "nibbles-escape-missing": of_bytes(113, b"\2", b"\3", size=1),
        "nibbles-escape-left": of_bytes(113, b"\2", b"\0", b"\7", size=1),
        "nibbles-escape-too-small": of_bytes(113, b"\2", b"\3", b"\2", size=1),
        "nibbles-bits-behind": of_bytes(113, b"\2", b"\4", size=1),
        "store-with-streams": of_bytes(0, b"", b"abc", size=3),
        "constant-with-streams": of_bytes(80, b"", b"abc", size=3),
        "delta-without-streams": (Kind.BYTES, 3, leaf(48, 3, b"\1\1"), b"abc"),
        "constant-parameters": (Kind.BYTES, 3, leaf(80, 1, b"\1"), b"a"),
        "strings": (Kind.BYTES, 4, branch(32, b"", [Edge(Kind.STRINGS, 4, 1, strings)]), b"abcd"),
        "frame-of-another-size": regions(coded(1, FRAME, len(TEXT) - 1)),
    }
    found = {name: (part, CORRUPT) for name, part in wrong.items()}
    found["copies-check"] = (of_copies([50], [40], [45], check=1), "ChecksumError")
    found["layer-50"] = (wide(50, b"", [stored(b"a"), numbers([1], 4)], 1, 4), UNKNOWN)
    found["layer-112"] = ((Kind.BYTES, 3, leaf(112, 3), b"abc"), UNKNOWN)
    found["constant-of-nothing"] = (coded(80, b"", 3), "TruncatedError")
    found["streams-too-large"] = ((Kind.BYTES, 4, huge, b"abcd"), LIMIT)
    return found


def too_deep() -> bytes:
    """The plan of a tree of 17 levels, which `plan.pack` would not write."""
    return b"\x20\0\1\0\4" * 16 + b"\0\0\0\4"
