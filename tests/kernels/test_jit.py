"""The cache of compiled kernels is private, and nothing that happens to it changes a byte or stops a program."""

import os
import stat
from pathlib import Path

import pytest

from penstock.kernels import families, jit

from .processes import descend, start, truth

__all__ = ["truth"]


def mode(path):
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_the_folder_is_private_and_the_second_process_finds_the_first_ones_kernel(tmp_path, truth):
    old = os.umask(0)  # the mode must not lean on it
    try:
        folder, cached, words, said = descend(PENSTOCK_CACHE_DIR=tmp_path / "new" / "place")
    finally:
        os.umask(old)
    assert Path(folder).is_relative_to(tmp_path / "new" / "place" / "penstock")
    assert mode(folder) == 0o700
    assert (cached, words, said) == (False, truth, "")
    files = {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()}
    assert files
    assert descend(PENSTOCK_CACHE_DIR=tmp_path / "new" / "place") == (folder, True, truth, "")
    assert {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()} == files


def fresh(monkeypatch):
    """Let the next call of `cache_folder` look again."""
    monkeypatch.setattr(jit, "_folder", None)
    monkeypatch.setattr(jit, "_folder_known", False)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A cache folder of this test's own, found by this process."""
    monkeypatch.setenv("PENSTOCK_CACHE_DIR", str(tmp_path))
    fresh(monkeypatch)
    folder = jit.cache_folder()
    assert folder is not None
    fresh(monkeypatch)
    return folder


@pytest.mark.parametrize("bits", [0o777, 0o770, 0o702, 0o720])
def test_a_folder_that_others_may_write_is_refused(place, bits):
    place.chmod(bits)
    with pytest.warns(UserWarning, match="no cache folder.*not a private folder"):
        assert jit.cache_folder() is None


def test_a_folder_of_somebody_else_is_refused(place, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only the superuser can give a folder away")
    os.chown(place, 12345, -1)
    with pytest.warns(UserWarning, match="not a private folder"):
        assert jit.cache_folder() is None


def test_a_folder_of_the_superuser_is_used(place, monkeypatch):
    if place.stat().st_uid != 0:
        pytest.skip("this process is not the superuser")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert jit.cache_folder() == place


def test_a_link_in_the_folders_place_is_refused(place, tmp_path):
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.warns(UserWarning, match="not a private folder"):
        assert jit.cache_folder() is None


def test_a_file_in_the_folders_place_is_survived(place):
    place.rmdir()
    place.touch()
    with pytest.warns(UserWarning, match="no cache folder"):
        assert jit.cache_folder() is None


def test_a_folder_that_cannot_be_written_is_survived(place, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, wanted: False)
    with pytest.warns(UserWarning, match="compiles its kernels anew"):
        assert jit.cache_folder() is None


def test_the_users_cache_folder_is_the_place(tmp_path, monkeypatch):
    monkeypatch.delenv("PENSTOCK_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for xdg, parent in ((tmp_path / "xdg", tmp_path / "xdg"), (None, tmp_path / "home" / ".cache")):
        monkeypatch.setenv("XDG_CACHE_HOME", str(xdg or ""))
        fresh(monkeypatch)
        folder = jit.cache_folder()
        assert folder.parent == parent / "penstock"
        assert mode(folder) == 0o700


@pytest.mark.parametrize(
    "variables",
    [
        {"PENSTOCK_CACHE_DIR": "/proc/penstock"},  # where not even root can make a folder
        {"PENSTOCK_CACHE_DIR": "/dev/null"},
        {"XDG_CACHE_HOME": "/proc/penstock"},
        {"HOME": "/proc/penstock"},
    ],
)
def test_a_place_that_cannot_be_made_is_survived(monkeypatch, variables):
    for name in ("PENSTOCK_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    fresh(monkeypatch)
    with pytest.warns(UserWarning, match="no cache folder"):
        assert jit.cache_folder() is None


def test_a_user_without_a_home_is_survived(monkeypatch):
    for name in ("PENSTOCK_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a user whom the password file does not know
    fresh(monkeypatch)
    with pytest.warns(UserWarning, match="no cache folder.*home"):
        assert jit.cache_folder() is None


def test_without_a_place_it_compiles_says_so_once_and_works(truth):
    folder, cached, words, said = descend(PENSTOCK_CACHE_DIR="/proc/penstock")
    assert (folder, cached, words) == ("None", False, truth)
    assert said.count("penstock compiles its kernels anew in every process") == 1


def test_an_empty_variable_means_no_cache_and_no_words_about_it(tmp_path, truth):
    assert descend(PENSTOCK_CACHE_DIR="", HOME=tmp_path) == ("None", False, truth, "")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_survived(place, monkeypatch, truth):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jit, "_registry", {})
    monkeypatch.setattr(jit.caching.IndexDataCacheFile, "_open_for_write", full)
    import numpy as np

    states = np.arange(8, dtype=np.uint64).reshape(2, 4)
    with pytest.warns(UserWarning, match="could not be cached.*No space left"):
        jit.Kernel(families.descend.function, families.descend.signature)(states, 1, 2)
    assert states.tobytes().hex() == truth


# --- kernels ----------------------------------------------------------------------------------------------------------


def test_threads_that_need_a_kernel_at_once_compile_it_once(place, monkeypatch):
    import threading

    monkeypatch.setattr(jit, "_registry", {})
    calls = []
    original = jit.use_private_cache
    monkeypatch.setattr(jit, "use_private_cache", lambda *args: (calls.append(1), original(*args)))
    kernel = jit.Kernel(families.descend.function, families.descend.signature)
    threads = [threading.Thread(target=kernel.compile) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def test_kernels_are_known_by_name():
    known = jit.kernels()
    assert known["penstock.kernels.families.descend"] is families.descend
    assert families.descend.name == "descend"
    assert families.descend.__doc__.startswith("Replace each state")
    assert jit.compile_all() >= 0
    assert all(kernel.is_cached() for kernel in known.values())


def test_a_kernel_takes_one_signature_only():
    with pytest.raises(TypeError):
        families.descend([1, 2], 1, 2)


def test_importing_compiles_nothing():
    code = (
        "from penstock.kernels import content, compare, families, numeric, jit\n"
        "assert jit.compile_seconds == 0 and not any(k._compiled for k in jit.kernels().values())"
    )
    assert finish_quietly(code) == ""


def finish_quietly(code):
    process = start(code)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return out + said
