"""What is told of an installation is true, and complete."""

import json
import platform
import re
from pathlib import Path

import numpy as np

from penstock import __version__
from penstock.api import info
from penstock.kernels import jit
from penstock.topology import read_topology


def test_the_facts():
    facts = json.loads(json.dumps(info.describe()))
    assert facts.keys() == {"versions", "cpu", "caches", "nodes", "kernels"}
    versions = facts["versions"]
    assert (versions["penstock"], versions["Python"]) == (__version__, platform.python_version())
    assert versions["numpy"] == np.__version__
    topology = read_topology()
    assert facts["cpu"]["logical_cpus"] == len(topology.cpus_online)
    assert facts["cpu"]["threads"] >= 1
    assert [node["id"] for node in facts["nodes"]] == [node.id for node in topology.nodes]
    assert sum(cache["count"] for cache in facts["caches"]) == len(topology.caches)


def test_a_library_that_is_not_there_is_left_out(monkeypatch):
    monkeypatch.setattr(info, "_LIBRARIES", ("numpy", "no-such-thing-at-all"))
    assert "no-such-thing-at-all" not in info.describe()["versions"]


def test_every_kernel_is_told_and_made_ready():
    names, seconds = info.warm_up()
    assert seconds >= 0
    cached = info.describe()["kernels"]["cached"]
    assert list(cached) == names
    assert all(cached.values())
    folder = Path(jit.__file__).parent
    sources = {path.stem: path.read_text() for path in folder.glob("*.py") if path.stem not in ("jit", "parts")}
    defined = {
        f"{stem}."
        for stem, text in sources.items()
        if "@kernel(" in text or re.search(r"^(@|\w+ = )by_width\(", text, re.M)
    }
    assert {name.split(".")[0] + "." for name in names} == defined


def test_no_place_for_compiled_kernels(monkeypatch):
    monkeypatch.setattr(jit, "cache_folder", lambda: None)
    assert info.describe()["kernels"]["folder"] is None
