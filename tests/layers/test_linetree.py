"""Single columns out of a tree of lines: as the decoder of all of it gives them, and errors for trees that lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import errors
from penstock.kernels import tokens
from penstock.layers import linefields, linetree
from penstock.layers.contract import LINES, STORE
from penstock.layers.fieldtext import JSON, SPACE, columns
from penstock.layers.lines import Cutting, Lines, cut, wanted
from penstock.layers.lines import columns as columns_of
from penstock.layers.plan import Edge, branch, leaf
from penstock.layers.registry import decode_tree
from penstock.layers.streams import Kind, Stream


def made(shapes, numbers, which, *cells, params=b"\1\n"):
    """A tree of stored streams, and its payload."""
    kind = Kind.BYTES if isinstance(which, bytes) else Kind.U16
    streams = [(Kind.BYTES, shapes), (Kind.U16, np.array(numbers, "<u2").tobytes()), (kind, bytes(which)),
               *((Kind.BYTES, one) for one in cells)]  # fmt: skip
    edges = [Edge(kind, len(data), 0, leaf(STORE, len(data))) for kind, data in streams]
    return branch(LINES, params, edges), np.frombuffer(b"".join(data for _, data in streams), np.uint8)


def reader_of(tree):
    return linetree.CellReader(linetree.read_lines(*tree))


def text_of(tree, size):
    out = np.empty(size, np.uint8)
    decode_tree(*tree, out)
    return out.tobytes()


FIELDS = made(b"\0,\0\n\0\n", [1, 2, 1], b"\1\0\2\1\2", b"x,y,z\n", b"1\n\n\n3\n", b"2\n4\r\n")
TEXT = b"1,2\nx,y,z\n\n,4\r\n3\n"


def test_a_tree_is_what_it_says():
    assert text_of(FIELDS, len(TEXT)) == TEXT
    assert linetree.newlines(FIELDS[0]) == (5, True)
    reader = reader_of(FIELDS)
    found = linefields.columns(reader, 0, 5, ord(","), [0, 1, 2])
    assert found == columns(np.frombuffer(TEXT, np.uint8), ord(","), [0, 1, 2])
    assert found == [[b"1", b"x", None, b"", b"3"], [b"2", b"y", None, b"4", None], [None, b"z", None, None, None]]
    assert linefields.columns(reader, 1, 3, ord(","), [1]) == [[b"y", None]]
    assert linefields.text_of(reader, 1) == b"x,y,z"
    assert linefields.text_of(reader, -1) is None


def test_fields_of_several_cells():
    tree = made(
        b"[\0.\0] \0:a%b  \0\r\n\0:\n", [1, 1, 2, 3, 2], b"\1\2\1\0", b"p q\n", b"1\n2\n3\n4\n", b"k\nl\nm\n", b"u\nv\n"
    )
    assert linetree.newlines(tree[0]) == (4, True)
    found = linefields.columns(reader_of(tree), 0, 4, SPACE, [0, 1, 2])
    assert found == [[b"[1.2]", b"l:", b"[3.4]", b"p"], [b"k:a%b", None, b"m:a%b", b"q"], [b"u", None, b"v", None]]
    assert linefields.columns(reader_of(tree), 1, 3, ord(":"), [1]) == [[b"", b"a%b  v"]]


def test_objects():
    tree = made(b'{"a":\0,"b":{"c":"\0","d":\0}}\n', [1, 2, 1], b"\1\1\0", b"[1]\n", b"1\n2\n3\n4\n", b"x, y\n\n")
    found = linefields.columns(reader_of(tree), 0, 3, JSON, ["a", "b", "b.c", "b.d", "d"])
    assert found[:2] == [[b"1", b"3", None], [b'{"c":"x, y","d":2}', b'{"c":"","d":4}', None]]
    assert found[2:] == [[b'"x, y"', b'""', None], [b"2", b"4", None], [None] * 3]


@pytest.mark.parametrize(
    ("shapes", "delimiter"),
    [
        (b"\0\n", ord(",")),
        (b"\0;\0\n", ord(",")),
        (b'"\0","\0"\n', ord(",")),
        (b"\0,'\0',\0\n", ord(",")),
        (b"\0 \0\n", SPACE),
        (b"[\0] '\0'\n", SPACE),
        (b'{"a":"is \'\0\'"}\n', JSON),
        (b"a\0.\0\n", ord(".")),
        (b"\0:\0\n", JSON),
        (b'{"\0":\0}\n', JSON),
        (b'{\0"a":\0}\n', JSON),
    ],
)
def test_shapes_that_leave_it_open(shapes, delimiter):
    """Where a delimiter, or a key, may be in a cell."""
    many = shapes.count(0)
    tree = made(shapes, [1] * many, b"\1", b"", b"x\n" * many)
    assert (
        linefields.columns(
            reader_of(tree), 0, 1, delimiter, ["a" if delimiter == JSON else 0 if b"'" not in shapes else 1]
        )
        is None
    )


def test_returns_within_lines():
    """A CR belongs to the end of a line only where the line ends."""
    tree = made(b"\0,\0\n\0\n", [1, 2, 1], b"\1\2", b"", b"a\r\nb\r\n", b"c\r\n")
    assert linefields.columns(reader_of(tree), 0, 2, ord(","), [1]) == [[b"c", None]]
    assert linefields.columns(reader_of(tree), 0, 2, ord(","), [0]) is None


@pytest.mark.parametrize(
    "tree",
    [
        made(b"\0,\0", [1, 2], b"\1", b"", b"1\n", b"2\n"),
        made(b"\0,\0\n", [1], b"\1", b"", b"1\n", b"2\n"),
        made(b"\0,\0\n", [1, 3], b"\1", b"", b"1\n", b"2\n"),
        made(b"\0,\0\n", [1, 2], b"\2", b"", b"1\n", b"2\n"),
        made(b"\0,\0\n", [1, 2], b"\1\1", b"", b"1\n", b"2\n"),
        made(b"\0,\0\n", [1, 2], b"\1", b"", b"1\n2\n", b"2\n"),
        made(b"\0,\0\n", [1, 2], b"\1", b"", b"1", b"2\n"),
        made(b"\0,\0\n", [1, 2], b"\1\0", b"", b"1\n", b"2\n"),
    ],
    ids=["no end", "few numbers", "no column", "no shape", "few cells", "many cells", "cell without end", "no line"],
)
def test_trees_that_lie(tree):
    with pytest.raises(errors.CorruptDataError):
        linefields.columns(reader_of(tree), 0, tree[0].edges[2].size, ord(","), [0, 1])


@pytest.mark.parametrize("params", [b"\1;", b"\2\n", b"\1", b"\1\n\0"])
def test_other_lines_are_not_counted(params):
    assert linetree.newlines(made(b"\0\n", [0], b"\1", b"1\n", params=params)[0]) is None


def test_a_last_line_without_an_end():
    assert linetree.newlines(made(b"\0,\n", [1], b"\1\1", b"", b"1\n2\n", params=b"\0\n")[0]) == (1, False)


def test_fields_before_a_quotation_are_clear():
    tree = made(b"\0,\0:\0,'\0',\0\n", [1, 2, 3, 4, 5], b"\1", b"", b"1\n", b"2\n", b"3\n", b"a,b\n", b"4\n")
    assert linefields.columns(reader_of(tree), 0, 1, ord(","), [1, 0]) == [[b"2:3"], [b"1"]]


# --- any text, cut in any way -----------------------------------------------------------------------------------------

QUOTED = sorted({value for name, value in vars(tokens).items() if name in {"QUOTES", "APOSTROPHES"}})
WAYS = [Cutting(tokens.FIELDS, one) for one in b", ;"]
WAYS += [Cutting(way | quotes) for way in (1, 2, 3, 4) for quotes in (0, *QUOTED)]
LETTERS = [*(bytes((one,)) for one in b'aZ7,;.-":% \\\r\n\n\0_{}[]'), b"07", b'""', b"\xc3\xa9", b"}\n", b"}}\n"]
LETTERS += [b'{"a":', b'"a": ', b'{"b":{"a":']
LETTERS += [b",'a,b',", b" 'a;b 7' ", b'"x, y"', b'{"a":"is \'"}\'"}', b",'\"',"]


def encoded(text, cutting):
    """The tree that one way to cut makes, all of its columns stored."""
    found = cut(np.frombuffer(text, np.uint8), cutting)
    keys = columns_of(found, np.empty(0, np.uint64), 1000).keys
    params, parts = Lines().encode(Stream(Kind.BYTES, np.frombuffer(text, np.uint8)), wanted(cutting, keys))
    edges = [Edge(part.kind, part.data.size, 0, leaf(STORE, part.data.size)) for part in parts]
    return branch(LINES, params, edges), np.concatenate([part.data for part in parts])


@pytest.mark.parametrize("cutting", WAYS, ids=["-".join(map(str, one)) for one in WAYS])
@given(
    lines=st.lists(st.lists(st.sampled_from(LETTERS), max_size=9).map(b"".join), min_size=1, max_size=9),
    delimiter=st.sampled_from([*b",; .-:a", JSON]),
    again=st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
def test_fields_are_the_same_however_a_text_is_encoded(cutting, lines, delimiter, again):
    text = b"\n".join(lines * again)
    if not text:
        return
    tree = encoded(text, cutting)
    assert text_of(tree, len(text)) == text
    keys = ["a", "b", "b.a"] if delimiter == JSON else [0, 1, 3]
    many = text.count(b"\n") + (text[-1:] != b"\n")
    found = linefields.columns(reader_of(tree), 0, many, delimiter, keys)
    if found is not None:
        assert found == columns(np.frombuffer(text, np.uint8), delimiter, keys)


@pytest.mark.parametrize("cutting", WAYS, ids=["-".join(map(str, one)) for one in WAYS])
@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        (b"7,'a,b',8", ord(",")),
        (b"('7, x', 8),", ord(",")),
        (b"7 'a;b 7' 8", SPACE),
        (b'7 "a, b" 8', SPACE),
        (b'7,"a, \\" b",8', ord(",")),
        (b'"7 ""x, y""",8', ord(",")),
        (b'{"a":"is \'"}\'"}', JSON),
        (b'{"a":"is \'","b":1,"c":"\'"}', JSON),
        (b'{"a":"\\"}, \\\\","b":"{"}', JSON),
    ],
)
def test_what_is_quoted_changes_nothing(cutting, line, delimiter):
    text = b"".join(b"%b\n" % line for _ in range(3))
    keys = ["a", "b", "c"] if delimiter == JSON else [0, 1, 2, 3]
    found = linefields.columns(reader_of(encoded(text, cutting)), 0, 3, delimiter, keys)
    assert found is None or found == columns(np.frombuffer(text, np.uint8), delimiter, keys)
