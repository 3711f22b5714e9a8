"""Damages, lies to, starves, interrupts and kills the compressor at length, and counts what came of it.

    python scripts/hostile.py                      everything: about half an hour
    python scripts/hostile.py --only kills,bombs   these parts, which take the place of earlier ones
    python scripts/hostile.py --flips 1000 --kills 20 --stream 1

The suite runs short forms of all parts (tests/hostile, tests/api/test_squeeze_files_faults.py); both use the same
code. Results go to bench/results/hostile.json. Any outcome that is neither exact bytes nor a typed error, any half
file, and anything left behind ends the run with an error.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from hostile import broken, damage  # noqa: E402
from hostile.children import run, start  # noqa: E402
from hostile.samples import ALL, READERS, by_threads, in_ranges, mixed, outcome, sample, small, text  # noqa: E402
from hostile.sealed import tampered  # noqa: E402
from penstock import errors  # noqa: E402
from penstock.bench.timing import machine  # noqa: E402

RECORD = ROOT / "bench" / "results" / "hostile.json"
MIB = 1 << 20
Counts = dict[str, Any]


def named(found: object) -> str:
    """Exact, or the name of a typed error; anything else ends the run."""
    if isinstance(found, type) and issubclass(found, errors.PenstockError):
        return found.__name__
    raise AssertionError(f"not what went in, and no error: {found!r:.100}")


def tally(
    cases: Iterable[bytes], raw: bytes, options: dict[str, Any], readers: Iterable[Callable[..., bytes]]
) -> Counts:
    """Read each case in each way; count the outcomes."""
    counts: Counter[str] = Counter()
    for bad in cases:
        for read in readers:
            found = outcome(read, bad, **options)
            counts["exact bytes" if found == raw else named(found)] += 1
    return {"reads": counts.total(), "outcomes": dict(sorted(counts.items()))}


def bits(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Every bit of a small file in each form."""
    found = {}
    for name in ALL:
        one = small(name)
        cases = (damage.flip(one.data, bit) for bit in range(8 * len(one.data)))
        found[name] = {"bytes": len(one.data)} | tally(cases, one.raw, one.options, READERS.values())
    return found


def flips(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Random bits of a larger file in each form, one at a time."""
    found = {}
    for name in ALL:
        one, chance = sample(name, MIB, 64 << 10, mixed), random.Random(name)
        cases = (damage.flip(one.data, chance.randrange(8 * len(one.data))) for _ in range(wanted.flips))
        found[name] = {"bytes": len(one.data)} | tally(cases, one.raw, one.options, READERS.values())
    return found


def cuts(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Every length of a file in each form; between two segments a cut is a whole container."""
    found = {}
    for name in ALL:
        one = sample(name, 40_000, 4096, mixed)
        sizes = [size for size in range(len(one.data)) if size not in one.wholes]
        cases = (one.data[:size] for size in sizes)
        found[name] = {"bytes": len(one.data)} | tally(cases, one.raw, one.options, READERS.values())
        assert "exact bytes" not in found[name]["outcomes"]
        assert all(outcome(READERS["piped"], one.data[:size], **one.options) == raw for size, raw in one.wholes.items())
    return found


def splices(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Chunks, headers, indexes and segments in the wrong place, of the file itself and of another one."""
    found = {}
    for name in [name for name in ALL if name not in ("single", "joined")]:
        one, other = sample(name, 40_000), sample(name, 40_000, make=partial(text, seed=9))
        (ours,), (theirs,) = damage.segments(one.data), damage.segments(other.data)
        cases = [bad for _, bad in damage.splices(ours, theirs)]
        cases += [bad for _, bad in damage.splices(theirs, ours)]
        found[name] = {"splices": len(cases)} | tally(cases, one.raw, one.options, READERS.values())
        assert "exact bytes" not in found[name]["outcomes"]
    one = sample("sealed", 16_000)
    cases = [bad for _, bad in tampered(one.data)]
    found["sealed, its checks repaired"] = {"cases": len(cases)} | tally(cases, one.raw, one.options, READERS.values())
    assert "exact bytes" not in found["sealed, its checks repaired"]["outcomes"]
    return found


LIES = """
import json
from collections import Counter
from hostile.damage import HOSTILE, RAW, lies
from hostile.samples import READERS, by_threads, in_ranges, outcome
before, counts, values = peak(), Counter(), sorted({*HOSTILE, *range(64), 1000, 1001, 2999, 3000, 3001})
for codec in ("store", "zstd", "lz4"):
    for said, bad in lies(codec, values if sys.argv[1] == "all" else HOSTILE):
        for read in (*READERS.values(), in_ranges):
            found = outcome(read, bad)
            assert found == RAW or isinstance(found, type), said
            counts["exact bytes" if found == RAW else found.__name__] += 1
found = {"reads": counts.total(), "outcomes": dict(sorted(counts.items())), "memory grew by": peak() - before}
print(json.dumps(found))
"""


def lies(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Every size, offset, count and checksum says something else, under checks that are right."""
    found: Counts = json.loads(run(LIES, "all", timeout=3600))
    assert found["memory grew by"] < 64 * MIB, found
    return found


LAYERS = """
import json
from hostile.samples import READERS, in_ranges, sample
from hostile.structured_lies import campaign, lies
one = sample("structured", 3000)
assert [read(one.data) for read in (*READERS.values(), in_ranges)] == 3 * [one.raw]
before = peak()
found = {"small": campaign(lies(300, range(256)), READERS.values())}
found["larger"] = campaign(lies(3000, (0, 1, 2, 127, 128, 254, 255)), (in_ranges,))
print(json.dumps(found | {"memory grew by": peak() - before}))
"""


def layers(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Plans of structured chunks say something else, and payloads are others, under checks that are right."""
    found: Counts = json.loads(run(LAYERS, timeout=3600))
    assert found["memory grew by"] < 64 * MIB, found
    return found


BOMBS = """
import json
from hostile.damage import bomb
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import decompress, decompress_range
from penstock.errors import LimitExceededError
before, many, path = peak(), int(sys.argv[1]), Path(sys.argv[2])
blob = bomb(many)
path.write_bytes(blob)
found = {"raw bytes": many << 26, "bytes": len(blob), "ratio": (many << 26) / len(blob)}
start = peak()
whole = many << 26
for act in (lambda: decompress(blob), lambda: decompress_range(blob, 0, whole), lambda: decompress(blob, max_size=1)):
    try:
        act()
        raise AssertionError("a bomb went off")
    except LimitExceededError:
        pass
found["refused: memory grew by"] = peak() - start
assert decompress_range(blob, (many << 25) + 7, (many << 25) + 107) == bytes(100)
found["100 bytes of it: memory grew by"] = peak() - start
with open(os.devnull, "wb") as out:
    for source in (path, path.open("rb")):
        assert decompress_file(source, out, threads=2).raw_size == many << 26
found["streamed by 2 threads: memory grew by"] = peak() - start
print(json.dumps(found))
"""


def bombs(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Zeros, as small as zstd's format can make them."""
    found: Counts = json.loads(run(BOMBS, 1000, folder / "bomb", timeout=3600))
    assert found["ratio"] > 31_000
    assert found["refused: memory grew by"] < 16 * MIB
    assert found["streamed by 2 threads: memory grew by"] < 8 * 64 * MIB
    return found


def kills(wanted: argparse.Namespace, folder: Path) -> Counts:
    """SIGKILL of processes, of workers, and of whole groups."""
    code = "import json; from hostile.kills import campaign\n"
    code += "print(json.dumps(campaign(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))"
    found: Counts = json.loads(run(code, folder, wanted.kills, 7, timeout=3600))
    return found


ENDLESS = """
from hostile.samples import mixed
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
folder, what = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
while True:
    if what == "compress":
        compress_file(folder / "raw", folder / "x", 9, chunk_size=65536, threads=2, force=True, fsync=False)
    else:
        decompress_file(folder / "blob", folder / "x", threads=2, force=True, fsync=False)
"""


def interrupts(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Ctrl-C at random moments: the exit code that says so, soon, and no half file."""
    raw, chance, waits = mixed(8 * MIB), random.Random(5), []
    (folder / "raw").write_bytes(raw)
    blob = sample("zstd", 8 * MIB, 64 << 10, mixed).data
    (folder / "blob").write_bytes(blob)
    for number in range(wanted.interrupts):
        process = start(ENDLESS, folder, ["compress", "restore"][number % 2])
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.random() / 2)
        process.send_signal(signal.SIGINT)
        sent = time.perf_counter()
        _, told = process.communicate(timeout=60)
        waits.append(time.perf_counter() - sent)
        assert process.returncode == -signal.SIGINT, told.decode()
        assert told.rstrip().endswith(b"KeyboardInterrupt"), told.decode()
        assert {entry.name for entry in folder.iterdir()} <= {"raw", "blob", "x"}
    waits.sort()
    return {"interrupts": len(waits), "seconds to the end, median": waits[len(waits) // 2], "most": waits[-1]}


def faults(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Each system call fails in turn: errors, a disk that stays full, calls that move less, Ctrl-C."""
    for name in ("fsync", "fdatasync"):  # without a power cut nobody can tell
        setattr(os, name, lambda fd: os.fstat(fd) and None)
    operations = {**broken.OPERATIONS, **broken.MORE}
    return {how: broken.fail_everywhere(folder, operations, **failure) for how, failure in broken.FAILURES.items()}


FEED = """
from hostile.samples import mixed
pieces = [mixed(1 << 20, seed) for seed in range(16)]
with open(1, "wb", closefd=False) as out:
    for number in range(int(sys.argv[1])):
        out.write(pieces[number * 7 % 16])
"""
SQUEEZE = """
from penstock.api.compressing import compress_file
compress_file(0, 1, threads=2)
print(peak(), file=sys.stderr)
"""
RESTORE = """
from hostile.samples import mixed
from penstock.api.restoring import decompress_file
class Check:
    pieces, at, number = [mixed(1 << 20, seed) for seed in range(16)], 0, 0
    def write(self, data):
        part = memoryview(data)[: (1 << 20) - self.at]
        assert part == memoryview(self.pieces[self.number * 7 % 16])[self.at : self.at + len(part)]
        self.at += len(part)
        if self.at == 1 << 20:
            self.at, self.number = 0, self.number + 1
        return len(part)
check = Check()
decompress_file(0, check, threads=2)
assert (check.number, check.at) == (int(sys.argv[1]), 0)
print(peak(), file=sys.stderr)
"""


def stream(wanted: argparse.Namespace, folder: Path) -> Counts:
    """Many GiB through pipes: made, compressed, restored and compared by three processes."""
    count = 1024 * wanted.stream
    begin = time.perf_counter()
    feeding = start(FEED, count)
    squeezing = start(SQUEEZE, stdin=feeding.stdout)
    restoring = start(RESTORE, count, stdin=squeezing.stdout)
    told = [process.communicate()[1] for process in (restoring, squeezing, feeding)]
    assert [process.returncode for process in (restoring, squeezing, feeding)] == [0, 0, 0], told
    peaks = {"compressing: peak bytes of memory": int(told[1]), "restoring: peak bytes of memory": int(told[0])}
    assert max(peaks.values()) < 400 * MIB, peaks
    return {"bytes": count * MIB, **peaks, "seconds": time.perf_counter() - begin}


def readers(wanted: argparse.Namespace, folder: Path) -> Counts:
    """The other two ways to read, by several threads and in ranges, on fewer random flips of a smaller file."""
    found = {}
    for name in ALL:
        one, chance = sample(name, 60_000, 8192, mixed), random.Random(name + "again")
        cases = (damage.flip(one.data, chance.randrange(8 * len(one.data))) for _ in range(wanted.flips // 100))
        found[name] = tally(cases, one.raw, one.options, (by_threads, in_ranges))
    return found


PARTS = (bits, flips, readers, cuts, splices, lies, layers, bombs, kills, interrupts, faults, stream)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help=f"of {', '.join(part.__name__ for part in PARTS)}")
    parser.add_argument("--flips", type=int, default=100_000, help="random bits, in each form (%(default)s)")
    parser.add_argument("--kills", type=int, default=200, help="(%(default)s)")
    parser.add_argument("--interrupts", type=int, default=50, help="(%(default)s)")
    parser.add_argument("--stream", type=int, default=10, metavar="GIB", help="(%(default)s)")
    parser.add_argument("--output", type=Path, default=RECORD)
    wanted = parser.parse_args()
    only = wanted.only.split(",") if wanted.only else [part.__name__ for part in PARTS]
    record = json.loads(wanted.output.read_text()) if wanted.output.exists() else {"test": "hostile", "parts": {}}
    for part in PARTS:
        if part.__name__ not in only:
            continue
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            found = part(wanted, Path(folder))
        seconds = time.perf_counter() - begin
        print(f"{part.__name__}: {seconds:.1f} s\n{json.dumps(found, indent=1)}", flush=True)
        what = (part.__doc__ or "").strip()
        record["parts"][part.__name__] = {"what": what, "seconds": seconds, "found": found}
        record["machine"] = machine()
        wanted.output.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
