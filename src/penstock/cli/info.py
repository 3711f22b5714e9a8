"""`penstock info` and `penstock warmup`."""

from __future__ import annotations

import argparse
import json
from typing import Any

from .sizes import show_size, show_time

HELP = "show versions, CPU, caches, NUMA nodes and compiled kernels"
WARMUP_HELP = "compile every kernel now, so that the first run starts fast"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print what this machine and installation are."""
    from ..api.info import describe  # noqa: PLC0415

    facts = describe()
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        _print(facts)
    return 0


def _print(facts: dict[str, Any]) -> None:
    print("penstock", facts["versions"].pop("penstock"))
    print("  " + ", ".join(f"{name} {version}" for name, version in facts["versions"].items()))
    cpu = facts["cpu"]
    print(f"CPU      {cpu['model']}: {cpu['physical_cores']} cores, {cpu['logical_cpus']} logical")
    print(f"         vectors: {', '.join(cpu['simd']) or 'none known'}; threads used: {cpu['threads']}")
    for cache in facts["caches"]:
        print(f"cache    L{cache['level']} {cache['kind']}: {cache['count']} x {show_size(cache['size'])}")
    for node in facts["nodes"]:
        print(f"node {node['id']:<3} CPUs {node['cpus'] or 'none'}, {show_size(node['memory_bytes'])}")
    print(f"kernels  {facts['kernels']['folder'] or 'no cache folder: compiled anew in every process'}")
    for name, ready in facts["kernels"]["cached"].items():
        print(f"         {'compiled' if ready else 'not yet '}  {name}")


def run_warmup(args: argparse.Namespace) -> int:
    """Compile or load every kernel."""
    from ..api.info import warm_up  # noqa: PLC0415

    names, seconds = warm_up()
    if args.json:
        print(json.dumps({"kernels": names, "seconds": seconds}))
    else:
        print(f"{len(names)} kernels ready in {show_time(seconds)}")
    return 0
