"""What `make demo` runs: data made, certified, squeezed, explained, damaged and proven, in a temporary folder."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

SIZE = "2G"


def step(title: str, *arguments: str, folder: str, expect: int = 0, output: str = "") -> None:
    """Show a command and run it; the demo fails if it does not end as expected. output: a file for what it writes."""
    redirected = f" > {output}" if output else ""
    print(f"\n\033[1m# {title}\033[0m\n$ penstock {shlex.join(arguments)}{redirected}", flush=True)
    with (Path(folder) / output).open("wb") if output else nullcontext() as file:
        command = [sys.executable, "-m", "penstock", *arguments]
        done = subprocess.run(command, cwd=folder, check=False, stdout=file)
    if done.returncode != expect:
        sys.exit(f"demo: this ended with exit code {done.returncode} instead of {expect}")


def in_memory() -> None:
    """Fill one buffer again and again, beside the memory's own speed."""
    import numpy as np

    import penstock

    print("\n\033[1m# Straight into a buffer of 64 MiB, one thread, beside ndarray.fill\033[0m", flush=True)
    buffer = np.zeros(64 << 20, np.uint8)
    generator = penstock.Generator(1 << 50, compress_ratio=2.35, max_threads=1, seed=7)
    for name, action in (("ndarray.fill", lambda: buffer.fill(7)), ("penstock", lambda: generator.fill_chunk(buffer))):
        best = 0.0
        for _ in range(15):
            start = time.perf_counter()
            action()
            best = max(best, buffer.size / (time.perf_counter() - start) / 1e9)
        print(f"{name:>14}: {best:5.1f} GB/s")


def squeeze(folder: str) -> None:
    """Compress the data, restore a range of it, and let both halves say what they found."""
    import penstock

    step("Squeeze it, by all cores, each piece once", "compress", "--dedup", "data.bin", folder=folder)
    step("Look inside", "inspect", "data.bin.pstk", folder=folder)
    title = "Restore one range: only the chunks it touches"
    step(title, "cat", "--range", "1G:1025M", "data.bin.pstk", folder=folder, output="range.bin")
    recipe = penstock.Recipe.from_json((Path(folder) / "data.bin.recipe.json").read_bytes())
    made, restored = bytearray(1 << 20), (Path(folder) / "range.bin").read_bytes()
    penstock.Generator(recipe=recipe).read_at(1 << 30, made)
    print("\n\033[1m# Do both halves agree?\033[0m", flush=True)
    if restored != made:
        sys.exit("demo: the range is not what the recipe says")
    print("the restored range is, byte for byte, what the recipe makes there")
    found = penstock.certify(Path(folder) / "data.bin", codec_names=["zstd-3"], block_sizes=[1 << 20], units=[4096])
    dedup = next(line.achieved for line in found.lines if line.kind == "dedup")
    alone = bytearray(256 << 20)  # the same content without duplicates
    penstock.Generator(recipe=recipe.with_(size=len(alone), dedup_ratio=1)).fill_chunk(alone)
    ratio = len(alone) / len(penstock.compress(alone))
    both = penstock.inspect(Path(folder) / "data.bin.pstk")["ratio"]
    print(
        f"compression: {recipe.compress_ratio:.2f} asked, {ratio:.2f} reached by penstock compress without duplicates"
    )
    print(f"dedup:       {recipe.dedup_ratio:.2f} asked, {dedup:.2f} counted")
    product = recipe.compress_ratio * recipe.dedup_ratio
    print(f"both:        {product:.2f} asked, {both:.2f} reached by penstock compress --dedup")
    wrong = max(abs(ratio / recipe.compress_ratio - 1), abs(both / product - 1))
    if wrong > 0.05 or abs(dedup / recipe.dedup_ratio - 1) > 0.02:
        sys.exit("demo: they do not agree")


def structure(folder: str) -> None:
    """Records that nobody describes are found, taken apart, made small and restored."""
    import numpy as np

    rng, count, path = np.random.default_rng(7), 100_000, Path(folder) / "readings.bin"
    readings = np.zeros(count, "<u8, u1, u1, <u4, >u2, <i4, <i4, <u2")
    readings["f0"] = 1_700_000_000_000_000 + np.cumsum(rng.integers(990, 1010, count))
    readings["f1"] = rng.integers(0, 12, count)
    readings["f3"] = 50_000_000 + np.cumsum(rng.integers(-300, 301, count))
    readings["f4"] = 33_000 + np.cumsum(rng.integers(-9, 10, count))
    readings["f5"], readings["f6"] = np.cumsum(rng.integers(-50, 51, (2, count)), axis=1)
    readings["f7"] = rng.integers(0, 1 << 10, count)
    readings.tofile(path)
    step("Records of 26 bytes, of which nobody told: what is in them?", "explain", "readings.bin", folder=folder)
    step("Make them small", "compress", "-q", "readings.bin", folder=folder)
    step("Restore them", "decompress", "-q", "-o", "again.bin", "readings.bin.pstk", folder=folder)
    if path.read_bytes() != path.with_name("again.bin").read_bytes():
        sys.exit("demo: what was restored is not what was compressed")
    print("the same, byte for byte")


def damage(path: Path) -> None:
    """What disks, networks and bugs do to data."""
    print("\n\033[1m# Damage it: 3 lost sectors, 1 flipped bit, 64 KiB of another place, a cut end\033[0m", flush=True)
    with path.open("r+b") as file:
        file.seek(100 << 20)
        file.write(bytes(3 * 512))
        file.seek((200 << 20) + 77)
        byte = file.read(1)[0]
        file.seek((200 << 20) + 77)
        file.write(bytes([byte ^ 0x10]))
        file.seek(1 << 30)
        misplaced = file.read(64 << 10)
        file.seek(300 << 20)
        file.write(misplaced)
        file.truncate(path.stat().st_size - 1000)


def main() -> None:
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="penstock-demo-") as folder:
        if shutil.disk_usage(folder).free < 5 << 30:
            sys.exit(f"demo: {folder} has less than 5 GiB free; set TMPDIR to a folder that has")
        ratios = ("--compress-ratio", "2.35", "--dedup-ratio", "3", "--seed", "7")
        step("Compile the kernels (once for each machine)", "warmup", folder=folder)
        step(
            f"Make {SIZE} of data that compresses 2.35:1 and deduplicates 3:1",
            "generate",
            "--size",
            SIZE,
            *ratios,
            "data.bin",
            folder=folder,
        )
        step("Read it back: is every byte as it should be?", "verify", "data.bin", folder=folder)
        step("What do real compressors and deduplication make of it?", "certify", "data.bin", folder=folder)
        squeeze(folder)
        structure(folder)
        damage(Path(folder) / "data.bin")
        step("Prove it again: every difference is named", "verify", "data.bin", folder=folder, expect=1)
        in_memory()
    print(f"\nAll as expected, in {time.perf_counter() - start:.0f} s. Next: penstock --help, docs/guide/", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "100")
    main()
