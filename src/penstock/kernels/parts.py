"""How the functions that kernels call are compiled: checked and lowered, but neither optimised nor made machine code.

Numba would do all that for each function apart, and once more with the kernel that it becomes a part of: twice the time
of compiling a kernel, for code that nobody calls. A part's library only hands its LLVM code on.
"""

from __future__ import annotations

from typing import Any

import numba
from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core import codegen, compiler, typed_passes
from numba.core.compiler_machinery import register_pass as _register_pass

__all__ = ["cold_helper", "helper"]


class _Library(codegen.JITCodeLibrary):
    """LLVM code to be linked into that of kernels, as Numba made it."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


_register: Any = _register_pass


@_register(mutates_CFG=True, analysis_only=False)
class _Lower(typed_passes.NativeLowering):
    _name = "penstock_part_lowering"

    def run_pass(self, state: Any) -> bool:
        library: Any = _Library
        state.library = library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        parent: Any = super()
        parent.run_pass(state)
        described = state.cr.fndesc
        # Numba knows functions by what Python would call: for this one, nothing.
        entry = _dynfunc.make_function(
            described.lookup_module(), described.qualname, "", 0, state.cr.env, (state.library,)
        )
        state.cr = state.cr._replace(cfunc=entry)
        state.targetctx.insert_user_function(entry, described, [state.library])
        return True


class _Compiler(compiler.CompilerBase):
    def define_pipelines(self) -> list[Any]:
        state, builder = vars(self)["state"], vars(compiler)["DefaultPassBuilder"]
        usual = builder.define_nopython_pipeline(state)
        usual.passes = [(_Lower if step is typed_passes.NativeLowering else step, text) for step, text in usual.passes]
        usual.finalize()
        return [usual]


_OPTIONS: Any = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": _Compiler,
}

helper = numba.njit(**_OPTIONS, forceinline=True)
"""A function that kernels call, always inlined (docs/decisions/0003-streaming-stores.md); never called from Python."""

cold_helper = numba.njit(**_OPTIONS)
"""The same for what seldom runs, or for long: one copy of its code, called."""
