"""Make, prove, measure and squeeze data at memory speed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:  # `X as X`: names that belong to the public ones
    from .api.applying import AppliedLayers as AppliedLayers
    from .api.applying import apply_layers as apply_layers
    from .api.certify import certify as certify
    from .api.cobol import CobolEngine as CobolEngine
    from .api.compressing import compress_file as compress_file
    from .api.dictionaries import Dictionary as Dictionary
    from .api.dictionaries import train as train
    from .api.engines import ChunkParallelEngine as ChunkParallelEngine
    from .api.engines import HybridHPCEngine as HybridHPCEngine
    from .api.engines import SharedMemoryConfig as SharedMemoryConfig
    from .api.engines import SharedMemoryEngine as SharedMemoryEngine
    from .api.engines import SharedMemoryRef as SharedMemoryRef
    from .api.explaining import explain as explain
    from .api.files import generate_file as generate_file
    from .api.generator import Generator as Generator
    from .api.looking import inspect as inspect
    from .api.looking import test as test
    from .api.modes import CompressionMode as CompressionMode
    from .api.modes import DualModeEngine as DualModeEngine
    from .api.numeric import generate_uniform as generate_uniform
    from .api.numeric import generate_uniform_vectors as generate_uniform_vectors
    from .api.numeric import normalize_rows as normalize_rows
    from .api.objects import BufferPool as BufferPool
    from .api.objects import objects as objects
    from .api.oneshot import create_bytearrays as create_bytearrays
    from .api.oneshot import fill_buffer as fill_buffer
    from .api.oneshot import generate_buffer as generate_buffer
    from .api.oneshot import generate_data as generate_data
    from .api.oneshot import generate_into_buffer as generate_into_buffer
    from .api.patterns import OptimizedDictionary as OptimizedDictionary
    from .api.patterns import jit_entropy_calc as jit_entropy_calc
    from .api.patterns import jit_pattern_search as jit_pattern_search
    from .api.pstkfile import open as open
    from .api.restoring import decompress_file as decompress_file
    from .api.salvaging import salvage_file as salvage_file
    from .api.squeeze import compress as compress
    from .api.squeeze import compress_bound as compress_bound
    from .api.squeeze import decompress as decompress
    from .api.squeeze import decompress_range as decompress_range
    from .api.system import get_numa_info as get_numa_info
    from .api.system import get_system_info as get_system_info
    from .api.verify import verify as verify
    from .api.verify import verify_buffer as verify_buffer
    from .api.view import BytesView as BytesView
    from .bench.dictionary import benchmark_dictionary_optimization as benchmark_dictionary_optimization
    from .errors import PenstockError as PenstockError
    from .layers.trace import LayerTrace as LayerTrace
    from .layers.trace import tracing as tracing
    from .synth.recipe import Recipe as Recipe

__all__ = [
    "BytesView",
    "Generator",
    "HybridHPCEngine",
    "PenstockError",
    "Recipe",
    "__version__",
    "certify",
    "compress",
    "compress_bound",
    "compress_file",
    "decompress",
    "decompress_file",
    "decompress_range",
    "explain",
    "fill_buffer",
    "generate_buffer",
    "generate_data",
    "generate_file",
    "get_system_info",
    "inspect",
    "objects",
    "salvage_file",
    "verify",
    "verify_buffer",
]
"""What `import *` brings. `open` and `test` are public too, but must not take the place of others of that name; the
rest of `_HOMES` are names for special purposes, which one asks for one by one."""

_HOMES = {
    "AppliedLayers": "api.applying",
    "apply_layers": "api.applying",
    "certify": "api.certify",
    "CobolEngine": "api.cobol",
    "compress_file": "api.compressing",
    "ChunkParallelEngine": "api.engines",
    "HybridHPCEngine": "api.engines",
    "SharedMemoryConfig": "api.engines",
    "SharedMemoryEngine": "api.engines",
    "SharedMemoryRef": "api.engines",
    "Dictionary": "api.dictionaries",
    "train": "api.dictionaries",
    "explain": "api.explaining",
    "generate_file": "api.files",
    "Generator": "api.generator",
    "inspect": "api.looking",
    "test": "api.looking",
    "CompressionMode": "api.modes",
    "DualModeEngine": "api.modes",
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
    "OptimizedDictionary": "api.patterns",
    "jit_entropy_calc": "api.patterns",
    "jit_pattern_search": "api.patterns",
    "open": "api.pstkfile",
    "decompress_file": "api.restoring",
    "salvage_file": "api.salvaging",
    "compress": "api.squeeze",
    "compress_bound": "api.squeeze",
    "decompress": "api.squeeze",
    "decompress_range": "api.squeeze",
    "get_numa_info": "api.system",
    "get_system_info": "api.system",
    "verify": "api.verify",
    "verify_buffer": "api.verify",
    "BytesView": "api.view",
    "benchmark_dictionary_optimization": "bench.dictionary",
    "PenstockError": "errors",
    "LayerTrace": "layers.trace",
    "tracing": "layers.trace",
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
    return sorted({*globals(), *__all__, *_HOMES})
