"""The codec of zstd with a dictionary keeps the contract of a codec, and its frames are what the format says."""

import numpy as np
import pytest
import zstandard

from penstock.errors import CorruptDataError, DictionaryRequiredError, UsageError
from penstock.layers import native, zdict
from penstock.layers.contract import STORE, ZSTD_DICTIONARY
from penstock.layers.plan import Edge, branch, leaf
from penstock.layers.registry import codec_by_id, decode_tree
from penstock.layers.streams import Kind
from penstock.testing.conformance import check_codec

CONTENT = b"".join(b"a line of a log, number %d\n" % (n * n) for n in range(300))
NATIVE, PORTABLE = zdict.codec_for(CONTENT, 5), zdict.PortableDictionaryCodec(CONTENT, 5)
BOTH = pytest.mark.parametrize("codec", [NATIVE, PORTABLE], ids=["native", "portable"])


def coded(codec, raw, level=3):
    raw = np.frombuffer(raw, np.uint8)
    out = np.empty(codec.bound(raw.size), np.uint8)
    return out[: codec.encode_into(raw, out, level)].copy()


@BOTH
@pytest.mark.parametrize("level", [-3, 1, 9])
def test_the_contract(codec, level):
    check_codec(codec, level=level)


@BOTH
@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_791, 65_792, 200_000])
def test_a_header_makes_a_frame_of_it(codec, size):
    raw = (CONTENT * (size // len(CONTENT) + 1))[:size]
    frame = zdict.header_of(size) + coded(codec, raw).tobytes()
    told = zstandard.get_frame_parameters(frame)
    assert (told.content_size, told.dict_id, told.has_checksum) == (size, 0, False)
    decoder = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(CONTENT))
    assert decoder.decompress(frame) == raw


def test_where_the_c_functions_are_not(monkeypatch):
    monkeypatch.setattr(native, "zstd_dictionaries", lambda: None)
    assert type(zdict.codec_for(CONTENT, 5)) is zdict.PortableDictionaryCodec
    assert native.zstd_dictionaries is not None and type(NATIVE) is zdict.NativeDictionaryCodec


@BOTH
@pytest.mark.parametrize("level", [0, 23, -8, 99])
def test_levels_that_are_not_there(codec, level):
    with pytest.raises(UsageError):
        coded(codec, b"abc", level)


def test_many_levels_in_turn():
    for level in [1, 19, 3, 1, 19]:
        assert coded(NATIVE, CONTENT[:500], level).tobytes() == coded(PORTABLE, CONTENT[:500], level).tobytes()


def test_a_leaf_names_its_dictionary():
    raw, payload = CONTENT[:300], coded(NATIVE, CONTENT[:300])
    for params in (NATIVE.params, NATIVE.params[:4]):
        out = np.empty(300, np.uint8)
        decode_tree(leaf(ZSTD_DICTIONARY, payload.size, params), payload, out, NATIVE)
        assert out.tobytes() == raw
        with pytest.raises(DictionaryRequiredError, match=params[::-1].hex()):
            decode_tree(leaf(ZSTD_DICTIONARY, payload.size, params), payload, out)
        with pytest.raises(DictionaryRequiredError, match="was given"):
            decode_tree(leaf(ZSTD_DICTIONARY, payload.size, params), payload, out, zdict.codec_for(CONTENT, 6))
    for params in (b"", b"\5", NATIVE.params + b"\0"):
        with pytest.raises(CorruptDataError):
            decode_tree(leaf(ZSTD_DICTIONARY, payload.size, params), payload, out, NATIVE)
    with pytest.raises(DictionaryRequiredError):
        codec_by_id(ZSTD_DICTIONARY)


def test_a_leaf_inside_of_a_tree():
    payload = coded(NATIVE, CONTENT[:300])
    inner = leaf(ZSTD_DICTIONARY, payload.size, NATIVE.params)
    node = branch(32, b"", [Edge(Kind.BYTES, 5, 0, leaf(STORE, 5)), Edge(Kind.BYTES, 300, 0, inner)])
    out = np.empty(305, np.uint8)
    decode_tree(node, np.concatenate((np.frombuffer(b"abcde", np.uint8), payload)), out, NATIVE)
    assert out.tobytes() == b"abcde" + CONTENT[:300]
