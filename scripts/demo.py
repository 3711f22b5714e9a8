"""What `make demo` runs: data made, damaged, proven and certified, with real files in a temporary folder."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZE = "2G"


def step(title: str, *arguments: str, folder: str, expect: int = 0) -> None:
    """Show a command and run it; the demo fails if it does not end as expected."""
    print(f"\n\033[1m# {title}\033[0m\n$ penstock {shlex.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "penstock", *arguments], cwd=folder, check=False)
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
        if shutil.disk_usage(folder).free < 4 << 30:
            sys.exit(f"demo: {folder} has less than 4 GiB free; set TMPDIR to a folder that has")
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
        damage(Path(folder) / "data.bin")
        step("Prove it again: every difference is named", "verify", "data.bin", folder=folder, expect=1)
        in_memory()
    print(f"\nAll as expected, in {time.perf_counter() - start:.0f} s. Next: penstock --help, docs/guide/", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "100")
    main()
