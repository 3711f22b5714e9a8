"""What compressing files leaves alone, turns down, and takes: modes, sources, damage, memory."""

import io
import os
import stat
import zlib

import pytest

from hostile.children import run
from hostile.samples import KEY, mixed
from penstock import errors
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import compress

MIB = 1 << 20
RAW = mixed(300_000)
SIZE = 50_000
"""Of chunks."""
BLOB = compress(RAW, chunk_size=SIZE)


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw"
    path.write_bytes(RAW)
    return path


@pytest.fixture
def blob(tmp_path):
    path = tmp_path / "blob"
    path.write_bytes(BLOB)
    return path


# --- modes, times, names ----------------------------------------------------------------------------------------------


def test_mode_and_times_go_along(tmp_path, raw):
    raw.chmod(0o640)
    os.utime(raw, ns=(1_500_000_000_123_456_789, 1_400_000_000_987_654_321))
    compress_file(raw, tmp_path / "c")
    decompress_file(tmp_path / "c", tmp_path / "d")
    decompress_file(tmp_path / "c", tmp_path / "part", start=5, stop=9)
    for name in ("c", "d", "part"):
        found = (tmp_path / name).stat()
        assert stat.S_IMODE(found.st_mode) == 0o640
        assert found.st_mtime_ns == 1_400_000_000_987_654_321


def test_what_exists_is_kept_unless_forced(tmp_path, raw, blob):
    for call, source in [(compress_file, raw), (decompress_file, blob)]:
        (tmp_path / "there").write_bytes(b"mine")
        with pytest.raises(errors.TargetExistsError):
            call(source, tmp_path / "there")
        assert (tmp_path / "there").read_bytes() == b"mine"
        call(source, tmp_path / "there", force=True)
        assert (tmp_path / "there").read_bytes() != b"mine"
    assert names(tmp_path) == ["blob", "raw", "there"]


def test_in_place(tmp_path, raw):
    """A file given by its path twice is replaced, whole, at the end."""
    with pytest.raises(errors.TargetExistsError):
        compress_file(raw, raw)
    compress_file(raw, raw, chunk_size=SIZE, force=True)
    assert raw.read_bytes() == BLOB
    decompress_file(raw, raw, force=True)
    assert raw.read_bytes() == RAW
    (tmp_path / "link").symlink_to(raw)
    compress_file(tmp_path / "link", raw, chunk_size=SIZE, force=True)
    assert (tmp_path / "link").is_symlink()
    assert raw.read_bytes() == BLOB


@pytest.mark.parametrize("mode", ["r+b", "ab"])
@pytest.mark.parametrize("how", ["path", "descriptor", "file"])
def test_a_file_is_not_written_while_it_is_read(raw, blob, mode, how):
    """Through a descriptor there is no neighbour: what is still to be read would be overwritten, or never end."""
    for call, path, content in [(compress_file, raw, RAW), (decompress_file, blob, BLOB)]:
        with path.open("rb") as source, path.open(mode) as target:
            given_source = {"path": path, "descriptor": source.fileno(), "file": source}[how]
            for given in (target, target.fileno()):
                with pytest.raises(errors.UsageError, match="also what is read"):
                    call(given_source, given)
        assert path.read_bytes() == content


def test_a_device_is_not_written_while_it_is_read(loop_device):
    device, backing = loop_device
    before = backing.read_bytes()
    with pytest.raises(errors.UsageError, match="also what is read"):
        compress_file(device, device, force=True)
    assert backing.read_bytes() == before


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_or_written(tmp_path, raw, blob):
    (tmp_path / "d").mkdir()
    kept = names(tmp_path)
    out = tmp_path / "out"
    for source in (tmp_path / "none", tmp_path / "d", "", 999, -1, io.StringIO("x"), None, b"bytes", "nul\0", tmp_path):
        for call in (compress_file, decompress_file):
            with pytest.raises((errors.StorageError, errors.UsageError)):
                call(source, out)
    for target in (tmp_path, tmp_path / "none" / "x", tmp_path / "d", "", 999, "/dev/null", "nul\0"):
        for call, source in [(compress_file, raw), (decompress_file, blob)]:
            with pytest.raises((errors.StorageError, errors.UsageError)):
                call(source, target)
    for call, source in [(compress_file, raw), (decompress_file, blob)]:
        for wrong in ({"threads": 0}, {"threads": "x"}, {"key": b"x"}, {"codec": 5}):
            with pytest.raises(errors.UsageError):
                call(source, out, **wrong)
        call(source, "/dev/null", force=True)
        with pytest.raises(errors.StorageError, match="No space left"):
            call(source, "/dev/full", force=True)
    assert names(tmp_path) == kept


def test_damage_leaves_no_file_and_names_the_source(tmp_path, raw, blob):
    bad = bytearray(BLOB)
    bad[bad.index(b"\x8fCHK", 20) + 60] ^= 1
    cases = {
        "damaged": (bytes(bad), errors.CorruptDataError, {}),
        "cut": (BLOB[:-100], errors.TruncatedError, {}),
        "empty": (b"", errors.TruncatedError, {}),
        "other": (RAW, errors.CorruptDataError, {}),
        "sealed": (compress(RAW, key=KEY), errors.KeyRequiredError, {}),
        "wrong key": (compress(RAW, key=KEY), errors.WrongKeyError, {"key": bytes(32)}),
        "own": (compress(RAW, codec=zlib), errors.UnknownCodecError, {}),
    }
    for name, (data, kind, options) in cases.items():
        (tmp_path / name).write_bytes(data)
        kept = names(tmp_path)
        with pytest.raises(kind, match=str(tmp_path / name)):
            decompress_file(tmp_path / name, tmp_path / "out", **options)
        with (tmp_path / name).open("rb") as file, pytest.raises(kind, match=str(tmp_path / name)):
            decompress_file(file, tmp_path / "out", **options)
        assert names(tmp_path) == kept


@pytest.mark.parametrize("threads", [1, 3])
def test_a_source_that_shrinks_while_it_is_read(tmp_path, threads):
    for call, content in [(compress_file, RAW), (decompress_file, compress(RAW, chunk_size=4096))]:
        path = tmp_path / "source"
        path.write_bytes(content)

        def cut(done, path=path):
            os.truncate(path, 1000)

        options = {"chunk_size": 4096} if call is compress_file else {}
        with pytest.raises((errors.StorageError, errors.TruncatedError), match="source"):
            call(path, tmp_path / "out", progress=cut, threads=threads, **options)
        assert names(tmp_path) == ["source"]


def test_a_source_that_grows_while_it_is_read(tmp_path, raw):
    def grow(done):
        with raw.open("ab") as file:
            file.write(b"more")

    compress_file(raw, tmp_path / "c", chunk_size=SIZE, progress=grow)
    assert (tmp_path / "c").read_bytes() == BLOB, "what was there when it was opened"


# --- memory -----------------------------------------------------------------------------------------------------------

FLOW = """
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from hostile.samples import text
threads, before = 2, peak()
raw, coded, back = os.pipe(), os.pipe(), os.pipe()
PIECE = text(1 << 20)
def feed():
    with open(raw[1], "wb") as out:
        for _ in range(256):
            out.write(PIECE)
def squeeze():
    compress_file(raw[0], coded[1], "speed", threads=threads)
    os.close(coded[1])
def restore():
    decompress_file(coded[0], back[1], threads=threads)
    os.close(back[1])
for step in (feed, squeeze, restore):
    threading.Thread(target=step, daemon=True).start()
size, room = 0, bytearray(1 << 20)
with open(back[0], "rb") as source:
    while got := source.readinto(room):
        assert room[:got] == (PIECE * 2)[size % (1 << 20) :][:got]
        size += got
assert size == 256 << 20
print(peak() - before)
"""


def test_a_stream_takes_little_memory():
    compiler = 100 * MIB  # Numba, and the planner's kernels
    assert int(run(FLOW)) < 64 * MIB + compiler
