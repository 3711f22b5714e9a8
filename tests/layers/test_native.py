"""Where the C functions are found, where not, and what happens then."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from penstock.errors import BadBufferError
from penstock.layers import lz4, native, registry, zstd

FIND = {native.zstd: ("zstandard", "_cffi*.so"), native.lz4: ("lz4", "block/_block*.so")}


@pytest.mark.parametrize("find", FIND)
def test_found_in_the_packages(find):
    (path,) = native.extension_modules(*FIND[find])
    assert path.is_file()
    assert find([path]) is not None


@pytest.mark.parametrize(("find", "other"), [(native.zstd, native.lz4), (native.lz4, native.zstd)])
def test_what_lacks_them_is_passed_over(find, other, tmp_path):
    text, cut = tmp_path / "text.so", tmp_path / "cut.so"
    (good,) = native.extension_modules(*FIND[find])
    text.write_text("no library")
    cut.write_bytes(good.read_bytes()[:40])
    bad = [tmp_path / "none.so", text, cut, tmp_path, *native.extension_modules(*FIND[other])]
    assert find(bad) is None
    assert find([]) is None
    assert find([*bad, good]) is not None


def test_packages_that_are_not_there():
    assert list(native.extension_modules("no_such_package", "*.so")) == []
    assert list(native.extension_modules("struct", "*.so")) == []  # a module without a folder


@pytest.mark.parametrize(("name", "library"), [("libzstd.so.1", native.zstd), ("liblz4.so.1", native.lz4)])
def test_a_library_of_the_system(name, library):
    """The packages of a distribution are linked with it, so its functions are found through them."""
    try:
        ctypes.CDLL(name)
    except OSError:
        pytest.skip(f"there is no {name} here")
    assert library([Path(name)]) is not None


def test_the_registry_falls_back(monkeypatch):
    monkeypatch.setattr(native, "extension_modules", lambda *_: iter(()))
    registry.codec_by_id.cache_clear()
    try:
        assert isinstance(registry.codec_by_name("zstd"), zstd.PortableZstd)
        assert isinstance(registry.codec_by_name("lz4"), lz4.PortableLz4)
    finally:
        registry.codec_by_id.cache_clear()


def test_addresses():
    whole = np.arange(100, dtype=np.uint8)
    frozen = np.frombuffer(b"read-only", np.uint8)
    empty = np.empty(0, np.uint8)
    for array in (whole, whole[7:], frozen, frozen[3:], empty):
        assert native.readable(array) == array.__array_interface__["data"][0]
    for array in (whole, whole[7:], empty):
        assert native.writable(array) == array.__array_interface__["data"][0]
    for array in (whole[::2], whole[::-1], frozen[::-1]):
        with pytest.raises(BadBufferError):
            native.readable(array)
        with pytest.raises(BadBufferError):
            native.writable(array)
    with pytest.raises(BadBufferError):
        native.writable(frozen)


def test_the_first_bytes():
    some = np.frombuffer(b"x\1\2\3\4\5\6\7\x88", np.uint8)
    assert native.first_bytes(native.readable(some[1:])) == 0x8807060504030201
