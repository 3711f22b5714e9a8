"""The codecs, each over the C functions and over the packages' Python functions."""

import zlib

import pytest

from penstock.layers import lz4, native, zstd
from penstock.layers.foreign import foreign
from penstock.layers.store import Store

NATIVE_ZSTD, PORTABLE_ZSTD = zstd.make(native.zstd()), zstd.make(None)
NATIVE_LZ4, PORTABLE_LZ4 = lz4.make(native.lz4()), lz4.make(None)
ZSTDS = [pytest.param(NATIVE_ZSTD, id="zstd-native"), pytest.param(PORTABLE_ZSTD, id="zstd-portable")]
LZ4S = [pytest.param(NATIVE_LZ4, id="lz4-native"), pytest.param(PORTABLE_LZ4, id="lz4-portable")]
LIBRARIES = [*ZSTDS, *LZ4S]
ALL = [pytest.param(Store(), id="store"), *LIBRARIES, pytest.param(foreign(zlib), id="foreign-zlib")]
