"""Made data of records that are not all alike: with lengths, with padding, of several arrays."""

import numpy as np

from . import made


def lines(count, seed=1):
    """Lines of up to 70 letters, as EBCDIC."""
    rng = np.random.default_rng(seed)
    text = bytes(made.prose(count * 80, seed)).decode("latin-1").replace("\n", " ")
    ends = np.cumsum(rng.integers(0, 71, count))
    return [text[end - size : end].encode("cp037") for end, size in zip(ends, np.diff(ends, prepend=0), strict=True)]


def described(count, seed=1):
    """Records with z/OS's descriptor words."""
    parts = [(len(line) + 4).to_bytes(2, "big") + b"\0\0" + line for line in lines(count, seed)]
    return np.frombuffer(b"".join(parts), np.uint8)


def captured(count, seed=1):
    """Packets with 16 bytes before them: seconds, microseconds, and the length twice."""
    rng = np.random.default_rng(seed)
    parts = []
    for nth in range(count):
        size = int(rng.integers(60, 1500))
        head = np.array([1_700_000_000 + nth // 90, nth * 11_000 % 1_000_000, size, size], "<u4")
        parts.append(head.tobytes() + bytes.fromhex("0011223344550011223344660800") + rng.bytes(size - 14))
    return np.frombuffer(b"".join(parts), np.uint8)


def padded(count, width, pad=0x40, seed=1):
    """Lines filled up to `width` bytes."""
    return np.frombuffer(b"".join(line.ljust(width, bytes([pad])) for line in lines(count, seed)), np.uint8)


def repeated(count, kind="<f8", seed=1):
    """Floats of which each comes again at places that nothing foretells."""
    rng = np.random.default_rng(seed)
    places = (-74 + rng.normal(0, 0.05, 700)).astype(kind)
    return places[rng.zipf(1.4, count) % places.size].view(np.uint8)


def arrays(seed=1):
    """One array after another: 2 bytes a number, then 4."""
    first = made.table(200_000, [(2, False, "walk")], seed)
    rng = np.random.default_rng(seed)
    second = (1 << 20) + np.cumsum(rng.integers(0, 9000, 150_000)) % (1 << 30)
    return np.concatenate([first, second.astype("<u4").view(np.uint8)])
