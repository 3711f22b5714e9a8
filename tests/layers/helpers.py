"""Two small inner layers, and trees made with them: there are none in the package yet."""

import numpy as np

from penstock.errors import CorruptDataError
from penstock.layers.plan import Edge, branch, leaf
from penstock.layers.registry import codec_by_id, codec_by_name
from penstock.layers.streams import Kind, Stream


class Planes:
    """Items of `params[0]` bytes -> one stream for each of their bytes; what is left over stands in a last one."""

    id, name = 200, "planes"

    def encode(self, stream, params):
        width = params[0]
        whole = stream.data.size // width * width
        table = stream.data[:whole].reshape(-1, width)
        parts = [*(table[:, column] for column in range(width)), stream.data[whole:]]
        return params, [Stream(Kind.BYTES, np.ascontiguousarray(part)) for part in parts]

    def decode(self, params, children, out):
        if len(params) != 1 or len(children) != params[0] + 1 or params[0] == 0:
            raise CorruptDataError("planes: no such parameters")
        *planes, rest = children
        items = out.data.size // len(planes)
        whole = items * len(planes)
        kinds = {child.kind for child in children}
        if kinds != {Kind.BYTES} or any(plane.data.size != items for plane in planes):
            raise CorruptDataError("planes: no such streams")
        if rest.data.size != out.data.size - whole:
            raise CorruptDataError("planes: no such rest")
        table = out.data[:whole].reshape(-1, len(planes))
        for column, plane in enumerate(planes):
            table[:, column] = plane.data
        out.data[whole:] = rest.data


class Lines:
    """Bytes -> strings that end where a line does."""

    id, name = 201, "lines"

    def encode(self, stream, params):
        lines = stream.data.tobytes().splitlines(keepends=True)
        return b"", [Stream(Kind.STRINGS, stream.data, np.array([len(line) for line in lines], np.uint32))]

    def decode(self, params, children, out):
        if params or [child.kind for child in children] != [Kind.STRINGS]:
            raise CorruptDataError("lines: no such streams")
        text, lengths = children[0].data, children[0].lengths
        if text.size != out.data.size or int(lengths.sum(dtype=np.uint64)) != text.size:
            raise CorruptDataError("lines: no such lengths")
        out.data[:] = text


class Columns:
    """Strings -> their bytes, and their lengths as u32."""

    id, name = 202, "columns"

    def encode(self, stream, params):
        return b"", [Stream(Kind.BYTES, stream.data), Stream.of(stream.lengths)]

    def decode(self, params, children, out):
        if params or out.kind is not Kind.STRINGS or [child.kind for child in children] != [Kind.BYTES, Kind.U32]:
            raise CorruptDataError("columns: no such streams")
        text, lengths = children
        if text.data.size != out.data.size or lengths.count != out.lengths.size:
            raise CorruptDataError("columns: no such sizes")
        out.data[:] = text.data
        out.lengths[:] = lengths.values()


LAYERS = {layer.id: layer for layer in (Planes(), Lines(), Columns())}
NAMES = {id: layer.name for id, layer in LAYERS.items()}


def build(stream, shape):
    """(node, payload) of a shape: a codec's name, or (layer, params, [shapes of the inner streams])."""
    if isinstance(shape, str):
        codec = codec_by_name(shape)
        out = np.empty(codec.bound(stream.data.size), np.uint8)
        size = codec.encode_into(stream.data, out, 3)
        return leaf(codec.id, size), out[:size].tobytes()
    id, wish, inner = shape
    params, streams = LAYERS[id].encode(stream, wish)
    edges, payload = [], b""
    for child, below in zip(streams, inner, strict=True):
        node, stored = build(child, below)
        strings = 0 if child.lengths is None else child.lengths.size
        edges.append(Edge(child.kind, child.data.size, strings, node))
        payload += stored
    return branch(id, params, edges), payload


def of_bytes(raw):
    return Stream(Kind.BYTES, np.frombuffer(raw, np.uint8))


__all__ = ["LAYERS", "NAMES", "build", "codec_by_id", "of_bytes"]
