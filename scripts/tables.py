"""Renders the README's tables from the data files of `penstock bench`; nothing in them is written by hand."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"


def generate_table(data: dict) -> str:
    lines = ["| what | reached | goal | rates, GB/s |", "|---|---|---|---|"]
    for row in data["rows"]:
        reached = ", ".join(f"**{goal['reached']:.2f}** {goal['figure']}" for goal in row["goals"])
        goals = ", ".join(
            f"{goal['at_least']:g}" if "at_least" in goal else f"under {goal['at_most']:g}" for goal in row["goals"]
        )
        rates = ", ".join(f"{name} {rate:.3g}" for name, rate in row.get("gb_per_s", {}).items())
        lines.append(f"| {row['what']} | {reached} | {goals}{'' if row['met'] else ' (missed)'} | {rates} |")
    machine = data["machine"]
    caches = max(cache["size"] for cache in machine["caches"]) >> 20
    versions, cpu = machine["versions"], machine["cpu"]
    about = (
        f"Medians, all in one run on {machine['date'][:10]}: {cpu['model']}, {cpu['logical_cpus']} cores, {caches} MiB "
        f"of cache, Python {versions['Python']}, Numba {versions['numba']}, dgen-py "
        f"{versions.get('dgen-py', 'absent')}. “limit” is `ndarray.fill` of the same buffer."
    )
    lines += ["", about]
    return "\n".join(lines)


def compress_table(data: dict) -> str:
    lines = ["| what | reached | goal | rates, GB/s |", "|---|---|---|---|"]
    for row in data["rows"]:
        reached = ", ".join(f"**{goal['reached']:.3g}** {goal['figure']}" for goal in row["goals"])
        goals = ", ".join(asked(goal) for goal in row["goals"])
        rates = ", ".join(f"{name} {rate:.3g}" for name, rate in row["gb_per_s"].items())
        lines.append(f"| {row['what']} | {reached} | {goals}{'' if row['met'] else ' (missed)'} | {rates} |")
    machine = data["machine"]
    versions, cpu, rivals = machine["versions"], machine["cpu"], machine["rivals"]
    about = (
        f"Medians, all in one run on {machine['date'][:10]}: {cpu['model']}, {cpu['logical_cpus']} cores, Python "
        f"{versions['Python']}; {', '.join(f'{name} {version}' for name, version in rivals.items())}. The real "
        "files are a collection of tables, logs, text, numbers, records and programs from public repositories."
    )
    return "\n".join([*lines, "", about])


def asked(goal: dict) -> str:
    if "at_least" in goal:
        return f"{goal['at_least']:g}"
    return f"at most {goal['at_most']:.4g}" if "at_most" in goal else "-"


TABLES = {"generate": generate_table, "compress": compress_table}


def rendered(text: str) -> str:
    """The text with every table between its markers replaced."""

    def replace(match: re.Match) -> str:
        name = match.group(1)
        data = json.loads((RESULTS / f"{name}.json").read_text())
        return f"<!-- table:{name} -->\n{TABLES[name](data)}\n<!-- end -->"

    return re.sub(r"<!-- table:(\w+) -->.*?<!-- end -->", replace, text, flags=re.S)


def main() -> None:
    path = ROOT / "README.md"
    text = path.read_text()
    new = rendered(text)
    if "--check" in sys.argv:
        sys.exit(0 if new == text else "README.md: the tables are not those of bench/results; run `make tables`")
    path.write_text(new)


if __name__ == "__main__":
    main()
