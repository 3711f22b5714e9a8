"""What threads run on: cores, caches, NUMA nodes, CPU limits, as Linux tells them in sysfs."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from .errors import UsageError
from .limits import MAX_THREADS

ROOT: Final = Path("/")
NUMA_MODES: Final = ("auto", "uma", "disabled", "force", "node")
DEFAULT_CACHE: Final = 32 << 20  # bytes, where the system does not say

_MAX_CPUS: Final = 1 << 16  # the kernel's own ceiling is 8192
_SYSTEM: Final = "sys/devices/system"
_SIMD: Final = frozenset({"sse4_2", "avx2", "avx512f", "avx512dq", "avx512vl", "neon", "asimd"})


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache: `level` 1 to 9; `kind` "data", "instruction", "unified"; `size` in bytes; who shares it."""

    level: int
    kind: str
    size: int
    shared_cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One NUMA node: its online CPUs (none for a memory-only node), its memory in bytes (0: not known)."""

    id: int
    cpus: tuple[int, ...]
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Topology:
    """A machine: `nodes` by id, at least one of them with CPUs; `simd` holds the kernel's names for them."""

    nodes: tuple[Node, ...]
    cpus_online: tuple[int, ...]
    physical_cores: int
    caches: tuple[Cache, ...]
    cpu_model: str
    simd: frozenset[str]


def parse_cpulist(text: str) -> tuple[int, ...]:
    """Return the CPU numbers of a kernel list such as "0-3,8,10-11": sorted, each once; "" holds none.

    Raises `UsageError` for anything else, so that junk never becomes a CPU.
    """
    found: set[int] = set()
    for item in text.split(",") if text.strip() else ():
        match = re.fullmatch(r"\s*([0-9]{1,6})(?:-([0-9]{1,6}))?\s*", item)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < _MAX_CPUS:
            raise UsageError(f"{item[:40]!r} is no CPU and no range of CPUs", hint='write e.g. "0-3,8"')
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def format_cpulist(cpus: Iterable[int]) -> str:
    """Return the shortest list that `parse_cpulist` reads as `cpus`."""
    runs: dict[int, list[int]] = {}
    for rank, cpu in enumerate(sorted(set(cpus))):
        runs.setdefault(cpu - rank, []).append(cpu)  # the difference stays the same along a run
    return ",".join(f"{run[0]}-{run[-1]}" if run[1:] else f"{run[0]}" for run in runs.values())


def read_topology(root: Path = ROOT) -> Topology:
    """Return the machine described under `root`; never raises.

    What cannot be read is left out, at worst down to one node with all CPUs, each a core of its own. It costs
    some file reads for each CPU: keep the result. Source: ABI/stable/sysfs-devices-* of the kernel's manual.
    """
    online = _online_cpus(root)
    info = _cpuinfo(root)
    flags = info.get("flags") or info.get("features") or ""  # x86, ARM
    return Topology(
        nodes=_nodes(root, online),
        cpus_online=online,
        physical_cores=len({_core(root, cpu) for cpu in online}),
        caches=_caches(root, online),
        cpu_model=info.get("model name") or info.get("hardware") or info.get("cpu part") or "unknown",
        simd=_SIMD.intersection(flags.split()),
    )


def usable_cpus(root: Path = ROOT, *, affinity: Iterable[int] | None = None) -> tuple[int, ...]:
    """Return the online CPUs this thread may run on; `affinity` stands in for what the scheduler says."""
    allowed = set(os.sched_getaffinity(0) if affinity is None else affinity)
    # Where the two do not meet the description is wrong: the scheduler knows best.
    return tuple(sorted(allowed.intersection(_online_cpus(root)) or allowed))


def cpu_limit(root: Path = ROOT) -> int | None:
    """Return how many CPUs' time control groups grant this process, rounded up; None without a limit.

    It is the least quota of the process's own group and all groups above it, of version 2 or 1.
    """
    return min(filter(None, map(_quota, _cpu_groups(root))), default=None)


def default_threads(root: Path = ROOT, *, affinity: Iterable[int] | None = None) -> int:
    """Return how many threads can run at once: the usable CPUs, or fewer if a control group grants less."""
    cpus = max(1, len(usable_cpus(root, affinity=affinity)))
    return min(cpus, cpu_limit(root) or cpus)


def place_threads(
    count: int,
    mode: str = "auto",
    node: int | None = None,
    topology: Topology | None = None,
    cpus: Iterable[int] | None = None,
) -> list[tuple[int, ...]]:
    """Return for each of `count` threads the CPUs to pin it to; an empty tuple leaves it to the scheduler.

    `cpus` are those to choose from (default: `usable_cpus()`). Modes, in any case of letters: "uma" and
    "disabled" pin nothing, whatever `node` says; "auto" pins each thread to one node if several have usable
    CPUs; "force" also if one has; "node", or "auto" and "force" with a `node`, pin all to that node. Threads
    spread in proportion to the nodes' usable CPUs, in blocks: neighbouring threads share a node.
    Raises `UsageError` for a bad count or mode, or a node without usable CPUs.
    """
    mode = mode.lower()
    if not 0 <= count <= MAX_THREADS:
        raise UsageError(f"{count} threads cannot be placed", hint=f"ask for 1 to {MAX_THREADS}")
    if mode not in NUMA_MODES:
        raise UsageError(f"{mode[:40]!r} is not a NUMA mode", hint=f"use one of {', '.join(NUMA_MODES)}")
    if mode in ("uma", "disabled"):
        return [()] * count
    usable = set(usable_cpus() if cpus is None else cpus)
    nodes = (topology or read_topology()).nodes
    groups = {each.id: tuple(cpu for cpu in each.cpus if cpu in usable) for each in nodes}
    if node is not None or mode == "node":
        return [_one_node(groups, node)] * count
    owners = [group for group in groups.values() for _ in group] or [tuple(sorted(usable))]
    # A usable CPU that no node lists means the picture has a hole: pinning by it would leave that CPU idle.
    if mode == "auto" and (len(set(owners)) == 1 or len(owners) < len(usable)):
        return [()] * count
    # Even steps over all CPUs give each node its share of the threads, rounded up or down.
    return [owners[thread * len(owners) // count] for thread in range(count)]


def pin_current_thread(cpus: Collection[int]) -> bool:
    """Let the calling thread run on `cpus` only; return whether it is pinned to them now.

    No CPUs, CPUs that are gone, or a system that refuses leave the thread as it was: slower, never wrong.
    Threads started by a pinned thread inherit its CPUs.
    """
    try:
        os.sched_setaffinity(0, cpus)
    except (OSError, ValueError, OverflowError):
        return False
    return True


def last_level_cache(topology: Topology) -> int:
    """Return the bytes of the largest cache for data (one slice, not the sum); 32 MiB where unknown."""
    sizes = (cache.size for cache in topology.caches if cache.kind != "instruction")
    return max(sizes, default=DEFAULT_CACHE)


def numa_info(root: Path = ROOT) -> dict[str, Any]:
    """Return the machine's NUMA layout under the keys that dgen-py uses, and `nodes`.

    `num_nodes` counts the nodes that threads can run on; `nodes` also lists those that have memory only.
    """
    topology = read_topology(root)
    count = sum(1 for node in topology.nodes if node.cpus)
    return {
        "num_nodes": count,
        "physical_cores": topology.physical_cores,
        "logical_cpus": len(topology.cpus_online),
        "is_uma": count == 1,
        "deployment_type": "UMA (single NUMA node)" if count == 1 else f"NUMA ({count} nodes)",
        "nodes": [asdict(node) | {"cpus": list(node.cpus)} for node in topology.nodes],
    }


def _one_node(groups: dict[int, tuple[int, ...]], node: int | None) -> tuple[int, ...]:
    if node is not None and groups.get(node):
        return groups[node]
    usable = format_cpulist(each for each, cpus in groups.items() if cpus) or "none"
    hint = f"nodes that exist: {format_cpulist(groups)}; with CPUs this process may use: {usable}"
    if node is None:
        raise UsageError("the NUMA mode 'node' needs a node number", hint=hint)
    raise UsageError(f"NUMA node {node} has no CPU that this process may use", hint=hint)


def _read(path: Path) -> str:
    """Return the start of a small text file; "" when it cannot be read: a kernel may lack any of them."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(1 << 16).strip()  # of /proc/cpuinfo the first CPUs are enough
    except (OSError, ValueError):  # ValueError: a NUL in a path that came from a file
        return ""


def _read_cpus(path: Path) -> tuple[int, ...]:
    try:
        return parse_cpulist(_read(path))
    except UsageError:
        return ()


def _numbered(folder: Path, prefix: str) -> list[tuple[int, Path]]:
    """List the entries named `prefix` and a number, in order of that number."""
    try:
        found = [(re.fullmatch(prefix + "([0-9]{1,6})", path.name), path) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted((int(match[1]), path) for match, path in found if match)


def _online_cpus(root: Path) -> tuple[int, ...]:
    system = root / _SYSTEM
    if listed := _read_cpus(system / "cpu/online"):
        return listed
    # CPU 0 often has no `online` file, because it cannot be taken offline.
    cpus = [cpu for cpu, path in _numbered(system / "cpu", "cpu") if _read(path / "online") != "0"]
    nodes = [] if cpus else [path for _, path in _numbered(system / "node", "node")]
    cpus += sorted({cpu for path in nodes for cpu in _read_cpus(path / "cpulist")})
    return tuple(cpus or range(os.cpu_count() or 1))


def _nodes(root: Path, online: tuple[int, ...]) -> tuple[Node, ...]:
    left = set(online)
    nodes = []
    for number, path in _numbered(root / _SYSTEM / "node", "node"):
        cpus = tuple(cpu for cpu in _read_cpus(path / "cpulist") if cpu in left)
        left.difference_update(cpus)  # a CPU belongs to one node, whatever the files say
        nodes.append(Node(number, cpus, _memory(path / "meminfo")))
    return tuple(nodes) if len(left) < len(online) else (Node(0, online, _memory(root / "proc/meminfo")),)


def _memory(meminfo: Path) -> int:
    match = re.search(r"MemTotal:\s*([0-9]{1,15})\s*kB", _read(meminfo))
    return int(match[1]) << 10 if match else 0


def _core(root: Path, cpu: int) -> tuple[str, ...]:
    """Return what tells cores apart: core ids may repeat across packages, dies and clusters."""
    folder = root / _SYSTEM / f"cpu/cpu{cpu}/topology"
    ids = [_read(folder / name) for name in ("core_id", "physical_package_id", "die_id", "cluster_id")]
    return tuple(ids) if ids[0].isdecimal() else (f"cpu{cpu}",)


def _caches(root: Path, online: tuple[int, ...]) -> tuple[Cache, ...]:
    found: dict[tuple[int, tuple[int, ...]], Cache | None] = {}
    for cpu in online:
        for index, path in _numbered(root / _SYSTEM / f"cpu/cpu{cpu}/cache", "index"):
            shared = _read_cpus(path / "shared_cpu_list") or (cpu,)
            if (index, shared) not in found:  # else read by way of a CPU that shares it
                found[index, shared] = _cache(path, shared)
    caches = {cache for cache in found.values() if cache}
    return tuple(sorted(caches, key=lambda cache: (cache.level, cache.kind, cache.shared_cpus)))


def _cache(path: Path, shared: tuple[int, ...]) -> Cache | None:
    text = f"{_read(path / 'level')} {_read(path / 'size')}"
    match = re.fullmatch("([1-9]) ([1-9][0-9]{0,11})([KMG]?)", text)
    if not match:
        return None
    size = int(match[2]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[3]]
    return Cache(int(match[1]), _read(path / "type").lower() or "unified", size, shared)


def _cpuinfo(root: Path) -> dict[str, str]:
    lines = reversed(_read(root / "proc/cpuinfo").splitlines())  # backwards: the first CPU's values stay
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _cpu_groups(root: Path) -> Iterator[Path]:
    """Yield every folder that may hold a CPU quota of this process: its own group's and those above it."""
    base = root / "sys/fs/cgroup"
    for line in (_read(root / "proc/self/cgroup") or "0::/").splitlines():
        controllers, _, group = line.partition(":")[2].partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        # "..": a group outside this namespace, of which only what is mounted here can be seen.
        parts = [] if "/../" in f"{group}/" else group.strip("/").split("/")
        for mount in (base / controllers, base / "cpu") if controllers else (base, base / "unified"):
            # In a container the path may be the host's: then only the mount itself exists, and it is ours.
            yield from (mount.joinpath(*parts[:depth]) for depth in range(len(parts) + 1))


def _quota(group: Path) -> int | None:
    v1 = (_read(group / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    text = _read(group / "cpu.max") or " ".join(v1)
    match = re.fullmatch("([1-9][0-9]{0,17}) ([1-9][0-9]{0,17})", text)  # "max", "-1", junk: no limit
    return -(-int(match[1]) // int(match[2])) if match else None
