"""Renders tables of README and guide from the data files of `penstock bench`: nothing in them is written by hand."""

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


KIND_METHODS = (
    "penstock speed", "penstock balanced", "penstock ratio", "zstd-3", "zstd-19", "xz-6", "blosc2", "pcodec", "OpenZL",
)  # fmt: skip


def by_kind_table(data: dict) -> str:
    """Ratio / MB/s compress / MB/s decompress by kind and method, then the goals."""
    kinds = data["kinds"]
    methods = [name for name in KIND_METHODS if any(name in kind for kind in kinds.values())]
    lines = [f"| kind | {' | '.join(methods)} |", "|---" * (1 + len(methods)) + "|"]
    for kind, found in kinds.items():
        cells = [kind_cell(found[name]) if name in found else "-" for name in methods]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    lines += ["", "| goals | reached | goal |", "|---|---|---|"]
    for row in data["rows"]:
        reached = ", ".join(f"**{goal['reached']:.3g}** {goal['figure']}" for goal in row["goals"])
        goals = ", ".join(asked(goal) for goal in row["goals"])
        lines.append(f"| {row['what']} | {reached} | {goals}{'' if row['met'] else ' (missed)'} |")
    lines += [
        line for row in data["rows"] if "beside" in row for line in ("", f"Beside {row['what']}: {row['beside']}.")
    ]
    machine = data["machine"]
    left_out = "".join(f" {name} is left out: {why}." for name, why in machine["missing"].items())
    source = "made files" if machine["made"] else "files from public repositories; image16 and column are made"
    about = (
        f"Ratio / MB/s compressing / MB/s restoring, one thread, medians, all in one run on {machine['date'][:10]}: "
        f"{machine['cpu']['model']}; {', '.join(f'{name} {version}' for name, version in machine['rivals'].items())}. "
        f"The data: {source}. blosc2 has the type size and filters that are best on a sample of each file; pcodec and "
        f"OpenZL are told the type, or have the one that is best on a sample.{left_out}"
    )
    return "\n".join([*lines, "", about])


def by_kind_short_table(data: dict) -> str:
    """The same for the kinds with structure, and the methods that people know."""
    kinds = {kind: found for kind, found in data["kinds"].items() if kind in SHORT_KINDS}
    lines = [f"| kind | {' | '.join(SHORT_METHODS)} |", "|---" * (1 + len(SHORT_METHODS)) + "|"]
    for kind, found in kinds.items():
        cells = [kind_cell(found[name]) if name in found else "-" for name in SHORT_METHODS]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Ratio / MB/s compressing / MB/s restoring, one thread, all in one run."])


def records_table(data: dict) -> str:
    """Milliseconds of each way to look something up, by table."""
    ways = list(data["rows"][0]["gb_per_s"])
    lines = [f"| table | lines | columns | ratio | {' | '.join(ways)} |", "|---" * (4 + len(ways)) + "|"]
    for row in data["rows"]:
        times = [figure(row["size"] / rate / 1e6) for rate in row["gb_per_s"].values()]
        head = f"| {row['what']} | {row['lines']:,} | {row['columns']} | {row['ratio']:.1f} | "
        lines.append(f"{head}{' | '.join(times)} |")
    machine = data["machine"]
    source = "made" if data["made"] else "from public repositories"
    about = (
        f"Milliseconds, to open the container included; one thread, medians, all in one run on {machine['date'][:10]}: "
        f"{machine['cpu']['model']}, Python {machine['versions']['Python']}. The tables are {source}; the lines are "
        "from the middle; “Python's module” is `csv` or `json`, after all was restored."
    )
    return "\n".join([*lines, "", about])


def dictionary_table(data: dict) -> str:
    """MB/s of each method, by task, and the goals."""
    lines = ["| what | penstock MB/s | others | goal |", "|---|---|---|---|"]
    for row in data["rows"]:
        mine, *others = ((name, figure(1000 * rate)) for name, rate in row["gb_per_s"].items())
        goals = ", ".join(f"{goal['at_least']:g} {goal['figure']}" for goal in row["goals"] if "at_least" in goal)
        beside = ", ".join(f"{name} {rate}" for name, rate in others)
        lines.append(
            f"| {row['what']} | **{mine[1]}** | {beside} | {goals or '-'}{'' if row['met'] else ' (missed)'} |"
        )
    machine = data["machine"]
    about = (
        f"Medians, one thread, all in one run on {machine['date'][:10]}: {machine['cpu']['model']}, Python "
        f"{machine['versions']['Python']}; {data['mib']} MiB of made-up log lines."
    )
    return "\n".join([*lines, "", about])


def kind_cell(found: dict) -> str:
    return f"{found['ratio']:.2f} / {figure(found['compress_mb_per_s'])} / {figure(found['decompress_mb_per_s'])}"


def figure(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.3g}"


def asked(goal: dict) -> str:
    if "at_least" in goal:
        return f"{goal['at_least']:g}"
    return f"at most {goal['at_most']:.4g}" if "at_most" in goal else "-"


SHORT_KINDS = (
    "intseries", "float", "struct", "mainframe", "image16", "column", "csv", "json", "logs", "floattext", "sql",
)  # fmt: skip
SHORT_METHODS = ("penstock speed", "penstock balanced", "zstd-3", "zstd-19", "xz-6", "blosc2", "pcodec")
TABLES = {
    "generate": generate_table, "compress": compress_table, "by_kind": by_kind_table,
    "by_kind_short": by_kind_short_table, "records": records_table, "dictionary": dictionary_table,
}  # fmt: skip
PAGES = ("README.md", "docs/guide/kinds.md", "docs/guide/records.md", "docs/guide/patterns.md")


def rendered(text: str) -> str:
    """The text with every table between its markers replaced."""

    def replace(match: re.Match) -> str:
        name = match.group(1)
        file = RESULTS / f"{name.removesuffix('_short')}.json"
        if not file.exists():  # not measured yet
            return match.group(0)
        data = json.loads(file.read_text())
        return f"<!-- table:{name} -->\n{TABLES[name](data)}\n<!-- end -->"

    return re.sub(r"<!-- table:(\w+) -->.*?<!-- end -->", replace, text, flags=re.S)


def main() -> None:
    for page in PAGES:
        path = ROOT / page
        text = path.read_text()
        new = rendered(text)
        if "--check" not in sys.argv:
            path.write_text(new)
        elif new != text:
            sys.exit(f"{page}: the tables are not those of bench/results; run `make tables`")


if __name__ == "__main__":
    main()
