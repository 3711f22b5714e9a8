"""Makes the README's pictures: real commands run on real files, and a chart of bench/results/generate.json."""

import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"


def picture(name: str, commands: list[list[str]], folder: str) -> None:
    """Run penstock commands in `folder` and draw what a terminal shows."""
    console = Console(record=True, width=96, file=io.StringIO(), force_terminal=True)
    for arguments in commands:
        console.print(Text("$ penstock " + " ".join(arguments), style="bold"))
        environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": "96"}
        command = [sys.executable, "-m", "penstock", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        console.print(Text.from_ansi(done.stdout + done.stderr))
    svg = console.export_svg(title="penstock", unique_id=name)
    # The fonts are asked of a server otherwise: a picture should not call home.
    svg = re.sub(r"@font-face\s*{.*?}\s*", "", svg, flags=re.S)
    (PICTURES / f"{name}.svg").write_text(svg)


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100 << 20)
        file.write(bytes(1536))
        file.seek((200 << 20) + 77)
        byte = file.read(1)[0]
        file.seek((200 << 20) + 77)
        file.write(bytes([byte ^ 0x10]))
        file.seek(400 << 20)
        misplaced = file.read(64 << 10)
        file.seek(300 << 20)
        file.write(misplaced)
        file.truncate(path.stat().st_size - 1000)


def older(path: Path, folder: str, arguments: list[str]) -> None:
    """Put 128 KiB of the version before into the file: a lost overwrite."""
    subprocess.run([sys.executable, "-m", "penstock", "generate", "-q", *arguments, "old.bin"], cwd=folder, check=True)
    with path.open("r+b") as file, (path.parent / "old.bin").open("rb") as old:
        file.seek(350 << 20)
        old.seek(350 << 20)
        file.write(old.read(128 << 10))


def chart() -> None:
    """Bars of rates against the limit and dgen-py, as plain SVG."""
    data = json.loads((ROOT / "bench" / "results" / "generate.json").read_text())
    rows = [row for row in data["rows"] if "dgen-py" in row.get("gb_per_s", {})]
    colours = {"penstock": "#1f6feb", "dgen-py": "#8b949e", "limit": "#d0d7de"}
    names = {"penstock": "penstock", "dgen-py": "dgen-py 0.3.0", "limit": "ndarray.fill"}
    top = max(max(row["gb_per_s"].values()) for row in rows)
    parts, y = [], 34
    for row in rows:
        parts.append(f'<text x="10" y="{y}" class="t">{row["what"]}</text>')
        y += 8
        for key in ("penstock", "dgen-py", "limit"):
            rate = row["gb_per_s"].get(key)
            if rate is None:
                continue
            width = max(2, 520 * rate / top)
            parts.append(f'<rect x="10" y="{y}" width="{width:.1f}" height="14" rx="2" fill="{colours[key]}"/>')
            parts.append(f'<text x="{width + 16:.1f}" y="{y + 11}" class="v">{rate:.3g} {names[key]}</text>')
            y += 17
        y += 24
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {y}" role="img" aria-label="GB/s of making data">'
        "<style>text{font-family:ui-sans-serif,system-ui,sans-serif;fill:#24292f}.t{font-size:13px;font-weight:600}"
        ".v{font-size:11px}</style>"
        f'<rect width="720" height="{y}" fill="#ffffff"/><text x="10" y="14" class="v">GB/s, medians of one '
        f"run; longer is better</text>{''.join(parts)}</svg>\n"
    )
    (PICTURES / "rates.svg").write_text(svg)


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    ratios = ["--compress-ratio", "2.35", "--dedup-ratio", "3", "--seed", "7"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.bin"
        make = ["generate", "--size", "1G", *ratios, "--object-version", "2", "data.bin"]
        picture("certify", [make, ["certify", "data.bin"]], folder)
        damage(path)
        older(path, folder, ["--size", "1G", *ratios, "--object-version", "1"])
        picture("verify", [["verify", "data.bin"]], folder)
    if (ROOT / "bench" / "results" / "generate.json").exists():
        chart()


if __name__ == "__main__":
    main()
