"""What this installation and machine are: versions, CPU, caches, nodes, kernels."""

from __future__ import annotations

import importlib
import pkgutil
import platform
import sys
import time
from collections import Counter
from importlib import metadata
from typing import Any

from .._version import __version__
from ..topology import default_threads, format_cpulist, read_topology

_LIBRARIES = ("numpy", "numba", "llvmlite", "lz4", "zstandard", "xxhash", "dgen-py")


def describe() -> dict[str, Any]:
    """Everything `penstock info` shows, as JSON types."""
    topology = read_topology()
    caches = Counter((cache.level, cache.kind, cache.size) for cache in topology.caches)
    return {
        "versions": _versions(),
        "cpu": {
            "model": topology.cpu_model,
            "physical_cores": topology.physical_cores,
            "logical_cpus": len(topology.cpus_online),
            "simd": sorted(topology.simd),
            "threads": default_threads(),
        },
        "caches": [
            {"level": level, "kind": kind, "size": size, "count": count}
            for (level, kind, size), count in sorted(caches.items())
        ],
        "nodes": [
            {"id": node.id, "cpus": format_cpulist(node.cpus), "memory_bytes": node.memory_bytes}
            for node in topology.nodes
        ],
        "kernels": _kernels(),
    }


def _versions() -> dict[str, str]:
    versions = {"penstock": __version__, "Python": platform.python_version(), platform.system(): platform.release()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _all_kernels() -> dict[str, Any]:
    package = importlib.import_module("penstock.kernels")
    for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"penstock.kernels.{name}")
    found: dict[str, Any] = importlib.import_module("penstock.kernels.jit").kernels()
    return found


def _kernels() -> dict[str, Any]:
    found = _all_kernels()
    folder = sys.modules["penstock.kernels.jit"].cache_folder()
    return {
        "folder": None if folder is None else str(folder),
        "cached": {name.removeprefix("penstock.kernels."): item.is_cached() for name, item in found.items()},
    }


def warm_up() -> tuple[list[str], float]:
    """Compile or load every kernel; return their names and the seconds it took."""
    names = [name.removeprefix("penstock.kernels.") for name in _all_kernels()]
    seconds: float = sys.modules["penstock.kernels.jit"].compile_all()
    begin = time.perf_counter()
    sys.modules["penstock.kernels.entries"].load_all()
    return names, seconds + time.perf_counter() - begin
