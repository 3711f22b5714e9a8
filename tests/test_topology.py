"""Topology: made-up machines of many shapes, broken ones included, against what must be read from them."""

import dataclasses
import errno
import itertools
import json
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import topology as topo
from penstock.errors import UsageError
from penstock.limits import MAX_THREADS
from penstock.topology import (
    Cache,
    Node,
    Topology,
    format_cpulist,
    parse_cpulist,
    place_threads,
    read_topology,
)

PLACES = {
    "cpu": "sys/devices/system/cpu",
    "node": "sys/devices/system/node",
    "cg": "sys/fs/cgroup",
    "proc": "proc",
}


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Files by short names: "cpu/online" is below sys/devices/system, "cg/cpu.max" below sys/fs/cgroup."""
    for name, content in files.items():
        place, _, rest = name.partition("/")
        path = root / PLACES[place] / rest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode() + b"\n")
    return root


def cache(cpu: int, index: int, level: object, kind: str, size: str, shared: Iterable[int]) -> dict[str, str]:
    found = {"level": str(level), "type": kind, "size": size, "shared_cpu_list": format_cpulist(shared)}
    return {f"cpu/cpu{cpu}/cache/index{index}/{name}": text for name, text in found.items()}


def core(cpu: int, core_id: int, **others: int) -> dict[str, str]:
    ids = {"core_id": core_id, "physical_package_id": 0} | others
    return {f"cpu/cpu{cpu}/topology/{name}": str(value) for name, value in ids.items()}


def machine(root: Path, nodes: Any, smt: int = 1) -> Path:
    """A regular machine: each node is a package with one L3 and the same core ids as every other package."""
    files = {"cpu/online": format_cpulist(itertools.chain(*nodes.values())), "cpu/cpufreq/boost": "1"}
    files["cpu/cpu99999999999999999999/online"] = "1"  # no CPU has such a number
    for node, cpus in nodes.items():
        files[f"node/node{node}/cpulist"] = format_cpulist(cpus)
        files[f"node/node{node}/meminfo"] = f"Node {node} MemTotal:   {node + 1} kB\nNode {node} MemFree: 1 kB"
        for rank, cpu in enumerate(cpus):
            siblings = cpus[rank // smt * smt :][:smt]
            files |= core(cpu, rank // smt, physical_package_id=node)
            files |= cache(cpu, 0, 1, "Data", "48K", siblings) | cache(cpu, 1, 1, "Instruction", "64K", siblings)
            files |= cache(cpu, 2, 2, "Unified", "1M", siblings) | cache(cpu, 3, 3, "Unified", "32768K", cpus)
    return write(root, files)


def blocks(nodes: Any, each: int) -> dict[int, range]:
    return {node: range(node * each, node * each + each) for node in range(nodes)}


def made_up(nodes: Any) -> Topology:
    listed = tuple(Node(node, tuple(sorted(cpus)), 0) for node, cpus in sorted(nodes.items()))
    online = tuple(sorted(cpu for node in listed for cpu in node.cpus))
    return Topology(listed, online, len(online), (), "made up", frozenset())


LISTS = {
    "0-3,8,10-11": (0, 1, 2, 3, 8, 10, 11), "": (), " \n": (), "7\n": (7,), "5-5,65535": (5, 65535),
    "3,1,2-3": (1, 2, 3), " 0 , 02 ": (0, 2),
}  # fmt: skip
JUNK_LISTS = [
    "x", "-1", "1-", "-", "3-1", "1,,2", ",", "1,", "0x3", "1.5", "1 2", "0-3-5", "0-31:1/2", "65536",
    "0-99999", "9" * 5000, "٣", "1_0", "+1", "\0",
]  # fmt: skip


@pytest.mark.parametrize("text", LISTS)
def test_a_cpulist_is_read(text: str) -> None:
    assert parse_cpulist(text) == LISTS[text]


@pytest.mark.parametrize("text", JUNK_LISTS)
def test_a_junk_cpulist_is_a_short_error(text: str) -> None:
    with pytest.raises(UsageError, match="is no CPU") as caught:
        parse_cpulist(text)
    assert len(str(caught.value)) < 200


@given(st.sets(st.integers(0, 65535), max_size=50) | st.sets(st.integers(0, 70)))
def test_a_cpulist_goes_round(cpus: Any) -> None:
    text = format_cpulist(cpus)
    assert parse_cpulist(text) == tuple(sorted(cpus))
    # Shortest: as many items as there are CPUs without the one before.
    assert len([item for item in text.split(",") if item]) == sum(cpu - 1 not in cpus for cpu in cpus)


@given(st.text(alphabet="0123456789-, x:\n", max_size=12) | st.text(max_size=20))
def test_any_text_is_a_cpulist_or_a_usage_error(text: str) -> None:
    try:
        cpus = parse_cpulist(text)
    except UsageError:
        return
    assert parse_cpulist(format_cpulist(cpus)) == cpus == tuple(sorted(set(cpus)))


@pytest.mark.parametrize(("nodes", "each", "smt"), [(1, 4, 1), (1, 8, 2), (2, 8, 2), (16, 2, 1), (16, 2, 2)])
def test_regular_machines(tmp_path: Path, nodes: Any, each: int, smt: int) -> None:
    seen = read_topology(machine(tmp_path, blocks(nodes, each), smt))
    assert seen.cpus_online == tuple(range(nodes * each))
    assert seen.nodes == tuple(Node(node, tuple(cpus), node + 1 << 10) for node, cpus in blocks(nodes, each).items())
    cores = seen.physical_cores
    assert cores == nodes * each // smt
    assert Counter((found.level, found.kind, found.size) for found in seen.caches) == {
        (1, "data", 48 << 10): cores,
        (1, "instruction", 64 << 10): cores,
        (2, "unified", 1 << 20): cores,
        (3, "unified", 32 << 20): nodes,
    }
    assert {each.shared_cpus for each in seen.caches if each.level == 3} == {node.cpus for node in seen.nodes}
    assert seen == read_topology(tmp_path)
    assert isinstance(hash(seen), int)


def test_cores_with_siblings_far_apart(tmp_path: Path) -> None:
    files = {"cpu/online": "0-7"}
    for cpu in range(8):  # as most servers number them
        files |= core(cpu, cpu % 4) | cache(cpu, 0, 1, "Data", "32K", (cpu % 4, cpu % 4 + 4))
    seen = read_topology(write(tmp_path, files))
    assert seen.physical_cores == 4
    assert [each.shared_cpus for each in seen.caches] == [(0, 4), (1, 5), (2, 6), (3, 7)]


@pytest.mark.parametrize("unit", ["physical_package_id", "die_id", "cluster_id"])
def test_core_ids_may_repeat(tmp_path: Path, unit: str) -> None:
    files = {"cpu/online": "0-3"} | core(0, 0, **{unit: 0}) | core(1, 0, **{unit: 0}) | core(2, 0, **{unit: 1})
    assert read_topology(write(tmp_path, files)).physical_cores == 3  # of CPU 3 nothing is known


def test_node_numbers_with_holes_and_nodes_with_memory_only(tmp_path: Path) -> None:
    root = machine(tmp_path, {0: range(2), 2: (), 10: range(2, 6), 252: ()})
    seen = read_topology(root)
    assert [(node.id, node.cpus) for node in seen.nodes] == [
        (0, (0, 1)),
        (2, ()),
        (10, (2, 3, 4, 5)),
        (252, ()),
    ]
    assert place_threads(3, topology=seen, cpus=range(6)) == [(0, 1), (2, 3, 4, 5), (2, 3, 4, 5)]
    info = topo.numa_info(root)
    assert (info["num_nodes"], len(info["nodes"])) == (2, 4)
    with pytest.raises(UsageError, match=r"node 252 has no CPU.*exist: 0,2,10,252; .*use: 0,10"):
        place_threads(2, "node", 252, seen, range(6))


def test_offline_cpus_are_nowhere(tmp_path: Path) -> None:
    root = write(machine(tmp_path, blocks(2, 4)), {"cpu/online": "0-2,4-6", "cpu/cpu2/online": "0"})
    seen = read_topology(root)
    assert (seen.cpus_online, seen.physical_cores) == ((0, 1, 2, 4, 5, 6), 6)
    assert [node.cpus for node in seen.nodes] == [(0, 1, 2), (4, 5, 6)]
    assert topo.usable_cpus(root, affinity=range(8)) == seen.cpus_online
    (root / PLACES["cpu"] / "online").unlink()  # then each CPU tells for itself
    assert read_topology(root).cpus_online == (0, 1, 3, 4, 5, 6, 7)


def test_hybrid_caches(tmp_path: Path) -> None:
    files = {"cpu/online": "0-5"}
    for cpu in range(6):  # two fast cores with an L2 each and an L3 for both, four slow ones that share an L2
        fast, mates = cpu < 2, [cpu] if cpu < 2 else range(2, 6)
        files |= cache(cpu, 2, 2, "Unified", "2048K" if fast else "4096K", mates)
        files |= cache(cpu, 3, 3, "Unified", "24576K", [0, 1]) if fast else {}
    seen = read_topology(write(tmp_path, files))
    small = [Cache(2, "unified", 2 << 20, (cpu,)) for cpu in (0, 1)]
    large = Cache(2, "unified", 4 << 20, (2, 3, 4, 5))
    assert list(seen.caches) == [*small, large, Cache(3, "unified", 24 << 20, (0, 1))]
    assert topo.last_level_cache(seen) == 24 << 20


@pytest.mark.parametrize(
    ("level", "kind", "size", "found", "largest"),
    [
        ("2", "Unified", "512K", ("unified", 512 << 10), 512 << 10),
        ("3", "", "1G", ("unified", 1 << 30), 1 << 30),
        ("1", "Instruction", "4096", ("instruction", 4096), 32 << 20),
        ("0", "Unified", "512K", None, 32 << 20),
        ("-1", "Unified", "512K", None, 32 << 20),
        ("2", "Unified", "0K", None, 32 << 20),
        ("2", "Unified", "9" * 5000, None, 32 << 20),
        ("", "", "", None, 32 << 20),
    ],
)
def test_cache_files(tmp_path: Path, level: str, kind: str, size: str, found: Any, largest: int) -> None:
    seen = read_topology(write(tmp_path, {"cpu/online": "0"} | cache(0, 3, level, kind, size, [])))
    assert seen.caches == ((Cache(int(level), found[0], found[1], (0,)),) if found else ())
    assert topo.last_level_cache(seen) == largest


X86 = "model name\t: Made Up 9\nflags\t\t: fpu sse4_2 avx2{}\n\nmodel name\t: Other\nflags: neon\n"
AVX512 = {"avx512f", "avx512dq", "avx512vl"}


@pytest.mark.parametrize(
    ("text", "model", "simd"),
    [
        (X86.format(""), "Made Up 9", {"sse4_2", "avx2"}),
        (X86.format(" avx512f avx512dq avx512vl avx512_no"), "Made Up 9", {"sse4_2", "avx2"} | AVX512),
        ("Features\t: fp asimd sha3\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n", "0xd40", {"asimd"}),
        ("Features : half neon\nHardware : Board\n", "Board", {"neon"}),
        ("flags\nmodel name", "unknown", set()),
    ],
)
def test_cpu_model_and_instructions(tmp_path: Path, text: str, model: str, simd: set[str]) -> None:
    seen = read_topology(write(tmp_path, {"proc/cpuinfo": text}))
    assert (seen.cpu_model, seen.simd) == (model, frozenset(simd))


def test_missing_and_broken_descriptions(tmp_path: Path) -> None:
    cpus = tuple(range(os.cpu_count() or 1))
    empty = Topology((Node(0, cpus, 0),), cpus, len(cpus), (), "unknown", frozenset())
    assert read_topology(tmp_path / "missing") == empty
    flat = write(tmp_path / "flat", {"cpu/online": "0-3", "proc/meminfo": "MemTotal:  8 kB"})
    assert read_topology(flat).nodes == (Node(0, (0, 1, 2, 3), 8 << 10),)
    bare = write(tmp_path / "bare", {"node/node0/cpulist": "0-3", "node/node1/cpulist": "4-7"})
    assert [node.cpus for node in read_topology(bare).nodes] == [(0, 1, 2, 3), (4, 5, 6, 7)]
    twice = write(machine(tmp_path / "twice", blocks(2, 2)), {"node/node1/cpulist": "0-3,900"})
    assert [node.cpus for node in read_topology(twice).nodes] == [(0, 1), (2, 3)]
    junk = write(twice, {"node/node0/cpulist": "junk", "node/node1/cpulist": "\0"})
    assert [(node.id, node.cpus) for node in read_topology(junk).nodes] == [(0, (0, 1, 2, 3))]
    write(twice, {"proc/cpuinfo": b"model name: \xff\nflags: avx2"})  # one bad byte spoils no more than itself
    assert read_topology(twice).simd == {"avx2"}
    (twice / PLACES["cpu"] / "online").unlink()
    (twice / PLACES["cpu"] / "online").mkdir()  # a folder in place of a file
    assert read_topology(twice).cpus_online == (0, 1, 2, 3)


FILES = [
    "cpu/online", "cpu/cpu0/online", "cpu/cpu0/topology/core_id", "cpu/cpu99999999999999999999/online",
    *cache(1, 0, "", "", "", []), "node/node0/cpulist", "node/node0/meminfo", "node/node1/cpulist",
    "proc/cpuinfo", "proc/meminfo", "proc/self/cgroup", "cg/cpu.max", "cg/cpu/cpu.cfs_quota_us",
    "cg/cpu/cpu.cfs_period_us",
]  # fmt: skip
JUNK = [
    "0-3", "1", "-1", "0", "8K", "max 100000", "100 0", "9" * 5000, "4:cpu:/a\0b", "0::/../..",
    "0::" + "/a" * 3000,
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FILES), st.sampled_from(JUNK) | st.binary(max_size=20)))
def test_junk_in_any_file_never_raises(files: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write(Path(folder), files)
        seen = read_topology(root)
        owned = [cpu for node in seen.nodes for cpu in node.cpus]
        assert 1 <= len(owned) == len(set(owned).intersection(seen.cpus_online))
        assert 1 <= seen.physical_cores <= len(seen.cpus_online)
        assert topo.last_level_cache(seen) > 0
        assert 1 <= topo.default_threads(root, affinity=range(4)) <= 4


def v1(folder: str, quota: str, period: str = "100000") -> dict[str, str]:
    return {f"cg/{folder}/cpu.cfs_quota_us": quota, f"cg/{folder}/cpu.cfs_period_us": period}


ONE, TWO, MAX = "100000 100000", "200000 100000", "max 100000"
NESTED = {"cg/a/cpu.max": "250000 100000", "cg/a/b/cpu.max": MAX, "cg/a/b/c/cpu.max": "700000 100000"}
QUOTAS = [
    ("", None), (MAX, None), (ONE, 1), ("150000 100000", 2), (TWO, 2), ("200001 100000", 3),
    ("1000 100000", 1), ("0 100000", None),
    ("100000 0", None), ("-1 100000", None), ("100000", None), (ONE + " 5", None),
    ("junk", None),
]  # fmt: skip
V1_QUOTAS = [("-1", None), ("350000", 4), ("50000", 1), ("x", None)]


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        *(("0::/job", {"cg/job/cpu.max": text}, limit) for text, limit in QUOTAS),
        ("0::/a/b/c", {"cg/cpu.max": MAX} | NESTED, 3),
        ("0::/a/b/c", NESTED | {"cg/a/b/other/cpu.max": ONE, "cg/b/cpu.max": ONE, "cg/c/cpu.max": ONE}, 3),
        *(("0::" + path, {"cg/cpu.max": TWO}, 2) for path in ("/", "/of/the/host", "/with:colon/x")),
        ("0::/../../x", {"cg/cpu.max": TWO, "cg/x/cpu.max": ONE, "cg/../../x/cpu.max": ONE}, 2),
        ("0::/a:b/..c", {"cg/a:b/..c/cpu.max": TWO}, 2),
        ("1:cpu:/\n0::/a", {"cg/unified/a/cpu.max": TWO}, 2),
        *(("4:cpu,cpuacct:/a\n0::/", v1("cpu/a", text), limit) for text, limit in V1_QUOTAS),
        ("4:cpu,cpuacct:/a", v1("cpu,cpuacct/a", "50000"), 1),
        ("4:cpu:/a/b", v1("cpu/a/b", "80000", "10000") | v1("cpu/a", "50000", "10000") | v1("cpu", "-1"), 5),
        *(("4:cpu:" + path, v1("cpu", "200000"), 2) for path in ("/of/the/host", "/a\0b")),
        ("", {"cg/cpu.max": TWO}, 2),
        ("3:cpuset:/a\n2:cpuacct:/a\n1:name=cpu:/a", v1("cpu/a", "100000") | v1("cpuacct/a", "100000"), None),
    ],
)  # fmt: skip
def test_cgroup_quotas(tmp_path: Path, groups: str, files: dict[str, Any], limit: int | None) -> None:
    root = write(tmp_path, {"cpu/online": "0-7", "proc/self/cgroup": groups} | files)
    assert topo.cpu_limit(root) == limit
    assert topo.default_threads(root, affinity=range(8)) == (limit or 8)
    assert topo.default_threads(root, affinity=[3]) == 1


def test_affinity_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = machine(tmp_path, blocks(2, 4))
    assert topo.usable_cpus(root, affinity=[5, 1, 1]) == (1, 5)
    assert topo.usable_cpus(root, affinity=[40, 41]) == (40, 41)  # the description must be wrong
    assert topo.default_threads(root, affinity=[]) == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 6, 7} if pid == 0 else set())
    assert topo.usable_cpus(root) == (2, 6, 7)
    assert topo.default_threads(root) == 3


LOW, HIGH = (0, 1, 2, 3), (4, 5, 6, 7)


@pytest.mark.parametrize(
    ("count", "mode", "node", "nodes", "cpus", "placed"),
    [
        (3, "auto", None, 1, range(8), [()] * 3),
        (3, "auto", None, 2, range(4), [()] * 3),  # only one node may be used
        (8, "auto", None, 2, range(8), [LOW] * 4 + [HIGH] * 4),
        (2, "Auto", None, 2, range(8), [LOW, HIGH]),
        (1, "auto", None, 2, range(8), [LOW]),
        (0, "auto", None, 2, range(8), []),
        (4, "auto", None, 2, [1, 5, 6, 7], [(1,), (5, 6, 7), (5, 6, 7), (5, 6, 7)]),
        (2, "auto", None, 2, range(9), [(), ()]),  # CPU 8 belongs to no node
        (2, "force", None, 2, range(9), [LOW, HIGH]),
        (2, "force", None, 1, range(4), [LOW] * 2),
        (2, "force", None, 1, [9, 8], [(8, 9)] * 2),
        (2, "force", None, 1, [], [(), ()]),
        *((2, mode, node, 2, range(8), [(), ()]) for mode in ("uma", "disabled") for node in (None, 1, 99)),
        *((3, mode, 1, 2, range(1, 8), [HIGH] * 3) for mode in ("node", "auto", "force")),
        (3, "node", 0, 2, [0, 3, 4], [(0, 3)] * 3),
    ],
)
def test_threads_are_placed(count: int, mode: str, node: int | None, nodes: Any, cpus: Any, placed: Any) -> None:
    assert place_threads(count, mode, node, made_up(blocks(nodes, 8 if nodes == 1 else 4)), cpus) == placed


def test_sixteen_nodes_each_get_their_threads() -> None:
    hpc = made_up(blocks(16, 24))
    assert Counter(place_threads(384, topology=hpc, cpus=range(384))) == {node.cpus: 24 for node in hpc.nodes}
    few = place_threads(4, topology=hpc, cpus=range(384))  # fewer than nodes stay far from each other
    assert [cpus[0] // 24 for cpus in few] == [0, 4, 8, 12]


@pytest.mark.parametrize(
    ("count", "mode", "node", "cpus", "message"),
    [
        (2, "node", 7, range(8), r"node 7 has no CPU.*exist: 0,2; .*use: 0,2"),
        (2, "auto", -1, range(8), r"node -1 has no CPU.*exist: 0,2; .*use: 0,2"),
        (0, "force", 2, range(4), r"node 2 has no CPU.*exist: 0,2; .*use: 0\)"),
        (2, "node", 2, (), r"node 2 has no CPU.*exist: 0,2; .*use: none"),
        (2, "node", None, range(8), r"needs a node number.*exist: 0,2"),
        (1, "node0", None, range(8), r"'node0' is not a NUMA mode.*auto, uma, disabled, force, node"),
        (1, "x" * 10_000, None, range(8), r"not a NUMA mode"),
        (-1, "auto", None, range(8), r"threads cannot be placed"),
        (MAX_THREADS + 1, "auto", None, range(8), r"threads cannot be placed"),
    ],
)
def test_what_cannot_be_placed_is_a_clear_error(
    count: int, mode: str, node: int | None, cpus: Any, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        place_threads(count, mode, node, made_up({0: range(4), 2: range(4, 8)}), cpus)
    assert len(str(caught.value)) < 200


@st.composite
def shapes(draw: st.DrawFn) -> tuple[Topology, set[int]]:
    """Up to 16 nodes of uneven sizes, some empty, with CPUs dealt out of order; some of them usable."""
    ids = draw(st.lists(st.integers(0, 300), min_size=1, max_size=16, unique=True))
    owner = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=60))
    usable = draw(st.sets(st.sampled_from(range(len(owner))), min_size=1))
    return made_up({node: [cpu for cpu, each in enumerate(owner) if each == node] for node in ids}), usable


@given(shapes(), st.integers(1, 200), st.sampled_from(["auto", "force"]))
def test_every_thread_is_on_one_node_and_nodes_get_their_share(shape: Any, count: int, mode: str) -> None:
    made, usable = shape
    groups = {node.id: tuple(cpu for cpu in node.cpus if cpu in usable) for node in made.nodes}
    groups = {node: cpus for node, cpus in groups.items() if cpus}
    placed = place_threads(count, mode, topology=made, cpus=usable)
    if mode == "auto" and len(groups) == 1:
        assert placed == [()] * count
        return
    assert len(placed) == count
    assert set(placed) <= set(groups.values())
    for node, cpus in groups.items():
        assert abs(placed.count(cpus) - count * len(cpus) / len(usable)) < 1
        assert place_threads(count, "node", node, made, usable) == [cpus] * count
    # Blocks: each node's threads follow one another.
    assert sum(left != right for left, right in itertools.pairwise(placed)) == len(set(placed)) - 1


@pytest.mark.parametrize("cpus", [None, (), (60_000,), (-1,), (1 << 70,)])
def test_pinning_moves_this_thread_only_and_only_to_what_exists(cpus: Any) -> None:
    before, seen = os.sched_getaffinity(0), list[Any]()
    target = (max(before),) if cpus is None else cpus
    thread = threading.Thread(target=lambda: seen.extend([topo.pin_current_thread(target), os.sched_getaffinity(0)]))
    thread.start()
    thread.join()
    assert seen == ([True, set(target)] if cpus is None else [False, before])
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("code", [errno.EPERM, errno.EINVAL, errno.ENOSYS])
def test_a_refusal_to_pin_is_survived(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    calls: list[Any] = []

    def refuse(pid: int, cpus: Any) -> None:
        calls.append((pid, cpus))
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    assert topo.pin_current_thread((0, 1)) is False
    assert calls == [(0, (0, 1))]


def test_numa_info_has_the_keys_dgen_py_users_know(tmp_path: Path) -> None:
    info = topo.numa_info(machine(tmp_path / "two", blocks(2, 4), smt=2))
    nodes = [
        {"id": 0, "cpus": [0, 1, 2, 3], "memory_bytes": 1024},
        {"id": 1, "cpus": [4, 5, 6, 7], "memory_bytes": 2048},
    ]
    counts = {"num_nodes": 2, "physical_cores": 4, "logical_cpus": 8, "is_uma": False}
    assert info == counts | {"deployment_type": "NUMA (2 nodes)", "nodes": nodes}
    assert json.loads(json.dumps(info)) == info
    one = topo.numa_info(machine(tmp_path / "one", {0: range(4), 1: ()}))
    assert (one["num_nodes"], one["is_uma"], one["deployment_type"]) == (1, True, "UMA (single NUMA node)")


def test_this_machine_makes_sense() -> None:
    seen, usable = read_topology(), topo.usable_cpus()
    assert set(usable) == os.sched_getaffinity(0) <= set(seen.cpus_online)
    assert 1 <= seen.physical_cores <= len(seen.cpus_online)
    assert 1 <= topo.default_threads() <= len(usable)
    assert all(set(cpus) <= set(usable) for cpus in place_threads(3, "force") + place_threads(3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.nodes[0].id = 5  # type: ignore[misc]
