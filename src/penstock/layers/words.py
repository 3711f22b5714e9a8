"""Says what the layers of a plan tree do, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ..errors import CorruptDataError
from . import grouped, related
from .contract import (
    CHANNELS,
    COPIES,
    DATES,
    DECIMAL,
    DELTA,
    DICTIONARY,
    DIGITS,
    FRAMES,
    GROUPED,
    HEXES,
    LINES,
    NIBBLES,
    NUMBERS,
    PACK,
    PADDING,
    PLANES,
    PRINTED,
    RECORDS,
    REGIONS,
    RELATED,
    RUNS,
    SPARSE,
    SPLIT,
    STORE,
    STRINGS,
    SYMBOLS,
    ZSTD_DICTIONARY,
)
from .lines import TEXTS
from .params import Reader
from .plan import Edge, Node, layer_name
from .records import Field, Form, layout
from .streams import Kind
from .textwords import OF_TEXT

_MOST: Final = (1 << 63) - 1
_SHOWN: Final = 60
"""Characters of a plan in one line, before it is cut off."""
_SMALL: Final = 16
"""Pieces of less than so large a part of a chunk are left out of such a line."""
_ZEROS: Final = 0x80
"""Set in the parameter of decimals that end in zeros before the point."""
_NAMES: Final = {
    SPLIT: ("symbols", "low bits", "exceptions"),
    FRAMES: ("first bytes", "bodies", "rest"),
    DIGITS: ("numbers", "gaps", "exceptions"),
    DECIMAL: ("whole numbers", "gaps", "exceptions"),
    RUNS: ("values", "lengths"),
    SPARSE: ("gaps", "values"),
    PADDING: ("lengths", "bodies"),
    DICTIONARY: ("indices", "values"),
    NIBBLES: ("packed", "escapes"),
    PRINTED: ("short numbers", "steps", "gaps", "exceptions"),
    DATES: ("times", "gaps", "exceptions"),
    HEXES: ("rows", "gaps", "exceptions"),
    NUMBERS: ("whole numbers", "decimals", "gaps", "exceptions"),
    STRINGS: ("indices", "cells"),
    SYMBOLS: ("codes", "symbols"),
    COPIES: ("literals", "gaps", "lengths", "distances", "check"),
}
"""What the inner streams hold, of layers for which that is always the same."""
_EACH_ITS_DECIMALS: Final = (b"\4", b"\5", b"\6", b"\7")
"""How the parameters of numbers begin of which a stream tells the decimals."""


def words(id: int, params: bytes, kind: Kind = Kind.BYTES) -> str:
    """Return what a layer of a stream of this kind does: `records of 34 bytes, 13 fields`, `split at bit 3`.

    params: as they stand in a file. What makes no sense there is shown in hexadecimal; nothing is raised.
    """
    told = _TOLD.get(id)
    if told:
        try:
            return told(params, kind)
        except (CorruptDataError, IndexError, ValueError):
            pass
    return layer_name(id) + (f", parameters {params[:16].hex()}" if params else "")


def stream_names(node: Node) -> list[str]:
    """Return what each inner stream of a node holds: `field 0..3 u32 little-endian`, `symbols`; "" for an only one."""
    many = len(node.edges)
    if node.id == REGIONS:
        return _pieces(node.edges)
    if node.id == RECORDS:
        names = _fields(node.params)
    elif node.id == CHANNELS:
        names = [f"channel {number}" for number in range(many)]
    elif node.id == LINES:
        names = [
            "shapes",
            "columns of shapes",
            "shape of each line",
            *(f"column {at}" for at in range(many - TEXTS)),
        ]
    elif node.id in (RELATED, GROUPED):
        names = (related if node.id == RELATED else grouped).stream_names(node.params)
    elif node.id == PLANES:
        names = [f"byte {number}" for number in range(many)]
    else:
        names = list(_NAMES.get(node.id, ()))
        if node.id == SPLIT and node.params == b"\0":
            del names[1]
        if node.id == NUMBERS and node.params[:1] not in _EACH_ITS_DECIMALS:
            del names[1]
    if many == 1 and node.id not in _NAMES:
        return [""]
    return names[:many] + [f"stream {number}" for number in range(len(names), many)]


def tree(node: Node, kind: Kind, size: int) -> dict[str, Any]:
    """Return the tree that gives a stream of `size` bytes, as JSON types; sizes in bytes.

    - layer, id, params (hexadecimal; not there if there are none), words: what it does
    - size: of the stream it gives; stored: of what it takes in the file, with all inside of it
    - streams: for each inner stream its name, kind, size, count (of strings), and node: the tree that gives it
    """
    found: dict[str, Any] = {"layer": layer_name(node.id), "id": node.id, "words": words(node.id, node.params, kind)}
    if node.params:
        found["params"] = node.params.hex()
    found |= {"size": size, "stored": node.stored}
    if node.edges:
        named = zip(stream_names(node), node.edges, strict=True)
        found["streams"] = [_stream(name, edge) for name, edge in named]
    return found


def short(node: Node) -> str:
    """Return the tree in one short line: `zstd`, `records(34 B, 13 fields)`, `array(u32)`; fields are left out."""
    text = _short(node, 0)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _stream(name: str, edge: Edge) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "kind": edge.kind.name.lower(), "size": edge.size}
    if edge.kind is Kind.STRINGS:
        found["count"] = edge.strings
    return found | {"node": tree(edge.node, edge.kind, edge.size)}


def _short(node: Node, depth: int) -> str:
    if node.id == RECORDS and node.edges:
        try:
            return _records_in_short(node.params)
        except CorruptDataError:
            pass
    if node.id == LINES and len(node.edges) > TEXTS:
        columns = len(node.edges) - TEXTS
        return f"lines({columns} column{'s' * (columns > 1)})"
    below = [edge.node for edge in node.edges[: 1 if node.id == COPIES else None]]
    if node.id == REGIONS:
        least = sum(edge.size for edge in node.edges) // _SMALL
        below = [edge.node for edge in node.edges if edge.node.edges or edge.size >= least]
        if len(below) == 1:
            return _short(below[0], depth)
    if node.id == ZSTD_DICTIONARY and node.params:
        return f"{layer_name(node.id)}({node.params[::-1].hex()})"
    inner = ", ".join(_short(one, depth + 1) for one in below[:_SMALL])
    return f"{layer_name(node.id)}({inner})" if inner else layer_name(node.id)


def _records_in_short(params: bytes) -> str:
    here = layout(params)
    if len(here.fields) == 1:
        return f"array({_type(here.fields[0])})"
    return f"records({here.record} B, {len(here.fields)} fields)"


def _type(field: Field) -> str:
    if field.form >= Form.ROWS:
        return f"{field.width} bytes"
    return f"u{8 * field.width}" + " big-endian" * (field.form is Form.BIG)


def _pieces(edges: Sequence[Edge]) -> list[str]:
    names, at = [], 0
    for edge in edges:
        names.append(f"bytes {at:,}..{at + edge.size - 1:,}" if edge.size else f"no bytes at {at:,}")
        at += edge.size
    return names


def _fields(params: bytes) -> list[str]:
    """`field 0..3 u32 little-endian` for each."""
    try:
        fields = layout(params).fields
    except CorruptDataError:
        return []
    names, at = [], 0
    for field in fields:
        place = f"{at}..{at + field.width - 1}" if field.width > 1 else f"{at}"
        names.append(f"field {place} {_form(field)}")
        at += field.width
    return names


def _form(field: Field) -> str:
    if field.form is Form.ROWS:
        return "bytes"
    if field.form is Form.TEXT:
        return "bytes, by place"
    if field.width == 1:
        return "u8"
    return f"u{8 * field.width} {'big' if field.form is Form.BIG else 'little'}-endian"


def _records(params: bytes, _: Kind) -> str:
    here = layout(params)
    if len(here.fields) == 1:
        return f"array of {_form(here.fields[0])}"
    return f"records of {here.record:,} bytes, {len(here.fields)} fields"


def _delta(params: bytes, kind: Kind) -> str:
    from .delta import read

    mode, lag = read(params, kind)
    before = "the value before" if lag == 1 else f"the {lag:,}th before"
    return (
        "?",
        f"delta: difference to {before}",
        "delta: difference of differences",
        f"delta: xor with {before}",
        f"delta: left + above, rows of {lag:,}",
        "delta: signs folded (zigzag)",
        "delta: floats in their order",
        f"delta: median of neighbours, rows of {lag:,}",
        f"delta: increase over {before}",
        f"delta: mean of five above, rows of {lag:,}",
    )[mode]


def _digits(params: bytes, _: Kind) -> str:
    from .digits import Form as Digit

    reader = Reader(params)
    form, width = Digit(reader.byte()), reader.number(_MOST)
    forms = {
        Digit.ZONED: "EBCDIC",
        Digit.ZONED_SIGNED: "EBCDIC, signed",
        Digit.ASCII: "ASCII",
        Digit.ASCII_SIGNED: "ASCII, overpunched sign",
        Digit.PACKED: "packed decimal",
        Digit.PACKED_SIGNED: "packed decimal, signed",
        Digit.PAIRS: "two a byte",
        Digit.ZONED_BLANKS: "EBCDIC behind blanks",
        Digit.ASCII_BLANKS: "ASCII behind blanks",
    }
    return f"digits: {forms[form]}, {width} byte{'s' * (width > 1)}"


def _frames(params: bytes, _: Kind) -> str:
    reader = Reader(params)
    code, _plus, place = reader.byte(), reader.number(_MOST), reader.number(_MOST)
    length = ("u16 little-endian", "u16 big-endian", "u32 little-endian", "u32 big-endian", "a record descriptor")[code]
    return f"frames: records, length at {place} ({length})"


def _decimal(params: bytes, _: Kind) -> str:
    places = params[0]
    if places >= _ZEROS:
        return f"decimal: floats that end in {places - _ZEROS} zeros"
    return f"decimal: floats with {places} digit{'s' * (places != 1)} behind the point"


def _channels(params: bytes, _: Kind) -> str:
    from .channels import read

    shape = read(params)
    form = _form(Field(shape.width, Form.BIG if shape.big else Form.LITTLE))
    told = int(shape.factors.any(1).sum())
    return f"channels: {shape.many} of {form}, {told} foretold by those before"


def _padding(params: bytes, _: Kind) -> str:
    reader = Reader(params)
    width, pad = reader.number(_MOST), reader.byte()
    return f"padding: rows of {width:,} bytes that {pad:#04x} fills up"


_TOLD: Final[dict[int, Callable[[bytes, Kind], str]]] = {
    **OF_TEXT,
    STORE: lambda _params, _kind: "stored",
    REGIONS: lambda _params, _kind: "regions: each on its own",
    RECORDS: _records,
    PLANES: lambda _params, _kind: "planes: the bytes of a value apart",
    DELTA: _delta,
    SPLIT: lambda params, _kind: f"split at bit {params[0]}",
    PACK: lambda _params, _kind: "pack: as few bits as each block needs",
    DIGITS: _digits,
    FRAMES: _frames,
    CHANNELS: _channels,
    DECIMAL: _decimal,
    RUNS: lambda _params, _kind: "runs: each value once",
    SPARSE: lambda params, _kind: f"sparse: mostly {int.from_bytes(params, 'little'):#x}",
    COPIES: lambda _params, _kind: "copies: pieces that stood before left out",
    PADDING: _padding,
    DICTIONARY: lambda _params, _kind: "dictionary: each value once",
    NIBBLES: lambda params, _kind: f"nibbles: {params[0]} bit{'s' * (params[0] > 1)} a symbol",
}
