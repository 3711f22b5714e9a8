"""`penstock info` and `penstock warmup`."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from typing import Any, Final

from .sizes import show_size, show_time

_WHOLE_WORDS: Final[dict[str, Any]] = {"break_long_words": False, "break_on_hyphens": False}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print what this machine and installation are."""
    from ..api.info import describe

    facts = describe()
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        _print(facts)
    return 0


def _print(facts: dict[str, Any]) -> None:
    versions = [f"{name} {version}" for name, version in facts["versions"].items()]
    cpu = facts["cpu"]
    rows = [
        ("versions", ", ".join(versions)),
        ("CPU", f"{cpu['model']}: {cpu['physical_cores']} cores, {cpu['logical_cpus']} logical"),
        ("", f"vectors: {', '.join(cpu['simd']) or 'none known'}; threads used: {cpu['threads']}"),
    ]
    rows += [
        (f"L{cache['level']}", f"{cache['count']} x {show_size(cache['size'])} {cache['kind']}")
        for cache in facts["caches"]
    ]
    rows += [
        (f"node {node['id']}", f"CPUs {node['cpus'] or 'none'}, {show_size(node['memory_bytes'])}")
        for node in facts["nodes"]
    ]
    kernels = facts["kernels"]
    rows.append(("kernels", kernels["folder"] or "no cache folder: compiled anew in every process"))
    rows += [("", f"{'compiled' if ready else 'not yet '}  {name}") for name, ready in kernels["cached"].items()]
    width = shutil.get_terminal_size().columns - 1
    for label, text in rows:
        # Paths and names are not broken.
        print(textwrap.fill(text, width, initial_indent=f"{label:<10}", subsequent_indent=" " * 10, **_WHOLE_WORDS))


def run_warmup(args: argparse.Namespace) -> int:
    """Compile or load every kernel."""
    from ..api.info import warm_up

    names, seconds = warm_up()
    if args.json:
        print(json.dumps({"kernels": names, "seconds": seconds}))
    else:
        print(f"{len(names)} kernels ready in {show_time(seconds)}")
    return 0
