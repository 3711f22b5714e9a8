"""Runs published batteries of randomness tests on the generator's bit stream.

    python scripts/battery.py --battery smallcrush --stream all
    python scripts/battery.py --battery rabbit --mib 1024
    python scripts/battery.py --battery dieharder --seed 8 --tests 203:17    (one test, another seed)

TestU01: P. L'Ecuyer, R. Simard, ACM Trans. Math. Softw. 33, 4 (2007). dieharder: R. G. Brown.
Each run goes to bench/results/battery.json, in place of an earlier one of the same battery, stream, seed,
tests and amount; "begins" is a digest of the first words, to tell which stream it was. The exit code is 1 if
a p-value lies outside [1e-6, 1 - 1e-6], if weyl passes, or if the battery is not installed.
"""

import argparse
import ctypes
import datetime
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penstock.kernels.simd import PHI
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

Words = npt.NDArray[np.uint32]
PValues = list[tuple[str, float]]

CHUNK = 1 << 20
GRAIN, NEIGHBOURS = 4096, 256
SIZE = 1 << 50
TESTU01 = {name.lower(): name for name in ("SmallCrush", "Crush", "BigCrush", "Rabbit", "Alphabit")}
SIZED = ("rabbit", "alphabit")
PACKAGES = {"testu01": "libtestu01-0", "dieharder": "dieharder"}
READ_WORDS = 1 << 16
RECORD = Path(__file__).parent.parent / "bench" / "results" / "battery.json"


def main_stream(seed: int) -> Iterator[Words]:
    """Like all streams: endless arrays of 32-bit words."""
    source = Source(Recipe(SIZE, seed=seed))
    for position in range(0, SIZE, CHUNK):
        yield source.read(position, CHUNK).view(np.uint32)


def reversed_stream(seed: int) -> Iterator[Words]:
    """Batteries look harder at the high bits of a word: the low ones must be as good there."""
    table = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8), bitorder="little"))
    for words in main_stream(seed):
        yield table[words.byteswap().view(np.uint8)].view(np.uint32)


def half_stream(seed: int, *, half: int) -> Iterator[Words]:
    for words in main_stream(seed):
        yield words[half::2].copy()


def neighbours(seed: int, level: str) -> list[Recipe]:
    """Recipes that differ in one level of the seed hierarchy, by one from each to the next."""
    start = seed if level == "seed" else 0
    return [Recipe(SIZE, seed=seed).with_(**{level: start + number}) for number in range(NEIGHBOURS)]


def interleaved_stream(seed: int, *, level: str, by_word: bool) -> Iterator[Words]:
    """From each neighbour in turn a block of 4 KiB, or one 64-bit word, over and over."""
    sources = [Source(recipe) for recipe in neighbours(seed, level)]
    rows = np.empty((NEIGHBOURS, GRAIN), np.uint8)
    for position in range(0, SIZE, GRAIN):
        for source, row in zip(sources, rows, strict=True):
            source.fill(position, row)
        words = rows.view(np.uint64)
        yield (words.T if by_word else words).flatten().view(np.uint32)


def small_objects(seed: int) -> Iterator[Words]:
    """The first 4 KiB of object 0, 1, 2 and so on: every key is used for 512 words and never again."""
    rows = np.empty((NEIGHBOURS, GRAIN), np.uint8)
    for first in range(0, SIZE, NEIGHBOURS):
        for number, row in enumerate(rows, first):
            Source(Recipe(GRAIN, seed=seed, object=number)).fill(0, row)
        yield rows.flatten().view(np.uint32)


def weyl(seed: int) -> Iterator[Words]:
    """Not penstock's: its counter without the mixing. A battery that passes this sees nothing."""
    steps = np.arange(CHUNK // 8, dtype=np.uint64) * np.uint64(PHI)
    for first in range(0, SIZE, CHUNK // 8):
        z = steps + np.uint64((seed + first * PHI) & (2**64 - 1))
        yield (z >> np.uint64(32)).astype(np.uint32)


def shake(seed: int) -> Iterator[Words]:
    """Not penstock's: a cryptographic stream. What a battery says of it, it says of true randomness."""
    for number in range(SIZE // CHUNK):
        yield np.frombuffer(hashlib.shake_128(f"{seed} {number}".encode()).digest(CHUNK), np.uint32)


STREAMS: dict[str, tuple[str, Callable[[int], Iterator[Words]]]] = {
    "main": ("one recipe from its start", main_stream),
    "reversed": ("the same, bits of each 32-bit word reversed", reversed_stream),
    "low": ("the low half of each 64-bit word", partial(half_stream, half=0)),
    "high": ("the high half of each 64-bit word", partial(half_stream, half=1)),
    "small-objects": ("the first 4 KiB of objects 0, 1, 2 and so on", small_objects),
}
for _level in ("seed", "client", "object", "version"):
    for _by in ("block", "word"):
        STREAMS[f"{_level}s-by-{_by}"] = (
            f"one {_by} from each of {NEIGHBOURS} neighbouring {_level}s in turn",
            partial(interleaved_stream, level=_level, by_word=_by == "word"),
        )
STREAMS["shake"] = ("control that must pass: SHAKE-128", shake)
STREAMS["weyl"] = ("control that must fail: penstock's counter without the mixing", weyl)


class Feeder(threading.Thread):
    """Writes a stream into a pipe until its reader has had enough; counts the bytes."""

    def __init__(self, stream: Iterator[Words], pipe: str | int, *, swap: bool) -> None:
        super().__init__(daemon=True)
        self.stream, self.pipe, self.swap, self.fed = stream, pipe, swap, 0

    def run(self) -> None:
        with suppress(BrokenPipeError), open(self.pipe, "wb") as pipe:  # noqa: PTH123 (may be a descriptor)
            for words in self.stream:
                pipe.write((words.byteswap() if self.swap else words).data)
                self.fed += words.nbytes


def load_testu01() -> Any:
    """The library that has the batteries, once the two it needs are in the global namespace."""
    names = ("libtestu01mylib.so.0", "libtestu01probdist.so.0", "libtestu01.so.0")
    try:
        return [ctypes.CDLL(name, mode=os.RTLD_LAZY | ctypes.RTLD_GLOBAL) for name in names][-1]
    except OSError as error:
        hint = "apt-get install libtestu01-0, from Debian's non-free section"
        raise SystemExit(f"TestU01 is not installed ({error}): {hint}") from None


def call_battery(library: Any, battery: str, generator: Any, bits: int, tests: list[str]) -> None:
    """Call bbattery_X, or bbattery_RepeatX for chosen tests."""
    arguments: list[Any] = [generator]
    if battery in SIZED:
        arguments.append(ctypes.c_double(bits))
    if battery == "alphabit":
        arguments += [ctypes.c_int(0), ctypes.c_int(32)]
    name = TESTU01[battery]
    if tests:
        name = f"Repeat{name}"
        wanted = {int(test) for test in tests}
        arguments.append((ctypes.c_int * 500)(*[int(number in wanted) for number in range(500)]))
    getattr(library, f"bbattery_{name}")(*arguments)


def p_values(library: Any) -> PValues:
    """What the battery left in its global arrays; tests that it skipped hold a negative number."""
    count = ctypes.c_int.in_dll(library, "bbattery_NTests").value
    values = (ctypes.c_double * count).in_dll(library, "bbattery_pVal")
    names = (ctypes.c_char_p * count).in_dll(library, "bbattery_TestNames")
    return [((n or b"?").decode().strip(), p) for n, p in zip(names, values, strict=True) if 0.0 <= p <= 1.0]


def run_testu01(battery: str, stream: Iterator[Words], bits: int, tests: list[str]) -> tuple[PValues, int]:
    library = load_testu01()
    library.ufile_CreateReadBin.restype = ctypes.c_void_p
    ctypes.c_int.in_dll(library, "swrite_Basic").value = 0
    with tempfile.TemporaryDirectory() as folder:
        fifo = f"{folder}/stream"
        os.mkfifo(fifo)
        feeder = Feeder(stream, fifo, swap=True)  # TestU01 reads the high byte of a word first
        feeder.start()
        generator = ctypes.c_void_p(library.ufile_CreateReadBin(fifo.encode(), ctypes.c_long(READ_WORDS)))
        call_battery(library, battery, generator, bits, tests)
        library.ufile_DeleteReadBin(generator)
        feeder.join()
    return p_values(library), feeder.fed


def run_dieharder(stream: Iterator[Words], tests: list[str]) -> tuple[PValues, int]:
    """All its tests on raw 32-bit words from a pipe, or chosen ones as number:ntuple."""
    if not shutil.which("dieharder"):
        raise SystemExit("dieharder is not installed: apt-get install dieharder")
    results: PValues = []
    fed = 0
    for choice in [f"-d {test.replace(':', ' -n ')}" for test in tests] or ["-a"]:
        command = ["dieharder", "-g", "200", *choice.split()]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin and process.stdout
        feeder = Feeder(stream, os.dup(process.stdin.fileno()), swap=False)
        process.stdin.close()
        feeder.start()
        results += dieharder_rows(process.stdout)
        if process.wait():
            raise RuntimeError(f"dieharder ended with code {process.returncode}")
        feeder.join()
        fed += feeder.fed
    return results, fed


def dieharder_rows(lines: Any) -> PValues:
    """The rows of its report: name | ntuple | samples | p-samples | p-value | assessment."""
    results = []
    for line in lines:
        print(line, end="", flush=True)
        cells = [cell.strip() for cell in line.strip("# \n").split("|")]
        if len(cells) == 6 and cells[1].isdigit():
            results.append((f"{cells[0]} {cells[1]}", float(cells[4])))
    return results


def version_of(package: str) -> str:
    command = ["dpkg-query", "-Wf", "Debian ${Version}", package]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown version"


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{[*models, 'unknown processor'][0]}, {os.cpu_count()} cores, {platform.machine()}"


def distance(p: float) -> float:
    """From the nearer end of [0, 1]: what makes a p-value suspect."""
    return min(p, 1.0 - p)


def summary(results: PValues) -> dict[str, Any]:
    """Counts by distance from 0 or 1; dieharder calls 5e-3 weak, TestU01 1e-3 suspect."""
    far = [distance(p) for _, p in results]
    beyond = {f"outside_{limit}": sum(d < float(limit) for d in far) for limit in ("5e-3", "1e-3", "1e-6")}
    weakest = sorted(results, key=lambda result: distance(result[1]))[:3]
    return {"p_values": len(results)} | beyond | {"weakest": weakest}


def run(battery: str, stream: str, seed: int, size: int, tests: list[str]) -> dict[str, Any]:
    text, make = STREAMS[stream]
    tool = "testu01" if battery in TESTU01 else "dieharder"
    entry: dict[str, Any] = {"battery": battery, "stream": stream, "what": text, "seed": seed, "tests": tests}
    entry |= {"size": size} if battery in SIZED else {}
    entry |= {"begins": hashlib.blake2b(next(make(seed)).data, digest_size=8).hexdigest()}
    entry |= {"tool": f"{tool} ({version_of(PACKAGES[tool])})", "machine": machine()}
    entry |= {"date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"}
    began = time.perf_counter()
    if tool == "testu01":
        results, fed = run_testu01(battery, make(seed), 8 * size, tests)
    else:
        results, fed = run_dieharder(make(seed), tests)
    entry |= {"seconds": round(time.perf_counter() - began, 1), "bytes_fed": fed}
    return entry | summary(results) | {"results": results}


def record(path: Path, entry: dict[str, Any]) -> None:
    def same(other: dict[str, Any]) -> bool:
        return all(other.get(key) == entry.get(key) for key in ("battery", "stream", "seed", "tests", "size"))

    old = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []
    runs = [other for other in old if not same(other)] + [entry]
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(one) for one in runs)  # one line a run: readable in a diff
    path.write_text(f'{{"runs": [\n{lines}\n]}}\n', encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--battery", choices=[*TESTU01, "dieharder"], default="smallcrush")
    parser.add_argument("--stream", nargs="+", choices=[*STREAMS, "all"], default=["main"])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mib", type=int, default=128, help="how much rabbit and alphabit read (128)")
    parser.add_argument("--tests", nargs="+", default=[], help="only these, by the battery's own numbers")
    parser.add_argument("--out", type=Path, default=RECORD)
    args = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # or Ctrl-C would wait for the end of a C call of an hour
    failed = False
    for stream in STREAMS if "all" in args.stream else args.stream:
        entry = run(args.battery, stream, args.seed, args.mib << 20, args.tests)
        record(args.out, entry)
        failed |= bool(entry["outside_1e-6"]) != (stream == "weyl")
        print(json.dumps({key: value for key, value in entry.items() if key != "results"}), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
