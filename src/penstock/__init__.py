"""Make, prove and certify data at memory speed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .api.certify import certify
    from .api.files import generate_file
    from .api.generator import Generator
    from .api.numeric import generate_uniform, generate_uniform_vectors, normalize_rows
    from .api.objects import BufferPool, objects
    from .api.oneshot import create_bytearrays, fill_buffer, generate_buffer, generate_data, generate_into_buffer
    from .api.system import get_numa_info, get_system_info
    from .api.verify import verify, verify_buffer
    from .api.view import BytesView
    from .errors import PenstockError
    from .synth.recipe import Recipe

__all__ = [
    "BufferPool",
    "BytesView",
    "Generator",
    "PenstockError",
    "Recipe",
    "__version__",
    "certify",
    "create_bytearrays",
    "fill_buffer",
    "generate_buffer",
    "generate_data",
    "generate_file",
    "generate_into_buffer",
    "generate_uniform",
    "generate_uniform_vectors",
    "get_numa_info",
    "get_system_info",
    "normalize_rows",
    "objects",
    "verify",
    "verify_buffer",
]

_HOMES = {
    "certify": "api.certify",
    "generate_file": "api.files",
    "Generator": "api.generator",
    "generate_uniform": "api.numeric",
    "generate_uniform_vectors": "api.numeric",
    "normalize_rows": "api.numeric",
    "BufferPool": "api.objects",
    "objects": "api.objects",
    "create_bytearrays": "api.oneshot",
    "fill_buffer": "api.oneshot",
    "generate_buffer": "api.oneshot",
    "generate_data": "api.oneshot",
    "generate_into_buffer": "api.oneshot",
    "get_numa_info": "api.system",
    "get_system_info": "api.system",
    "verify": "api.verify",
    "verify_buffer": "api.verify",
    "BytesView": "api.view",
    "PenstockError": "errors",
    "Recipe": "synth.recipe",
}
"""Where each public name lives: it is imported when first used, so that `import penstock` costs next to nothing."""

if not TYPE_CHECKING:  # type checkers would take this to mean that any name exists

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
