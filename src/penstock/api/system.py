"""What the machine is, as far as making data depends on it."""

from __future__ import annotations

from typing import Any

from ..topology import numa_info


def get_numa_info() -> dict[str, Any]:
    """Return the NUMA layout.

    Keys: `num_nodes`, `physical_cores`, `logical_cpus`, `is_uma`, `deployment_type`, `nodes` (with their CPUs).
    """
    return numa_info()


def get_system_info() -> dict[str, Any] | None:
    """Return the same as `get_numa_info`; None is left for systems that cannot tell: Linux always can."""
    return numa_info()
