"""Records of 26 bytes as a logger of sensors would write them, with what stands in them known."""

import numpy as np

RECORD = np.dtype(
    [("time", "<u8"), ("sensor", "u1"), ("status", "u1"), ("level", "<u4"), ("volts", ">u2"),
     ("x", "<i4"), ("y", "<i4"), ("noise", "<u2")]
)  # fmt: skip


def readings(count, seed=7):
    """`count` records as bytes."""
    rng = np.random.default_rng(seed)
    table = np.zeros(count, RECORD)
    table["time"] = 1_700_000_000_000_000 + np.cumsum(rng.integers(990, 1010, count))
    table["sensor"] = rng.integers(0, 12, count)
    table["level"] = 50_000_000 + np.cumsum(rng.integers(-300, 301, count))
    table["volts"] = (33_000 + np.cumsum(rng.integers(-90, 91, count))) % 65_536
    table["noise"] = rng.integers(0, 1 << 16, count)
    table["x"] = np.cumsum(rng.integers(-50, 51, count))
    table["y"] = np.cumsum(rng.integers(-50, 51, count))
    return table.tobytes()
