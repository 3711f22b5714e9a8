"""`BytesView`: how made bytes are handed out."""

from __future__ import annotations

from typing import Any

import numpy as np


class BytesView(np.ndarray[Any, np.dtype[np.uint8]]):
    """Made bytes: a flat uint8 array.

    `memoryview(view)` costs no copy, `bytes(view)` copies, `len(view)` is in bytes. As with `bytes`, a view is
    true when it is not empty. What is computed from it is an ordinary array or scalar.
    """

    def __repr__(self) -> str:
        return f"<BytesView of {self.nbytes} bytes>"

    def __bytes__(self) -> bytes:
        return self.tobytes()

    def __bool__(self) -> bool:
        return self.size > 0 if self.ndim else bool(self[()])

    def __array_wrap__(self, array: Any, context: object = None, return_scalar: bool = False) -> Any:
        if array is self:  # `view ^= 1`
            return self
        return array if array.ndim else array[()]
